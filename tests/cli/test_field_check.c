#include <check.h>
#include <string.h>

#include "cli/field_check.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- directives ---- */

struct check_case {
    struct slice text;
    bool right;
};

static const struct check_case directives_cases[] = {
    { SLICE_INIT("no-cache"), true },
    { SLICE_INIT("max-age=3600"), true },
    { SLICE_INIT("max-age=3600,immutable"), true },
    { SLICE_INIT("public , max-age=1\t,\tx=y"), true },
    { SLICE_INIT(" no-cache "), true },
    { SLICE_INIT("private=\"set-cookie, x\", max-age=1"), true },
    { SLICE_INIT("a=\"\\\"\""), true },
    { SLICE_INIT(""), false },
    { SLICE_INIT(","), false },
    { SLICE_INIT("no-cache,"), false },
    { SLICE_INIT(",no-cache"), false },
    { SLICE_INIT("max-age 3600"), false },
    { SLICE_INIT("max-age="), false },
    { SLICE_INIT("=1"), false },
    { SLICE_INIT("max-age = 1"), false },
    { SLICE_INIT("a=\"b"), false },
    { SLICE_INIT("a=\"b\\"), false },
    { SLICE_INIT("a=\"b\\\""), false },
    { SLICE_INIT("a=\"b\"c"), false },
    { SLICE_INIT("a=\"b\nc\""), false },
    { SLICE_INIT("a=\"b\\\nc\""), false },
    { SLICE_INIT("no-cache\r\nX: y"), false },
    { SLICE_INIT("no-cache; max-age=1"), false },
};

START_TEST(directives_are_names_with_or_without_a_value)
{
    const struct check_case *c = &directives_cases[_i];
    ck_assert_msg((directives_check(c->text) == NULL) == c->right, "%s", c->text.ptr);
}
END_TEST

/* ---- media types ---- */

#define TEN "xxxxxxxxxx"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct check_case type_cases[] = {
    { SLICE_INIT("text/plain"), true },
    { SLICE_INIT("application/vnd.x+json"), true },
    { SLICE_INIT("text/html; charset=utf-8"), true },
    { SLICE_INIT("text/html;charset=\"utf-8\" ; x=y"), true },
    { SLICE_INIT("a/" SIXTY SIXTY "x12345"), false },
    { SLICE_INIT("a/" SIXTY SIXTY "x1234"), true },
    { SLICE_INIT(""), false },
    { SLICE_INIT("text"), false },
    { SLICE_INIT("text/"), false },
    { SLICE_INIT("/plain"), false },
    { SLICE_INIT("text/plain "), false },
    { SLICE_INIT("text/plain;"), false },
    { SLICE_INIT("text/plain; charset"), false },
    { SLICE_INIT("text/plain; charset="), false },
    { SLICE_INIT("text/plain charset=utf-8"), false },
    { SLICE_INIT("text/plain, text/html"), false },
    { SLICE_INIT("text/pl\xc3\xa4in"), false },
    { SLICE_INIT("text/plain\r\nX: y"), false },
};

START_TEST(a_media_type_has_two_names_and_perhaps_parameters)
{
    const struct check_case *c = &type_cases[_i];
    ck_assert_msg((media_type_check(c->text) == NULL) == c->right, "%s", c->text.ptr);
}
END_TEST

/* ---- origins ---- */

#define LONG_HOST SIXTY SIXTY SIXTY SIXTY TEN TEN TEN TEN TEN

static const struct check_case origin_cases[] = {
    { SLICE_INIT("*"), true },
    { SLICE_INIT("null"), true },
    { SLICE_INIT("https://example.org"), true },
    { SLICE_INIT("http://localhost:3000"), true },
    { SLICE_INIT("http://127.0.0.1:1"), true },
    { SLICE_INIT("http://[::1]:65535"), true },
    { SLICE_INIT("http://example.org:443"), true },
    { SLICE_INIT("chrome-extension://abc"), true },
    { SLICE_INIT("https://xn--mnchen-3ya.example"), true },
    { SLICE_INIT("https://" LONG_HOST), true },
    { SLICE_INIT("https://" LONG_HOST ".a"), true },
    { SLICE_INIT("https://" LONG_HOST ".ab"), false },
    { SLICE_INIT(""), false },
    { SLICE_INIT("**"), false },
    { SLICE_INIT("Null"), false },
    { SLICE_INIT("example.org"), false },
    { SLICE_INIT("https:/example.org"), false },
    { SLICE_INIT("://example.org"), false },
    { SLICE_INIT("1https://example.org"), false },
    { SLICE_INIT("https://"), false },
    { SLICE_INIT("https://example.org/"), false },
    { SLICE_INIT("https://example.org/x"), false },
    { SLICE_INIT("https://example.org?x"), false },
    { SLICE_INIT("https://u@example.org"), false },
    { SLICE_INIT("HTTPS://example.org"), false },
    { SLICE_INIT("https://Example.org"), false },
    { SLICE_INIT("https://m\xc3\xbcnchen.example"), false },
    { SLICE_INIT("https://example.org:"), false },
    { SLICE_INIT("https://example.org:0"), false },
    { SLICE_INIT("https://example.org:08"), false },
    { SLICE_INIT("https://example.org:65536"), false },
    { SLICE_INIT("https://example.org:123456"), false },
    { SLICE_INIT("https://example.org:443"), false },
    { SLICE_INIT("http://example.org:80"), false },
    { SLICE_INIT("http://[::1"), false },
    { SLICE_INIT("http://[]"), false },
    { SLICE_INIT("http://[example]"), true },       /* whoever writes that has no such origin, and breaks nothing */
    { SLICE_INIT("https://a.example https://b.example"), false },
    { SLICE_INIT("https://a.example,https://b.example"), false },
    { SLICE_INIT("https://example.org\r\nX: y"), false },
};

