#include "parser/range.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/check_support.h"

#define MAX UINT64_MAX

/* A field, a size, and what is expected; no parts: not 206. */
struct range_case {
    struct slice field;
    uint64_t size;
    enum range_verdict verdict;
    uint32_t count;
    struct byte_range parts[RANGES_MAX];
};

#define WHOLE(text, size) { TEXT(text), (size), RANGE_IGNORED, 0, { { 0, 0 } } }
#define NONE(text, size) { TEXT(text), (size), RANGE_UNSATISFIABLE, 0, { { 0, 0 } } }
#define ONE(text, size, first, last) { TEXT(text), (size), RANGE_SATISFIABLE, 1, { { (first), (last) } } }

static void check_case(const struct range_case *c)
{
    struct range_set set, untouched;
    memset(&set, 0xa5, sizeof(set));
    memset(&untouched, 0xa5, sizeof(untouched));
    enum range_verdict verdict = range_parse(flush_copy(c->field), c->size, &set);
    ck_assert_msg(verdict == c->verdict, "%.200s of %" PRIu64 ": verdict %d", c->field.ptr, c->size, (int)verdict);
    if (verdict != RANGE_SATISFIABLE) {
        ck_assert_msg(memcmp(&set, &untouched, sizeof(set)) == 0, "%.200s: written", c->field.ptr);
        return;
    }
    ck_assert_msg(set.count == c->count, "%.200s of %" PRIu64 ": %u parts", c->field.ptr, c->size, set.count);
    for (uint32_t i = 0; i < set.count; i++)
        ck_assert_msg(set.ranges[i].first == c->parts[i].first && set.ranges[i].last == c->parts[i].last,
            "%.200s of %" PRIu64 ": part %u is %" PRIu64 "-%" PRIu64, c->field.ptr, c->size, i, set.ranges[i].first, set.ranges[i].last);
}

static void check_cases(const struct range_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_case(&cases[i]);
}

static const struct range_case single_cases[] = {
    ONE("bytes=0-0", 10, 0, 0), ONE("bytes=0-4", 10, 0, 4), ONE("bytes=9-9", 10, 9, 9), ONE("bytes=3-", 10, 3, 9),
    ONE("bytes=9-", 10, 9, 9),
    ONE("bytes=-1", 10, 9, 9), ONE("bytes=-3", 10, 7, 9), ONE("bytes=0-0", 1, 0, 0), ONE("bytes=-1", 1, 0, 0),
    ONE("bytes=000-0004", 10, 0, 4), ONE("bytes=-03", 10, 7, 9), ONE("bytes=5-5", 10, 5, 5),
};

START_TEST(one_range_is_what_it_says)
{
    check_cases(single_cases, COUNT_OF(single_cases));
}
END_TEST

static const struct range_case clamped_cases[] = {
    ONE("bytes=0-9", 10, 0, 9), ONE("bytes=0-10", 10, 0, 9), ONE("bytes=5-99999", 10, 5, 9), ONE("bytes=9-10", 10, 9, 9),
    ONE("bytes=-10", 10, 0, 9), ONE("bytes=-11", 10, 0, 9), ONE("bytes=-99999", 10, 0, 9), ONE("bytes=0-", 10, 0, 9),
};

START_TEST(a_range_ends_where_the_file_ends_and_the_whole_file_is_a_range_too)
{
    check_cases(clamped_cases, COUNT_OF(clamped_cases));
}
END_TEST

static const struct range_case unsatisfiable_cases[] = {
    NONE("bytes=10-", 10), NONE("bytes=10-10", 10), NONE("bytes=11-20", 10), NONE("bytes=-0", 10), NONE("bytes=-000", 10),
    NONE("bytes=10-,-0", 10), NONE("bytes=99-,98-,97-97", 10),
    NONE("bytes=0-", 0), NONE("bytes=0-0", 0), NONE("bytes=1-2", 0), NONE("bytes=-0", 0), NONE("bytes=0-,-0", 0),
};

