#include "parser/conditional.h"

#include <stdio.h>
#include <string.h>

#include "tests/check_support.h"

#define EARLIER "Sun, 06 Nov 1994 08:49:36 GMT"
#define THEN "Sun, 06 Nov 1994 08:49:37 GMT"
#define THEN_RFC850 "Sunday, 06-Nov-94 08:49:37 GMT"
#define THEN_ASCTIME "Sun Nov  6 08:49:37 1994"
#define LATER "Sun, 06 Nov 1994 08:49:38 GMT"
#define NOW "Fri, 15 Jan 2027 08:00:00 GMT"
#define AHEAD "Fri, 15 Jan 2027 08:00:01 GMT"

static const int64_t now = 1800000000;

static const struct validators strong = { TEXT("\"x\""), 784111777, true, true };
static const struct validators weak = { TEXT("W/\"x\""), 784111777, true, false };
static const struct validators tag_alone = { TEXT("\"x\""), 784111777, false, false };
static const struct validators date_alone = { { NULL, 0 }, 784111777, true, true };
static const struct validators nothing = { { NULL, 0 }, 0, false, false };

enum { FIELDS_MAX = 4 };

struct field {
    struct slice name, value;
};

/* What a representation is, what was asked, and what comes of it; `range` empty: there is none to be looked at. */
struct conditional_case {
    const struct validators *own;
    enum conditional_verdict verdict;
    struct slice range;
    struct field fields[FIELDS_MAX];
};

#define SEND CONDITIONAL_PROCEED
#define SAME CONDITIONAL_NOT_MODIFIED
#define FAIL CONDITIONAL_FAILED
#define NO_RANGE { NULL, 0 }

#define RANGE(v) { TEXT("Range"), TEXT(v) }
#define IF_RANGE(v) { TEXT("If-Range"), TEXT(v) }
#define MATCH(v) { TEXT("If-Match"), TEXT(v) }
#define NONE_MATCH(v) { TEXT("If-None-Match"), TEXT(v) }
#define SINCE(v) { TEXT("If-Modified-Since"), TEXT(v) }
#define NOT_SINCE(v) { TEXT("If-Unmodified-Since"), TEXT(v) }

static void check_verdict(const struct conditional_case *c, size_t number, const struct conditional *said)
{
    struct slice range = { "untouched", 9 };
    enum conditional_verdict verdict = conditional_verdict(said);
    bool has_range = conditional_range(said, &range);
    ck_assert_msg(verdict == c->verdict, "%zu: %s: %s: verdict %d", number, c->fields[0].name.ptr, c->fields[0].value.ptr, (int)verdict);
    ck_assert_msg(has_range == (c->range.len > 0), "%zu: %s: range", number, c->fields[0].value.ptr);
    ck_assert_msg(slice_equals(range, has_range ? c->range : SLICE("untouched")), "%zu: %s: range", number, c->fields[0].value.ptr);
}

/* The fields in their order, and backwards: none of these depends on it. */
static void check_case(const struct conditional_case *c, size_t number)
{
    for (int backwards = 0; backwards < 2; backwards++) {
        struct conditional said;
        char borrowed[FIELDS_MAX][128];                        /* ranges and dates must outlive the next field */
        conditional_init(&said, c->own, now);
        for (size_t i = 0; i < FIELDS_MAX; i++) {
            const struct field *f = &c->fields[backwards ? FIELDS_MAX - 1 - i : i];
            bool is_tags = f->name.len == sizeof("If-Match") - 1 || f->name.len == sizeof("If-None-Match") - 1;    /* and If-Range */
            if (!is_tags && f->value.len > 0) {
                ck_assert_uint_le(f->value.len, sizeof(borrowed[i]));
                memcpy(borrowed[i], f->value.ptr, f->value.len);
            }
            conditional_field(&said, f->name, is_tags ? flush_copy(f->value) : (struct slice){ borrowed[i], f->value.len });
        }
        check_verdict(c, number, &said);
    }
}

static void check_cases(const struct conditional_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_case(&cases[i], i);
}

/* ------------------------------------------------------------------ entity tags */

