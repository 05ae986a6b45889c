/* Content that is asked for piece by piece: WEIR_PULL, weir_resume(), and weir_respond_page() beside them. */
#include <stdio.h>

#include "http/error_page.h"
#include "tests/check_support.h"
#include "tests/core/aborts.h"
#include "tests/http/http1_rig.h"

#define GET "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_OLD "GET /a HTTP/1.0\r\n\r\n"
#define HEAD "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n"

static struct rig rig;

/* ---- a source: `content` in pieces of `step`, with what is told instead of the piece at `at` */

static struct {
    const char *content;
    size_t len;
    size_t step;
    size_t at;                         /* bytes that it gave */
    size_t stops_at;                   /* says `stop` there, once; SIZE_MAX: nowhere */
    size_t stop;
    unsigned asked;
    unsigned released;
    bool defers;
    struct weir_ticket ticket;
    struct weir_response response;
    char long_content[200000];
} source;

static size_t next(void *context, void *out, size_t room)
{
    ck_assert_ptr_eq(context, &source);
    ck_assert_uint_ge(room, 4096);
    ck_assert_uint_eq(source.released, 0);
    source.asked++;
    if (source.at == source.stops_at) {
        source.stops_at = SIZE_MAX;
        return source.stop;
    }
    size_t len = source.len - source.at;
    len = len < source.step ? len : source.step;
    len = len < room ? len : room;
    if (source.at < source.stops_at && len > source.stops_at - source.at)
        len = source.stops_at - source.at;
    memcpy(out, source.content + source.at, len);
    source.at += len;
    return len;
}

static void release(void *context)
{
    ck_assert_ptr_eq(context, &source);
    source.released++;
}

static void answer(struct weir_request *request, void *context)
{
    (void)context;
    if (request->path.ptr[1] != 'a') {
        weir_respond(request, &(struct weir_response){ .status = 204 });
        return;
    }
    if (source.defers) {
        source.ticket = weir_defer(request);
        request = weir_claim(source.ticket);       /* at once: it wanted the ticket alone */
        ck_assert_ptr_nonnull(request);
    }
    weir_respond(request, &source.response);
}

static void begin(uint64_t length)
{
    memset(&source, 0, sizeof source);
    source.content = "one, two, three and four";
    source.len = strlen(source.content);
    source.step = 5;
    source.stops_at = SIZE_MAX;
    source.response = (struct weir_response){
        .status = 200, .body = WEIR_PULL, .length = length, .pull = next, .release = release, .release_context = &source,
    };
    rig_open(&rig, &(struct weir_handler){ .answer = answer });
}

static void begin_long(uint64_t length)
{
    begin(length);
    for (size_t i = 0; i < sizeof source.long_content; i++)
        source.long_content[i] = (char)('a' + i % 23);
    source.content = source.long_content;
    source.len = sizeof source.long_content;
    source.step = 3000;
}

static void end(void)
{
    rig_close(&rig);
    ck_assert_uint_eq(source.released, 1);
    ck_assert_int_eq(rig.live, 0);
    rig_clear(&rig);
}

/* The one answer that left, its content compared with that of the source. */
static struct rig_answer whole_answer(bool is_head)
{
    struct rig_answer got;
    struct slice sent = { rig.sent, rig.sent_len };
    static char plain[sizeof source.long_content];
    ck_assert_ptr_null(rig_fault(&rig));
    ck_assert(rig_read_answer(&sent, is_head, &got));
    ck_assert_uint_eq(sent.len, 0);
    ck_assert_uint_eq(got.length, is_head ? 0 : source.len);
    rig_content(&got, plain);
    ck_assert_mem_eq(plain, source.content, got.length);
    return got;
}

START_TEST(pieces_become_one_chunk_and_one_send)
{
    begin(UINT64_MAX);
    rig_give(&rig, SLICE(GET));
    ck_assert(whole_answer(false).is_chunked);
    ck_assert_uint_eq(rig.sends, 1);
    ck_assert_uint_eq(source.released, 1);
    ck_assert_uint_eq(rig.records[0].body_sent, source.len);
    ck_assert_int_eq(rig.conn.state, CONN_READING);
    ck_assert_ptr_nonnull(memmem(rig.sent, rig.sent_len, "\r\n\r\n18\r\none,", 12));
    end();
}

