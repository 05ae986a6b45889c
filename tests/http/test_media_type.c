#include <check.h>
#include <stdio.h>
#include <string.h>

#include "http/media_type.h"
#include "tests/check_support.h"

struct type_case {
    const char *name;
    const char *type;
};

static void expect(const struct media_types *types, const char *name, const char *type)
{
    char out[MEDIA_TYPE_MAX];
    size_t len = media_type_write(types, slice_of(name), SLICE("utf-8"), out);
    ck_assert_msg(slice_equals((struct slice){ out, len }, slice_of(type)), "%s: %.*s, not %s", name, (int)len, out, type);
}

static const struct type_case type_cases[] = {
    { "index.html", "text/html; charset=utf-8" },
    { "a.css", "text/css; charset=utf-8" },
    { "a.js", "text/javascript; charset=utf-8" },
    { "a.mjs", "text/javascript; charset=utf-8" },
    { "a.txt", "text/plain; charset=utf-8" },
    { "a.json", "application/json" },
    { "a.xml", "application/xml" },
    { "a.svg", "image/svg+xml" },
    { "a.png", "image/png" },
    { "a.wasm", "application/wasm" },
    { "a.woff2", "font/woff2" },
    { "a.webmanifest", "application/manifest+json" },
    { "a.3gp", "video/3gpp" },
    { "a.zst", "application/zstd" },
    { "PHOTO.JPG", "image/jpeg" },
    { "page.HtMl", "text/html; charset=utf-8" },
    { "x.tar.gz", "application/gzip" },
    { "folder.html/x.png", "image/png" },
    { "folder.html/x", "application/octet-stream" },
    { "README", "application/octet-stream" },
    { "x.", "application/octet-stream" },
    { "x.unheard-of", "application/octet-stream" },
    { "x.htmlx", "application/octet-stream" },
    { "x.ht", "application/octet-stream" },
    { "x.\xff", "application/octet-stream" },
    { ".html", "application/octet-stream" },
    { "folder/.html", "application/octet-stream" },
    { "..html", "text/html; charset=utf-8" },
    { "", "application/octet-stream" },
    { ".", "application/octet-stream" },
};

START_TEST(the_last_ending_tells_the_type)
{
    expect(NULL, type_cases[_i].name, type_cases[_i].type);
}
END_TEST

/* A table out of order would hide some of its own entries from the search. */
START_TEST(every_ending_of_the_builtin_table_is_found)
{
    const char *alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    const char *longer[] = { "geojson", "jsonld", "torrent", "webmanifest", "woff2", "xhtml" };
    int found = 0;
    for (long number = 1; number < 37L * 37 * 37 * 37; number++) {
        char ending[4];
        size_t len = 0;
        for (long rest = number; rest > 0 && rest % 37 != 0; rest /= 37)
            ending[len++] = alphabet[rest % 37 - 1];
        long covered = 1;
        for (size_t i = 0; i < len; i++)
            covered *= 37;
        if (number < covered)                      /* no gap inside: each text comes once */
            found += media_type_builtin((struct slice){ ending, len }).len > 0;
    }
    ck_assert_int_eq(found, 95);
    for (size_t i = 0; i < COUNT_OF(longer); i++)
        ck_assert_uint_gt(media_type_builtin(slice_of(longer[i])).len, 0);
}
END_TEST

START_TEST(the_table_of_the_system_comes_first)
{
    struct media_type slots[8];
    struct media_types types;
    media_types_init(&types, slots, 8);
    ck_assert(media_types_add(&types, SLICE("application/x-own"), SLICE("html")));
    ck_assert(media_types_add(&types, SLICE("TEXT/x-Mine"), SLICE("Mine")));
    expect(&types, "a.HTML", "application/x-own");
    expect(&types, "a.mine", "TEXT/x-Mine; charset=utf-8");
    expect(&types, "a.css", "text/css; charset=utf-8");
}
END_TEST

START_TEST(the_first_type_of_an_ending_stays)
{
    struct media_type slots[8];
    struct media_types types;
    media_types_init(&types, slots, 8);
    ck_assert(media_types_add(&types, SLICE("a/first"), SLICE("x")));
    ck_assert(media_types_add(&types, SLICE("a/second"), SLICE("X")));
    ck_assert_uint_eq(types.count, 1);
    expect(&types, "a.x", "a/first");
}
END_TEST

START_TEST(a_table_takes_one_less_than_its_slots)
{
    struct media_type slots[4];
    struct media_types types;
    media_types_init(&types, slots, 4);
    ck_assert(media_types_add(&types, SLICE("a/a"), SLICE("a1")));
    ck_assert(media_types_add(&types, SLICE("a/b"), SLICE("b1")));
    ck_assert(media_types_add(&types, SLICE("a/c"), SLICE("c1")));
    ck_assert(!media_types_add(&types, SLICE("a/d"), SLICE("d1")));
    expect(&types, "x.a1", "a/a");
    expect(&types, "x.b1", "a/b");
    expect(&types, "x.c1", "a/c");
    expect(&types, "x.d1", "application/octet-stream");
}
END_TEST

