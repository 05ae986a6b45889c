/* What a handler sees of a request: the view, and the content as it chose to have it. */
#include <stdio.h>

#include "http/error_page.h"
#include "tests/check_support.h"
#include "tests/core/aborts.h"
#include "tests/http/http1_rig.h"

#define GET "GET /g HTTP/1.1\r\nHost: a\r\n\r\n"
#define HEAD_BEGIN "POST //p%61th/./x?q=1 HTTP/1.1\r\nHost: example.org:81\r\nX-Name:  value \r\n"
#define CONTENT_LENGTH(n) "Content-Length: " #n "\r\n\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"
#define EXPECT "Expect: 100-continue\r\n"

static struct rig rig;

/* ---- a handler that does as it is told and keeps what it sees */

static enum weir_intake intake;
static bool answers_in_head, answers_in_piece, sets_user;
static unsigned heads, pieces, answers, ends;
static char seen[70000];               /* the content of one request */
static size_t seen_len;
static uint64_t announced;
static char user;

static void check_slice(struct weir_slice got, const char *wanted)
{
    ck_assert_msg(slice_equals((struct slice){ got.ptr, got.len }, slice_of(wanted)), "%.*s, not %s", (int)got.len, got.ptr, wanted);
}

/* Whatever has been moved since, the text of the request is what was sent. */
static void check_view(const struct weir_request *request)
{
    struct weir_slice name, value;
    ck_assert_int_eq(request->method, WEIR_POST);
    check_slice(request->method_name, "POST");
    check_slice(request->target, "//p%61th/./x?q=1");
    check_slice(request->path, "/path/x");
    check_slice(request->query, "q=1");
    ck_assert(request->has_query);
    check_slice(request->authority, "example.org:81");
    ck_assert(weir_request_field(request, "x-NAME", &value));
    check_slice(value, "value");
    ck_assert(weir_request_field_at(request, 0, &name, &value));
    check_slice(name, "Host");
    check_slice(value, "example.org:81");
    ck_assert_ptr_eq(request->peer, &rig.peer);
    ck_assert_ptr_eq(request->user, sets_user ? &user : NULL);
}

static bool is_watched(const struct weir_request *request)
{
    return request->method == WEIR_POST;
}

static void respond(struct weir_request *request)
{
    weir_respond(request, &(struct weir_response){ .status = 201, .data = "ok", .length = 2 });
}

static enum weir_intake on_head(struct weir_request *request, void *context)
{
    ck_assert_ptr_null(context);
    ck_assert_ptr_null(request->user);
    request->user = sets_user ? &user : NULL;
    check_view(request);
    announced = request->content_length;
    heads++;
    if (answers_in_head)
        respond(request);
    return intake;
}

static void on_piece(struct weir_request *request, const void *data, size_t len, void *context)
{
    ck_assert_ptr_null(context);
    ck_assert_uint_gt(len, 0);
    check_view(request);
    ck_assert_uint_le(seen_len + len, sizeof seen);
    memcpy(seen + seen_len, data, len);
    seen_len += len;
    pieces++;
    if (answers_in_piece)
        respond(request);
}

static void on_answer(struct weir_request *request, void *context)
{
    ck_assert_ptr_null(context);
    answers++;
    if (is_watched(request)) {
        check_view(request);
        if (intake == WEIR_BODY_WHOLE) {
            seen_len = request->body.len;
            ck_assert_uint_le(seen_len, sizeof seen);
            if (seen_len > 0)
                memcpy(seen, request->body.ptr, seen_len);
        } else {
            ck_assert_uint_eq(request->body.len, 0);
        }
    } else {
        ck_assert_ptr_null(request->user);
    }
    respond(request);
}

static void on_end(struct weir_request *request, void *context)
{
    ck_assert_ptr_null(context);
    check_view(request);
    ends++;
}

static const struct weir_handler handler = {
    .methods = WEIR_GET | WEIR_POST, .head = on_head, .piece = on_piece, .answer = on_answer, .end = on_end,
};

static void begin(enum weir_intake wanted)
{
    rig_clear(&rig);
    intake = wanted;
    answers_in_head = answers_in_piece = false;
    sets_user = true;
    heads = pieces = answers = ends = 0;
    seen_len = 0;
    rig_open(&rig, &handler);
}

static void end(void)
{
    if (rig.x != NULL)
        rig_close(&rig);
    ck_assert_int_eq(rig.live, 0);
    rig_clear(&rig);
}

