/* Keeps workers from waiting for a disk: before a stretch of a file is sent, it is looked whether it is in memory, and where it is not, a
 * thread reads it while the worker serves others. The file itself is watched: one that changed while it is sent is not sent to its end. */
#ifndef WEIR_SERVER_FETCH_H
#define WEIR_SERVER_FETCH_H

#include "server/worker.h"

enum fetch {
    FETCH_READY,                           /* what comes next may be sent */
    FETCH_UNDER_WAY,                       /* it is read into memory; the connection is queued when it is there */
    FETCH_CHANGED                          /* the file is shorter than it was, or has other content: what was sent cannot be completed */
};

/* `c` owes a stretch of a file and nothing before it. Where no thread can be had the answer is FETCH_READY: the worker waits for the disk. */
__attribute__((warn_unused_result))
enum fetch fetch_next(struct worker *w, const struct conn *c);

/* Part of a file has left: from now on fetch_next() watches it. A file that leaves in one call needs no watching. */
void fetch_watch(struct tail *tail);

#endif
