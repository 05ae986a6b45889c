#include "parser/framing.h"

#include <string.h>

#include "parser/request.h"
#include "tests/check_support.h"

static struct request_limits limits = { .line_max = 100, .head_max = 400, .fields_max = 10, .body_max = 1000 };

static struct request r;

static void say(enum framing_verdict verdict, size_t end, struct transcript *said)
{
    if (verdict == FRAMING_REFUSED)
        transcript_add(said, "%u G%u", r.refusal.status, r.refusal.rule);
    else
        transcript_add(said, verdict == FRAMING_END ? "end at %zu" : "more", end);
}

/* What the guard took a head apart into. */
static void say_parts(const char *head, struct transcript *said)
{
    transcript_add(said, ", %d ", r.method);
    transcript_add_bytes(said, request_text(head, r.method_name));
    transcript_add(said, " ");
    transcript_add_bytes(said, request_text(head, r.raw_target));
    transcript_add(said, " 1.%d", r.minor_version);
    for (unsigned i = 0; i < r.field_count; i++) {
        transcript_add(said, ", ");
        transcript_add_bytes(said, request_text(head, r.fields[i].name));
        transcript_add(said, "=");
        transcript_add_bytes(said, request_text(head, r.fields[i].value));
    }
}

/* Feed functions: a head, and the framing bytes of a chunked body, which need not lie in one piece. */
static void feed_head(struct slice input, const size_t *counts, size_t count, void *context, struct transcript *said)
{
    enum framing_verdict verdict = FRAMING_MORE;
    request_reset(&r, context);
    for (size_t i = 0; i < count && verdict == FRAMING_MORE; i++) {
        verdict = framing_check_head(&r, flush_copy((struct slice){ input.ptr, counts[i] }));
        if (verdict == FRAMING_MORE)
            ck_assert_uint_eq(r.framing.head_taken, counts[i]);
    }
    say(verdict, r.framing.head_taken, said);
    if (verdict == FRAMING_END)
        say_parts(input.ptr, said);
}

static void feed_chunked(struct slice input, const size_t *counts, size_t count, void *context, struct transcript *said)
{
    enum framing_verdict verdict = FRAMING_MORE;
    size_t at = 0;
    request_reset(&r, context);
    ck_assert_int_eq(framing_check_head(&r, SLICE("PUT / HTTP/1.1\r\nHost: a\r\n\r\n")), FRAMING_END);
    for (size_t i = 0; i < count && verdict != FRAMING_REFUSED; i++) {
        verdict = framing_check_chunked(&r, flush_copy((struct slice){ input.ptr + at, counts[i] - at }));
        at = counts[i];
    }
    say(verdict, r.framing.content_announced, said);
}

static const struct framing_case {
    struct slice input;
    const char *expected;
} head_cases[] = {
    { TEXT(""), "more" },
    { TEXT("GET / HTTP/1.0\r\n\r\n"), "end at 18, 0 GET / 1.0" },
    { TEXT("\r\nHEAD /a HTTP/1.1\r\nA:\r\nB: c\r\n\r\n"), "end at 32, 1 HEAD /a 1.1, A=, B=c" },
    { TEXT("PUT / HTTP/1.1\r\nA: b\r\n\r\nmore that is not looked at \n\r\0"), "end at 24, 3 PUT / 1.1, A=b" },
    { TEXT("GET / HTTP/1.1\r\nA: \t \r\nB:\t b \tc\t \r\nC:\r\n\r\n"), "end at 41, 0 GET / 1.1, A=, B=b \tc, C=" },
    { TEXT("GET / HTTP/1.1\r\n: x"), "400 G2" },
    { TEXT("GET / HTTP/1.1\r\nA"), "more" },
    { TEXT("GET / HTTP/1.1\r\nA:b\r"), "more" },
    { TEXT("GET / HTTP/1.1\r\nA:b\rx"), "400 G1" },
    { TEXT("GET / HTTP/1.1\r\n\r"), "more" },
    { TEXT("GET / HTTP/1.1\r\n\rx"), "400 G1" },
    { TEXT("GET / HTTP/1.1\r\n\n"), "400 G1" },
    { TEXT("GET / HTTP/1.1\rx"), "400 G1" },
    { TEXT("GET / HTTP/1.1xx"), "400 G3" },
    { TEXT("GET / HTTP/1.2\r\n\r\n"), "505 G3" },
    { TEXT("GET / HTTP/2.1\r\n\r\n"), "505 G3" },
    { TEXT("GET  HTTP/1.1\r\n\r\n"), "400 G6" },
    { TEXT("GET\x01/ HTTP/1.1\r\n\r\n"), "400 G13" },
    { TEXT(" / HTTP/1.1\r\n\r\n"), "400 G13" },
    { TEXT("BREW / HTTP/1.1\r\n\r\n"), "501 G13" },
};

