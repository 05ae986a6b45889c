#include "core/exchange.h"

#include <string.h>

#include "core/assert.h"

_Static_assert(sizeof(struct exchange) == offsetof(struct exchange, state), "the protocol's state stands directly behind the struct");

enum { STATE_ALIGNMENT = _Alignof(struct exchange) };

/* What is zero at first. A compiler clears so much by plain stores, and more by an instruction that takes long to begin (rep stos), for each
 * request. */
enum { CLEARED_FROM = offsetof(struct exchange, held), CLEARED_SIZE = offsetof(struct exchange, tail) - CLEARED_FROM };

_Static_assert(CLEARED_SIZE <= 80, "clearing an exchange takes five stores of 16 bytes at most");

/* Bytes from the struct's start to `in`: the protocol's state keeps what follows aligned. */
static size_t size_before_buffers(const struct protocol *protocol)
{
    return sizeof(struct exchange) + (protocol->state_size + STATE_ALIGNMENT - 1) / STATE_ALIGNMENT * STATE_ALIGNMENT;
}

size_t exchange_size(const struct protocol *protocol, uint32_t in_cap, uint32_t out_cap)
{
    return size_before_buffers(protocol) + in_cap + out_cap;
}

static void tail_clear(struct tail *tail)
{
    tail->kind = TAIL_NONE;
    tail->left = 0;
    tail->look.fetching = false;
}

void exchange_init(struct exchange *x, const struct protocol *protocol, void *context, const struct weir_peer *peer,
                   uint32_t in_cap, uint32_t out_cap)
{
    char *buffers = (char *)x + size_before_buffers(protocol);
    x->protocol = protocol;
    x->context = context;
    x->peer = peer;
    x->user = NULL;
    x->token = 0;
    buffer_init(&x->in, buffers, in_cap);
    buffer_init(&x->out, buffers + in_cap, out_cap);
    memset((char *)x + CLEARED_FROM, 0, CLEARED_SIZE);
    x->keep = true;
    tail_clear(&x->tail);
}

void exchange_make_room(struct exchange *x)
{
    weir_assert(buffer_len(&x->in) == 0);
    weir_assert(x->held <= x->held_end);
    weir_assert(x->held_end <= x->in.cap);
    if (x->phase == PHASE_IDLE)
        x->held = x->held_end = 0;
    x->in.start = x->in.end = x->held_end;    /* what was taken and is not held is forgotten */
    if (x->held == 0)
        return;
    buffer_move_down(&x->in, x->held, 0);
    x->held_end -= x->held;
    x->held = 0;
}

void exchange_sent(struct exchange *x, uint64_t count)
{
    weir_assert(count <= exchange_owed(x));
    uint32_t from_out = count < buffer_len(&x->out) ? (uint32_t)count : buffer_len(&x->out);
    uint64_t from_tail = count - from_out;
    buffer_consume(&x->out, from_out);
    x->sent += count;
    if (x->tail.kind == TAIL_NONE)
        return;
    if (x->tail.kind == TAIL_MEMORY)
        x->tail.memory += from_tail;
    x->tail.offset += from_tail;
    x->tail.left -= from_tail;
    if (x->tail.left == 0)
        exchange_drop_tail(x);
}

void exchange_drop_tail(struct exchange *x)
{
    if (x->tail.kind == TAIL_NONE)
        return;
    void (*release)(void *context) = x->tail.release;
    tail_clear(&x->tail);              /* first: releasing happens once, whatever it calls */
    if (release != NULL)
        release(x->tail.release_context);
}
