/* What the options for files and answers take, and what they refuse. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { WORDS_MAX = 24 };

/* Parses words separated by single blanks; '~' stands for a blank in a word. The words live until the next call. */
static enum cli_verdict parse(struct cli_options *out, const char *line, char error[CLI_ERROR_SIZE])
{
    static char text[1024];
    char *words[WORDS_MAX + 1] = { (char[]){ "weir" } };
    int count = 1;
    snprintf(text, sizeof(text), "%s", line);
    for (char *at = text; *at != '\0' && count < WORDS_MAX; count++) {
        char *const end = at + strcspn(at, " ");
        const bool more = *end == ' ';
        *end = '\0';
        for (char *blank = at; (blank = strchr(blank, '~')) != NULL;)
            *blank = ' ';
        words[count] = at;
        at = more ? end + 1 : end;
    }
    return options_parse(out, count, words, false, error);
}

static void parse_right(struct cli_options *out, const char *line)
{
    char error[CLI_ERROR_SIZE];
    const enum cli_verdict verdict = parse(out, line, error);
    ck_assert_msg(verdict == CLI_RUN, "%s: %s", line, verdict == CLI_WRONG ? error : "not run");
}

/* ---- what is right ---- */

START_TEST(every_option_for_files_lands_where_it_belongs)
{
    struct cli_options options;
    parse_right(&options, "serve /srv --index home.html --index=index.htm --fallback /app/index.html --dot-files --symlinks deny --no-precompressed"
                          " --charset iso-8859-1 --cache-files 0 --cache-memory 3g --workers 3");
    const struct static_options *const files = &options.files;
    ck_assert_str_eq(files->dir, "/srv");
    ck_assert_uint_eq(files->workers, 3);
    ck_assert_uint_eq(files->index_count, 2);
    ck_assert_str_eq(files->indexes[0], "home.html");
    ck_assert_str_eq(files->indexes[1], "index.htm");
    ck_assert_str_eq(files->fallback, "app/index.html");
    ck_assert(files->dot_files);
    ck_assert_int_eq(files->symlinks, STATIC_SYMLINKS_DENY);
    ck_assert(!files->precompressed);
    ck_assert_str_eq(files->charset, "iso-8859-1");
    ck_assert_uint_eq(files->cache_files, 0);
    ck_assert_uint_eq(files->cache_bytes, (size_t)3 << 30);

    parse_right(&options, "serve --symlinks inside --symlinks=follow --charset off");
    ck_assert_int_eq(files->symlinks, STATIC_SYMLINKS_FOLLOW);
    ck_assert_ptr_null(files->charset);
    ck_assert_ptr_null(files->fallback);
    ck_assert_uint_eq(files->index_count, 0);
}
END_TEST

START_TEST(types_and_rules_are_cut_at_the_first_equals_sign_without_a_backslash)
{
    struct cli_options options;
    parse_right(&options, "serve --mime md=text/markdown --mime=.log=text/plain;~charset=us-ascii --cache-control *.css=max-age=60"
                          " --cache-control=a\\=b=no-cache,~private --cache-control /x\\\\=no-store");
    ck_assert_uint_eq(options.files.type_count, 2);
    ck_assert_str_eq(options.files.types[0].ending, "md");
    ck_assert_str_eq(options.files.types[0].type, "text/markdown");
    ck_assert_str_eq(options.files.types[1].ending, "log");
    ck_assert_str_eq(options.files.types[1].type, "text/plain; charset=us-ascii");
    ck_assert_uint_eq(options.files.cache_rule_count, 3);
    ck_assert_str_eq(options.files.cache_rules[0].glob, "*.css");
    ck_assert_str_eq(options.files.cache_rules[0].value, "max-age=60");
    ck_assert_str_eq(options.files.cache_rules[1].glob, "a\\=b");
    ck_assert_str_eq(options.files.cache_rules[1].value, "no-cache, private");
    ck_assert_str_eq(options.files.cache_rules[2].glob, "/x\\\\");
}
END_TEST

