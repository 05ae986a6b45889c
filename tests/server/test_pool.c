/* Blocks that are kept for reuse. */
#include "server/pool.h"

#include <string.h>

#include "tests/check_support.h"
#include "tests/core/aborts.h"

enum { SIZE = 100, FREE_MAX = 2 };

static struct pool pool;

static void open_pool(void)
{
    pool_init(&pool, SIZE, FREE_MAX);
}

static void close_pool(void)
{
    pool_close(&pool);
    ck_assert_uint_eq(pool.free_count, 0);
}

START_TEST(the_block_given_back_last_is_lent_first)
{
    void *a = pool_take(&pool), *b = pool_take(&pool);
    ck_assert_ptr_ne(a, b);
    memset(a, 1, SIZE);
    memset(b, 2, SIZE);
    ck_assert_uint_eq(pool.lent, 2);
    pool_give(&pool, a);
    pool_give(&pool, b);
    ck_assert_uint_eq(pool.free_count, 2);
    ck_assert_ptr_eq(pool_take(&pool), b);
    ck_assert_ptr_eq(pool_take(&pool), a);
    pool_give(&pool, a);
    pool_give(&pool, b);
}

START_TEST(more_than_it_keeps_goes_back_to_the_system)
{
    void *blocks[FREE_MAX + 2];
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = pool_take(&pool);
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        pool_give(&pool, blocks[i]);
    ck_assert_uint_eq(pool.free_count, FREE_MAX);
    ck_assert_uint_eq(pool.lent, 0);
}

static void *lent;

static void close_with_one_lent(void *unused)
{
    (void)unused;
    lent = pool_take(&pool);
    pool_close(&pool);
}

static void give_what_was_not_lent(void *block)
{
    pool_give(&pool, block);
}

START_TEST(what_must_hold_is_asserted)
{
    char block[SIZE];
    ck_assert(aborts(close_with_one_lent, NULL));
    ck_assert(aborts(give_what_was_not_lent, block));
}

int main(void)
{
    TCase *tests = tcase_create("pool");
    tcase_add_checked_fixture(tests, open_pool, close_pool);
    tcase_add_test(tests, the_block_given_back_last_is_lent_first);
    tcase_add_test(tests, more_than_it_keeps_goes_back_to_the_system);
    tcase_add_test(tests, what_must_hold_is_asserted);
    return check_run(tests);
}
