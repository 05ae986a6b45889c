#include "server/driver.h"

#include <errno.h>
#ifdef WEIR_DEBUG
#include <stdio.h>
#endif

#include "core/assert.h"
#include "core/counter.h"
#include "net/transport.h"
#include "server/fetch.h"
#include "server/slots.h"

/* What one connection may do in one turn; then others have theirs. Bytes that it receives and sends count, and each event as so many more. */
#define TURN_BYTES (1024 * 1024)
#define EVENT_BYTES 2048

/* Bytes that one receive drops in SHUTTING. */
#define DROP_SIZE 16384

/* What is left of a connection's turn. */
struct turn {
    int64_t bytes;             /* below 0: the last call went beyond it */
    bool finished_one;         /* an exchange ended and the connection is kept: whichever limit follows begins anew */
};

static void count_bytes(_Atomic uint64_t *counter, struct turn *turn, size_t count)
{
    counter_add(counter, count);
    turn->bytes -= (int64_t)count;
}

static bool turn_is_over(const struct turn *turn)
{
    return turn->bytes <= 0;
}

/* ---- the working set ---- */

static struct exchange *exchange_borrow(struct worker *w, struct conn *c)
{
    struct exchange *x = pool_take(&w->pool);
    if (x == NULL) {
        error_log_tell(w->config.errors, TROUBLE_MEMORY, w->now);
        return NULL;
    }
    exchange_init(x, w->protocol, w->protocol_context, &c->peer, w->in_cap, w->out_cap);
    x->token = slots_token(w, c);
    x->user = &c->user;
    x->protocol->begin(x);
    c->exchange = x;
    return x;
}

static void exchange_return(struct worker *w, struct conn *c)
{
    struct exchange *x = c->exchange;
    if (x == NULL)
        return;
    c->exchange = NULL;
    exchange_drop_tail(x);
    x->protocol->end(x);
    pool_give(&w->pool, x);
}

/* Nothing of a next message is there: the connection needs no working set to wait for it. */
static bool exchange_is_spare(const struct conn *c)
{
    const struct exchange *x = c->exchange;
    return x != NULL && c->state == CONN_READING && x->phase == PHASE_IDLE && x->pending == INTAKE_NONE && buffer_len(&x->in) == 0;
}

/* ---- progress against the limits ---- */

static bool is_slow(const struct worker *w, int64_t bytes, uint64_t since)
{
    const uint64_t elapsed = w->now - since;
    return bytes < 0 || (uint64_t)bytes * 1000 < w->config.options->rate_min * elapsed;
}

/* What the peer has acknowledged since the working set was borrowed; below 0 while older bytes are on their way. */
static int64_t acknowledged(const struct conn *c)
{
    return (int64_t)c->exchange->sent - transport_unacknowledged(c->fd);
}

/* The limit of WRITING passed: does what the peer acknowledged excuse it? */
static bool send_progressed(const struct worker *w, struct conn *c)
{
    struct exchange *x = c->exchange;
    const int64_t now = acknowledged(c);
    const bool progressed = now > x->acknowledged && !is_slow(w, now - x->phase_base, x->phase_began);
    x->acknowledged = now;
    return progressed;
}

/* Part left, so that the limit would begin anew: not for one that drips. */
static bool send_drips(const struct worker *w, const struct conn *c)
{
    const struct exchange *x = c->exchange;
    return c->limit == LIMIT_SEND && w->now - x->phase_began >= w->config.options->send_timeout &&
           is_slow(w, acknowledged(c) - x->phase_base, x->phase_began);
}

/* Counted since the limit was last looked at: a body that came fast and then stopped is not excused by its beginning. */
static bool body_progressed(const struct worker *w, const struct conn *c)
{
    const struct exchange *x = c->exchange;
    return !is_slow(w, (int64_t)x->received - x->phase_base, x->phase_began);
}

