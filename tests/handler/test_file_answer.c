/* Which answer a request for a file gets: conditions, ranges and codings, through the whole handler. */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/check_support.h"
#include "tests/handler/capture.h"
#include "tests/handler/folder.h"
#include "tests/handler/seam.h"

#define LARGE (200 * 1024)

static char folder[FOLDER_PATH_SIZE];
static char large[LARGE];
static struct static_files *files;
static struct weir_handler handler;
static char error_line[WEIR_ERROR_SIZE];

/* Of 2023-11-14 22:13:20. */
static void set_time(const char *path, time_t seconds)
{
    const struct timespec times[2] = { { seconds, 0 }, { seconds, 0 } };
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

#define THEN 1700000000
#define THEN_TEXT "Tue, 14 Nov 2023 22:13:20 GMT"

static void enter(void)
{
    static const char *const names[] = { "ten", "large", "x.css", "x.css.br", "x.css.gz", "old.css", "old.css.gz", "all.js",
                                         "all.js.br", "all.js.zst", "all.js.gz", "odd.js", "odd.js.gz/x" };
    folder_enter(folder);
    folder_make("odd.js.gz");
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (char)('a' + i % 26);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        folder_text(names[i], names[i]);
        set_time(names[i], THEN);
    }
    folder_text("ten", "0123456789");
    set_time("ten", THEN);
    folder_write("large", large, LARGE);
    set_time("large", THEN);
    set_time("old.css.gz", THEN - 1);
    ck_assert_int_eq(symlink("../../etc/passwd", "ten.gz"), 0);
    struct static_options options = static_defaults();
    options.workers = 1;
    seam.ahead_ms = 10000;
    seam_spare();
    ck_assert_int_eq(static_files_open(&files, &options, &handler, error_line), 0);
}

static void leave(void)
{
    static_files_close(files);
    ck_assert_uint_eq(seam.held, 0);
    folder_leave(folder);
}

static void ask(const struct ask *ask)
{
    ask_with(&handler, ask);
    let_go(&last);
}

static char tag_text[8][FILE_TAG_MAX + 1];

/* The tag of a path, in a place of its own. */
static const char *tag_of(const char *path, int place)
{
    ask(&(struct ask){ .path = path });
    ck_assert_int_eq(last.status, 200);
    copy_text(tag_text[place], sizeof(tag_text[place]), value_of(&last, "ETag"), strlen(value_of(&last, "ETag")));
    return tag_text[place];
}

static bool says(const char *name)
{
    return value_of(&last, name)[0] != '\0';
}

/* ---- conditions ---- */

#define TAG "(the tag)"        /* stands for the file's own */

struct condition_case {
    const char *fields[3][2];
    int status;
};

static const struct condition_case condition_cases[] = {
    { { { "If-None-Match", TAG } }, 304 },
    { { { "If-None-Match", "W/" TAG } }, 304 },
    { { { "If-None-Match", "*" } }, 304 },
    { { { "If-None-Match", "\"x\", " TAG } }, 304 },
    { { { "If-None-Match", "\"x\"" }, { "if-none-match", TAG } }, 304 },
    { { { "If-None-Match", "\"x\"" } }, 200 },
    { { { "If-None-Match", "\"x\"" }, { "If-Modified-Since", THEN_TEXT } }, 200 },
    { { { "If-Modified-Since", THEN_TEXT } }, 304 },
    { { { "If-Modified-Since", "Tue, 14 Nov 2023 22:13:19 GMT" } }, 200 },
    { { { "If-Modified-Since", "Tuesday, 14-Nov-23 22:13:20 GMT" } }, 304 },
    { { { "If-Modified-Since", "Tue Nov 14 22:13:20 2023" } }, 304 },
    { { { "If-Modified-Since", "yesterday" } }, 200 },
    { { { "If-Match", TAG } }, 200 },
    { { { "If-Match", "*" } }, 200 },
    { { { "If-Match", "W/" TAG } }, 412 },
    { { { "If-Match", "\"x\"" } }, 412 },
    { { { "If-Match", "\"x\"" }, { "If-None-Match", TAG } }, 412 },
    { { { "If-Match", TAG }, { "If-None-Match", TAG } }, 304 },
    { { { "If-Unmodified-Since", THEN_TEXT } }, 200 },
    { { { "If-Unmodified-Since", "Tue, 14 Nov 2023 22:13:19 GMT" } }, 412 },
    { { { "If-None-Match", TAG }, { "Range", "bytes=0-1" } }, 304 },
    { { { "If-Match", "\"x\"" }, { "Range", "bytes=99-" } }, 412 },
    { { { "If-Match", TAG }, { "Range", "bytes=0-1" } }, 206 },
    { { { "X-If-Match", "\"x\"" }, { "Ranger", "bytes=0-1" }, { "If", "x" } }, 200 },
};