START_TEST(what_lies_behind_the_end_cannot_be_satisfied)
{
    check_cases(unsatisfiable_cases, COUNT_OF(unsatisfiable_cases));
}
END_TEST

static const struct range_case empty_file_cases[] = {
    WHOLE("bytes=-1", 0), WHOLE("bytes=-5", 0), WHOLE("bytes=0-,-5", 0), WHOLE("bytes=-5,0-", 0), WHOLE("bytes=-0,-1", 0),
};

START_TEST(a_suffix_of_an_empty_file_is_the_empty_file)
{
    check_cases(empty_file_cases, COUNT_OF(empty_file_cases));
}
END_TEST

static const struct range_case dropped_cases[] = {
    ONE("bytes=10-,0-1", 10, 0, 1), ONE("bytes=0-1,10-", 10, 0, 1), ONE("bytes=-0,0-1", 10, 0, 1), ONE("bytes=99-100,-1,-0", 10, 9, 9),
};

START_TEST(what_cannot_be_satisfied_is_dropped_beside_what_can)
{
    check_cases(dropped_cases, COUNT_OF(dropped_cases));
}
END_TEST

static const struct range_case unit_cases[] = {
    ONE("BYTES=0-4", 10, 0, 4), ONE("Bytes=0-4", 10, 0, 4), ONE("bYtEs=0-4", 10, 0, 4),
    WHOLE("", 10), WHOLE("b", 10), WHOLE("bytes", 10), WHOLE("byte=0-4", 10), WHOLE("bytess=0-4", 10), WHOLE("bytes 0-4", 10),
    WHOLE("bytes =0-4", 10), WHOLE(" bytes=0-4", 10), WHOLE("items=0-4", 10), WHOLE("none", 10), WHOLE("0-4", 10), WHOLE("=0-4", 10),
    WHOLE("seconds=10-", 10), WHOLE("bytes:0-4", 10),
};

START_TEST(the_unit_is_bytes_in_any_case_and_another_is_ignored)
{
    check_cases(unit_cases, COUNT_OF(unit_cases));
}
END_TEST

static const struct range_case malformed_cases[] = {
    WHOLE("bytes=", 10), WHOLE("bytes=,", 10), WHOLE("bytes= , ,\t", 10), WHOLE("bytes=-", 10), WHOLE("bytes=--", 10),
    WHOLE("bytes=--1", 10),
    WHOLE("bytes=1", 10), WHOLE("bytes=1--", 10), WHOLE("bytes=1-2-", 10), WHOLE("bytes=1-2-3", 10), WHOLE("bytes=a-b", 10),
    WHOLE("bytes=0-x", 10),
    WHOLE("bytes=x-0", 10), WHOLE("bytes=0x1-2", 10), WHOLE("bytes=+1-2", 10), WHOLE("bytes=1-+2", 10), WHOLE("bytes=1 -2", 10),
    WHOLE("bytes=1- 2", 10), WHOLE("bytes=- 2", 10), WHOLE("bytes=1.0-2", 10), WHOLE("bytes=1-2;3-4", 10), WHOLE("bytes=1-2 3-4", 10),
    WHOLE("bytes=\"1-2\"", 10), WHOLE("bytes=1\0-2", 10), WHOLE("bytes=1-2\0", 10), WHOLE("bytes==1-2", 10), WHOLE("bytes=bytes=1-2", 10),
    WHOLE("bytes=*", 10), WHOLE("bytes=1-2\r\n", 10), WHOLE("bytes=\xb2-", 10), WHOLE("bytes=:-", 10), WHOLE("bytes=/-", 10),
    WHOLE("bytes=1-:", 10),
    WHOLE("bytes=1-/", 10), WHOLE("bytes=x", 0), WHOLE("bytes=0-,x", 0),
    /* good ones beside it, on either side, satisfiable or not */
    WHOLE("bytes=0-1,x", 10), WHOLE("bytes=x,0-1", 10), WHOLE("bytes=0-1,5", 10), WHOLE("bytes=99-,-", 10), WHOLE("bytes=0-1,9-5", 10),
};

