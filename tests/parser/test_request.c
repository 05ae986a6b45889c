#include "parser/request.h"

#include <stdio.h>
#include <string.h>

#include "tests/check_support.h"
#include "tests/parser/request_cases.h"

static struct request_limits limits = { .line_max = 8192, .head_max = 16384, .fields_max = 100, .body_max = 1 << 20 };

/* ------------------------------------------------------------------ a feed of requests, and what is said of them
 *
 *     GET /x 1.1 keep for=host       method, target, version, keep or close, then chunked, length=N, expect, for=authority
 *       Host: host                   each field
 *     content=hello                  where there is some
 *     complete                       or "incomplete" at the end of the input, or "400 G1 reason" */

static void say_head(const struct request *r, const char *head, struct transcript *said)
{
    transcript_add_bytes(said, request_text(head, r->method_name));
    transcript_add(said, " ");
    transcript_add_bytes(said, request_text(head, r->raw_target));
    transcript_add(said, " 1.%d %s", r->minor_version, r->keep_alive ? "keep" : "close");
    if (r->chunked)
        transcript_add(said, " chunked");
    if (r->content_length > 0)
        transcript_add(said, " length=%llu", (unsigned long long)r->content_length);
    if (r->expects_continue)
        transcript_add(said, " expect");
    if (r->authority.len > 0) {
        transcript_add(said, " for=");
        transcript_add_bytes(said, request_text(head, r->authority));
    }
    for (unsigned i = 0; i < r->field_count; i++) {
        transcript_add(said, "\n  ");
        transcript_add_bytes(said, request_text(head, r->fields[i].name));
        transcript_add(said, ": ");
        transcript_add_bytes(said, request_text(head, r->fields[i].value));
    }
    transcript_add(said, "\n");
}

static void say_content(struct transcript *content, struct transcript *said)
{
    if (content->len > 0) {
        transcript_add(said, "content=");
        transcript_add_bytes(said, (struct slice){ content->text, content->len });
        transcript_add(said, "\n");
    }
    content->len = 0;
}

/* A feed_function; `context` is a struct request_limits. The bytes of a head move between any two calls, and are gone when it is complete. */
static void feed_requests(struct slice input, const size_t *counts, size_t count, void *context, struct transcript *said)
{
    static struct request r;
    static struct transcript content;
    size_t held = 0, at = 0;           /* input[held, at) was taken and must be kept */
    content.len = 0;
    request_reset(&r, context);
    for (size_t i = 0; i < count;) {
        struct slice placed = flush_copy((struct slice){ input.ptr + held, counts[i] - held });
        size_t taken = 99999;
        enum request_outcome outcome = request_parse(&r, slice_from(placed, at - held), &taken);
        ck_assert_uint_le(taken, counts[i] - at);
        at += taken;
        switch (outcome) {
        case REQUEST_INCOMPLETE:
            ck_assert_uint_eq(at, counts[i]);
            i++;
            break;
        case REQUEST_HEAD:
            ck_assert_uint_eq(at - held, r.head_len);
            ck_assert(request_has_begun(&r));
            ck_assert_int_eq(request_in_body(&r), r.chunked || r.content_length > 0);
            say_head(&r, placed.ptr, said);
            held = at;
            break;
        case REQUEST_BODY:
            ck_assert(request_in_body(&r) && r.piece.len > 0);
            transcript_add_bytes(&content, r.piece);
            held = at;
            break;
        case REQUEST_COMPLETE:
            ck_assert(!request_in_body(&r) && !request_has_begun(&r));
            ck_assert_uint_eq(r.content_taken, content.len);
            ck_assert_int_eq(request_parse(&r, SLICE("GET"), &taken), REQUEST_COMPLETE);
            ck_assert_uint_eq(taken, 0);
            say_content(&content, said);
            transcript_add(said, "complete\n");
            held = at;
            request_reset(&r, context);
            if (at == input.len)
                return;
            break;
        case REQUEST_REFUSED:
            say_content(&content, said);
            transcript_add(said, "%u G%u %s\n", r.refusal.status, r.refusal.rule, r.refusal.reason);
            ck_assert_int_eq(request_parse(&r, SLICE("GET"), &taken), REQUEST_REFUSED);
            return;
        }
    }
    say_content(&content, said);
    transcript_add(said, "incomplete\n");
}

