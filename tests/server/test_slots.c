/* The table of connections and the queue of ready ones, without a server around them. */
#include "server/slots.h"

#include <stdatomic.h>

#include "tests/check_support.h"
#include "tests/core/aborts.h"

enum { MAX = 4 };

static struct worker worker;
static _Atomic uint32_t connections_open;
static const struct weir_peer peer = { .family = WEIR_UNIX };

static void open_slots(void)
{
    connections_open = 0;
    worker = (struct worker){ .config = { .connections_max = MAX, .connections_open = &connections_open }, .now = 1000 };
    ck_assert_int_eq(slots_open(&worker), 0);
}

static void close_slots(void)
{
    slots_close(&worker);
    ck_assert_ptr_null(worker.conns);
}

static struct conn *take(int fd)
{
    struct conn *c = slots_take(&worker);
    ck_assert_ptr_nonnull(c);
    conn_open(c, fd, &peer);
    return c;
}

static void give(struct conn *c)
{
    (void)conn_advance(c, ON_FAIL);
    slots_give(&worker, c);
}

START_TEST(slots_are_taken_in_order_and_the_last_one_given_back_comes_first)
{
    struct conn *first = take(3), *second = take(4), *third = take(5);
    ck_assert_uint_eq(slots_index(&worker, first), 0);
    ck_assert_uint_eq(slots_index(&worker, second), 1);
    ck_assert_uint_eq(slots_index(&worker, third), 2);
    give(first);
    give(third);
    ck_assert_ptr_eq(take(6), third);
    ck_assert_ptr_eq(take(7), first);
    ck_assert_uint_eq(slots_index(&worker, take(8)), 3);
    ck_assert_uint_eq(worker.slots_used, 4);
    for (uint32_t slot = 0; slot < MAX; slot++)
        give(&worker.conns[slot]);
}

START_TEST(the_count_is_of_all_workers_and_says_when_they_are_full)
{
    struct conn *conns[MAX];
    for (int i = 0; i < MAX; i++) {
        ck_assert(!slots_are_full(&worker));
        conns[i] = take(3 + i);
    }
    ck_assert(slots_are_full(&worker));
    ck_assert_uint_eq(worker.open, MAX);
    ck_assert_uint_eq(worker.counters.open, MAX);
    give(conns[0]);
    ck_assert(!slots_are_full(&worker));
    atomic_fetch_add(&connections_open, 1);        /* another worker's */
    ck_assert(slots_are_full(&worker));
    for (int i = 1; i < MAX; i++)
        give(conns[i]);
    ck_assert_uint_eq(connections_open, 1);
    ck_assert_uint_eq(worker.counters.open, 0);
}

START_TEST(a_slot_that_is_given_back_ends_the_pause_of_accepting)
{
    struct conn *c = take(3);
    worker.accept_after = worker.now + 100;
    give(c);
    ck_assert_uint_eq(worker.accept_after, worker.now);
}

START_TEST(a_token_names_its_connection_until_that_is_closed_and_never_the_next_one)
{
    struct conn *c = take(3), *other = take(4);
    const uint64_t token = slots_token(&worker, c);
    ck_assert_ptr_eq(slots_of_token(&worker, token), c);
    ck_assert_uint_ne(token, slots_token(&worker, other));
    give(c);
    ck_assert_ptr_null(slots_of_token(&worker, token));
    ck_assert_ptr_eq(take(3), c);
    ck_assert_ptr_null(slots_of_token(&worker, token));
    ck_assert_ptr_eq(slots_of_token(&worker, slots_token(&worker, c)), c);
    give(c);
    give(other);
}

START_TEST(the_queue_is_in_order_and_nobody_stands_in_it_twice)
{
    struct conn *a = take(3), *b = take(4);
    slots_queue(&worker, a);
    slots_queue(&worker, b);
    slots_queue(&worker, a);
    ck_assert_uint_eq(worker.ready_count, 2);
    ck_assert_ptr_eq(slots_next_ready(&worker), a);
    slots_queue(&worker, a);
    ck_assert_ptr_eq(slots_next_ready(&worker), b);
    ck_assert_ptr_eq(slots_next_ready(&worker), a);
    ck_assert_uint_eq(worker.ready_count, 0);
    ck_assert_uint_eq(worker.ready_first, CONN_NOWHERE);
    ck_assert_uint_eq(worker.ready_last, CONN_NOWHERE);
    give(a);
    give(b);
}

START_TEST(who_was_closed_in_the_queue_is_passed_over)
{
    struct conn *a = take(3), *b = take(4);
    slots_queue(&worker, a);
    slots_queue(&worker, b);
    give(a);
    ck_assert_ptr_null(slots_next_ready(&worker));
    ck_assert_ptr_eq(slots_next_ready(&worker), b);
    give(b);
}

/* It stands in the queue already, and has its turn there. */
START_TEST(a_connection_in_a_slot_that_stood_in_the_queue_keeps_the_place)
{
    struct conn *a = take(3), *b = take(4);
    slots_queue(&worker, a);
    slots_queue(&worker, b);
    give(a);
    ck_assert_ptr_eq(take(5), a);
    slots_queue(&worker, a);
    ck_assert_uint_eq(worker.ready_count, 2);
    ck_assert_ptr_eq(slots_next_ready(&worker), a);
    ck_assert_ptr_eq(slots_next_ready(&worker), b);
    give(a);
    give(b);
}

static void ask_an_empty_queue(void *unused)
{
    (void)unused;
    (void)slots_next_ready(&worker);
}

static void give_what_is_open(void *c)
{
    slots_give(&worker, c);
}

static void close_with_one_open(void *unused)
{
    (void)unused;
    slots_close(&worker);
}

START_TEST(what_must_hold_is_asserted)
{
    ck_assert(aborts(ask_an_empty_queue, NULL));
    struct conn *c = take(3);
    ck_assert(aborts(give_what_is_open, c));
    ck_assert(aborts(close_with_one_open, NULL));
    give(c);
}

int main(void)
{
    TCase *tests = tcase_create("slots");
    tcase_add_checked_fixture(tests, open_slots, close_slots);
    tcase_add_test(tests, slots_are_taken_in_order_and_the_last_one_given_back_comes_first);
    tcase_add_test(tests, the_count_is_of_all_workers_and_says_when_they_are_full);
    tcase_add_test(tests, a_slot_that_is_given_back_ends_the_pause_of_accepting);
    tcase_add_test(tests, a_token_names_its_connection_until_that_is_closed_and_never_the_next_one);
    tcase_add_test(tests, the_queue_is_in_order_and_nobody_stands_in_it_twice);
    tcase_add_test(tests, who_was_closed_in_the_queue_is_passed_over);
    tcase_add_test(tests, a_connection_in_a_slot_that_stood_in_the_queue_keeps_the_place);
    tcase_add_test(tests, what_must_hold_is_asserted);
    return check_run(tests);
}