START_TEST(a_malformed_field_is_ignored_all_of_it)
{
    check_cases(malformed_cases, COUNT_OF(malformed_cases));
}
END_TEST

static const struct range_case backward_cases[] = {
    WHOLE("bytes=9-5", 10), WHOLE("bytes=1-0", 10), WHOLE("bytes=99-98", 10), WHOLE("bytes=0010-9", 100), WHOLE("bytes=99-98,0-1", 10),
    WHOLE("bytes=18446744073709551616-18446744073709551615", MAX),
    WHOLE("bytes=100000000000000000000000000000000000001-100000000000000000000000000000000000000", MAX),
    WHOLE("bytes=1000000000000000000000000000000000000000-999999999999999999999999999999999999999", MAX),
    NONE("bytes=100000000000000000000000000000000000000-100000000000000000000000000000000000000", MAX),
    NONE("bytes=99999999999999999999999-0100000000000000000000000", MAX),
};

START_TEST(a_range_that_ends_before_it_begins_is_malformed_however_long_its_numbers)
{
    check_cases(backward_cases, COUNT_OF(backward_cases));
}
END_TEST

static const struct range_case list_cases[] = {
    ONE("bytes= 0-4", 10, 0, 4), ONE("bytes=0-4 ", 10, 0, 4), ONE("bytes=\t0-4\t ", 10, 0, 4), ONE("bytes=,0-4", 10, 0, 4),
    ONE("bytes=0-4,", 10, 0, 4), ONE("bytes=, ,,0-4 ,\t, ", 10, 0, 4), ONE("bytes=,,,,,,,,,,,,,,,,,,,,0-4", 10, 0, 4),
    { TEXT("bytes=0-0 , 1000-1000"), 5000, RANGE_SATISFIABLE, 2, { { 0, 0 }, { 1000, 1000 } } },
    { TEXT("bytes=0-0\t,,\t 1000-1000,"), 5000, RANGE_SATISFIABLE, 2, { { 0, 0 }, { 1000, 1000 } } },
};

START_TEST(blanks_and_empty_members_of_the_list_mean_nothing)
{
    check_cases(list_cases, COUNT_OF(list_cases));
}
END_TEST

static const struct range_case order_cases[] = {
    { TEXT("bytes=-10,0-9,500-509"), 5000, RANGE_SATISFIABLE, 3, { { 4990, 4999 }, { 0, 9 }, { 500, 509 } } },
    { TEXT("bytes=4000-,1000-1999,3000-3000"), 5000, RANGE_SATISFIABLE, 3, { { 4000, 4999 }, { 1000, 1999 }, { 3000, 3000 } } },
};

START_TEST(parts_come_in_the_order_in_which_they_were_asked_for)
{
    check_cases(order_cases, COUNT_OF(order_cases));
}
END_TEST

static const struct range_case merged_cases[] = {
    ONE("bytes=0-4,3-6", 5000, 0, 6), ONE("bytes=3-6,0-4", 5000, 0, 6), ONE("bytes=0-4,5-6", 5000, 0, 6), ONE("bytes=0-9,2-3", 5000, 0, 9),
    ONE("bytes=2-3,0-9", 5000, 0, 9), ONE("bytes=1-1,1-1", 5000, 1, 1), ONE("bytes=0-,-1", 5000, 0, 4999),
    ONE("bytes=0-0,128-128", 5000, 0, 128),
    { TEXT("bytes=0-0,129-129"), 5000, RANGE_SATISFIABLE, 2, { { 0, 0 }, { 129, 129 } } },
    { TEXT("bytes=129-129,0-0"), 5000, RANGE_SATISFIABLE, 2, { { 129, 129 }, { 0, 0 } } },
    ONE("bytes=128-128,0-0", 5000, 0, 128),
    /* the last one joins what was apart */
    ONE("bytes=0-99,1000-1099,100-999", 5000, 0, 1099), ONE("bytes=1000-1099,0-99,200-900", 5000, 0, 1099),
    { TEXT("bytes=3000-3009,0-9,2000-2009,10-1900"), 5000, RANGE_SATISFIABLE, 2, { { 3000, 3009 }, { 0, 2009 } } },
    { TEXT("bytes=0-9,3000-3009,2000-2009,10-1900"), 5000, RANGE_SATISFIABLE, 2, { { 0, 2009 }, { 3000, 3009 } } },
    { TEXT("bytes=2000-2009,3000-3009,1000-1009,4000-4009,1010-1999"), 5000, RANGE_SATISFIABLE, 3,
      { { 1000, 2009 }, { 3000, 3009 }, { 4000, 4009 } } },
};