/* `text` with the tag in place of TAG. */
static const char *with_tag(const char *text, const char *tag, char out[256])
{
    const char *place = text != NULL ? strstr(text, TAG) : NULL;
    if (place == NULL)
        return text;
    snprintf(out, 256, "%.*s%s%s", (int)(place - text), text, tag, place + strlen(TAG));
    return out;
}

START_TEST(conditions_are_decided_in_the_order_of_rfc_9110)
{
    const struct condition_case *c = &condition_cases[_i];
    static const char *const paths[] = { "/ten", "/large" };
    for (size_t p = 0; p < COUNT_OF(paths); p++)
        for (int is_head = 0; is_head < 2; is_head++) {
            char texts[3][256];
            const char *tag = tag_of(paths[p], 0);
            struct ask request = { .method = is_head ? WEIR_HEAD : WEIR_GET, .path = paths[p] };
            for (size_t i = 0; i < 3; i++) {
                request.fields[i][0] = c->fields[i][0];
                request.fields[i][1] = with_tag(c->fields[i][1], tag, texts[i]);
            }
            ask(&request);
            int wanted = c->status == 206 && is_head ? 200 : c->status;
            ck_assert_msg(last.status == wanted, "%s: %s: %d", c->fields[0][0], c->fields[0][1], last.status);
            ck_assert_str_eq(value_of(&last, "ETag"), last.status == 412 ? "" : tag);
            if (last.status == 304) {
                ck_assert_uint_eq(last.field_count, 1);
                ck_assert_uint_eq(last.len, 0);
            }
        }
}
END_TEST

/* ---- ranges ---- */

struct range_case {
    const char *range;
    int status;
    const char *content_range;
    const char *body;
};

static const struct range_case range_cases[] = {
    { "bytes=0-0", 206, "bytes 0-0/10", "0" },
    { "bytes=2-4", 206, "bytes 2-4/10", "234" },
    { "bytes=7-", 206, "bytes 7-9/10", "789" },
    { "bytes=-3", 206, "bytes 7-9/10", "789" },
    { "bytes=5-1000", 206, "bytes 5-9/10", "56789" },
    { "bytes=-1000", 206, "bytes 0-9/10", "0123456789" },
    { "bytes=10-", 416, "bytes */10", "" },
    { "bytes=18446744073709551616-", 416, "bytes */10", "" },
    { "bytes=-0", 416, "bytes */10", "" },
    { "bytes=4-2", 200, "", "0123456789" },
    { "lines=1-2", 200, "", "0123456789" },
    { "bytes=x", 200, "", "0123456789" },
};

START_TEST(one_range_is_sent_as_it_was_asked_for)
{
    const struct range_case *c = &range_cases[_i];
    ask(&(struct ask){ .path = "/ten", .fields = { { "Range", c->range } } });
    ck_assert_msg(last.status == c->status, "%s: %d", c->range, last.status);
    ck_assert_str_eq(value_of(&last, "Content-Range"), c->content_range);
    ck_assert_str_eq(value_of(&last, "Accept-Ranges"), "bytes");
    if (c->status != 416) {
        ck_assert_uint_eq(last.len, strlen(c->body));
        ck_assert_str_eq(last.body, c->body);
        ck_assert(says("ETag") && says("Last-Modified") && says("Content-Type"));
    }
    ask(&(struct ask){ .method = WEIR_HEAD, .path = "/ten", .fields = { { "Range", c->range } } });
    ck_assert_int_eq(last.status, 200);            /* RFC 9110 §14.2: a range is for GET alone */
    ck_assert_uint_eq(last.len, 10);
    ck_assert(!says("Content-Range"));
}
END_TEST

