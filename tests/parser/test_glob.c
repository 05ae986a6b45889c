#include "parser/glob.h"

#include <string.h>

#include "tests/check_support.h"

/* ------------------------------------------------------------------ what a pattern matches, and what not */

enum { PATHS_MAX = 8 };

static const struct match_case {
    struct slice pattern;
    const char *matches[PATHS_MAX];
    const char *others[PATHS_MAX];
} match_cases[] = {
    /* without '/': the last segment */
    { TEXT("a"), { "/a", "/b/a", "/b/c/a" }, { "/", "/A", "/aa", "/ba", "/a/b", "/a/" } },
    { TEXT("*.css"), { "/x.css", "/.css", "/a/b/x.css", "/x.min.css" }, { "/x.css/y", "/xcss", "/x.csss", "/" } },
    { TEXT("*"), { "/", "/a", "/a/b", "/a/" }, { 0 } },
    { TEXT("**"), { "/", "/a", "/a/b" }, { 0 } },
    { TEXT("?"), { "/a", "/a/b", "/\xff" }, { "/", "/ab", "/a/" } },
    { TEXT("a*b*c"), { "/abc", "/aXbYc", "/abbcc", "/acbc" }, { "/ab", "/acb", "/abcd", "/a/bc" } },

    /* with '/': the whole path, from its beginning */
    { TEXT("/a"), { "/a" }, { "/b/a", "/a/", "//a", "/" } },
    { TEXT("assets/img-*"), { "/assets/img-", "/assets/img-1.png" }, { "/x/assets/img-1", "/assets/img-1/x", "assets/im" } },
    { TEXT("/assets/img-*"), { "/assets/img-1.png" }, { "/x/assets/img-1", "/assets/img-1/x" } },
    { TEXT("a/?"), { "/a/b" }, { "/a/", "/a//", "/a/bc", "/b/a/c" } },
    { TEXT("*/*"), { "/a/b", "/a/", "/a" }, { "/a/b/c" } },
    { TEXT("/"), { "/" }, { "/a", "//" } },
    { TEXT("a/"), { "/a/" }, { "/a", "/a/b" } },
    { TEXT("/img/[a-z]?.{png,webp}"), { "/img/a1.png", "/img/zz.webp" }, { "/img/a.png", "/img/A1.png", "/img/a1.gif", "/x/img/a1.png" } },

    /* "**": anything; with the '/' behind it, where a segment begins, also nothing */
    { TEXT("/**"), { "/", "/a", "/a/b" }, { 0 } },
    { TEXT("a/**"), { "/a/", "/a/b", "/a/b/c" }, { "/a", "/b/a/c" } },
    { TEXT("**/a"), { "/a", "/b/a", "/b/c/a" }, { "/ba", "/a/b" } },
    { TEXT("a/**/b"), { "/a/b", "/a/x/b", "/a/x/y/b" }, { "/ab", "/a/xb", "/a/b/x", "/x/a/b" } },
    { TEXT("/a**/b"), { "/a/b", "/ax/b", "/a/x/b" }, { "/ab" } },
    { TEXT("a/**b"), { "/a/b", "/a/xb", "/a/x/b" }, { "/ab", "/a/bx" } },
    { TEXT("/***/a"), { "/x/a", "/x/y/a" }, { "/a", "/xa", "/" } },
    { TEXT("a/**/"), { "/a/", "/a/b/" }, { "/a", "/a/b" } },
    { TEXT("**/"), { "/", "/a/" }, { "/a" } },
    { TEXT("{**/x,y}"), { "/x", "/a/x", "/y" }, { "/ax", "/a/y" } },

    /* sets */
    { TEXT("[abc]"), { "/a", "/b", "/c" }, { "/d", "/ab", "/", "/[" } },
    { TEXT("[a-c]x"), { "/ax", "/bx", "/cx" }, { "/dx", "/`x", "/-x" } },
    { TEXT("[!a-c]"), { "/d", "/-", "/!" }, { "/a", "/b", "/c", "/" } },
    { TEXT("[^a-c]"), { "/d", "/^" }, { "/a", "/c" } },
    { TEXT("[a^!]"), { "/a", "/^", "/!" }, { "/b" } },
    { TEXT("[]]"), { "/]" }, { "/[" } },
    { TEXT("[]a]"), { "/]", "/a" }, { "/b" } },
    { TEXT("[!]]"), { "/a", "/[" }, { "/]" } },
    { TEXT("[a-]"), { "/a", "/-" }, { "/b" } },
    { TEXT("[-a]"), { "/a", "/-" }, { "/b" } },
    { TEXT("[a-c-e]"), { "/b", "/-", "/e" }, { "/d" } },
    { TEXT("[\\]\\\\]"), { "/]", "/\\" }, { "/[" } },
    { TEXT("[\\a-\\c]"), { "/a", "/b", "/c" }, { "/\\", "/d" } },
    { TEXT("[a-a]"), { "/a" }, { "/b" } },
    { TEXT("[[?*{,}]"), { "/[", "/?", "/*", "/{", "/,", "/}" }, { "/a" } },
    { TEXT("[\\[:]"), { "/[", "/:" }, { "/a" } },
    { TEXT("[:[]"), { "/[", "/:" }, { "/a" } },
    { TEXT("[\x80-\xff]"), { "/\x80", "/\xff", "/\xc3" }, { "/a", "/\x7f" } },
    { TEXT("a[.-0]b/c"), { "/a.b/c", "/a0b/c" }, { "/a/b/c" } },
    { TEXT("a[!b]c/d"), { "/axc/d" }, { "/a/c/d", "/abc/d" } },

    /* braces */
    { TEXT("*.{png,webp}"), { "/a.png", "/a.webp" }, { "/a.pngwebp", "/a.", "/a.png,webp", "/a.gif" } },
    { TEXT("x{,.gz,.br}"), { "/x", "/x.gz", "/x.br" }, { "/x.", "/x.gz.br", "/x{" } },
    { TEXT("{a,b}{1,2,}"), { "/a", "/b", "/a1", "/b2" }, { "/1", "/ab", "/a12", "/" } },
    { TEXT("{}a"), { "/a" }, { "/{}a" } },
    { TEXT("{a}"), { "/a" }, { "/{a}" } },
    { TEXT("{*,a}b"), { "/b", "/ab", "/xyzb" }, { "/a", "/bc" } },
    { TEXT("{a,*}b"), { "/b", "/ab", "/xyzb" }, { "/a" } },
    { TEXT("{a,b}*"), { "/a", "/b", "/axy", "/bxy" }, { "/", "/x", "/xa" } },
    { TEXT("{a*,b}c"), { "/ac", "/axxc", "/bc" }, { "/c", "/bxc", "/axx" } },
    { TEXT("{[,],\\,}"), { "/," }, { "/[", "/]" } },
    { TEXT("{\\{,\\}}"), { "/{", "/}" }, { "/", "/\\" } },
    { TEXT("{?x,y}"), { "/ax", "/y" }, { "/x", "/xy" } },
    { TEXT("{/img,css}/*"), { "/img/a", "/css/a" }, { "/x/css/a", "/img/a/b" } },
    { TEXT("/{a,b/c}/d"), { "/a/d", "/b/c/d" }, { "/b/d", "/a/c/d" } },
    { TEXT("a,b"), { "/a,b" }, { "/a", "/b" } },
    { TEXT("{a,b},c"), { "/a,c", "/b,c" }, { "/a", "/c", "/b" } },

    /* bytes that mean nothing, or nothing any more */
    { TEXT("\\*\\?\\[\\{\\}\\\\\\a"), { "/*?[{}\\a" }, { "/x?[{}\\a", "/\\*\\?" } },
    { TEXT("a]b"), { "/a]b" }, { "/ab" } },
    { TEXT("a-b!^"), { "/a-b!^" }, { "/ab" } },
    { TEXT("\\/a"), { "/a" }, { "/b/a" } },
    { TEXT("*"), { "/.hidden" }, { 0 } },
    { TEXT("..a/x"), { "/..a/x" }, { "/a/x" } },
    { TEXT("..."), { "/..." }, { "/.." } },
    { TEXT(".../a"), { "/.../a" }, { "/a" } },
    { TEXT("\xc3\xa4.txt"), { "/\xc3\xa4.txt" }, { "/a.txt" } },
};