START_TEST(a_table_without_slots_stays_empty)
{
    struct media_types types;
    media_types_init(&types, NULL, 0);
    ck_assert(!media_types_add(&types, SLICE("a/a"), SLICE("a1")));
    expect(&types, "x.css", "text/css; charset=utf-8");
}
END_TEST

START_TEST(what_could_break_a_head_is_no_type)
{
    static const char *const bad[] = { "", "text", "/", "text/", "/html", "text/html; charset=x", "te xt/html", "text/html\r\nX: y", "a/b/c",
                                       "text/\xe9", "t\"/x", "text/\x7f" };
    struct media_type slots[4];
    struct media_types types;
    media_types_init(&types, slots, 4);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_msg(!media_types_add(&types, slice_of(bad[i]), SLICE("x")), "'%s'", bad[i]);
    ck_assert(!media_types_add(&types, (struct slice){ "a/b\0c", 5 }, SLICE("x")));
    ck_assert_uint_eq(types.count, 0);
}
END_TEST

START_TEST(types_and_endings_have_a_longest)
{
    char longest[MEDIA_TYPE_NAME_MAX + 2], ending[MEDIA_TYPE_ENDING_MAX + 1], out[MEDIA_TYPE_MAX];
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "text/", 5);
    memset(ending, 'e', sizeof(ending));
    struct media_type slots[4];
    struct media_types types;
    media_types_init(&types, slots, 4);
    ck_assert(!media_types_add(&types, (struct slice){ longest, MEDIA_TYPE_NAME_MAX + 1 }, SLICE("x")));
    ck_assert(!media_types_add(&types, SLICE("a/b"), (struct slice){ ending, MEDIA_TYPE_ENDING_MAX + 1 }));
    ck_assert(!media_types_add(&types, SLICE("a/b"), SLICE("")));
    ck_assert(media_types_add(&types, (struct slice){ longest, MEDIA_TYPE_NAME_MAX }, SLICE("x")));
    ck_assert(media_types_add(&types, SLICE("a/b"), (struct slice){ ending, MEDIA_TYPE_ENDING_MAX }));
    ck_assert_uint_eq(media_type_write(&types, SLICE("a.x"), SLICE("utf-8"), out), MEDIA_TYPE_NAME_MAX + strlen("; charset=utf-8"));
}
END_TEST

START_TEST(own_types_may_have_parameters)
{
    static const char *const good[] = { "text/html", "text/html; charset=koi8-r", "text/plain;format=flowed", "text/x ; a=\"b;c\"" };
    static const char *const bad[] = { "", "text", "/", ";", "; charset=x", "text; charset=x", " text/html", "text/html; ",
                                       "text/html;\r\nX: y", "text/html; \x01" };
    for (size_t i = 0; i < COUNT_OF(good) + COUNT_OF(bad); i++) {
        struct media_type slots[2];
        struct media_types types;
        bool is_good = i < COUNT_OF(good);
        const char *type = is_good ? good[i] : bad[i - COUNT_OF(good)];
        media_types_init(&types, slots, 2);
        ck_assert_msg(media_types_add_own(&types, slice_of(type), SLICE("x")) == is_good, "'%s'", type);
        if (is_good)
            expect(&types, "a.x", i == 0 ? "text/html; charset=utf-8" : type);
    }
}
END_TEST

START_TEST(the_charset_is_the_operators)
{
    char out[MEDIA_TYPE_MAX], longest[MEDIA_TYPE_CHARSET_MAX + 1];
    size_t len = media_type_write(NULL, SLICE("a.txt"), SLICE("koi8-r"), out);
    ck_assert(slice_equals((struct slice){ out, len }, SLICE("text/plain; charset=koi8-r")));
    len = media_type_write(NULL, SLICE("a.txt"), SLICE(""), out);
    ck_assert(slice_equals((struct slice){ out, len }, SLICE("text/plain")));
    len = media_type_write(NULL, SLICE("a.png"), SLICE("koi8-r"), out);
    ck_assert(slice_equals((struct slice){ out, len }, SLICE("image/png")));
    memset(longest, 'x', sizeof(longest));
    ck_assert(media_type_is_charset((struct slice){ longest, MEDIA_TYPE_CHARSET_MAX }));
    ck_assert(!media_type_is_charset((struct slice){ longest, MEDIA_TYPE_CHARSET_MAX + 1 }));
    ck_assert(!media_type_is_charset(SLICE("")));
    ck_assert(!media_type_is_charset(SLICE("utf 8")));
    ck_assert(!media_type_is_charset(SLICE("utf-8\r\n")));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("media_type");
    tcase_add_loop_test(tests, the_last_ending_tells_the_type, 0, COUNT_OF(type_cases));
    tcase_add_test(tests, every_ending_of_the_builtin_table_is_found);
    tcase_add_test(tests, the_table_of_the_system_comes_first);
    tcase_add_test(tests, the_first_type_of_an_ending_stays);
    tcase_add_test(tests, a_table_takes_one_less_than_its_slots);
    tcase_add_test(tests, a_table_without_slots_stays_empty);
    tcase_add_test(tests, what_could_break_a_head_is_no_type);
    tcase_add_test(tests, types_and_endings_have_a_longest);
    tcase_add_test(tests, own_types_may_have_parameters);
    tcase_add_test(tests, the_charset_is_the_operators);
    return check_run(tests);
}
