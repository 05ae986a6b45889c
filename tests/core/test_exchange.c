/* The working set: how it is laid out, how room is made, and how what was sent is forgotten. */
#include "core/exchange.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "aborts.h"

enum { IN_CAP = 8, OUT_CAP = 5, FILLING = 0xa5 };

static const struct weir_peer peer = { .family = WEIR_UNIX };

static unsigned char *as_bytes(struct exchange *x)
{
    return (unsigned char *)x;
}

/* In exactly as much memory as it asked for, which is full of other things. */
static struct exchange *exchange_new(const struct protocol *protocol)
{
    size_t size = exchange_size(protocol, IN_CAP, OUT_CAP);
    struct exchange *x = malloc(size);
    ck_assert_ptr_nonnull(x);
    memset(x, FILLING, size);
    exchange_init(x, protocol, NULL, &peer, IN_CAP, OUT_CAP);
    return x;
}

/* ---- layout */

START_TEST(state_and_buffers_have_their_places_and_are_not_written)
{
    struct protocol protocol = { .name = "any", .state_size = (size_t)_i };
    size_t size = exchange_size(&protocol, IN_CAP, OUT_CAP);
    struct exchange *x = exchange_new(&protocol);
    unsigned char *end = as_bytes(x) + size;
    ck_assert_uint_eq((uintptr_t)x->state % 16, 0);
    ck_assert_uint_eq((uintptr_t)x->in.data % 16, 0);
    ck_assert((unsigned char *)x->in.data >= x->state + protocol.state_size);
    ck_assert_ptr_eq(x->out.data, x->in.data + IN_CAP);
    ck_assert_ptr_eq((unsigned char *)x->out.data + OUT_CAP, end);
    for (unsigned char *byte = x->state; byte < end; byte++)
        ck_assert_int_eq(*byte, FILLING);
    free(x);
}

START_TEST(a_new_exchange_owes_nothing_and_holds_nothing_and_keeps_the_connection)
{
    struct protocol protocol = { .name = "any", .state_size = 40 };
    int context;
    struct exchange *x = exchange_new(&protocol);
    exchange_init(x, &protocol, &context, &peer, IN_CAP, OUT_CAP);
    ck_assert_ptr_eq(x->protocol, &protocol);
    ck_assert_ptr_eq(x->context, &context);
    ck_assert_ptr_eq(x->peer, &peer);
    ck_assert_uint_eq(exchange_owed(x), 0);
    ck_assert_uint_eq(buffer_len(&x->in), 0);
    ck_assert_uint_eq(buffer_room(&x->in), IN_CAP);
    ck_assert_uint_eq(buffer_room(&x->out), OUT_CAP);
    ck_assert_int_eq(x->tail.kind, TAIL_NONE);
    ck_assert(!x->tail.look.fetching);
    ck_assert_uint_eq(x->held, x->held_end);
    ck_assert_int_eq(x->phase, PHASE_IDLE);
    ck_assert_int_eq(x->pending, INTAKE_NONE);
    ck_assert(x->keep);
    ck_assert(!x->interim && !x->abort && !x->peer_closes);
    ck_assert_uint_eq(x->received + x->sent, 0);
    free(x);
}

/* ---- room */

START_TEST(making_room_keeps_what_is_held_and_nothing_else)
{
    static const struct protocol protocol = { .name = "any" };
    static const enum phase inside[] = { PHASE_BLANK, PHASE_HEAD, PHASE_BODY };
    struct exchange *x = exchange_new(&protocol);
    x->phase = inside[_i];
    for (uint32_t end = 0; end <= IN_CAP; end++)
        for (uint32_t held_end = 0; held_end <= end; held_end++)
            for (uint32_t held = 0; held <= held_end; held++) {
                memcpy(x->in.data, "abcdefgh", IN_CAP);
                x->in.start = x->in.end = end;
                x->held = held;
                x->held_end = held_end;
                exchange_make_room(x);
                uint32_t len = held_end - held;
                ck_assert_uint_eq(x->held, 0);
                ck_assert_uint_eq(x->held_end, len);
                ck_assert_mem_eq(x->in.data, &"abcdefgh"[held], len);
                ck_assert_uint_eq(buffer_len(&x->in), 0);
                ck_assert_uint_eq(buffer_room(&x->in), IN_CAP - len);
            }
    free(x);
}

