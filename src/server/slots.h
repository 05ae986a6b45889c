/* The table of a worker's connections: slots that are taken and given back, and the queue of those that are ready to go on. All O(1);
 * a slot that was never used costs no memory. */
#ifndef WEIR_SERVER_SLOTS_H
#define WEIR_SERVER_SLOTS_H

#include "server/worker.h"

/* 0, or -ENOMEM. */
__attribute__((warn_unused_result)) int slots_open(struct worker *w);
void slots_close(struct worker *w);

/* Whether all workers together have as many connections as there may be. */
bool slots_are_full(const struct worker *w);

/* A free slot, in CLOSED; not to be called when they are full. The one given back last comes first. */
struct conn *slots_take(struct worker *w);

/* The connection was closed. */
void slots_give(struct worker *w, struct conn *c);

uint32_t slots_index(const struct worker *w, const struct conn *c);

/* What the poller is given for a connection: its slot and its generation. */
uint64_t slots_token(const struct worker *w, const struct conn *c);

/* The connection that a token names, or NULL where it is stale: the slot is closed, or another connection's now. */
struct conn *slots_of_token(const struct worker *w, uint64_t token);

/* Puts a connection at the end of the queue, unless it stands there already. */
void slots_queue(struct worker *w, struct conn *c);

/* Takes the first from the queue; NULL where that one has been closed meanwhile. Not to be called on an empty queue. */
struct conn *slots_next_ready(struct worker *w);

#endif
