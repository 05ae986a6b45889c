#include "core/limits.h"

#include "core/assert.h"

#define NEVER_PASSES UINT64_MAX

void limits_init(struct limits *l, struct conn *conns, const uint64_t lengths[LIMIT_COUNT])
{
    l->conns = conns;
    l->soonest = NEVER_PASSES;
    for (int limit = 0; limit < LIMIT_COUNT; limit++)
        l->lists[limit] = (struct limit_list){ CONN_NOWHERE, CONN_NOWHERE, lengths[limit] };
}

/* Whatever points at the connection from either side points past it. */
static void list_remove(struct limits *l, struct conn *c)
{
    struct limit_list *list = &l->lists[c->limit];
    *(c->previous == CONN_NOWHERE ? &list->first : &l->conns[c->previous].next) = c->next;
    *(c->next == CONN_NOWHERE ? &list->last : &l->conns[c->next].previous) = c->previous;
    c->next = c->previous = CONN_NOWHERE;
    c->limit = LIMIT_NONE;
}

/* At the end: all in one list were given the same length, and time does not go back, so the list stays in order. */
static void list_append(struct limits *l, uint32_t slot, enum limit limit, uint64_t deadline)
{
    struct limit_list *list = &l->lists[limit];
    struct conn *c = &l->conns[slot];
    c->deadline = deadline;
    c->limit = (uint8_t)limit;
    c->previous = list->last;
    c->next = CONN_NOWHERE;
    weir_assert(list->last == CONN_NOWHERE || l->conns[list->last].deadline <= deadline);
    *(list->last == CONN_NOWHERE ? &list->first : &l->conns[list->last].next) = slot;
    list->last = slot;
    if (deadline < l->soonest)
        l->soonest = deadline;
}

void limits_arm(struct limits *l, uint32_t slot, enum limit limit, uint64_t now)
{
    struct conn *c = &l->conns[slot];
    weir_assert(now < NEVER_PASSES);
    const uint64_t length = limit != LIMIT_NONE ? l->lists[limit].length : 0;
    const uint64_t deadline = length == 0 ? NEVER_PASSES : now + length;
    const bool is_last = limit != LIMIT_NONE && l->lists[limit].last == slot;
    if (is_last && c->deadline == deadline)
        return;
    if (c->limit != LIMIT_NONE)
        list_remove(l, c);
    if (limit != LIMIT_NONE)
        list_append(l, slot, limit, deadline);
}

/* When the first of a list passes. */
static uint64_t list_deadline(const struct limits *l, enum limit limit)
{
    uint32_t first = l->lists[limit].first;
    return first == CONN_NOWHERE ? NEVER_PASSES : l->conns[first].deadline;
}

uint32_t limits_passed(struct limits *l, uint64_t now)
{
    weir_assert(now < NEVER_PASSES);
    if (now < l->soonest)
        return CONN_NOWHERE;
    uint32_t slot = CONN_NOWHERE;
    l->soonest = NEVER_PASSES;
    for (enum limit limit = 0; limit < LIMIT_COUNT; limit++) {
        if (list_deadline(l, limit) >= l->soonest)
            continue;
        l->soonest = list_deadline(l, limit);
        slot = l->lists[limit].first;
    }
    return l->soonest <= now ? slot : CONN_NOWHERE;
}

uint64_t limits_next(const struct limits *l)
{
    return l->soonest;
}

uint64_t limits_age(const struct limits *l, uint32_t slot, uint64_t now)
{
    const struct conn *c = &l->conns[slot];
    weir_assert(c->limit != LIMIT_NONE);
    return c->deadline == NEVER_PASSES ? UINT64_MAX : now - (c->deadline - l->lists[c->limit].length);
}

uint32_t limits_oldest(const struct limits *l, enum limit limit)
{
    weir_assert(limit < LIMIT_COUNT);
    return l->lists[limit].first;
}