static void ask_for_part(const char *range, enum weir_body kind, size_t first, size_t len)
{
    char said[64];
    snprintf(said, sizeof(said), "bytes %zu-%zu/204800", first, first + len - 1);
    ask(&(struct ask){ .path = "/large", .fields = { { "Range", range } } });
    ck_assert_int_eq(last.status, 206);
    ck_assert_int_eq(last.kind, kind);
    ck_assert_str_eq(value_of(&last, "Content-Range"), said);
    ck_assert_uint_eq(last.len, len);
    ck_assert_mem_eq(last.body, large + first, len);
}

START_TEST(a_range_of_a_large_file_comes_from_its_descriptor)
{
    ask_for_part("bytes=100000-104096", WEIR_FILE, 100000, 4097);
    ask_for_part("bytes=100000-", WEIR_FILE, 100000, sizeof(large) - 100000);
}
END_TEST

START_TEST(a_few_bytes_of_a_large_file_are_read_at_once_where_they_are_in_memory)
{
    ask_for_part("bytes=100000-104095", WEIR_COPY, 100000, 4096);
    ask_for_part("bytes=-1", WEIR_COPY, sizeof(large) - 1, 1);
    static const int colds[] = { EAGAIN, EOPNOTSUPP };
    for (size_t i = 0; i < COUNT_OF(colds); i++) {
        seam.cold = colds[i];
        ask_for_part("bytes=100000-104095", WEIR_FILE, 100000, 4096);
    }
    seam.cold = 0;
    seam_strike(2, 1, 0);              /* behind a look at the file: half of it is in memory */
    ask_for_part("bytes=100000-104095", WEIR_FILE, 100000, 4096);
}
END_TEST

struct if_range_case {
    const char *value;
    int status;
};

static const struct if_range_case if_range_cases[] = {
    { TAG, 206 }, { "\"x\"", 200 }, { "W/" TAG, 200 }, { THEN_TEXT, 206 }, { "Tue, 14 Nov 2023 22:13:21 GMT", 200 }, { "soon", 200 },
};

START_TEST(a_range_of_another_state_is_answered_whole)
{
    const struct if_range_case *c = &if_range_cases[_i];
    char text[256];
    const char *value = with_tag(c->value, tag_of("/ten", 0), text);
    ask(&(struct ask){ .path = "/ten", .fields = { { "Range", "bytes=1-2" }, { "If-Range", value } } });
    ck_assert_msg(last.status == c->status, "%s: %d", c->value, last.status);
    ck_assert_str_eq(last.body, c->status == 206 ? "12" : "0123456789");
}
END_TEST

START_TEST(a_weak_tag_does_not_join_ranges)
{
    seam.ahead_ms = 0;
    folder_text("fresh", "0123456789");
    ask(&(struct ask){ .path = "/fresh" });
    const char *tag = tag_of("/fresh", 0);
    ck_assert_int_eq(tag[0], 'W');
    ask(&(struct ask){ .path = "/fresh", .fields = { { "Range", "bytes=1-2" }, { "If-Range", tag } } });
    ck_assert_int_eq(last.status, 200);
    ask(&(struct ask){ .path = "/fresh", .fields = { { "Range", "bytes=1-2" } } });
    ck_assert_int_eq(last.status, 206);
    ask(&(struct ask){ .path = "/fresh", .fields = { { "If-None-Match", tag } } });
    ck_assert_int_eq(last.status, 304);
}
END_TEST

/* ---- several ranges ---- */

struct part {
    uint64_t first, last;
};