/* Fails unless the last line said is `expected`, or begins with it and goes on with a reason. */
static void check_last(struct slice input, struct request_limits *given, const char *expected)
{
    static struct transcript said;
    check_cuttings(input, feed_requests, given, &said);
    const char *line = said.text + said.len - 1;
    while (line > said.text && line[-1] != '\n')
        line--;
    size_t len = strlen(expected);
    ck_assert_msg(strncmp(line, expected, len) == 0 && (line[len] == ' ' || line[len] == '\n'), "%.200s\nexpected: %s\nsaid: %.200s",
        input.ptr, expected, line);
}

static void check_all(const struct request_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_last(cases[i].input, &limits, cases[i].expected);
}

/* ------------------------------------------------------------------ the guard */

START_TEST(what_loose_llhttp_takes_is_refused)
{
    check_all(loose_cases, COUNT_OF(loose_cases));
}
END_TEST

START_TEST(what_strict_llhttp_takes_gets_the_answer_of_the_rfc)
{
    check_all(strict_cases, COUNT_OF(strict_cases));
}
END_TEST

START_TEST(what_llhttp_refuses_is_refused_by_rule)
{
    check_all(refused_cases, COUNT_OF(refused_cases));
}
END_TEST

START_TEST(each_rule_has_its_edge)
{
    check_all(rule_cases, COUNT_OF(rule_cases));
}
END_TEST

START_TEST(trailers_are_checked_and_dropped)
{
    check_all(trailer_cases, COUNT_OF(trailer_cases));
}
END_TEST

START_TEST(the_first_broken_rule_wins_and_malformed_goes_before_not_done)
{
    check_all(order_cases, COUNT_OF(order_cases));
}
END_TEST

START_TEST(a_request_is_told_as_it_came)
{
    static struct transcript said;
    for (size_t i = 0; i < COUNT_OF(told_cases); i++) {
        check_cuttings(told_cases[i].input, feed_requests, &limits, &said);
        ck_assert_str_eq(said.text, told_cases[i].expected);
    }
}
END_TEST

/* A byte of each kind, in place of each byte of two good requests: never an answer that depends on cuts, and never a refusal that llhttp alone
 * knows. */
START_TEST(no_byte_anywhere_is_read_in_two_ways)
{
    static const struct slice bytes = TEXT("\0\x01\t\n\v\r\x1f !\"#%'(*,-./0159:;<=?@AFGXZ[\\]^_`afgxz{|~\x7f\x80\xff");
    static const struct slice models[] = {
        TEXT("\r\nGET /a?b HTTP/1.1\r\nHost: a:80\r\nX: \ty \r\nContent-Length: 2\r\n\r\nhi"),
        TEXT("PUT http://h/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0;c=\"d\"\r\nT: e\r\n\r\n"),
    };
    static struct transcript said;
    for (size_t i = 0; i < COUNT_OF(models); i++)
        for (size_t at = 0; at < models[i].len; at++)
            for (size_t byte = 0; byte < bytes.len; byte++) {
                char text[128];
                memcpy(text, models[i].ptr, models[i].len);
                text[at] = bytes.ptr[byte];
                check_cut_around((struct slice){ text, models[i].len }, at, feed_requests, &limits, &said);
                ck_assert_msg(strstr(said.text, " G0 ") == NULL, "%.*s: %s", (int)models[i].len, text, said.text);
            }
}
END_TEST

/* ------------------------------------------------------------------ limits */

/* `count` times `unit` between `before` and `after`. */
static struct slice repeat(const char *before, const char *unit, size_t count, const char *after)
{
    static char text[200 * 1024];
    size_t len = 0, unit_len = strlen(unit);
    ck_assert_uint_lt(strlen(before) + count * unit_len + strlen(after), sizeof(text));
    for (const char *p = before; *p != 0; p++)
        text[len++] = *p;
    for (size_t i = 0; i < count; i++, len += unit_len)
        memcpy(text + len, unit, unit_len);
    for (const char *p = after; *p != 0; p++)
        text[len++] = *p;
    return (struct slice){ text, len };
}

