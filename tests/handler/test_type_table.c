#include <check.h>
#include <errno.h>
#include <string.h>

#include "handler/type_table.h"
#include "tests/check_support.h"
#include "tests/handler/folder.h"

static char folder[FOLDER_PATH_SIZE];

static void enter(void)
{
    folder_enter(folder);
}

static void leave(void)
{
    folder_leave(folder);
}

static void expect(const struct type_table *table, const char *name, const char *type)
{
    char out[MEDIA_TYPE_MAX];
    size_t len = media_type_write(&table->types, slice_of(name), SLICE("utf-8"), out);
    ck_assert_msg(slice_equals((struct slice){ out, len }, slice_of(type)), "%s: %.*s, not %s", name, (int)len, out, type);
}

START_TEST(the_lines_of_the_file_are_the_table)
{
    struct type_table table;
    folder_text("types", "# a comment html\n\napplication/x-one one eins\napplication/none\ntext/x-two\ttwo   HTML\nbroken png\n"
                         "application/x-last last");
    ck_assert_int_eq(type_table_open(&table, NULL, 0, "types"), 0);
    expect(&table, "a.one", "application/x-one");
    expect(&table, "a.EINS", "application/x-one");
    expect(&table, "a.two", "text/x-two; charset=utf-8");
    expect(&table, "a.html", "text/x-two; charset=utf-8");
    expect(&table, "a.last", "application/x-last");
    expect(&table, "a.png", "image/png");
    ck_assert_uint_eq(table.types.count, 5);
    type_table_close(&table);
}
END_TEST

START_TEST(without_a_file_the_builtin_types_remain)
{
    static const char *const names[] = { "missing", "folder", "fifo", "empty", "large" };
    struct type_table table;
    folder_make("folder");
    ck_assert_int_eq(mkfifo("fifo", 0644), 0);
    folder_text("empty", "");
    folder_text("large", "application/x-large html\n");
    ck_assert_int_eq(truncate("large", TYPE_TABLE_TEXT_MAX + 1), 0);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        ck_assert_int_eq(type_table_open(&table, NULL, 0, names[i]), 0);
        expect(&table, "a.html", "text/html; charset=utf-8");
        ck_assert_ptr_null(table.text);
        type_table_close(&table);
    }
}
END_TEST

START_TEST(a_file_that_says_nothing_is_an_empty_table)
{
    struct type_table table;
    folder_text("types", "# nothing\n\n\n");
    ck_assert_int_eq(type_table_open(&table, NULL, 0, "types"), 0);
    ck_assert_uint_eq(table.types.count, 0);
    expect(&table, "a.html", "text/html; charset=utf-8");
    type_table_close(&table);
}
END_TEST

START_TEST(every_ending_of_a_long_file_is_found)
{
    char text[64 * 1024], name[32], type[64];
    size_t len = 0;
    for (int i = 0; i < 2000; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "a/t%d e%d\n", i, i);
    folder_write("types", text, len);
    struct type_table table;
    ck_assert_int_eq(type_table_open(&table, NULL, 0, "types"), 0);
    ck_assert_uint_eq(table.types.count, 2000);
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "x.e%d", i);
        snprintf(type, sizeof(type), "a/t%d", i);
        expect(&table, name, type);
    }
    type_table_close(&table);
}
END_TEST

START_TEST(own_types_come_before_the_file_and_the_last_one_counts)
{
    static const struct static_type own[] = {
        { "one", "application/x-lost" }, { "ONE", "application/x-own" }, { "two", "text/html; charset=iso-8859-1" },
    };
    struct type_table table;
    folder_text("types", "application/x-file one three\n");
    ck_assert_int_eq(type_table_open(&table, own, COUNT_OF(own), "types"), 0);
    expect(&table, "a.one", "application/x-own");
    expect(&table, "a.two", "text/html; charset=iso-8859-1");
    expect(&table, "a.three", "application/x-file");
    type_table_close(&table);
    ck_assert_int_eq(type_table_open(&table, own, COUNT_OF(own), "missing"), 0);
    expect(&table, "a.one", "application/x-own");
    expect(&table, "a.html", "text/html; charset=utf-8");
    type_table_close(&table);
}
END_TEST

START_TEST(an_own_type_that_is_none_is_refused)
{
    static const struct static_type bad[] = { { "x", "text" }, { "x", "text/html\r\nX: y" }, { "", "text/html" }, { "x", "text/html " } };
    struct type_table table;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_int_eq(type_table_open(&table, &bad[i], 1, "missing"), -EINVAL);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("type_table");
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_test(tests, the_lines_of_the_file_are_the_table);
    tcase_add_test(tests, without_a_file_the_builtin_types_remain);
    tcase_add_test(tests, a_file_that_says_nothing_is_an_empty_table);
    tcase_add_test(tests, every_ending_of_a_long_file_is_found);
    tcase_add_test(tests, own_types_come_before_the_file_and_the_last_one_counts);
    tcase_add_test(tests, an_own_type_that_is_none_is_refused);
    return check_run(tests);
}
