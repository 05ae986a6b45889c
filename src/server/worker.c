#include "server/worker.h"

#include <errno.h>
#include <limits.h>

#include "core/assert.h"
#include "core/counter.h"
#include "http/response.h"
#include "os/os.h"
#include "parser/http_date.h"
#include "server/driver.h"
#include "server/errands.h"
#include "server/slots.h"

/* Events of one turn, connections accepted from one listener in a turn, those whose time has passed, and idle ones that a drain closes: however
 * many are due at once, those that are busy have their turn in between. */
#define EVENTS_MAX 256
#define ACCEPT_MAX 64
#define DUE_MAX 256

/* How long accepting pauses when there is no descriptor, no slot or no memory: what is missing may come back without our doing. */
#define ACCEPT_PAUSE_MS 100

/* Room for content behind a head of the largest size. */
#define BODY_ROOM 16384

/* Answers of a batch that one send takes. */
#define OUT_CAP 65536

/* A connection that has asked for nothing yet is on its way to do so, for so long. */
#define FRESH_MS 1000

/* Working sets that are kept for reuse. */
#define POOL_FREE_MAX 64

/* Tokens beside those of connections, whose slots are below UINT32_MAX. */
#define TOKEN_WAKE UINT64_MAX
#define TOKEN_LISTENER(index) (UINT64_MAX - 1 - (index))
#define TOKEN_IS_OF_LISTENER(token, count) ((token) >= TOKEN_LISTENER((count) - 1) && (token) <= TOKEN_LISTENER(0))

_Static_assert((int)READY_READ == (int)POLLER_READ && (int)READY_WRITE == (int)POLLER_WRITE && (int)READY_SHUT == (int)POLLER_SHUT,
               "what the poller tells is remembered as it is told");

/* ---- clocks ---- */

#define DATE_LINE_LEN (sizeof "Date: \r\n" - 1 + HTTP_DATE_LEN)

/* Every answer says the time: it is written where they all copy it from. RFC 9110 §6.6.1: a server whose clock makes no sense sends no Date. */
static void date_write(struct worker *w)
{
    if (w->common == NULL)
        return;
    const size_t start = http_date_write(w->wall, w->common + sizeof "Date: " - 1) ? 0 : DATE_LINE_LEN;
    w->http1.common = (struct slice){ w->common + start, w->common_len - start };
}

/* Looks at the clocks once for the whole turn. Monotonic time is kept above 0, which stands for "never"; while it stands still the wall clock
 * has nothing new to say. */
static void clock_look(struct worker *w)
{
    const uint64_t told = os_now_ms(), now = told > 0 ? told : 1;
    if (now == w->now)
        return;
    w->now = now;
    const int64_t wall = os_wall_clock().tv_sec;
    if (wall == w->wall)
        return;
    w->wall = wall;
    date_write(w);
}

/* ---- accepting ---- */

static void accept_pause(struct worker *w)
{
    w->accept_after = w->now + ACCEPT_PAUSE_MS;
    if (!w->listening)
        return;
    w->listening = false;
    for (size_t i = 0; i < w->config.listener_count; i++)
        poller_remove_source(&w->poller, w->config.listeners[i].fd);
}

static int accept_resume(struct worker *w)
{
    for (size_t i = 0; i < w->config.listener_count; i++) {
        const int rc = poller_add_source(&w->poller, w->config.listeners[i].fd, TOKEN_LISTENER(i), true);
        if (rc == 0)
            continue;
        while (i-- > 0)
            poller_remove_source(&w->poller, w->config.listeners[i].fd);
        return rc;
    }
    w->listening = true;
    w->accept_after = 0;
    return 0;
}

/* The connection that has been idle for longest makes room for a new one. false: none is idle, or the oldest is fresh, and all behind it are
 * younger. */
static bool evict_one(struct worker *w)
{
    const uint32_t slot = limits_oldest(&w->limits, LIMIT_IDLE);
    if (slot == CONN_NOWHERE)
        return false;
    struct conn *c = &w->conns[slot];
    if (!c->kept && limits_age(&w->limits, slot, w->now) < FRESH_MS)
        return false;
    counter_add(&w->counters.evicted, 1);
    driver_give_way(w, c);
    if (c->state == CONN_SHUTTING)     /* nothing is owed to it: it need not linger, and its descriptor is wanted */
        driver_limit_passed(w, c);
    return true;
}