START_TEST(a_known_length_is_said_and_nothing_is_asked_behind_its_end)
{
    begin(24);
    rig_give(&rig, SLICE(GET));
    ck_assert(!whole_answer(false).is_chunked);
    ck_assert_uint_eq(source.asked, 5);
    ck_assert_int_eq(rig.conn.state, CONN_READING);
    end();
}

START_TEST(http_1_0_reads_until_the_close)
{
    begin(UINT64_MAX);
    rig_give(&rig, SLICE(GET_OLD));
    ck_assert(whole_answer(false).is_last);
    ck_assert_int_ne(rig.conn.state, CONN_READING);
    end();
}

static const struct { const char *request; uint64_t length; bool is_head; } long_cases[] = {
    { GET, UINT64_MAX, false }, { GET, sizeof source.long_content, false },
    { GET_OLD, UINT64_MAX, false }, { GET_OLD, sizeof source.long_content, false },
};

START_TEST(more_than_a_buffer_comes_whole_however_little_a_send_takes)
{
    static const uint64_t takes[] = { 0, 1, 1000, 4096, 70000 };
    for (size_t i = 0; i < COUNT_OF(takes); i++) {
        begin_long(long_cases[_i].length);
        rig.send_max = takes[i];
        rig_give(&rig, slice_of(long_cases[_i].request));
        whole_answer(false);
        ck_assert_uint_eq(rig.records[0].body_sent, source.len);
        ck_assert_uint_eq(source.released, 1);
        end();
    }
}

START_TEST(the_record_tells_what_left_wherever_the_connection_breaks)
{
    begin_long(long_cases[_i].length);
    rig_give(&rig, slice_of(long_cases[_i].request));
    const size_t all = rig.sent_len;
    end();
    for (uint64_t breaks = 1; breaks < all; breaks += 1 + breaks / 50) {
        begin_long(long_cases[_i].length);
        rig.send_max = 700;
        rig.break_after = breaks;
        rig_give(&rig, slice_of(long_cases[_i].request));
        ck_assert_int_eq(rig.conn.state, CONN_CLOSED);
        ck_assert_uint_eq(rig.record_count, 1);
        /* Each byte of the source that left is in the record, and no byte of the framing. */
        const char *head_end = memmem(rig.sent, rig.sent_len, "\r\n\r\n", 4);
        size_t content = 0;
        for (const char *at = head_end != NULL ? head_end + 4 : rig.sent + rig.sent_len; at < rig.sent + rig.sent_len;) {
            size_t size = (size_t)(rig.sent + rig.sent_len - at);
            if (memmem(rig.sent, (size_t)(head_end - rig.sent), "chunked", 7) != NULL) {
                const char *line_end = memmem(at, size, "\r\n", 2);
                if (line_end == NULL)
                    break;
                const size_t chunk = strtoul(at, NULL, 16);
                at = line_end + 2;
                size = (size_t)(rig.sent + rig.sent_len - at);
                content += size < chunk ? size : chunk;
                at += chunk + 2;
                continue;
            }
            content += size;
            at += size;
        }
        ck_assert_uint_eq(rig.records[0].body_sent, content);
        end();
    }
}

START_TEST(head_asks_for_nothing)
{
    begin(UINT64_MAX);
    rig_give(&rig, SLICE(HEAD));
    whole_answer(true);
    ck_assert_uint_eq(source.asked, 0);
    ck_assert_uint_eq(source.released, 1);
    end();
}

START_TEST(nothing_is_asked_for_an_empty_content)
{
    begin(0);
    source.len = 0;
    rig_give(&rig, SLICE(GET));
    whole_answer(false);
    ck_assert_uint_eq(source.asked, 0);
    end();
}

START_TEST(too_much_and_too_little_and_a_cut_end_the_connection)
{
    static const struct { uint64_t length; size_t stops_at; size_t recorded; } cases[] = {
        { 23, SIZE_MAX, 20 }, { 25, SIZE_MAX, 24 }, { 24, 10, 10 }, { 24, 0, 0 }, { UINT64_MAX, 10, 10 },
    };
    begin(cases[_i].length);
    source.stops_at = cases[_i].stops_at;
    source.stop = WEIR_PULL_CUT;
    rig_give(&rig, SLICE(GET GET));
    ck_assert(rig.cut);
    ck_assert_int_eq(rig.conn.state, CONN_CLOSED);
    ck_assert_uint_eq(rig.record_count, 1);
    ck_assert_uint_le(rig.records[0].body_sent, cases[_i].recorded);
    end();
}