/* The answers that left have these statuses, the list ended by 0. */
static void check_statuses(const int *statuses)
{
    struct slice sent = { rig.sent, rig.sent_len };
    for (; *statuses != 0; statuses++) {
        struct rig_answer got = { 0 };
        ck_assert_msg(rig_read_answer(&sent, false, &got), "no %d in: %.*s", *statuses, (int)sent.len, sent.ptr);
        ck_assert_int_eq(got.status, *statuses);
    }
    ck_assert_msg(sent.len == 0, "left over: %.*s", (int)sent.len, sent.ptr);
}

#define CHECK_STATUSES(...) check_statuses((const int[]){ __VA_ARGS__, 0 })

/* ---- content, however it comes and is wanted */

static const struct body_case {
    const char *name;
    struct slice request;
    const char *content;
    uint64_t announced;
} bodies[] = {
    { "one byte", TEXT(HEAD_BEGIN CONTENT_LENGTH(1) "x"), "x", 1 },
    { "a length", TEXT(HEAD_BEGIN CONTENT_LENGTH(20) "0123456789\r\n23456789"), "0123456789\r\n23456789", 20 },
    { "no length, no content", TEXT(HEAD_BEGIN CHUNKED "0\r\n\r\n"), "", UINT64_MAX },
    { "one chunk", TEXT(HEAD_BEGIN CHUNKED "5\r\nhello\r\n0\r\n\r\n"), "hello", UINT64_MAX },
    { "chunks and trailers",
      TEXT(HEAD_BEGIN CHUNKED "5\r\nhello\r\n00A;x=y\r\n1\r\n4567890\r\n0\r\nX-Sum: 1\r\n\r\n"), "hello1\r\n4567890", UINT64_MAX },
};

static const enum weir_intake intakes[] = { WEIR_BODY_DROP, WEIR_BODY_PIECES, WEIR_BODY_WHOLE };

/* Behind a first request, so that the head moves in the buffer when the rest comes; and before a third one, which must be found. */
static void check_body(const struct body_case *c, enum weir_intake wanted, size_t cut)
{
    char bytes[512];
    const size_t before = sizeof GET - 1, len = before + c->request.len + before;
    memcpy(bytes, GET, before);
    memcpy(bytes + before, c->request.ptr, c->request.len);
    memcpy(bytes + before + c->request.len, GET, before);
    begin(wanted);
    rig_give(&rig, (struct slice){ bytes, cut });
    rig_give(&rig, (struct slice){ bytes + cut, len - cut });
    CHECK_STATUSES(201, 201, 201);
    ck_assert_uint_eq(answers, 3);
    ck_assert_uint_eq(heads, 1);
    ck_assert_uint_eq(ends, 1);
    ck_assert_uint_eq(rig.requests, 3);
    ck_assert_uint_eq(announced, c->announced);
    const char *content = wanted == WEIR_BODY_DROP ? "" : c->content;
    ck_assert_uint_eq(seen_len, strlen(content));
    ck_assert_mem_eq(seen, content, seen_len);
    ck_assert_int_eq(rig.conn.state, CONN_READING);
    end();
}

START_TEST(content_comes_as_the_handler_chose_wherever_it_is_cut)
{
    const struct body_case *c = &bodies[_i];
    for (size_t i = 0; i < COUNT_OF(intakes); i++)
        for (size_t cut = 0; cut <= 2 * (sizeof GET - 1) + c->request.len; cut++)
            check_body(c, intakes[i], cut);
}

START_TEST(content_comes_whole_byte_by_byte_too)
{
    const struct slice request = bodies[_i].request;
    begin(WEIR_BODY_WHOLE);
    for (size_t i = 0; i < request.len; i++)
        rig_give(&rig, (struct slice){ request.ptr + i, 1 });
    CHECK_STATUSES(201);
    ck_assert_uint_eq(seen_len, strlen(bodies[_i].content));
    ck_assert_mem_eq(seen, bodies[_i].content, seen_len);
    end();
}

START_TEST(a_handler_without_head_and_piece_drops_content)
{
    begin(WEIR_BODY_PIECES);
    rig.handler.head = NULL;
    sets_user = false;
    rig_give(&rig, bodies[_i].request);
    rig.handler.head = on_head;
    rig.handler.piece = NULL;
    rig_give(&rig, bodies[_i].request);
    CHECK_STATUSES(201, 201);
    ck_assert_uint_eq(heads, 1);
    ck_assert_uint_eq(pieces, 0);
    ck_assert_uint_eq(seen_len, 0);
    end();
}