/* A field value; what becomes of it as If-Match and as If-None-Match, where the tag of the representation is "x", and W/"x". */
static const struct tags_case {
    struct slice value;
    bool strong, weak;                 /* does it match, compared in that way, where the tag is strong; where it is weak none matches strongly */
} tags_cases[] = {
    { TEXT("\"x\""), true, true },
    { TEXT("W/\"x\""), false, true },
    { TEXT("\"X\""), false, false },
    { TEXT("\"\""), false, false },
    { TEXT("\"xx\""), false, false },
    { TEXT("\"y\""), false, false },
    { TEXT("\"y\", \"x\""), true, true },
    { TEXT("\"x\",\"y\""), true, true },
    { TEXT("\"y\",W/\"x\""), false, true },
    { TEXT("W/\"x\", \"x\""), true, true },
    { TEXT("W/\"y\",\t W/\"z\" ,\"w\""), false, false },
    /* empty members and blanks, RFC 9110 §5.6.1 */
    { TEXT(", ,,\t\"y\" , , \"x\" ,"), true, true },
    { TEXT(",\"x\""), true, true },
    { TEXT("\"x\","), true, true },
    { TEXT(" \"x\"\t"), true, true },
    { TEXT(""), false, false },
    { TEXT(","), false, false },
    { TEXT(" \t,, "), false, false },
    /* a comma in quotes is part of the tag, and a backslash is no escape */
    { TEXT("\"a,\"x\",\""), false, false },
    { TEXT("\"y,z\",\"x\""), true, true },
    { TEXT("\",\",\"x\""), true, true },
    { TEXT("\"x,\",\"y\""), false, false },
    { TEXT("\"\\\",\"x\""), true, true },
    { TEXT("\"\\\"x\""), false, false },
    { TEXT("\"*\",\"x\""), true, true },
    { TEXT("\"\xff\x80\",\"x\""), true, true },
    { TEXT("\"!#~\",\"x\""), true, true },
    /* blanks, which RFC 2616 allowed: not ours, but no fault */
    { TEXT("\"y z\",\"x\""), true, true },
    { TEXT("\"y, \tz\" ,\"x\""), true, true },
    { TEXT("\" x\""), false, false },
    { TEXT("\"x \""), false, false },
    /* what stands behind a fault does not count, what stands before it does */
    { TEXT("x"), false, false },
    { TEXT("\""), false, false },
    { TEXT("\"x"), false, false },
    { TEXT("x\""), false, false },
    { TEXT("'x'"), false, false },
    { TEXT("w/\"x\""), false, false },
    { TEXT("W/x"), false, false },
    { TEXT("W/"), false, false },
    { TEXT("W"), false, false },
    { TEXT("W/ \"x\""), false, false },
    { TEXT("W/W/\"x\""), false, false },
    { TEXT("\"x\"y"), false, false },
    { TEXT("\"x\"\"x\""), false, false },
    { TEXT("\"x\" \"x\""), false, false },
    { TEXT("\"x\";\"x\""), false, false },
    { TEXT("y,\"x\""), false, false },
    { TEXT("\"x\",y"), true, true },
    { TEXT("\"x\",\""), true, true },
    { TEXT("\"y\x7f\",\"x\""), false, false },
    { TEXT("\"y\0\",\"x\""), false, false },
    { TEXT("\"y\"\0,\"x\""), false, false },
    { TEXT("\"x\"\0"), false, false },
    /* "*" has no place in a list */
    { TEXT("*, \"x\""), false, false },
    { TEXT("\"x\", *"), true, true },
    { TEXT("\"y\", *"), false, false },
    { TEXT("*,"), false, false },
    { TEXT("**"), false, false },
    { TEXT("\"*\""), false, false },
};

static struct conditional_case tags_case(const struct validators *own, struct slice name, struct slice value, enum conditional_verdict verdict)
{
    return (struct conditional_case){ .own = own, .verdict = verdict, .fields = { { name, value } } };
}

