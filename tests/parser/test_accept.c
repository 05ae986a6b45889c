#include "parser/accept.h"

#include <stdio.h>
#include <string.h>

#include "tests/check_support.h"

enum { LINES_MAX = 3 };

/* ------------------------------------------------------------------ Accept-Encoding */

#define BR CODING_BIT(CODING_BR)
#define ZSTD CODING_BIT(CODING_ZSTD)
#define GZIP CODING_BIT(CODING_GZIP)
#define IDENTITY CODING_BIT(CODING_IDENTITY)
#define ALL (BR | ZSTD | GZIP | IDENTITY)

static const struct encoding_case {
    struct slice lines[LINES_MAX];     /* those with a pointer were there */
    unsigned available;
    enum coding choice;
} encoding_cases[] = {
    /* no field, and one that names nothing */
    { { { 0 } }, ALL, CODING_IDENTITY },
    { { TEXT("") }, ALL, CODING_IDENTITY },
    { { TEXT(" , ,\t,") }, ALL, CODING_IDENTITY },
    { { TEXT("compress, deflate") }, ALL, CODING_IDENTITY },

    /* what browsers send; the server's order decides among equals */
    { { TEXT("gzip, deflate, br, zstd") }, ALL, CODING_BR },
    { { TEXT("gzip, deflate, br, zstd") }, ZSTD | GZIP | IDENTITY, CODING_ZSTD },
    { { TEXT("gzip, deflate, br, zstd") }, GZIP | IDENTITY, CODING_GZIP },
    { { TEXT("gzip, deflate, br, zstd") }, IDENTITY, CODING_IDENTITY },
    { { TEXT("gzip, deflate, br, zstd") }, 0, CODING_IDENTITY },
    { { TEXT("gzip, deflate") }, ALL, CODING_GZIP },

    /* weights */
    { { TEXT("br;q=0.5, gzip;q=0.8") }, ALL, CODING_GZIP },
    { { TEXT("br;q=0.5, gzip;q=0.8") }, BR | IDENTITY, CODING_BR },
    { { TEXT("br;q=0.799, zstd;q=0.8, gzip;q=0.80") }, ALL, CODING_ZSTD },
    { { TEXT("br;q=0.001") }, ALL, CODING_BR },
    { { TEXT("br;q=0") }, ALL, CODING_IDENTITY },
    { { TEXT("br;q=0, gzip") }, ALL, CODING_GZIP },
    { { TEXT("br;q=0., gzip;q=1.") }, ALL, CODING_GZIP },
    { { TEXT("br;q=0.000, gzip;q=1.000") }, ALL, CODING_GZIP },
    { { TEXT("br;Q=0.2, gzip;Q=0.3") }, ALL, CODING_GZIP },
    { { TEXT("br ; q = 0.2 ,gzip\t;\tq\t=\t0.3") }, ALL, CODING_GZIP },
    { { TEXT("br;;q=0.2;,gzip; ;q=0.3") }, ALL, CODING_GZIP },

    /* names */
    { { TEXT("GZip") }, ALL, CODING_GZIP },
    { { TEXT("x-gzip") }, ALL, CODING_GZIP },
    { { TEXT("X-GZIP;q=0.5, br;q=0.4") }, ALL, CODING_GZIP },
    { { TEXT("gzipp, b, xgzip, g zip") }, ALL, CODING_IDENTITY },

    /* `*` is for what is not named */
    { { TEXT("*") }, ALL, CODING_BR },
    { { TEXT("*") }, IDENTITY, CODING_IDENTITY },
    { { TEXT("*;q=0") }, ALL, CODING_IDENTITY },
    { { TEXT("gzip, *;q=0") }, ALL, CODING_GZIP },
    { { TEXT("gzip, *;q=0") }, BR | ZSTD, CODING_IDENTITY },
    { { TEXT("*, br;q=0") }, ALL, CODING_ZSTD },
    { { TEXT("gzip;q=0.5, *;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("gzip;q=0.5, *") }, GZIP | IDENTITY, CODING_GZIP },

    /* identity: the last resort where it is not named, and where it is refused */
    { { TEXT("identity") }, ALL, CODING_IDENTITY },
    { { TEXT("identity;q=0") }, ALL, CODING_IDENTITY },
    { { TEXT("identity;q=0, *") }, ALL, CODING_BR },
    { { TEXT("identity;q=0, gzip;q=0.001") }, ALL, CODING_GZIP },
    { { TEXT("identity, gzip;q=0.5") }, ALL, CODING_IDENTITY },
    { { TEXT("identity, gzip;q=0.5") }, GZIP, CODING_IDENTITY },
    { { TEXT("identity;q=0.5, gzip") }, ALL, CODING_GZIP },
    { { TEXT("identity;q=0.5, gzip;q=0.5") }, ALL, CODING_GZIP },
    { { TEXT("Identity;q=0.6, *;q=0.5") }, ALL, CODING_IDENTITY },

    /* twice: the highest weight counts */
    { { TEXT("br;q=0.1, gzip;q=0.5, br;q=0.9") }, ALL, CODING_BR },
    { { TEXT("br;q=0.9, gzip;q=0.5, br;q=0.1") }, ALL, CODING_BR },
    { { TEXT("x-gzip;q=0, gzip") }, ALL, CODING_GZIP },

    /* several lines are one list */
    { { TEXT("gzip;q=0.5"), TEXT("br;q=0.4"), TEXT("zstd;q=0.6") }, ALL, CODING_ZSTD },
    { { TEXT(""), TEXT("gzip") }, ALL, CODING_GZIP },

    /* a malformed member alone is passed over */
    { { TEXT("br;q=2, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q=1.001, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q=0.0001, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q=1.0000, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q=.5, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q=01, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q=-1, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q=0.5x, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q=0,5, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q=, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q=\"1\", gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;q=1;q=1, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;level=9, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;charset=utf-8, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br;=1, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT(";q=1, gzip;q=0.1") }, ALL, CODING_GZIP },
    { { TEXT("br\";q=1, gzip;q=0.1") }, ALL, CODING_GZIP },
};

static void add_encodings(struct accept_encoding *a, const struct slice *lines)
{
    accept_encoding_init(a);
    for (size_t i = 0; i < LINES_MAX; i++)
        if (lines[i].ptr != NULL)
            accept_encoding_add(a, flush_copy(lines[i]));
}

START_TEST(the_coding_with_the_greatest_weight_is_sent)
{
    for (size_t i = 0; i < COUNT_OF(encoding_cases); i++) {
        const struct encoding_case *c = &encoding_cases[i];
        struct accept_encoding a;
        add_encodings(&a, c->lines);
        enum coding choice = accept_encoding_choose(&a, c->available);
        ck_assert_msg(choice == c->choice, "%zu %s of %x: %s", i, c->lines[0].ptr, c->available, coding_name(choice).ptr);
    }
}
END_TEST

/* The grammar, written out once more: a good text gives its thousandths, any other -1. */
static int expected_weight(const char *q, int len)
{
    int weight = q[0] == '1' ? 1000 : 0, unit = 100;
    bool valid = len <= 5 && (q[0] == '0' || q[0] == '1') && (len == 1 || q[1] == '.');
    for (int i = 2; i < len; i++, unit /= 10) {
        valid = valid && q[i] != '.' && (q[0] == '0' || q[i] == '0');
        weight += (q[i] - '0') * unit;
    }
    return valid ? weight : -1;
}

START_TEST(a_weight_is_zero_to_one_with_at_most_three_decimals)
{
    static const char bytes[] = "0159.";
    enum { BASE = sizeof(bytes) - 1, LEN_MAX = 6 };
    int good = 0;
    for (int len = 1, count = BASE; len <= LEN_MAX; len++, count *= BASE)
        for (int number = 0; number < count; number++) {
            char field[5 + LEN_MAX + 1] = "br;q=";
            for (int i = 0, rest = number; i < len; i++, rest /= BASE)
                field[5 + i] = bytes[rest % BASE];
            struct accept_encoding a;
            accept_encoding_init(&a);
            accept_encoding_add(&a, slice_of(field));
            int expected = expected_weight(field + 5, len);
            ck_assert_msg(a.weights[CODING_BR] == expected, "%s: %d, not %d", field, a.weights[CODING_BR], expected);
            good += expected >= 0;
        }
    ck_assert_int_eq(good, 2 * (1 + 1) + (4 + 1) + (16 + 1) + (64 + 1));
}
END_TEST

START_TEST(codings_have_the_names_of_the_field)
{
    static const char *const names[CODING_COUNT] = { "br", "zstd", "gzip", "identity" };
    for (unsigned i = 0; i < CODING_COUNT; i++)
        ck_assert(slice_equals(coding_name((enum coding)i), slice_of(names[i])));
}
END_TEST

/* ------------------------------------------------------------------ Accept */

enum { HTML, JSON, PLAIN };

static const struct slice types[] = { TEXT("text/html"), TEXT("application/json"), TEXT("text/plain") };

static const struct accept_case {
    struct slice lines[LINES_MAX];
    size_t choice;
} accept_cases[] = {
    { { { 0 } }, HTML },
    { { TEXT("") }, HTML },
    { { TEXT(", ,") }, HTML },
    { { TEXT("image/png") }, HTML },

    /* what browsers, curl, fetch() and old Java send */
    { { TEXT("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7") }, HTML },
    { { TEXT("*/*") }, HTML },
    { { TEXT("application/json, text/plain, */*") }, JSON },
    { { TEXT("text/plain, */*") }, PLAIN },
    { { TEXT("application/*, */*") }, JSON },
    { { TEXT("text/*, application/json") }, JSON },
    { { TEXT("text/plain;q=0.5, */*;q=0.6") }, HTML },
    { { TEXT("image/gif, text/plain, *; q=.2, */*; q=.2") }, PLAIN },

    { { TEXT("application/json") }, JSON },
    { { TEXT("text/plain") }, PLAIN },
    { { TEXT("Application/JSON") }, JSON },
    { { TEXT("text/plain, application/json") }, JSON },
    { { TEXT("text/plain, application/json;q=0.9") }, PLAIN },
    { { TEXT("text/plain;q=0.001") }, PLAIN },
    { { TEXT("text/plain ; q = 0.5 ,\tapplication/json\t;\tq=0.6") }, JSON },
    { { TEXT("text/plain;;q=0.5;, application/json; ;q=0.6") }, JSON },

    /* the most specific member counts */
    { { TEXT("text/*;q=0.5, */*;q=0.6") }, JSON },
    { { TEXT("*/*;q=0.6, text/*;q=0.5") }, JSON },
    { { TEXT("text/*, text/html;q=0.5") }, PLAIN },
    { { TEXT("text/html;q=0.5, text/*") }, PLAIN },
    { { TEXT("*/*, text/*;q=0.2, text/plain;q=0.3, application/json;q=0.1") }, PLAIN },
    { { TEXT("TEXT/*") }, HTML },
    { { TEXT("application/*") }, JSON },

    /* a weight of zero forbids */
    { { TEXT("text/html;q=0, */*") }, JSON },
    { { TEXT("text/*;q=0, */*;q=0.1") }, JSON },
    { { TEXT("text/html;q=0, application/json;q=0, text/*") }, PLAIN },
    { { TEXT("text/html;q=0, application/json;q=0.0") }, HTML },
    { { TEXT("*/*;q=0") }, HTML },

    /* twice: the highest weight counts */
    { { TEXT("application/json;q=0.1, text/plain;q=0.5, application/json") }, JSON },
    { { TEXT("application/json, text/plain;q=0.5, application/json;q=0.1") }, JSON },

    /* several lines are one list */
    { { TEXT("text/html;q=0.1"), TEXT("*/*;q=0"), TEXT("text/plain;q=0.2") }, PLAIN },

    /* parameters: charset=utf-8 is what we have, others are not */
    { { TEXT("application/json;charset=utf-8") }, JSON },
    { { TEXT("application/json; Charset=\"UTF-8\"; q=0.5, text/html;q=0.4") }, JSON },
    { { TEXT("text/*;q=0.5;charset=utf-8, text/html;q=0.4") }, PLAIN },
    { { TEXT("application/json;charset=latin1, text/plain;q=0.1") }, PLAIN },
    { { TEXT("application/json;charset, text/plain;q=0.1") }, PLAIN },
    { { TEXT("application/json;odata=verbose, text/plain;q=0.1") }, PLAIN },
    { { TEXT("application/json;q=1;ext=1, text/plain;q=0.1") }, PLAIN },

    /* a comma, a semicolon and a quote in a quoted string are text */
    { { TEXT("text/plain;a=\"b, application/json\", text/html;q=0.1") }, HTML },
    { { TEXT("text/plain;a=\"b\\\", application/json\", text/html;q=0.1") }, HTML },
    { { TEXT("text/plain;a=\";charset=utf-8;\", application/json") }, JSON },
    { { TEXT("text/plain;a=\"\\\\\", application/json") }, JSON },

    /* one that does not end takes its line with it, and no other */
    { { TEXT("text/plain;q=0.1, a/b;a=\"b, application/json"), TEXT("text/html;q=0.2") }, HTML },
    { { TEXT("text/plain;q=0.1, a/b;a=\"b, application/json\\") }, PLAIN },

    /* a malformed member alone is passed over */
    { { TEXT("application/json;q=2, text/plain;q=0.1") }, PLAIN },
    { { TEXT("application/json;q=0.5;q=0.5, text/plain;q=0.1") }, PLAIN },
    { { TEXT("application/json;q=\"1\", text/plain;q=0.1") }, PLAIN },
    { { TEXT("application/*json, application/, /json, /*, json, *, **, */json, text/plain;q=0.1") }, PLAIN },
    { { TEXT("application/json/, application/json/*, applicatio/*, application*, text/plain;q=0.1") }, PLAIN },
    { { TEXT("t/*, application/json;q=0.1") }, JSON },
};

static void add_types(struct accept *a, const struct slice *lines)
{
    accept_init(a, types, COUNT_OF(types));
    for (size_t i = 0; i < LINES_MAX; i++)
        if (lines[i].ptr != NULL)
            accept_add(a, flush_copy(lines[i]));
}

START_TEST(the_type_with_the_greatest_weight_is_sent)
{
    for (size_t i = 0; i < COUNT_OF(accept_cases); i++) {
        const struct accept_case *c = &accept_cases[i];
        struct accept a;
        add_types(&a, c->lines);
        size_t choice = accept_choose(&a);
        ck_assert_msg(choice == c->choice, "%zu %s: %zu", i, c->lines[0].ptr, choice);
    }
}
END_TEST

START_TEST(the_most_types_fit_and_the_last_one_can_be_the_best)
{
    static const struct slice many[ACCEPT_TYPES_MAX] = {
        TEXT("a/a"), TEXT("a/b"), TEXT("a/c"), TEXT("a/d"), TEXT("a/e"), TEXT("a/f"), TEXT("a/g"), TEXT("b/h"),
    };
    struct accept a;
    accept_init(&a, many, COUNT_OF(many));
    accept_add(&a, SLICE("a/*;q=0.9, b/*"));
    ck_assert_uint_eq(accept_choose(&a), ACCEPT_TYPES_MAX - 1);
    accept_init(&a, many, 0);
    accept_add(&a, SLICE("*/*"));
    ck_assert_uint_eq(accept_choose(&a), 0);
}
END_TEST

/* ------------------------------------------------------------------ lines */

START_TEST(lines_say_what_their_joined_line_says)
{
    for (size_t i = 1; i < COUNT_OF(encoding_cases); i++)      /* the first has no line */
        for (size_t j = 1; j < COUNT_OF(encoding_cases); j++) {
            struct slice lines[LINES_MAX] = { encoding_cases[i].lines[0], encoding_cases[j].lines[0] };
            char text[512];
            struct accept_encoding apart, joined;
            int len = snprintf(text, sizeof(text), "%.*s,%.*s", (int)lines[0].len, lines[0].ptr, (int)lines[1].len, lines[1].ptr);
            add_encodings(&apart, lines);
            accept_encoding_init(&joined);
            accept_encoding_add(&joined, (struct slice){ text, (size_t)len });
            ck_assert_msg(memcmp(apart.weights, joined.weights, sizeof(apart.weights)) == 0 && apart.others == joined.others, "%s", text);
        }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("accept");
    tcase_add_test(tests, the_coding_with_the_greatest_weight_is_sent);
    tcase_add_test(tests, a_weight_is_zero_to_one_with_at_most_three_decimals);
    tcase_add_test(tests, codings_have_the_names_of_the_field);
    tcase_add_test(tests, the_type_with_the_greatest_weight_is_sent);
    tcase_add_test(tests, the_most_types_fit_and_the_last_one_can_be_the_best);
    tcase_add_test(tests, lines_say_what_their_joined_line_says);
    return check_run(tests);
}
