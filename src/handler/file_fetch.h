/* One loading of the file that a path means, and of the sibling that a client would rather have: here, or on another thread. Between the
 * two it is plain memory of its own, so that nothing is shared but what nobody writes to. */
#ifndef WEIR_HANDLER_FILE_FETCH_H
#define WEIR_HANDLER_FILE_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "handler/file_load.h"

struct file_fetch {
    const struct file_place *place;
    struct slice path;                             /* borrowed */
    struct accept_encoding accept;
    size_t body_max;                               /* file_order.body_max */
    bool may_wait;
    struct file_entry *former[CODING_COUNT];       /* what was cached, held; NULL: nothing */
    uint64_t looked_ms;                            /* before the disk was asked */
    struct file_entry *found[CODING_COUNT];        /* the identity, and maybe one sibling */
};

/* Begins a fetch; holds what the cache has. On the worker's thread. */
void file_fetch_init(struct file_fetch *f, const struct file_place *place, struct file_cache *cache, struct slice path,
                     const struct accept_encoding *accept);

/* Any thread, one at a time. 0, or a negated errno of file_load(); after -EAGAIN it may be called again, with may_wait, and goes on. */
OS_RESULT int file_fetch_run(struct file_fetch *f);

/* Ends a fetch, whose run gave `rc`: what was found is cached, what is no longer so is dropped, and all holds are let go. Returns what the
 * client is to have, held once for the caller; NULL after a failure. On the worker's thread. */
struct file_entry *file_fetch_settle(struct file_fetch *f, struct file_cache *cache, int rc);

#endif
