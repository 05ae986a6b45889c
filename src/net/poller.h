/* Readiness of descriptors: the poller seam. Three backends with the same functions in the same order, to be read side by side:
 *
 *                        poller_epoll.c              poller_poll.c               poller_select.c
 *   call                 epoll(7)                    poll(2)                     select(2)
 *   told                 on each change (edge)       for as long as it is so     for as long as it is so
 *                        sources: as long (level)    (level)                     (level)
 *   what is waited for   registered once, all        in an array, changed by     in sets of bits, changed by
 *                                                    each poller_want()          each poller_want()
 *   copied to the        nothing                     8 bytes for each descrip-   3 bits for each descriptor up to
 *   kernel by a call                                 tor up to the highest       the highest, and back
 *   cost of a call       what is ready               the highest descriptor      the highest descriptor
 *   descriptors          as many as there may be     as many as there may be     below FD_SETSIZE (1,024)
 *   tells of a half-     yes (EPOLLRDHUP)            yes (POLLRDHUP)             no: it is readable, and recv
 *   closed peer                                                                  gives the end
 *
 * The caller need not know which one runs. It remembers what it was told until a call would block, and says by poller_want() what it waits
 * for: nothing else is told by a backend that would tell it again and again. */
#ifndef WEIR_NET_POLLER_H
#define WEIR_NET_POLLER_H

#include <stdbool.h>
#include <stdint.h>

/* What is told, and what is waited for; bits, never to be compared as a whole. Nothing but these is told. */
enum poller_bit {
    POLLER_READ = 1 << 0,      /* recv or accept will not block: bytes, the end, or an error */
    POLLER_WRITE = 1 << 1,     /* send will not block, or tells an error */
    POLLER_SHUT = 1 << 2       /* told, not waited for: the peer shut its side, the connection is broken, or urgent data splits it (tcp(7)); a short
                                  read is not the last */
};

/* `token` is what poller_add() was given. A descriptor may be told more than once in a batch, in any order, and late: after it was closed. */
struct poller_event {
    uint64_t token;
    unsigned bits;
};

struct poller {
    const struct poller_backend *backend;
    union {
        int fd;                        /* epoll */
        struct poll_table *table;      /* poll */
        struct select_sets *sets;      /* select */
    };
};

/* All return 0 (`wait`: a count) or a negated errno. */
struct poller_backend {
    const char *name;
    uint32_t descriptors_max;          /* descriptors from this number on cannot be added; 0: there is no such bound */

    /* `descriptors` is the process's limit of them. */
    int (*open)(struct poller *p, uint32_t descriptors);
    void (*close)(struct poller *p);

    /* A connection. It waits for nothing until poller_want(). -ERANGE: its descriptor is not below descriptors_max. */
    int (*add)(struct poller *p, int fd, uint64_t token);

    /* A listening or a wake descriptor: told for as long as it is readable. `shared`: one of the pollers that share it is woken, not all. */
    int (*add_source)(struct poller *p, int fd, uint64_t token, bool shared);

    /* From now on the connection waits for these bits (POLLER_READ, POLLER_WRITE, or nothing). */
    void (*want)(struct poller *p, int fd, unsigned bits);

    /* To be called before a connection's descriptor is closed, and for a source. */
    void (*remove)(struct poller *p, int fd, bool source);

    /* Waits until something is ready, at most timeout_ms (-1: for ever; 0: looks only). How many events. */
    int (*wait)(struct poller *p, struct poller_event *events, int max, int timeout_ms);
};

extern const struct poller_backend poller_epoll, poller_poll, poller_select;

/* The backend with this name, or NULL. */
const struct poller_backend *poller_find(const char *name);

/* A descriptor that is readable when poller_wait() would not wait; -1 where the backend has none. */
int poller_descriptor(const struct poller *p);

__attribute__((warn_unused_result))
static inline int poller_open(struct poller *p, const struct poller_backend *backend, uint32_t descriptors)
{
    p->backend = backend;
    return backend->open(p, descriptors);
}

static inline void poller_close(struct poller *p)
{
    p->backend->close(p);
}

__attribute__((warn_unused_result))
static inline int poller_add(struct poller *p, int fd, uint64_t token)
{
    return p->backend->add(p, fd, token);
}

__attribute__((warn_unused_result))
static inline int poller_add_source(struct poller *p, int fd, uint64_t token, bool shared)
{
    return p->backend->add_source(p, fd, token, shared);
}

static inline void poller_want(struct poller *p, int fd, unsigned bits)
{
    p->backend->want(p, fd, bits);
}

static inline void poller_remove(struct poller *p, int fd)
{
    p->backend->remove(p, fd, false);
}

static inline void poller_remove_source(struct poller *p, int fd)
{
    p->backend->remove(p, fd, true);
}

__attribute__((warn_unused_result))
static inline int poller_wait(struct poller *p, struct poller_event *events, int max, int timeout_ms)
{
    return p->backend->wait(p, events, max, timeout_ms);
}

#endif
