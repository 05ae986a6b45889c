/* What weir does where llhttp and the guard do not mean the same request. No release is known to do that: here stands one that lies. Only
 * parser/request.c sees llhttp, so it is compiled here, with the liar in llhttp's place. */
#include <llhttp.h>
#include <string.h>

#include "tests/check_support.h"

static struct {
    unsigned fields_hidden;            /* fields that are not told */
    unsigned fields_more;              /* times that the last one is told again */
    size_t name_moved;                 /* bytes by which the last name begins, ... */
    size_t name_longer;                /* ... and ends too late */
    size_t bytes_hidden;               /* by which the head, or what was read of a body, ends too early */
    bool head_hidden;                  /* the head is never said to be complete */
    uint16_t flags;
    uint64_t content_length;
    llhttp_errno_t error;              /* said in place of the truth */
    size_t content;                    /* bytes of the input of a body that are told to be content */
    bool complete;                     /* the message is said to be complete */
} lie;

static const llhttp_settings_t *listener(const llhttp_t *parser)
{
    return parser->settings;
}

static void liar_init(llhttp_t *parser, llhttp_type_t type, const llhttp_settings_t *settings)
{
    (void)type;
    memset(parser, 0, sizeof(*parser));
    parser->settings = (void *)settings;
}

static llhttp_errno_t liar_says(llhttp_t *parser, const char *end, llhttp_errno_t error)
{
    parser->error_pos = end - lie.bytes_hidden;
    parser->error = lie.error != HPE_OK ? (int32_t)lie.error : (int32_t)error;
    return (llhttp_errno_t)parser->error;
}

static int tell_name(llhttp_t *parser, const char *line, const char *end, bool last)
{
    size_t moved = last ? lie.name_moved : 0, longer = last ? lie.name_longer : 0;
    const char *colon = memchr(line, ':', (size_t)(end - line));
    return listener(parser)->on_header_field(parser, line + moved, (size_t)(colon - line) + longer - moved);
}

static llhttp_errno_t tell_head(llhttp_t *parser, const char *head, size_t len)
{
    const char *line = memchr(head, '\n', len);
    for (line++; *line != '\r'; line = (const char *)memchr(line, '\n', len) + 1) {
        const char *end = memchr(line, '\r', len);
        bool last = end[2] == '\r';
        for (unsigned i = last ? lie.fields_hidden : 0; i < (last ? 1 + lie.fields_more : 1); i++)
            if (tell_name(parser, line, end, last) != 0)
                return liar_says(parser, end, HPE_USER);
    }
    parser->flags = lie.flags;
    parser->content_length = lie.content_length;
    return liar_says(parser, head + len, lie.head_hidden ? HPE_OK : (llhttp_errno_t)listener(parser)->on_headers_complete(parser));
}

static llhttp_errno_t liar_execute(llhttp_t *parser, const char *bytes, size_t len)
{
    if (len > 3 && memcmp(bytes, "PUT", 3) == 0)
        return tell_head(parser, bytes, len);
    if (lie.content > 0)
        return liar_says(parser, bytes + lie.content, (llhttp_errno_t)listener(parser)->on_body(parser, bytes, lie.content));
    return liar_says(parser, bytes + len, lie.complete ? (llhttp_errno_t)listener(parser)->on_message_complete(parser) : HPE_OK);
}

static void liar_resume(llhttp_t *parser)
{
    parser->error = HPE_OK;
}

#define llhttp_init liar_init
#define llhttp_execute liar_execute
#define llhttp_resume liar_resume
#define llhttp_get_errno(parser) ((llhttp_errno_t)(parser)->error)
#define llhttp_get_error_pos(parser) ((parser)->error_pos)
#include "parser/request.c"

static const struct request_limits limits = { .line_max = 100, .head_max = 4000, .fields_max = 20, .body_max = 100 };
static const struct slice plain = TEXT("PUT / HTTP/1.1\r\nHost:a\r\nX:y\r\n\r\n");
static const struct slice long_3 = TEXT("PUT / HTTP/1.1\r\nHost:a\r\nContent-Length:3\r\n\r\n");
static const struct slice chunked = TEXT("PUT / HTTP/1.1\r\nHost:a\r\nTransfer-Encoding:chunked\r\n\r\n");

static struct request r;

static enum request_outcome parse(struct slice input)
{
    size_t taken = 0;
    return request_parse(&r, input, &taken);
}

static void accept_head(struct slice head)
{
    memset(&lie, 0, sizeof(lie));
    lie.content_length = head.ptr == long_3.ptr ? 3 : 0;
    lie.flags = head.ptr == chunked.ptr ? F_CHUNKED : 0;
    request_reset(&r, &limits);
    ck_assert_int_eq(parse(head), REQUEST_HEAD);
}