START_TEST(pages_are_for_errors)
{
    struct cli_options options;
    parse_right(&options, "respond 404 --error-page 404=a=b.html --error-page=599=/x");
    ck_assert_uint_eq(options.page_count, 2);
    ck_assert_int_eq(options.pages[0].status, 404);
    ck_assert_str_eq(options.pages[0].file, "a=b.html");
    ck_assert_int_eq(options.pages[1].status, 599);
    ck_assert_ptr_null(options.weir.pages);                    /* they are not read yet */
}
END_TEST

struct listing_case {
    const char *line;
    bool listing;
};

static const struct listing_case listing_cases[] = {
    { "serve", true },
    { "serve --listing auto", true },
    { "serve --listing off", false },
    { "serve --listing on --listen :80", true },
    { "serve --listen 127.0.0.1:80", true },
    { "serve --listen 127.255.255.255:80 --listen [::1]:80 --listen unix:/x", true },
    { "serve --listen :8080", false },
    { "serve --listen 0.0.0.0:80", false },
    { "serve --listen [::]:80", false },
    { "serve --listen [::2]:80", false },
    { "serve --listen 128.0.0.1:80", false },
    { "serve --listen 126.0.0.1:80", false },
    { "serve --listen [::ffff:127.0.0.1]:80", false },
    { "serve --listen 127.0.0.1:80 --listen 192.0.2.1:80 --listen unix:/x", false },
    { "serve --listen 192.0.2.1:80 --listing on", true },
    { "serve --listen 192.0.2.1:80 --listing on --listing auto", false },
};

START_TEST(folders_are_listed_by_themselves_where_nobody_else_can_ask)
{
    struct cli_options options;
    parse_right(&options, listing_cases[_i].line);
    ck_assert_msg(options.files.listing == listing_cases[_i].listing, "%s", listing_cases[_i].line);
}
END_TEST

struct fields_case {
    const char *line;
    const char *fields;        /* of every answer, each followed by a '|' */
};

#define EXPOSE "Access-Control-Expose-Headers: Accept-Ranges, Content-Encoding, Content-Range, Date, ETag, Location|"
#define NOSNIFF "X-Content-Type-Options: nosniff|"

static const struct fields_case fields_cases[] = {
    { "hello", "" },
    { "echo --http", "" },
    { "serve", NOSNIFF },
    { "respond 200 --header A:b", NOSNIFF },
    { "respond 405 x --header Allow:GET", NOSNIFF },
    { "respond 404 --header Allow:GET --header Access-Control-Allow-Origin:*", NOSNIFF },
    { "serve --header A:b --header=X-Y:~~c~d~ --header Empty:", NOSNIFF "A: b|X-Y: c d|Empty: |" },
    { "serve --header Link:~</a>;~rel=preload --header Link:</b>", NOSNIFF "Link: </a>; rel=preload|Link: </b>|" },
    { "serve --cors *", NOSNIFF "Access-Control-Allow-Origin: *|" EXPOSE },
    { "serve --cors null", NOSNIFF "Access-Control-Allow-Origin: null|Vary: Origin|" EXPOSE },
    { "serve --header A:b --cors https://a.example:8443",
      NOSNIFF "Access-Control-Allow-Origin: https://a.example:8443|Vary: Origin|" EXPOSE "A: b|" },
    { "serve --header Access-Control-Allow-Origin:~*", NOSNIFF "Access-Control-Allow-Origin: *|" },
};

START_TEST(every_answer_says_what_it_was_told_to)
{
    struct cli_options options;
    parse_right(&options, fields_cases[_i].line);
    char said[1024] = "";
    size_t len = 0;
    for (size_t i = 0; i < options.weir.field_count; i++) {
        const struct weir_field *const field = &options.weir.fields[i];
        len += (size_t)snprintf(said + len, sizeof(said) - len, "%.*s: %.*s|", (int)field->name.len, field->name.ptr, (int)field->value.len,
                                field->value.ptr);
    }
    ck_assert_str_eq(said, fields_cases[_i].fields);
}
END_TEST

