/* Answers that come in pieces, while the content of the request may still come: weir_respond_begin(), weir_respond_piece(), weir_respond_end(). */
#include <stdio.h>

#include "tests/check_support.h"
#include "tests/core/aborts.h"
#include "tests/http/http1_rig.h"

#define HOST "Host: a\r\nReferer: r\r\nUser-Agent: u\r\n"
#define GET "GET /g HTTP/1.1\r\nHost: a\r\n\r\n"
#define LENGTH(n) "Content-Length: " #n "\r\n\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"
#define POST "POST /p HTTP/1.1\r\n" HOST

static struct rig rig;

/* ---- a handler that does as it is told: the content comes back, and `behind` follows it */

enum begins { IN_HEAD, IN_PIECE, IN_ANSWER };

static struct {
    enum begins begins;
    struct weir_response response;     /* its length: UINT64_MAX - 1 stands for that of the request */
    struct slice behind;
    bool forgets_end;
    bool pieces_of_one;                /* gives each byte by itself */
    bool keeps_user;
    bool begun;
    char kept[70000];                  /* the content that came before the answer began */
    size_t kept_len;
    size_t short_pieces;               /* pieces that were not taken whole */
    unsigned heads;
    unsigned ends;
} told;

#define AS_LONG (UINT64_MAX - 1)

static void give_piece(struct weir_request *request, const char *data, size_t len)
{
    const size_t step = told.pieces_of_one ? 1 : len;
    for (size_t at = 0; at < len; at += step)
        told.short_pieces += weir_respond_piece(request, data + at, step) != step;
}

static void begin_answer(struct weir_request *request)
{
    struct weir_response response = told.response;
    if (response.length == AS_LONG)
        response.length = request->content_length + (request->content_length != UINT64_MAX ? told.behind.len : 0);
    weir_respond_begin(request, &response);
    told.begun = true;
    give_piece(request, told.kept, told.kept_len);
}

static bool is_watched(const struct weir_request *request)
{
    return request->path.len == 2 && request->path.ptr[1] == 'p';
}

static enum weir_intake on_head(struct weir_request *request, void *context)
{
    (void)context;
    if (!is_watched(request))
        return WEIR_BODY_DROP;
    request->user = told.keeps_user ? &told : NULL;
    told.begun = false;
    told.kept_len = 0;
    told.heads++;
    if (told.begins == IN_HEAD)
        begin_answer(request);
    return WEIR_BODY_PIECES;
}

static void on_piece(struct weir_request *request, const void *data, size_t len, void *context)
{
    (void)context;
    if (told.begins == IN_ANSWER) {
        memcpy(told.kept + told.kept_len, data, len);
        told.kept_len += len;
        return;
    }
    if (!told.begun)
        begin_answer(request);
    give_piece(request, data, len);
}

static void on_answer(struct weir_request *request, void *context)
{
    (void)context;
    if (!is_watched(request)) {
        weir_respond(request, &(struct weir_response){ .status = 200, .data = "other", .length = 5 });
        return;
    }
    if (!told.begun)
        begin_answer(request);
    give_piece(request, told.behind.ptr, told.behind.len);
    if (!told.forgets_end)
        weir_respond_end(request);
}

static void on_end(struct weir_request *request, void *context)
{
    (void)context;
    ck_assert_ptr_eq(request->user, &told);
    told.ends++;
}

static const struct weir_handler handler = {
    .methods = WEIR_GET | WEIR_HEAD | WEIR_POST, .head = on_head, .piece = on_piece, .answer = on_answer, .end = on_end,
};

/* The buffers are as small as a worker's may be: what comes in one receive, and a head. */
static void begin(enum begins begins, uint64_t length)
{
    rig_clear(&rig);
    memset(&told, 0, sizeof told);
    told.begins = begins;
    told.response = (struct weir_response){ .status = 200, .length = length };
    rig.out_cap = 1024 + 512 + RESPONSE_HEAD_MAX + RESPONSE_CHUNK_MAX;
    rig_open(&rig, &handler);
    rig.context.limits.body_max = UINT64_MAX;
}

static void end(void)
{
    rig_close(&rig);
    ck_assert_int_eq(rig.live, 0);
    ck_assert_uint_eq(rig.allocations, 0);
    ck_assert_uint_eq(told.short_pieces, 0);
    rig_clear(&rig);
}

