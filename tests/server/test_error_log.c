/* What runs short is told once a minute, however many workers see it. */
#include "server/error_log.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/check_support.h"

static struct error_log error_log;
static FILE *file;

static void catch_standard_error(void)
{
    error_log = (struct error_log){ .name = "name" };
    file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
}

/* Each says what runs short, and what is done about it. */
static bool is_known(const char *line)
{
    static const char *const says[] = { ": out of descriptors:", ": all connections are taken:", ": out of memory:", ": a descriptor is too large" };
    for (size_t i = 0; i < COUNT_OF(says); i++)
        if (strstr(line, says[i]) != NULL)
            return true;
    return false;
}

/* Lines that were told so far, each of which is one, with the name before it. */
static unsigned told(void)
{
    unsigned count = 0;
    char line[512];
    rewind(file);
    for (; fgets(line, sizeof line, file) != NULL; count++) {
        ck_assert_int_eq(strncmp(line, "name: ", 6), 0);
        ck_assert_ptr_nonnull(strchr(line, '\n'));
        ck_assert(is_known(line));
    }
    return count;
}

START_TEST(each_thing_is_told_once)
{
    for (int what = 0; what < TROUBLE_COUNT; what++) {
        error_log_tell(&error_log, (enum trouble)what, 1);
        error_log_tell(&error_log, (enum trouble)what, 60000);
        ck_assert_uint_eq(told(), (unsigned)what + 1);
    }
}

START_TEST(after_a_minute_it_is_told_again)
{
    error_log_tell(&error_log, TROUBLE_MEMORY, 5);
    error_log_tell(&error_log, TROUBLE_MEMORY, 60004);
    ck_assert_uint_eq(told(), 1);
    error_log_tell(&error_log, TROUBLE_MEMORY, 60005);
    ck_assert_uint_eq(told(), 2);
}

START_TEST(a_long_name_is_cut_and_the_line_is_whole)
{
    static char name[1000];
    memset(name, 'n', sizeof name - 1);
    memcpy(name, "name: ", 6);
    error_log.name = name;
    error_log_tell(&error_log, TROUBLE_DESCRIPTORS, 1);
    ck_assert_uint_eq(told(), 1);
}

static void *tell(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++)
        error_log_tell(&error_log, TROUBLE_CONNECTIONS, 7);
    return NULL;
}

START_TEST(many_workers_tell_it_once)
{
    pthread_t threads[8];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, tell, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(told(), 1);
}

int main(void)
{
    TCase *tests = tcase_create("error log");
    tcase_add_checked_fixture(tests, catch_standard_error, NULL);
    tcase_add_test(tests, each_thing_is_told_once);
    tcase_add_test(tests, after_a_minute_it_is_told_again);
    tcase_add_test(tests, a_long_name_is_cut_and_the_line_is_whole);
    tcase_add_test(tests, many_workers_tell_it_once);
    return check_run(tests);
}