/* ---- what is wrong ---- */

struct wrong_case {
    const char *line;
    const char *error;
};

#define FIELD_HINT ": must be 'NAME: VALUE', such as 'X-Frame-Options: DENY'"
#define NAME_HINT ": the name must be letters, digits and dashes, with no blank before the colon"
#define VALUE_HINT ": the value must have no control characters and no line ends"
#define OWN_HINT ": weir writes this field itself"
#define INDEX_HINT ": must be the name of a file, such as index.html, without a slash"
#define BELOW_HINT ": must be the path of a file below DIR, such as index.html"
#define ENDING_HINT ": the ending must be 1 to 32 bytes without a dot or a slash"
#define TYPE_HINT ": the type must be of the form text/plain, with or without parameters"
#define DIRECTIVES_HINT ": the value must be directives, such as no-cache or 'max-age=3600, immutable'"
#define ORIGIN_HINT ": must be *, null or scheme://host[:port], in small letters, without a path"
#define PORT_HINT ": the port must be a number from 1 to 65535"
#define PAGE_HINT ": must be STATUS=FILE, such as 404=404.html"

static const struct wrong_case wrong_cases[] = {
    { "serve --index=", "--index " INDEX_HINT },
    { "serve --index a/b", "--index a/b" INDEX_HINT },
    { "serve --index ..", "--index .." INDEX_HINT },
    { "serve --listing yes", "--listing yes: must be on, off or auto" },
    { "serve --listing=", "--listing : must be on, off or auto" },
    { "serve --symlinks none", "--symlinks none: must be deny, inside or follow" },
    { "serve --fallback=", "--fallback " BELOW_HINT },
    { "serve --fallback /", "--fallback /" BELOW_HINT },
    { "serve --fallback //x", "--fallback //x" BELOW_HINT },
    { "serve --fallback ../x", "--fallback ../x" BELOW_HINT },
    { "serve --fallback a/./b", "--fallback a/./b" BELOW_HINT },
    { "serve --fallback a/", "--fallback a/" BELOW_HINT },
    { "serve --no-precompressed=1", "--no-precompressed=1: takes no value" },
    { "serve --charset=", "--charset : must be a name such as utf-8, or off" },
    { "serve --charset utf~8", "--charset utf 8: must be a name such as utf-8, or off" },
    { "serve --cache-files 1000001", "--cache-files 1000001: must be from 0 to 1000000" },
    { "serve --cache-files 1k", "--cache-files 1k: must be a number" },
    { "serve --cache-memory much", "--cache-memory much: must be a size such as 8192, 8k or 1m" },

    { "serve --mime text/plain", "--mime text/plain: must be EXT=TYPE, such as md=text/markdown" },
    { "serve --mime =text/plain", "--mime =text/plain" ENDING_HINT },
    { "serve --mime .=text/plain", "--mime .=text/plain" ENDING_HINT },
    { "serve --mime tar.gz=text/plain", "--mime tar.gz=text/plain" ENDING_HINT },
    { "serve --mime a/b=text/plain", "--mime a/b=text/plain" ENDING_HINT },
    { "serve --mime md=", "--mime md=" TYPE_HINT },
    { "serve --mime md=text", "--mime md=text" TYPE_HINT },
    { "serve --mime md=text/plain;", "--mime md=text/plain;" TYPE_HINT },

    { "serve --cache-control no-cache", "--cache-control no-cache: must be GLOB=VALUE, such as '*.css=max-age=3600'" },
    { "serve --cache-control =no-cache", "--cache-control =no-cache: GLOB: it is empty; write * for every file" },
    { "serve --cache-control [=no-cache", "--cache-control [=no-cache: GLOB: a [ without a ]; write \\[ for the byte" },
    { "serve --cache-control *.css\\=no-cache", "--cache-control *.css\\=no-cache: must be GLOB=VALUE, such as '*.css=max-age=3600'" },
    { "serve --cache-control *.css=", "--cache-control *.css=" DIRECTIVES_HINT },
    { "serve --cache-control *.css=max-age~3600", "--cache-control *.css=max-age 3600" DIRECTIVES_HINT },

    { "serve --cors=", "--cors " ORIGIN_HINT },
    { "serve --cors https://a.example/", "--cors https://a.example/" ORIGIN_HINT },
    { "serve --cors https://A.example", "--cors https://A.example" ORIGIN_HINT },
    { "serve --cors https://a.example:0", "--cors https://a.example:0" PORT_HINT },
    { "serve --cors https://a.example:443",
      "--cors https://a.example:443: browsers leave out the port that a scheme has by itself: leave it out, too" },

    { "serve --header A", "--header A" FIELD_HINT },
    { "serve --header=", "--header " FIELD_HINT },
    { "serve --header :x", "--header :x" NAME_HINT },
    { "serve --header A~:x", "--header A :x" NAME_HINT },
    { "serve --header A:x\r\nB:y", "--header A:x??B:y" VALUE_HINT },
    { "serve --header A:x\001", "--header A:x?" VALUE_HINT },
    { "serve --header A\n:x", "--header A?:x" NAME_HINT },
    { "serve --header date:x", "--header date" OWN_HINT },
    { "serve --header Server:x --no-server-header", "--header Server" OWN_HINT },
    { "serve --header Connection:close", "--header Connection" OWN_HINT },
    { "serve --header CONTENT-LENGTH:1", "--header CONTENT-LENGTH" OWN_HINT },
    { "serve --header Transfer-Encoding:gzip", "--header Transfer-Encoding" OWN_HINT },
    { "serve --header Content-Type:text/plain", "--header Content-Type" OWN_HINT },
    { "serve --header ETag:x", "--header ETag" OWN_HINT },
    { "serve --header Last-Modified:x", "--header Last-Modified" OWN_HINT },
    { "serve --header Content-Range:x", "--header Content-Range" OWN_HINT },
    { "serve --header Accept-Ranges:none", "--header Accept-Ranges" OWN_HINT },
    { "serve --header Content-Encoding:gzip", "--header Content-Encoding" OWN_HINT },
    { "serve --header Location:/x", "--header Location" OWN_HINT },
    { "serve --header Allow:GET", "--header Allow" OWN_HINT },
    { "serve --header X-Content-Type-Options:nosniff", "--header X-Content-Type-Options" OWN_HINT },
    { "serve --header Cache-Control:no-store", "--header Cache-Control: say --cache-control GLOB=VALUE" },
    { "serve --header Access-Control-Allow-Origin:* --cors *", "--header Access-Control-Allow-Origin: --cors writes this field" },
    { "respond 200 x --header Content-Length:1", "--header Content-Length" OWN_HINT },
    { "respond 404 --header Content-Type:text/plain", "--header Content-Type: there is no TEXT that it could tell of" },
    { "respond 405 --header allow:GET", "--header allow: weir writes this field itself where there is no TEXT" },

    { "serve --error-page 404", "--error-page 404" PAGE_HINT },
    { "serve --error-page 404=", "--error-page 404=" PAGE_HINT },
    { "serve --error-page 399=x", "--error-page 399=x: STATUS must be from 400 to 599" },
    { "serve --error-page 600=x", "--error-page 600=x: STATUS must be from 400 to 599" },
    { "serve --error-page x=404", "--error-page x=404: STATUS must be from 400 to 599" },
    { "serve --error-page 404=a --error-page 404=b", "--error-page 404=b: that status has a page already" },
};

