/* The other side of a handler: what it was asked, what it answered, as the engine would see it, and the threads beside the worker. Defines
 * the functions of weir.h that handlers call, and those of listing.h. */
#ifndef WEIR_TESTS_HANDLER_CAPTURE_H
#define WEIR_TESTS_HANDLER_CAPTURE_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "handler/listing.h"
#include "weir.h"

#define FIELDS_MAX 16
#define JOBS_MAX 16

/* ---- the request ---- */

struct ask {
    enum weir_method method;               /* 0: GET */
    const char *path;
    const char *query;                     /* NULL: there is none */
    const char *fields[FIELDS_MAX][2];     /* name and value; the first NULL ends them */
    uint32_t worker;
};

static struct weir_request asked;
static const struct ask *asked_for;

bool weir_request_field_at(const struct weir_request *request, size_t index, struct weir_slice *name, struct weir_slice *value)
{
    (void)request;
    if (index >= FIELDS_MAX || asked_for->fields[index][0] == NULL)
        return false;
    *name = (struct weir_slice){ asked_for->fields[index][0], strlen(asked_for->fields[index][0]) };
    *value = (struct weir_slice){ asked_for->fields[index][1], strlen(asked_for->fields[index][1]) };
    return true;
}

bool weir_request_field(const struct weir_request *request, const char *name, struct weir_slice *value)
{
    struct weir_slice found, content;
    for (size_t i = 0; weir_request_field_at(request, i, &found, &content); i++)
        if (strlen(name) == found.len && strncasecmp(name, found.ptr, found.len) == 0) {
            *value = content;
            return true;
        }
    return false;
}

/* ---- the answer ---- */

/* A copy of one answer; its body is still borrowed until let_go(). */
struct answer {
    int status;
    bool is_page;                          /* of weir_respond_page() */
    bool is_listing;
    size_t field_count;
    char names[FIELDS_MAX][32];
    char values[FIELDS_MAX][16 * 1024];
    enum weir_body kind;
    const void *data;
    int fd;
    size_t len;
    char body[300 * 1024];
    void (*release)(void *context);
    void *release_context;
};

static struct answer last;
static unsigned answers;
static bool files_may_shrink;              /* the test changes them while they are sent */
static size_t pull_room = 4096;            /* what pull() is given */
static bool listing_is_cached;             /* the test has listing_respond_cached() answer */

static inline void copy_text(char *out, size_t cap, const char *text, size_t len)
{
    ck_assert_uint_lt(len, cap);
    memcpy(out, text, len);
    out[len] = '\0';
}

static inline void copy_field(const char *name, size_t name_len, const char *value, size_t value_len)
{
    ck_assert_uint_lt(last.field_count, FIELDS_MAX);
    copy_text(last.names[last.field_count], sizeof(last.names[0]), name, name_len);
    copy_text(last.values[last.field_count++], sizeof(last.values[0]), value, value_len);
}

static inline void copy_fields(const struct weir_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        copy_field(fields[i].name.ptr, fields[i].name.len, fields[i].value.ptr, fields[i].value.len);
}

static inline void copy_lines(struct weir_slice lines)
{
    const char *at = lines.ptr, *end = lines.len > 0 ? lines.ptr + lines.len : lines.ptr;
    while (at < end) {
        const char *colon = memchr(at, ':', (size_t)(end - at)), *stop = memchr(at, '\r', (size_t)(end - at));
        ck_assert_ptr_nonnull(colon);
        ck_assert_ptr_nonnull(stop);
        ck_assert(colon < stop && colon[1] == ' ' && stop[1] == '\n');
        copy_field(at, (size_t)(colon - at), colon + 2, (size_t)(stop - colon - 2));
        at = stop + 2;
    }
}

static void run_jobs(void);
static unsigned resumed;                   /* calls of weir_resume() */

/* All that pull() gives, and then once more, where it has to give nothing. What it waits for is run when it says so. */
static inline void copy_pulled(const struct weir_response *response)
{
    static char piece[64 * 1024];
    size_t done = 0, count;
    while ((count = response->pull(response->release_context, piece, pull_room)) != 0) {
        if (count == WEIR_PULL_CUT) {
            ck_assert(files_may_shrink);
            return;
        }
        if (count == WEIR_PULL_LATER) {
            unsigned before_jobs = resumed;
            run_jobs();
            ck_assert_uint_eq(resumed, before_jobs + 1);
            continue;
        }
        ck_assert_uint_le(count, pull_room);
        ck_assert_uint_le(done + count, last.len);
        memcpy(last.body + done, piece, count);
        done += count;
    }
    ck_assert_uint_eq(done, last.len);
}

static inline void answer_begin(int status)
{
    answers++;
    last = (struct answer){ .status = status };
}