static enum limit limit_wanted(const struct conn *c)
{
    switch ((enum conn_state)c->state) {
    case CONN_READING:
        if (conn_is_idle(c))               /* nor does anything that was received wait for its next turn */
            return LIMIT_IDLE;
        weir_assert(c->exchange != NULL);
        return c->exchange->phase == PHASE_BODY ? LIMIT_BODY : LIMIT_HEAD;
    case CONN_WRITING:
        return LIMIT_SEND;
    case CONN_SHUTTING:
        return LIMIT_LINGER;
    case CONN_CLOSED:                      /* not reached: who is closed is not settled */
    case CONN_STATE_COUNT:
        break;
    }
    return LIMIT_NONE;
}

/* What the state waits for, in the poller's bits. Only input that was taken, and output that is owed, make a difference. */
static unsigned readiness_wanted(const struct conn *c)
{
    switch ((enum conn_state)c->state) {
    case CONN_READING:
    case CONN_SHUTTING:
        return POLLER_READ;
    case CONN_WRITING:
        return exchange_owed(c->exchange) > 0 && !c->exchange->tail.look.fetching ? POLLER_WRITE : 0;
    case CONN_CLOSED:
    case CONN_STATE_COUNT:
        break;
    }
    return 0;
}

/* A limit begins: remembers where progress is counted from. */
static inline void limit_begin(struct worker *w, struct conn *c, enum limit limit)
{
    struct exchange *x = c->exchange;
    weir_assert(x != NULL || (limit != LIMIT_BODY && limit != LIMIT_SEND));
    if (limit == LIMIT_BODY) {
        x->phase_began = w->now;
        x->phase_base = (int64_t)x->received;
    } else if (limit == LIMIT_SEND) {
        x->phase_began = w->now;
        x->phase_base = x->acknowledged = acknowledged(c);
    }
    limits_arm(&w->limits, slots_index(w, c), limit, w->now);
}

/* ---- facts: what happens in each state; false: nothing now, it waits ---- */

/* A call came to nothing: the descriptor is not ready after all, or a signal came first and the connection has another turn. */
static bool came_to_nothing(struct worker *w, struct conn *c, ssize_t result, enum conn_ready ready)
{
    if (result == -EAGAIN)
        c->ready &= (uint8_t)~ready;
    if (result == -EINTR)
        slots_queue(w, c);
    return result == -EAGAIN || result == -EINTR;
}

static bool receive(struct worker *w, struct conn *c, struct conn_facts *facts, struct turn *turn)
{
    struct exchange *x = c->exchange != NULL ? c->exchange : exchange_borrow(w, c);
    if (x == NULL) {
        facts->transfer = TRANSFER_BROKEN;
        return true;
    }
    exchange_make_room(x);
    const uint32_t room = buffer_room(&x->in);
    const ssize_t got = transport_receive(c->fd, x);
    if (came_to_nothing(w, c, got, READY_READ))
        return false;
    facts->transfer = got < 0 ? TRANSFER_BROKEN : got == 0 ? TRANSFER_END : TRANSFER_SOME;
    if (got <= 0)
        return true;
    buffer_added(&x->in, (uint32_t)got);
    x->received += (uint64_t)got;
    count_bytes(&w->counters.bytes_in, turn, (size_t)got);
    /* epoll(7): a short read means that there is no more, but for an end that was told already. */
    if ((uint32_t)got < room && !(c->ready & READY_SHUT))
        c->ready &= (uint8_t)~READY_READ;
    return true;
}

static bool facts_reading(struct worker *w, struct conn *c, struct conn_facts *facts, struct turn *turn)
{
    struct exchange *x = c->exchange;
    if (x != NULL && x->pending != INTAKE_NONE) {
        facts->intake = x->pending;
        x->pending = INTAKE_NONE;
        return true;
    }
    if (x == NULL || buffer_len(&x->in) == 0) {
        if (!(c->ready & READY_READ) || !receive(w, c, facts, turn))
            return false;
        x = c->exchange;
    }
    if (facts->transfer == TRANSFER_BROKEN)
        return true;
    if (facts->transfer != TRANSFER_END)
        facts->intake = x->protocol->take(x);
    facts->message_begun = x->phase > PHASE_BLANK;
    return true;
}