/* The one answer that left, without the framing of chunks. */
static struct rig_answer read_answer(bool is_head, struct slice *content)
{
    static char plain[700000];
    struct slice sent = { rig.sent, rig.sent_len };
    struct rig_answer got = { 0 };
    ck_assert_msg(rig_read_answer(&sent, is_head, &got), "no answer: %.*s", (int)sent.len, sent.ptr);
    ck_assert_uint_le(got.length, sizeof plain);
    rig_content(&got, plain);
    *content = (struct slice){ plain, got.length };
    return got;
}

static void check_record(size_t index, const char *line, int status, uint64_t body_sent)
{
    ck_assert_uint_gt(rig.record_count, index);
    ck_assert_str_eq(rig.records[index].line, line);
    ck_assert_int_eq(rig.records[index].status, status);
    ck_assert_uint_eq(rig.records[index].body_sent, body_sent);
}

/* ---- framing */

static const struct framing_case {
    const char *request;
    const char *content;               /* that goes back */
    enum { BY_LENGTH, BY_CHUNKS, BY_CLOSE } framing;
    bool tells_length;                 /* the handler does */
    bool is_head;
    bool is_kept;
} framings[] = {
    { POST LENGTH(5) "hello", "hello", BY_LENGTH, true, false, true },
    { POST LENGTH(5) "hello", "hello", BY_CHUNKS, false, false, true },
    { POST CHUNKED "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello", BY_CHUNKS, true, false, true },
    { POST CHUNKED "0\r\n\r\n", "", BY_CHUNKS, true, false, true },
    { POST LENGTH(0), "", BY_LENGTH, true, false, true },
    { POST "Connection: close\r\n" LENGTH(5) "hello", "hello", BY_LENGTH, true, false, false },
    { POST "Connection: close\r\n" LENGTH(5) "hello", "hello", BY_CHUNKS, false, false, false },
    { "GET /p HTTP/1.1\r\n" HOST "\r\n", "", BY_LENGTH, true, false, true },
    { "GET /p HTTP/1.1\r\n" HOST "\r\n", "", BY_CHUNKS, false, false, true },
    { "HEAD /p HTTP/1.1\r\n" HOST "\r\n", "", BY_LENGTH, true, true, true },
    { "HEAD /p HTTP/1.1\r\n" HOST "\r\n", "", BY_CHUNKS, false, true, true },
    { "POST /p HTTP/1.0\r\n" HOST LENGTH(5) "hello", "hello", BY_LENGTH, true, false, false },
    { "POST /p HTTP/1.0\r\n" HOST LENGTH(5) "hello", "hello", BY_CLOSE, false, false, false },
    { "POST /p HTTP/1.0\r\nConnection: keep-alive\r\n" HOST LENGTH(5) "hello", "hello", BY_LENGTH, true, false, true },
    { "POST /p HTTP/1.0\r\nConnection: keep-alive\r\n" HOST LENGTH(5) "hello", "hello", BY_CLOSE, false, false, false },
    { "HEAD /p HTTP/1.0\r\nConnection: keep-alive\r\n" HOST "\r\n", "", BY_CLOSE, false, true, false },
};

static void check_framing(const struct framing_case *c, const struct rig_answer *got)
{
    size_t lengths, codings, closes;
    (void)rig_field(got, "Content-Length", &lengths);
    (void)rig_field(got, "Transfer-Encoding", &codings);
    const struct slice connection = rig_field(got, "Connection", &closes);
    ck_assert_uint_eq(lengths, c->framing == BY_LENGTH);
    ck_assert_uint_eq(codings, c->framing == BY_CHUNKS);
    ck_assert_int_eq(slice_equals(connection, SLICE("close")), !c->is_kept);
}

