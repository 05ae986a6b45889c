/* Every call that the file server makes to the kernel fails, in every way, one at a time and for good. */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/check_support.h"
#include "tests/handler/capture.h"
#include "tests/handler/folder.h"
#include "tests/handler/seam.h"

#define FOR_GOOD 1000000u
#define CALLS_MAX 64u          /* more than any answer makes */

static char folder[FOLDER_PATH_SIZE];
static char large[100 * 1024];
static struct static_files *files;
static struct weir_handler handler;
static char error_line[WEIR_ERROR_SIZE];

static int open_files(void)
{
    struct static_options options = { .dir = "www", .workers = 1 };
    return static_files_open(&files, &options, &handler, error_line);
}

static void enter(void)
{
    folder_enter(folder);
    folder_make("www");
    folder_make("www/folder");
    folder_text("www/folder/index.html", "<p>index");
    folder_text("www/a.txt", "text");
    memset(large, 'L', sizeof(large));
    folder_write("www/large", large, sizeof(large));
    seam.ahead_ms = 10000;
    seam_spare();
    ck_assert_int_eq(open_files(), 0);
}

static void leave(void)
{
    static_files_close(files);
    ck_assert_uint_eq(seam.held, 0);
    folder_leave(folder);
}

static void ask(const char *path)
{
    ask_handler(&handler, path, NULL, 0);
    let_go(&last);
}

static void expect_body(const char *path, const char *body)
{
    ask(path);
    ck_assert_int_eq(last.status, 200);
    ck_assert_str_eq(last.body, body);
}

static int descriptors_open(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* ---- what an error means ---- */

struct error_case {
    int error;
    int status;
};

static const struct error_case error_cases[] = {
    { ENOENT, 404 }, { ENOTDIR, 404 }, { ENAMETOOLONG, 404 },
    { EACCES, 403 }, { EPERM, 403 }, { EXDEV, 403 }, { ELOOP, 403 }, { ENXIO, 403 },
    { EMFILE, 503 }, { ENFILE, 503 }, { ENOMEM, 503 }, { EAGAIN, 503 }, { EINTR, 503 },
    { EIO, 500 }, { ESTALE, 500 }, { EINVAL, 500 }, { EBADF, 500 }, { EOVERFLOW, 500 },
};

START_TEST(each_error_of_an_open_has_its_status)
{
    const struct error_case *c = &error_cases[_i];
    static const char *const paths[] = { "/a.txt", "/folder/", "/folder", "/large", "/missing" };
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        seam_strike(1, FOR_GOOD, c->error);
        ask(paths[i]);
        ck_assert_msg(last.status == c->status, "%s: %d", paths[i], last.status);
    }
    seam_spare();
    expect_body("/a.txt", "text");
}
END_TEST

START_TEST(an_interruption_or_a_lost_race_is_tried_again)
{
    seam_strike(1, 3, EINTR);
    expect_body("/a.txt", "text");
    seam_strike(1, 3, EAGAIN);
    expect_body("/folder/", "<p>index");
    ck_assert_uint_gt(seam.calls, 6);
}
END_TEST

START_TEST(without_openat2_the_way_is_walked_from_then_on)
{
    seam_strike(1, 1, ENOSYS);
    expect_body("/folder/", "<p>index");
    ck_assert(files->workers[0].beneath.walks);
    ck_assert_int_eq(symlink("a.txt", "www/link"), 0);
    seam_spare();
    ask("/link");
    ck_assert_int_eq(last.status, 403);
    ask("/folder");
    ck_assert_int_eq(last.status, 301);
}
END_TEST

START_TEST(a_container_that_hides_openat2_is_found_out_at_the_start)
{
    static const int errors[] = { ENOSYS, EPERM };
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        static_files_close(files);
        seam_strike(3, 1, errors[i]);              /* after the memory and the root */
        ck_assert_int_eq(open_files(), 0);
        ck_assert(files->workers[0].beneath.walks);
        seam_spare();
        expect_body("/a.txt", "text");
    }
}
END_TEST

/* ---- one failure at each call ---- */

static const int errors[] = { 0, EIO, ESTALE, ENOENT, EACCES, EMFILE, ENOMEM, EAGAIN, EINTR, ENOSYS, ELOOP };

struct path_case {
    const char *path;
    int status;
    const char *start;     /* of the body */
};

static const struct path_case path_cases[] = {
    { "/a.txt", 200, "text" },
    { "/folder/", 200, "<p>index" },
    { "/folder", 301, "<!doctype html>" },
    { "/large", 200, "LLLLLLLL" },
    { "/missing", 404, "<!doctype html>" },
};

static void expect_case(const struct path_case *c)
{
    ask(c->path);
    ck_assert_int_eq(last.status, c->status);
    ck_assert_int_eq(strncmp(last.body, c->start, strlen(c->start)), 0);
}

/* Strikes `count` calls from each one on, when the cache is empty, when it believes, and when it has to look again. An answer is right, or
 * a plain refusal; no descriptor and no memory stays behind; afterwards all is as before. */
