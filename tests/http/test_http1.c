/* The answers of HTTP/1: their framing, who gets which, and what is recorded of them. */
#include "http/http1.h"

#include <stdio.h>

#include "http/error_page.h"
#include "tests/check_support.h"
#include "tests/core/aborts.h"
#include "tests/http/http1_rig.h"

#define HOST " HTTP/1.1\r\nHost: a\r\n"
#define GET_A "GET /a" HOST "\r\n"

static struct rig rig;

/* ---- a handler that answers what it was told to */

static char pattern[100000];
static struct weir_response reply;
static unsigned asked, released;
static bool silent, twice;

static void release(void *context)
{
    ck_assert_ptr_eq(context, &released);
    released++;
}

static void answer(struct weir_request *request, void *context)
{
    ck_assert_ptr_eq(context, &asked);
    asked++;
    if (!silent)
        weir_respond(request, &reply);
    if (twice)
        weir_respond(request, &reply);
}

static const struct weir_handler handler = { .answer = answer, .context = &asked };

static void begin(void)
{
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = rig_file_byte(9, i);
    rig_clear(&rig);
    asked = released = 0;
    silent = twice = false;
    reply = (struct weir_response){ .status = 200, .data = "Hello, world!", .length = 13, .release = release, .release_context = &released };
    rig_open(&rig, &handler);
}

static void end(void)
{
    if (rig.x != NULL)
        rig_close(&rig);
    ck_assert_int_eq(rig.live, 0);
    rig_clear(&rig);
}

static struct rig_answer read_one(struct slice *sent, bool is_head)
{
    struct rig_answer got = { 0 };
    ck_assert_msg(rig_read_answer(sent, is_head, &got), "no answer in: %.*s", (int)sent->len, sent->ptr);
    return got;
}

/* The only answer that left. */
static struct rig_answer only_answer(bool is_head)
{
    struct slice sent = { rig.sent, rig.sent_len };
    const struct rig_answer got = read_one(&sent, is_head);
    ck_assert_uint_eq(sent.len, 0);
    return got;
}

static void check_field(const struct rig_answer *got, const char *name, const char *wanted)
{
    size_t count;
    const struct slice value = rig_field(got, name, &count);
    ck_assert_msg(count == (wanted != NULL), "%zu %s", count, name);
    if (wanted != NULL)
        ck_assert_msg(slice_equals(value, slice_of(wanted)), "%s: %.*s, not %s", name, (int)value.len, value.ptr, wanted);
}

static void check_record(size_t index, const char *line, int status, uint64_t body_sent)
{
    ck_assert_uint_lt(index, rig.record_count);
    const struct rig_record *record = &rig.records[index];
    ck_assert_str_eq(record->line, line);
    ck_assert_int_eq(record->status, status);
    ck_assert_msg(record->body_sent == body_sent, "record %zu of %s: %ju bytes, not %ju", index, line, (uintmax_t)record->body_sent,
        (uintmax_t)body_sent);
}

/* ---- every shape of answer, to every kind of client, over every kind of transport */

static const struct shape {
    const char *name;
    int status;
    enum weir_body body;
    uint64_t length;
    bool copied;                       /* released before the answer leaves */
} shapes[] = {
    { "empty", 200, WEIR_COPY, 0, true },
    { "one byte, copied", 200, WEIR_COPY, 1, true },
    { "copied, larger than the buffer", 200, WEIR_COPY, 60000, true },
    { "borrowed, small enough to be copied", 200, WEIR_BORROW, 4096, true },
    { "borrowed, too large to be copied", 200, WEIR_BORROW, 4097, false },
    { "borrowed, much larger", 404, WEIR_BORROW, 99991, false },
    { "one byte of a file", 200, WEIR_FILE, 1, false },
    { "a large file", 200, WEIR_FILE, 99991, false },
    { "no content", 204, WEIR_COPY, 0, true },
    { "not modified", 304, WEIR_BORROW, 0, true },
    { "a form to be cleared", 205, WEIR_COPY, 0, true },
    { "a status without a name", 599, WEIR_COPY, 5, true },
};

