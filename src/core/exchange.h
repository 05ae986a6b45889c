/* The working set of a busy connection, borrowed from the worker's pool when bytes come and given back when it waits again: the
 * input that is not understood yet, the output that is owed, and the protocol's own state. With it the protocol seam: what the
 * engine asks of HTTP/1, of echo, of the next protocol. The engine knows no more of a protocol than this. Pure. */
#ifndef WEIR_CORE_EXCHANGE_H
#define WEIR_CORE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/buffer.h"
#include "core/conn.h"

struct weir_warmth;

/* What is owed after the bytes in `out`: borrowed memory, or a stretch of an open file. */
enum tail_kind { TAIL_NONE, TAIL_MEMORY, TAIL_FILE };

/* Whether reading from a file may wait for a disk. */
enum nearness {
    NEAR_UNKNOWN,
    NEAR_IF_CACHED,                    /* its file system tells, when it is asked */
    NEAR_ALWAYS,                       /* the file system is memory */
    NEAR_NEVER                         /* it cannot tell */
};

/* TAIL_FILE: what is known of the file while it is sent, by server/fetch.c; zeroed at first. */
struct tail_look {
    enum nearness nearness;
    uint64_t near;                     /* what stands before this offset may be sent at once */
    bool watched;                      /* the two below are valid */
    uint64_t size;                     /* of the file, and ... */
    struct timespec changed;           /* ... its time, when it was last looked at */
    bool fetching;                     /* a thread reads what comes next: the connection waits for it */
};

struct tail {
    enum tail_kind kind;
    int file;                          /* TAIL_FILE: open until released */
    const char *memory;                /* TAIL_MEMORY: the next byte to be sent */
    uint64_t offset;                   /* TAIL_FILE: of the next byte to be sent */
    uint64_t left;                     /* bytes still to be sent */
    struct tail_look look;
    struct weir_warmth *warmth;        /* TAIL_FILE: what is remembered of the file when the tail is gone; NULL: nothing */
    void (*release)(void *context);    /* NULL: nothing to do */
    void *release_context;
};

/* Where in a message the input stands: it chooses the limit that runs in READING. */
enum phase {
    PHASE_IDLE,                        /* between messages */
    PHASE_BLANK,                       /* the same, but bytes were taken that must not be forgotten: an empty line before a request */
    PHASE_HEAD,
    PHASE_BODY
};

/* Why an exchange is refused by the engine and not by the protocol's own parser. */
enum refusal {
    REFUSE_MESSAGE,                    /* the protocol said INTAKE_REJECT, and knows why */
    REFUSE_TRUNCATED,                  /* the peer shut its side inside a message */
    REFUSE_TIMEOUT                     /* the message did not come in time */
};

struct exchange {
    const struct protocol *protocol;
    void *context;                     /* the protocol's own, one for each worker */
    const struct weir_peer *peer;
    void **user;                       /* what the protocol keeps for the connection when the working set goes back */
    uint64_t token;                    /* names the connection to its worker, for as long as it is open */
    struct buffer in;                  /* received; [start, end) was not offered to the protocol yet */
    struct buffer out;                 /* owed, before the tail */
    uint32_t held;                     /* in.data[held, held_end) belongs to the current message and must stay where it can be read */
    uint32_t held_end;
    enum phase phase;                  /* kept by the protocol */
    enum intake pending;               /* an EXPECT that the protocol said behind an answer that had still to leave; else INTAKE_NONE */
    bool keep;                         /* the latch: yes until something says no; never yes again */
    bool peer_closes;                  /* the peer asked for the close */
    bool interim;                      /* what is owed ends with an interim answer */
    bool ends_with_close;              /* the close is what ends the answer: where it is cut, only a reset can tell */
    bool waiting;                      /* the answer behind what is owed, or its next piece, comes later, from outside the machine */
    bool pulls;                        /* the answer goes on behind what is owed: protocol->pull() composes more */
    bool abort;                        /* what is owed will not leave: it cannot be completed, or the connection ends before */
    uint64_t received;                 /* bytes since the exchange was borrowed */
    uint64_t sent;
    uint64_t phase_began;              /* when LIMIT_SEND was armed first, or LIMIT_BODY last, on the worker's clock (ms) */
    int64_t phase_base;                /* bytes received, or acknowledged, at that time */
    int64_t acknowledged;              /* when LIMIT_SEND was last looked at */
    struct tail tail;                  /* where there is none, `left` is 0 and look.fetching no, and the rest is undefined */
    _Alignas(16) unsigned char state[];    /* protocol->state_size bytes */
};

/* A protocol. None of these blocks, and none sees a descriptor of a connection. */
struct protocol {
    const char *name;                  /* "http/1" */
    size_t state_size;

    /* A new working set, laid out by exchange_init(): makes `state` what it must be at first. */
    void (*begin)(struct exchange *x);

    /* Offers x->in: takes bytes from its start until there is a verdict. INTAKE_MORE only when all was taken. Keeps held, held_end and phase.
     * Called in READING, and in WRITING for requests that are already there, behind what is owed. */
    enum intake (*take)(struct exchange *x);

    /* After INTAKE_REQUEST: composes the answer at the end of x->out, maybe with a tail. There is room for `out_reserve` bytes. */
    void (*respond)(struct exchange *x);

    /* Composes an error there; x->keep is no afterwards. */
    void (*refuse)(struct exchange *x, enum refusal why);

    /* After INTAKE_EXPECT: composes what must leave first. */
    void (*interim)(struct exchange *x);

    /* While x->pulls: composes more of the answer in x->out, or makes x->waiting or x->abort true; x->pulls is no where the answer is complete. Where
     * something is owed it may wait until that has left. NULL: no answer goes on. */
    void (*pull)(struct exchange *x);

    /* Ends the open exchange, if there is one: its record is written. */
    void (*finish)(struct exchange *x);

    /* The working set goes back: releases what the protocol holds. */
    void (*end)(struct exchange *x);

    /* The connection has closed, and `user` is what was kept for it, not NULL. NULL: the protocol keeps nothing. */
    void (*closed)(void *context, const struct weir_peer *peer, void *user);
};

/* Lays an exchange out in exchange_size() bytes, whatever they hold: the struct, zeroed but for buffers, protocol, context, peer, the tail
 * and the latch, which is yes; then the protocol's state, `in` and `out`, none of which is written. protocol->begin() comes next. */
void exchange_init(struct exchange *x, const struct protocol *protocol, void *context, const struct weir_peer *peer,
                   uint32_t in_cap, uint32_t out_cap);
size_t exchange_size(const struct protocol *protocol, uint32_t in_cap, uint32_t out_cap);

/* Makes the room behind x->in as large as it can be: what is held moves to the front, and between messages nothing is held. All input was taken
 * before. */
void exchange_make_room(struct exchange *x);

/* Bytes that are owed and have not left. */
static inline uint64_t exchange_owed(const struct exchange *x)
{
    return buffer_len(&x->out) + x->tail.left;
}

/* Forgets `count` bytes that left, from `out` first, then from the tail; a tail that is used up is released. */
void exchange_sent(struct exchange *x, uint64_t count);

/* Releases the tail, sent or not. */
void exchange_drop_tail(struct exchange *x);

#endif
