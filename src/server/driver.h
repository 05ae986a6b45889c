/* The driver: asks the transport and the protocol what happens, lets the machine decide (core/conn.c), and carries out what it says. The
 * only place where a connection's descriptor is used. */
#ifndef WEIR_SERVER_DRIVER_H
#define WEIR_SERVER_DRIVER_H

#include "core/conn.h"
#include "server/worker.h"

/* Does for `c` all that can be done now without waiting. Its work in one call is bounded: what is left stands in the queue of ready
 * connections. `c` may be closed afterwards, and its slot free. */
void driver_run(struct worker *w, struct conn *c);

/* The limit in whose list `c` stands has passed. */
void driver_limit_passed(struct worker *w, struct conn *c);

/* An idle connection gives way, gracefully: it is SHUTTING afterwards, or closed. */
void driver_give_way(struct worker *w, struct conn *c);

/* Ends `c` at once. */
void driver_abandon(struct worker *w, struct conn *c);

#endif