static void check_case(const struct framing_case *c, enum begins begins, uint64_t send_max, bool pieces_of_one)
{
    struct slice content;
    char wanted[16];
    begin(begins, c->tells_length ? AS_LONG : UINT64_MAX);
    told.behind = c->is_head || begins == IN_HEAD ? SLICE("") : SLICE("+");
    told.pieces_of_one = pieces_of_one;
    told.keeps_user = true;
    rig.send_max = send_max;
    rig_give(&rig, slice_of(c->request));
    const struct rig_answer got = read_answer(c->is_head, &content);
    snprintf(wanted, sizeof wanted, "%s%.*s", c->content, (int)told.behind.len, told.behind.ptr);
    ck_assert(slice_equals(content, slice_of(wanted)));
    check_framing(c, &got);
    ck_assert_ptr_null(rig_fault(&rig));
    ck_assert_uint_eq(rig.record_count, 1);
    ck_assert_str_eq(rig.records[0].referer, "r");
    ck_assert_str_eq(rig.records[0].user_agent, "u");
    ck_assert_uint_eq(rig.records[0].body_sent, strlen(wanted));
    ck_assert_int_eq(rig.conn.state, c->is_kept ? CONN_READING : CONN_SHUTTING);
    end();
    ck_assert_uint_eq(told.ends, told.heads);
}

START_TEST(every_client_is_told_where_the_content_ends)
{
    static const uint64_t send_max[] = { 0, 1, 7 };
    for (int begins = IN_HEAD; begins <= IN_ANSWER; begins++)
        for (size_t i = 0; i < COUNT_OF(send_max); i++) {
            check_case(&framings[_i], (enum begins)begins, send_max[i], false);
            check_case(&framings[_i], (enum begins)begins, send_max[i], true);
        }
}

START_TEST(no_content_stays_none_whatever_the_status)
{
    static const int statuses[] = { 204, 304 };
    begin(IN_ANSWER, 0);
    told.response.status = statuses[_i];
    rig_give(&rig, SLICE("GET /p HTTP/1.1\r\n" HOST "\r\n"));
    struct slice content;
    size_t count;
    const struct rig_answer got = read_answer(false, &content);
    ck_assert_int_eq(got.status, statuses[_i]);
    (void)rig_field(&got, "Content-Length", &count);
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(got.length, 0);
    ck_assert_int_eq(rig.conn.state, CONN_READING);
    ck_assert_ptr_null(rig_fault(&rig));
    end();
}

START_TEST(fields_are_sent_as_they_were_given)
{
    const struct weir_field fields[] = { { TEXT("X-One"), TEXT("1") }, { TEXT("Content-Type"), TEXT("text/plain") } };
    begin(IN_PIECE, AS_LONG);
    told.response.fields = fields;
    told.response.field_count = 2;
    told.response.status = 207;
    rig_give(&rig, SLICE(POST LENGTH(2) "ab"));
    struct slice content;
    const struct rig_answer got = read_answer(false, &content);
    size_t count;
    ck_assert_int_eq(got.status, 207);
    ck_assert(slice_equals(rig_field(&got, "X-One", &count), SLICE("1")));
    ck_assert(slice_equals(rig_field(&got, "Content-Type", &count), SLICE("text/plain")));
    ck_assert(slice_equals(rig_field(&got, "Date", &count), SLICE(RIG_DATE)));
    end();
}

START_TEST(a_server_that_drains_says_so_and_closes_behind_it)
{
    struct slice content;
    size_t count;
    begin(IN_HEAD, AS_LONG);
    rig.context.draining = true;
    rig_give(&rig, SLICE(POST LENGTH(5) "he"));
    ck_assert_int_eq(rig.conn.state, CONN_READING);
    rig_give(&rig, SLICE("llo"));
    const struct rig_answer got = read_answer(false, &content);
    ck_assert(slice_equals(content, SLICE("hello")));
    ck_assert(slice_equals(rig_field(&got, "Connection", &count), SLICE("close")));
    ck_assert_int_eq(rig.conn.state, CONN_SHUTTING);
    end();
}

/* ---- room: a piece is always taken whole, however much comes and however it is framed */

enum { LARGE = 300000 };

static char pattern[LARGE];

static void make_pattern(void)
{
    for (size_t i = 0; i < LARGE; i++)
        pattern[i] = (char)('a' + i * 7 % 26);
}

