/* What the operator can change about the files: each option of static_options. */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/check_support.h"
#include "tests/handler/capture.h"
#include "tests/handler/folder.h"
#include "tests/handler/seam.h"

static char folder[FOLDER_PATH_SIZE];
static struct static_options options;
static struct static_files *files;         /* NULL until serve() */
static struct weir_handler handler;
static char error_line[WEIR_ERROR_SIZE];

static void enter(void)
{
    folder_enter(folder);
    folder_make("www");
    folder_make("www/a");
    folder_make("www/b");
    folder_make("www/none");
    folder_make("www/.git");
    folder_text("secret", "secret");
    folder_text("www/app.html", "<p>app");
    folder_text("www/a/index.htm", "<p>htm");
    folder_text("www/a/index.html", "<p>html");
    folder_text("www/b/index.htm", "<p>b");
    folder_text("www/page.html", "<p>page");
    folder_text("www/x.css", "css");
    folder_text("www/x.css.gz", "zipped");
    folder_text("www/x.own", "own");
    ck_assert_int_eq(symlink("../secret", "www/out"), 0);
    ck_assert_int_eq(symlink("x.css", "www/in.css"), 0);
    options = static_defaults();
    options.dir = "www";
    options.workers = 1;
    seam.ahead_ms = 10000;
    files = NULL;
}

static void leave(void)
{
    static_files_close(files);
    ck_assert_uint_eq(seam.held, 0);
    folder_leave(folder);
}

static void serve(void)
{
    ck_assert_int_eq(static_files_open(&files, &options, &handler, error_line), 0);
}

static void ask(const char *path)
{
    const struct ask ask = { .path = path, .fields = { { "Accept-Encoding", "gzip" } } };
    ask_with(&handler, &ask);
    let_go(&last);
}

static void expect_body(const char *path, const char *body)
{
    ask(path);
    ck_assert_int_eq(last.status, 200);
    ck_assert_str_eq(last.body, body);
}

static void expect_status(const char *path, int status)
{
    ask(path);
    ck_assert_msg(last.status == status, "%s: %d", path, last.status);
}

static void expect_refusal(const char *line)
{
    int rc = static_files_open(&files, &options, &handler, error_line);
    ck_assert_int_lt(rc, 0);
    ck_assert_str_eq(error_line, line);
    ck_assert_uint_eq(seam.held, 0);
    files = NULL;
}

/* ---- folders ---- */

START_TEST(indexes_are_tried_in_their_order)
{
    static const char *const indexes[] = { "index.htm", "index.html" };
    options.indexes = indexes;
    options.index_count = 2;
    serve();
    expect_body("/a/", "<p>htm");
    ck_assert_int_eq(unlink("www/a/index.htm"), 0);
    seam.ahead_ms += FILE_CACHE_TRUST_MS;
    expect_body("/a/", "<p>html");
    folder_text("www/a/index.htm", "<p>again");
    seam.ahead_ms += 10000;
    expect_body("/a/", "<p>again");
    expect_body("/b/", "<p>b");
    expect_status("/none/", 404);
    expect_status("/nowhere/", 404);
    expect_status("/a", 301);
}
END_TEST

START_TEST(a_folder_without_an_index_is_listed_where_that_is_on)
{
    options.listing = true;
    serve();
    ask("/none/");
    ck_assert(last.is_listing);
    ck_assert_str_eq(value_of(&last, "name"), "none");
    ck_assert_str_eq(value_of(&last, "path"), "/none/");
    ck_assert_str_eq(value_of(&last, "dot-files"), "no");
    ask("/");
    ck_assert(last.is_listing);
    ck_assert_str_eq(value_of(&last, "name"), ".");
    expect_body("/a/", "<p>html");
    expect_status("/none", 301);
    expect_status("/nowhere/", 404);
    expect_status("/x.css/", 404);
    expect_status("/.git/", 404);
}
END_TEST

/* Without a look at the disk: whether there is an index was asked when the page was made. */
START_TEST(a_page_that_is_cached_answers_for_a_folder_whose_index_is_not)
{
    options.listing = listing_is_cached = true;
    serve();
    ask("/gone/");
    ck_assert(last.is_listing);
    expect_status("/gone", 404);
    listing_is_cached = false;
    expect_body("/a/", "<p>html");
    listing_is_cached = true;
    expect_body("/a/", "<p>html");
    listing_is_cached = false;
}
END_TEST

/* ---- what is not there ---- */

static const char *const fallbacks[] = { "app.html", "/app.html", "./app.html" };

