/* The other side of a handler: what it answered, as the engine would see it. Defines weir_respond(). */
#ifndef WEIR_TESTS_HANDLER_CAPTURE_H
#define WEIR_TESTS_HANDLER_CAPTURE_H

#include <check.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "weir.h"

/* A copy of one answer; its body is still borrowed until let_go(). */
struct answer {
    int status;
    size_t field_count;
    char names[4][32];
    char values[4][16 * 1024];
    enum weir_body kind;
    const void *data;
    size_t len;
    char body[300 * 1024];
    void (*release)(void *context);
    void *release_context;
};

static struct answer last;
static unsigned answers;
static bool files_may_shrink;          /* the test changes them while they are sent */

static inline void copy_text(char *out, size_t cap, const char *text, size_t len)
{
    ck_assert_uint_lt(len, cap);
    memcpy(out, text, len);
    out[len] = '\0';
}

void weir_respond(struct weir_request *request, const struct weir_response *response)
{
    (void)request;
    answers++;
    last.status = response->status;
    last.field_count = response->field_count;
    ck_assert_uint_le(response->field_count, 4);
    for (size_t i = 0; i < response->field_count; i++) {
        const struct weir_field *field = &response->fields[i];
        copy_text(last.names[i], sizeof(last.names[i]), field->name.ptr, field->name.len);
        copy_text(last.values[i], sizeof(last.values[i]), field->value.ptr, field->value.len);
    }
    last.kind = response->body;
    last.data = response->data;
    last.len = response->length;
    ck_assert_uint_lt(last.len, sizeof(last.body));
    if (last.kind == WEIR_FILE) {
        ssize_t count = pread(response->fd, last.body, last.len, (off_t)response->offset);
        ck_assert(count == (ssize_t)last.len || (files_may_shrink && count >= 0));
    } else {
        memcpy(last.body, response->data, last.len);
    }
    last.body[last.len] = '\0';
    last.release = response->release;
    last.release_context = response->release_context;
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

/* Has `handler` answer a GET, exactly once; the body stays borrowed. `query` may be NULL. */
static inline void ask_handler(const struct weir_handler *handler, const char *path, const char *query, uint32_t worker)
{
    struct weir_request request = {
        .method = WEIR_GET,
        .path = { path, strlen(path) },
        .query = { query, query != NULL ? strlen(query) : 0 },
        .has_query = query != NULL,
        .worker = worker,
    };
    unsigned count = answers;
    handler->answer(&request, handler->context);
    ck_assert_uint_eq(answers, count + 1);
}

#endif