/* Requests that are already here are answered behind what is owed, so that one send takes all. */
static bool may_answer_behind(const struct worker *w, const struct exchange *x)
{
    return buffer_len(&x->in) > 0 && x->keep && !x->abort && !x->interim && !x->waiting && !x->pulls && x->pending == INTAKE_NONE &&
           x->tail.kind == TAIL_NONE && buffer_room(&x->out) >= w->out_reserve;
}

/* Behind what is owed comes more of the answer, now or later. */
static bool goes_on(const struct exchange *x)
{
    return x->waiting || x->pulls;
}

static void all_left(const struct conn *c, struct conn_facts *facts)
{
    struct exchange *x = c->exchange;
    facts->transfer = TRANSFER_ALL;
    facts->interim = x->interim;
    facts->keep = x->keep || x->pending != INTAKE_NONE;    /* a request is under way: the close comes behind it */
    facts->peer_finished = x->peer_closes && buffer_len(&x->in) == 0 && !(c->ready & READY_READ);
    x->interim = false;
}

/* What is still to come of a file must be what its head announced, however long the peer takes. */
static void watch_file(struct exchange *x)
{
    if (x->tail.kind == TAIL_FILE && x->tail.left > 0)
        fetch_watch(&x->tail);
}

/* Sends what can be sent now. false: nothing, it waits. */
static bool send_some(struct worker *w, struct conn *c, struct conn_facts *facts, struct turn *turn)
{
    struct exchange *x = c->exchange;
    const bool from_file = x->tail.kind == TAIL_FILE && buffer_len(&x->out) == 0;
    const enum fetch fetch = from_file ? fetch_next(w, c) : FETCH_READY;
    if (fetch == FETCH_UNDER_WAY)
        return false;
    const ssize_t sent = fetch == FETCH_READY ? transport_send(c->fd, x) : -ENODATA;
    if (came_to_nothing(w, c, sent, READY_WRITE)) {
        watch_file(x);
        return false;
    }
    if (sent < 0) {
        facts->transfer = TRANSFER_BROKEN;
        return true;
    }
    exchange_sent(x, (uint64_t)sent);
    count_bytes(&w->counters.bytes_out, turn, (size_t)sent);
    if (from_file)
        watch_file(x);
    if (exchange_owed(x) == 0 && !goes_on(x) && !x->abort) {
        all_left(c, facts);
    } else {
        facts->transfer = TRANSFER_SOME;
        facts->limit_passed = send_drips(w, c);
    }
    return true;
}

static bool facts_writing(struct worker *w, struct conn *c, struct conn_facts *facts, struct turn *turn)
{
    struct exchange *x = c->exchange;
    weir_assert(x != NULL);
    if (x->pulls && !x->waiting && !x->abort)
        x->protocol->pull(x);
    if (x->abort && exchange_owed(x) == 0) {   /* what is owed before it leaves: an answer that is complete, and what there is of one that is not */
        facts->transfer = TRANSFER_BROKEN;
        return true;
    }
    if (may_answer_behind(w, x)) {
        const enum intake intake = x->protocol->take(x);
        if (intake == INTAKE_REQUEST || intake == INTAKE_REJECT) {
            facts->intake = intake;
            return true;
        }
        if (intake == INTAKE_EXPECT)
            x->pending = INTAKE_EXPECT;
    }
    const bool nothing_owed = exchange_owed(x) == 0;
    if (nothing_owed && !goes_on(x)) {
        all_left(c, facts);
        return true;
    }
    return !nothing_owed && (c->ready & READY_WRITE) && send_some(w, c, facts, turn);
}

static bool facts_shutting(struct worker *w, struct conn *c, struct conn_facts *facts, struct turn *turn)
{
    char scratch[DROP_SIZE];
    if (!(c->ready & READY_READ))
        return false;
    const ssize_t got = transport_drop(c->fd, scratch, sizeof scratch);
    if (came_to_nothing(w, c, got, READY_READ))
        return false;
    facts->transfer = got < 0 ? TRANSFER_BROKEN : got == 0 ? TRANSFER_END : TRANSFER_SOME;
    if (got <= 0)
        return true;
    count_bytes(&w->counters.bytes_in, turn, (size_t)got);
    c->dropped += (uint32_t)got;
    facts->limit_passed = c->dropped > w->config.options->linger_max;
    return true;
}