START_TEST(a_pattern_matches_the_paths_that_it_describes)
{
    for (size_t i = 0; i < COUNT_OF(match_cases); i++) {
        const struct match_case *c = &match_cases[i];
        ck_assert_msg(glob_fault(c->pattern) == NULL, "%s: %s", c->pattern.ptr, glob_fault(c->pattern));
        for (size_t j = 0; j < PATHS_MAX && c->matches[j] != NULL; j++)
            ck_assert_msg(glob_match(c->pattern, flush_copy(slice_of(c->matches[j]))), "%s %s", c->pattern.ptr, c->matches[j]);
        for (size_t j = 0; j < PATHS_MAX && c->others[j] != NULL; j++)
            ck_assert_msg(!glob_match(c->pattern, flush_copy(slice_of(c->others[j]))), "%s %s", c->pattern.ptr, c->others[j]);
    }
}
END_TEST

START_TEST(no_byte_of_a_pattern_is_read_behind_its_end)
{
    for (size_t i = 0; i < COUNT_OF(match_cases); i++)
        for (size_t len = 0; len <= match_cases[i].pattern.len; len++) {
            struct slice pattern = flush_copy((struct slice){ match_cases[i].pattern.ptr, len });
            bool good = glob_fault(pattern) == NULL;
            for (size_t j = 0; j < PATHS_MAX && match_cases[i].matches[j] != NULL; j++)
                ck_assert(!glob_match(pattern, slice_of(match_cases[i].matches[j])) || good);
        }
}
END_TEST

