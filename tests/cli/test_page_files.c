#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/page_files.h"

/* The current folder has: away.html, here.html; site/here.html, site/x.bin, site/empty.txt, site/note.md, site/long, site/pipe. */
static char folder[] = "/tmp/weir-pages-XXXXXX";

static void write_file(const char *path, const char *text)
{
    FILE *const file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void folder_make(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(mkdir("site", 0700), 0);
    write_file("away.html", "away");
    write_file("here.html", "not this one");
    write_file("site/here.html", "here");
    write_file("site/x.bin", "bytes");
    write_file("site/empty.txt", "");
    write_file("site/note.md", "note");
    write_file("site/long", "");
    ck_assert_int_eq(truncate("site/long", PAGE_FILE_MAX + 1), 0);
    ck_assert_int_eq(mkfifo("site/pipe", 0600), 0);
}

static void folder_remove(void)
{
    static const char *const files[] = { "away.html", "here.html", "site/here.html", "site/x.bin", "site/empty.txt", "site/note.md", "site/long",
                                         "site/pipe" };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)unlink(files[i]);
    (void)rmdir("site");
    (void)rmdir(folder);
}

static struct cli_options serving(const char *file)
{
    return (struct cli_options){
        .command = CLI_SERVE,
        .files = { .dir = "site", .charset = "utf-8" },
        .pages = { { 404, file } },
        .page_count = 1,
    };
}

struct page_case {
    const char *file;
    const char *type;
    const char *body;
};

static const struct page_case page_cases[] = {
    { "here.html", "text/html; charset=utf-8", "here" },           /* the one below DIR, not the one beside it */
    { "./here.html", "text/html; charset=utf-8", "here" },
    { "away.html", "text/html; charset=utf-8", "away" },
    { "x.bin", "application/octet-stream", "bytes" },
    { "empty.txt", "text/plain; charset=utf-8", "" },
};

static void assert_page(const struct page_files *files, size_t index, const char *type, const char *body)
{
    const struct weir_page *const page = &files->pages[index];
    ck_assert_uint_eq(page->type.len, strlen(type));
    ck_assert_mem_eq(page->type.ptr, type, page->type.len);
    ck_assert_uint_eq(page->body.len, strlen(body));
    ck_assert_mem_eq(page->body.ptr, body, page->body.len);
}

START_TEST(a_page_is_found_below_the_folder_or_beside_it)
{
    struct page_files files;
    char error[CLI_ERROR_SIZE];
    const struct cli_options options = serving(page_cases[_i].file);
    ck_assert(page_files_open(&files, &options, error));
    ck_assert_uint_eq(files.count, 1);
    ck_assert_int_eq(files.pages[0].status, 404);
    assert_page(&files, 0, page_cases[_i].type, page_cases[_i].body);
    page_files_close(&files);
}
END_TEST

START_TEST(where_no_folder_is_served_a_path_is_what_it_says)
{
    struct page_files files;
    char error[CLI_ERROR_SIZE], absolute[64];
    struct cli_options options = serving("here.html");
    options.command = CLI_RESPOND;
    snprintf(absolute, sizeof(absolute), "%s/away.html", folder);
    options.pages[1] = (struct cli_page){ 500, absolute };
    options.page_count = 2;
    ck_assert(page_files_open(&files, &options, error));
    assert_page(&files, 0, "text/html; charset=utf-8", "not this one");
    assert_page(&files, 1, "text/html; charset=utf-8", "away");
    page_files_close(&files);
}
END_TEST

START_TEST(types_and_charset_of_the_options_count_for_pages_too)
{
    struct page_files files;
    char error[CLI_ERROR_SIZE];
    const struct static_type types[] = { { "MD", "text/x-note" }, { "html", "text/html; charset=us-ascii" } };
    struct cli_options options = serving("note.md");
    options.pages[1] = (struct cli_page){ 500, "here.html" };
    options.pages[2] = (struct cli_page){ 501, "empty.txt" };
    options.page_count = 3;
    options.files.types = types;
    options.files.type_count = 2;
    ck_assert(page_files_open(&files, &options, error));
    assert_page(&files, 0, "text/x-note; charset=utf-8", "note");
    assert_page(&files, 1, "text/html; charset=us-ascii", "here");
    assert_page(&files, 2, "text/plain; charset=utf-8", "");
    page_files_close(&files);
    options.files.charset = NULL;
    ck_assert(page_files_open(&files, &options, error));
    assert_page(&files, 0, "text/x-note", "note");
    assert_page(&files, 2, "text/plain", "");
    page_files_close(&files);
}
END_TEST

struct wrong_case {
    const char *file;
    const char *error;
};

static const struct wrong_case wrong_cases[] = {
    { "nowhere.html", "--error-page 404=nowhere.html: No such file or directory" },
    { "/nowhere/at/all", "--error-page 404=/nowhere/at/all: No such file or directory" },
    { "long", "--error-page 404=long: must be at most 1 MiB long" },
    { "pipe", "--error-page 404=pipe: must be a regular file" },
    { ".", "--error-page 404=.: must be a regular file" },
    { "here.html/x", "--error-page 404=here.html/x: Not a directory" },
};

START_TEST(a_page_that_cannot_be_had_is_told_of)
{
    struct page_files files;
    char error[CLI_ERROR_SIZE];
    struct cli_options options = serving("here.html");
    options.pages[0] = (struct cli_page){ 500, "here.html" };          /* this one is read, and let go of */
    options.pages[1] = (struct cli_page){ 404, wrong_cases[_i].file };
    options.page_count = 2;
    ck_assert(!page_files_open(&files, &options, error));
    ck_assert_str_eq(error, wrong_cases[_i].error);
    ck_assert_uint_eq(files.count, 0);
}
END_TEST

START_TEST(a_page_of_a_mebibyte_is_taken_whole)
{
    struct page_files files;
    char error[CLI_ERROR_SIZE];
    ck_assert_int_eq(truncate("site/long", PAGE_FILE_MAX), 0);
    const struct cli_options options = serving("long");
    ck_assert(page_files_open(&files, &options, error));
    ck_assert_uint_eq(files.pages[0].body.len, PAGE_FILE_MAX);
    page_files_close(&files);
    ck_assert_int_eq(truncate("site/long", PAGE_FILE_MAX + 1), 0);
}
END_TEST

int main(void)
{
    TCase *const tests = tcase_create("page_files");
    tcase_add_unchecked_fixture(tests, folder_make, folder_remove);
    tcase_add_loop_test(tests, a_page_is_found_below_the_folder_or_beside_it, 0, (int)(sizeof(page_cases) / sizeof(page_cases[0])));
    tcase_add_test(tests, where_no_folder_is_served_a_path_is_what_it_says);
    tcase_add_test(tests, types_and_charset_of_the_options_count_for_pages_too);
    tcase_add_loop_test(tests, a_page_that_cannot_be_had_is_told_of, 0, (int)(sizeof(wrong_cases) / sizeof(wrong_cases[0])));
    tcase_add_test(tests, a_page_of_a_mebibyte_is_taken_whole);
    Suite *const suite = suite_create("page_files");
    suite_add_tcase(suite, tests);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