START_TEST(a_wrong_value_gets_one_line_that_says_what_would_be_right)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    ck_assert_msg(parse(&options, wrong_cases[_i].line, error) == CLI_WRONG, "%s: taken", wrong_cases[_i].line);
    ck_assert_str_eq(error, wrong_cases[_i].error);
}
END_TEST

/* ---- how often ---- */

struct again_case {
    const char *word;
    const char *value;         /* as the message shows it; '%' stands for a number that no other word has */
};

static const struct again_case again_cases[] = {
    { "--index", "x%" }, { "--mime", "x%=text/plain" }, { "--cache-control", "x%=no-store" }, { "--header", "X-%: y" }, { "--error-page", "4%=x" },
};

static void number_into(char *out, size_t size, const char *pattern, int number)
{
    const char *const percent = strchr(pattern, '%');
    snprintf(out, size, "%.*s%d%s", (int)(percent - pattern), pattern, number, percent + 1);
}

START_TEST(what_may_be_given_again_may_be_so_often_and_not_more)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE], expected[CLI_ERROR_SIZE], values[CLI_AGAIN_MAX + 1][64];
    char *words[2 + 2 * (CLI_AGAIN_MAX + 1)] = { (char[]){ "weir" }, (char[]){ "serve" } };
    char name[32];
    snprintf(name, sizeof(name), "%s", again_cases[_i].word);
    for (int rounds = CLI_AGAIN_MAX; rounds <= CLI_AGAIN_MAX + 1; rounds++) {          /* words that were cut are made anew */
        for (int i = 0; i < rounds; i++) {
            number_into(values[i], sizeof(values[i]), again_cases[_i].value, 10 + i);
            words[2 + 2 * i] = name;
            words[3 + 2 * i] = values[i];
        }
        snprintf(expected, sizeof(expected), "%s %s: may be given 32 times at most", name, values[rounds - 1]);
        const enum cli_verdict verdict = options_parse(&options, 2 + 2 * rounds, words, false, error);
        ck_assert_int_eq(verdict, rounds == CLI_AGAIN_MAX ? CLI_RUN : CLI_WRONG);
    }
    ck_assert_str_eq(error, expected);
}
END_TEST