START_TEST(if_match_compares_strongly_and_if_none_match_weakly)
{
    for (size_t i = 0; i < COUNT_OF(tags_cases); i++) {
        const struct tags_case *t = &tags_cases[i];
        struct conditional_case cases[] = {
            tags_case(&strong, SLICE("If-Match"), t->value, t->strong ? SEND : FAIL),
            tags_case(&strong, SLICE("If-None-Match"), t->value, t->weak ? SAME : SEND),
            tags_case(&weak, SLICE("If-Match"), t->value, FAIL),
            tags_case(&weak, SLICE("If-None-Match"), t->value, t->weak ? SAME : SEND),
            tags_case(&date_alone, SLICE("If-Match"), t->value, FAIL),
            tags_case(&date_alone, SLICE("If-None-Match"), t->value, SEND),
        };
        for (size_t k = 0; k < COUNT_OF(cases); k++)
            check_case(&cases[k], i);
    }
}
END_TEST

static const struct conditional_case star_cases[] = {
    { &strong, SEND, NO_RANGE, { MATCH("*") } }, { &strong, SAME, NO_RANGE, { NONE_MATCH("*") } },
    { &weak, SEND, NO_RANGE, { MATCH(" * ") } }, { &weak, SAME, NO_RANGE, { NONE_MATCH("\t*") } },
    { &nothing, SEND, NO_RANGE, { MATCH("*") } }, { &nothing, SAME, NO_RANGE, { NONE_MATCH("*") } },
};

START_TEST(a_star_is_any_representation_with_or_without_a_tag)
{
    check_cases(star_cases, COUNT_OF(star_cases));
}
END_TEST

static const struct conditional_case lines_cases[] = {
    { &strong, SEND, NO_RANGE, { MATCH("\"y\""), MATCH("\"x\"") } },
    { &strong, SEND, NO_RANGE, { MATCH("\"y\", \"z\""), MATCH("\"x\""), MATCH("\"w\"") } },
    { &strong, FAIL, NO_RANGE, { MATCH("\"y\""), MATCH("\"z\"") } },
    { &strong, SAME, NO_RANGE, { NONE_MATCH("\"y\""), NONE_MATCH("W/\"x\"") } },
    { &strong, SEND, NO_RANGE, { NONE_MATCH("\"y\""), NONE_MATCH("\"z\"") } },
    { &strong, SEND, NO_RANGE, { MATCH("\"x\""), MATCH("") } },
    /* a fault ends its own line */
    { &strong, SEND, NO_RANGE, { MATCH("y, \"z\""), MATCH("\"x\"") } },
    { &strong, SAME, NO_RANGE, { NONE_MATCH("\"y"), NONE_MATCH("\"x\"") } },
    /* "*" is not alone, so it is nothing */
    { &strong, FAIL, NO_RANGE, { MATCH("*"), MATCH("\"y\"") } },
    { &strong, SEND, NO_RANGE, { MATCH("*"), MATCH("\"x\"") } },
    { &strong, FAIL, NO_RANGE, { MATCH("*"), MATCH("*") } },
    { &strong, FAIL, NO_RANGE, { MATCH("*"), MATCH("*"), MATCH("*") } },
    { &strong, FAIL, NO_RANGE, { MATCH("*"), MATCH("") } },
    { &strong, SEND, NO_RANGE, { NONE_MATCH("*"), NONE_MATCH("\"y\"") } },
    { &strong, SAME, NO_RANGE, { NONE_MATCH("*"), NONE_MATCH("\"x\"") } },
    { &strong, SEND, NO_RANGE, { NONE_MATCH("*"), NONE_MATCH("*") } },
};

START_TEST(several_lines_are_one_list_in_which_a_star_has_no_place)
{
    check_cases(lines_cases, COUNT_OF(lines_cases));
}
END_TEST

/* ------------------------------------------------------------------ dates */

