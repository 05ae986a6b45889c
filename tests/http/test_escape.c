#include <check.h>
#include <string.h>

#include "http/escape.h"
#include "tests/check_support.h"

struct escape_case {
    struct slice name;
    const char *forms[ESCAPE_COUNT];   /* NULL: as it is */
};

static const struct escape_case cases[] = {
    { TEXT("plain-1_2.txt~"), { NULL } },
    { TEXT("<a href=\"x\">&'"), {
        [ESCAPE_HTML] = "&lt;a href=&quot;x&quot;&gt;&amp;&#39;",
        [ESCAPE_HTML_BARE] = "&lt;a href=&quot;x&quot;&gt;&amp;&#39;",
        [ESCAPE_JSON] = "<a href=\\\"x\\\">&'",
        [ESCAPE_URI] = "%3Ca%20href%3D%22x%22%3E%26%27",
    } },
    { TEXT("a\\b"), { [ESCAPE_LINE] = "a\\\\b", [ESCAPE_JSON] = "a\\\\b", [ESCAPE_URI] = "a%5Cb" } },
    { TEXT("x:y?#%"), { [ESCAPE_URI] = "x%3Ay%3F%23%25" } },
    { TEXT("\n\x1b\x7f"), { "<i>\\x0A</i><i>\\x1B</i><i>\\x7F</i>", "\\x0A\\x1B\\x7F", "\\x0A\\x1B\\x7F", "\\u000A\\u001B\\u007F", "%0A%1B%7F" } },
    { TEXT("\xc2\x85"), { "<i>U+0085</i>", "U+0085", "\\u0085", "\\u0085", "%C2%85" } },
    { TEXT("\xe2\x80\xae"), { "<i>U+202E</i>", "U+202E", "\\u202E", "\\u202E", "%E2%80%AE" } },
    { TEXT("\xd8\x9c\xe2\x80\x8e\xe2\x81\xa6"), { "<i>U+061C</i><i>U+200E</i><i>U+2066</i>", "U+061CU+200EU+2066", "\\u061C\\u200E\\u2066",
                                                "\\u061C\\u200E\\u2066", "%D8%9C%E2%80%8E%E2%81%A6" } },
    { TEXT("\xf4\x8f\xbf\xbf"), { "<i>U+10FFFF</i>", "U+10FFFF", "\\U0010FFFF", "\\uDBFF\\uDFFF", "%F4%8F%BF%BF" } },
    { TEXT("\xc3\xa9\xf0\x9f\x98\x80"), { [ESCAPE_URI] = "%C3%A9%F0%9F%98%80" } },
    { TEXT("\xe9t"), { "<i>\\xE9</i>t", "\\xE9t", "\\xE9t", "\xef\xbf\xbdt", "%E9t" } },
};

START_TEST(each_form_says_what_stands_there)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int form = 0; form < ESCAPE_COUNT; form++) {
            char out[256];
            struct text t = { out, 0, sizeof(out) };
            const char *expected = cases[i].forms[form] != NULL ? cases[i].forms[form] : cases[i].name.ptr;
            text_add_escaped(&t, flush_copy(cases[i].name), (enum escape)form);
            ck_assert_msg(slice_equals((struct slice){ out, t.len }, slice_of(expected)), "case %zu, form %d: '%.*s', not '%s'", i, form,
                (int)t.len, out, expected);
        }
    }
}
END_TEST

/* Every one of these begins with a byte that is no UTF-8 here. */
static const struct slice malformed[] = {
    TEXT("\x80"), TEXT("\xc2"), TEXT("\xc0\x80"), TEXT("\xc1\xbf"), TEXT("\xc2 "), TEXT("\xe0\x9f\xbf"), TEXT("\xe2\x80"), TEXT("\xed\xa0\x80"),
    TEXT("\xed\xbf\xbf"),
    TEXT("\xf0\x8f\xbf\xbf"), TEXT("\xf4\x90\x80\x80"), TEXT("\xf5\x80\x80\x80"), TEXT("\xf8\x88\x80\x80\x80"), TEXT("\xff"), TEXT(""),
};

static const struct { struct slice bytes; uint32_t code; } wellformed[] = {
    { TEXT("a"), 'a' }, { TEXT("\xc2\x80"), 0x80 }, { TEXT("\xdf\xbf"), 0x7ff }, { TEXT("\xe0\xa0\x80"), 0x800 }, { TEXT("\xed\x9f\xbf"), 0xd7ff },
    { TEXT("\xee\x80\x80"), 0xe000 }, { TEXT("\xf0\x90\x80\x80"), 0x10000 }, { TEXT("\xf4\x8f\xbf\xbf"), 0x10ffff },
};

START_TEST(utf_8_is_taken_strictly)
{
    uint32_t code = 0;
    for (size_t i = 0; i < COUNT_OF(malformed); i++)
        ck_assert_msg(utf8_next(flush_copy(malformed[i]), &code) == 0, "case %zu", i);
    for (size_t i = 0; i < COUNT_OF(wellformed); i++) {
        ck_assert_uint_eq(utf8_next(flush_copy(wellformed[i].bytes), &code), wellformed[i].bytes.len);
        ck_assert_uint_eq(code, wellformed[i].code);
    }
}
END_TEST

START_TEST(no_byte_grows_beyond_its_bound)
{
    char out[4 * ESCAPE_GROWTH];
    for (int byte = 0; byte < 256; byte++) {
        for (int form = 0; form < ESCAPE_COUNT; form++) {
            char name = (char)byte;
            struct text t = { out, 0, sizeof(out) };
            text_add_escaped(&t, (struct slice){ &name, 1 }, (enum escape)form);
            ck_assert_uint_le(t.len, ESCAPE_GROWTH);
        }
    }
}
END_TEST

START_TEST(numbers_are_written_whole)
{
    char out[64];
    struct text t = { out, 0, sizeof(out) };
    text_add_number(&t, 0);
    text_add(&t, SLICE(" "));
    text_add_number(&t, UINT64_MAX);
    ck_assert(slice_equals((struct slice){ out, t.len }, SLICE("0 18446744073709551615")));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("escape");
    tcase_add_test(tests, each_form_says_what_stands_there);
    tcase_add_test(tests, utf_8_is_taken_strictly);
    tcase_add_test(tests, no_byte_grows_beyond_its_bound);
    tcase_add_test(tests, numbers_are_written_whole);
    return check_run(tests);
}