START_TEST(the_fallback_answers_where_there_is_nothing)
{
    static const char *const paths[] = { "/missing", "/missing/", "/none/", "/x.css/y", "/.git/config" };
    options.fallback = fallbacks[_i];
    serve();
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        expect_body(paths[i], "<p>app");
        ck_assert_str_eq(value_of(&last, "Content-Type"), "text/html; charset=utf-8");
        ck_assert(value_of(&last, "ETag")[0] != '\0');
    }
    ck_assert_uint_eq(files->workers[0].cache.count, 1);       /* of its own path: misses do not fill the cache */
    expect_body("/page.html", "<p>page");
    expect_status("/out", 403);                    /* there, and forbidden */
    ask_with(&handler, &(struct ask){ .path = "/missing", .fields = { { "If-None-Match", value_of(&last, "ETag") } } });
    let_go(&last);
    ck_assert_int_eq(unlink("www/app.html"), 0);
    seam.ahead_ms += FILE_CACHE_TRUST_MS;
    expect_status("/missing", 404);
    folder_make("www/app.html");
    expect_status("/missing", 404);
}
END_TEST

START_TEST(a_fallback_that_is_not_there_is_told_at_the_start)
{
    options.fallback = "none.html";
    expect_refusal("cannot serve 'none.html' as the fallback, a file below the folder: No such file or directory");
    options.fallback = "a";
    expect_refusal("cannot serve 'a' as the fallback, a file below the folder: Is a directory");
    options.fallback = "../secret";
    expect_refusal("cannot serve '../secret' as the fallback, a file below the folder: Invalid cross-device link");
}
END_TEST

/* ---- links ---- */

struct link_case {
    enum static_symlinks links;
    int inside;
    int outside;
};

static const struct link_case link_cases[] = {
    { STATIC_SYMLINKS_INSIDE, 200, 403 }, { STATIC_SYMLINKS_DENY, 403, 403 }, { STATIC_SYMLINKS_FOLLOW, 200, 200 },
};

START_TEST(links_are_followed_as_far_as_they_may_be)
{
    options.symlinks = link_cases[_i].links;
    serve();
    expect_status("/in.css", link_cases[_i].inside);
    expect_status("/out", link_cases[_i].outside);
    expect_status("/x.css", 200);
}
END_TEST

/* ---- types ---- */

START_TEST(own_types_and_charset_are_said)
{
    static const struct static_type types[] = { { "own", "text/x-own" }, { "CSS", "text/css; charset=us-ascii" } };
    options.types = types;
    options.type_count = 2;
    options.charset = "iso-8859-15";
    serve();
    ask("/x.own");
    ck_assert_str_eq(value_of(&last, "Content-Type"), "text/x-own; charset=iso-8859-15");
    ask("/x.css");
    ck_assert_str_eq(value_of(&last, "Content-Type"), "text/css; charset=us-ascii");
    ask("/page.html");
    ck_assert_str_eq(value_of(&last, "Content-Type"), "text/html; charset=iso-8859-15");
}
END_TEST

START_TEST(without_a_charset_none_is_said)
{
    options.charset = NULL;
    serve();
    ask("/page.html");
    ck_assert_str_eq(value_of(&last, "Content-Type"), "text/html");
}
END_TEST

START_TEST(types_that_are_none_are_told_at_the_start)
{
    static const struct static_type bad[] = { { "md", "text/markdown" }, { "x", "markdown" } };
    options.types = bad;
    options.type_count = 2;
    expect_refusal("'markdown' cannot be the type of 'x': it takes one like 'text/markdown'");
    options.type_count = 1;
    options.charset = "utf 8";
    expect_refusal("'utf 8' is no charset: it takes a name, like 'utf-8'");
}
END_TEST

/* ---- cache rules ---- */

START_TEST(the_first_rule_that_matches_says_cache_control)
{
    static const struct static_cache_rule rules[] = {
        { "index.html", "no-cache" }, { "/page.*", "no-store" }, { "*.{css,html}", "public, max-age=31536000, immutable" },
    };
    options.cache_rules = rules;
    options.cache_rule_count = COUNT_OF(rules);
    serve();
    ask("/a/");                                    /* of an index: the path of the file */
    ck_assert_str_eq(value_of(&last, "Cache-Control"), "no-cache");
    ask("/page.html");
    ck_assert_str_eq(value_of(&last, "Cache-Control"), "no-store");
    ask("/app.html");
    ck_assert_str_eq(value_of(&last, "Cache-Control"), rules[2].value);
    ask("/x.css");                                 /* its sibling answers */
    ck_assert_str_eq(value_of(&last, "Content-Encoding"), "gzip");
    ck_assert_str_eq(value_of(&last, "Cache-Control"), rules[2].value);
    ask("/x.own");
    ck_assert_str_eq(value_of(&last, "Cache-Control"), "");
    ask_with(&handler, &(struct ask){ .path = "/page.html", .fields = { { "If-None-Match", "*" } } });
    ck_assert_int_eq(last.status, 304);            /* RFC 9110 §15.4.5 */
    ck_assert_str_eq(value_of(&last, "Cache-Control"), "no-store");
}
END_TEST

