#include "parser/mime_types.h"

#include "tests/check_support.h"

static const struct line_case {
    struct slice line, type, endings[4];       /* type: empty where the line says nothing */
} line_cases[] = {
    { TEXT("text/html\t\t\thtml htm"), TEXT("text/html"), { TEXT("html"), TEXT("htm") } },
    { TEXT("text/css css"), TEXT("text/css"), { TEXT("css") } },
    { TEXT("  image/svg+xml  svg\tsvgz  "), TEXT("image/svg+xml"), { TEXT("svg"), TEXT("svgz") } },
    { TEXT("application/vnd.a.b-c"), TEXT("application/vnd.a.b-c"), { { 0 } } },
    { TEXT("text/x\r"), TEXT("text/x"), { { 0 } } },
    { TEXT("text/x a\r"), TEXT("text/x"), { TEXT("a") } },
    { TEXT("text/x a # b c"), TEXT("text/x"), { TEXT("a") } },
    { TEXT("text/x a#b"), TEXT("text/x"), { TEXT("a#b") } },
    { TEXT("text/x #a"), TEXT("text/x"), { { 0 } } },
    { TEXT(""), { 0 }, { { 0 } } },
    { TEXT("   "), { 0 }, { { 0 } } },
    { TEXT("# text/html html"), { 0 }, { { 0 } } },
    { TEXT("#text/html html"), { 0 }, { { 0 } } },
    { TEXT("html"), { 0 }, { { 0 } } },
    { TEXT("/html x"), { 0 }, { { 0 } } },
    { TEXT("text/ x"), { 0 }, { { 0 } } },
    { TEXT("text/a/b x"), { 0 }, { { 0 } } },
    { TEXT("text/a;charset=utf-8 x"), { 0 }, { { 0 } } },
    { TEXT("text/\xe4 x"), { 0 }, { { 0 } } },
    { TEXT("te(xt/a x"), { 0 }, { { 0 } } },
};

START_TEST(a_line_is_a_type_and_its_endings)
{
    for (size_t i = 0; i < COUNT_OF(line_cases); i++) {
        const struct line_case *c = &line_cases[i];
        struct slice type = { 0 }, endings = { 0 }, ending = { 0 };
        ck_assert_msg(mime_types_line(flush_copy(c->line), &type, &endings) == (c->type.len > 0), "%s", c->line.ptr);
        ck_assert_msg(slice_equals(type, c->type), "%s", c->line.ptr);
        for (const struct slice *expected = c->endings; expected->len > 0; expected++) {
            ck_assert_msg(mime_types_next(&endings, &ending), "%s", c->line.ptr);
            ck_assert_msg(slice_equals(ending, *expected), "%s", c->line.ptr);
        }
        ck_assert_msg(!mime_types_next(&endings, &ending), "%s", c->line.ptr);
        ck_assert_msg(!mime_types_next(&endings, &ending), "%s", c->line.ptr);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("mime_types");
    tcase_add_test(tests, a_line_is_a_type_and_its_endings);
    return check_run(tests);
}