START_TEST(a_request_without_content_is_not_asked_about)
{
    begin(WEIR_BODY_WHOLE);
    sets_user = false;
    rig_give(&rig, SLICE(HEAD_BEGIN CONTENT_LENGTH(0)));
    CHECK_STATUSES(201);
    ck_assert_uint_eq(heads, 0);
    ck_assert_uint_eq(ends, 0);
    end();
}

START_TEST(content_for_a_method_that_is_not_taken_is_dropped)
{
    begin(WEIR_BODY_WHOLE);
    rig.handler.methods = WEIR_GET;
    rig_give(&rig, bodies[1].request);
    rig_give(&rig, SLICE(GET));
    CHECK_STATUSES(405, 201);
    ck_assert_uint_eq(heads, 0);
    end();
}

/* ---- content that is kept whole and grows */

/* Writes a chunked request with content of `size` bytes, in chunks of 1,000, into `cap` bytes. */
static size_t write_chunked(char *out, size_t cap, size_t size)
{
    const char *end = out + cap;
    char *at = out + snprintf(out, cap, "%s", HEAD_BEGIN CHUNKED);
    for (size_t done = 0; done < size;) {
        const size_t chunk = size - done < 1000 ? size - done : 1000;
        at += snprintf(at, (size_t)(end - at), "%zx\r\n", chunk);
        ck_assert_uint_gt((size_t)(end - at), chunk + 16);
        for (size_t i = 0; i < chunk; i++)
            *at++ = rig_file_byte(0, done++);
        at += snprintf(at, (size_t)(end - at), "\r\n");
    }
    return (size_t)(at + snprintf(at, (size_t)(end - at), "0\r\n\r\n") - out);
}

static char growing[80000];

START_TEST(chunked_content_grows_up_to_its_limit)
{
    static const size_t sizes[] = { 4095, 4096, 4097, 8192, 8193, 65535, 65536 };
    begin(WEIR_BODY_WHOLE);
    rig_give(&rig, (struct slice){ growing, write_chunked(growing, sizeof growing, sizes[_i]) });
    CHECK_STATUSES(201);
    ck_assert_uint_eq(seen_len, sizes[_i]);
    for (size_t i = 0; i < seen_len; i++)
        ck_assert_int_eq(seen[i], rig_file_byte(0, i));
    end();
}

START_TEST(content_over_the_limit_is_refused_and_the_handler_told_of_the_end)
{
    begin(WEIR_BODY_WHOLE);
    rig_give(&rig, (struct slice){ growing, write_chunked(growing, sizeof growing, 65537) });
    CHECK_STATUSES(413);
    ck_assert_uint_eq(answers, 0);
    ck_assert_uint_eq(ends, 1);
    ck_assert_int_eq(rig.conn.state, CONN_SHUTTING);
    end();
}

/* The k-th allocation fails: a 503, nothing lost, and the handler is told. Until there are no more. */
START_TEST(without_memory_for_content_the_answer_is_a_503)
{
    const size_t len = write_chunked(growing, sizeof growing, 65536);
    uint64_t allocations = 0;
    for (uint64_t k = 1; k == 1 || k <= allocations; k++) {
        begin(WEIR_BODY_WHOLE);
        rig.fail_at = k;
        rig_give(&rig, (struct slice){ growing, len });
        CHECK_STATUSES(503);
        ck_assert_uint_eq(ends, 1);
        ck_assert_int_eq(rig.conn.state, CONN_SHUTTING);
        ck_assert_uint_eq(rig.record_count, 1);
        ck_assert_int_eq(rig.records[0].status, 503);
        ck_assert_int_eq(rig.live, 0);
        end();
        begin(WEIR_BODY_WHOLE);
        rig_give(&rig, (struct slice){ growing, len });
        allocations = rig.allocations;
        end();
    }
    ck_assert_uint_eq(allocations, 5);
}

START_TEST(content_whose_length_is_announced_is_allocated_once)
{
    begin(WEIR_BODY_WHOLE);
    const int head = sprintf(growing, "%s", HEAD_BEGIN CONTENT_LENGTH(60000));
    memset(growing + head, 'x', 60000);
    rig_give(&rig, (struct slice){ growing, (size_t)head + 60000 });
    CHECK_STATUSES(201);
    ck_assert_uint_eq(seen_len, 60000);
    ck_assert_uint_eq(rig.allocations, 1);
    end();
}