/* One that waits cannot be accepted. true: an idle connection gave way, try again. */
static bool accept_blocked(struct worker *w, enum trouble why)
{
    error_log_tell(w->config.errors, why, w->now);
    if (evict_one(w))
        return true;
    accept_pause(w);
    return false;
}

/* `waits`: one does for certain. Without descriptors accept(2) fails though none does. true: try again. */
static bool accept_failed(struct worker *w, int rc, bool waits)
{
    switch (rc) {
    case -EAGAIN:
        return false;
    case -EMFILE:
    case -ENFILE:
        return waits && accept_blocked(w, TROUBLE_DESCRIPTORS);
    case -ENOBUFS:
    case -ENOMEM:
        return waits && accept_blocked(w, TROUBLE_MEMORY);
    default:                           /* accept(2): what befell that one connection, and a signal: try the next */
        return true;
    }
}

static void connection_begin(struct worker *w, int fd, const struct weir_peer *peer)
{
    struct conn *c = slots_take(w);
    conn_open(c, fd, peer);
    counter_add(&w->counters.accepted, 1);
    driver_run(w, c);
}

/* Until there is none left, or others must have their turn: the poller tells of the rest again. That one waits is certain for the first
 * alone, so only for it does another have to go. */
static void accept_from(struct worker *w, const struct listener *l)
{
    for (uint32_t i = 0; i < ACCEPT_MAX && w->listening; i++) {
        const bool waits = i == 0;
        if (slots_are_full(w) && !(waits && accept_blocked(w, TROUBLE_CONNECTIONS)))
            return;
        struct weir_peer peer;
        const int fd = listener_accept(l, &peer);
        if (fd >= 0)
            connection_begin(w, fd, &peer);
        else if (!accept_failed(w, fd, waits))
            return;
    }
}

/* ---- the drain ---- */

static void drain_begin(struct worker *w)
{
    w->drain_until = w->now + w->config.options->drain_timeout;
    w->http1.draining = true;
    accept_pause(w);
    for (size_t i = 0; i < w->config.listener_count; i++)
        os_listen_stop(w->config.listeners[i].fd);
}

/* Who becomes idle from now on is closed by the driver; who is idle now goes here, unless its next request comes first. */
static bool drain_is_due(const struct worker *w)
{
    return w->drain_until != 0 && limits_oldest(&w->limits, LIMIT_IDLE) != CONN_NOWHERE;
}

static void run_drain(struct worker *w)
{
    for (uint32_t count = 0; count < DUE_MAX && drain_is_due(w); count++)
        driver_give_way(w, &w->conns[limits_oldest(&w->limits, LIMIT_IDLE)]);
}

static void abandon_all(struct worker *w)
{
    for (uint32_t slot = 0; slot < w->slots_used; slot++)
        if (w->conns[slot].state != CONN_CLOSED)
            driver_abandon(w, &w->conns[slot]);
}

/* ---- the turn ---- */

static void dispatch(struct worker *w, struct poller_event event)
{
    if (event.token == TOKEN_WAKE) {
        os_eventfd_clear(w->wake_fd);
        return;
    }
    if (TOKEN_IS_OF_LISTENER(event.token, w->config.listener_count)) {
        w->told_listeners |= UINT64_C(1) << (UINT64_MAX - 1 - event.token);
        return;
    }
    struct conn *c = slots_of_token(w, event.token);
    if (c == NULL)
        return;                        /* closed earlier in this batch; the slot may be another's by now */
    c->ready |= (uint8_t)event.bits;
    driver_run(w, c);
}

/* After the connections of the batch: those that ended make room. */
static void run_listeners(struct worker *w)
{
    for (size_t i = 0; w->told_listeners != 0 && i < w->config.listener_count; i++)
        if (w->told_listeners & UINT64_C(1) << i)
            accept_from(w, &w->config.listeners[i]);
    w->told_listeners = 0;
}

/* Those that stand in the queue by now; who is queued again waits for the next turn. */
static void run_ready(struct worker *w)
{
    for (uint32_t count = w->ready_count; count > 0; count--) {
        struct conn *c = slots_next_ready(w);
        if (c != NULL)
            driver_run(w, c);
    }
}