/* A request with `LARGE` bytes in chunks of `size`, or of a known length where that is 0. */
static size_t make_request(char *text, size_t size)
{
    size_t len = (size_t)sprintf(text, "POST /p HTTP/1.1\r\n" HOST);
    if (size == 0) {
        len += (size_t)sprintf(text + len, "Content-Length: %d\r\n\r\n", LARGE);
        memcpy(text + len, pattern, LARGE);
        return len + LARGE;
    }
    len += (size_t)sprintf(text + len, "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < LARGE; at += size) {
        const size_t piece = LARGE - at < size ? LARGE - at : size;
        len += (size_t)sprintf(text + len, "%zx\r\n", piece);
        memcpy(text + len, pattern + at, piece);
        len += piece;
        len += (size_t)sprintf(text + len, "\r\n");
    }
    return len + (size_t)sprintf(text + len, "0\r\n\r\n");
}

START_TEST(content_of_any_size_goes_back_and_no_piece_is_ever_too_much)
{
    static const size_t sizes[] = { 0, 1, 2, 15, 16, 300, 1500, 5000, LARGE };
    static const uint64_t send_max[] = { 0, 1000, 333 };
    static char text[8 * LARGE];
    struct slice content;
    const size_t len = make_request(text, sizes[_i % (int)COUNT_OF(sizes)]);
    for (size_t i = 0; i < COUNT_OF(send_max); i++) {
        begin(_i % 2 == 0 ? IN_HEAD : IN_PIECE, _i >= (int)COUNT_OF(sizes) ? UINT64_MAX : AS_LONG);
        rig.send_max = send_max[i];
        rig_give(&rig, (struct slice){ text, len });
        (void)read_answer(false, &content);
        ck_assert_uint_eq(content.len, LARGE);
        ck_assert_mem_eq(content.ptr, pattern, LARGE);
        ck_assert_ptr_null(rig_fault(&rig));
        ck_assert_int_eq(rig.conn.state, CONN_READING);
        check_record(0, "POST /p HTTP/1.1", 200, LARGE);
        ck_assert_str_eq(rig.records[0].referer, "r");     /* though the input was moved many times */
        end();
    }
}

/* In answer() there is as much room as there is: what is not taken is the handler's to give up. */
START_TEST(what_there_is_no_room_for_is_not_taken_and_the_end_still_fits)
{
    struct slice content;
    begin(IN_ANSWER, UINT64_MAX);
    told.behind = (struct slice){ pattern, LARGE };
    rig_give(&rig, SLICE("GET /p HTTP/1.1\r\n" HOST "\r\n"));
    ck_assert_uint_eq(told.short_pieces, 1);
    told.short_pieces = 0;
    (void)read_answer(false, &content);
    ck_assert_uint_gt(content.len, 1000);
    ck_assert_uint_lt(content.len, rig.out_cap);
    ck_assert_uint_gt(content.len, rig.out_cap - 400);
    ck_assert_mem_eq(content.ptr, pattern, content.len);
    ck_assert_ptr_null(rig_fault(&rig));
    end();
}

/* One byte after the other, until none is taken: every fill that there can be. */
START_TEST(a_full_buffer_takes_nothing_and_the_end_still_fits)
{
    struct slice content;
    for (size_t first = 0; first < 200; first++) {
        static char value[17000];
        memset(value, 'v', sizeof value);
        const struct weir_field field = { TEXT("X"), { value, 16000 + first } };
        begin(IN_ANSWER, UINT64_MAX);
        told.response.fields = &field;
        told.response.field_count = 1;
        told.pieces_of_one = true;
        told.behind = (struct slice){ pattern, 2500 };
        rig_give(&rig, SLICE("GET /p HTTP/1.1\r\n" HOST "\r\n"));
        ck_assert_uint_gt(told.short_pieces, 0);
        told.short_pieces = 0;
        (void)read_answer(false, &content);
        ck_assert_mem_eq(content.ptr, pattern, content.len);
        ck_assert_ptr_null(rig_fault(&rig));
        end();
    }
}

START_TEST(while_the_client_does_not_read_nothing_more_is_received)
{
    static char text[2 * LARGE];
    begin(IN_PIECE, AS_LONG);
    rig.break_after = 1;               /* nothing leaves but one byte, then the transport is broken */
    rig_give(&rig, (struct slice){ text, make_request(text, 0) });
    ck_assert_uint_gt(rig.arriving.len, LARGE - 2 * (1024 + 512));
    ck_assert_int_eq(rig.conn.state, CONN_CLOSED);
    end();
}

/* ---- others before it and behind it */