static const struct conditional_case date_cases[] = {
    { &strong, SEND, NO_RANGE, { SINCE(EARLIER) } }, { &strong, SAME, NO_RANGE, { SINCE(THEN) } },
    { &strong, SAME, NO_RANGE, { SINCE(LATER) } },
    { &weak, SAME, NO_RANGE, { SINCE(THEN) } },
    { &strong, SAME, NO_RANGE, { SINCE(THEN_RFC850) } }, { &strong, SAME, NO_RANGE, { SINCE(THEN_ASCTIME) } },
    { &strong, SAME, NO_RANGE, { SINCE("\t" THEN " ") } },
    { &strong, FAIL, NO_RANGE, { NOT_SINCE(EARLIER) } }, { &strong, SEND, NO_RANGE, { NOT_SINCE(THEN) } },
    { &strong, SEND, NO_RANGE, { NOT_SINCE(LATER) } },
    { &weak, FAIL, NO_RANGE, { NOT_SINCE(EARLIER) } },
    { &strong, SEND, NO_RANGE, { NOT_SINCE(THEN_RFC850) } }, { &strong, FAIL, NO_RANGE, { NOT_SINCE("Sat Nov  5 08:49:37 1994") } },
    { &strong, FAIL, NO_RANGE, { NOT_SINCE("Saturday, 05-Nov-94 08:49:37 GMT") } },
    { &strong, SAME, NO_RANGE, { NOT_SINCE(THEN), SINCE(THEN) } }, { &strong, FAIL, NO_RANGE, { NOT_SINCE(EARLIER), SINCE(LATER) } },
};

START_TEST(dates_count_to_the_second_in_all_their_forms)
{
    check_cases(date_cases, COUNT_OF(date_cases));
}
END_TEST

static const struct conditional_case invalid_date_cases[] = {
    { &strong, SEND, NO_RANGE, { SINCE("") } }, { &strong, SEND, NO_RANGE, { SINCE("yesterday") } },
    { &strong, SEND, NO_RANGE, { SINCE("784111777") } },
    { &strong, SEND, NO_RANGE, { SINCE("Mon, 06 Nov 1994 08:49:37 GMT") } }, { &strong, SEND, NO_RANGE, { SINCE(THEN "; length=5") } },
    { &strong, SEND, NO_RANGE, { SINCE(THEN ", " THEN) } }, { &strong, SEND, NO_RANGE, { SINCE("\"" THEN "\"") } },
    { &strong, SEND, NO_RANGE, { NOT_SINCE("") } }, { &strong, SEND, NO_RANGE, { NOT_SINCE("yesterday") } },
    { &strong, SEND, NO_RANGE, { NOT_SINCE("Mon, 06 Nov 1993 08:49:37 GMT") } },
    { &strong, SEND, NO_RANGE, { NOT_SINCE(EARLIER ", " EARLIER) } },
    /* no more than one member */
    { &strong, SEND, NO_RANGE, { SINCE(THEN), SINCE(THEN) } }, { &strong, SEND, NO_RANGE, { SINCE(THEN), SINCE("yesterday") } },
    { &strong, SEND, NO_RANGE, { SINCE(THEN), SINCE(THEN), SINCE(THEN) } },
    { &strong, SEND, NO_RANGE, { NOT_SINCE(EARLIER), NOT_SINCE(EARLIER) } },
    { &strong, SEND, NO_RANGE, { NOT_SINCE(EARLIER), NOT_SINCE("") } },
    { &strong, SEND, NO_RANGE, { NOT_SINCE(EARLIER), NOT_SINCE(EARLIER), NOT_SINCE(EARLIER) } },
    /* one that is ignored leaves the other alone */
    { &strong, SAME, NO_RANGE, { NOT_SINCE("yesterday"), SINCE(THEN) } },
    { &strong, FAIL, NO_RANGE, { NOT_SINCE(EARLIER), SINCE("yesterday") } },
};

START_TEST(what_is_no_date_or_two_of_them_is_ignored)
{
    check_cases(invalid_date_cases, COUNT_OF(invalid_date_cases));
}
END_TEST

static const struct conditional_case ahead_cases[] = {
    { &strong, SAME, NO_RANGE, { SINCE(NOW) } }, { &strong, SEND, NO_RANGE, { SINCE(AHEAD) } },
    { &strong, SEND, NO_RANGE, { SINCE("Fri, 31 Dec 9999 23:59:59 GMT") } },
    { &strong, SEND, NO_RANGE, { NOT_SINCE(NOW) } }, { &strong, SEND, NO_RANGE, { NOT_SINCE(AHEAD) } },
};

