/* The pool of blocks, on the real kernel's memory. */
#include "server/pool.h"

#include <check.h>
#include <string.h>

enum { SIZE = 64, FREE_MAX = 2 };

/* Where memory is short the allocator says so, under AddressSanitizer too. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static struct pool pool;

static void set_up(void)
{
    pool_init(&pool, SIZE, FREE_MAX);
}

static void tear_down(void)
{
    pool_close(&pool);
}

START_TEST(what_was_given_back_last_is_lent_first)
{
    void *a = pool_take(&pool);
    void *b = pool_take(&pool);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    ck_assert_ptr_ne(a, b);
    pool_give(&pool, a);
    pool_give(&pool, b);
    ck_assert_uint_eq(pool.free_count, 2);
    ck_assert_ptr_eq(pool_take(&pool), b);
    ck_assert_ptr_eq(pool_take(&pool), a);
    ck_assert_uint_eq(pool.free_count, 0);
    pool_give(&pool, a);
    pool_give(&pool, b);
}

START_TEST(a_block_is_usable_to_its_last_byte)
{
    char *a = pool_take(&pool);
    char *b = pool_take(&pool);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    memset(a, 'a', SIZE);
    memset(b, 'b', SIZE);
    ck_assert_int_eq(a[SIZE - 1], 'a');
    pool_give(&pool, a);
    pool_give(&pool, b);
}

START_TEST(only_so_many_free_blocks_are_kept)
{
    void *blocks[FREE_MAX + 2];
    for (unsigned i = 0; i < FREE_MAX + 2; i++) {
        blocks[i] = pool_take(&pool);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq(pool.lent, i + 1);
    }
    for (unsigned i = 0; i < FREE_MAX + 2; i++) {
        pool_give(&pool, blocks[i]);
        ck_assert_uint_eq(pool.lent, FREE_MAX + 1 - i);
        ck_assert_uint_eq(pool.free_count, i < FREE_MAX ? i + 1 : FREE_MAX);
    }
}

START_TEST(a_pool_that_keeps_nothing_still_lends)
{
    struct pool none;
    pool_init(&none, SIZE, 0);
    void *block = pool_take(&none);
    ck_assert_ptr_nonnull(block);
    pool_give(&none, block);
    ck_assert_uint_eq(none.free_count, 0);
    ck_assert_ptr_null(none.free);
    pool_close(&none);
}

START_TEST(where_memory_is_short_nothing_is_lent_and_nothing_breaks)
{
    struct pool huge;
    pool_init(&huge, SIZE_MAX / 2, FREE_MAX);
    ck_assert_ptr_null(pool_take(&huge));
    ck_assert_uint_eq(huge.lent, 0);
    pool_close(&huge);
}

START_TEST(a_closed_pool_may_lend_again)
{
    void *block = pool_take(&pool);
    pool_give(&pool, block);
    pool_close(&pool);
    ck_assert_uint_eq(pool.free_count, 0);
    block = pool_take(&pool);
    ck_assert_ptr_nonnull(block);
    pool_give(&pool, block);
}

int main(void)
{
    Suite *suite = suite_create("pool");
    TCase *blocks = tcase_create("blocks");
    tcase_add_checked_fixture(blocks, set_up, tear_down);
    tcase_add_test(blocks, what_was_given_back_last_is_lent_first);
    tcase_add_test(blocks, a_block_is_usable_to_its_last_byte);
    tcase_add_test(blocks, only_so_many_free_blocks_are_kept);
    tcase_add_test(blocks, a_pool_that_keeps_nothing_still_lends);
    tcase_add_test(blocks, where_memory_is_short_nothing_is_lent_and_nothing_breaks);
    tcase_add_test(blocks, a_closed_pool_may_lend_again);
    suite_add_tcase(suite, blocks);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
