/* Readiness of descriptors: the poller seam. Edge- or level-triggered, the caller need not know: it remembers
 * what it was told until a call would block. A descriptor is registered once, for everything. */
#ifndef WEIR_NET_POLLER_H
#define WEIR_NET_POLLER_H

#include <stdbool.h>
#include <stdint.h>

/* What is told, and what is waited for; bits, never to be compared as a whole. */
enum poller_bit {
    POLLER_READ = 1 << 0,      /* recv or accept will not block: bytes, the end, or an error */
    POLLER_WRITE = 1 << 1,     /* send will not block, or tells an error */
    POLLER_SHUT = 1 << 2       /* the peer shut its side, the connection is broken, or urgent data splits it (tcp(7)): a short read is not the last */
};

/* `token` is what poller_add() was given. A descriptor may be told more than once in a batch, in any order, and late: after it was closed. */
struct poller_event {
    uint64_t token;
    unsigned bits;
};

struct poller {
    int fd;
};

/* 0 or a negated errno. */
__attribute__((warn_unused_result)) int poller_open(struct poller *p);
void poller_close(struct poller *p);

/* A connection: told of everything, until its descriptor is closed. */
__attribute__((warn_unused_result)) int poller_add(struct poller *p, int fd, uint64_t token);

/* A listening or a wake descriptor: told for as long as it is readable, `shared`: one of the pollers that share it is woken, not all. */
__attribute__((warn_unused_result)) int poller_add_source(struct poller *p, int fd, uint64_t token, bool shared);
void poller_remove_source(struct poller *p, int fd);

/* Waits until something is ready, at most timeout_ms (-1: for ever; 0: looks only). How many events, or a negated errno. */
__attribute__((warn_unused_result)) int poller_wait(struct poller *p, struct poller_event *events, int max, int timeout_ms);

/* A descriptor that is readable when poller_wait() would not wait. */
int poller_descriptor(const struct poller *p);

#endif