static const struct client {
    const char *request;
    const char *line;
    const char *connection;            /* what the answer says; NULL: nothing */
    bool is_head;
    bool kept;
} clients[] = {
    { GET_A, "GET /a HTTP/1.1", NULL, false, true },
    { "HEAD /a" HOST "\r\n", "HEAD /a HTTP/1.1", NULL, true, true },
    { "GET /a" HOST "Connection: close\r\n\r\n", "GET /a HTTP/1.1", "close", false, false },
    { "GET /a HTTP/1.0\r\n\r\n", "GET /a HTTP/1.0", "close", false, false },
    { "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /a HTTP/1.0", "keep-alive", false, true },
    { "HEAD /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "HEAD /a HTTP/1.0", "keep-alive", true, true },
};

static const uint64_t send_maxima[] = { 0, 1, 7, 4096 };

static void check_shape(const struct shape *shape, const struct client *client, uint64_t send_max)
{
    const struct weir_field fields[] = { { { "X-Name", 6 }, { "a value", 7 } }, { { "X-Empty", 7 }, { NULL, 0 } } };
    begin();
    rig.send_max = send_max;
    reply.status = shape->status;
    reply.fields = fields;
    reply.field_count = COUNT_OF(fields);
    reply.body = shape->body;
    reply.data = pattern + 3;
    reply.fd = 9;
    reply.offset = 3;
    reply.length = shape->length;
    rig_give(&rig, slice_of(client->request));

    const struct rig_answer got = only_answer(client->is_head);
    const uint64_t content = client->is_head ? 0 : shape->length;
    char length[32];
    snprintf(length, sizeof length, "%ju", (uintmax_t)shape->length);
    ck_assert_int_eq(got.status, shape->status);
    check_field(&got, "Content-Length", response_has_no_content(shape->status) ? NULL : length);
    check_field(&got, "Connection", client->connection);
    check_field(&got, "Date", RIG_DATE);
    check_field(&got, "Server", "weir");
    check_field(&got, "X-Name", "a value");
    check_field(&got, "X-Empty", "");
    ck_assert_uint_eq(got.content.len, content);
    ck_assert_mem_eq(got.content.ptr, pattern + 3, content);
    ck_assert_int_eq(rig.conn.state, client->kept ? CONN_READING : CONN_SHUTTING);
    ck_assert_uint_eq(released, 1);
    ck_assert_uint_eq(rig.record_count, 1);
    check_record(0, client->line, shape->status, content);
    end();
    ck_assert_uint_eq(released, 1);
}

START_TEST(each_shape_of_answer_is_framed_for_each_client)
{
    for (size_t client = 0; client < COUNT_OF(clients); client++)
        for (size_t i = 0; i < COUNT_OF(send_maxima); i++)
            check_shape(&shapes[_i], &clients[client], send_maxima[i]);
}

START_TEST(a_borrowed_body_is_released_when_it_has_left_and_not_before)
{
    begin();
    reply.body = WEIR_BORROW;
    reply.data = pattern;
    reply.length = sizeof pattern;
    rig.break_after = 50000;
    rig_give(&rig, SLICE(GET_A));
    ck_assert_int_eq(rig.conn.state, CONN_CLOSED);
    ck_assert_uint_eq(released, 0);
    end();
    ck_assert_uint_eq(released, 1);
}

START_TEST(the_record_of_an_answer_that_broke_off_says_how_much_content_left)
{
    begin();
    reply.data = pattern;
    reply.body = WEIR_FILE;
    reply.length = 60000;
    rig.break_after = 50000;
    rig_give(&rig, SLICE(GET_A));
    ck_assert_uint_eq(rig.record_count, 1);
    const char *head_end = memmem(rig.sent, rig.sent_len, "\r\n\r\n", 4);
    check_record(0, "GET /a HTTP/1.1", 200, (uint64_t)(rig.sent + rig.sent_len - head_end - 4));
    end();
}

START_TEST(the_record_of_an_answer_whose_head_did_not_leave_has_no_content)
{
    begin();
    rig.break_after = 20;
    rig_give(&rig, SLICE(GET_A));
    ck_assert_uint_eq(rig.record_count, 1);
    check_record(0, "GET /a HTTP/1.1", 200, 0);
    end();
}

START_TEST(the_head_is_written_as_it_stands_here)
{
    begin();
    rig_give(&rig, SLICE(GET_A));
    static const char wanted[] = "HTTP/1.1 200 OK\r\n" RIG_COMMON "Content-Length: 13\r\n\r\nHello, world!";
    ck_assert_uint_eq(rig.sent_len, sizeof wanted - 1);
    ck_assert_mem_eq(rig.sent, wanted, sizeof wanted - 1);
    end();
}

START_TEST(without_a_clock_and_with_no_server_field_neither_is_said)
{
    begin();
    rig.context.common = (struct slice){ NULL, 0 };
    rig_give(&rig, SLICE(GET_A));
    const struct rig_answer got = only_answer(false);
    check_field(&got, "Date", NULL);
    check_field(&got, "Server", NULL);
    end();
}

START_TEST(a_draining_server_says_close_and_closes)
{
    begin();
    rig.context.draining = true;
    rig_give(&rig, SLICE(GET_A GET_A));
    const struct rig_answer got = only_answer(false);
    check_field(&got, "Connection", "close");
    ck_assert_int_eq(rig.conn.state, CONN_SHUTTING);
    ck_assert_uint_eq(asked, 1);
    end();
}

START_TEST(nobody_need_want_the_records)
{
    begin();
    rig.context.record = NULL;
    rig_give(&rig, SLICE(GET_A "bad\r\n\r\n"));
    struct slice sent = { rig.sent, rig.sent_len };
    ck_assert_int_eq(read_one(&sent, false).status, 200);
    ck_assert_int_eq(read_one(&sent, false).status, 400);
    ck_assert_uint_eq(rig.record_count, 0);
    end();
}

START_TEST(a_record_tells_referer_and_user_agent)
{
    begin();
    rig_give(&rig, SLICE("GET /a?b" HOST "User-Agent: curl/7\r\nReferer:\r\nREFERER: second\r\n\r\n"));
    check_record(0, "GET /a?b HTTP/1.1", 200, 13);
    ck_assert_str_eq(rig.records[0].user_agent, "curl/7");
    ck_assert_str_eq(rig.records[0].referer, "");
    end();
}

/* ---- answers that a handler must not give */

#define FIELD(name, value) { { (name), sizeof(name) - 1 }, { (value), sizeof(value) - 1 } }

static const struct unsound {
    int status;
    uint64_t length;
    struct weir_field field;
} unsound[] = {
    { 199, 0, FIELD("X", "") },
    { 100, 0, FIELD("X", "") },
    { 600, 0, FIELD("X", "") },
    { -1, 0, FIELD("X", "") },
    { 204, 1, FIELD("X", "") },
    { 304, 1, FIELD("X", "") },
    { 205, 1, FIELD("X", "") },
    { 200, 13, FIELD("", "") },
    { 200, 13, FIELD("a b", "") },
    { 200, 13, FIELD("X", "a\r\nb") },
    { 200, 13, FIELD("X", "a\nb") },
    { 200, 13, FIELD("X", "a\0b") },
    { 200, 13, FIELD("connection", "close") },
    { 200, 13, FIELD("Content-length", "13") },
    { 200, 13, FIELD("TRANSFER-ENCODING", "chunked") },
    { 200, 13, FIELD("Date", "now") },
    { 200, 13, FIELD("Server", "other") },
};

START_TEST(an_unsound_answer_becomes_a_500_and_the_connection_is_kept)
{
    begin();
    reply.status = unsound[_i].status;
    reply.fields = &unsound[_i].field;
    reply.field_count = 1;
    reply.length = unsound[_i].length;
    rig_give(&rig, SLICE(GET_A));
    const struct rig_answer got = only_answer(false);
    ck_assert_int_eq(got.status, 500);
    ck_assert(slice_equals(got.content, error_page(500)));
    check_field(&got, "X", NULL);
    check_record(0, "GET /a HTTP/1.1", 500, error_page(500).len);
    ck_assert_uint_eq(released, 1);
    ck_assert_int_eq(rig.conn.state, CONN_READING);
    end();
}

START_TEST(an_unsound_answer_to_head_becomes_a_500_without_content)
{
    begin();
    reply.status = 0;
    rig_give(&rig, SLICE("HEAD /" HOST "\r\n"));
    ck_assert_int_eq(only_answer(true).status, 500);
    check_record(0, "HEAD / HTTP/1.1", 500, 0);
    end();
}

START_TEST(a_head_that_does_not_fit_becomes_a_500)
{
    const struct weir_field large = { { "X", 1 }, { pattern, 30000 } };
    begin();
    reply.fields = &large;
    reply.field_count = 1;
    rig_give(&rig, SLICE(GET_A));
    ck_assert_int_eq(only_answer(false).status, 500);
    ck_assert_uint_eq(released, 1);
    end();
}

START_TEST(without_memory_for_a_copy_the_answer_is_a_500_and_the_next_one_is_not)
{
    begin();
    reply.data = pattern;
    reply.length = 60000;
    rig.fail_at = 1;
    rig_give(&rig, SLICE(GET_A));
    ck_assert_int_eq(only_answer(false).status, 500);
    ck_assert_uint_eq(released, 1);
    check_record(0, "GET /a HTTP/1.1", 500, error_page(500).len);
    rig_give(&rig, SLICE(GET_A));
    check_record(1, "GET /a HTTP/1.1", 200, 60000);
    end();
}

START_TEST(a_handler_that_does_not_answer_sends_a_500)
{
    begin();
    silent = true;
    rig_give(&rig, SLICE(GET_A));
    ck_assert_int_eq(only_answer(false).status, 500);
    ck_assert_int_eq(rig.conn.state, CONN_READING);
    check_record(0, "GET /a HTTP/1.1", 500, error_page(500).len);
    end();
}

static void answer_twice(void *unused)
{
    (void)unused;
    twice = true;
    rig_give(&rig, SLICE(GET_A));
}

START_TEST(to_answer_twice_is_a_bug_in_the_handler)
{
    begin();
    ck_assert(aborts(answer_twice, NULL));
    end();
}

/* ---- who gets an answer of weir's own */

static const struct own_answer {
    const char *request;
    uint32_t methods;                  /* 0: GET and HEAD */
    int status;
    const char *allow;                 /* NULL: no such field */
    bool asked;                        /* it was the handler's after all */
    bool kept;
} own_answers[] = {
    { "GET /" HOST "\r\n", 0, 200, NULL, true, true },
    { "POST /" HOST "\r\n", 0, 405, "GET, HEAD, OPTIONS", false, true },
    { "POST /" HOST "\r\n", WEIR_POST, 200, NULL, true, true },
    { "GET /" HOST "\r\n", WEIR_POST, 405, "POST, OPTIONS", false, true },
    { "PUT /" HOST "\r\n", 0, 405, "GET, HEAD, OPTIONS", false, true },
    { "DELETE /" HOST "\r\n", WEIR_PUT | WEIR_DELETE | WEIR_PATCH, 200, NULL, true, true },
    { "PATCH /" HOST "\r\n", WEIR_PUT | WEIR_DELETE, 405, "PUT, DELETE, OPTIONS", false, true },
    { "TRACE /" HOST "\r\n", 0, 405, "GET, HEAD, OPTIONS", false, true },
    { "PROPFIND /" HOST "\r\n", ~0u, 405, "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS", false, true },
    { "BREW /" HOST "\r\n", 0, 501, NULL, false, false },
    { "get /" HOST "\r\n", 0, 501, NULL, false, false },
    { "CONNECT a:80" HOST "\r\n", 0, 405, "GET, HEAD, OPTIONS", false, false },
    { "CONNECT a:80" HOST "Content-Length: 3\r\n\r\nabc", 0, 405, "GET, HEAD, OPTIONS", false, false },
    { "OPTIONS /" HOST "\r\n", 0, 204, "GET, HEAD, OPTIONS", false, true },
    { "OPTIONS /" HOST "\r\n", WEIR_GET | WEIR_OPTIONS, 200, NULL, true, true },
    { "OPTIONS *" HOST "\r\n", WEIR_GET | WEIR_OPTIONS, 204, "GET, OPTIONS", false, true },
    { "OPTIONS *" HOST "Content-Length: 3\r\n\r\nabc", 0, 204, "GET, HEAD, OPTIONS", false, true },
    { "OPTIONS / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0, 204, "GET, HEAD, OPTIONS", false, true },
    { "POST / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0, 405, "GET, HEAD, OPTIONS", false, true },
    { "POST / HTTP/1.0\r\n\r\n", 0, 405, "GET, HEAD, OPTIONS", false, false },
    { "POST /" HOST "Content-Length: 3\r\n\r\nabc", 0, 405, "GET, HEAD, OPTIONS", false, true },
    { "GET /../x" HOST "\r\n", 0, 400, NULL, false, false },
    { "GET / HTTP/2.0\r\n\r\n", 0, 505, NULL, false, false },
    { "GET / HTTP/1.1\r\n\r\n", 0, 400, NULL, false, false },
};

START_TEST(what_the_handler_does_not_take_weir_answers_itself)
{
    const struct own_answer *c = &own_answers[_i];
    begin();
    rig.handler.methods = c->methods != 0 ? c->methods : WEIR_GET | WEIR_HEAD;
    rig_give(&rig, slice_of(c->request));
    const struct rig_answer got = only_answer(false);
    ck_assert_msg(got.status == c->status, "%s: %d", c->request, got.status);
    check_field(&got, "Allow", c->allow);
    check_field(&got, "Connection", strstr(c->request, "keep-alive") != NULL ? "keep-alive" : c->kept ? NULL : "close");
    ck_assert_uint_eq(asked, c->asked);
    ck_assert_int_eq(rig.conn.state, c->kept ? CONN_READING : CONN_SHUTTING);
    ck_assert_uint_eq(rig.record_count, 1);
    ck_assert_int_eq(rig.records[0].status, c->status);
    ck_assert_uint_eq(rig.records[0].body_sent, got.content.len);
    ck_assert_mem_eq(rig.records[0].line, c->request, 8);
    end();
}

START_TEST(a_refused_head_request_gets_no_content)
{
    static const char *const requests[] = { "HEAD /" HOST "Host: b\r\n\r\n", "HEAD / HTTP/2.0\r\n\r\n", "HEAD #" };
    begin();
    rig_give(&rig, slice_of(requests[_i]));
    const struct rig_answer got = only_answer(true);
    ck_assert_int_ge(got.status, 400);
    check_field(&got, "Connection", "close");
    ck_assert_uint_eq(rig.records[0].body_sent, 0);
    end();
}

/* Where its bytes are cut must not decide whether a refused request asked for HEAD, nor lose what its record shows. */
START_TEST(a_refused_request_is_known_by_its_line_wherever_it_is_cut)
{
    static const struct { const char *bytes, *line; bool is_head; } cases[] = {
        { "\r\n\r\nHEAD / HTTP/1.1\r\n\r\n", "", false },
        { "\nHEAD / HTTP/1.1\r\n\r\n", "", false },
        { "\r\nHEAD / HTTP/1.1\r\n\r\n", "HEAD / HTTP/1.1", true },
        { "HEAD / HTTP/1.1\r\nHost : a\r\n\r\n", "HEAD / HTTP/1.1", true },
    };
    for (size_t cut = 0; cut <= strlen(cases[_i].bytes); cut++) {
        begin();
        rig_give(&rig, (struct slice){ cases[_i].bytes, cut });
        rig_give(&rig, slice_of(cases[_i].bytes + cut));
        const struct rig_answer got = only_answer(cases[_i].is_head);
        ck_assert_int_eq(got.status, 400);
        check_record(0, cases[_i].line, 400, cases[_i].is_head ? 0 : error_page(400).len);
        end();
    }
}

START_TEST(the_counters_tell_requests_and_refusals)
{
    begin();
    rig_give(&rig, SLICE(GET_A GET_A "POST /" HOST "\r\n"));
    rig_give(&rig, SLICE("\x80"));
    ck_assert_uint_eq(rig.requests, 3);
    ck_assert_uint_eq(rig.refused, 1);
    end();
}

/* ---- batches */

START_TEST(a_pipelined_batch_is_answered_in_order_with_one_send)
{
    begin();
    rig_give(&rig, SLICE(GET_A "HEAD /b" HOST "\r\n" "POST /c" HOST "\r\n" "GET /d" HOST "\r\n"));
    ck_assert_uint_eq(rig.sends, 1);
    struct slice sent = { rig.sent, rig.sent_len };
    static const struct { const char *line; int status; bool is_head; } wanted[] = {
        { "GET /a HTTP/1.1", 200, false }, { "HEAD /b HTTP/1.1", 200, true }, { "POST /c HTTP/1.1", 405, false }, { "GET /d HTTP/1.1", 200, false },
    };
    ck_assert_uint_eq(rig.record_count, COUNT_OF(wanted));
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        const struct rig_answer got = read_one(&sent, wanted[i].is_head);
        ck_assert_int_eq(got.status, wanted[i].status);
        check_record(i, wanted[i].line, wanted[i].status, got.content.len);
    }
    ck_assert_uint_eq(sent.len, 0);
    end();
}

START_TEST(a_tail_leaves_before_the_next_request_is_answered)
{
    begin();
    reply.body = WEIR_FILE;
    reply.fd = 9;
    reply.length = 50000;
    rig.send_max = 6000;
    rig_give(&rig, SLICE(GET_A GET_A GET_A));
    struct slice sent = { rig.sent, rig.sent_len };
    for (size_t i = 0; i < 3; i++) {
        const struct rig_answer got = read_one(&sent, false);
        ck_assert_mem_eq(got.content.ptr, pattern, 50000);
        check_record(i, "GET /a HTTP/1.1", 200, 50000);
    }
    ck_assert_uint_eq(sent.len, 0);
    ck_assert_uint_eq(released, 3);
    end();
}

/* More than the buffers hold, of input and of output. */
START_TEST(a_batch_larger_than_the_buffers_is_answered_completely)
{
    static char batch[sizeof GET_A * 300];
    begin();
    for (size_t i = 0; i < 300; i++)
        memcpy(batch + i * (sizeof GET_A - 1), GET_A, sizeof GET_A - 1);
    rig_give(&rig, (struct slice){ batch, 300 * (sizeof GET_A - 1) });
    struct slice sent = { rig.sent, rig.sent_len };
    for (size_t i = 0; i < 300; i++) {
        ck_assert_uint_eq(read_one(&sent, false).content.len, 13);
        check_record(i, "GET /a HTTP/1.1", 200, 13);
    }
    ck_assert_uint_eq(sent.len, 0);
    ck_assert_uint_lt(rig.sends, 60);
    end();
}

START_TEST(an_error_goes_behind_the_answers_that_are_owed)
{
    begin();
    rig_give(&rig, SLICE(GET_A "GET /b" HOST "Host: b\r\n\r\n" GET_A));
    struct slice sent = { rig.sent, rig.sent_len };
    ck_assert_uint_eq(rig.sends, 1);
    ck_assert_int_eq(read_one(&sent, false).status, 200);
    ck_assert_int_eq(read_one(&sent, false).status, 400);
    ck_assert_uint_eq(sent.len, 0);
    ck_assert_uint_eq(rig.record_count, 2);
    check_record(0, "GET /a HTTP/1.1", 200, 13);
    check_record(1, "GET /b HTTP/1.1", 400, error_page(400).len);
    ck_assert_int_eq(rig.conn.state, CONN_SHUTTING);
    end();
}

START_TEST(behind_a_close_nothing_is_answered)
{
    begin();
    rig_give(&rig, SLICE("GET /a" HOST "Connection: close\r\n\r\n" GET_A));
    ck_assert_int_eq(only_answer(false).status, 200);
    ck_assert_uint_eq(asked, 1);
    end();
}

/* ---- answers that come later */

static struct weir_ticket ticket;

static void answer_later(struct weir_request *request, void *context)
{
    (void)context;
    asked++;
    ticket = weir_defer(request);
}

static void begin_later(void)
{
    begin();
    rig.handler.answer = answer_later;
}

START_TEST(a_deferred_answer_leaves_when_it_is_given_and_those_behind_it_wait)
{
    begin_later();
    rig_give(&rig, SLICE(GET_A GET_A));
    ck_assert_uint_eq(rig.sent_len, 0);
    ck_assert_uint_eq(rig.record_count, 0);
    ck_assert_int_eq(rig.conn.state, CONN_WRITING);
    ck_assert_uint_eq(asked, 1);
    ck_assert_uint_eq(ticket.connection, rig.x->token);
    struct weir_request *request = http1_waiting_request(rig.x, ticket.serial);
    ck_assert_ptr_nonnull(request);
    ck_assert_mem_eq(request->path.ptr, "/a", 2);
    weir_respond(request, &reply);
    ck_assert_uint_eq(rig.resumed, 1);
    ck_assert_ptr_null(http1_waiting_request(rig.x, ticket.serial));
    rig_run(&rig);
    ck_assert_uint_eq(asked, 2);
    ck_assert_int_eq(only_answer(false).status, 200);
    check_record(0, "GET /a HTTP/1.1", 200, 13);
    ck_assert_ptr_nonnull(http1_waiting_request(rig.x, ticket.serial));
    end();
}

START_TEST(a_ticket_is_not_good_for_another_request_of_its_connection)
{
    begin_later();
    rig_give(&rig, SLICE(GET_A GET_A));
    const struct weir_ticket first = ticket;
    weir_respond(http1_waiting_request(rig.x, first.serial), &reply);
    rig_run(&rig);
    ck_assert_uint_ne(first.serial, ticket.serial);
    ck_assert_ptr_null(http1_waiting_request(rig.x, first.serial));
    end();
}

START_TEST(a_deferred_answer_that_is_unsound_is_a_500)
{
    begin_later();
    reply.status = 1;
    rig_give(&rig, SLICE(GET_A));
    weir_respond(http1_waiting_request(rig.x, ticket.serial), &reply);
    rig_run(&rig);
    ck_assert_int_eq(only_answer(false).status, 500);
    ck_assert_uint_eq(released, 1);
    end();
}

START_TEST(an_exchange_that_ends_before_its_deferred_answer_has_a_record_without_a_status)
{
    begin_later();
    rig_give(&rig, SLICE(GET_A));
    rig_raise(&rig, &(struct conn_facts){ .transfer = TRANSFER_BROKEN });
    ck_assert_uint_eq(rig.record_count, 1);
    check_record(0, "GET /a HTTP/1.1", 0, 0);
    end();
}

static void answer_and_defer(struct weir_request *request, void *context)
{
    (void)context;
    weir_respond(request, &reply);
    (void)weir_defer(request);
}

static void give_one(void *unused)
{
    (void)unused;
    rig_give(&rig, SLICE(GET_A));
}

START_TEST(to_defer_what_was_answered_is_a_bug_in_the_handler)
{
    begin();
    rig.handler.answer = answer_and_defer;
    ck_assert(aborts(give_one, NULL));
    end();
}

/* ---- ends of the stream and of time */

static const struct broken_off {
    const char *bytes;
    bool times_out;
    int status;                        /* 0: nothing is answered */
    const char *line;
} broken_off[] = {
    { "", false, 0, NULL },
    { "\r\n", false, 0, NULL },
    { "G", false, 400, "G" },
    { "\r\nGET / HT", false, 400, "GET / HT" },
    { "GET /" HOST, false, 400, "GET / HTTP/1.1" },
    { "GET /" HOST "Content-Length: 5\r\n\r\nabc", false, 400, "GET / HTTP/1.1" },
    { "GET /" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nabc", false, 400, "GET / HTTP/1.1" },
    { "G", true, 408, "G" },
    { "HEAD /" HOST, true, 408, "HEAD / HTTP/1.1" },
    { "GET /" HOST "Content-Length: 5\r\n\r\nabc", true, 408, "GET / HTTP/1.1" },
};

START_TEST(a_message_that_breaks_off_is_refused_and_silence_is_not)
{
    const struct broken_off *c = &broken_off[_i];
    begin();
    rig_give(&rig, slice_of(c->bytes));
    ck_assert_uint_eq(rig.sent_len, 0);
    if (c->times_out) {
        rig_timeout(&rig);
    } else {
        rig.shut = true;
        rig_run(&rig);
    }
    ck_assert_int_eq(rig.conn.state, c->status != 0 ? CONN_SHUTTING : CONN_CLOSED);
    ck_assert_uint_eq(rig.record_count, c->status != 0);
    if (c->status != 0) {
        const struct rig_answer got = only_answer(c->line[0] == 'H');
        ck_assert_int_eq(got.status, c->status);
        check_field(&got, "Connection", "close");
        check_record(0, c->line, c->status, got.content.len);
    }
    end();
}

START_TEST(a_peer_that_shuts_its_side_behind_its_request_gets_its_answer)
{
    begin();
    rig.shut = true;
    rig_give(&rig, SLICE(GET_A));
    ck_assert_int_eq(only_answer(false).status, 200);
    ck_assert_int_eq(rig.conn.state, CONN_CLOSED);
    end();
}

int main(void)
{
    TCase *tests = tcase_create("http1");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, each_shape_of_answer_is_framed_for_each_client, 0, COUNT_OF(shapes));
    tcase_add_test(tests, a_borrowed_body_is_released_when_it_has_left_and_not_before);
    tcase_add_test(tests, the_record_of_an_answer_that_broke_off_says_how_much_content_left);
    tcase_add_test(tests, the_record_of_an_answer_whose_head_did_not_leave_has_no_content);
    tcase_add_test(tests, the_head_is_written_as_it_stands_here);
    tcase_add_test(tests, without_a_clock_and_with_no_server_field_neither_is_said);
    tcase_add_test(tests, a_draining_server_says_close_and_closes);
    tcase_add_test(tests, nobody_need_want_the_records);
    tcase_add_test(tests, a_record_tells_referer_and_user_agent);
    tcase_add_loop_test(tests, an_unsound_answer_becomes_a_500_and_the_connection_is_kept, 0, COUNT_OF(unsound));
    tcase_add_test(tests, an_unsound_answer_to_head_becomes_a_500_without_content);
    tcase_add_test(tests, a_head_that_does_not_fit_becomes_a_500);
    tcase_add_test(tests, without_memory_for_a_copy_the_answer_is_a_500_and_the_next_one_is_not);
    tcase_add_test(tests, a_handler_that_does_not_answer_sends_a_500);
    tcase_add_test(tests, to_answer_twice_is_a_bug_in_the_handler);
    tcase_add_loop_test(tests, what_the_handler_does_not_take_weir_answers_itself, 0, COUNT_OF(own_answers));
    tcase_add_loop_test(tests, a_refused_head_request_gets_no_content, 0, 3);
    tcase_add_loop_test(tests, a_refused_request_is_known_by_its_line_wherever_it_is_cut, 0, 4);
    tcase_add_test(tests, the_counters_tell_requests_and_refusals);
    tcase_add_test(tests, a_pipelined_batch_is_answered_in_order_with_one_send);
    tcase_add_test(tests, a_tail_leaves_before_the_next_request_is_answered);
    tcase_add_test(tests, a_batch_larger_than_the_buffers_is_answered_completely);
    tcase_add_test(tests, an_error_goes_behind_the_answers_that_are_owed);
    tcase_add_test(tests, behind_a_close_nothing_is_answered);
    tcase_add_test(tests, a_deferred_answer_leaves_when_it_is_given_and_those_behind_it_wait);
    tcase_add_test(tests, a_ticket_is_not_good_for_another_request_of_its_connection);
    tcase_add_test(tests, a_deferred_answer_that_is_unsound_is_a_500);
    tcase_add_test(tests, an_exchange_that_ends_before_its_deferred_answer_has_a_record_without_a_status);
    tcase_add_test(tests, to_defer_what_was_answered_is_a_bug_in_the_handler);
    tcase_add_loop_test(tests, a_message_that_breaks_off_is_refused_and_silence_is_not, 0, COUNT_OF(broken_off));
    tcase_add_test(tests, a_peer_that_shuts_its_side_behind_its_request_gets_its_answer);
    return check_run(tests);
}