void weir_respond(struct weir_request *request, const struct weir_response *response)
{
    ck_assert_ptr_eq(request, &asked);
    answer_begin(response->status);
    copy_fields(response->fields, response->field_count);
    copy_lines(response->lines);
    last.kind = response->body;
    last.data = response->data;
    last.fd = response->fd;
    last.len = response->length;
    ck_assert_uint_lt(last.len, sizeof(last.body));
    if (last.kind == WEIR_FILE) {
        ssize_t count = pread(response->fd, last.body, last.len, (off_t)response->offset);
        ck_assert(count == (ssize_t)last.len || (files_may_shrink && count >= 0));
    } else if (last.kind == WEIR_PULL) {
        copy_pulled(response);
    } else if (last.len > 0) {
        memcpy(last.body, response->data, last.len);
    }
    last.body[last.len] = '\0';
    last.release = response->release;
    last.release_context = response->release_context;
}

void weir_respond_page(struct weir_request *request, int status, const struct weir_field *fields, size_t field_count)
{
    ck_assert_ptr_eq(request, &asked);
    ck_assert_int_ge(status, 300);
    answer_begin(status);
    last.is_page = true;
    copy_fields(fields, field_count);
}

void listing_respond(struct weir_request *request, const struct listing_folder *folder)
{
    ck_assert_ptr_eq(request, &asked);
    ck_assert_ptr_nonnull(folder->beneath);
    ck_assert_ptr_nonnull(folder->cache);
    ck_assert_uint_gt(folder->looked_ms, 0);
    answer_begin(200);
    last.is_listing = true;
    copy_field("name", 4, folder->name.ptr, folder->name.len);
    copy_field("path", 4, folder->path.ptr, folder->path.len);
    copy_field("dot-files", 9, folder->dot_files ? "yes" : "no", folder->dot_files ? 3 : 2);
}

bool listing_respond_cached(struct weir_request *request, struct file_cache *cache, struct slice path)
{
    ck_assert_ptr_eq(request, &asked);
    ck_assert_ptr_nonnull(cache);
    ck_assert_int_eq(path.ptr[path.len - 1], '/');
    if (!listing_is_cached)
        return false;
    answer_begin(200);
    last.is_listing = true;
    return true;
}

static inline void let_go(const struct answer *answer)
{
    if (answer->release != NULL)
        answer->release(answer->release_context);
}

static inline const char *value_of(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->field_count; i++)
        if (strcmp(answer->names[i], name) == 0)
            return answer->values[i];
    return "";
}

/* ---- the threads beside ---- */

static struct { void (*work)(void *job); void (*done)(void *job); void *job; } jobs[JOBS_MAX];
static unsigned jobs_waiting;
static unsigned jobs_taken;                /* so far */
static bool jobs_refused;                  /* the test has weir_offload() say no */
static bool client_left;                   /* the test has weir_claim() find nothing */

struct weir_ticket weir_defer(struct weir_request *request)
{
    ck_assert_ptr_eq(request, &asked);
    return (struct weir_ticket){ .worker = request->worker };
}

struct weir_request *weir_claim(struct weir_ticket ticket)
{
    ck_assert_uint_eq(ticket.worker, asked.worker);
    return client_left ? NULL : &asked;
}

bool weir_offload(struct weir_host *host, void (*work)(void *job), void (*done)(void *job), void *job)
{
    (void)host;
    if (jobs_refused || jobs_waiting == JOBS_MAX)
        return false;
    jobs[jobs_waiting].work = work;
    jobs[jobs_waiting].done = done;
    jobs[jobs_waiting++].job = job;
    jobs_taken++;
    return true;
}

void weir_resume(struct weir_ticket ticket)
{
    ck_assert_uint_eq(ticket.worker, asked.worker);
    resumed++;
}

/* Runs what waits, the newest first: no order is promised. */
static void run_jobs(void)
{
    while (jobs_waiting > 0) {
        jobs_waiting--;
        void (*done)(void *job) = jobs[jobs_waiting].done;
        void *job = jobs[jobs_waiting].job;
        jobs[jobs_waiting].work(job);
        done(job);
    }
}

/* ---- both ---- */

/* Has `handler` answer, exactly once, now or after what it waits for; the body stays borrowed. */
static inline void ask_with(const struct weir_handler *handler, const struct ask *ask)
{
    asked = (struct weir_request){
        .method = ask->method != 0 ? ask->method : WEIR_GET,
        .path = { ask->path, strlen(ask->path) },
        .query = { ask->query, ask->query != NULL ? strlen(ask->query) : 0 },
        .has_query = ask->query != NULL,
        .worker = ask->worker,
    };
    asked_for = ask;
    unsigned count = answers;
    handler->answer(&asked, handler->context);
    run_jobs();
    ck_assert_uint_eq(answers, count + !client_left);
}

/* A GET without fields. */
static inline void ask_handler(const struct weir_handler *handler, const char *path, const char *query, uint32_t worker)
{
    const struct ask ask = { .path = path, .query = query, .worker = worker };
    ask_with(handler, &ask);
}

#endif