START_TEST(what_overlaps_or_touches_or_nearly_so_is_one_part_at_the_place_of_the_first)
{
    check_cases(merged_cases, COUNT_OF(merged_cases));
}
END_TEST

static const struct range_case gain_cases[] = {
    /* two bytes apart: two parts cost 258 */
    { TEXT("bytes=0-0,-1"), 259, RANGE_SATISFIABLE, 2, { { 0, 0 }, { 258, 258 } } },
    WHOLE("bytes=0-0,-1", 258), WHOLE("bytes=0-99,300-", 400),
    { TEXT("bytes=0-99,400-"), 557, RANGE_SATISFIABLE, 2, { { 0, 99 }, { 400, 556 } } },
    { TEXT("bytes=0-99,400-"), 5000000000, RANGE_SATISFIABLE, 2, { { 0, 99 }, { 400, 4999999999 } } },
    WHOLE("bytes=0-99,356-", 5000000000),
    { TEXT("bytes=0-99,357-"), 5000000000, RANGE_SATISFIABLE, 2, { { 0, 99 }, { 357, 4999999999 } } },
    /* one part has no cost beside its bytes */
    ONE("bytes=1-", 10, 1, 9), ONE("bytes=1-,2-", 10, 1, 9), ONE("bytes=0-0,-1", 129, 0, 128), WHOLE("bytes=0-0,-1", 130),
};

START_TEST(parts_that_cost_as_much_as_the_whole_are_the_whole_but_a_single_one_never_is)
{
    check_cases(gain_cases, COUNT_OF(gain_cases));
}
END_TEST

static const struct range_case boundary_cases[] = {
    ONE("bytes=2147483647-2147483647", 2147483648, 2147483647, 2147483647), NONE("bytes=2147483648-", 2147483648),
    ONE("bytes=4294967295-", 4294967296, 4294967295, 4294967295), ONE("bytes=4294967296-4294967297", 5000000000, 4294967296, 4294967297),
    NONE("bytes=4294967296-", 4294967296), ONE("bytes=-4294967296", 4294967297, 1, 4294967296),
    ONE("bytes=9223372036854775806-9223372036854775807", 9223372036854775807, 9223372036854775806, 9223372036854775806),
    NONE("bytes=9223372036854775807-", 9223372036854775807), NONE("bytes=9223372036854775808-", 9223372036854775807),
    ONE("bytes=9223372036854775808-9223372036854775809", MAX, 9223372036854775808u, 9223372036854775809u),
    ONE("bytes=0-18446744073709551613", MAX, 0, MAX - 2), ONE("bytes=0-18446744073709551614", MAX, 0, MAX - 1),
    ONE("bytes=0-18446744073709551615", MAX, 0, MAX - 1), ONE("bytes=0-18446744073709551616", MAX, 0, MAX - 1),
    ONE("bytes=18446744073709551614-", MAX, MAX - 1, MAX - 1), NONE("bytes=18446744073709551615-", MAX),
    NONE("bytes=18446744073709551616-", MAX),
    ONE("bytes=-18446744073709551614", MAX, 1, MAX - 1), ONE("bytes=-18446744073709551615", MAX, 0, MAX - 1),
    ONE("bytes=-18446744073709551616", MAX, 0, MAX - 1), ONE("bytes=-18446744073709551616", 3, 0, 2),
    NONE("bytes=18446744073709551616-18446744073709551617", 10), NONE("bytes=18446744073709551620-", 10),
    NONE("bytes=36893488147419103232-", 10), ONE("bytes=0-36893488147419103232", 10, 0, 9), ONE("bytes=-18446744073709551621", 10, 0, 9),
    { TEXT("bytes=0-0,18446744073709551614-"), MAX, RANGE_SATISFIABLE, 2, { { 0, 0 }, { MAX - 1, MAX - 1 } } },
    WHOLE("bytes=0-9223372036854775807,9223372036854775936-", MAX),
    WHOLE("bytes=0-9223372036854775807,9223372036854776064-", MAX),
    { TEXT("bytes=0-9223372036854775807,9223372036854776065-"), MAX, RANGE_SATISFIABLE, 2,
      { { 0, 9223372036854775807 }, { 9223372036854776065u, MAX - 1 } } },
};