static void strike_everywhere(const struct path_case *c, unsigned count, bool walks)
{
    for (size_t e = 0; e < COUNT_OF(errors); e++)
        for (int warm = 0; warm < 3; warm++)
            for (unsigned from = 1; from < CALLS_MAX; from++) {
                size_t held = seam.held;
                files->workers[0].beneath.walks = walks;
                if (warm > 0)
                    expect_case(c);
                if (warm > 1)
                    seam.ahead_ms += FILE_CACHE_TRUST_MS;
                int open = descriptors_open();
                files_may_shrink = errors[e] == 0;
                seam_strike(from, count, errors[e]);
                ask(c->path);
                unsigned made = seam.calls;
                ck_assert_msg(last.status == c->status || last.status >= 400, "%s: %d", c->path, last.status);
                if (last.status == 200 && errors[e] != 0)
                    ck_assert_int_eq(strncmp(last.body, c->start, strlen(c->start)), 0);
                ck_assert_int_eq(descriptors_open(), open);
                seam_spare();
                files->workers[0].beneath.walks = walks;
                files_may_shrink = false;
                expect_case(c);
                file_cache_clear(&files->workers[0].cache);
                ck_assert_uint_eq(seam.held, held);
                if (made < from)
                    break;                         /* not so many calls */
            }
}

START_TEST(one_failure_at_any_call_harms_one_answer_at_most)
{
    strike_everywhere(&path_cases[_i], 1, false);
    strike_everywhere(&path_cases[_i], 1, true);
}
END_TEST

START_TEST(failures_for_good_from_any_call_on_end_when_they_end)
{
    strike_everywhere(&path_cases[_i], FOR_GOOD, false);
    strike_everywhere(&path_cases[_i], FOR_GOOD, true);
}
END_TEST

START_TEST(a_start_that_fails_leaves_nothing_behind)
{
    static const int start_errors[] = { EIO, EACCES, EMFILE, ENOENT, EINTR };
    unsigned failures = 0;
    static_files_close(files);
    int open = descriptors_open();
    for (size_t e = 0; e < COUNT_OF(start_errors); e++)
        for (unsigned count = 1; count <= FOR_GOOD; count += FOR_GOOD - 1)
            for (unsigned from = 1; from < CALLS_MAX; from++) {
                seam_strike(from, count, start_errors[e]);
                error_line[0] = '\0';
                int rc = open_files();
                seam_spare();
                if (rc == 0) {
                    expect_body("/a.txt", "text");
                    static_files_close(files);
                } else {
                    failures++;
                    ck_assert_int_lt(rc, 0);
                    ck_assert_int_eq(strncmp(error_line, "cannot serve the folder 'www': ", 31), 0);
                }
                ck_assert_int_eq(descriptors_open(), open);
                ck_assert_uint_eq(seam.held, 0);
            }
    ck_assert_uint_gt(failures, 10);
    ck_assert_int_eq(open_files(), 0);
}
END_TEST

/* ---- in particular ---- */

START_TEST(without_memory_files_are_sent_from_their_descriptors)
{
    seam_strike(5, FOR_GOOD, EINTR);               /* look: open, fstat; open, fstat; then the entry's memory */
    ask("/a.txt");
    ck_assert_int_eq(last.status, 200);
    ck_assert_int_eq(last.kind, WEIR_FILE);
    ck_assert_str_eq(last.body, "text");
}
END_TEST

START_TEST(without_memory_for_its_buckets_the_cache_stays_empty)
{
    seam_strike(8, 1, ENOMEM);                     /* behind the reading and the second look */
    expect_body("/a.txt", "text");
    ck_assert_int_eq(last.kind, WEIR_BORROW);
    ck_assert_ptr_null(files->workers[0].cache.buckets);
    seam_spare();
    expect_body("/a.txt", "text");
    ck_assert_uint_eq(files->workers[0].cache.count, 1);
}
END_TEST

START_TEST(a_file_that_is_another_at_each_look_is_sent_from_its_descriptor)
{
    seam_strike(5, FOR_GOOD, 0);
    files_may_shrink = true;
    ask("/a.txt");
    ck_assert_int_eq(last.status, 200);
    ck_assert_int_eq(last.kind, WEIR_FILE);
    ck_assert_uint_eq(files->workers[0].cache.count, 0);
}
END_TEST

START_TEST(a_reading_in_small_pieces_is_whole)
{
    seam_strike(6, 1, 0);
    expect_body("/folder/", "<p>index");
    ck_assert_uint_eq(files->workers[0].cache.count, 1);
}
END_TEST

START_TEST(a_disk_that_fails_is_our_fault)
{
    seam_strike(6, 1, EIO);
    ask("/a.txt");
    ck_assert_int_eq(last.status, 500);
    seam_strike(7, 1, ESTALE);
    ask("/a.txt");
    ck_assert_int_eq(last.status, 500);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("static_faults");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_loop_test(tests, each_error_of_an_open_has_its_status, 0, COUNT_OF(error_cases));
    tcase_add_test(tests, an_interruption_or_a_lost_race_is_tried_again);
    tcase_add_test(tests, without_openat2_the_way_is_walked_from_then_on);
    tcase_add_test(tests, a_container_that_hides_openat2_is_found_out_at_the_start);
    tcase_add_loop_test(tests, one_failure_at_any_call_harms_one_answer_at_most, 0, COUNT_OF(path_cases));
    tcase_add_loop_test(tests, failures_for_good_from_any_call_on_end_when_they_end, 0, COUNT_OF(path_cases));
    tcase_add_test(tests, a_start_that_fails_leaves_nothing_behind);
    tcase_add_test(tests, without_memory_files_are_sent_from_their_descriptors);
    tcase_add_test(tests, without_memory_for_its_buckets_the_cache_stays_empty);
    tcase_add_test(tests, a_file_that_is_another_at_each_look_is_sent_from_its_descriptor);
    tcase_add_test(tests, a_reading_in_small_pieces_is_whole);
    tcase_add_test(tests, a_disk_that_fails_is_our_fault);
    return check_run(tests);
}
