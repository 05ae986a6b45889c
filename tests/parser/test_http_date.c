#include "parser/http_date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/check_support.h"

static const int64_t now = 1800000000;         /* 2027-01-15 08:00:00 */

static const struct good_case {
    struct slice text;
    int64_t seconds;
} good_cases[] = {
    { TEXT("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777 },
    { TEXT("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777 },
    { TEXT("Sun Nov  6 08:49:37 1994"), 784111777 },
    { TEXT("Wed Nov 16 08:49:37 1994"), 784975777 },
    { TEXT("Thu, 01 Jan 1970 00:00:00 GMT"), 0 },
    { TEXT("Wed, 31 Dec 1969 23:59:59 GMT"), -1 },
    { TEXT("Tue, 19 Jan 2038 03:14:08 GMT"), 2147483648 },
    { TEXT("Tue, 29 Feb 2000 12:00:00 GMT"), 951825600 },
    { TEXT("Sat, 31 Dec 2016 23:59:60 GMT"), 1483228800 },
    { TEXT("Mon, 01 Jan 0001 00:00:00 GMT"), -62135596800 },
    { TEXT("Fri, 31 Dec 9999 23:59:59 GMT"), 253402300799 },
};

START_TEST(all_three_forms_are_read)
{
    for (size_t i = 0; i < COUNT_OF(good_cases); i++) {
        int64_t seconds = 42;
        ck_assert_msg(http_date_parse(flush_copy(good_cases[i].text), now, &seconds), "%s", good_cases[i].text.ptr);
        ck_assert_msg(seconds == good_cases[i].seconds, "%s: %lld", good_cases[i].text.ptr, (long long)seconds);
    }
}
END_TEST

static const struct slice bad_cases[] = {
    TEXT(""), TEXT("x"), TEXT("Sun"), TEXT("Sun, "), TEXT("784111777"),
    TEXT("Mon, 06 Nov 1994 08:49:37 GMT"),             /* it was a Sunday */
    TEXT("sun, 06 Nov 1994 08:49:37 GMT"), TEXT("Sun, 06 nov 1994 08:49:37 GMT"), TEXT("Sun, 06 Nov 1994 08:49:37 gmt"),
    TEXT("Sun, 06 Nov 1994 08:49:37 UTC"), TEXT("Sun, 06 Nov 1994 08:49:37"), TEXT("Sun, 06 Nov 1994 08:49:37 GMT "),
    TEXT(" Sun, 06 Nov 1994 08:49:37 GMT"), TEXT("Sun, 6 Nov 1994 08:49:37 GMT"), TEXT("Sun,06 Nov 1994 08:49:37 GMT"),
    TEXT("Sun, 06  Nov 1994 08:49:37 GMT"), TEXT("Sun, 06-Nov-1994 08:49:37 GMT"), TEXT("Sunday, 06 Nov 1994 08:49:37 GMT"),
    TEXT("Sun, 06 Nov 94 08:49:37 GMT"), TEXT("Sun, 06 Nov 1994 8:49:37 GMT"), TEXT("Sun, 06 Nov 1994 08:49 GMT"),
    TEXT("Sun, 06 Nov 1994 24:00:00 GMT"), TEXT("Sun, 06 Nov 1994 08:60:00 GMT"), TEXT("Sun, 06 Nov 1994 08:49:61 GMT"),
    TEXT("Sun, 06 Nov 1994 08-49:37 GMT"), TEXT("Sun, 06 Nov 1994 08:49-37 GMT"), TEXT("Sun, 06 Nov 1994 -8:49:37 GMT"),
    TEXT("Sun, 00 Nov 1994 08:49:37 GMT"), TEXT("Thu, 31 Nov 1994 08:49:37 GMT"), TEXT("Sun, 06 Foo 1994 08:49:37 GMT"),
    TEXT("Wed, 29 Feb 1995 00:00:00 GMT"), TEXT("Thu, 29 Feb 1900 00:00:00 GMT"), TEXT("Sun, 01 Jan 0000 00:00:00 GMT"),
    TEXT("Sat, 01 Jan 10000 00:00:00 GMT"), TEXT("Foo, 06 Nov 1994 08:49:37 GMT"), TEXT("Sun, 06 Nov 1994 08:49:3"),
    TEXT("Sunday, 06-Nov-94 08:49:37"), TEXT("Sun, 06-Nov-94 08:49:37 GMT"), TEXT("Monday, 06-Nov-94 08:49:37 GMT"),
    TEXT("Sunday, 6-Nov-94 08:49:37 GMT"), TEXT("Sunday, 06-Nov-1994 08:49:37 GMT"), TEXT("Sunday 06-Nov-94 08:49:37 GMT"),
    TEXT("Sun Nov 6 08:49:37 1994"), TEXT("Sun Nov  6 08:49:37 1994 GMT"), TEXT("Sun Nov  6 08:49:37 94"), TEXT("Sun Nov   08:49:37 1994"),
    TEXT("Sun Nov  x 08:49:37 1994"), TEXT("Sun, Nov  6 08:49:37 1994"), TEXT("Sun Nov  6 08:49:37 199"),
};

START_TEST(anything_else_is_no_date)
{
    for (size_t i = 0; i < COUNT_OF(bad_cases); i++) {
        int64_t seconds = 42;
        ck_assert_msg(!http_date_parse(flush_copy(bad_cases[i]), now, &seconds), "%s", bad_cases[i].ptr);
        ck_assert_int_eq(seconds, 42);
    }
}
END_TEST

START_TEST(every_byte_of_a_date_matters)
{
    for (size_t i = 0; i < 3; i++)
        for (size_t at = 0; at < good_cases[i].text.len; at++)
            for (int byte = 0; byte < 256; byte++) {
                char text[32];
                int64_t seconds = 0;
                memcpy(text, good_cases[i].text.ptr, good_cases[i].text.len);
                bool padding = i == 2 && at == 8 && byte == '0';         /* "Nov 06" is as good as "Nov  6" */
                if (text[at] == (char)byte || padding)
                    continue;
                text[at] = (char)byte;
                bool good = http_date_parse((struct slice){ text, good_cases[i].text.len }, now, &seconds);
                ck_assert_msg(!good || seconds != good_cases[i].seconds, "%.*s", (int)good_cases[i].text.len, text);
            }
}
END_TEST

/* `now`, a date of two digits, and the year that it means. */
static const struct year_case {
    int64_t now;
    struct slice text;
    int year;
} year_cases[] = {
    { 1800000000, TEXT("Friday, 15-Jan-77 08:00:00 GMT"), 2077 },          /* exactly 50 years ahead */
    { 1800000000, TEXT("Saturday, 15-Jan-77 08:00:01 GMT"), 1977 },        /* a second more */
    { 1800000000, TEXT("Friday, 15-Jan-27 08:00:00 GMT"), 2027 },
    { 1800000000, TEXT("Saturday, 01-Jan-00 00:00:00 GMT"), 2000 },
    { 1800000000, TEXT("Friday, 31-Dec-99 00:00:00 GMT"), 1999 },
    { 1800000000, TEXT("Sunday, 06-Nov-94 08:49:37 GMT"), 1994 },
    { 4090000000, TEXT("Saturday, 06-Nov-34 08:49:37 GMT"), 2134 }, /* 2099: the next century is near */
    { 0, TEXT("Tuesday, 01-Jan-19 00:00:00 GMT"), 2019 },
    { 0, TEXT("Saturday, 01-Jan-21 00:00:00 GMT"), 1921 },
    { -1, TEXT("Saturday, 01-Jan-21 00:00:00 GMT"), 1921 },                /* a clock before 1970 is wrong */
    { INT64_MIN, TEXT("Saturday, 01-Jan-21 00:00:00 GMT"), 1921 },
    { INT64_MAX, TEXT("Friday, 31-Dec-99 23:59:59 GMT"), 9999 },
    { 253402300799, TEXT("Saturday, 01-Jan-10 00:00:00 GMT"), 9910 },
};

START_TEST(a_year_of_two_digits_is_at_most_fifty_years_ahead)
{
    for (size_t i = 0; i < COUNT_OF(year_cases); i++) {
        int64_t seconds = 0;
        bool good = http_date_parse(year_cases[i].text, year_cases[i].now, &seconds);
        ck_assert_msg(good, "%s", year_cases[i].text.ptr);
        char text[HTTP_DATE_LEN + 1] = "";
        ck_assert(http_date_write(seconds, text));
        char year[5];
        snprintf(year, sizeof(year), "%04d", year_cases[i].year);
        ck_assert_msg(memcmp(text + 12, year, 4) == 0, "%s: %s", year_cases[i].text.ptr, text);
    }
}
END_TEST

START_TEST(a_date_is_written_as_the_c_library_would)
{
    static const int64_t steps[] = { 1, 59, 3601, 86399, 86400, 86401, 2678400, 31535999, 31536000, 31622400, 123456789, 987654321 };
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        for (int64_t seconds = -62135596800, n = 0; seconds <= 253402300799 && n < 1500; seconds += steps[i], n++) {
            char text[HTTP_DATE_LEN + 1] = "", expected[64];
            struct tm tm;
            time_t t = (time_t)seconds;
            gmtime_r(&t, &tm);
            size_t len = strftime(expected, sizeof(expected), "%a, %d %b ", &tm);
            snprintf(expected + len, sizeof(expected) - len, "%04d %02d:%02d:%02d GMT", tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
            ck_assert(http_date_write(seconds, text));
            ck_assert_str_eq(text, expected);
            int64_t back = 0;
            ck_assert(http_date_parse((struct slice){ text, HTTP_DATE_LEN }, now, &back));
            ck_assert_int_eq(back, seconds);
        }
}
END_TEST

START_TEST(every_day_of_four_centuries_comes_back)
{
    for (int64_t day = -25567; day < 146097 - 25567; day++) {              /* 1900 to 2299 */
        char text[HTTP_DATE_LEN];
        int64_t back = 0;
        ck_assert(http_date_write(day * 86400, text));
        ck_assert(http_date_parse((struct slice){ text, HTTP_DATE_LEN }, now, &back));
        ck_assert_int_eq(back, day * 86400);
    }
}
END_TEST

START_TEST(a_year_of_more_or_less_than_four_digits_is_not_written)
{
    char text[HTTP_DATE_LEN] = "untouched";
    ck_assert(!http_date_write(-62135596801, text));
    ck_assert(!http_date_write(253402300800, text));
    ck_assert(!http_date_write(INT64_MIN, text));
    ck_assert(!http_date_write(INT64_MAX, text));
    ck_assert_str_eq(text, "untouched");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("http_date");
    tcase_add_test(tests, all_three_forms_are_read);
    tcase_add_test(tests, anything_else_is_no_date);
    tcase_add_test(tests, every_byte_of_a_date_matters);
    tcase_add_test(tests, a_year_of_two_digits_is_at_most_fifty_years_ahead);
    tcase_add_test(tests, a_date_is_written_as_the_c_library_would);
    tcase_add_test(tests, every_day_of_four_centuries_comes_back);
    tcase_add_test(tests, a_year_of_more_or_less_than_four_digits_is_not_written);
    return check_run(tests);
}