START_TEST(what_comes_later_is_waited_for_and_nothing_is_answered_before_it)
{
    static const size_t stops[] = { 0, 5, 24 };
    begin(UINT64_MAX);
    source.defers = true;
    source.stops_at = stops[_i];
    source.stop = WEIR_PULL_LATER;
    rig_give(&rig, SLICE(GET "GET /b HTTP/1.1\r\nHost: a\r\n\r\n"));
    ck_assert_int_eq(rig.conn.state, CONN_WRITING);
    ck_assert_uint_eq(rig.record_count, 0);
    ck_assert_uint_eq(rig.resumed, 0);
    ck_assert_msg(rig.sent_len > 0, "the head and what there is leave");
    ck_assert_ptr_null(weir_claim(source.ticket));
    const unsigned asked = source.asked;
    rig_run(&rig);
    ck_assert_uint_eq(source.asked, asked);
    struct weir_ticket other = source.ticket;
    other.serial++;
    weir_resume(other);
    ck_assert_uint_eq(rig.resumed, 0);
    weir_resume(source.ticket);
    weir_resume(source.ticket);
    ck_assert_uint_eq(rig.resumed, 1);
    rig_run(&rig);
    ck_assert_uint_eq(rig.record_count, 2);
    ck_assert_uint_eq(rig.records[0].body_sent, source.len);
    ck_assert_ptr_null(rig_fault(&rig));
    weir_resume(source.ticket);
    ck_assert_uint_eq(rig.resumed, 1);
    end();
}

START_TEST(who_ends_while_it_is_waited_for_is_released_once)
{
    begin(UINT64_MAX);
    source.defers = true;
    source.stops_at = 5;
    source.stop = WEIR_PULL_LATER;
    rig_give(&rig, SLICE(GET));
    rig_raise(&rig, &(struct conn_facts){ .limit_passed = true });
    ck_assert_int_eq(rig.conn.state, CONN_CLOSED);
    ck_assert_uint_eq(rig.records[0].body_sent, 5);
    rig_close(&rig);
    ck_assert_uint_eq(source.released, 1);
    weir_resume(source.ticket);
    ck_assert_uint_eq(rig.resumed, 0);
    rig_clear(&rig);
}

START_TEST(a_response_without_a_source_is_a_500)
{
    begin(10);
    source.response.pull = NULL;
    rig_give(&rig, SLICE(GET));
    ck_assert_ptr_null(rig_fault(&rig));
    ck_assert_int_eq(rig.records[0].status, 500);
    end();
}

/* ---- pages, fields and lines */

static struct {
    int status;
    struct weir_field field;
} paged;

static void answer_page(struct weir_request *request, void *context)
{
    (void)context;
    weir_respond_page(request, paged.status, &paged.field, 1);
}

static void begin_pages(int status, struct weir_field field)
{
    rig_open(&rig, &(struct weir_handler){ .answer = answer_page });
    paged.status = status;
    paged.field = field;
}

static void end_pages(void)
{
    rig_close(&rig);
    rig_clear(&rig);
}

static struct rig_answer first_answer(void)
{
    struct rig_answer got;
    struct slice sent = { rig.sent, rig.sent_len };
    ck_assert_ptr_null(rig_fault(&rig));
    ck_assert(rig_read_answer(&sent, false, &got));
    return got;
}

START_TEST(a_page_has_the_handlers_fields_and_weirs_words)
{
    size_t count;
    begin_pages(301, (struct weir_field){ TEXT("Location"), TEXT("/a/") });
    rig_give(&rig, SLICE(GET));
    const struct rig_answer got = first_answer();
    ck_assert_int_eq(got.status, 301);
    ck_assert(slice_equals(rig_field(&got, "Location", &count), SLICE("/a/")));
    ck_assert(slice_equals(rig_field(&got, "Content-Type", &count), SLICE(ERROR_PAGE_TYPE)));
    ck_assert(slice_equals(got.content, error_page(301)));
    end_pages();
}