/* ---- content that is refused */

START_TEST(a_handler_that_refuses_content_answers_before_it_came)
{
    begin(WEIR_BODY_REFUSE);
    answers_in_head = true;
    rig_give(&rig, SLICE(GET HEAD_BEGIN CONTENT_LENGTH(1000) "abc"));
    CHECK_STATUSES(201, 201);
    struct slice sent = { rig.sent, rig.sent_len };
    struct rig_answer got;
    size_t count;
    ck_assert(rig_read_answer(&sent, false, &got) && rig_read_answer(&sent, false, &got));
    ck_assert(slice_equals(rig_field(&got, "Connection", &count), SLICE("close")));
    ck_assert_uint_eq(answers, 1);
    ck_assert_uint_eq(ends, 1);
    ck_assert_uint_eq(rig.record_count, 2);
    ck_assert_str_eq(rig.records[1].line, "POST //p%61th/./x?q=1 HTTP/1.1");
    ck_assert_int_eq(rig.records[1].status, 201);
    ck_assert_uint_eq(rig.records[1].body_sent, 2);
    ck_assert_int_eq(rig.conn.state, CONN_SHUTTING);
    end();
}

START_TEST(a_handler_that_refuses_content_without_an_answer_sends_a_500)
{
    begin(WEIR_BODY_REFUSE);
    rig_give(&rig, bodies[_i].request);
    CHECK_STATUSES(500);
    ck_assert_uint_eq(ends, 1);
    ck_assert_uint_eq(rig.record_count, 1);
    ck_assert_int_eq(rig.conn.state, CONN_SHUTTING);
    end();
}

static void give_body(void *unused)
{
    (void)unused;
    rig_give(&rig, bodies[1].request);
}

START_TEST(to_answer_in_head_and_want_the_content_is_a_bug_in_the_handler)
{
    begin(WEIR_BODY_PIECES);
    answers_in_head = true;
    ck_assert(aborts(give_body, NULL));
    end();
}

START_TEST(to_answer_in_piece_is_a_bug_in_the_handler)
{
    begin(WEIR_BODY_PIECES);
    answers_in_piece = true;
    ck_assert(aborts(give_body, NULL));
    end();
}

/* ---- Expect: 100-continue */

#define INTERIM "HTTP/1.1 100 Continue\r\n\r\n"

START_TEST(a_client_that_waits_is_told_to_go_on)
{
    begin(intakes[_i]);
    rig_give(&rig, SLICE(HEAD_BEGIN EXPECT CONTENT_LENGTH(5)));
    ck_assert_uint_eq(rig.sent_len, sizeof INTERIM - 1);
    ck_assert_mem_eq(rig.sent, INTERIM, sizeof INTERIM - 1);
    ck_assert_uint_eq(rig.record_count, 0);
    rig_give(&rig, SLICE("hello" GET));
    CHECK_STATUSES(100, 201, 201);
    ck_assert_uint_eq(rig.record_count, 2);
    ck_assert_uint_eq(rig.records[0].body_sent, 2);
    end();
}

START_TEST(a_client_that_waits_behind_another_request_is_told_when_that_is_answered)
{
    begin(WEIR_BODY_WHOLE);
    rig_give(&rig, SLICE(GET GET HEAD_BEGIN EXPECT CHUNKED));
    CHECK_STATUSES(201, 201, 100);
    ck_assert_uint_eq(rig.record_count, 2);
    rig_give(&rig, SLICE("5\r\nhello\r\n0\r\n\r\n"));
    CHECK_STATUSES(201, 201, 100, 201);
    ck_assert_mem_eq(seen, "hello", 5);
    end();
}

START_TEST(a_client_whose_content_is_here_is_not_told)
{
    begin(WEIR_BODY_WHOLE);
    rig_give(&rig, SLICE(HEAD_BEGIN EXPECT CONTENT_LENGTH(5) "h"));
    ck_assert_uint_eq(rig.sent_len, 0);
    rig_give(&rig, SLICE("ello"));
    CHECK_STATUSES(201);
    end();
}