START_TEST(a_date_that_lies_ahead_proves_nothing)
{
    check_cases(ahead_cases, COUNT_OF(ahead_cases));
}
END_TEST

static const struct conditional_case no_date_cases[] = {
    { &tag_alone, SEND, NO_RANGE, { SINCE(THEN) } }, { &tag_alone, SEND, NO_RANGE, { SINCE(LATER) } },
    { &tag_alone, SEND, NO_RANGE, { NOT_SINCE(EARLIER) } }, { &nothing, SEND, NO_RANGE, { NOT_SINCE("Wed, 31 Dec 1969 23:59:59 GMT") } },
};

START_TEST(where_there_is_no_date_of_modification_dates_are_ignored)
{
    check_cases(no_date_cases, COUNT_OF(no_date_cases));
}
END_TEST

/* ------------------------------------------------------------------ the order of RFC 9110 §13.2.2 */

static const struct conditional_case order_cases[] = {
    /* If-Match wins over If-Unmodified-Since, either way */
    { &strong, SEND, NO_RANGE, { MATCH("\"x\""), NOT_SINCE(EARLIER) } }, { &strong, FAIL, NO_RANGE, { MATCH("\"y\""), NOT_SINCE(LATER) } },
    { &strong, SEND, NO_RANGE, { MATCH("*"), NOT_SINCE(EARLIER) } }, { &strong, FAIL, NO_RANGE, { MATCH("y"), NOT_SINCE(LATER) } },
    { &strong, FAIL, NO_RANGE, { MATCH(""), NOT_SINCE(LATER) } },
    /* If-None-Match over If-Modified-Since */
    { &strong, SEND, NO_RANGE, { NONE_MATCH("\"y\""), SINCE(LATER) } },
    { &strong, SAME, NO_RANGE, { NONE_MATCH("\"x\""), SINCE(EARLIER) } },
    { &strong, SAME, NO_RANGE, { NONE_MATCH("*"), SINCE(EARLIER) } }, { &strong, SEND, NO_RANGE, { NONE_MATCH("y"), SINCE(LATER) } },
    { &strong, SEND, NO_RANGE, { NONE_MATCH(""), SINCE(LATER) } }, { &strong, SAME, NO_RANGE, { NONE_MATCH("\"x\""), SINCE("yesterday") } },
    { &date_alone, SEND, NO_RANGE, { NONE_MATCH("\"x\""), SINCE(LATER) } },
    { &strong, SEND, NO_RANGE, { SINCE(LATER), NONE_MATCH("\"y\""), SINCE(LATER) } },
    { &strong, SAME, NO_RANGE, { SINCE(EARLIER), NONE_MATCH("\"x\""), SINCE(EARLIER) } },
    /* the first pair before the second */
    { &strong, FAIL, NO_RANGE, { MATCH("\"y\""), NONE_MATCH("\"x\"") } },
    { &strong, SAME, NO_RANGE, { MATCH("\"x\""), NONE_MATCH("\"x\"") } },
    { &strong, SEND, NO_RANGE, { MATCH("\"x\""), NONE_MATCH("\"y\"") } },
    { &strong, FAIL, NO_RANGE, { NOT_SINCE(EARLIER), NONE_MATCH("\"x\"") } },
    { &strong, SAME, NO_RANGE, { NOT_SINCE(LATER), NONE_MATCH("\"x\"") } }, { &strong, SAME, NO_RANGE, { MATCH("\"x\""), SINCE(THEN) } },
    { &strong, FAIL, NO_RANGE, { MATCH("\"y\""), SINCE(THEN) } },
    { &strong, FAIL, NO_RANGE, { MATCH("\"y\""), NOT_SINCE(LATER), NONE_MATCH("\"x\""), SINCE(LATER) } },
    { &strong, SEND, NO_RANGE, { MATCH("\"x\""), NOT_SINCE(EARLIER), NONE_MATCH("\"y\""), SINCE(LATER) } },
    { &strong, SAME, NO_RANGE, { MATCH("\"x\""), NOT_SINCE(EARLIER), NONE_MATCH("\"x\""), SINCE(EARLIER) } },
};