/* Takes a multipart answer apart, as a client does, and compares each part with the file. */
static void expect_parts(const struct part *parts, size_t count, const char *content, size_t size, const char *content_lines)
{
    const char *type = value_of(&last, "Content-Type"), *at = last.body;
    const char *start = "multipart/byteranges; boundary=";
    ck_assert_int_eq(last.status, 206);
    ck_assert_int_eq(last.kind, WEIR_PULL);
    ck_assert_int_eq(strncmp(type, start, strlen(start)), 0);
    const char *boundary = type + strlen(start);
    ck_assert_uint_eq(strlen(boundary), 32);
    ck_assert(!says("Content-Range"));
    for (size_t i = 0; i < count; i++) {
        char head[1024];
        size_t len = parts[i].last - parts[i].first + 1;
        snprintf(head, sizeof(head), "%s--%s\r\n%sContent-Range: bytes %llu-%llu/%zu\r\n\r\n", i > 0 ? "\r\n" : "", boundary, content_lines,
                 (unsigned long long)parts[i].first, (unsigned long long)parts[i].last, size);
        ck_assert_msg(strncmp(at, head, strlen(head)) == 0, "part %zu: %.200s", i, at);
        at += strlen(head);
        ck_assert_mem_eq(at, content + parts[i].first, len);
        at += len;
    }
    ck_assert_uint_eq(strlen(at), strlen(boundary) + 8);
    ck_assert_int_eq(strncmp(at, "\r\n--", 4), 0);
    ck_assert_int_eq(strncmp(at + 4, boundary, strlen(boundary)), 0);
    ck_assert_str_eq(at + 4 + strlen(boundary), "--\r\n");
}

START_TEST(several_ranges_are_parts)
{
    static const struct part parts[] = { { 0, 9 }, { 100000, 150000 }, { 204799, 204799 }, { 50000, 50000 } };
    static const size_t rooms[] = { 4096, 5000, 65536 };
    char boundary[128] = "";
    for (size_t i = 0; i < COUNT_OF(rooms); i++) {
        pull_room = rooms[i];
        ask(&(struct ask){ .path = "/large", .fields = { { "Range", "bytes=0-9, 100000-150000, -1, 50000-50000" } } });
        expect_parts(parts, COUNT_OF(parts), large, LARGE, "Content-Type: application/octet-stream\r\n");
        ck_assert_str_eq(value_of(&last, "Accept-Ranges"), "bytes");
        ck_assert(says("ETag"));
        ck_assert_str_ne(value_of(&last, "Content-Type"), boundary);           /* each answer draws one of its own */
        copy_text(boundary, sizeof(boundary), value_of(&last, "Content-Type"), strlen(value_of(&last, "Content-Type")));
    }
    pull_room = 4096;
}
END_TEST

START_TEST(parts_of_a_small_file_come_from_memory)
{
    static char text[2000];
    memset(text, 'x', sizeof(text));
    memcpy(text, "abc", 3);
    static const struct part parts[] = { { 0, 2 }, { 1990, 1999 } };
    folder_write("small.txt", text, sizeof(text));
    set_time("small.txt", THEN);
    ask(&(struct ask){ .path = "/small.txt", .fields = { { "Range", "bytes=0-2,1990-" } } });
    expect_parts(parts, COUNT_OF(parts), text, sizeof(text), "Content-Type: text/plain; charset=utf-8\r\n");
}
END_TEST

/* An answer under way for two ranges of /large, its first piece taken. */
static struct file_parts *begin_parts(struct file_entry **entry)
{
    static const struct range_set set = { .ranges = { { 0, 9 }, { 30000, 190000 } }, .count = 2 };
    char out[4096];
    ask(&(struct ask){ .path = "/large" });
    *entry = file_cache_find(&files->workers[0].cache, CODING_IDENTITY, SLICE("/large"));
    ck_assert_ptr_nonnull(*entry);
    struct file_parts *p = seam_alloc_raw(sizeof(*p) + AHEAD_SIZE);
    *p = (struct file_parts){ .entry = *entry, .set = set, .ahead_at = UINT64_MAX };
    file_entry_hold(*entry);
    size_t len = pull(p, out, sizeof(out));
    ck_assert(len > 0 && len <= sizeof(out));
    return p;
}

static void cut_file(void)
{
    ck_assert_int_eq(truncate("large", 120000), 0);
}

static void write_file(void)
{
    folder_write("large", large, LARGE);           /* the same size, another time */
}