START_TEST(a_plain_name_matches_itself_alone_and_a_question_mark_every_byte_but_the_slash)
{
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            const char name[] = { 'x', (char)a }, path[] = { '/', 'x', (char)b };
            struct slice pattern = { name, 2 }, text = { path, 3 };
            bool special = strchr("*?[{}\\/", a) != NULL && a != 0;
            if (!special)
                ck_assert_msg(glob_match(pattern, text) == (a == b), "%d %d", a, b);
            ck_assert(glob_match(SLICE("x?"), text) == (b != '/'));
        }
}
END_TEST

START_TEST(a_path_that_does_not_begin_with_a_slash_is_what_it_is)
{
    ck_assert(glob_match(SLICE("a"), SLICE("a")));
    ck_assert(glob_match(SLICE("*"), SLICE("")));
    ck_assert(glob_match(SLICE("a/b"), SLICE("a/b")));
    ck_assert(!glob_match(SLICE("/a"), SLICE("a")));
    ck_assert(!glob_match(SLICE("/b"), SLICE("a/b")));
    ck_assert(!glob_match(SLICE("b/c"), SLICE("ab/c")));
}
END_TEST

/* ------------------------------------------------------------------ what is no pattern */

static const struct fault_case {
    struct slice pattern;
    const char *fault;                 /* its beginning */
} fault_cases[] = {
    { TEXT(""), "it is empty" },
    { TEXT("["), "a [ without a ]" },
    { TEXT("[a"), "a [ without a ]" },
    { TEXT("[]"), "a [ without a ]" },
    { TEXT("[!"), "a [ without a ]" },
    { TEXT("[!]"), "a [ without a ]" },
    { TEXT("[a-"), "a [ without a ]" },
    { TEXT("[a-z"), "a [ without a ]" },
    { TEXT("[a\\]"), "a [ without a ]" },
    { TEXT("[a\\"), "a [ without a ]" },
    { TEXT("x{[},a}"), "a [ without a ]" },
    { TEXT("[z-a]"), "a range that runs backwards" },
    { TEXT("[\xff-a]"), "a range that runs backwards" },
    { TEXT("x[/]"), "a / within [ ]" },
    { TEXT("[\\/]"), "a / within [ ]" },
    { TEXT("[!a/]"), "a / within [ ]" },
    { TEXT("[--/]"), "a / within [ ]" },
    { TEXT("[/-z]"), "a / within [ ]" },
    { TEXT("[[:alpha:]]"), "a class" },
    { TEXT("[a[:digit:]]"), "a class" },
    { TEXT("{"), "a { without a }" },
    { TEXT("a{b,c"), "a { without a }" },
    { TEXT("a{b,c\\}"), "a { without a }" },
    { TEXT("{a}{"), "a { without a }" },
    { TEXT("{a,{b,c}}"), "a { within { }" },
    { TEXT("{{"), "a { within { }" },
    { TEXT("}"), "a } without a {" },
    { TEXT("{a}}"), "a } without a {" },
    { TEXT("\\"), "a \\ at the end" },
    { TEXT("a\\"), "a \\ at the end" },
    { TEXT("\\\\\\"), "a \\ at the end" },
    { TEXT("./a"), "a path begins at the folder" },
    { TEXT("../a"), "a path begins at the folder" },
    { TEXT("/./a"), "a path begins at the folder" },
    { TEXT("/../*"), "a path begins at the folder" },
};