START_TEST(pipelined_answers_keep_their_order)
{
    static const char stream[] = GET POST LENGTH(5) "hello" GET POST CHUNKED "5\r\nworld\r\n0\r\n\r\n" GET;
    static const char *const wanted[] = { "other", "hello", "other", "world", "other" };
    const size_t step = _i % 2 == 0 ? sizeof stream - 1 : 1;
    begin(_i < 2 ? IN_HEAD : IN_PIECE, AS_LONG);
    for (size_t i = 0; i < sizeof stream - 1; i += step)
        rig_give(&rig, (struct slice){ stream + i, step });
    struct slice sent = { rig.sent, rig.sent_len };
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        struct rig_answer got = { 0 };
        char content[16] = "";
        ck_assert(rig_read_answer(&sent, false, &got));
        ck_assert_uint_lt(got.length, sizeof content);
        rig_content(&got, content);
        ck_assert_str_eq(content, wanted[i]);
    }
    ck_assert_uint_eq(sent.len, 0);
    ck_assert_uint_eq(rig.record_count, COUNT_OF(wanted));
    ck_assert_ptr_null(rig_fault(&rig));
    end();
}

/* ---- 100 (Continue) */

START_TEST(who_waits_for_a_100_gets_it_unless_the_answer_has_begun)
{
    struct slice content;
    begin((enum begins)_i, AS_LONG);
    rig_give(&rig, SLICE(POST "Expect: 100-continue\r\n" LENGTH(5)));
    const bool begun = _i == IN_HEAD;
    const struct slice first = { rig.sent, rig.sent_len };
    ck_assert_int_eq(slice_starts_with(first, SLICE("HTTP/1.1 100 Continue\r\n\r\n")), !begun);
    ck_assert_int_eq(slice_starts_with(first, SLICE("HTTP/1.1 200 OK\r\n")), begun);
    rig_give(&rig, SLICE("hello"));
    if (!begun) {
        memmove(rig.sent, rig.sent + response_continue.len, rig.sent_len - response_continue.len);
        rig.sent_len -= response_continue.len;
    }
    (void)read_answer(false, &content);
    ck_assert(slice_equals(content, SLICE("hello")));
    ck_assert_ptr_null(rig_fault(&rig));
    end();
}

/* ---- answers that are cut */

static const struct weir_field unsafe = { { "X", 1 }, { "a\r\nY: b", 7 } };

static const struct cut_case {
    const char *name;
    const char *request;
    struct weir_response response;
    const char *behind;
    bool forgets_end;
    bool shut;                         /* the stream ends */
    bool is_refused;
} cuts[] = {
    { "an unsound status", POST LENGTH(2) "ab", { .status = 199, .length = AS_LONG }, "", false, false, false },
    { "a status out of range", POST LENGTH(2) "ab", { .status = 600, .length = AS_LONG }, "", false, false, false },
    { "an unsafe field", POST LENGTH(2) "ab", { .status = 200, .fields = &unsafe, .field_count = 1, .length = AS_LONG }, "", false, false, false },
    { "content that there must not be", POST LENGTH(2) "ab", { .status = 204, .length = AS_LONG }, "", false, false, false },
    { "content where none was announced", POST LENGTH(2) "ab", { .status = 204 }, "", false, false, false },
    { "more than was announced", POST LENGTH(2) "ab", { .status = 200, .length = 2 }, "c", false, false, false },
    { "much more than was announced", POST LENGTH(2) "ab", { .status = 200, .length = 1 }, "", false, false, false },
    { "less than was announced", POST LENGTH(2) "ab", { .status = 200, .length = 3 }, "", false, false, false },
    { "no end", POST LENGTH(2) "ab", { .status = 200, .length = 2 }, "", true, false, false },
    { "no end of chunks", POST CHUNKED "2\r\nab\r\n0\r\n\r\n", { .status = 200, .length = UINT64_MAX }, "", true, false, false },
    { "no end before the close", "POST /p HTTP/1.0\r\n" HOST LENGTH(2) "ab", { .status = 200, .length = UINT64_MAX }, "", true, false, false },
    { "a broken chunk", POST CHUNKED "2\r\nabc\r\n0\r\n\r\n", { .status = 200, .length = UINT64_MAX }, "", false, false, true },
    { "the end of the stream", POST LENGTH(3) "ab", { .status = 200, .length = AS_LONG }, "", false, true, true },
    { "the end of the stream in chunks", POST CHUNKED "3\r\nab", { .status = 200, .length = UINT64_MAX }, "", false, true, true },
};

