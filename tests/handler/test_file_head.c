#include <check.h>
#include <stdint.h>
#include <string.h>

#include "handler/file_head.h"
#include "tests/check_support.h"

#define NOW 1700000000

static const struct timespec now = { NOW, 0 };

/* The value of a field; empty where it is not there. */
static struct slice value_of(const struct file_head *head, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = head->text, *end = at + head->len; at < end;) {
        const char *stop = memchr(at, '\r', (size_t)(end - at));
        ck_assert(stop != NULL && stop[1] == '\n');
        if (strncmp(at, name, len) == 0 && at[len] == ':')
            return (struct slice){ at + len + 2, (size_t)(stop - at) - len - 2 };
        at = stop + 2;
    }
    return (struct slice){ NULL, 0 };
}

static void compose(struct file_head *head, const char *name, const struct stat *status)
{
    const struct file_facts facts = { .charset = SLICE("utf-8"), .name = slice_of(name), .status = status, .coding = CODING_IDENTITY, .now = now };
    ck_assert(file_head_compose(head, &facts));
    struct slice tag = value_of(head, "ETag");
    ck_assert_ptr_eq(tag.ptr, head->text + head->version + FILE_TAG_OFFSET);
    ck_assert_uint_eq(tag.len, head->tag_len);
}

static struct stat status_of(time_t mtime, time_t ctime, off_t size, ino_t inode)
{
    return (struct stat){ .st_mode = S_IFREG | 0644, .st_mtim = { mtime, 0x123 }, .st_ctim = { ctime, 0 }, .st_size = size, .st_ino = inode };
}

START_TEST(a_file_has_a_type_a_date_and_a_tag)
{
    struct file_head head;
    struct stat status = status_of(784111777, 784111777, 0x1000, 0xabc);
    compose(&head, "folder/page.html", &status);
    ck_assert(slice_equals(value_of(&head, "Accept-Ranges"), SLICE("bytes")));
    ck_assert_uint_eq(value_of(&head, "Vary").len, 0);
    ck_assert_uint_eq(value_of(&head, "Content-Encoding").len, 0);
    ck_assert_uint_eq(value_of(&head, "Cache-Control").len, 0);
    ck_assert_int_eq(head.modified, 784111777);
    ck_assert(slice_equals(value_of(&head, "Content-Type"), SLICE("text/html; charset=utf-8")));
    ck_assert(slice_equals(value_of(&head, "Last-Modified"), SLICE("Sun, 06 Nov 1994 08:49:37 GMT")));
    ck_assert(slice_equals(value_of(&head, "ETag"), SLICE("\"fdabab6c731edd23-1000-abc\"")));
    ck_assert(head.settled);
}
END_TEST

struct tag_case {
    time_t mtime;
    time_t ctime;
    bool strong;
};

static const struct tag_case tag_cases[] = {
    { NOW - 1000, NOW - 1000, true },
    { NOW - 3, NOW - 3, true },
    { NOW - 2, NOW - 2, false },
    { NOW, NOW, false },
    { NOW - 1000, NOW - 1, false },        /* mtime was set back */
    { NOW - 1, NOW - 1000, false },        /* a file system without a ctime */
    { NOW + 1000, NOW - 1000, true },      /* mtime was set ahead: it says nothing */
    { NOW - 1000, NOW + 1000, false },     /* the clock went back */
    { NOW + 1000, NOW + 1000, false },
    { -5, -5, true },
};

START_TEST(the_tag_is_weak_while_another_change_could_go_unseen)
{
    const struct tag_case *c = &tag_cases[_i];
    struct file_head head;
    struct stat status = status_of(c->mtime, c->ctime, 1, 1);
    compose(&head, "x", &status);
    struct slice tag = value_of(&head, "ETag");
    ck_assert_int_eq(head.settled, c->strong);
    ck_assert_int_eq(slice_starts_with(tag, SLICE("W/\"")), !c->strong);
    ck_assert_int_eq(slice_starts_with(tag, SLICE("\"")), c->strong);
    ck_assert_int_eq(tag.ptr[tag.len - 1], '"');
}
END_TEST