/* Refused, by a rule, and from then on. */
static void expect_refusal(struct slice input, unsigned rule)
{
    ck_assert_int_eq(parse(input), REQUEST_REFUSED);
    ck_assert_uint_eq(r.refusal.status, 400);
    ck_assert_uint_eq(r.refusal.rule, rule);
    ck_assert_int_eq(parse(SLICE("x")), REQUEST_REFUSED);
}

#define REFUSE_HEAD(head, number, ...) do { \
    accept_head(head); \
    __VA_ARGS__; \
    request_reset(&r, &limits); \
    expect_refusal(head, number); \
} while (0)

#define REFUSE_BODY(head, input, ...) do { \
    accept_head(head); \
    __VA_ARGS__; \
    expect_refusal(input, 0); \
} while (0)

START_TEST(a_head_that_llhttp_sees_otherwise_is_refused)
{
    REFUSE_HEAD(plain, 0, lie.head_hidden = true);
    REFUSE_HEAD(plain, 0, lie.bytes_hidden = 2);
    REFUSE_HEAD(plain, 0, lie.fields_hidden = 1);
    REFUSE_HEAD(plain, 0, lie.fields_more = 1);
    REFUSE_HEAD(plain, 0, lie.fields_more = REQUEST_FIELDS_CAP);
    REFUSE_HEAD(plain, 0, lie.name_moved = 1);
    REFUSE_HEAD(plain, 0, lie.name_moved = 1; lie.name_longer = 1);
    REFUSE_HEAD(plain, 0, lie.name_longer = 1);
    REFUSE_HEAD(plain, 0, lie.flags = F_CHUNKED);
    REFUSE_HEAD(plain, 0, lie.content_length = 1);
    REFUSE_HEAD(long_3, 0, lie.content_length = 4);
    REFUSE_HEAD(chunked, 0, lie.flags = 0);
    REFUSE_HEAD(plain, 0, lie.error = HPE_INTERNAL);
}
END_TEST

START_TEST(lengths_that_llhttp_lets_pass_are_refused_all_the_same)
{
    static const struct slice twice = TEXT("PUT / HTTP/1.1\r\nHost:a\r\nContent-Length:3\r\nContent-Length:3\r\n\r\n");
    static const struct slice both = TEXT("PUT / HTTP/1.1\r\nHost:a\r\nContent-Length:3\r\nTransfer-Encoding:chunked\r\n\r\n");
    static const struct slice signs = TEXT("PUT / HTTP/1.1\r\nHost:a\r\nContent-Length:+3\r\n\r\n");
    static const struct slice codings = TEXT("PUT / HTTP/1.1\r\nHost:a\r\nTransfer-Encoding:chunked\r\nTransfer-Encoding:chunked\r\n\r\n");
    static const struct { const struct slice *head; unsigned rule; } cases[] = { { &twice, 10 }, { &both, 10 }, { &signs, 10 }, { &codings, 9 } };
    memset(&lie, 0, sizeof(lie));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        request_reset(&r, &limits);
        expect_refusal(*cases[i].head, cases[i].rule);
    }
}
END_TEST

START_TEST(content_that_llhttp_sees_otherwise_is_refused)
{
    REFUSE_BODY(long_3, SLICE("abcd"), lie.content = 4);
    REFUSE_BODY(long_3, SLICE("ab"), lie.complete = true);
    REFUSE_BODY(long_3, SLICE("ab"), lie.error = HPE_INTERNAL);
    REFUSE_BODY(chunked, SLICE("5\r\nhello\r\n0\r\n\r\n"), lie.content = 5);
    REFUSE_BODY(chunked, SLICE("0\r\n\r\n"), lie.complete = false);
    REFUSE_BODY(chunked, SLICE("0\r\n\r"), lie.complete = true);
    REFUSE_BODY(chunked, SLICE("5\r\n"), lie.complete = true);
    REFUSE_BODY(chunked, SLICE("5;a"), lie.error = HPE_INVALID_CHUNK_SIZE);
}
END_TEST

START_TEST(llhttp_is_not_asked_where_no_content_follows)
{
    accept_head(plain);
    lie.content = 1;
    ck_assert_int_eq(parse(SLICE("a")), REQUEST_COMPLETE);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("request_distrust");
    tcase_add_test(tests, llhttp_is_not_asked_where_no_content_follows);
    tcase_add_test(tests, a_head_that_llhttp_sees_otherwise_is_refused);
    tcase_add_test(tests, lengths_that_llhttp_lets_pass_are_refused_all_the_same);
    tcase_add_test(tests, content_that_llhttp_sees_otherwise_is_refused);
    return check_run(tests);
}
