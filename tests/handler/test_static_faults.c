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

static bool precompressed;             /* the next open_files() wants it; else each path costs fewer calls */
static bool has_fallback;

static int open_files(void)
{
    struct static_options options = static_defaults();
    options.dir = "www";
    options.workers = 1;
    options.precompressed = precompressed;
    options.fallback = has_fallback ? "folder/index.html" : NULL;
    return static_files_open(&files, &options, &handler, error_line);
}

static void enter(void)
{
    folder_enter(folder);
    folder_make("www");
    folder_make("www/folder");
    folder_text("www/folder/index.html", "<p>index");
    folder_text("www/a.txt", "text");
    folder_text("www/coded", "coded");
    folder_text("www/coded.br", "shorter");
    memset(large, 'L', sizeof(large));
    folder_write("www/large", large, sizeof(large));
    seam.ahead_ms = 10000;
    seam_spare();
    precompressed = false;
    has_fallback = false;
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
    const struct ask ask = { .path = path, .fields = { { "Accept-Encoding", "br" } } };
    ask_with(&handler, &ask);
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
    seam.cold = EAGAIN;
    seam_strike(2, 3, EAGAIN);                     /* behind the memory of the one who waits */
    expect_body("/folder/", "<p>index");
    ck_assert_uint_gt(seam.calls, 6);
    seam.cold = 0;
}
END_TEST

START_TEST(without_openat2_the_way_is_walked)
{
    seam_strike(1, 1, ENOSYS);
    expect_body("/folder/", "<p>index");
    seam_spare();
    files->place.beneath.walks = true;
    ck_assert_int_eq(symlink("a.txt", "www/link"), 0);
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
        ck_assert(files->place.beneath.walks);
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
    { "/folder", 301, "" },
    { "/large", 200, "LLLLLLLL" },
    { "/missing", 200, "<p>index" },               /* the fallback */
    { "/coded", 200, "shorter" },
};

/* The body may be another one: a sibling that cannot be had is no failure. */
static bool starts_right(const struct path_case *c)
{
    return strncmp(last.body, c->start, strlen(c->start)) == 0 || (precompressed && strcmp(last.body, "coded") == 0);
}

static void expect_case(const struct path_case *c)
{
    ask(c->path);
    ck_assert_int_eq(last.status, c->status);
    ck_assert(starts_right(c));
}

/* Strikes `count` calls from each one on, when the cache is empty, when it believes, and when it has to look again. An answer is right, or
 * a plain refusal; no descriptor and no memory stays behind; afterwards all is as before. */
static void strike_everywhere(const struct path_case *c, unsigned count, bool walks)
{
    struct file_cache *cache = &files->workers[0].cache;
    for (size_t e = 0; e < COUNT_OF(errors); e++)
        for (int warm = 0; warm < 3; warm++)
            for (unsigned from = 1; from < CALLS_MAX; from++) {
                size_t held = seam.held;
                files->place.beneath.walks = walks;
                if (warm > 0)
                    expect_case(c);
                if (warm > 1)
                    seam.ahead_ms += FILE_CACHE_TRUST_MS;
                int open = descriptors_open() - (int)cache->descriptors;
                files_may_shrink = errors[e] == 0;
                seam_strike(from, count, errors[e]);
                ask(c->path);
                unsigned made = seam.calls;
                ck_assert_msg(last.status == c->status || last.status >= 400, "%s: %d", c->path, last.status);
                if (last.status == 200 && errors[e] != 0)
                    ck_assert(starts_right(c));
                ck_assert_int_eq(descriptors_open() - (int)cache->descriptors, open);
                if (errors[e] == 0)
                    file_cache_clear(cache);       /* what no kernel says may have been believed */
                seam_spare();
                files->place.beneath.walks = walks;
                files_may_shrink = false;
                expect_case(c);
                file_cache_clear(cache);
                ck_assert_uint_eq(seam.held, held);
                if (made < from)
                    break;                         /* not so many calls */
            }
}

static void open_anew(const struct path_case *c)
{
    static_files_close(files);
    precompressed = strcmp(c->path, "/coded") == 0;
    has_fallback = strcmp(c->path, "/missing") == 0;
    ck_assert_int_eq(open_files(), 0);
}