START_TEST(an_emptied_input_does_not_overwrite_what_is_held)
{
    static const struct protocol protocol = { .name = "any" };
    struct exchange *x = exchange_new(&protocol);
    memcpy(buffer_tail(&x->in), "head", 4);
    buffer_added(&x->in, 4);
    buffer_consume(&x->in, 4); /* the buffer itself starts at its beginning again */
    x->phase = PHASE_HEAD;
    x->held_end = 4;
    exchange_make_room(x);
    ck_assert_ptr_eq(buffer_tail(&x->in), x->in.data + 4);
    free(x);
}

START_TEST(between_messages_nothing_is_held_and_all_is_room)
{
    static const struct protocol protocol = { .name = "any" };
    struct exchange *x = exchange_new(&protocol);
    x->in.start = x->in.end = x->held_end = IN_CAP;
    x->held = 1;
    x->phase = PHASE_IDLE;
    exchange_make_room(x);
    ck_assert_uint_eq(buffer_room(&x->in), IN_CAP);
    ck_assert_uint_eq(x->held_end, 0);
    free(x);
}

/* ---- sending */

static void count_release(void *context)
{
    ++*(int *)context;
}

enum { TAIL_LEN = 4 };

/* Owes `out_len` bytes and a tail of `tail_len`. */
static void owe(struct exchange *x, enum tail_kind kind, uint32_t out_len, uint32_t tail_len, int *released)
{
    static const char text[] = "tail";
    buffer_init(&x->out, x->out.data, OUT_CAP);
    memcpy(x->out.data, "headers", OUT_CAP);
    buffer_added(&x->out, out_len);
    *released = 0;
    x->sent = 0;
    x->tail = (struct tail){
        .kind = kind,
        .file = 3,
        .memory = kind == TAIL_MEMORY ? text : NULL,
        .offset = 100,
        .left = tail_len,
        .release = count_release,
        .release_context = released,
    };
}

/* Sends what is owed in two parts, cut at `first`, and looks after each at what is left and whether the tail was released. */
static void send_in_two(struct exchange *x, enum tail_kind kind, uint32_t out_len, uint32_t tail_len, uint32_t first)
{
    int released;
    owe(x, kind, out_len, tail_len, &released);
    const char *memory = x->tail.memory;
    uint32_t all = out_len + tail_len;
    exchange_sent(x, first);
    ck_assert_uint_eq(exchange_owed(x), all - first);
    ck_assert_uint_eq(x->sent, first);
    ck_assert_uint_eq(buffer_len(&x->out), first < out_len ? out_len - first : 0);
    ck_assert_mem_eq(buffer_head(&x->out), &"headers"[first < out_len ? first : 0], buffer_len(&x->out));
    uint32_t of_tail = first > out_len ? first - out_len : 0;
    ck_assert_int_eq(released, of_tail == tail_len);
    if (!released) {
        ck_assert_uint_eq(x->tail.left, tail_len - of_tail);
        ck_assert_uint_eq(x->tail.offset, 100 + of_tail);
        ck_assert_ptr_eq(x->tail.memory, kind == TAIL_MEMORY ? memory + of_tail : NULL);
    }
    exchange_sent(x, all - first);
    ck_assert_uint_eq(exchange_owed(x), 0);
    ck_assert_uint_eq(x->sent, all);
    ck_assert_int_eq(x->tail.kind, TAIL_NONE);
    ck_assert_int_eq(released, 1);
    exchange_drop_tail(x);
    ck_assert_int_eq(released, 1);
}

START_TEST(what_left_is_forgotten_wherever_it_is_cut_and_the_tail_released_once)
{
    static const struct protocol protocol = { .name = "any" };
    struct exchange *x = exchange_new(&protocol);
    for (uint32_t out_len = 0; out_len <= OUT_CAP; out_len++)
        for (uint32_t tail_len = 0; tail_len <= TAIL_LEN; tail_len++)
            for (uint32_t first = 0; first <= out_len + tail_len; first++)
                send_in_two(x, _i == 0 ? TAIL_MEMORY : TAIL_FILE, out_len, tail_len, first);
    free(x);
}

