/* The lists of time limits: by example, and against a model over random operations. */
#include "core/limits.h"

#include <check.h>
#include <stdlib.h>

#include "aborts.h"
#include "limits_model.h"

enum { SEED_COUNT = 60, OPERATIONS = 4000 };

static const uint64_t lengths[LIMIT_COUNT] = {
    [LIMIT_IDLE] = 0,
    [LIMIT_HEAD] = 10,
    [LIMIT_BODY] = 30,
    [LIMIT_SEND] = 30,
    [LIMIT_LINGER] = 2,
};

static struct conn conns[MODEL_SLOTS];
static struct limits limits;

static void set_up(void)
{
    static const struct weir_peer nobody;
    for (int slot = 0; slot < MODEL_SLOTS; slot++) {
        conn_init(&conns[slot]);
        conn_open(&conns[slot], slot, &nobody);
    }
    limits_init(&limits, conns, lengths);
}

START_TEST(without_connections_nothing_passes)
{
    ck_assert_uint_eq(limits_passed(&limits, UINT64_MAX - 1), CONN_NOWHERE);
    ck_assert_uint_eq(limits_next(&limits), UINT64_MAX);
    for (enum limit limit = 0; limit < LIMIT_COUNT; limit++)
        ck_assert_uint_eq(limits_oldest(&limits, limit), CONN_NOWHERE);
}

START_TEST(a_limit_passes_at_its_very_millisecond_and_not_before)
{
    limits_arm(&limits, 3, LIMIT_HEAD, 100);
    ck_assert_uint_eq(limits_next(&limits), 110);
    ck_assert_uint_eq(limits_passed(&limits, 109), CONN_NOWHERE);
    ck_assert_uint_eq(limits_passed(&limits, 110), 3);
    ck_assert_uint_eq(limits_passed(&limits, 110), 3);
    limits_arm(&limits, 3, LIMIT_NONE, 110);
    ck_assert_uint_eq(limits_passed(&limits, 110), CONN_NOWHERE);
    ck_assert_int_eq(conns[3].limit, LIMIT_NONE);
}

START_TEST(arming_again_gives_the_whole_length_and_the_last_place)
{
    limits_arm(&limits, 0, LIMIT_HEAD, 0);
    limits_arm(&limits, 1, LIMIT_HEAD, 1);
    limits_arm(&limits, 0, LIMIT_HEAD, 5);
    ck_assert_uint_eq(limits_oldest(&limits, LIMIT_HEAD), 1);
    ck_assert_uint_eq(limits_passed(&limits, 12), 1);
    limits_arm(&limits, 1, LIMIT_LINGER, 12);
    ck_assert_uint_eq(limits_passed(&limits, 12), CONN_NOWHERE);
    ck_assert_uint_eq(limits_next(&limits), 14);
    ck_assert_uint_eq(limits_oldest(&limits, LIMIT_HEAD), 0);
}

START_TEST(arming_again_while_the_clock_stands_gives_the_last_place)
{
    limits_arm(&limits, 0, LIMIT_HEAD, 5);
    limits_arm(&limits, 1, LIMIT_HEAD, 5);
    limits_arm(&limits, 0, LIMIT_HEAD, 5);
    ck_assert_uint_eq(limits_oldest(&limits, LIMIT_HEAD), 1);
    ck_assert_uint_eq(limits_passed(&limits, 15), 1);
}

START_TEST(what_was_dropped_is_asked_for_once_and_then_forgotten)
{
    limits_arm(&limits, 0, LIMIT_HEAD, 5);
    limits_arm(&limits, 1, LIMIT_BODY, 5);
    limits_arm(&limits, 0, LIMIT_NONE, 6);
    ck_assert_uint_eq(limits_next(&limits), 15);
    ck_assert_uint_eq(limits_passed(&limits, 15), CONN_NOWHERE);
    ck_assert_uint_eq(limits_next(&limits), 35);
    limits_arm(&limits, 1, LIMIT_NONE, 16);
    ck_assert_uint_eq(limits_passed(&limits, 35), CONN_NOWHERE);
    ck_assert_uint_eq(limits_next(&limits), UINT64_MAX);
}