START_TEST(one_failure_at_any_call_harms_one_answer_at_most)
{
    open_anew(&path_cases[_i]);
    strike_everywhere(&path_cases[_i], 1, false);
    strike_everywhere(&path_cases[_i], 1, true);
}
END_TEST

START_TEST(failures_for_good_from_any_call_on_end_when_they_end)
{
    open_anew(&path_cases[_i]);
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
                    ck_assert_int_eq(strncmp(error_line, "cannot serve ", 13), 0);
                }
                ck_assert_int_eq(descriptors_open(), open);
                ck_assert_uint_eq(seam.held, 0);
            }
    ck_assert_uint_gt(failures, 10);
    ck_assert_int_eq(open_files(), 0);
}
END_TEST

/* ---- in particular ---- */

/* The calls for a file that is not cached: a look (open, fstat); the same again and the file itself (open, fstat); the entry's memory, the reading, a
 * second fstat; the memory of the cache's buckets. */
enum { CALL_MEMORY = 7, CALL_READING, CALL_SECOND_FSTAT, CALL_BUCKETS };

START_TEST(without_memory_for_a_file_others_go_on)
{
    seam_strike(CALL_MEMORY, 1, ENOMEM);
    ask("/a.txt");
    ck_assert_int_eq(last.status, 503);
    expect_body("/a.txt", "text");
}
END_TEST

START_TEST(without_memory_for_its_buckets_the_cache_stays_empty)
{
    seam_strike(CALL_BUCKETS, 1, ENOMEM);
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
    seam_strike(CALL_MEMORY - 1, FOR_GOOD, 0);
    files_may_shrink = true;
    ask("/a.txt");
    ck_assert_int_eq(last.status, 200);
    ck_assert_int_eq(last.kind, WEIR_FILE);
}
END_TEST

START_TEST(a_reading_in_small_pieces_is_whole)
{
    seam_strike(CALL_READING, 1, 0);
    expect_body("/folder/", "<p>index");
    ck_assert_uint_eq(files->workers[0].cache.count, 1);
}
END_TEST

START_TEST(a_disk_that_fails_is_our_fault)
{
    seam_strike(CALL_READING, 1, EIO);
    ask("/a.txt");
    ck_assert_int_eq(last.status, 500);
    seam_strike(CALL_SECOND_FSTAT, 1, EIO);
    ask("/a.txt");
    ck_assert_int_eq(last.status, 500);
}
END_TEST

/* ---- what would wait for a disk ---- */

START_TEST(what_is_not_in_memory_is_loaded_on_another_thread)
{
    open_anew(&(struct path_case){ .path = "/missing" });
    static const int colds[] = { EAGAIN, EOPNOTSUPP };
    for (size_t i = 0; i < COUNT_OF(colds); i++) {
        seam.cold = colds[i];
        unsigned taken = jobs_taken;
        expect_body("/a.txt", "text");
        ck_assert_uint_eq(jobs_taken, taken + 1);
        expect_body("/a.txt", "text");             /* at hand from now on */
        ck_assert_uint_eq(jobs_taken, taken + 1);
        expect_body("/missing", "<p>index");       /* one to know that it is missing, one for the fallback */
        ck_assert_uint_eq(jobs_taken, taken + (colds[i] == EAGAIN ? 3 : 2));
        ask("/folder");
        ck_assert_int_eq(last.status, 301);
        file_cache_clear(&files->workers[0].cache);
        seam.cold = 0;
    }
}
END_TEST

START_TEST(an_entry_that_is_looked_at_again_on_another_thread_is_the_same_one)
{
    expect_body("/a.txt", "text");
    const void *data = last.data;
    seam.ahead_ms += FILE_CACHE_TRUST_MS;
    seam.cold = EAGAIN;
    unsigned taken = jobs_taken;
    expect_body("/a.txt", "text");
    ck_assert_ptr_eq(last.data, data);
    ck_assert_uint_eq(jobs_taken, taken + 1);
    expect_body("/a.txt", "text");
    ck_assert_uint_eq(jobs_taken, taken + 1);
    seam.cold = 0;
}
END_TEST