START_TEST(nothing_overflows_around_the_powers_of_two)
{
    check_cases(boundary_cases, COUNT_OF(boundary_cases));
}
END_TEST

/* `count` times `digit`. */
static size_t put_digits(char *to, char digit, size_t count)
{
    memset(to, digit, count);
    return count;
}

START_TEST(numbers_of_hundreds_of_digits_are_beyond_every_end_and_zeros_before_them_mean_nothing)
{
    char text[2048] = "bytes=5-";
    for (size_t digits = 1; digits <= 900; digits++) {
        struct range_case c = { { text, 8 + put_digits(text + 8, '9', digits) }, 8, RANGE_SATISFIABLE, 1, { { 5, 7 } } };
        check_case(&c);
    }
    strcpy(text, "bytes=-");
    for (size_t digits = 1; digits <= 900; digits++) {
        struct range_case c = { { text, 7 + put_digits(text + 7, '9', digits) }, 8, RANGE_SATISFIABLE, 1, { { 0, 7 } } };
        check_case(&c);
    }
    strcpy(text, "bytes=");
    for (size_t digits = 1; digits <= 900; digits++) {
        size_t len = 6 + put_digits(text + 6, '9', digits);
        text[len] = '-';
        struct range_case c = { { text, len + 1 }, 8, RANGE_UNSATISFIABLE, 0, { { 0, 0 } } };
        check_case(&c);
        len += 1 + put_digits(text + len + 1, '9', digits);
        c.field.len = len;
        check_case(&c);
        text[len - 1] = '8';           /* one less than its beginning */
        c.verdict = RANGE_IGNORED;
        check_case(&c);
    }
    for (size_t zeros = 0; zeros <= 900; zeros++) {
        size_t len = 6 + put_digits(text + 6, '0', zeros);
        text[len++] = '5';
        text[len++] = '-';
        len += put_digits(text + len, '0', zeros);
        text[len++] = '7';
        struct range_case c = { { text, len }, 10, RANGE_SATISFIABLE, 1, { { 5, 7 } } };
        check_case(&c);
    }
}
END_TEST

/* "bytes=0-0,1000-1000,…", `count` of them, 1000 bytes apart. */
static struct slice field_of(char *text, size_t room, unsigned count)
{
    size_t len = (size_t)snprintf(text, room, "bytes=");
    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, room - len, "%s%u-%u", i > 0 ? "," : "", i * 1000, i * 1000);
    return (struct slice){ text, len };
}

START_TEST(sixteen_ranges_are_served_and_seventeen_are_the_whole)
{
    char text[1024];
    for (unsigned count = 1; count <= 40; count++) {
        enum range_verdict verdict = count <= 16 ? RANGE_SATISFIABLE : RANGE_IGNORED;
        struct range_case c = { field_of(text, sizeof(text), count), 1000000, verdict, count, { { 0, 0 } } };
        for (unsigned i = 0; i < count && i < RANGES_MAX; i++)
            c.parts[i] = (struct byte_range){ i * 1000, i * 1000 };
        check_case(&c);
    }
}
END_TEST

static const struct range_case many_cases[] = {
    /* what is merged or dropped was asked for all the same */
    ONE("bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", 10, 0, 0),
    WHOLE("bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", 10),
    WHOLE("bytes=9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,0-0", 5), NONE("bytes=9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-", 5),
    WHOLE("bytes=9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-,9-", 5),
};