START_TEST(what_is_no_pattern_is_told_and_matches_nothing)
{
    for (size_t i = 0; i < COUNT_OF(fault_cases); i++) {
        struct slice pattern = flush_copy(fault_cases[i].pattern);
        const char *fault = glob_fault(pattern);
        ck_assert_msg(fault != NULL, "%s", fault_cases[i].pattern.ptr);
        ck_assert_msg(strncmp(fault, fault_cases[i].fault, strlen(fault_cases[i].fault)) == 0, "%s: %s", fault_cases[i].pattern.ptr, fault);
        ck_assert_msg(strstr(fault, "; ") != NULL && strchr(fault, '\n') == NULL, "what would be right? %s", fault);
        ck_assert(!glob_match(pattern, SLICE("/a")) && !glob_match(pattern, SLICE("/")));
    }
}
END_TEST

START_TEST(a_pattern_is_at_most_256_bytes)
{
    char pattern[GLOB_MAX + 1], path[GLOB_MAX + 2] = "/";
    memset(pattern, 'a', sizeof(pattern));
    memset(path + 1, 'a', sizeof(path) - 1);
    struct slice longest = { pattern, GLOB_MAX }, longer = { pattern, GLOB_MAX + 1 };
    ck_assert_ptr_null(glob_fault(longest));
    ck_assert(glob_match(longest, (struct slice){ path, GLOB_MAX + 1 }));
    ck_assert(!glob_match(longest, (struct slice){ path, GLOB_MAX }));
    ck_assert_msg(strstr(glob_fault(longer), "too long") != NULL, "%s", glob_fault(longer));
    ck_assert(!glob_match(longer, (struct slice){ path, GLOB_MAX + 2 }));
}
END_TEST

/* ------------------------------------------------------------------ time */

/* Each of these takes a matcher that tries one way after the other longer than anyone can wait: 4 seconds are the limit of a test. */
START_TEST(no_pattern_takes_more_than_the_product_of_both_lengths)
{
    static const char *const units[] = { "*a", "**a", "**/", "{a,aa}", "{,a}", "{*,**}", "[!b]*", "?*", "{a*,*a,}", "{a,b,c,**/}" };
    static char path[8192];
    memset(path, 'a', sizeof(path));
    for (size_t i = 0; i < sizeof(path); i += 64)
        path[i] = '/';
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        char pattern[GLOB_MAX];
        size_t unit = strlen(units[i]), len = 0;
        pattern[len++] = '/';
        for (; len + unit + 1 < sizeof(pattern); len += unit)
            memcpy(pattern + len, units[i], unit);
        pattern[len++] = 'z';
        ck_assert_msg(glob_fault((struct slice){ pattern, len }) == NULL, "%s", units[i]);
        ck_assert_msg(!glob_match((struct slice){ pattern, len }, (struct slice){ path, sizeof(path) }), "%s", units[i]);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("glob");
    tcase_add_test(tests, a_pattern_matches_the_paths_that_it_describes);
    tcase_add_test(tests, no_byte_of_a_pattern_is_read_behind_its_end);
    tcase_add_test(tests, a_plain_name_matches_itself_alone_and_a_question_mark_every_byte_but_the_slash);
    tcase_add_test(tests, a_path_that_does_not_begin_with_a_slash_is_what_it_is);
    tcase_add_test(tests, what_is_no_pattern_is_told_and_matches_nothing);
    tcase_add_test(tests, a_pattern_is_at_most_256_bytes);
    tcase_add_test(tests, no_pattern_takes_more_than_the_product_of_both_lengths);
    return check_run(tests);
}