static void append_to_file(void)
{
    int fd = open("large", O_WRONLY | O_APPEND | O_CLOEXEC);
    ck_assert_int_eq(write(fd, "more", 4), 4);
    ck_assert_int_eq(close(fd), 0);
}

struct change_case {
    void (*change)(void);
    bool is_cut;
};

static const struct change_case change_cases[] = { { cut_file, true }, { write_file, true }, { append_to_file, false } };

START_TEST(parts_of_a_file_that_changes_are_cut_not_mixed)
{
    char out[4096];
    struct file_entry *entry;
    struct file_parts *p = begin_parts(&entry);
    change_cases[_i].change();
    size_t len = pull(p, out, sizeof(out));
    if (change_cases[_i].is_cut)
        ck_assert(len == WEIR_PULL_CUT);
    else
        ck_assert_uint_eq(len, sizeof(out));
    release(p);
}
END_TEST

START_TEST(parts_that_are_not_in_memory_are_read_on_another_thread)
{
    static const struct part parts[] = { { 0, 9 }, { 30000, 190000 } };
    static const int colds[] = { EAGAIN, EOPNOTSUPP };
    struct ask request = { .path = "/large", .fields = { { "Range", "bytes=0-9,30000-190000" } } };
    ask(&request);
    for (size_t i = 0; i < COUNT_OF(colds); i++) {
        seam.cold = colds[i];
        unsigned taken = jobs_taken;
        ask(&request);
        expect_parts(parts, COUNT_OF(parts), large, LARGE, "Content-Type: application/octet-stream\r\n");
        ck_assert_uint_eq(jobs_taken, taken + 3);              /* 64 KiB each: the first has the start of the second part, too */
        jobs_refused = true;
        ask(&request);
        expect_parts(parts, COUNT_OF(parts), large, LARGE, "Content-Type: application/octet-stream\r\n");
        ck_assert_uint_eq(jobs_taken, taken + 3);
        jobs_refused = false;
    }
    seam.is_memory = true;
    unsigned taken = jobs_taken;
    ask(&request);
    expect_parts(parts, COUNT_OF(parts), large, LARGE, "Content-Type: application/octet-stream\r\n");
    ck_assert_uint_eq(jobs_taken, taken);
    seam.is_memory = false;
    seam.cold = 0;
}
END_TEST

START_TEST(parts_that_cannot_be_read_are_cut)
{
    struct ask request = { .path = "/large", .fields = { { "Range", "bytes=0-9,30000-190000" } } };
    ask(&request);
    seam.cold = EAGAIN;
    files_may_shrink = true;
    unsigned taken = jobs_taken;
    seam_strike(4, 1, EIO);            /* behind a look at the file, memory for the answer, and another look: the reading on another thread */
    ask(&request);
    ck_assert_uint_eq(jobs_taken, taken + 1);
    ck_assert_uint_lt(strlen(last.body), 200);     /* a head at most */
    files_may_shrink = false;
    seam_spare();
    seam.cold = 0;
}
END_TEST

/* The engine lets go of an answer whose connection has ended while its bytes are being read. */
START_TEST(parts_that_nobody_waits_for_are_let_go_when_they_come)
{
    char out[4096];
    struct file_entry *entry;
    seam.cold = 0;
    struct file_parts *p = begin_parts(&entry);
    size_t held = seam.held;
    seam.cold = EAGAIN;
    ck_assert(pull(p, out, sizeof(out)) == WEIR_PULL_LATER);
    ck_assert(pull(p, out, sizeof(out)) == WEIR_PULL_LATER);       /* still under way */
    release(p);
    ck_assert_uint_eq(seam.held, held);
    unsigned before_jobs = resumed;
    run_jobs();
    ck_assert_uint_eq(resumed, before_jobs);
    ck_assert_uint_eq(seam.held, held - 1);
    ck_assert_uint_eq(entry->holders, 1);
    seam.cold = 0;
}
END_TEST

START_TEST(without_memory_for_its_parts_an_answer_is_refused)
{
    struct ask request = { .path = "/large", .fields = { { "Range", "bytes=0-9,100000-150000" } } };
    ask(&request);
    seam_strike(2, 1, ENOMEM);                     /* behind a look at the file */
    ask(&request);
    ck_assert_int_eq(last.status, 503);
    seam_spare();
}
END_TEST

