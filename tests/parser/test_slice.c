#include "parser/slice.h"

#include "tests/check_support.h"

START_TEST(a_view_of_a_string_has_no_nul)
{
    ck_assert_uint_eq(slice_of("abc").len, 3);
    ck_assert_uint_eq(slice_of("").len, 0);
    ck_assert(slice_equals(slice_of("abc"), SLICE("abc")));
}
END_TEST

START_TEST(a_tail_starts_at_most_at_the_end)
{
    struct slice text = SLICE("abc");
    ck_assert(slice_equals(slice_from(text, 0), SLICE("abc")));
    ck_assert(slice_equals(slice_from(text, 2), SLICE("c")));
    ck_assert(slice_from(text, 3).ptr == text.ptr + 3 && slice_from(text, 3).len == 0);
    ck_assert(slice_from(text, 99).ptr == text.ptr + 3 && slice_from(text, 99).len == 0);
    ck_assert(slice_from((struct slice){ 0 }, 1).ptr == NULL);
}
END_TEST

START_TEST(texts_are_equal_byte_for_byte)
{
    ck_assert(slice_equals((struct slice){ 0 }, SLICE("")));
    ck_assert(slice_equals(SLICE("a\0b"), SLICE("a\0b")));
    ck_assert(!slice_equals(SLICE("a\0b"), SLICE("a\0c")));
    ck_assert(!slice_equals(SLICE("a"), SLICE("ab")));
    ck_assert(!slice_equals(SLICE("a"), SLICE("A")));
}
END_TEST

START_TEST(only_the_case_of_ascii_letters_may_be_ignored)
{
    ck_assert(slice_equals_ignoring_case(SLICE("Content-LENGTH"), SLICE("content-length")));
    ck_assert(slice_equals_ignoring_case(SLICE(""), (struct slice){ 0 }));
    ck_assert(!slice_equals_ignoring_case(SLICE("abc"), SLICE("abd")));
    ck_assert(!slice_equals_ignoring_case(SLICE("abc"), SLICE("ab")));
    for (int i = 0; i < 256; i++)
        for (int j = 0; j < 256; j++) {
            char a = (char)i, b = (char)j;
            bool letters = (i | 32) == (j | 32) && (i | 32) >= 'a' && (i | 32) <= 'z';
            ck_assert_int_eq(slice_equals_ignoring_case((struct slice){ &a, 1 }, (struct slice){ &b, 1 }), i == j || letters);
        }
}
END_TEST

START_TEST(a_prefix_is_at_most_the_whole)
{
    ck_assert(slice_starts_with(SLICE("unix:/run"), SLICE("unix:")));
    ck_assert(slice_starts_with(SLICE("a"), SLICE("a")));
    ck_assert(slice_starts_with((struct slice){ 0 }, SLICE("")));
    ck_assert(!slice_starts_with(SLICE("uni"), SLICE("unix:")));
    ck_assert(!slice_starts_with(SLICE("Unix:"), SLICE("unix:")));
}
END_TEST

START_TEST(blanks_are_space_and_tab)
{
    ck_assert(slice_equals(slice_trimmed(SLICE(" \t a \t b\t ")), SLICE("a \t b")));
    ck_assert(slice_equals(slice_trimmed(SLICE(" \t ")), SLICE("")));
    ck_assert(slice_equals(slice_trimmed(SLICE("\r\na\v\f")), SLICE("\r\na\v\f")));
    ck_assert(slice_equals(slice_trimmed((struct slice){ 0 }), SLICE("")));
    ck_assert(slice_equals(slice_trimmed(flush_copy(SLICE("  a"))), SLICE("a")));
}
END_TEST

static const struct list_case {
    struct slice list;
    struct slice members[4];
} list_cases[] = {
    { TEXT(""), { { 0 } } },
    { TEXT(" , ,\t,"), { { 0 } } },
    { TEXT("close"), { TEXT("close") } },
    { TEXT("close\t"), { TEXT("close") } },
    { TEXT("keep-alive, Upgrade"), { TEXT("keep-alive"), TEXT("Upgrade") } },
    { TEXT(",a,,b ,\t, c"), { TEXT("a"), TEXT("b"), TEXT("c") } },
    { TEXT("a b,\"c,d\""), { TEXT("a b"), TEXT("\"c"), TEXT("d\"") } },
};

START_TEST(empty_members_of_a_list_are_skipped)
{
    for (size_t i = 0; i < COUNT_OF(list_cases); i++) {
        struct slice rest = flush_copy(list_cases[i].list);
        for (const struct slice *expected = list_cases[i].members; expected->len > 0; expected++) {
            struct slice member = { 0 };
            ck_assert(slice_next_member(&rest, &member));
            ck_assert(slice_equals(member, *expected));
        }
        struct slice untouched = SLICE("untouched");
        ck_assert(!slice_next_member(&rest, &untouched));
        ck_assert(slice_equals(untouched, SLICE("untouched")));
    }
}
END_TEST

static const struct number_case {
    struct slice text;
    bool good;
    unsigned long long value;
} number_cases[] = {
    { TEXT("0"), true, 0 },
    { TEXT("007"), true, 7 },
    { TEXT("1234567890"), true, 1234567890 },
    { TEXT("9999999999999999999"), true, 9999999999999999999ULL },
    { TEXT("10000000000000000000"), false, 0 },
    { TEXT(""), false, 0 },
    { TEXT("+1"), false, 0 },
    { TEXT("-1"), false, 0 },
    { TEXT(" 1"), false, 0 },
    { TEXT("1 "), false, 0 },
    { TEXT("1a"), false, 0 },
    { TEXT("0x1"), false, 0 },
    { TEXT("1/"), false, 0 },
    { TEXT("1:"), false, 0 },
};

START_TEST(a_number_is_one_to_nineteen_digits)
{
    for (size_t i = 0; i < COUNT_OF(number_cases); i++) {
        unsigned long long value = 42;
        ck_assert_int_eq(slice_to_number(flush_copy(number_cases[i].text), &value), number_cases[i].good);
        ck_assert_uint_eq(value, number_cases[i].good ? number_cases[i].value : 42);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("slice");
    tcase_add_test(tests, a_view_of_a_string_has_no_nul);
    tcase_add_test(tests, a_tail_starts_at_most_at_the_end);
    tcase_add_test(tests, texts_are_equal_byte_for_byte);
    tcase_add_test(tests, only_the_case_of_ascii_letters_may_be_ignored);
    tcase_add_test(tests, a_prefix_is_at_most_the_whole);
    tcase_add_test(tests, blanks_are_space_and_tab);
    tcase_add_test(tests, empty_members_of_a_list_are_skipped);
    tcase_add_test(tests, a_number_is_one_to_nineteen_digits);
    return check_run(tests);
}