static const struct expectation {
    const char *request;
    enum weir_intake intake;
    bool answers_in_head;
    int statuses[3];
    bool kept;
} expectations[] = {
    { HEAD_BEGIN EXPECT CONTENT_LENGTH(0), WEIR_BODY_DROP, false, { 201 }, true },
    { HEAD_BEGIN EXPECT CONTENT_LENGTH(5), WEIR_BODY_REFUSE, true, { 201 }, false },
    { HEAD_BEGIN EXPECT CONTENT_LENGTH(5), WEIR_BODY_REFUSE, false, { 500 }, false },
    { HEAD_BEGIN EXPECT CONTENT_LENGTH(99999), WEIR_BODY_DROP, false, { 413 }, false },
    { HEAD_BEGIN "Expect: miracles\r\n" CONTENT_LENGTH(5), WEIR_BODY_DROP, false, { 417 }, false },
    { "PUT / HTTP/1.1\r\nHost: a\r\n" EXPECT CONTENT_LENGTH(5), WEIR_BODY_DROP, false, { 405 }, false },
    { "OPTIONS / HTTP/1.1\r\nHost: a\r\n" EXPECT CONTENT_LENGTH(5), WEIR_BODY_DROP, false, { 100 }, true },
};

START_TEST(an_expectation_has_its_answer)
{
    const struct expectation *c = &expectations[_i];
    begin(c->intake);
    answers_in_head = c->answers_in_head;
    sets_user = false;
    rig_give(&rig, slice_of(c->request));
    check_statuses(c->statuses);
    ck_assert_int_eq(rig.conn.state, c->kept ? CONN_READING : CONN_SHUTTING);
    end();
}

/* ---- the last word to the handler */

static const struct ending {
    const char *name;
    const char *bytes;
    bool shut, times_out;
    int status;                        /* 0: nothing is answered */
} endings[] = {
    { "the connection goes in the middle", "abc", false, false, 0 },
    { "the peer shuts its side in the middle", "abc", true, false, 400 },
    { "time passes in the middle", "abc", false, true, 408 },
    { "the content ends", "abcdefgh", false, false, 201 },
};

/* In two pieces behind another request: the head has been moved when the end comes. */
static void check_ending(const struct ending *c, bool with_user)
{
    begin(WEIR_BODY_WHOLE);
    sets_user = with_user;
    rig_give(&rig, SLICE(GET HEAD_BEGIN CONTENT_LENGTH(10) "1"));
    rig_give(&rig, SLICE("2"));
    rig_give(&rig, slice_of(c->bytes));
    if (c->times_out)
        rig_timeout(&rig);
    rig.shut = c->shut;
    rig_run(&rig);
    if (c->status != 0)
        CHECK_STATUSES(201, c->status);
    rig_close(&rig);
    ck_assert_msg(ends == with_user, "%s: end() was called %u times", c->name, ends);
    end();
    ck_assert_uint_eq(ends, with_user);
}

START_TEST(the_handler_is_told_of_the_end_once_if_it_has_something_to_release)
{
    check_ending(&endings[_i], true);
    check_ending(&endings[_i], false);
}

START_TEST(a_handler_without_end_is_not_told)
{
    begin(WEIR_BODY_PIECES);
    rig.handler.end = NULL;
    rig_give(&rig, bodies[1].request);
    CHECK_STATUSES(201);
    end();
    ck_assert_uint_eq(ends, 0);
}

/* ---- the view */