START_TEST(an_origin_is_as_browsers_write_it)
{
    const struct check_case *c = &origin_cases[_i];
    ck_assert_msg((origin_check(c->text) == NULL) == c->right, "%s", c->text.ptr);
}
END_TEST

/* ---- fields ---- */

struct field_case {
    struct slice text;
    const char *name;          /* NULL: wrong */
    const char *value;
};

static const struct field_case field_cases[] = {
    { SLICE_INIT("A: b"), "A", "b" },
    { SLICE_INIT("A:b"), "A", "b" },
    { SLICE_INIT("x_y!: \t b c\t"), "x_y!", "b c" },
    { SLICE_INIT("A:"), "A", "" },
    { SLICE_INIT("A: b: c"), "A", "b: c" },
    { SLICE_INIT("A: \xc3\xa4"), "A", "\xc3\xa4" },
    { SLICE_INIT("A: b\tc"), "A", "b\tc" },
    { SLICE_INIT(""), NULL, NULL },
    { SLICE_INIT("A"), NULL, NULL },
    { SLICE_INIT(": b"), NULL, NULL },
    { SLICE_INIT("A : b"), NULL, NULL },
    { SLICE_INIT(" A: b"), NULL, NULL },
    { SLICE_INIT("A(: b"), NULL, NULL },
    { SLICE_INIT("\xc3\xa4: b"), NULL, NULL },
    { SLICE_INIT("A: b\r\nC: d"), NULL, NULL },
    { SLICE_INIT("A: b\nC: d"), NULL, NULL },
    { SLICE_INIT("A: b\r"), NULL, NULL },
    { SLICE_INIT("A: b\0c"), NULL, NULL },
    { SLICE_INIT("A: \x7f"), NULL, NULL },
    { SLICE_INIT("A\n: b"), NULL, NULL },
};

START_TEST(a_field_is_a_name_and_a_value_that_break_nothing)
{
    const struct field_case *c = &field_cases[_i];
    struct weir_field field = { { "untouched", 9 }, { NULL, 0 } };
    ck_assert_msg((field_parse(c->text, &field) == NULL) == (c->name != NULL), "%s", c->text.ptr);
    if (c->name == NULL) {
        ck_assert_uint_eq(field.name.len, 9);
        return;
    }
    ck_assert_uint_eq(field.name.len, strlen(c->name));
    ck_assert_mem_eq(field.name.ptr, c->name, field.name.len);
    ck_assert_uint_eq(field.value.len, strlen(c->value));
    ck_assert_mem_eq(field.value.ptr, c->value, field.value.len);
}
END_TEST

/* ---- names of files ---- */

struct path_case {
    struct slice text;
    bool is_below;
    bool is_name;
};

static const struct path_case path_cases[] = {
    { SLICE_INIT("x"), true, true },
    { SLICE_INIT("..x"), true, true },
    { SLICE_INIT("..."), true, true },
    { SLICE_INIT("a b"), true, true },
    { SLICE_INIT("a/b"), true, false },
    { SLICE_INIT("a/..b/c"), true, false },
    { SLICE_INIT(""), false, false },
    { SLICE_INIT("."), false, false },
    { SLICE_INIT(".."), false, false },
    { SLICE_INIT("/"), false, false },
    { SLICE_INIT("/a"), false, false },
    { SLICE_INIT("a/"), false, false },
    { SLICE_INIT("a//b"), false, false },
    { SLICE_INIT("a/../b"), false, false },
    { SLICE_INIT("a/."), false, false },
};

START_TEST(a_path_below_a_folder_never_leaves_it)
{
    const struct path_case *c = &path_cases[_i];
    ck_assert_msg((below_check(c->text) == NULL) == c->is_below, "%s", c->text.ptr);
    ck_assert_msg((file_name_check(c->text) == NULL) == c->is_name, "%s", c->text.ptr);
}
END_TEST

int main(void)
{
    TCase *const tests = tcase_create("field_check");
    tcase_add_loop_test(tests, directives_are_names_with_or_without_a_value, 0, (int)COUNT(directives_cases));
    tcase_add_loop_test(tests, a_media_type_has_two_names_and_perhaps_parameters, 0, (int)COUNT(type_cases));
    tcase_add_loop_test(tests, an_origin_is_as_browsers_write_it, 0, (int)COUNT(origin_cases));
    tcase_add_loop_test(tests, a_field_is_a_name_and_a_value_that_break_nothing, 0, (int)COUNT(field_cases));
    tcase_add_loop_test(tests, a_path_below_a_folder_never_leaves_it, 0, (int)COUNT(path_cases));
    Suite *const suite = suite_create("field_check");
    suite_add_tcase(suite, tests);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
