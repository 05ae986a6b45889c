#include <check.h>
#include <stdio.h>
#include <string.h>

#include "http/status.h"
#include "tests/check_support.h"

START_TEST(a_line_is_the_version_the_code_and_the_words)
{
    ck_assert(slice_equals(status_line(200), SLICE("HTTP/1.1 200 OK\r\n")));
    ck_assert(slice_equals(status_line(404), SLICE("HTTP/1.1 404 Not Found\r\n")));
    ck_assert(slice_equals(status_line(100), SLICE("HTTP/1.1 100 Continue\r\n")));
    ck_assert(slice_equals(status_line(511), SLICE("HTTP/1.1 511 Network Authentication Required\r\n")));
}
END_TEST

START_TEST(the_words_of_a_code_are_those_of_its_line)
{
    int known = 0;
    for (int status = 100; status <= 599; status++) {
        struct slice line = status_line(status), reason = status_reason(status);
        char expected[80];
        int len = snprintf(expected, sizeof(expected), "HTTP/1.1 %d %.*s\r\n", status, (int)reason.len, reason.len > 0 ? reason.ptr : "");
        ck_assert(line.len == 0 ? reason.len == 0 : slice_equals(line, (struct slice){ expected, (size_t)len }));
        known += line.len > 0;
    }
    ck_assert_int_eq(known, 61);
}
END_TEST

START_TEST(a_code_that_is_not_registered_has_no_line)
{
    const int codes[] = { -1, 0, 99, 104, 199, 227, 299, 306, 399, 418, 430, 499, 509, 512, 599, 600, 1000000 };
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        ck_assert_uint_eq(status_line(codes[i]).len, 0);
        ck_assert_uint_eq(status_reason(codes[i]).len, 0);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("status");
    tcase_add_test(tests, a_line_is_the_version_the_code_and_the_words);
    tcase_add_test(tests, the_words_of_a_code_are_those_of_its_line);
    tcase_add_test(tests, a_code_that_is_not_registered_has_no_line);
    return check_run(tests);
}