static bool facts_gather(struct worker *w, struct conn *c, struct conn_facts *facts, struct turn *turn)
{
    switch ((enum conn_state)c->state) {
    case CONN_READING:
        return facts_reading(w, c, facts, turn);
    case CONN_WRITING:
        return facts_writing(w, c, facts, turn);
    case CONN_SHUTTING:
        return facts_shutting(w, c, facts, turn);
    case CONN_CLOSED:                      /* nothing happens any more */
    case CONN_STATE_COUNT:
        break;
    }
    return false;
}

/* ---- actions ---- */

/* ACT_CLOSE: nothing is done before but that the exchange is logged. */
static void close_connection(struct worker *w, struct conn *c, unsigned actions)
{
    struct exchange *x = c->exchange;
    weir_assert(!(actions & ~(unsigned)(ACT_LOG | ACT_RESET | ACT_CLOSE)));
    const bool cut = x != NULL && x->ends_with_close && (x->abort || exchange_owed(x) > 0 || goes_on(x));
    if ((actions & ACT_LOG) && x != NULL) {
        x->abort = true;
        x->protocol->finish(x);
    }
    exchange_return(w, c);
    if (c->user != NULL && w->protocol->closed != NULL)
        w->protocol->closed(w->protocol_context, &c->peer, c->user);
    c->user = NULL;
    limits_arm(&w->limits, slots_index(w, c), LIMIT_NONE, w->now);
    if (c->ready & READY_WATCHED)
        poller_remove(&w->poller, c->fd);
    transport_close(c->fd, cut || (actions & ACT_RESET));
    c->fd = -1;
    slots_give(w, c);
}

static enum refusal refusal_of(const struct conn_facts *facts)
{
    if (facts->limit_passed)
        return REFUSE_TIMEOUT;
    return facts->transfer == TRANSFER_END ? REFUSE_TRUNCATED : REFUSE_MESSAGE;
}

/* The actions that write behind what is owed. */
enum { ACT_COMPOSE = ACT_RESPOND | ACT_REFUSE | ACT_INTERIM };

static void compose(struct exchange *x, unsigned actions, const struct conn_facts *facts)
{
    weir_assert(x != NULL);
    if (actions & ACT_RESPOND)
        x->protocol->respond(x);
    if (actions & ACT_REFUSE)
        x->protocol->refuse(x, refusal_of(facts));
    if (actions & ACT_INTERIM)
        x->protocol->interim(x);
}

/* In the order of CONN_ACTIONS. */
static void carry_out(struct worker *w, struct conn *c, unsigned actions, const struct conn_facts *facts)
{
    struct exchange *x = c->exchange;
    if (actions & ACT_CLOSE) {
        close_connection(w, c, actions);
        return;
    }
    if ((actions & ACT_LOG) && x != NULL)
        x->protocol->finish(x);
    if (actions & ACT_COMPOSE)
        compose(x, actions, facts);
    if ((actions & ACT_PROGRESS) && c->limit == LIMIT_SEND)
        limits_arm(&w->limits, slots_index(w, c), LIMIT_SEND, w->now);
    if (actions & ACT_FIN) {
        exchange_return(w, c);
        transport_shut(c->fd);
    }
}

/* The end of a lingering close by time is the ordinary one. */
static void count_event(struct worker *w, enum conn_state from, enum conn_event event, struct conn_step step)
{
    if (event == ON_TIMEOUT && from != CONN_SHUTTING)
        counter_add(&w->counters.timeouts, 1);
    if (event == ON_FAIL)
        counter_add(&w->counters.failures, 1);
    if (!step.possible)
        counter_add(&w->counters.impossible, 1);
}

#ifdef WEIR_DEBUG
static void trace(const struct worker *w, const struct conn *c, enum conn_state from, enum conn_event event)
{
    if (w->config.trace)
        fprintf(stderr, "weir: worker %u, connection %u.%u: %s on %s to %s\n", w->config.index, slots_index(w, c), c->generation,
                conn_state_name(from), conn_event_name(event), conn_state_name((enum conn_state)c->state));
}
#endif