START_TEST(a_request_line_may_be_as_long_as_the_limit_and_not_a_byte_longer)
{
    struct request_limits small = { .line_max = 40, .head_max = 200, .fields_max = 5, .body_max = 10 };
    check_last(repeat("GET /", "a", 40 - 14, " HTTP/1.1\r\nHost: a\r\n\r\n"), &small, "complete");
    check_last(repeat("\r\nGET /", "a", 40 - 14, " HTTP/1.1\r\nHost: a\r\n\r\n"), &small, "complete");
    check_last(repeat("GET /", "a", 40 - 13, " HTTP/1.1\r\nHost: a\r\n\r\n"), &small, "414 G12");
    check_last(repeat("\r\nGET /", "a", 40 - 13, " HTTP/1.1\r\nHost: a\r\n\r\n"), &small, "414 G12");
    check_last(repeat("GET /", "a", 40 - 5, ""), &small, "incomplete");
    check_last(repeat("GET /", "a", 41 - 5, ""), &small, "414 G12");
    check_last(repeat("", "G", 41, ""), &small, "414 G12");
    check_last(repeat("GET /", "a", 40 - 5, "\r\n"), &small, "400 G3");
    check_last(repeat("GET /", "a", 40 - 6, " \n"), &small, "414 G12");
    check_last(repeat("GET /", "a", 40 - 5, "\xff"), &small, "414 G12");
    check_last(repeat("GET /", "a", 39 - 5, "\xff"), &small, "400 G7");
}
END_TEST

START_TEST(a_head_may_be_as_long_as_the_limit_and_not_a_byte_longer)
{
    struct request_limits small = { .line_max = 80, .head_max = 100, .fields_max = 5, .body_max = 10 };
    /* 16 for the line, 9 for Host, 5 and the value, 2 for the empty line */
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\nX: ", "b", 100 - 32, "\r\n\r\n"), &small, "complete");
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\nX: ", "b", 101 - 32, "\r\n\r\n"), &small, "431 G12");
    check_last(repeat("\r\nGET / HTTP/1.1\r\nHost: a\r\nX: ", "b", 100 - 34, "\r\n\r\n"), &small, "complete");
    check_last(repeat("\r\nGET / HTTP/1.1\r\nHost: a\r\nX: ", "b", 101 - 34, "\r\n\r\n"), &small, "431 G12");
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\nX: ", "b", 99 - 28, ""), &small, "incomplete");
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\nX: ", "b", 100 - 28, ""), &small, "431 G12");
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\n", "b", 100 - 25, ""), &small, "431 G12");
    small.line_max = 200;
    check_last(repeat("GET /", "a", 200, ""), &small, "431 G12");
    small.head_max = 3;
    check_last(SLICE("GET / HTTP/1.1\r\n"), &small, "431 G12");
    small.head_max = 1;
    check_last(SLICE("\r\n"), &small, "431 G12");
}
END_TEST

START_TEST(trailers_count_with_the_head)
{
    struct request_limits small = { .line_max = 80, .head_max = 100, .fields_max = 4, .body_max = 10 };
    const char *head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT:";    /* 56 bytes of head, 2 of trailers */
    check_last(repeat(head, "x", 100 - 60, "\r\n\r\n"), &small, "complete");
    check_last(repeat(head, "x", 101 - 60, "\r\n\r\n"), &small, "431 G12");
    check_last(repeat(head, "x", 100 - 60, "\r\nU:\r\n\r\n"), &small, "431 G12");
    check_last(repeat(head, "", 0, "\r\nU:\r\n\r\n"), &small, "complete");
    check_last(repeat(head, "", 0, "\r\nU:\r\nV:\r\n\r\n"), &small, "431 G12");
    small.head_max = 56;
    check_last(repeat("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", 0, ""), &small, "complete");
    check_last(repeat(head, "", 0, ""), &small, "431 G12");
}
END_TEST