START_TEST(what_cannot_be_completed_is_cut_and_recorded_once)
{
    const struct cut_case *c = &cuts[_i];
    for (int begins = IN_HEAD; begins <= IN_PIECE; begins++)
        for (size_t byte = 0; byte < 2; byte++) {
            begin((enum begins)begins, 0);
            told.response = c->response;
            told.behind = slice_of(c->behind);
            told.forgets_end = c->forgets_end;
            told.keeps_user = true;
            struct slice all = slice_of(c->request);
            for (size_t i = 0; i < all.len && rig.conn.state != CONN_CLOSED; i += byte == 0 ? all.len : 1)
                rig_give(&rig, (struct slice){ all.ptr + i, byte == 0 ? all.len : 1 });
            rig.shut = c->shut;
            rig_run(&rig);
            ck_assert_msg(rig.cut && rig.conn.state == CONN_CLOSED, "%s: %s", c->name, conn_state_name((enum conn_state)rig.conn.state));
            ck_assert_msg(rig.record_count == 1, "%s: %zu records", c->name, rig.record_count);
            ck_assert_int_eq(rig.records[0].status, c->response.status);
            ck_assert_uint_le(rig.records[0].body_sent, 2);
            ck_assert_uint_eq(rig.refused, c->is_refused);
            end();
            ck_assert_uint_eq(told.ends, 1);
        }
}

START_TEST(a_content_that_does_not_come_in_time_cuts_the_answer_that_has_begun)
{
    begin(IN_PIECE, AS_LONG);
    rig_give(&rig, SLICE(POST LENGTH(5) "he"));
    rig_timeout(&rig);
    ck_assert(rig.cut);
    check_record(0, "POST /p HTTP/1.1", 200, 2);
    ck_assert_uint_eq(rig.record_count, 1);
    ck_assert_uint_eq(rig.refused, 1);
    end();
}

START_TEST(an_answer_that_has_not_begun_can_still_be_refused)
{
    begin(IN_PIECE, AS_LONG);
    rig_give(&rig, SLICE(POST LENGTH(5)));
    rig_timeout(&rig);
    ck_assert(!rig.cut);
    check_record(0, "POST /p HTTP/1.1", 408, rig.records[0].body_sent);
    ck_assert_ptr_null(rig_fault(&rig));
    end();
}

static enum weir_intake begin_and_refuse(struct weir_request *request, void *context)
{
    (void)context;
    begin_answer(request);
    return WEIR_BODY_REFUSE;
}

START_TEST(a_head_that_begins_and_refuses_cuts)
{
    begin(IN_HEAD, AS_LONG);
    rig.handler.head = begin_and_refuse;
    rig_give(&rig, SLICE(POST LENGTH(5) "hello"));
    ck_assert(rig.cut);
    ck_assert_uint_eq(rig.record_count, 1);
    end();
}

START_TEST(wherever_the_connection_breaks_the_record_tells_what_left)
{
    static const char request[] = POST LENGTH(20) "0123456789abcdefghij";
    begin(IN_PIECE, AS_LONG);
    rig_give(&rig, slice_of(request));
    const size_t all = rig.sent_len;
    end();
    for (size_t after = 1; after < all; after++) {
        begin(IN_PIECE, AS_LONG);
        rig.break_after = after;
        rig.send_max = after % 3;
        rig_give(&rig, slice_of(request));
        ck_assert_int_eq(rig.conn.state, CONN_CLOSED);
        ck_assert_uint_eq(rig.record_count, 1);
        check_record(0, "POST /p HTTP/1.1", 200, after > all - 20 ? after - (all - 20) : 0);
        end();
    }
}

/* ---- mistakes of the handler */

static void (*mistake)(struct weir_request *request);

static void begin_twice(struct weir_request *request)
{
    const struct weir_response response = { .status = 200 };
    weir_respond_begin(request, &response);
    weir_respond_begin(request, &response);
}

