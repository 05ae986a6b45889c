#include "server/slots.h"

#include <errno.h>

#include "core/assert.h"
#include "core/counter.h"
#include "os/os.h"

/* Workers look at the count of connections before they accept, not in one step with it: all but one may come too late. */
#define SLOTS_SPARE 256

int slots_open(struct worker *w)
{
    w->conns = os_alloc((w->config.connections_max + SLOTS_SPARE) * sizeof *w->conns);
    w->slots_used = 0;
    w->free_first = CONN_NOWHERE;
    w->ready_first = w->ready_last = CONN_NOWHERE;
    return w->conns == NULL ? -ENOMEM : 0;
}

void slots_close(struct worker *w)
{
    weir_assert(w->open == 0);
    os_free(w->conns);
    w->conns = NULL;
}

/* The first use of a slot: its memory is zero. */
static struct conn *slot_begin(struct worker *w)
{
    weir_assert(w->slots_used < w->config.connections_max + SLOTS_SPARE);
    struct conn *c = &w->conns[w->slots_used++];
    conn_init(c);
    return c;
}

bool slots_are_full(const struct worker *w)
{
    return atomic_load_explicit(w->config.connections_open, memory_order_relaxed) >= w->config.connections_max;
}

struct conn *slots_take(struct worker *w)
{
    struct conn *c = w->free_first != CONN_NOWHERE ? &w->conns[w->free_first] : slot_begin(w);
    if (w->free_first != CONN_NOWHERE)
        w->free_first = c->next;
    weir_assert(c->state == CONN_CLOSED);
    w->open++;
    atomic_fetch_add_explicit(w->config.connections_open, 1, memory_order_relaxed);
    counter_add(&w->counters.open, 1);
    return c;
}

void slots_give(struct worker *w, struct conn *c)
{
    weir_assert(c->state == CONN_CLOSED);
    weir_assert(c->limit == LIMIT_NONE);
    c->next = w->free_first;
    w->free_first = slots_index(w, c);
    w->open--;
    atomic_fetch_sub_explicit(w->config.connections_open, 1, memory_order_relaxed);
    counter_add(&w->counters.open, (uint64_t)-1);
    if (w->accept_after > w->now)
        w->accept_after = w->now;
}

uint32_t slots_index(const struct worker *w, const struct conn *c)
{
    return (uint32_t)(c - w->conns);
}

uint64_t slots_token(const struct worker *w, const struct conn *c)
{
    return (uint64_t)c->generation << 32 | slots_index(w, c);
}

struct conn *slots_of_token(const struct worker *w, uint64_t token)
{
    const uint32_t slot = (uint32_t)token;
    weir_assert(slot < w->slots_used);
    struct conn *c = &w->conns[slot];
    return c->state == CONN_CLOSED || c->generation != token >> 32 ? NULL : c;
}

void slots_queue(struct worker *w, struct conn *c)
{
    if (c->ready & READY_QUEUED)
        return;
    const uint32_t slot = slots_index(w, c);
    c->ready |= READY_QUEUED;
    c->next_ready = CONN_NOWHERE;
    if (w->ready_last == CONN_NOWHERE)
        w->ready_first = slot;
    else
        w->conns[w->ready_last].next_ready = slot;
    w->ready_last = slot;
    w->ready_count++;
}

struct conn *slots_next_ready(struct worker *w)
{
    weir_assert(w->ready_count > 0);
    struct conn *c = &w->conns[w->ready_first];
    w->ready_first = c->next_ready;
    if (w->ready_first == CONN_NOWHERE)
        w->ready_last = CONN_NOWHERE;
    w->ready_count--;
    c->ready &= (uint8_t)~READY_QUEUED;
    return c->state == CONN_CLOSED ? NULL : c;
}
