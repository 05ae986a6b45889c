/* A model of limits.h that is too simple to be wrong: each connection says which limit it has, since when, and when it passes. */
#ifndef WEIR_TESTS_CORE_LIMITS_MODEL_H
#define WEIR_TESTS_CORE_LIMITS_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/limits.h"

enum { MODEL_SLOTS = 12 };

struct limits_model {
    uint64_t lengths[LIMIT_COUNT];
    uint64_t armed; /* how often anything was armed */
    struct {
        enum limit limit;
        uint64_t deadline;
        uint64_t order; /* the count of `armed` when this was */
    } slots[MODEL_SLOTS];
};

static inline void limits_model_init(struct limits_model *m, const uint64_t lengths[LIMIT_COUNT])
{
    *m = (struct limits_model){ .armed = 0 };
    memcpy(m->lengths, lengths, sizeof m->lengths);
    for (int slot = 0; slot < MODEL_SLOTS; slot++)
        m->slots[slot].limit = LIMIT_NONE;
}

static inline void limits_model_arm(struct limits_model *m, uint32_t slot, enum limit limit, uint64_t now)
{
    const bool is_on = limit != LIMIT_NONE && m->lengths[limit] > 0;
    m->slots[slot].limit = limit;
    m->slots[slot].order = m->armed++;
    m->slots[slot].deadline = is_on ? now + m->lengths[limit] : UINT64_MAX;
}

static inline uint32_t limits_model_oldest(const struct limits_model *m, enum limit limit)
{
    uint32_t oldest = CONN_NOWHERE;
    for (uint32_t slot = 0; slot < MODEL_SLOTS; slot++)
        if (m->slots[slot].limit == limit && (oldest == CONN_NOWHERE || m->slots[slot].order < m->slots[oldest].order))
            oldest = slot;
    return oldest;
}

static inline uint64_t limits_model_next(const struct limits_model *m)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t slot = 0; slot < MODEL_SLOTS; slot++)
        if (m->slots[slot].limit != LIMIT_NONE && m->slots[slot].deadline < next)
            next = m->slots[slot].deadline;
    return next;
}

/* NULL, or what is broken in the links of one list: it must hold the model's slots, each once, in the order of arming, from both ends. */
static inline const char *limits_model_check_list(const struct limits_model *m, const struct limits *l, enum limit limit)
{
    uint32_t previous = CONN_NOWHERE, expected = 0, count = 0;
    for (uint32_t slot = 0; slot < MODEL_SLOTS; slot++)
        expected += m->slots[slot].limit == limit;
    for (uint32_t slot = l->lists[limit].first; slot != CONN_NOWHERE; slot = l->conns[slot].next) {
        const struct conn *c = &l->conns[slot];
        if (++count > expected)
            return "a list holds more than was armed";
        if (c->limit != limit || m->slots[slot].limit != limit || c->deadline != m->slots[slot].deadline)
            return "a connection stands in the wrong list, or with the wrong deadline";
        if (c->previous != previous)
            return "the links back differ from the links on";
        if (previous != CONN_NOWHERE && m->slots[previous].order > m->slots[slot].order)
            return "a list is not in the order of arming";
        previous = slot;
    }
    if (count != expected)
        return "a list holds less than was armed";
    return l->lists[limit].last == previous ? NULL : "the last of a list is another";
}

/* NULL, or what is broken in the connections that stand in no list. */
static inline const char *limits_model_check_others(const struct limits_model *m, const struct limits *l)
{
    for (uint32_t slot = 0; slot < MODEL_SLOTS; slot++) {
        const struct conn *c = &l->conns[slot];
        if (m->slots[slot].limit != LIMIT_NONE)
            continue;
        if (c->limit != LIMIT_NONE || c->next != CONN_NOWHERE || c->previous != CONN_NOWHERE)
            return "a connection was taken out and still has links";
    }
    return NULL;
}

/* NULL, or what is broken at `now`. */
static inline const char *limits_model_check(const struct limits_model *m, struct limits *l, uint64_t now)
{
    uint64_t next = limits_model_next(m);
    if (limits_next(l) > next)
        return "a limit passes before it is asked for";
    const bool is_asked = limits_next(l) <= now;
    uint32_t passed = limits_passed(l, now);
    if (is_asked && limits_next(l) != next)
        return "the next limit passes at another time";
    if ((passed != CONN_NOWHERE) != (next <= now))
        return "a limit passes too early, or is overlooked";
    if (passed != CONN_NOWHERE && (m->slots[passed].limit == LIMIT_NONE || m->slots[passed].deadline > now))
        return "the limit of another connection has passed";
    for (enum limit limit = 0; limit < LIMIT_COUNT; limit++) {
        if (limits_oldest(l, limit) != limits_model_oldest(m, limit))
            return "another connection has been longest in a list";
        const char *broken = limits_model_check_list(m, l, limit);
        if (broken != NULL)
            return broken;
    }
    return limits_model_check_others(m, l);
}

#endif