START_TEST(a_page_that_cannot_be_is_a_500)
{
    static const struct { int status; struct weir_field field; } cases[] = {
        { 299, { TEXT("X"), TEXT("") } }, { 304, { TEXT("X"), TEXT("") } }, { 600, { TEXT("X"), TEXT("") } }, { 404, { TEXT("X"), TEXT("a\r\nb") } },
        { 404, { TEXT("Date"), TEXT("now") } },
    };
    begin_pages(cases[_i].status, cases[_i].field);
    rig_give(&rig, SLICE(GET));
    const struct rig_answer got = first_answer();
    ck_assert_int_eq(got.status, 500);
    ck_assert(slice_equals(got.content, error_page(500)));
    end_pages();
}

START_TEST(a_page_of_the_applications_own_takes_the_place_of_weirs_whatever_its_size)
{
    static char text[100000];
    static const size_t sizes[] = { 0, 1, 4096, 4097, sizeof text };
    const struct weir_page pages[] = { { 400, TEXT("text/x"), TEXT("bad") }, { 404, TEXT("text/y"), { text, sizes[_i] } } };
    size_t count;
    memset(text, 'p', sizeof text);
    begin_pages(404, (struct weir_field){ TEXT("X"), TEXT("y") });
    rig.context.pages = pages;
    rig.context.page_count = 2;
    rig.send_max = 777;
    rig_give(&rig, SLICE(GET GET "broken\r\n\r\n"));
    struct slice sent = { rig.sent, rig.sent_len };
    struct rig_answer got;
    ck_assert_ptr_null(rig_fault(&rig));
    for (int i = 0; i < 2; i++) {
        ck_assert(rig_read_answer(&sent, false, &got));
        ck_assert_int_eq(got.status, 404);
        ck_assert(slice_equals(rig_field(&got, "Content-Type", &count), SLICE("text/y")));
        ck_assert(slice_equals(got.content, (struct slice){ text, sizes[_i] }));
    }
    ck_assert(rig_read_answer(&sent, false, &got));
    ck_assert_int_eq(got.status, 400);
    ck_assert(slice_equals(got.content, SLICE("bad")));
    ck_assert_uint_eq(rig.record_count, 3);
    end_pages();
}

START_TEST(a_page_without_a_type_has_no_such_field)
{
    const struct weir_page page = { .status = 404 };       /* nor a body */
    size_t count;
    begin_pages(404, (struct weir_field){ TEXT("X"), TEXT("y") });
    rig.context.pages = &page;
    rig.context.page_count = 1;
    rig_give(&rig, SLICE(GET));
    const struct rig_answer got = first_answer();
    ck_assert_int_eq(got.status, 404);
    ck_assert_uint_eq(got.content.len, 0);
    (void)rig_field(&got, "Content-Type", &count);
    ck_assert_uint_eq(count, 0);
    end_pages();
}

/* What stands in the buffer before it has no part in it. */
START_TEST(a_head_above_its_bound_is_a_500_wherever_it_comes)
{
    static char value[RESPONSE_HEAD_MAX];
    static const struct { size_t length; int status; } cases[] = { { RESPONSE_HEAD_MAX - 1000, 404 }, { RESPONSE_HEAD_MAX, 500 } };
    struct rig_answer got;
    memset(value, 'v', sizeof value);
    begin_pages(404, (struct weir_field){ TEXT("X"), { value, cases[_i].length } });
    rig_give(&rig, SLICE(GET GET GET));
    struct slice sent = { rig.sent, rig.sent_len };
    ck_assert_ptr_null(rig_fault(&rig));
    for (int i = 0; i < 3; i++) {
        ck_assert(rig_read_answer(&sent, false, &got));
        ck_assert_int_eq(got.status, cases[_i].status);
    }
    end_pages();
}

START_TEST(a_page_for_head_says_its_length_alone)
{
    const struct weir_page page = { 404, TEXT("text/y"), TEXT("some text") };
    size_t count;
    struct rig_answer got;
    begin_pages(404, (struct weir_field){ TEXT("X"), TEXT("y") });
    rig.context.pages = &page;
    rig.context.page_count = 1;
    rig_give(&rig, SLICE(HEAD));
    struct slice sent = { rig.sent, rig.sent_len };
    ck_assert(rig_read_answer(&sent, true, &got));
    ck_assert_uint_eq(sent.len, 0);
    ck_assert(slice_equals(rig_field(&got, "Content-Length", &count), SLICE("9")));
    ck_assert_uint_eq(rig.records[0].body_sent, 0);
    end_pages();
}