START_TEST(ranges_are_counted_as_they_were_asked_for)
{
    check_cases(many_cases, COUNT_OF(many_cases));
}
END_TEST

/* All pairs of ranges of a small file, told apart byte by byte. */
START_TEST(two_ranges_cover_what_was_asked_for_and_no_gap_worth_a_part)
{
    enum { SIZE = 1200, STEP = 61 };
    for (unsigned a = 0; a < SIZE; a += STEP)
        for (unsigned b = a; b < SIZE; b += STEP)
            for (unsigned c = 0; c < SIZE; c += STEP)
                for (unsigned d = c; d < SIZE; d += STEP) {
                    char text[64];
                    struct range_set set;
                    struct slice field = { text, (size_t)snprintf(text, sizeof(text), "bytes=%u-%u,%u-%u", a, b, c, d) };
                    unsigned gap = c > b ? c - b - 1 : a > d ? a - d - 1 : 0;
                    bool is_one = gap < RANGE_PART_COST;
                    unsigned cost = b - a + 1 + d - c + 1 + 2 * RANGE_PART_COST;
                    enum range_verdict verdict = range_parse(flush_copy(field), SIZE, &set);
                    ck_assert_msg(verdict == (is_one || cost < SIZE ? RANGE_SATISFIABLE : RANGE_IGNORED), "%s", text);
                    if (verdict != RANGE_SATISFIABLE)
                        continue;
                    ck_assert_msg(set.count == (is_one ? 1 : 2), "%s", text);
                    ck_assert_msg(set.ranges[0].first == (is_one && c < a ? c : a), "%s", text);
                    ck_assert_msg(set.ranges[0].last == (is_one && d > b ? d : b), "%s", text);
                    ck_assert_msg(is_one || (set.ranges[1].first == c && set.ranges[1].last == d), "%s", text);
                }
}
END_TEST

START_TEST(a_field_without_bytes_may_have_no_pointer)
{
    struct range_set set;
    ck_assert_int_eq(range_parse((struct slice){ NULL, 0 }, 10, &set), RANGE_IGNORED);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("range");
    tcase_add_test(tests, one_range_is_what_it_says);
    tcase_add_test(tests, a_range_ends_where_the_file_ends_and_the_whole_file_is_a_range_too);
    tcase_add_test(tests, what_lies_behind_the_end_cannot_be_satisfied);
    tcase_add_test(tests, a_suffix_of_an_empty_file_is_the_empty_file);
    tcase_add_test(tests, what_cannot_be_satisfied_is_dropped_beside_what_can);
    tcase_add_test(tests, the_unit_is_bytes_in_any_case_and_another_is_ignored);
    tcase_add_test(tests, a_malformed_field_is_ignored_all_of_it);
    tcase_add_test(tests, a_range_that_ends_before_it_begins_is_malformed_however_long_its_numbers);
    tcase_add_test(tests, blanks_and_empty_members_of_the_list_mean_nothing);
    tcase_add_test(tests, parts_come_in_the_order_in_which_they_were_asked_for);
    tcase_add_test(tests, what_overlaps_or_touches_or_nearly_so_is_one_part_at_the_place_of_the_first);
    tcase_add_test(tests, parts_that_cost_as_much_as_the_whole_are_the_whole_but_a_single_one_never_is);
    tcase_add_test(tests, nothing_overflows_around_the_powers_of_two);
    tcase_add_test(tests, numbers_of_hundreds_of_digits_are_beyond_every_end_and_zeros_before_them_mean_nothing);
    tcase_add_test(tests, sixteen_ranges_are_served_and_seventeen_are_the_whole);
    tcase_add_test(tests, ranges_are_counted_as_they_were_asked_for);
    tcase_add_test(tests, two_ranges_cover_what_was_asked_for_and_no_gap_worth_a_part);
    tcase_add_test(tests, a_field_without_bytes_may_have_no_pointer);
    return check_run(tests);
}
