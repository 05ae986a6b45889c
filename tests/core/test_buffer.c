/* Buffers, at every boundary: whatever can be done to a small one is compared with the bytes that it should hold. */
#include "core/buffer.h"

#include <check.h>
#include <string.h>

#include "aborts.h"

enum { CAP = 6 };

static char memory[CAP];

/* Bytes [start, end) hold their own offset plus 'a'. */
static struct buffer buffer_with(uint32_t start, uint32_t end)
{
    struct buffer b;
    buffer_init(&b, memory, CAP);
    for (uint32_t i = 0; i < CAP; i++)
        memory[i] = (char)('a' + i);
    b.start = start;
    b.end = end;
    return b;
}

START_TEST(a_new_buffer_is_empty_and_all_room)
{
    struct buffer b;
    buffer_init(&b, memory, CAP);
    ck_assert_uint_eq(buffer_len(&b), 0);
    ck_assert_uint_eq(buffer_room(&b), CAP);
    ck_assert_ptr_eq(buffer_head(&b), memory);
    ck_assert_ptr_eq(buffer_tail(&b), memory);
}

START_TEST(what_is_added_is_behind_what_is_there)
{
    for (uint32_t start = 0; start <= CAP; start++)
        for (uint32_t end = start; end <= CAP; end++)
            for (uint32_t count = 0; count <= CAP - end; count++) {
                struct buffer b = buffer_with(start, end);
                buffer_added(&b, count);
                ck_assert_uint_eq(buffer_len(&b), end - start + count);
                ck_assert_uint_eq(buffer_room(&b), CAP - end - count);
                ck_assert_ptr_eq(buffer_head(&b), memory + start);
            }
}

START_TEST(an_emptied_buffer_starts_at_its_beginning)
{
    for (uint32_t start = 0; start <= CAP; start++)
        for (uint32_t end = start; end <= CAP; end++)
            for (uint32_t count = 0; count <= end - start; count++) {
                struct buffer b = buffer_with(start, end);
                buffer_consume(&b, count);
                ck_assert_uint_eq(buffer_len(&b), end - start - count);
                if (count == end - start)
                    ck_assert_uint_eq(buffer_room(&b), CAP);
                else
                    ck_assert_ptr_eq(buffer_head(&b), memory + start + count);
            }
}

START_TEST(moving_down_keeps_every_byte_on_both_sides)
{
    for (uint32_t end = 0; end <= CAP; end++)
        for (uint32_t from = 0; from <= end; from++)
            for (uint32_t to = 0; to <= from; to++)
                for (uint32_t start = 0; start <= end; start++) {
                    if (start > to && start < from)
                        continue;
                    struct buffer b = buffer_with(start, end);
                    buffer_move_down(&b, from, to);
                    ck_assert_uint_eq(b.end, end - (from - to));
                    ck_assert_uint_eq(b.start, start >= from ? start - (from - to) : start);
                    for (uint32_t i = 0; i < to; i++)
                        ck_assert_int_eq(memory[i], (char)('a' + i));
                    for (uint32_t i = to; i < b.end; i++)
                        ck_assert_int_eq(memory[i], (char)('a' + i + from - to));
                }
}

static void add_too_much(void *unused)
{
    (void)unused;
    struct buffer b = buffer_with(1, 3);
    buffer_added(&b, CAP - 3 + 1);
}

static void consume_too_much(void *unused)
{
    (void)unused;
    struct buffer b = buffer_with(1, 3);
    buffer_consume(&b, 3);
}

static void move_up(void *unused)
{
    (void)unused;
    struct buffer b = buffer_with(0, 3);
    buffer_move_down(&b, 1, 2);
}

static void move_what_is_not_there(void *unused)
{
    (void)unused;
    struct buffer b = buffer_with(0, 3);
    buffer_move_down(&b, 4, 2);
}

static void move_over_the_start(void *unused)
{
    (void)unused;
    struct buffer b = buffer_with(2, 5);
    buffer_move_down(&b, 3, 1);
}

START_TEST(what_does_not_fit_is_a_mistake_of_the_caller)
{
    ck_assert(aborts(add_too_much, NULL));
    ck_assert(aborts(consume_too_much, NULL));
    ck_assert(aborts(move_up, NULL));
    ck_assert(aborts(move_what_is_not_there, NULL));
    ck_assert(aborts(move_over_the_start, NULL));
}

int main(void)
{
    Suite *suite = suite_create("buffer");
    TCase *boundaries = tcase_create("boundaries");
    tcase_add_test(boundaries, a_new_buffer_is_empty_and_all_room);
    tcase_add_test(boundaries, what_is_added_is_behind_what_is_there);
    tcase_add_test(boundaries, an_emptied_buffer_starts_at_its_beginning);
    tcase_add_test(boundaries, moving_down_keeps_every_byte_on_both_sides);
    tcase_add_test(boundaries, what_does_not_fit_is_a_mistake_of_the_caller);
    suite_add_tcase(suite, boundaries);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