/* ---- codings ---- */

struct coding_case {
    const char *path;
    const char *accept[2];
    const char *body;
    const char *coding;
    bool varies;
};

static const struct coding_case coding_cases[] = {
    { "/x.css", { NULL, NULL }, "x.css", "", true },
    { "/x.css", { "gzip, br", NULL }, "x.css.br", "br", true },
    { "/x.css", { "gzip", "br" }, "x.css.br", "br", true },
    { "/x.css", { "gzip;q=1, br;q=0.5", NULL }, "x.css.gz", "gzip", true },
    { "/x.css", { "zstd", NULL }, "x.css", "", true },
    { "/x.css", { "br;q=0, gzip;q=0", NULL }, "x.css", "", true },
    { "/x.css", { "*", NULL }, "x.css.br", "br", true },
    { "/all.js", { "zstd", NULL }, "all.js.zst", "zstd", true },
    { "/old.css", { "gzip", NULL }, "old.css", "", false },            /* its sibling is older than itself */
    { "/odd.js", { "gzip", NULL }, "odd.js", "", false },              /* its sibling is a folder */
    { "/ten", { "gzip", NULL }, "0123456789", "", false },             /* its sibling leads out */
    { "/x.css.gz", { "gzip", NULL }, "x.css.gz", "", false },          /* asked for by its name it is a file as any other */
};

START_TEST(a_sibling_is_sent_where_the_client_would_rather_have_it)
{
    const struct coding_case *c = &coding_cases[_i];
    struct ask request = { .path = c->path };
    for (size_t i = 0; i < 2 && c->accept[i] != NULL; i++) {
        request.fields[i][0] = "Accept-Encoding";
        request.fields[i][1] = c->accept[i];
    }
    for (int turn = 0; turn < 3; turn++) {         /* from the disk, at hand, and compared again */
        if (turn == 2)
            seam.ahead_ms += FILE_CACHE_TRUST_MS;
        ask(&request);
        ck_assert_int_eq(last.status, 200);
        ck_assert_str_eq(last.body, c->body);
        ck_assert_str_eq(value_of(&last, "Content-Encoding"), c->coding);
        ck_assert_str_eq(value_of(&last, "Vary"), c->varies ? "Accept-Encoding" : "");
    }
}
END_TEST

START_TEST(every_answer_for_a_resource_says_the_same_vary)
{
    static const char *const requests[][2] = {
        { "X-Plain", "x" }, { "Range", "bytes=0-1" }, { "Range", "bytes=1000-" }, { "If-None-Match", "*" }, { "If-Match", "\"x\"" },
    };
    static const int statuses_wanted[] = { 200, 206, 416, 304, 412 };
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        for (int coded = 0; coded < 2; coded++) {
            ask(&(struct ask){ .path = "/x.css",
                               .fields = { { requests[i][0], requests[i][1] }, { "Accept-Encoding", coded ? "br" : "identity" } } });
            ck_assert_int_eq(last.status, statuses_wanted[i]);
            ck_assert_str_eq(value_of(&last, "Vary"), "Accept-Encoding");
        }
}
END_TEST

START_TEST(each_coding_has_a_tag_of_its_own_and_conditions_hold_for_it_alone)
{
    const char *plain = tag_of("/x.css", 0);
    struct ask coded = { .path = "/x.css", .fields = { { "Accept-Encoding", "br" } } };
    ask(&coded);
    ck_assert_str_ne(value_of(&last, "ETag"), plain);
    coded.fields[1][0] = "If-None-Match";
    coded.fields[1][1] = plain;
    ask(&coded);
    ck_assert_int_eq(last.status, 200);
    ck_assert_str_eq(last.body, "x.css.br");
}
END_TEST

START_TEST(a_range_is_of_the_coding_that_is_sent)
{
    ask(&(struct ask){ .path = "/x.css", .fields = { { "Accept-Encoding", "br" }, { "Range", "bytes=-2" } } });
    ck_assert_int_eq(last.status, 206);
    ck_assert_str_eq(last.body, "br");
    ck_assert_str_eq(value_of(&last, "Content-Range"), "bytes 6-7/8");
    ck_assert_str_eq(value_of(&last, "Content-Encoding"), "br");
}
END_TEST