static void run_limits(struct worker *w)
{
    for (uint32_t count = 0; count < DUE_MAX; count++) {
        const uint32_t slot = limits_passed(&w->limits, w->now);
        if (slot == CONN_NOWHERE)
            return;
        driver_limit_passed(w, &w->conns[slot]);
    }
}

static void run_due(struct worker *w)
{
    if (atomic_load_explicit(&w->stop, memory_order_acquire) && w->drain_until == 0)
        drain_begin(w);
    run_drain(w);
    if (w->drain_until != 0 && w->now >= w->drain_until)
        abandon_all(w);
    if (w->drain_until == 0 && !w->listening && w->now >= w->accept_after && accept_resume(w) < 0)
        w->accept_after = w->now + ACCEPT_PAUSE_MS;
    const bool asked = atomic_load_explicit(&w->flush, memory_order_acquire);
    if (asked || access_log_due_ms(&w->log, w->now) == 0)
        access_log_flush(&w->log, w->now);
    if (asked)
        atomic_store_explicit(&w->flush, false, memory_order_release);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(const struct worker *w, uint64_t now)
{
    if (w->ready_count > 0 || drain_is_due(w))
        return 0;
    uint64_t due = limits_next(&w->limits);
    if (w->drain_until != 0)
        due = earlier(due, w->drain_until);
    else if (!w->listening)
        due = earlier(due, w->accept_after);
    const uint64_t log_due = access_log_due_ms(&w->log, now);
    if (log_due != UINT64_MAX)
        due = earlier(due, now + log_due);
    if (due == UINT64_MAX)
        return -1;
    return due <= now ? 0 : (int)earlier(due - now, INT_MAX);
}

int worker_wait_ms(const struct worker *w)
{
    return wait_ms(w, os_now_ms());
}

bool worker_turn(struct worker *w, int wait_max_ms)
{
    struct poller_event events[EVENTS_MAX];
    int wait = wait_ms(w, w->now);     /* the turn before took no time to speak of: what is due may be late by as much */
    if (wait_max_ms >= 0 && (wait < 0 || wait > wait_max_ms))
        wait = wait_max_ms;
    const int count = poller_wait(&w->poller, events, EVENTS_MAX, wait);
    clock_look(w);
    for (int i = 0; i < count; i++)    /* an error, EINTR say, is a turn without events */
        dispatch(w, events[i]);
    mailbox_run(&w->mailbox);
    run_listeners(w);
    run_ready(w);
    run_limits(w);
    run_due(w);
    return w->drain_until == 0 || w->open > 0;
}

void worker_stop(struct worker *w)
{
    atomic_store_explicit(&w->stop, true, memory_order_release);
    os_eventfd_raise(w->wake_fd);
}

void worker_flush(struct worker *w)
{
    atomic_store_explicit(&w->flush, true, memory_order_release);
    os_eventfd_raise(w->wake_fd);
}

/* ---- from open to close ---- */

static void log_record(void *host, const struct weir_peer *peer, const struct http_record *record)
{
    struct worker *w = host;
    access_log_add(&w->log, peer, record, w->now, w->wall);
}

/* An answer was composed outside of the connection's turn. */
static void connection_resume(void *host, uint64_t token)
{
    struct worker *w = host;
    struct conn *c = slots_of_token(w, token);
    weir_assert(c != NULL);
    limits_arm(&w->limits, slots_index(w, c), LIMIT_NONE, w->now);     /* the time for sending begins when there is something to send */
    slots_queue(w, c);
}

static struct exchange *exchange_find(void *host, uint64_t token)
{
    struct conn *c = slots_of_token(host, token);
    return c != NULL ? c->exchange : NULL;
}

static bool worker_offload(void *host, void (*work)(void *job), void (*done)(void *job), void *job)
{
    struct worker *w = host;
    return errands_send(w->config.errands, &w->mailbox, w->wake_fd, work, done, job);
}

/* What every answer says, composed once but for the time. 0 or -ENOMEM. */
static int common_open(struct worker *w)
{
    static const struct weir_field date = { { "Date", 4 }, { "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_DATE_LEN } };    /* until date_write() */
    static const struct weir_field server = { { "Server", 6 }, { "weir", 4 } };
    const struct weir_options *options = w->config.options;
    size_t size = DATE_LINE_LEN + sizeof "Server: weir\r\n";
    for (size_t i = 0; i < options->field_count; i++)
        size += options->fields[i].name.len + options->fields[i].value.len + sizeof ": \r\n" - 1;
    w->common = os_alloc_raw(size);
    if (w->common == NULL)
        return -ENOMEM;
    struct writer writer = { w->common, w->common + size, false };
    response_write_fields(&writer, &date, 1);
    response_write_fields(&writer, &server, options->server_field ? 1 : 0);
    response_write_fields(&writer, options->fields, options->field_count);
    weir_assert(!writer.overflowed);
    w->common_len = (size_t)(writer.at - w->common);
    return 0;
}

static int http1_open(struct worker *w)
{
    const struct weir_options *options = w->config.options;
    w->protocol = &http1_protocol;
    w->protocol_context = &w->http1;
    w->http1 = (struct http1_context){
        .handler = w->config.handler,
        .limits = { options->line_max, options->head_max, options->fields_max, options->body_max },
        .worker = w->config.index,
        .pages = options->pages,
        .page_count = options->page_count,
        .host = w,
        .record = w->config.log_fd >= 0 ? log_record : NULL,
        .resume = connection_resume,
        .find = exchange_find,
        .offload = w->config.errands != NULL ? worker_offload : NULL,
        .alloc = os_alloc_raw,
        .free = os_free,
        .requests = &w->counters.requests,
        .refused = &w->counters.refused,
    };
    w->in_cap = options->head_max + options->line_max + BODY_ROOM;
    w->out_reserve = RESPONSE_HEAD_MAX;
    /* An answer that streams has room for its head and as much as one receive brings. */
    const uint32_t streaming = w->in_cap + RESPONSE_HEAD_MAX + RESPONSE_CHUNK_MAX;
    w->out_cap = streaming > OUT_CAP ? streaming : OUT_CAP;
    return common_open(w);
}

static void streams_open(struct worker *w)
{
    w->protocol = &stream_protocol;
    w->protocol_context = &w->streams;
    w->streams = (struct stream_context){ .handler = w->config.streams, .worker = w->config.index };
    w->in_cap = w->out_cap = w->config.options->buffer_max / 2;
    w->out_reserve = w->out_cap / 4;
}

/* 0 or -ENOMEM. */
static int protocol_open(struct worker *w)
{
    int rc = 0;
    if (w->config.handler != NULL)
        rc = http1_open(w);
    else
        streams_open(w);
    pool_init(&w->pool, exchange_size(w->protocol, w->in_cap, w->out_cap), POOL_FREE_MAX);
    return rc;
}

static void limits_open(struct worker *w)
{
    const struct weir_options *options = w->config.options;
    limits_init(&w->limits, w->conns, (const uint64_t[LIMIT_COUNT]){
        [LIMIT_IDLE] = options->idle_timeout,
        [LIMIT_HEAD] = options->head_timeout,
        [LIMIT_BODY] = options->body_timeout,
        [LIMIT_SEND] = options->send_timeout,
        [LIMIT_LINGER] = options->linger_timeout,
    });
}

int worker_open(struct worker *w, const struct worker_config *config)
{
    *w = (struct worker){ .config = *config, .wall = INT64_MIN };
    int rc = slots_open(w);
    if (rc < 0)
        return rc;
    rc = access_log_open(&w->log, config->log_fd);
    if (rc < 0)
        goto close_slots;
    rc = poller_open(&w->poller, poller_find(config->options->poller), os_descriptors_max());
    if (rc < 0)
        goto close_log;
    rc = w->wake_fd = os_eventfd();
    if (rc < 0)
        goto close_poller;
    rc = protocol_open(w);
    if (rc < 0)
        goto close_wake;
    limits_open(w);
    clock_look(w);
    rc = poller_add_source(&w->poller, w->wake_fd, TOKEN_WAKE, false);
    if (rc == 0)
        rc = accept_resume(w);
    if (rc == 0)
        return 0;
    os_free(w->common);
close_wake:
    os_close(w->wake_fd);
close_poller:
    poller_close(&w->poller);
close_log:
    access_log_close(&w->log);
close_slots:
    slots_close(w);
    return rc;
}

void worker_close(struct worker *w)
{
    abandon_all(w);
    mailbox_run(&w->mailbox);          /* whoever posted waits to hear that nothing is left to be answered */
    access_log_close(&w->log);
    os_close(w->wake_fd);
    poller_close(&w->poller);
    pool_close(&w->pool);
    slots_close(w);
    os_free(w->common);
}
