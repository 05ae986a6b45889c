/* Plain connections without a server: an exchange in memory of its own, driven by the machine of core/conn.h, on a transport that is an array.
 * What a kernel could do to a connection is a field of the rig. Used by tests and by fuzz_stream.c, so nothing here speaks of Check. */
#ifndef WEIR_TESTS_CORE_STREAM_RIG_H
#define WEIR_TESTS_CORE_STREAM_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/conn.h"
#include "core/exchange.h"
#include "core/stream.h"
#include "parser/slice.h"

enum { STREAM_RIG_WORKER = 3 };

struct stream_rig {
    struct stream_context context;
    struct weir_stream_handler handler;
    struct weir_peer peer;
    struct conn conn;                  /* conn.exchange comes and goes, as in a worker */
    uint32_t in_cap;
    uint32_t out_cap;

    struct slice arriving;             /* bytes that the next receives give */
    bool shut;                         /* behind them the stream ends */
    size_t receive_max;                /* bytes that one receive gives; 0: all that there is room for */
    size_t send_max;                   /* bytes that one send takes; 0: all */
    bool deaf;                         /* no send takes anything */
    size_t break_after;                /* the transport fails when it has taken so many; 0: never */

    char *sent;                        /* all that left */
    size_t sent_len;
    size_t sent_cap;
    size_t working_sets;               /* borrowed so far */
};

static inline void stream_rig_open(struct stream_rig *r, const struct weir_stream_handler *handler, uint32_t in_cap, uint32_t out_cap)
{
    *r = (struct stream_rig){ .handler = *handler, .in_cap = in_cap, .out_cap = out_cap };
    r->context = (struct stream_context){ .handler = &r->handler, .worker = STREAM_RIG_WORKER };
    r->peer = (struct weir_peer){ .address = { 192, 0, 2, 7 }, .port = 4711, .family = WEIR_IPV4 };
    conn_init(&r->conn);
    conn_open(&r->conn, 3, &r->peer);
}

/* ---- the working set */

static inline void stream_rig_borrow(struct stream_rig *r)
{
    struct exchange *x = malloc(exchange_size(&stream_protocol, r->in_cap, r->out_cap));
    if (x == NULL)
        abort();
    exchange_init(x, &stream_protocol, &r->context, &r->conn.peer, r->in_cap, r->out_cap);
    x->user = &r->conn.user;
    stream_protocol.begin(x);
    r->conn.exchange = x;
    r->working_sets++;
}

static inline void stream_rig_return(struct stream_rig *r)
{
    if (r->conn.exchange == NULL)
        return;
    stream_protocol.end(r->conn.exchange);
    free(r->conn.exchange);
    r->conn.exchange = NULL;
}

/* ---- the transport */

static inline bool stream_rig_receive(struct stream_rig *r, struct conn_facts *facts)
{
    if (r->arriving.len == 0) {
        facts->transfer = TRANSFER_END;
        return r->shut;
    }
    if (r->conn.exchange == NULL)
        stream_rig_borrow(r);
    struct exchange *x = r->conn.exchange;
    exchange_make_room(x);
    size_t len = r->arriving.len < buffer_room(&x->in) ? r->arriving.len : buffer_room(&x->in);
    if (len == 0)
        abort();                       /* to receive into no room looks like the end of the stream */
    if (r->receive_max != 0 && len > r->receive_max)
        len = r->receive_max;
    memcpy(buffer_tail(&x->in), r->arriving.ptr, len);
    buffer_added(&x->in, (uint32_t)len);
    r->arriving = slice_from(r->arriving, len);
    facts->transfer = TRANSFER_SOME;
    return true;
}

static inline void stream_rig_keep(struct stream_rig *r, const char *bytes, size_t len)
{
    if (r->sent_len + len > r->sent_cap) {
        r->sent_cap = 2 * (r->sent_len + len);
        r->sent = realloc(r->sent, r->sent_cap);
        if (r->sent == NULL)
            abort();
    }
    memcpy(r->sent + r->sent_len, bytes, len);
    r->sent_len += len;
}

static inline void stream_rig_all_left(struct exchange *x, struct conn_facts *facts)
{
    facts->transfer = TRANSFER_ALL;
    facts->interim = x->interim;
    facts->keep = x->keep;
    x->interim = false;
}