static const struct framing_case chunked_cases[] = {
    { TEXT(""), "more" },
    { TEXT("0\r\n\r\n"), "end at 0" },
    { TEXT("5\r\n\r\n1;a=b\r\n\r\n0\r\nT: u\r\n\r\n"), "end at 6" },
    { TEXT("3e8\r\n\r\n0\r\n\r\n"), "end at 1000" },
    { TEXT("3e9\r\n"), "413 G12" },
    { TEXT("5\r\nx"), "400 G1" },                     /* no content is given here: what follows must be the chunk's line end */
    { TEXT("5\r\n\rx"), "400 G1" },
    { TEXT("0\r\n\r\n\r"), "400 G1" },                /* nothing follows the end */
    { TEXT("0\r\n\r\n0"), "400 G1" },
    { TEXT("0\r\nHost: a"), "400 G4" },
    { TEXT("x"), "400 G5" },
};

static void check_cases(const struct framing_case *cases, size_t count, feed_function *feed)
{
    static struct transcript said;
    for (size_t i = 0; i < count; i++) {
        check_cuttings(cases[i].input, feed, &limits, &said);
        ck_assert_msg(strcmp(said.text, cases[i].expected) == 0, "%s: %s, not %s", cases[i].input.ptr, said.text, cases[i].expected);
    }
}

START_TEST(a_head_is_checked_up_to_its_end_and_no_further)
{
    check_cases(head_cases, COUNT_OF(head_cases), feed_head);
}
END_TEST

START_TEST(what_stands_between_the_content_of_chunks_is_checked)
{
    check_cases(chunked_cases, COUNT_OF(chunked_cases), feed_chunked);
}
END_TEST

/* Whole lines take the fast lane, single bytes the table: a limit must fall on the same byte on both. */
START_TEST(every_limit_falls_on_the_same_byte_however_the_input_is_cut)
{
    static struct transcript said;
    struct slice input = SLICE("\r\nGET /abc HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n");
    for (uint32_t line = 1; line < 24; line++)
        for (uint32_t head = 1; head <= input.len + 1; head++)
            for (uint32_t fields = 0; fields < 5; fields++) {
                struct request_limits small = { .line_max = line, .head_max = head, .fields_max = fields, .body_max = 0 };
                check_bytewise(input, feed_head, &small, &said);
                bool fits = line >= 17 && head >= input.len && fields >= 3;
                ck_assert_msg((strncmp(said.text, "end", 3) == 0) == fits, "%u, %u, %u: %s", line, head, fields, said.text);
            }
}
END_TEST

START_TEST(a_message_has_begun_with_its_first_byte_that_is_no_empty_line)
{
    static const char bytes[] = "\r\nGET / HTTP/1.1\r\n\r\n";
    request_reset(&r, &limits);
    ck_assert(!framing_has_begun(&r.framing));
    for (size_t len = 1; len < sizeof(bytes); len++) {
        enum framing_verdict verdict = framing_check_head(&r, (struct slice){ bytes, len });
        ck_assert_int_eq(verdict, len == sizeof(bytes) - 1 ? FRAMING_END : FRAMING_MORE);
        ck_assert_int_eq(framing_has_begun(&r.framing), len > 2);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("framing");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_head_is_checked_up_to_its_end_and_no_further);
    tcase_add_test(tests, what_stands_between_the_content_of_chunks_is_checked);
    tcase_add_test(tests, every_limit_falls_on_the_same_byte_however_the_input_is_cut);
    tcase_add_test(tests, a_message_has_begun_with_its_first_byte_that_is_no_empty_line);
    return check_run(tests);
}