START_TEST(fields_are_counted)
{
    struct request_limits few = { .line_max = 80, .head_max = 65535, .fields_max = 3, .body_max = 10 };
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\n", "X:\r\n", 2, "\r\n"), &few, "complete");
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\n", "X:\r\n", 3, "\r\n"), &few, "431 G12");
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\n", "X:\r\n", 2, "Y"), &few, "431 G12");
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\n", "X:\r\n", 2, ":"), &few, "400 G2");
    few.fields_max = REQUEST_FIELDS_CAP;
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\n", "X:\r\n", REQUEST_FIELDS_CAP - 1, "\r\n"), &few, "complete");
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\n", "X:\r\n", REQUEST_FIELDS_CAP, "\r\n"), &few, "431 G12");
    few.fields_max = REQUEST_FIELDS_CAP + 1;                  /* more than the table holds: as many as it holds */
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\n", "X:\r\n", REQUEST_FIELDS_CAP - 1, "\r\n"), &few, "complete");
    check_last(repeat("GET / HTTP/1.1\r\nHost: a\r\n", "X:\r\n", REQUEST_FIELDS_CAP, "\r\n"), &few, "431 G12");
    few.fields_max = 0;
    check_last(SLICE("GET / HTTP/1.0\r\n\r\n"), &few, "complete");
    check_last(SLICE("GET / HTTP/1.0\r\nX"), &few, "431 G12");
}
END_TEST

START_TEST(the_largest_head_fits_its_offsets)
{
    struct request_limits large = { .line_max = 65535, .head_max = 65535, .fields_max = 5, .body_max = 10 };
    struct slice input = repeat("GET / HTTP/1.1\r\nHost: a\r\nX: ", "b", 65535 - 37, "\r\nY:z\r\n\r\n");
    struct request r;
    struct slice value = { 0 };
    size_t taken = 0;
    ck_assert_uint_eq(input.len, 65535);
    request_reset(&r, &large);
    ck_assert_int_eq(request_parse(&r, flush_copy(input), &taken), REQUEST_HEAD);
    ck_assert_uint_eq(taken, 65535);
    ck_assert(request_field(&r, input.ptr, SLICE("y"), &value) && slice_equals(value, SLICE("z")));
    ck_assert(request_field(&r, input.ptr, SLICE("X"), &value));
    ck_assert_uint_eq(value.len, 65535 - 37);
}
END_TEST

START_TEST(content_may_be_as_long_as_the_limit_and_not_a_byte_longer)
{
    struct request_limits small = { .line_max = 80, .head_max = 200, .fields_max = 5, .body_max = 10 };
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789"), &small, "complete");
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n0123456789"), &small, "413 G10");
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\n"), &small, "413 G10");
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"), &small, "complete");
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n"), &small, "413 G12");
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb;"), &small, "413 G12");
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n012345678\r\n1\r\n9\r\n0\r\n\r\n"), &small, "complete");
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n012345678\r\n2\r\n9"), &small, "413 G12");
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n0\r\nffffffffffffffff\r\n"), &small, "413 G12");
    small.body_max = 0;
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), &small, "complete");
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), &small, "complete");
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"), &small, "413 G10");
    small.body_max = UINT64_MAX;
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n0\r\nffffffffffffffff\r\n"), &small, "413 G12");
    check_last(SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n0\r\nfffffffffffffffe\r\n1"), &small, "incomplete");
}
END_TEST

START_TEST(chunk_extensions_are_bounded)
{
    const char *head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;";
    check_last(repeat(head, "x", FRAMING_CHUNK_EXTENSIONS_MAX - 1, "\r\n\r\n"), &limits, "complete");
    check_last(repeat(head, "x", FRAMING_CHUNK_EXTENSIONS_MAX, "\r\n\r\n"), &limits, "400 G5");
    check_last(repeat(head, "x", FRAMING_CHUNK_EXTENSIONS_MAX - 2, "=y\r\n\r\n"), &limits, "400 G5");
    /* 16 chunks of 256 bytes make the 4 KiB */
    static char unit[512];
    char *p = unit + sprintf(unit, "1;");
    memset(p, 'x', 255);
    memcpy(p + 255, "\r\nz\r\n", 6);
    head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    check_last(repeat(head, unit, 16, "0\r\n\r\n"), &limits, "complete");
    check_last(repeat(head, unit, 16, "0;a\r\n\r\n"), &limits, "400 G5");
    check_last(repeat(head, unit, 15, "1;a\r\nz\r\n0;b\r\n\r\n"), &limits, "complete");
}
END_TEST