START_TEST(rules_that_are_none_are_told_at_the_start)
{
    static const struct static_cache_rule broken = { "[a-", "no-cache" }, splitting = { "*", "no-cache\r\nX: y" };
    options.cache_rules = &broken;
    options.cache_rule_count = 1;
    ck_assert_int_eq(static_files_open(&files, &options, &handler, error_line), -EINVAL);
    ck_assert_int_eq(strncmp(error_line, "'[a-' is no pattern for paths: ", 31), 0);
    files = NULL;
    options.cache_rules = &splitting;
    ck_assert_int_eq(static_files_open(&files, &options, &handler, error_line), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error_line, " cannot be a value of Cache-Control: "));
    files = NULL;
}
END_TEST

START_TEST(an_index_that_is_a_path_is_told_at_the_start)
{
    static const char *const bad[] = { "", "a/b", ".", ".." };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        options.indexes = &bad[i];
        options.index_count = 1;
        ck_assert_int_eq(static_files_open(&files, &options, &handler, error_line), -EINVAL);
        ck_assert_ptr_nonnull(strstr(error_line, "cannot be an index"));
        files = NULL;
    }
}
END_TEST

/* ---- siblings, and the cache ---- */

START_TEST(siblings_are_not_looked_for_where_they_are_not_wanted)
{
    options.precompressed = false;
    serve();
    expect_body("/x.css", "css");
    ck_assert_str_eq(value_of(&last, "Vary"), "");
}
END_TEST

START_TEST(a_cache_of_no_files_stays_empty)
{
    options.cache_files = 0;
    serve();
    expect_body("/page.html", "<p>page");
    expect_body("/page.html", "<p>page");
    expect_body("/x.css", "zipped");
    ck_assert_uint_eq(files->workers[0].cache.count, 0);
}
END_TEST

/* ---- other origins ---- */

START_TEST(a_browser_may_ask_first)
{
    options.cors_origin = "*";
    serve();
    ck_assert_uint_eq(handler.methods, WEIR_GET | WEIR_HEAD | WEIR_OPTIONS);
    ask_with(&handler, &(struct ask){ .method = WEIR_OPTIONS, .path = "/x",
                                      .fields = { { "Access-Control-Request-Method", "GET" },
                                                  { "Access-Control-Request-Headers", "range,x-own" } } });
    ck_assert_int_eq(last.status, 204);
    ck_assert_str_eq(value_of(&last, "Allow"), "GET, HEAD, OPTIONS");
    ck_assert_str_eq(value_of(&last, "Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
    ck_assert_str_eq(value_of(&last, "Access-Control-Allow-Headers"), "range,x-own");
    ck_assert_str_eq(value_of(&last, "Access-Control-Max-Age"), "86400");
    ask_with(&handler, &(struct ask){ .method = WEIR_OPTIONS, .path = "/x",
                                      .fields = { { "Access-Control-Request-Method", "GET" }, { "Access-Control-Request-Headers", "a;b" } } });
    ck_assert_ptr_nonnull(strstr(value_of(&last, "Access-Control-Allow-Headers"), "Range"));
    ask_with(&handler, &(struct ask){ .method = WEIR_OPTIONS, .path = "*" });
    ck_assert_int_eq(last.status, 204);
    ck_assert_uint_eq(last.field_count, 1);
    ck_assert_str_eq(value_of(&last, "Allow"), "GET, HEAD, OPTIONS");
}
END_TEST

START_TEST(without_an_origin_weir_answers_options_itself)
{
    serve();
    ck_assert_uint_eq(handler.methods, 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("static_options");
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_test(tests, indexes_are_tried_in_their_order);
    tcase_add_test(tests, a_folder_without_an_index_is_listed_where_that_is_on);
    tcase_add_test(tests, a_page_that_is_cached_answers_for_a_folder_whose_index_is_not);
    tcase_add_loop_test(tests, the_fallback_answers_where_there_is_nothing, 0, COUNT_OF(fallbacks));
    tcase_add_test(tests, a_fallback_that_is_not_there_is_told_at_the_start);
    tcase_add_loop_test(tests, links_are_followed_as_far_as_they_may_be, 0, COUNT_OF(link_cases));
    tcase_add_test(tests, own_types_and_charset_are_said);
    tcase_add_test(tests, without_a_charset_none_is_said);
    tcase_add_test(tests, types_that_are_none_are_told_at_the_start);
    tcase_add_test(tests, the_first_rule_that_matches_says_cache_control);
    tcase_add_test(tests, rules_that_are_none_are_told_at_the_start);
    tcase_add_test(tests, an_index_that_is_a_path_is_told_at_the_start);
    tcase_add_test(tests, siblings_are_not_looked_for_where_they_are_not_wanted);
    tcase_add_test(tests, a_cache_of_no_files_stays_empty);
    tcase_add_test(tests, a_browser_may_ask_first);
    tcase_add_test(tests, without_an_origin_weir_answers_options_itself);
    return check_run(tests);
}