START_TEST(each_time_the_size_and_the_inode_change_the_tag)
{
    enum { COUNT = 7 };
    struct stat statuses[COUNT];
    struct file_head heads[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        statuses[i] = status_of(1000, 1000, 10, 20);
    statuses[1].st_mtim.tv_sec++;
    statuses[2].st_mtim.tv_nsec++;
    statuses[3].st_size++;
    statuses[4].st_ino++;
    statuses[5].st_ctim.tv_nsec++;
    statuses[6].st_mtim.tv_sec--;      /* put back by as much as has passed */
    statuses[6].st_ctim.tv_sec++;
    for (size_t i = 0; i < COUNT; i++) {
        compose(&heads[i], "x", &statuses[i]);
        for (size_t j = 0; j < i; j++)
            ck_assert(!slice_equals(value_of(&heads[i], "ETag"), value_of(&heads[j], "ETag")));
    }
}
END_TEST

struct coding_case {
    enum coding coding;
    const char *encoding;
    const char *tag;
};

static const struct coding_case coding_cases[] = {
    { CODING_BR, "br", "\"fdabab6c731edd23-1000-abc-br\"" },
    { CODING_ZSTD, "zstd", "\"fdabab6c731edd23-1000-abc-zst\"" },
    { CODING_GZIP, "gzip", "\"fdabab6c731edd23-1000-abc-gz\"" },
};

START_TEST(a_sibling_says_its_coding_and_has_a_tag_of_its_own)
{
    const struct coding_case *c = &coding_cases[_i];
    struct file_head head;
    struct stat status = status_of(784111777, 784111777, 0x1000, 0xabc);
    const struct file_facts facts = { .charset = SLICE("utf-8"), .name = SLICE("x.css"), .status = &status, .coding = c->coding, .varies = true,
                                      .cache_control = SLICE("no-cache"), .now = now };
    ck_assert(file_head_compose(&head, &facts));
    ck_assert(slice_equals(value_of(&head, "Content-Type"), SLICE("text/css; charset=utf-8")));
    ck_assert(slice_equals(value_of(&head, "Content-Encoding"), slice_of(c->encoding)));
    ck_assert(slice_equals(value_of(&head, "Vary"), SLICE("Accept-Encoding")));
    ck_assert(slice_equals(value_of(&head, "Cache-Control"), SLICE("no-cache")));
    ck_assert(slice_equals(value_of(&head, "ETag"), slice_of(c->tag)));
}
END_TEST

/* A 304 says the third stretch, the parts of a multipart answer the first. */
START_TEST(the_lines_stand_in_three_stretches)
{
    struct file_head head;
    struct stat status = status_of(784111777, 784111777, 0x1000, 0xabc);
    const struct file_facts facts = { .name = SLICE("x.css"), .status = &status, .coding = CODING_GZIP, .varies = true,
                                      .cache_control = SLICE("no-cache"), .now = now };
    ck_assert(file_head_compose(&head, &facts));
    ck_assert(slice_equals((struct slice){ head.text, head.rest }, SLICE("Content-Type: text/css\r\nContent-Encoding: gzip\r\n")));
    ck_assert(slice_equals((struct slice){ head.text + head.rest, (size_t)(head.version - head.rest) },
                           SLICE("Accept-Ranges: bytes\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n")));
    ck_assert(slice_equals((struct slice){ head.text + head.version, (size_t)(head.len - head.version) },
                           SLICE("ETag: \"fdabab6c731edd23-1000-abc-gz\"\r\nVary: Accept-Encoding\r\nCache-Control: no-cache\r\n")));
}
END_TEST

START_TEST(what_could_break_a_head_is_no_cache_control)
{
    char text[FILE_CACHE_CONTROL_MAX + 1];
    memset(text, 'x', sizeof(text));
    ck_assert(file_head_can_say(SLICE("max-age=3600, must-revalidate")));
    ck_assert(file_head_can_say((struct slice){ text, FILE_CACHE_CONTROL_MAX }));
    ck_assert(!file_head_can_say((struct slice){ text, FILE_CACHE_CONTROL_MAX + 1 }));
    ck_assert(!file_head_can_say(SLICE("")));
    ck_assert(!file_head_can_say(SLICE("a\r\nX: y")));
    ck_assert(!file_head_can_say(SLICE("a\x01")));
}
END_TEST

START_TEST(all_lines_at_their_longest_have_room)
{
    static char control[FILE_CACHE_CONTROL_MAX], charset[MEDIA_TYPE_CHARSET_MAX], type[MEDIA_TYPE_NAME_MAX];
    memset(control, 'c', sizeof(control));
    memset(charset, 'u', sizeof(charset));
    memset(type, 't', sizeof(type));
    memcpy(type, "text/", 5);
    struct media_type slots[2];
    struct media_types types;
    media_types_init(&types, slots, 2);
    ck_assert(media_types_add(&types, (struct slice){ type, sizeof(type) }, SLICE("own")));
    struct stat status = status_of(0, NOW, INT64_MAX, UINT64_MAX);
    status.st_size = -1;
    struct file_head head;
    const struct file_facts facts = { .types = &types, .charset = { charset, sizeof(charset) }, .name = SLICE("x.own"), .status = &status,
                                      .coding = CODING_ZSTD, .varies = true, .cache_control = { control, sizeof(control) }, .now = now };
    ck_assert(file_head_compose(&head, &facts));
    ck_assert_uint_eq(value_of(&head, "ETag").len, FILE_TAG_MAX);
    ck_assert_uint_eq(value_of(&head, "Cache-Control").len, sizeof(control));
    ck_assert_uint_eq(value_of(&head, "Content-Type").len, sizeof(type) + strlen("; charset=") + sizeof(charset));
}
END_TEST

START_TEST(a_file_was_never_modified_later_than_now)
{
    struct stat status = status_of(NOW + 1, NOW - 100, 1, 1);
    struct file_head head;
    compose(&head, "x", &status);
    ck_assert(slice_equals(value_of(&head, "Last-Modified"), SLICE("Tue, 14 Nov 2023 22:13:20 GMT")));
    status.st_mtim.tv_sec = NOW;
    compose(&head, "x", &status);
    ck_assert(slice_equals(value_of(&head, "Last-Modified"), SLICE("Tue, 14 Nov 2023 22:13:20 GMT")));
}
END_TEST

START_TEST(a_time_that_no_date_can_say_is_left_out)
{
    struct stat status = status_of(INT64_MIN / 4, 1000, 1, 1);
    struct file_head head;
    compose(&head, "x", &status);
    ck_assert_uint_eq(value_of(&head, "Last-Modified").len, 0);
    ck_assert_uint_gt(value_of(&head, "ETag").len, 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("file_head");
    tcase_add_test(tests, a_file_has_a_type_a_date_and_a_tag);
    tcase_add_loop_test(tests, the_tag_is_weak_while_another_change_could_go_unseen, 0, COUNT_OF(tag_cases));
    tcase_add_test(tests, each_time_the_size_and_the_inode_change_the_tag);
    tcase_add_loop_test(tests, a_sibling_says_its_coding_and_has_a_tag_of_its_own, 0, COUNT_OF(coding_cases));
    tcase_add_test(tests, the_lines_stand_in_three_stretches);
    tcase_add_test(tests, what_could_break_a_head_is_no_cache_control);
    tcase_add_test(tests, all_lines_at_their_longest_have_room);
    tcase_add_test(tests, a_file_was_never_modified_later_than_now);
    tcase_add_test(tests, a_time_that_no_date_can_say_is_left_out);
    return check_run(tests);
}