static const struct view_case {
    const char *request;
    const char *target, *path, *query, *authority;
    bool has_query;
    int minor_version;
} views[] = {
    { "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "/", "/", "", "h", false, 1 },
    { "GET /? HTTP/1.1\r\nHost: h\r\n\r\n", "/?", "/", "", "h", true, 1 },
    { "GET /a/b?c=d&e HTTP/1.1\r\nHost: h:1\r\n\r\n", "/a/b?c=d&e", "/a/b", "c=d&e", "h:1", true, 1 },
    { "GET /a%2Fb/../c HTTP/1.1\r\nHost: h\r\n\r\n", "/a%2Fb/../c", "/a/c", "", "h", false, 1 },
    { "GET http://other:99/x?y HTTP/1.1\r\nHost: h\r\n\r\n", "http://other:99/x?y", "/x", "y", "other:99", true, 1 },
    { "GET http://other HTTP/1.1\r\nHost: h\r\n\r\n", "http://other", "/", "", "other", false, 1 },
    { "GET /x HTTP/1.0\r\n\r\n", "/x", "/x", "", "", false, 0 },
};

static unsigned viewed;

static void view_answer(struct weir_request *request, void *context)
{
    const struct view_case *c = context;
    struct weir_slice name, value = { "untouched", 9 };
    viewed++;
    ck_assert_int_eq(request->method, WEIR_GET);
    check_slice(request->target, c->target);
    check_slice(request->path, c->path);
    check_slice(request->query, c->query);
    check_slice(request->authority, c->authority);
    ck_assert_int_eq(request->has_query, c->has_query);
    ck_assert_int_eq(request->minor_version, c->minor_version);
    ck_assert_uint_eq(request->content_length, 0);
    ck_assert_uint_eq(request->worker, 5);
    ck_assert(!weir_request_field(request, "X-None", &value));
    check_slice(value, "untouched");
    ck_assert(!weir_request_field_at(request, c->minor_version == 1, &name, &value));
    respond(request);
}

START_TEST(the_view_shows_the_request_as_sent_and_decoded)
{
    begin(WEIR_BODY_DROP);
    viewed = 0;
    rig.handler = (struct weir_handler){ .methods = WEIR_GET, .answer = view_answer, .context = (void *)(uintptr_t)&views[_i] };
    rig.context.worker = 5;
    rig_give(&rig, slice_of(views[_i].request));
    CHECK_STATUSES(201);
    ck_assert_uint_eq(viewed, 1);
    end();
}

static void asterisk_answer(struct weir_request *request, void *context)
{
    (void)context;
    check_slice(request->target, "/");
    ck_assert_int_eq(request->method, WEIR_OPTIONS);
    viewed++;
    respond(request);
}

START_TEST(options_of_the_server_are_not_the_handlers)
{
    begin(WEIR_BODY_DROP);
    viewed = 0;
    rig.handler = (struct weir_handler){ .methods = WEIR_OPTIONS, .answer = asterisk_answer };
    rig_give(&rig, SLICE("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK_STATUSES(204, 201);
    ck_assert_uint_eq(viewed, 1);
    end();
}

int main(void)
{
    TCase *tests = tcase_create("http1 bodies");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, content_comes_as_the_handler_chose_wherever_it_is_cut, 0, COUNT_OF(bodies));
    tcase_add_loop_test(tests, content_comes_whole_byte_by_byte_too, 0, COUNT_OF(bodies));
    tcase_add_loop_test(tests, a_handler_without_head_and_piece_drops_content, 0, COUNT_OF(bodies));
    tcase_add_test(tests, a_request_without_content_is_not_asked_about);
    tcase_add_test(tests, content_for_a_method_that_is_not_taken_is_dropped);
    tcase_add_loop_test(tests, chunked_content_grows_up_to_its_limit, 0, 7);
    tcase_add_test(tests, content_over_the_limit_is_refused_and_the_handler_told_of_the_end);
    tcase_add_test(tests, without_memory_for_content_the_answer_is_a_503);
    tcase_add_test(tests, content_whose_length_is_announced_is_allocated_once);
    tcase_add_test(tests, a_handler_that_refuses_content_answers_before_it_came);
    tcase_add_loop_test(tests, a_handler_that_refuses_content_without_an_answer_sends_a_500, 0, COUNT_OF(bodies));
    tcase_add_test(tests, to_answer_in_head_and_want_the_content_is_a_bug_in_the_handler);
    tcase_add_test(tests, to_answer_in_piece_is_a_bug_in_the_handler);
    tcase_add_loop_test(tests, a_client_that_waits_is_told_to_go_on, 0, COUNT_OF(intakes));
    tcase_add_test(tests, a_client_that_waits_behind_another_request_is_told_when_that_is_answered);
    tcase_add_test(tests, a_client_whose_content_is_here_is_not_told);
    tcase_add_loop_test(tests, an_expectation_has_its_answer, 0, COUNT_OF(expectations));
    tcase_add_loop_test(tests, the_handler_is_told_of_the_end_once_if_it_has_something_to_release, 0, COUNT_OF(endings));
    tcase_add_test(tests, a_handler_without_end_is_not_told);
    tcase_add_loop_test(tests, the_view_shows_the_request_as_sent_and_decoded, 0, COUNT_OF(views));
    tcase_add_test(tests, options_of_the_server_are_not_the_handlers);
    return check_run(tests);
}