START_TEST(a_tag_wins_over_a_date_and_the_order_is_that_of_the_rfc)
{
    check_cases(order_cases, COUNT_OF(order_cases));
}
END_TEST

/* ------------------------------------------------------------------ Range and If-Range */

static const struct conditional_case range_cases[] = {
    { &strong, SEND, TEXT("bytes=0-1"), { RANGE("bytes=0-1") } }, { &nothing, SEND, TEXT("bytes=0-1"), { RANGE(" bytes=0-1\t") } },
    { &strong, SEND, TEXT("bytes=0-1"), { RANGE("bytes=0-1"), MATCH("\"x\"") } },
    { &strong, SAME, TEXT("bytes=0-1"), { RANGE("bytes=0-1"), SINCE(THEN) } },
    /* a tag: strongly */
    { &strong, SEND, TEXT("bytes=0-1"), { RANGE("bytes=0-1"), IF_RANGE("\"x\"") } },
    { &strong, SEND, TEXT("bytes=0-1"), { RANGE("bytes=0-1"), IF_RANGE(" \"x\"\t") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("\"y\"") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("W/\"x\"") } },
    { &weak, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("W/\"x\"") } },
    { &weak, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("\"x\"") } },
    { &date_alone, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("\"x\"") } },
    /* a date: the same second, in any form, and strong */
    { &strong, SEND, TEXT("bytes=0-1"), { RANGE("bytes=0-1"), IF_RANGE(THEN) } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE(EARLIER) } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE(LATER) } },
    { &strong, SEND, TEXT("bytes=0-1"), { RANGE("bytes=0-1"), IF_RANGE(THEN_RFC850) } },
    { &date_alone, SEND, TEXT("bytes=0-1"), { RANGE("bytes=0-1"), IF_RANGE(THEN_ASCTIME) } },
    { &weak, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE(THEN) } },
    { &tag_alone, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE(THEN) } },
    /* without Range it says nothing */
    { &strong, SEND, NO_RANGE, { IF_RANGE("\"x\"") } }, { &strong, SAME, NO_RANGE, { IF_RANGE("\"y\""), NONE_MATCH("\"x\"") } },
    { &strong, SEND, NO_RANGE, { IF_RANGE("\"y\""), NONE_MATCH("\"y\"") } },
};

START_TEST(a_range_is_looked_at_where_if_range_holds)
{
    check_cases(range_cases, COUNT_OF(range_cases));
}
END_TEST

static const struct conditional_case whole_cases[] = {
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("") } }, { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("x") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("*") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("\"x\", \"x\"") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("\"x\",") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("\"x") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE(THEN ",") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("\"x\""), IF_RANGE("\"x\"") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("\"x\""), IF_RANGE("\"y\"") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), IF_RANGE("\"x\""), IF_RANGE("\"x\""), IF_RANGE("\"x\"") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), RANGE("bytes=0-1") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), RANGE("bytes=0-1"), RANGE("bytes=0-1") } },
    { &strong, SEND, NO_RANGE, { RANGE("bytes=0-1"), RANGE("items=0-1"), IF_RANGE("\"x\"") } },
};

START_TEST(a_malformed_if_range_and_a_second_line_of_either_mean_the_whole)
{
    check_cases(whole_cases, COUNT_OF(whole_cases));
}
END_TEST

/* ------------------------------------------------------------------ names */

