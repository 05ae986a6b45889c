#include "tests/check_support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROOM = 256 * 1024, CUTS_MAX = 64 * 1024, EDGE = 300 };

int check_run(TCase *tests)
{
    Suite *suite = suite_create("parser");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

struct slice flush_copy(struct slice bytes)
{
    static char *room;
    if (room == NULL) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        void *mapped = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert(mapped != MAP_FAILED);
        room = mapped;
        ck_assert_int_eq(mprotect(room + ROOM, page, PROT_NONE), 0);
    }
    ck_assert_uint_le(bytes.len, ROOM);
    char *copy = room + ROOM - bytes.len;
    if (bytes.len > 0)
        memmove(copy, bytes.ptr, bytes.len);
    return (struct slice){ copy, bytes.len };
}

void transcript_add(struct transcript *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(t->text + t->len, sizeof(t->text) - t->len, format, arguments);
    va_end(arguments);
    ck_assert(len >= 0 && (size_t)len < sizeof(t->text) - t->len);
    t->len += (size_t)len;
}

void transcript_add_bytes(struct transcript *t, struct slice bytes)
{
    ck_assert_uint_lt(bytes.len, sizeof(t->text) - t->len);
    if (bytes.len > 0)
        memcpy(t->text + t->len, bytes.ptr, bytes.len);
    t->len += bytes.len;
    t->text[t->len] = 0;
}

static void feed_again(struct slice input, const size_t *counts, size_t count, feed_function *feed, void *context,
    const struct transcript *whole)
{
    static struct transcript said;
    said.len = 0;
    said.text[0] = 0;
    feed(input, counts, count, context, &said);
    if (said.len != whole->len || memcmp(said.text, whole->text, said.len) != 0)
        ck_abort_msg("cut at %zu, %zu pieces:\n%.200s\nwhole: %.200s\ncut: %.200s", counts[0], count, input.ptr, whole->text, said.text);
}

static void feed_whole(struct slice input, feed_function *feed, void *context, struct transcript *said)
{
    said->len = 0;
    said->text[0] = 0;
    feed(input, &input.len, 1, context, said);
}

void check_bytewise(struct slice input, feed_function *feed, void *context, struct transcript *said)
{
    static size_t counts[CUTS_MAX];
    ck_assert_uint_le(input.len, CUTS_MAX);
    feed_whole(input, feed, context, said);
    for (size_t i = 0; i < input.len; i++)
        counts[i] = i + 1;
    if (input.len > 0)
        feed_again(input, counts, input.len, feed, context, said);
}

void check_cut_around(struct slice input, size_t at, feed_function *feed, void *context, struct transcript *said)
{
    feed_whole(input, feed, context, said);
    feed_again(input, (size_t[]){ at, at + 1, input.len }, 3, feed, context, said);
}

static size_t next_cut(size_t cut, size_t len)
{
    return cut == EDGE && len > 2 * EDGE ? len - EDGE : cut + 1;
}

void check_cuttings(struct slice input, feed_function *feed, void *context, struct transcript *said)
{
    check_bytewise(input, feed, context, said);
    for (size_t cut = 0; cut < input.len; cut = next_cut(cut, input.len))
        feed_again(input, (size_t[]){ cut, input.len }, 2, feed, context, said);
}