/* ------------------------------------------------------------------ the rest of the contract */

START_TEST(a_request_begins_with_the_first_byte_behind_an_empty_line)
{
    struct request r;
    size_t taken = 0;
    struct slice input = SLICE("\r\nG");
    request_reset(&r, &limits);
    ck_assert(!request_has_begun(&r) && !request_in_body(&r));
    for (size_t i = 0; i < input.len; i++) {
        ck_assert_int_eq(request_parse(&r, (struct slice){ input.ptr + i, 1 }, &taken), REQUEST_INCOMPLETE);
        ck_assert_int_eq(request_has_begun(&r), i == 2);
    }
    ck_assert(!request_in_body(&r));
}
END_TEST

START_TEST(no_bytes_change_nothing)
{
    struct request r;
    size_t taken = 99;
    request_reset(&r, &limits);
    ck_assert_int_eq(request_parse(&r, (struct slice){ 0 }, &taken), REQUEST_INCOMPLETE);
    ck_assert_uint_eq(taken, 0);
    struct slice head = SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
    ck_assert_int_eq(request_parse(&r, head, &taken), REQUEST_HEAD);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(request_parse(&r, (struct slice){ 0 }, &taken), REQUEST_INCOMPLETE);
        ck_assert_uint_eq(taken, 0);
    }
    ck_assert_int_eq(request_parse(&r, SLICE("x"), &taken), REQUEST_BODY);
    ck_assert_int_eq(request_parse(&r, (struct slice){ 0 }, &taken), REQUEST_COMPLETE);
}
END_TEST

START_TEST(a_field_is_found_by_its_name_in_any_case)
{
    struct request r;
    size_t taken = 0;
    struct slice value = SLICE("untouched");
    struct slice head = SLICE("GET / HTTP/1.1\r\nhOST: a\r\nAccept: \tb\t \r\nACCEPT: c\r\nEmpty:\r\n\r\n");
    request_reset(&r, &limits);
    ck_assert_int_eq(request_parse(&r, head, &taken), REQUEST_HEAD);
    ck_assert(!request_field(&r, head.ptr, SLICE("Accep"), &value));
    ck_assert(!request_field(&r, head.ptr, SLICE(""), &value));
    ck_assert(slice_equals(value, SLICE("untouched")));
    ck_assert(request_field(&r, head.ptr, SLICE("Host"), &value) && slice_equals(value, SLICE("a")));
    ck_assert(request_field(&r, head.ptr, SLICE("accept"), &value) && slice_equals(value, SLICE("b")));
    ck_assert(request_field(&r, head.ptr, SLICE("empty"), &value) && slice_equals(value, SLICE("")));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("request");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, what_loose_llhttp_takes_is_refused);
    tcase_add_test(tests, what_strict_llhttp_takes_gets_the_answer_of_the_rfc);
    tcase_add_test(tests, what_llhttp_refuses_is_refused_by_rule);
    tcase_add_test(tests, each_rule_has_its_edge);
    tcase_add_test(tests, trailers_are_checked_and_dropped);
    tcase_add_test(tests, the_first_broken_rule_wins_and_malformed_goes_before_not_done);
    tcase_add_test(tests, a_request_is_told_as_it_came);
    tcase_add_test(tests, no_byte_anywhere_is_read_in_two_ways);
    tcase_add_test(tests, a_request_line_may_be_as_long_as_the_limit_and_not_a_byte_longer);
    tcase_add_test(tests, a_head_may_be_as_long_as_the_limit_and_not_a_byte_longer);
    tcase_add_test(tests, trailers_count_with_the_head);
    tcase_add_test(tests, fields_are_counted);
    tcase_add_test(tests, the_largest_head_fits_its_offsets);
    tcase_add_test(tests, content_may_be_as_long_as_the_limit_and_not_a_byte_longer);
    tcase_add_test(tests, chunk_extensions_are_bounded);
    tcase_add_test(tests, a_request_begins_with_the_first_byte_behind_an_empty_line);
    tcase_add_test(tests, no_bytes_change_nothing);
    tcase_add_test(tests, a_field_is_found_by_its_name_in_any_case);
    return check_run(tests);
}