static const struct conditional_case name_cases[] = {
    { &strong, FAIL, NO_RANGE, { { TEXT("if-match"), TEXT("\"y\"") } } },
    { &strong, FAIL, NO_RANGE, { { TEXT("IF-MATCH"), TEXT("\"y\"") } } },
    { &strong, SAME, NO_RANGE, { { TEXT("iF-nONE-mATCH"), TEXT("\"x\"") } } },
    { &strong, SAME, NO_RANGE, { { TEXT("if-modified-since"), TEXT(THEN) } } },
    { &strong, FAIL, NO_RANGE, { { TEXT("IF-UNMODIFIED-SINCE"), TEXT(EARLIER) } } },
    { &strong, SEND, TEXT("bytes=1-"), { { TEXT("RANGE"), TEXT("bytes=1-") } } },
    { &strong, SEND, TEXT("bytes=1-"), { { TEXT("range"), TEXT("bytes=1-") } } },
    { &strong, SEND, NO_RANGE, { { TEXT("rAnGe"), TEXT("bytes=1-") }, { TEXT("if-range"), TEXT("\"y\"") } } },
    { &strong, SEND, NO_RANGE, { { TEXT(""), TEXT("*") }, { TEXT("I"), TEXT("*") }, { TEXT("If"), TEXT("*") },
                                 { TEXT("Rang"), TEXT("bytes=1-") } } },
    { &strong, SEND, NO_RANGE, { { TEXT("Ranges"), TEXT("bytes=1-") }, { TEXT("xange"), TEXT("bytes=1-") },
                                 { TEXT("Ranga"), TEXT("bytes=1-") } } },
    { &strong, SEND, NO_RANGE, { { TEXT("If-None-Matcg"), TEXT("*") }, { TEXT("If-Mbtch"), TEXT("\"y\"") },
                                 { TEXT("If_Match"), TEXT("\"y\"") } } },
    { &strong, SEND, NO_RANGE, { { TEXT("Accept-Ranges"), TEXT("*") }, { TEXT("Authorization"), TEXT("*") },
                                { TEXT("Referer"), TEXT("*") }, { TEXT("If-None-Match2"), TEXT("*") } } },
    { &strong, SEND, NO_RANGE, { { TEXT("Iange"), TEXT("bytes=1-") }, { TEXT("Rf-Match"), TEXT("\"y\"") },
                                 { TEXT("If-Modified-Sincf"), TEXT(THEN) } } },
};

START_TEST(names_are_compared_in_any_case_and_others_are_passed_over)
{
    check_cases(name_cases, COUNT_OF(name_cases));
}
END_TEST

START_TEST(without_fields_all_is_sent)
{
    struct conditional_case c = { &strong, SEND, NO_RANGE, { { { NULL, 0 }, { NULL, 0 } } } };
    check_case(&c, 0);
}
END_TEST

START_TEST(every_byte_that_a_tag_may_have_is_part_of_it_and_no_other)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        bool is_allowed = byte == 0x21 || (byte >= 0x23 && byte <= 0x7e) || byte >= 0x80;
        bool is_blank = byte == ' ' || byte == '\t';
        char list[] = { '"', (char)byte, '"', ',', '"', 'x', '"' };
        struct validators own = { { list, 3 }, 0, false, false };
        struct field field = { SLICE("If-None-Match"), { list, sizeof(list) } };
        struct conditional_case behind = { &strong, is_allowed || is_blank ? SAME : SEND, NO_RANGE, { field } };
        struct conditional_case itself = { &own, is_allowed ? SAME : SEND, NO_RANGE, { field } };
        check_case(&behind, byte);
        if (!is_blank)                 /* no tag of ours has one */
            check_case(&itself, byte);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("conditional");
    tcase_add_test(tests, if_match_compares_strongly_and_if_none_match_weakly);
    tcase_add_test(tests, a_star_is_any_representation_with_or_without_a_tag);
    tcase_add_test(tests, several_lines_are_one_list_in_which_a_star_has_no_place);
    tcase_add_test(tests, dates_count_to_the_second_in_all_their_forms);
    tcase_add_test(tests, what_is_no_date_or_two_of_them_is_ignored);
    tcase_add_test(tests, a_date_that_lies_ahead_proves_nothing);
    tcase_add_test(tests, where_there_is_no_date_of_modification_dates_are_ignored);
    tcase_add_test(tests, a_tag_wins_over_a_date_and_the_order_is_that_of_the_rfc);
    tcase_add_test(tests, a_range_is_looked_at_where_if_range_holds);
    tcase_add_test(tests, a_malformed_if_range_and_a_second_line_of_either_mean_the_whole);
    tcase_add_test(tests, names_are_compared_in_any_case_and_others_are_passed_over);
    tcase_add_test(tests, without_fields_all_is_sent);
    tcase_add_test(tests, every_byte_that_a_tag_may_have_is_part_of_it_and_no_other);
    return check_run(tests);
}