static void raise_event(struct worker *w, struct conn *c, const struct conn_facts *facts, struct turn *turn)
{
    const enum conn_state from = (enum conn_state)c->state;
    const enum conn_event event = conn_verdict(from, facts);
    const struct conn_step step = conn_advance(c, event);
#ifdef WEIR_DEBUG
    trace(w, c, from, event);
#endif
    count_event(w, from, event, step);
    carry_out(w, c, step.actions, facts);
    turn->bytes -= EVENT_BYTES;
    if (event == ON_DONE)
        turn->finished_one = c->kept = true;
}

/* ---- one connection's turn ---- */

/* One that waits for the first time: the poller tells at once of what has become ready since it was last tried. false: it cannot be told of, and
 * has ended. */
static bool watch(struct worker *w, struct conn *c)
{
    if (c->ready & READY_WATCHED)
        return true;
    const int rc = poller_add(&w->poller, c->fd, slots_token(w, c));
    if (rc == 0) {
        c->ready |= READY_WATCHED;
        return true;
    }
    error_log_tell(w->config.errors, rc == -ERANGE ? TROUBLE_POLLER : TROUBLE_MEMORY, w->now);
    driver_abandon(w, c);
    return false;
}

/* What holds whenever a connection waits: no working set without need, and the limit of its state running. */
static void settle(struct worker *w, struct conn *c, const struct turn *turn)
{
    if (exchange_is_spare(c))
        exchange_return(w, c);
    const enum limit wanted = limit_wanted(c);
    if (wanted != c->limit || turn->finished_one)
        limit_begin(w, c, wanted);
    poller_want(&w->poller, c->fd, readiness_wanted(c));
}

/* What happens next. false: nothing; the connection waits, or its turn is over, or it is closed. */
static bool happens(struct worker *w, struct conn *c, struct conn_facts *facts, struct turn *turn)
{
    *facts = (struct conn_facts){ .intake = INTAKE_NONE };
    if (turn_is_over(turn))
        return false;
    if (facts_gather(w, c, facts, turn))
        return true;
    facts->must_go = w->drain_until != 0 && conn_is_idle(c);
    return facts->must_go;
}

/* `told`: what has happened already; NULL: nothing. */
static void run(struct worker *w, struct conn *c, const struct conn_facts *told)
{
    struct turn turn = { .bytes = TURN_BYTES };
    struct conn_facts facts;
    if (told != NULL)
        facts = *told;
    for (bool is_told = told != NULL; is_told || happens(w, c, &facts, &turn); is_told = false)
        raise_event(w, c, &facts, &turn);
    if (c->state == CONN_CLOSED || !watch(w, c))
        return;
    settle(w, c, &turn);
    if (turn_is_over(&turn))
        slots_queue(w, c);
}

void driver_run(struct worker *w, struct conn *c)
{
    run(w, c, NULL);
}

void driver_limit_passed(struct worker *w, struct conn *c)
{
    struct conn_facts facts = { .limit_passed = true };
    if (c->limit == LIMIT_BODY && body_progressed(w, c)) {
        limit_begin(w, c, LIMIT_BODY);
        return;
    }
    if (c->limit == LIMIT_SEND && c->exchange->tail.look.fetching) {       /* it waits for our disk, not for its peer */
        limit_begin(w, c, LIMIT_SEND);
        return;
    }
    if (c->limit == LIMIT_SEND && send_progressed(w, c))
        facts = (struct conn_facts){ .transfer = TRANSFER_SOME };
    facts.message_begun = c->limit == LIMIT_HEAD || c->limit == LIMIT_BODY;
    run(w, c, &facts);
}

void driver_give_way(struct worker *w, struct conn *c)
{
    weir_assert(conn_is_idle(c));
    run(w, c, &(struct conn_facts){ .must_go = true });
}

void driver_abandon(struct worker *w, struct conn *c)
{
    run(w, c, &(struct conn_facts){ .transfer = TRANSFER_BROKEN });
}