START_TEST(where_no_thread_can_be_had_the_answer_is_a_refusal)
{
    seam.cold = EAGAIN;
    jobs_refused = true;
    ask("/a.txt");
    ck_assert_int_eq(last.status, 503);
    jobs_refused = false;
    expect_body("/a.txt", "text");
    seam.cold = 0;
}
END_TEST

START_TEST(a_client_that_leaves_while_its_file_is_loaded_harms_nobody)
{
    open_anew(&(struct path_case){ .path = "/missing" });
    int open = descriptors_open();
    seam.cold = EAGAIN;
    client_left = true;
    last.release = NULL;
    ask("/a.txt");
    ask("/large");
    ask("/missing");
    client_left = false;
    ck_assert_int_eq(descriptors_open(), open + 1);            /* the large file's, in the cache */
    unsigned taken = jobs_taken;
    expect_body("/a.txt", "text");                 /* loaded for the one who left */
    ck_assert_uint_eq(jobs_taken, taken);
    seam.cold = 0;
}
END_TEST

START_TEST(where_the_kernel_cannot_tell_files_are_read_at_once)
{
    files->place.beneath.tells = false;
    seam.cold = EOPNOTSUPP;
    unsigned taken = jobs_taken;
    expect_body("/a.txt", "text");
    ck_assert_uint_eq(jobs_taken, taken);
    seam.cold = 0;
}
END_TEST

START_TEST(a_file_system_that_is_memory_never_waits)
{
    seam.cold = EOPNOTSUPP;
    seam.is_memory = true;
    unsigned taken = jobs_taken;
    expect_body("/a.txt", "text");
    ck_assert_uint_eq(jobs_taken, taken);
    seam.is_memory = false;
    seam.cold = 0;
}
END_TEST

START_TEST(descriptors_of_the_cache_are_given_up_for_a_file_that_needs_one)
{
    ask("/large");
    ck_assert_uint_eq(files->workers[0].cache.descriptors, 1);
    seam_strike(1, 1, EMFILE);
    expect_body("/a.txt", "text");
    ck_assert_uint_eq(files->workers[0].cache.descriptors, 0);
    seam_strike(1, 1, EMFILE);                     /* none are left to give up */
    ask("/large");
    ck_assert_int_eq(last.status, 503);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("static_faults");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_loop_test(tests, each_error_of_an_open_has_its_status, 0, COUNT_OF(error_cases));
    tcase_add_test(tests, an_interruption_or_a_lost_race_is_tried_again);
    tcase_add_test(tests, without_openat2_the_way_is_walked);
    tcase_add_test(tests, a_container_that_hides_openat2_is_found_out_at_the_start);
    tcase_add_loop_test(tests, one_failure_at_any_call_harms_one_answer_at_most, 0, COUNT_OF(path_cases));
    tcase_add_loop_test(tests, failures_for_good_from_any_call_on_end_when_they_end, 0, COUNT_OF(path_cases));
    tcase_add_test(tests, a_start_that_fails_leaves_nothing_behind);
    tcase_add_test(tests, without_memory_for_a_file_others_go_on);
    tcase_add_test(tests, without_memory_for_its_buckets_the_cache_stays_empty);
    tcase_add_test(tests, a_file_that_is_another_at_each_look_is_sent_from_its_descriptor);
    tcase_add_test(tests, a_reading_in_small_pieces_is_whole);
    tcase_add_test(tests, a_disk_that_fails_is_our_fault);
    tcase_add_test(tests, what_is_not_in_memory_is_loaded_on_another_thread);
    tcase_add_test(tests, an_entry_that_is_looked_at_again_on_another_thread_is_the_same_one);
    tcase_add_test(tests, where_no_thread_can_be_had_the_answer_is_a_refusal);
    tcase_add_test(tests, a_client_that_leaves_while_its_file_is_loaded_harms_nobody);
    tcase_add_test(tests, where_the_kernel_cannot_tell_files_are_read_at_once);
    tcase_add_test(tests, a_file_system_that_is_memory_never_waits);
    tcase_add_test(tests, descriptors_of_the_cache_are_given_up_for_a_file_that_needs_one);
    return check_run(tests);
}