START_TEST(an_answer_without_a_tail_is_sent_and_nothing_released)
{
    static const struct protocol protocol = { .name = "any" };
    struct exchange *x = exchange_new(&protocol);
    buffer_added(&x->out, 3);
    exchange_sent(x, 3);
    ck_assert_uint_eq(exchange_owed(x), 0);
    ck_assert_uint_eq(x->sent, 3);
    exchange_drop_tail(x);
    free(x);
}

START_TEST(a_tail_is_released_though_it_was_not_sent)
{
    static const struct protocol protocol = { .name = "any" };
    struct exchange *x = exchange_new(&protocol);
    int released;
    owe(x, TAIL_FILE, 2, 4, &released);
    exchange_drop_tail(x);
    ck_assert_int_eq(released, 1);
    ck_assert_uint_eq(exchange_owed(x), 2);
    free(x);
}

static void drop_again(void *context)
{
    struct exchange *x = context;
    x->received++;
    exchange_drop_tail(x);
}

START_TEST(releasing_happens_once_even_if_it_drops_the_tail_itself)
{
    static const struct protocol protocol = { .name = "any" };
    struct exchange *x = exchange_new(&protocol);
    x->tail = (struct tail){ .kind = TAIL_FILE, .left = 1, .release = drop_again, .release_context = x };
    exchange_drop_tail(x);
    ck_assert_uint_eq(x->received, 1);
    free(x);
}

/* ---- mistakes of the caller */

static void send_more_than_is_owed(void *context)
{
    struct exchange *x = context;
    buffer_added(&x->out, 3);
    exchange_sent(x, 4);
}

static void make_room_over_what_was_not_taken(void *context)
{
    struct exchange *x = context;
    buffer_added(&x->in, 1);
    exchange_make_room(x);
}

static void hold_backwards(void *context)
{
    struct exchange *x = context;
    x->held = 2;
    x->held_end = 1;
    exchange_make_room(x);
}

static void hold_more_than_there_is(void *context)
{
    struct exchange *x = context;
    x->held_end = IN_CAP + 1;
    exchange_make_room(x);
}

START_TEST(mistakes_of_the_caller_abort)
{
    static const struct protocol protocol = { .name = "any" };
    struct exchange *x = exchange_new(&protocol);
    ck_assert(aborts(send_more_than_is_owed, x));
    ck_assert(aborts(make_room_over_what_was_not_taken, x));
    ck_assert(aborts(hold_backwards, x));
    ck_assert(aborts(hold_more_than_there_is, x));
    free(x);
}

int main(void)
{
    Suite *suite = suite_create("exchange");
    TCase *layout = tcase_create("layout");
    tcase_add_loop_test(layout, state_and_buffers_have_their_places_and_are_not_written, 0, 50);
    tcase_add_test(layout, a_new_exchange_owes_nothing_and_holds_nothing_and_keeps_the_connection);
    suite_add_tcase(suite, layout);

    TCase *room = tcase_create("room");
    tcase_add_loop_test(room, making_room_keeps_what_is_held_and_nothing_else, 0, 3);
    tcase_add_test(room, an_emptied_input_does_not_overwrite_what_is_held);
    tcase_add_test(room, between_messages_nothing_is_held_and_all_is_room);
    suite_add_tcase(suite, room);

    TCase *sending = tcase_create("sending");
    tcase_add_loop_test(sending, what_left_is_forgotten_wherever_it_is_cut_and_the_tail_released_once, 0, 2);
    tcase_add_test(sending, an_answer_without_a_tail_is_sent_and_nothing_released);
    tcase_add_test(sending, a_tail_is_released_though_it_was_not_sent);
    tcase_add_test(sending, releasing_happens_once_even_if_it_drops_the_tail_itself);
    tcase_add_test(sending, mistakes_of_the_caller_abort);
    suite_add_tcase(suite, sending);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