START_TEST(a_limit_that_is_off_never_passes_and_still_knows_the_oldest)
{
    limits_arm(&limits, 5, LIMIT_IDLE, 7);
    limits_arm(&limits, 2, LIMIT_IDLE, 8);
    ck_assert_uint_eq(limits_next(&limits), UINT64_MAX);
    ck_assert_uint_eq(limits_passed(&limits, UINT64_MAX - 1), CONN_NOWHERE);
    ck_assert_uint_eq(limits_oldest(&limits, LIMIT_IDLE), 5);
    limits_arm(&limits, 5, LIMIT_NONE, 9);
    ck_assert_uint_eq(limits_oldest(&limits, LIMIT_IDLE), 2);
}

START_TEST(taking_out_of_no_list_changes_nothing)
{
    limits_arm(&limits, 4, LIMIT_NONE, 1);
    ck_assert_uint_eq(limits_next(&limits), UINT64_MAX);
    ck_assert_uint_eq(conns[4].next, CONN_NOWHERE);
}

static void go_back_in_time(void *unused)
{
    (void)unused;
    limits_arm(&limits, 0, LIMIT_HEAD, 100);
    limits_arm(&limits, 1, LIMIT_HEAD, 99);
}

static void arm_at_the_end_of_time(void *unused)
{
    (void)unused;
    limits_arm(&limits, 0, LIMIT_HEAD, UINT64_MAX);
}

static void ask_at_the_end_of_time(void *unused)
{
    (void)unused;
    (void)limits_passed(&limits, UINT64_MAX);
}

static void ask_for_a_limit_that_is_none(void *unused)
{
    (void)unused;
    (void)limits_oldest(&limits, LIMIT_NONE);
}

START_TEST(time_never_goes_back_and_never_ends)
{
    ck_assert(aborts(go_back_in_time, NULL));
    ck_assert(aborts(arm_at_the_end_of_time, NULL));
    ck_assert(aborts(ask_at_the_end_of_time, NULL));
    ck_assert(aborts(ask_for_a_limit_that_is_none, NULL));
}

/* xorshift64*: the same numbers from the same seed, on every machine. */
static uint64_t random_below(uint64_t *seed, uint64_t bound)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return (*seed * 2685821657736338717ull >> 33) % bound;
}

START_TEST(lists_agree_with_a_simple_model_whatever_is_done)
{
    uint64_t seed = (uint64_t)_i + 1, now = 1000;
    struct limits_model model;
    limits_model_init(&model, lengths);
    int passed = 0;
    for (int operation = 0; operation < OPERATIONS; operation++) {
        uint32_t slot = (uint32_t)random_below(&seed, MODEL_SLOTS);
        enum limit limit = (enum limit)random_below(&seed, LIMIT_COUNT + 1);
        uint32_t due = limits_passed(&limits, now);
        if (due != CONN_NOWHERE) {
            slot = due;
            passed++;
        } else if (random_below(&seed, 3) == 0) {
            now += random_below(&seed, 8);
            continue;
        }
        limits_arm(&limits, slot, limit, now);
        limits_model_arm(&model, slot, limit, now);
        const char *broken = limits_model_check(&model, &limits, now);
        ck_assert_msg(broken == NULL, "seed %d, operation %d: %s", _i + 1, operation, broken);
    }
    ck_assert_int_gt(passed, 10);
}

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *examples = tcase_create("examples");
    tcase_add_checked_fixture(examples, set_up, NULL);
    tcase_add_test(examples, without_connections_nothing_passes);
    tcase_add_test(examples, a_limit_passes_at_its_very_millisecond_and_not_before);
    tcase_add_test(examples, arming_again_gives_the_whole_length_and_the_last_place);
    tcase_add_test(examples, arming_again_while_the_clock_stands_gives_the_last_place);
    tcase_add_test(examples, what_was_dropped_is_asked_for_once_and_then_forgotten);
    tcase_add_test(examples, a_limit_that_is_off_never_passes_and_still_knows_the_oldest);
    tcase_add_test(examples, taking_out_of_no_list_changes_nothing);
    tcase_add_test(examples, time_never_goes_back_and_never_ends);
    tcase_add_loop_test(examples, lists_agree_with_a_simple_model_whatever_is_done, 0, SEED_COUNT);
    suite_add_tcase(suite, examples);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
