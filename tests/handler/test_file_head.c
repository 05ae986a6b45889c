#include <check.h>
#include <stdint.h>
#include <string.h>

#include "handler/file_head.h"
#include "tests/check_support.h"

#define NOW 1700000000

static const struct timespec now = { NOW, 0 };

static struct slice value_of(const struct file_head *head, const char *name)
{
    for (size_t i = 0; i < head->field_count; i++)
        if (slice_equals((struct slice){ head->fields[i].name.ptr, head->fields[i].name.len }, slice_of(name)))
            return (struct slice){ head->fields[i].value.ptr, head->fields[i].value.len };
    return (struct slice){ NULL, 0 };
}

static struct stat status_of(time_t mtime, time_t ctime, off_t size, ino_t inode)
{
    return (struct stat){ .st_mode = S_IFREG | 0644, .st_mtim = { mtime, 0x123 }, .st_ctim = { ctime, 0 }, .st_size = size, .st_ino = inode };
}

START_TEST(a_file_has_a_type_a_date_and_a_tag)
{
    struct file_head head;
    struct stat status = status_of(784111777, 784111777, 0x1000, 0xabc);
    file_head_compose(&head, NULL, SLICE("folder/page.html"), &status, now);
    ck_assert_uint_eq(head.field_count, 3);
    ck_assert(slice_equals(value_of(&head, "Content-Type"), SLICE("text/html; charset=utf-8")));
    ck_assert(slice_equals(value_of(&head, "Last-Modified"), SLICE("Sun, 06 Nov 1994 08:49:37 GMT")));
    ck_assert(slice_equals(value_of(&head, "ETag"), SLICE("\"ae1b981bc490b23-1000-abc\"")));
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
    file_head_compose(&head, NULL, SLICE("x"), &status, now);
    struct slice tag = value_of(&head, "ETag");
    ck_assert_int_eq(head.settled, c->strong);
    ck_assert_int_eq(slice_starts_with(tag, SLICE("W/\"")), !c->strong);
    ck_assert_int_eq(slice_starts_with(tag, SLICE("\"")), c->strong);
    ck_assert_int_eq(tag.ptr[tag.len - 1], '"');
}
END_TEST

START_TEST(time_size_and_inode_each_change_the_tag)
{
    struct stat statuses[5];
    struct file_head heads[5];
    for (size_t i = 0; i < 5; i++)
        statuses[i] = status_of(1000, 1000, 10, 20);
    statuses[1].st_mtim.tv_sec++;
    statuses[2].st_mtim.tv_nsec++;
    statuses[3].st_size++;
    statuses[4].st_ino++;
    for (size_t i = 0; i < 5; i++) {
        file_head_compose(&heads[i], NULL, SLICE("x"), &statuses[i], now);
        for (size_t j = 0; j < i; j++)
            ck_assert(!slice_equals(value_of(&heads[i], "ETag"), value_of(&heads[j], "ETag")));
    }
}
END_TEST

START_TEST(the_longest_tag_has_room)
{
    struct stat status = status_of(0, NOW, INT64_MAX, UINT64_MAX);
    status.st_mtim.tv_nsec = -1;           /* all ones as a sum of nanoseconds */
    status.st_size = -1;
    struct file_head head;
    file_head_compose(&head, NULL, SLICE("x"), &status, now);
    ck_assert(slice_equals(value_of(&head, "ETag"), SLICE("W/\"ffffffffffffffff-ffffffffffffffff-ffffffffffffffff\"")));
    ck_assert_uint_eq(value_of(&head, "ETag").len, FILE_TAG_MAX);
}
END_TEST

START_TEST(a_file_was_never_modified_later_than_now)
{
    struct stat status = status_of(NOW + 1, NOW - 100, 1, 1);
    struct file_head head;
    file_head_compose(&head, NULL, SLICE("x"), &status, now);
    ck_assert(slice_equals(value_of(&head, "Last-Modified"), SLICE("Tue, 14 Nov 2023 22:13:20 GMT")));
    status.st_mtim.tv_sec = NOW;
    file_head_compose(&head, NULL, SLICE("x"), &status, now);
    ck_assert(slice_equals(value_of(&head, "Last-Modified"), SLICE("Tue, 14 Nov 2023 22:13:20 GMT")));
}
END_TEST

START_TEST(a_time_that_no_date_can_say_is_left_out)
{
    struct stat status = status_of(INT64_MIN / 4, 1000, 1, 1);
    struct file_head head;
    file_head_compose(&head, NULL, SLICE("x"), &status, now);
    ck_assert_uint_eq(value_of(&head, "Last-Modified").len, 0);
    ck_assert_uint_gt(value_of(&head, "ETag").len, 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("file_head");
    tcase_add_test(tests, a_file_has_a_type_a_date_and_a_tag);
    tcase_add_loop_test(tests, the_tag_is_weak_while_another_change_could_go_unseen, 0, COUNT_OF(tag_cases));
    tcase_add_test(tests, time_size_and_inode_each_change_the_tag);
    tcase_add_test(tests, the_longest_tag_has_room);
    tcase_add_test(tests, a_file_was_never_modified_later_than_now);
    tcase_add_test(tests, a_time_that_no_date_can_say_is_left_out);
    return check_run(tests);
}
