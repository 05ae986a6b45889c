/* A connection: what stays of it between two requests, and the one place where facts become verdicts. Pure: it is told what
 * happened and says what follows; server/driver.c makes the calls. */
#ifndef WEIR_CORE_CONN_H
#define WEIR_CORE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/conn_table.h"
#include "weir.h"

struct exchange;

/* The time limits: limits.h keeps one list for each. */
enum limit {
    LIMIT_IDLE,            /* READING, no byte of the next message yet */
    LIMIT_HEAD,            /* READING, inside a head */
    LIMIT_BODY,            /* READING, inside a body */
    LIMIT_SEND,            /* WRITING */
    LIMIT_LINGER,          /* SHUTTING */
    LIMIT_COUNT,
    LIMIT_NONE = LIMIT_COUNT
};

/* What the poller told and no call has disproved since. Edge-triggered backends say it once, so it is remembered here. */
enum conn_ready {
    READY_READ = 1 << 0,   /* recv may give something: bytes, the end, or an error */
    READY_WRITE = 1 << 1,  /* send may take something, or give an error */
    READY_SHUT = 1 << 2,   /* a short read is not the last: the peer shut its side, and the end comes behind the bytes, or it sent urgent data */
    READY_QUEUED = 1 << 3, /* it stands in the worker's queue of ready connections */
    READY_WATCHED = 1 << 4 /* the poller tells of it: from the first time that it waits; who is answered and closed before never waits */
};

#define CONN_NOWHERE UINT32_MAX

struct conn {
    void *user;                    /* the protocol's own, kept between working sets; NULL: nothing */
    struct exchange *exchange;     /* the working set of a busy connection; NULL while it waits for its next message, in SHUTTING and CLOSED */
    uint64_t deadline;             /* of `limit`, on the worker's clock (ms); valid while limit != LIMIT_NONE */
    int fd;                        /* valid in every state but CLOSED, where it is -1 */
    uint32_t generation;           /* grows with each use of the slot: an event of an earlier one is stale */
    uint32_t next;                 /* in the list of `limit`, or in the list of free slots; CONN_NOWHERE at the ends */
    uint32_t previous;
    uint32_t next_ready;           /* in the queue of ready connections */
    uint32_t dropped;              /* bytes dropped in SHUTTING */
    uint8_t state;                 /* enum conn_state; begins in conn_init() and conn_open(), changes in conn_advance() alone */
    uint8_t limit;                 /* enum limit: the list in which it stands */
    uint8_t ready;                 /* bits of enum conn_ready */
    bool kept;                     /* it has had an answer since it was opened */
    struct weir_peer peer;
};

/* What an offer of bytes to the protocol came to. */
enum intake {
    INTAKE_NONE,           /* nothing was offered */
    INTAKE_MORE,           /* all bytes were taken; the message, if one has begun, is not complete */
    INTAKE_REQUEST,        /* a request is complete; bytes behind it may be left */
    INTAKE_EXPECT,         /* something must leave before more of this request is read */
    INTAKE_REJECT          /* nothing more of this connection will be understood */
};

/* What a call on the transport came to. */
enum transfer {
    TRANSFER_NONE,         /* no call was made, or it would have blocked at once */
    TRANSFER_SOME,         /* bytes were received, or part of what is owed left */
    TRANSFER_ALL,          /* all that is owed left */
    TRANSFER_END,          /* the peer's stream ended */
    TRANSFER_BROKEN        /* the transport failed, or memory for the connection did */
};

/* All that a verdict may depend on beside the state. Zeroed, nothing happened. */
struct conn_facts {
    enum intake intake;
    enum transfer transfer;
    bool message_begun;    /* bytes of a message that is not complete were taken */
    bool limit_passed;     /* the limit of the state, and no progress excuses it; or the bound of bytes to be dropped */
    bool must_go;          /* an idle connection has to give way: the server drains, or descriptors ran out */
    bool interim;          /* what left was not the end of an answer: the rest of the request is still to be read */
    bool keep;             /* the latch: the connection is kept after this answer */
    bool peer_finished;    /* the peer asked for the close or shut its side, and all that it sent was read */
};

/* Makes memory a free slot: CLOSED, never used. */
void conn_init(struct conn *c);

/* Makes a free slot a connection in READING on `fd`, ready to be read and written. */
void conn_open(struct conn *c, int fd, const struct weir_peer *peer);

/* The verdict on what happened: every condition of the machine is in here. The facts hold at least one thing that happened. */
enum conn_event conn_verdict(enum conn_state state, const struct conn_facts *facts);

/* Takes the step: the only function that changes a state. Returns what is to be done. */
struct conn_step conn_advance(struct conn *c, enum conn_event event);

/* READING, and no message has begun. */
bool conn_is_idle(const struct conn *c);

#endif