static inline bool stream_rig_send(struct stream_rig *r, struct conn_facts *facts)
{
    struct exchange *x = r->conn.exchange;
    size_t count = buffer_len(&x->out);
    if (r->deaf)
        return false;
    if (r->send_max != 0 && count > r->send_max)
        count = r->send_max;
    if (r->break_after != 0 && r->sent_len + count > r->break_after)
        count = r->break_after - r->sent_len;
    facts->transfer = count > 0 ? TRANSFER_SOME : TRANSFER_BROKEN;
    stream_rig_keep(r, buffer_head(&x->out), count);
    exchange_sent(x, count);
    if (exchange_owed(x) == 0)
        stream_rig_all_left(x, facts);
    return true;
}

/* ---- what server/driver.c does, for one connection that is always ready */

static inline bool stream_rig_reading(struct stream_rig *r, struct conn_facts *facts)
{
    struct exchange *x = r->conn.exchange;
    if (x != NULL && x->pending != INTAKE_NONE) {
        facts->intake = x->pending;
        x->pending = INTAKE_NONE;
        return true;
    }
    if ((x == NULL || buffer_len(&x->in) == 0) && !stream_rig_receive(r, facts))
        return false;
    x = r->conn.exchange;
    if (facts->transfer != TRANSFER_END)
        facts->intake = stream_protocol.take(x);
    facts->message_begun = x != NULL && x->phase > PHASE_BLANK;
    return true;
}

static inline bool stream_rig_writing(struct stream_rig *r, struct conn_facts *facts)
{
    struct exchange *x = r->conn.exchange;
    if (x->keep && !x->interim && x->pending == INTAKE_NONE && buffer_len(&x->in) > 0 && buffer_room(&x->out) >= r->out_cap / 4) {
        facts->intake = stream_protocol.take(x);
        if (facts->intake == INTAKE_REQUEST || facts->intake == INTAKE_REJECT)
            return true;
        if (facts->intake == INTAKE_EXPECT)
            x->pending = INTAKE_EXPECT;
        facts->intake = INTAKE_NONE;
    }
    if (exchange_owed(x) > 0)
        return stream_rig_send(r, facts);
    stream_rig_all_left(x, facts);
    return true;
}

static inline void stream_rig_raise(struct stream_rig *r, const struct conn_facts *facts)
{
    const struct conn_step step = conn_advance(&r->conn, conn_verdict((enum conn_state)r->conn.state, facts));
    struct exchange *x = r->conn.exchange;
    if ((step.actions & ACT_LOG) && x != NULL)
        stream_protocol.finish(x);
    if (step.actions & ACT_RESPOND)
        stream_protocol.respond(x);
    if (step.actions & ACT_REFUSE)
        stream_protocol.refuse(x, facts->transfer == TRANSFER_END ? REFUSE_TRUNCATED : REFUSE_MESSAGE);
    if (step.actions & ACT_INTERIM)
        stream_protocol.interim(x);
    if (step.actions & (ACT_FIN | ACT_CLOSE))
        stream_rig_return(r);
    if (!(step.actions & ACT_CLOSE) || r->conn.user == NULL)
        return;
    stream_protocol.closed(&r->context, &r->conn.peer, r->conn.user);
    r->conn.user = NULL;
}

/* Goes on until it waits for input or for the peer to read, or the connection is at its end; between messages the working set goes back. */
static inline void stream_rig_run(struct stream_rig *r)
{
    while (r->conn.state == CONN_READING || r->conn.state == CONN_WRITING) {
        struct conn_facts facts = { .intake = INTAKE_NONE };
        if (!(r->conn.state == CONN_READING ? stream_rig_reading(r, &facts) : stream_rig_writing(r, &facts)))
            break;
        stream_rig_raise(r, &facts);
    }
    const struct exchange *x = r->conn.exchange;
    if (x != NULL && r->conn.state == CONN_READING && x->phase == PHASE_IDLE && x->pending == INTAKE_NONE && buffer_len(&x->in) == 0)
        stream_rig_return(r);
}

static inline void stream_rig_give(struct stream_rig *r, struct slice bytes)
{
    r->arriving = bytes;
    stream_rig_run(r);
}

/* The peer says no more. */
static inline void stream_rig_shut(struct stream_rig *r)
{
    r->shut = true;
    stream_rig_run(r);
}

/* The limit of READING passes inside a message. */
static inline void stream_rig_timeout(struct stream_rig *r)
{
    stream_rig_raise(r, &(struct conn_facts){ .limit_passed = true, .message_begun = true });
    stream_rig_run(r);
}

/* The connection ends, wherever it is. */
static inline void stream_rig_close(struct stream_rig *r)
{
    if (r->conn.state != CONN_CLOSED)
        stream_rig_raise(r, &(struct conn_facts){ .transfer = TRANSFER_BROKEN });
    free(r->sent);
    r->sent = NULL;
}

#endif
