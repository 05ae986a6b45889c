/* The error log: what is told, how often, and where. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/error_log.h"

/* What a call writes to standard error, which is a pipe meanwhile. */
static size_t told(struct error_log *log, enum trouble what, uint64_t now, char text[512])
{
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    const int before = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
    error_log_tell(log, what, now);
    ck_assert_int_ge(dup2(before, STDERR_FILENO), 0);
    const ssize_t len = read(ends[0], text, 511);
    text[len > 0 ? len : 0] = '\0';
    close(ends[0]);
    close(ends[1]);
    close(before);
    return strlen(text);
}

START_TEST(each_trouble_is_one_line_with_the_name_before_it)
{
    char text[512];
    struct error_log log = { .name = "river" };
    for (enum trouble what = 0; what < TROUBLE_COUNT; what++) {
        const size_t len = told(&log, what, 1, text);
        ck_assert_uint_gt(len, 20);
        ck_assert_int_eq(strncmp(text, "river: ", 7), 0);
        ck_assert_ptr_eq(strchr(text, '\n'), text + len - 1);
    }
}
END_TEST

START_TEST(nothing_is_told_twice_within_a_minute)
{
    char text[512];
    struct error_log log = { .name = "weir" };
    ck_assert_uint_gt(told(&log, TROUBLE_MEMORY, 1, text), 0);
    ck_assert_uint_eq(told(&log, TROUBLE_MEMORY, 1, text), 0);
    ck_assert_uint_eq(told(&log, TROUBLE_MEMORY, 60000, text), 0);
    ck_assert_uint_gt(told(&log, TROUBLE_MEMORY, 60001, text), 0);
    ck_assert_uint_eq(told(&log, TROUBLE_MEMORY, 60002, text), 0);
}
END_TEST

START_TEST(one_trouble_does_not_hide_another)
{
    char text[512];
    struct error_log log = { .name = "weir" };
    ck_assert_uint_gt(told(&log, TROUBLE_DESCRIPTORS, 1, text), 0);
    ck_assert_ptr_nonnull(strstr(text, "descriptors"));
    ck_assert_uint_gt(told(&log, TROUBLE_CONNECTIONS, 1, text), 0);
    ck_assert_ptr_nonnull(strstr(text, "--max-connections"));
}
END_TEST

START_TEST(a_long_name_leaves_the_line_whole)
{
    char name[400], text[512];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct error_log log = { .name = name };
    const size_t len = told(&log, TROUBLE_CONNECTIONS, 1, text);
    ck_assert_uint_lt(len, 256);
    ck_assert_ptr_eq(strchr(text, '\n'), text + len - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("error log");
    TCase *tests = tcase_create("telling");
    tcase_add_test(tests, each_trouble_is_one_line_with_the_name_before_it);
    tcase_add_test(tests, nothing_is_told_twice_within_a_minute);
    tcase_add_test(tests, one_trouble_does_not_hide_another);
    tcase_add_test(tests, a_long_name_leaves_the_line_whole);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