START_TEST(fields_have_a_bound_together)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    char *const word = malloc(CLI_FIELDS_SIZE + 1);
    char *words[] = { (char[]){ "weir" }, (char[]){ "serve" }, (char[]){ "--header" }, word };
    ck_assert_ptr_nonnull(word);
    memset(word, 'x', CLI_FIELDS_SIZE);
    memcpy(word, "A:", 2);
    word[CLI_FIELDS_SIZE - 3] = '\0';              /* a blank and a line end come to it */
    ck_assert_int_eq(options_parse(&options, 4, words, false, error), CLI_RUN);
    word[CLI_FIELDS_SIZE - 3] = 'x';
    word[CLI_FIELDS_SIZE - 2] = '\0';
    ck_assert_int_eq(options_parse(&options, 4, words, false, error), CLI_WRONG);
    ck_assert_str_eq(error, "--header: all together must be at most 7168 bytes long, and are 7169");
    free(word);
}
END_TEST

int main(void)
{
    TCase *const tests = tcase_create("option_values");
    tcase_add_test(tests, every_option_for_files_lands_where_it_belongs);
    tcase_add_test(tests, types_and_rules_are_cut_at_the_first_equals_sign_without_a_backslash);
    tcase_add_test(tests, pages_are_for_errors);
    tcase_add_loop_test(tests, folders_are_listed_by_themselves_where_nobody_else_can_ask, 0, (int)COUNT(listing_cases));
    tcase_add_loop_test(tests, every_answer_says_what_it_was_told_to, 0, (int)COUNT(fields_cases));
    tcase_add_loop_test(tests, a_wrong_value_gets_one_line_that_says_what_would_be_right, 0, (int)COUNT(wrong_cases));
    tcase_add_loop_test(tests, what_may_be_given_again_may_be_so_often_and_not_more, 0, (int)COUNT(again_cases));
    tcase_add_test(tests, fields_have_a_bound_together);
    Suite *const suite = suite_create("option_values");
    suite_add_tcase(suite, tests);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
