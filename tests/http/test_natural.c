#include <check.h>
#include <string.h>

#include "http/natural.h"
#include "tests/check_support.h"

/* In order: each stands before all that follow. */
static const struct slice ordered[] = {
    TEXT(" blank"), TEXT("!"), TEXT("0"), TEXT("00"), TEXT("01"), TEXT("1"), TEXT("1-"), TEXT("1a"), TEXT("2"), TEXT("9"), TEXT("10"),
    TEXT("10a2"), TEXT("10a10"),
    TEXT("99999999999999999999999999999999999999"), TEXT("100000000000000000000000000000000000000"), TEXT("_"), TEXT("A"), TEXT("a"),
    TEXT("A1"), TEXT("a1b"), TEXT("ab"), TEXT("b"),
    TEXT("FILE 9"), TEXT("file 9"), TEXT("File 10"), TEXT("file 010"), TEXT("file 10"), TEXT("file 10.txt"),
    TEXT("file 11"), TEXT("v1.2.9"), TEXT("v1.2.10"), TEXT("v1.10.1"), TEXT("Zebra"), TEXT("\xc3\xa4"), TEXT("\xff"),
};

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

START_TEST(numbers_count_as_numbers_and_letters_without_their_case)
{
    for (size_t i = 0; i < COUNT_OF(ordered); i++) {
        for (size_t k = 0; k < COUNT_OF(ordered); k++) {
            int expected = (i > k) - (i < k);
            ck_assert_msg(sign(natural_compare(ordered[i], ordered[k])) == expected, "'%s' and '%s'", ordered[i].ptr, ordered[k].ptr);
        }
    }
}
END_TEST

START_TEST(the_empty_name_comes_first)
{
    ck_assert_int_eq(natural_compare((struct slice){ NULL, 0 }, (struct slice){ NULL, 0 }), 0);
    ck_assert_int_lt(natural_compare((struct slice){ NULL, 0 }, SLICE("0")), 0);
    ck_assert_int_gt(natural_compare(SLICE("0"), (struct slice){ NULL, 0 }), 0);
}
END_TEST

START_TEST(nothing_behind_a_name_is_read)
{
    for (size_t i = 0; i < COUNT_OF(ordered); i++)
        ck_assert_int_eq(natural_compare(flush_copy(ordered[i]), ordered[i]), 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("natural");
    tcase_add_test(tests, numbers_count_as_numbers_and_letters_without_their_case);
    tcase_add_test(tests, the_empty_name_comes_first);
    tcase_add_test(tests, nothing_behind_a_name_is_read);
    return check_run(tests);
}