static char lines[64];
static size_t lines_len;

static void answer_lines(struct weir_request *request, void *context)
{
    (void)context;
    weir_respond(request, &(struct weir_response){ .status = 304, .lines = { lines, lines_len } });
}

START_TEST(composed_lines_and_common_ones_stand_on_every_answer)
{
    static const struct weir_field fields[] = { { TEXT("ETag"), TEXT("\"a\"") }, { TEXT("Vary"), TEXT("x") } };
    size_t count;
    struct rig_answer got;
    lines_len = weir_lines_write(fields, 2, lines, sizeof lines);
    ck_assert_uint_eq(lines_len, strlen("ETag: \"a\"\r\nVary: x\r\n"));
    rig_open(&rig, &(struct weir_handler){ .answer = answer_lines });
    rig.context.common = SLICE("Server: weir\r\nX-Common: c\r\n");
    rig_give(&rig, SLICE(GET "POST /a HTTP/1.1\r\nHost: a\r\n\r\n" "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" "broken\r\n\r\n"));
    struct slice sent = { rig.sent, rig.sent_len };
    static const int statuses[] = { 304, 405, 204, 400 };
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        ck_assert(rig_read_answer(&sent, false, &got));
        ck_assert_int_eq(got.status, statuses[i]);
        ck_assert(slice_equals(rig_field(&got, "X-Common", &count), SLICE("c")));
        ck_assert_uint_eq(count, 1);
        ck_assert(i > 0 || slice_equals(rig_field(&got, "ETag", &count), SLICE("\"a\"")));
    }
    end_pages();
}

START_TEST(lines_that_do_not_fit_or_would_break_a_head_are_none)
{
    static const struct weir_field good[] = { { TEXT("ETag"), TEXT("\"a\"") } };
    static const struct weir_field bad[] = { { TEXT("ETag"), TEXT("\"a\"") }, { TEXT("X"), TEXT("a\nb") } };
    char out[16];
    ck_assert_uint_eq(weir_lines_write(good, 1, out, 11), 11);
    ck_assert_uint_eq(weir_lines_write(good, 1, out, 10), 0);
    ck_assert_uint_eq(weir_lines_write(good, 0, out, 10), 0);
    ck_assert_uint_eq(weir_lines_write(bad, 2, out, sizeof out), 0);
}

int main(void)
{
    TCase *tests = tcase_create("pulled content, pages, lines");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, pieces_become_one_chunk_and_one_send);
    tcase_add_test(tests, a_known_length_is_said_and_nothing_is_asked_behind_its_end);
    tcase_add_test(tests, http_1_0_reads_until_the_close);
    tcase_add_loop_test(tests, more_than_a_buffer_comes_whole_however_little_a_send_takes, 0, COUNT_OF(long_cases));
    tcase_add_loop_test(tests, the_record_tells_what_left_wherever_the_connection_breaks, 0, COUNT_OF(long_cases));
    tcase_add_test(tests, head_asks_for_nothing);
    tcase_add_test(tests, nothing_is_asked_for_an_empty_content);
    tcase_add_loop_test(tests, too_much_and_too_little_and_a_cut_end_the_connection, 0, 5);
    tcase_add_loop_test(tests, what_comes_later_is_waited_for_and_nothing_is_answered_before_it, 0, 3);
    tcase_add_test(tests, who_ends_while_it_is_waited_for_is_released_once);
    tcase_add_test(tests, a_response_without_a_source_is_a_500);
    tcase_add_test(tests, a_page_has_the_handlers_fields_and_weirs_words);
    tcase_add_loop_test(tests, a_page_that_cannot_be_is_a_500, 0, 5);
    tcase_add_loop_test(tests, a_page_of_the_applications_own_takes_the_place_of_weirs_whatever_its_size, 0, 5);
    tcase_add_test(tests, a_page_without_a_type_has_no_such_field);
    tcase_add_loop_test(tests, a_head_above_its_bound_is_a_500_wherever_it_comes, 0, 2);
    tcase_add_test(tests, a_page_for_head_says_its_length_alone);
    tcase_add_test(tests, composed_lines_and_common_ones_stand_on_every_answer);
    tcase_add_test(tests, lines_that_do_not_fit_or_would_break_a_head_are_none);
    return check_run(tests);
}