/* The parts are of the coding; the wrapping is not: Content-Encoding is theirs. */
START_TEST(several_ranges_of_a_coding_say_it_in_their_parts)
{
    static const struct part parts[] = { { 0, 0 }, { 150000, 150999 } };
    folder_write("x.css.br", large, LARGE);
    set_time("x.css.br", THEN);
    seam.ahead_ms += FILE_CACHE_TRUST_MS;
    ask(&(struct ask){ .path = "/x.css", .fields = { { "Accept-Encoding", "br" }, { "Range", "bytes=0-0,150000-150999" } } });
    expect_parts(parts, COUNT_OF(parts), large, LARGE, "Content-Type: text/css; charset=utf-8\r\nContent-Encoding: br\r\n");
    ck_assert(!says("Content-Encoding"));
    ck_assert_str_eq(value_of(&last, "Vary"), "Accept-Encoding");
}
END_TEST

START_TEST(siblings_that_come_and_go_are_seen_a_second_later)
{
    struct ask request = { .path = "/x.css", .fields = { { "Accept-Encoding", "br" } } };
    ask(&request);
    ck_assert_str_eq(last.body, "x.css.br");
    ck_assert_int_eq(unlink("x.css.br"), 0);
    seam.ahead_ms += FILE_CACHE_TRUST_MS;
    ask(&request);
    ck_assert_str_eq(last.body, "x.css");
    ck_assert_str_eq(value_of(&last, "Vary"), "Accept-Encoding");              /* .gz is still there */
    folder_text("x.css.br", "new");
    set_time("x.css.br", THEN);
    seam.ahead_ms += FILE_CACHE_TRUST_MS;
    ask(&request);
    ck_assert_str_eq(last.body, "new");
    folder_text("x.css", "edited");                /* newer than its siblings */
    seam.ahead_ms += FILE_CACHE_TRUST_MS;
    ask(&request);
    ck_assert_str_eq(last.body, "edited");
    ck_assert_str_eq(value_of(&last, "Vary"), "");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("file_answer");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_loop_test(tests, conditions_are_decided_in_the_order_of_rfc_9110, 0, COUNT_OF(condition_cases));
    tcase_add_loop_test(tests, one_range_is_sent_as_it_was_asked_for, 0, COUNT_OF(range_cases));
    tcase_add_test(tests, a_range_of_a_large_file_comes_from_its_descriptor);
    tcase_add_test(tests, a_few_bytes_of_a_large_file_are_read_at_once_where_they_are_in_memory);
    tcase_add_loop_test(tests, a_range_of_another_state_is_answered_whole, 0, COUNT_OF(if_range_cases));
    tcase_add_test(tests, a_weak_tag_does_not_join_ranges);
    tcase_add_test(tests, several_ranges_are_parts);
    tcase_add_test(tests, parts_of_a_small_file_come_from_memory);
    tcase_add_loop_test(tests, parts_of_a_file_that_changes_are_cut_not_mixed, 0, COUNT_OF(change_cases));
    tcase_add_test(tests, parts_that_are_not_in_memory_are_read_on_another_thread);
    tcase_add_test(tests, parts_that_cannot_be_read_are_cut);
    tcase_add_test(tests, parts_that_nobody_waits_for_are_let_go_when_they_come);
    tcase_add_test(tests, without_memory_for_its_parts_an_answer_is_refused);
    tcase_add_loop_test(tests, a_sibling_is_sent_where_the_client_would_rather_have_it, 0, COUNT_OF(coding_cases));
    tcase_add_test(tests, every_answer_for_a_resource_says_the_same_vary);
    tcase_add_test(tests, each_coding_has_a_tag_of_its_own_and_conditions_hold_for_it_alone);
    tcase_add_test(tests, a_range_is_of_the_coding_that_is_sent);
    tcase_add_test(tests, several_ranges_of_a_coding_say_it_in_their_parts);
    tcase_add_test(tests, siblings_that_come_and_go_are_seen_a_second_later);
    return check_run(tests);
}
