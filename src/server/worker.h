/* A worker: one thread's loop, and all that it owns. Workers share the access log's descriptor, the count of connections, and nothing else.
 * The simulator drives this very loop, on a kernel of its own. */
#ifndef WEIR_SERVER_WORKER_H
#define WEIR_SERVER_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/conn.h"
#include "core/exchange.h"
#include "core/limits.h"
#include "core/stream.h"
#include "http/http1.h"
#include "net/listener.h"
#include "net/poller.h"
#include "server/access_log.h"
#include "server/error_log.h"
#include "server/mailbox.h"
#include "server/pool.h"
#include "weir.h"

/* The counters of one worker: written by it alone, read by any thread. */
#define WORKER_COUNTERS(C) \
    C(accepted) C(open) C(requests) C(refused) C(bytes_in) C(bytes_out) C(timeouts) C(evicted) C(failures) C(impossible)

struct worker_counters {
#define WORKER_COUNTER(name) _Atomic uint64_t name;
    WORKER_COUNTERS(WORKER_COUNTER)
#undef WORKER_COUNTER
};

/* What a worker needs to know; borrowed until worker_close(). */
struct worker_config {
    const struct weir_options *options;    /* complete: no field left at "choose for me" */
    const struct weir_handler *handler;    /* NULL: `streams` answers */
    const struct weir_stream_handler *streams;
    struct listener *listeners;            /* open, this worker's */
    size_t listener_count;
    uint32_t index;                        /* of this worker, from 0 */
    uint32_t connections_max;              /* of all workers together */
    _Atomic uint32_t *connections_open;    /* the same, now: descriptors are the one thing that workers share */
    int log_fd;                            /* -1: no access log */
    struct error_log *errors;              /* shared by all workers */
    struct errands *errands;               /* the same; NULL: nobody runs any */
    bool trace;                            /* print each transition to standard error (debug builds) */
};

struct worker {
    struct worker_config config;
    const struct protocol *protocol;
    struct poller poller;
    struct limits limits;
    struct pool pool;                      /* of exchanges */
    void *protocol_context;                /* one of the two */
    struct http1_context http1;
    struct stream_context streams;
    struct access_log log;
    struct mailbox mailbox;                /* calls that other threads want to be made here */
    uint32_t in_cap;                       /* of an exchange's buffers */
    uint32_t out_cap;
    uint32_t out_reserve;                  /* room that composing an answer may need */
    struct conn *conns;                    /* config.connections_max slots: see slots.h */
    uint32_t slots_used;                   /* slots from this one on were never used: their memory is untouched */
    uint32_t free_first;                   /* free ones below slots_used, linked by conn.next */
    uint32_t open;                         /* slots in use */
    uint32_t ready_first;                  /* the queue of ready connections, linked by conn.next_ready */
    uint32_t ready_last;
    uint32_t ready_count;
    uint64_t now;                          /* ms, looked at once for each turn */
    int64_t wall;                          /* seconds since 1970, the same */
    uint64_t accept_after;                 /* where accepting is paused: until then, or until a slot is given back */
    uint64_t drain_until;                  /* 0: not draining */
    int wake_fd;
    _Atomic bool stop;                     /* asked to drain */
    _Atomic bool flush;                    /* asked to write the access log; cleared when that was done */
    bool listening;                        /* the listeners are registered with the poller */
    uint64_t told_listeners;               /* bits: those that this batch of events told of */
    struct worker_counters counters;
    char *common;                          /* field lines on every answer, Date first; NULL: this worker does not speak HTTP */
    size_t common_len;
};

/* 0, or a negated errno; nothing is held on failure. */
__attribute__((warn_unused_result))
int worker_open(struct worker *w, const struct worker_config *config);

/* One turn of the loop: waits for readiness, a limit or a wake, at most `wait_max_ms` (-1: no bound), and does what is due. false
 * once a drain has ended: nothing is open. */
bool worker_turn(struct worker *w, int wait_max_ms);

/* How long worker_turn() would wait if it were called now: ms, -1 for ever. */
int worker_wait_ms(const struct worker *w);

/* Begins the drain, from any thread and from a signal handler. */
void worker_stop(struct worker *w);

/* Asks for the access log to be written at once, from any thread: w->flush is false again when it was. */
void worker_flush(struct worker *w);

/* Closes every connection at once, flushes the log, releases everything but the listeners. */
void worker_close(struct worker *w);

#endif