static void piece_before_begin(struct weir_request *request)
{
    (void)weir_respond_piece(request, "x", 1);
}

static void end_before_begin(struct weir_request *request)
{
    weir_respond_end(request);
}

static void respond_after_begin(struct weir_request *request)
{
    const struct weir_response response = { .status = 200 };
    weir_respond_begin(request, &response);
    weir_respond(request, &response);
}

static void defer_after_begin(struct weir_request *request)
{
    weir_respond_begin(request, &(struct weir_response){ .status = 200 });
    (void)weir_defer(request);
}

static void piece_after_end(struct weir_request *request)
{
    weir_respond_begin(request, &(struct weir_response){ .status = 200, .length = UINT64_MAX });
    weir_respond_end(request);
    (void)weir_respond_piece(request, "x", 1);
}

static void (*const mistakes[])(struct weir_request *request) = {
    begin_twice, piece_before_begin, end_before_begin, respond_after_begin, defer_after_begin, piece_after_end,
};

static void make_mistake(struct weir_request *request, void *context)
{
    (void)context;
    mistake(request);
}

static void give_get(void *context)
{
    (void)context;
    rig_give(&rig, SLICE(GET));
}

static enum weir_intake end_in_head(struct weir_request *request, void *context)
{
    (void)context;
    weir_respond_begin(request, &(struct weir_response){ .status = 200 });
    weir_respond_end(request);
    return WEIR_BODY_DROP;
}

static void give_post(void *context)
{
    (void)context;
    rig_give(&rig, SLICE(POST LENGTH(2) "ab"));
}

START_TEST(mistakes_of_the_handler_abort)
{
    begin(IN_ANSWER, 0);
    rig.handler.answer = make_mistake;
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        mistake = mistakes[i];
        ck_assert_msg(aborts(give_get, NULL), "mistake %zu", i);
    }
    rig.handler.head = end_in_head;
    ck_assert(aborts(give_post, NULL));
    end();
}

START_TEST(a_server_without_a_log_streams_as_well)
{
    begin(IN_PIECE, UINT64_MAX);
    rig.context.record = NULL;
    rig_give(&rig, SLICE(POST LENGTH(5) "hello" POST LENGTH(3) "abc"));
    struct slice content;
    (void)read_answer(false, &content);
    ck_assert(slice_equals(content, SLICE("hello")));
    ck_assert_uint_eq(rig.record_count, 0);
    end();
}

int main(void)
{
    TCase *tests = tcase_create("http1 streaming");
    tcase_set_timeout(tests, 120);
    make_pattern();
    tcase_add_loop_test(tests, every_client_is_told_where_the_content_ends, 0, COUNT_OF(framings));
    tcase_add_loop_test(tests, no_content_stays_none_whatever_the_status, 0, 2);
    tcase_add_test(tests, fields_are_sent_as_they_were_given);
    tcase_add_test(tests, a_server_that_drains_says_so_and_closes_behind_it);
    tcase_add_loop_test(tests, content_of_any_size_goes_back_and_no_piece_is_ever_too_much, 0, 18);
    tcase_add_test(tests, what_there_is_no_room_for_is_not_taken_and_the_end_still_fits);
    tcase_add_test(tests, a_full_buffer_takes_nothing_and_the_end_still_fits);
    tcase_add_test(tests, while_the_client_does_not_read_nothing_more_is_received);
    tcase_add_loop_test(tests, pipelined_answers_keep_their_order, 0, 4);
    tcase_add_loop_test(tests, who_waits_for_a_100_gets_it_unless_the_answer_has_begun, IN_HEAD, IN_ANSWER);
    tcase_add_loop_test(tests, what_cannot_be_completed_is_cut_and_recorded_once, 0, COUNT_OF(cuts));
    tcase_add_test(tests, a_content_that_does_not_come_in_time_cuts_the_answer_that_has_begun);
    tcase_add_test(tests, an_answer_that_has_not_begun_can_still_be_refused);
    tcase_add_test(tests, a_head_that_begins_and_refuses_cuts);
    tcase_add_test(tests, wherever_the_connection_breaks_the_record_tells_what_left);
    tcase_add_test(tests, mistakes_of_the_handler_abort);
    tcase_add_test(tests, a_server_without_a_log_streams_as_well);
    return check_run(tests);
}
