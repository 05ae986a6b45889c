/* The time limits of all connections of a worker. Limits of one kind have one length, so each kind is a list in order of time: arming and
 * dropping one, and finding the next that passes, cost O(1). Each open connection is in at most one list. Pure: the caller tells the
 * time. Links are indices into the worker's table of connections. */
#ifndef WEIR_CORE_LIMITS_H
#define WEIR_CORE_LIMITS_H

#include <stdint.h>

#include "core/conn.h"

struct limits {
    struct conn *conns;                    /* the table, borrowed */
    uint64_t soonest;                      /* no limit passes before this time; that of one which was dropped since may be */
    struct limit_list {
        uint32_t first;                    /* passes first; CONN_NOWHERE where the list is empty */
        uint32_t last;
        uint64_t length;                   /* ms; 0: this limit is off, and connections in this list never pass it */
    } lists[LIMIT_COUNT];
};

/* `lengths` in ms. */
void limits_init(struct limits *l, struct conn *conns, const uint64_t lengths[LIMIT_COUNT]);

/* Puts the connection at the end of the list of `limit`, taking it out of the one where it stood. LIMIT_NONE: just takes it out. */
void limits_arm(struct limits *l, uint32_t slot, enum limit limit, uint64_t now);

/* A connection whose limit has passed at `now`, or CONN_NOWHERE. It stays in its list: arm or drop it before asking again. */
uint32_t limits_passed(struct limits *l, uint64_t now);

/* When to ask for what has passed; UINT64_MAX: never. No limit passes before, and at that time maybe none does: those that were dropped count until
 * limits_passed() was asked. */
uint64_t limits_next(const struct limits *l);

/* How long ago the limit was armed, in ms; UINT64_MAX where it is off. The connection is in a list. */
uint64_t limits_age(const struct limits *l, uint32_t slot, uint64_t now);

/* The connection that has been longest in a list, or CONN_NOWHERE. */
uint32_t limits_oldest(const struct limits *l, enum limit limit);

#endif
