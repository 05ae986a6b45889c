/* What must hold after every step. Whoever finds it broken says the number first:
 *
 *  1  only the edges of the table are taken, each for a reason; CLOSED is final
 *  2  what is waited for, and until when, is a function of state and buffers; nothing that happened is missed
 *  3  bytes received are parsed, buffered or dropped; bytes produced are sent or pending
 *  4  responses leave in the order of the requests, one final response for each complete request, or the connection ends
 *  5  no byte of one connection appears on another
 *  6  what leaves parses as HTTP/1.1 by a parser that is not ours
 *  7  open descriptors = listeners + connections + files in use + the worker's own; none after the end
 *  8  memory stays within connections x bound; none after the end
 *  9  each open connection is in exactly one list of limits, and in the queue at most once
 * 10  after the first refused byte none is interpreted; a handler never sees a refused request
 * 11  the same input, cut in any way, gives the same output (test_cuts.c)
 * 12  one record in the log for each exchange, each on one line */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/counter.h"
#include "handler/file_cache.h"
#include "http/http1_state.h"
#include "world.h"

/* ------------------------------------------------------------------ 1: the edges */

/* The linker leads the calls of the production code through here (-Wl,--wrap). */
struct conn_step __real_conn_advance(struct conn *c, enum conn_event event);
struct conn_step __wrap_conn_advance(struct conn *c, enum conn_event event);
void __real_conn_open(struct conn *c, int fd, const struct weir_peer *peer);
void __wrap_conn_open(struct conn *c, int fd, const struct weir_peer *peer);

static void check_timeout(const struct conn *c, enum conn_state from, struct client *client, const struct sim_stream *s)
{
    const bool dropped_enough = from == CONN_SHUTTING && c->dropped > world.options.linger_max;
    const bool makes_room = from == CONN_SHUTTING && s->excused;
    const bool drips = from == CONN_WRITING && world.worker.now - c->exchange->phase_began >= world.options.send_timeout;
    if (!dropped_enough && !makes_room && !drips && world.worker.now < c->deadline)
        sim_broken("2: client %u: a limit passed %llu ms before its time", s->client, (unsigned long long)(c->deadline - world.worker.now));
    if (sim_readable(s) && bytes_len(&s->to_server) > 0 && from == CONN_READING)
        sim_count(ORDER_LIMIT_BEFORE_INPUT);
    if (from == CONN_SHUTTING)
        return;
    if (client->exact && !s->excused && !(client->script.ending == ENDING_SILENT && from == CONN_READING))
        sim_broken("2: client %u behaves well, and limit %u passed in %s", s->client, c->limit, conn_state_name(from));
    client->timed_out = true;
}

/* An idle connection gives way when its time is over, when the server drains, or when descriptors or slots ran out. */
static void check_idle(const struct conn *c, struct client *client, struct sim_stream *s)
{
    const struct worker *w = &world.worker;
    const bool full = w->open == world.connections_max;
    const bool passed = c->limit == LIMIT_IDLE && w->now >= c->deadline;
    if (!passed && w->drain_until == 0 && limits_oldest(&w->limits, LIMIT_IDLE) != (uint32_t)(c - w->conns))
        sim_broken("2: client %u gave way, and others had been idle for longer", s->client);
    if (!full && !passed && w->drain_until == 0 && !sim.accept_failed)
        sim_broken("2: client %u was sent away while it was idle, without need", s->client);
    if (passed && client->exact && !s->excused && client->said < bytes_len(&client->script.stream))
        sim_broken("2: client %u behaves well, and its time to be idle passed", s->client);
    client->gave_way = true;
    s->excused |= !passed;
}

/* The connection ends while an answer is on its way whose request is not complete. */
static bool is_torn(const struct conn *c, enum conn_state from, enum conn_event event)
{
    const struct exchange *x = c->exchange;
    if (world.handler_kind != HANDLER_ECHO_HTTP || x == NULL || x->abort || (event != ON_FAIL && !(event == ON_TIMEOUT && from == CONN_WRITING)))
        return false;
    return ((const struct http1 *)(const void *)x->state)->answer == ANSWER_STREAMING;
}

static void count_exchanges(struct client *client, const struct conn *c, enum conn_state from, enum conn_event event)
{
    client->exchanges += is_torn(c, from, event);
    client->exchanges += event == ON_REQUEST || event == ON_REJECT || (event == ON_TIMEOUT && from == CONN_READING);
}

/* An answer that had begun breaks off with its request, which is refused, cut, or late. */
static bool is_broken_off(const struct conn *c, const struct client *client)
{
    const struct script *script = &client->script;
    if (world.handler_kind != HANDLER_ECHO_HTTP || c->exchange == NULL || !c->exchange->abort)
        return false;
    return script->ending == ENDING_WILD || client->timed_out || (script->count > 0 && script->expects[script->count - 1].may_break);
}

/* What left was an answer, or it was an interim one: then no answer had been composed. */
static void check_exchange_ends(struct client *client, enum conn_event event)
{
    if (event == ON_RESUME && client->ended != client->exchanges)
        sim_broken("4: client %u: an answer left, and the request it is for goes on", client->number);
    if (event != ON_DONE && event != ON_LAST && event != ON_END)
        return;
    if (client->ended == client->exchanges)
        sim_broken("4: client %u: all answers have left, and none had been composed", client->number);
    client->ended = client->exchanges;
}

/* Content that comes from files is cut where it cannot be completed. */
static bool may_be_cut(void)
{
    return sim.file_changed || (world.files != NULL && (disk_is_spoiled() || !disk_list_is_whole() || world_rules().files_may_fail));
}

/* FAIL needs a reason: the client reset, or a fault struck. */
static void check_fail(const struct conn *c, const struct client *client, struct sim_stream *s)
{
    if (is_broken_off(c, client))
        return;
    const struct exchange *x = c->exchange;
    s->excused |= may_be_cut() && x != NULL && (x->abort || x->tail.kind == TAIL_FILE);
    if (!s->struck && !s->excused && !s->broken && s->in_use_by_client && world.is_open)
        sim_broken("1: client %u: FAIL, and nothing had failed", client->number);
}

/* One connection must leave something of a turn to the others: an event of the poller and its place in the queue give it two shares. */
static void check_share(struct sim_stream *s)
{
    enum { SHARE_MAX = 2 * 512 + 50 };
    s->turn_events = s->turn_of_events == sim.turn ? s->turn_events + 1 : 1;
    s->turn_of_events = sim.turn;
    if (s->turn_events > SHARE_MAX && !sim.faults_on)
        sim_broken("client %u has more than its share of a turn", s->client);
}

static void look_at_event(const struct conn *c, enum conn_state from, enum conn_event event)
{
    struct sim_stream *s = sim_stream_of(c->fd);
    if (s == NULL)
        sim_broken("1: %s on %s of a connection without a descriptor", conn_state_name(from), conn_event_name(event));
    struct client *client = world_client(s->client);
    sim_trace("         client %u: %s on %s", s->client, conn_state_name(from), conn_event_name(event));
    sim.progress++;
    count_exchanges(client, c, from, event);
    check_share(s);
    world.requests += event == ON_REQUEST && world.handler_kind != HANDLER_ECHO;     /* a plain connection has none */
    world.timeouts += event == ON_TIMEOUT && from != CONN_SHUTTING;
    world.failures += event == ON_FAIL;
    if (event == ON_TIMEOUT)
        check_timeout(c, from, client, s);
    else if (event == ON_IDLE)
        check_idle(c, client, s);
    else if (event == ON_FAIL)
        check_fail(c, client, s);
    if ((event == ON_MORE || event == ON_REQUEST) && from == CONN_READING && c->limit != LIMIT_NONE && c->deadline <= world.worker.now)
        sim_count(ORDER_INPUT_BEFORE_LIMIT);
    check_exchange_ends(client, event);
}

struct conn_step __wrap_conn_advance(struct conn *c, enum conn_event event)
{
    const enum conn_state from = (enum conn_state)c->state;
    if (from == CONN_CLOSED)
        sim_broken("1: %s on a closed connection", conn_event_name(event));
    look_at_event(c, from, event);
    const struct conn_step row = conn_step(from, event);
    const struct conn_step step = __real_conn_advance(c, event);
    if (!row.possible || step.next != row.next || c->state != (uint8_t)row.next)
        sim_broken("1: %s on %s led to %s", conn_state_name(from), conn_event_name(event), conn_state_name((enum conn_state)c->state));
    return step;
}

void __wrap_conn_open(struct conn *c, int fd, const struct weir_peer *peer)
{
    const uint32_t generation = c->generation;
    if (c->state != CONN_CLOSED || c->limit != LIMIT_NONE)
        sim_broken("1: a slot was taken that is not closed");
    __real_conn_open(c, fd, peer);
    if (c->generation == generation)
        sim_broken("1: a slot was taken again in the same generation");
    sim.progress++;
}

/* ------------------------------------------------------------------ 2: what it waits for */

static bool limit_fits(const struct conn *c)
{
    switch (c->state) {
    case CONN_READING:
        return c->limit == LIMIT_IDLE || ((c->limit == LIMIT_HEAD || c->limit == LIMIT_BODY) && c->exchange != NULL);
    case CONN_WRITING:
        return c->limit == LIMIT_SEND && c->exchange != NULL;
    case CONN_SHUTTING:
        return c->limit == LIMIT_LINGER && c->exchange == NULL;
    default:
        return c->limit == LIMIT_NONE && c->exchange == NULL;
    }
}

/* A connection that is not queued waits for the poller: what it waits for has not happened, or will be told. */
static void check_waiting(const struct conn *c, const struct sim_stream *s)
{
    if ((c->ready & READY_QUEUED) || sim_telling(s))
        return;
    if (c->exchange != NULL && c->exchange->waiting && exchange_owed(c->exchange) == 0)
        return;                                    /* for an answer that comes later */
    if (c->exchange != NULL && c->exchange->tail.look.fetching)
        return;                                    /* for a thread */
    const char *state = conn_state_name((enum conn_state)c->state);
    if (c->state == CONN_WRITING ? sim_writable(s) : sim_readable(s))
        sim_broken("2: client %u: %s waits for what has been there all along", s->client, state);
    if (c->state == CONN_READING && c->exchange != NULL && buffer_len(&c->exchange->in) > 0)
        sim_broken("2: client %u: READING waits with %u bytes that it has not looked at", s->client, buffer_len(&c->exchange->in));
    if (c->state == CONN_WRITING && exchange_owed(c->exchange) == 0)
        sim_broken("2: client %u: WRITING waits and owes nothing", s->client);
}

/* For pollers that tell for as long as it is so: they are asked about this and about nothing else, see os_sim_level.c. */
static short wanted_of(const struct conn *c)
{
    if (c->state == CONN_WRITING)
        return exchange_owed(c->exchange) > 0 && !c->exchange->tail.look.fetching ? POLLOUT : 0;
    return POLLIN;
}

/* What a slot's limit was after the turn before. */
static struct shadow {
    uint64_t deadline;
    uint32_t generation;
    uint32_t exchanges;            /* that its connection had begun by then */
    uint8_t limit;
} shadows[SIM_FDS_MAX];

static bool moves_early(const struct conn *c, const struct shadow *shadow, uint64_t now)
{
    return c->limit != LIMIT_BODY || (shadow->deadline > now && world.handler_kind != HANDLER_ECHO_HTTP);
}

/* Within one exchange the limits of a head, of idling and of lingering are never moved; that of a body only when it has passed, or when the answer
 * that streams beside it had to wait. */
static void check_limit_stays(const struct worker *w, const struct conn *c, const struct client *client)
{
    struct shadow *shadow = &shadows[c - w->conns];
    const bool same = shadow->generation == c->generation && shadow->limit == c->limit && shadow->exchanges == client->exchanges;
    if (same && shadow->deadline != c->deadline && c->limit != LIMIT_SEND && moves_early(c, shadow, w->now))
        sim_broken("2: client %u: limit %u was moved by %lld ms without need", client->number, c->limit,
                   (long long)(c->deadline - shadow->deadline));
    const bool begins_now = c->limit == LIMIT_IDLE || c->limit == LIMIT_HEAD || c->limit == LIMIT_LINGER;
    const uint64_t length = w->limits.lists[c->limit].length;
    if (!same && begins_now && length > 0 && c->deadline != w->now + length)
        sim_broken("2: client %u: limit %u begins, and has not its full length", client->number, c->limit);
    sim.progress += same && shadow->deadline != c->deadline;       /* it was looked at, and given more time */
    *shadow = (struct shadow){ c->deadline, c->generation, client->exchanges, c->limit };
}

void check_begin(void)
{
    memset(shadows, 0, sizeof(shadows));
    sim.wants_known = true;
}

/* ------------------------------------------------------------------ 3, 7, 8, 9: counting */

static void check_list(const struct worker *w, enum limit limit, uint32_t *seen)
{
    const struct limit_list *list = &w->limits.lists[limit];
    uint64_t last = 0;
    uint32_t previous = CONN_NOWHERE;
    for (uint32_t slot = list->first; slot != CONN_NOWHERE; slot = w->conns[slot].next) {
        const struct conn *c = &w->conns[slot];
        if (++*seen > w->open)
            sim_broken("9: the lists of limits hold more connections than are open");
        if (c->limit != limit || c->previous != previous)
            sim_broken("9: slot %u stands in list %d, it says %u", slot, (int)limit, c->limit);
        if (list->length > 0 && (c->deadline < last || c->deadline > w->now + list->length))
            sim_broken("9: slot %u stands in list %d with a time that is out of order", slot, (int)limit);
        if (list->length > 0 && c->deadline <= w->now && world.turns > 0)
            sim_broken("2: slot %u: limit %d has passed and nothing was done", slot, (int)limit);
        last = c->deadline;
        previous = slot;
    }
    if (list->last != previous)
        sim_broken("9: the end of list %d is not its end", (int)limit);
}

static void check_free(const struct worker *w)
{
    uint32_t count = 0;
    for (uint32_t slot = w->free_first; slot != CONN_NOWHERE; slot = w->conns[slot].next)
        if (++count > w->slots_used || w->conns[slot].state != CONN_CLOSED)
            sim_broken("9: the list of free slots is broken");
    if (count + w->open != w->slots_used)
        sim_broken("9: %u slots are free, %u in use, of %u", count, w->open, w->slots_used);
}

static void check_queue(const struct worker *w, uint32_t queued)
{
    uint32_t count = 0;
    for (uint32_t slot = w->ready_first; slot != CONN_NOWHERE && count <= w->ready_count; slot = w->conns[slot].next_ready, count++)
        if (!(w->conns[slot].ready & READY_QUEUED))
            sim_broken("9: slot %u stands in the queue and does not know", slot);
    if (count != w->ready_count || queued != count)
        sim_broken("9: %u in the queue, %u say so, %u were counted", count, queued, w->ready_count);
}

static void check_conn(const struct worker *w, const struct conn *c)
{
    const struct sim_stream *s = sim_stream_of(c->fd);
    if (s == NULL || s->fd != c->fd)
        sim_broken("7: slot %u is open and has no connection", (unsigned)(c - w->conns));
    if (!limit_fits(c))
        sim_broken("9: client %u: %s with limit %u, %s a working set", s->client, conn_state_name((enum conn_state)c->state), c->limit,
                   c->exchange == NULL ? "without" : "with");
    if (c->state == CONN_SHUTTING && c->dropped > world.options.linger_max + (1u << 20))
        sim_broken("3: client %u: %u bytes dropped", s->client, c->dropped);
    const struct exchange *x = c->exchange;
    if (x != NULL && (x->received > s->received || x->sent > s->sent || buffer_len(&x->in) > x->received))
        sim_broken("3: client %u: more bytes than came, or left", s->client);
    if (world.handler_kind == HANDLER_ECHO && c->state == CONN_READING && x != NULL && !(c->ready & READY_QUEUED))
        sim_broken("8: client %u: nothing is owed, and a working set is held", s->client);
    if (world.handler_kind == HANDLER_ECHO && c->state == CONN_WRITING && sim_client_room(s) == 0)
        sim_count(ORDER_ECHO_STOPS);
    if (c->limit == LIMIT_IDLE && x != NULL && (x->phase > PHASE_BLANK || buffer_len(&x->in) > 0))
        sim_broken("9: client %u is listed as idle, and %u bytes of it wait", s->client, buffer_len(&x->in));
    check_waiting(c, s);
    sim.fds[c->fd].wanted = wanted_of(c);
    check_limit_stays(w, c, world_client(s->client));
}

/* Walks all slots once. Returns how many have working sets; counts those in the queue, and those that send a file. */
static uint32_t check_slots(const struct worker *w, uint32_t *queued, uint32_t *with_file)
{
    uint32_t working = 0, open = 0;
    for (uint32_t slot = 0; slot < w->slots_used; slot++) {
        const struct conn *c = &w->conns[slot];
        *queued += (c->ready & READY_QUEUED) != 0;
        if (c->state == CONN_CLOSED) {
            if (c->fd != -1 || !limit_fits(c))
                sim_broken("1: slot %u is closed and holds something", slot);
            continue;
        }
        open++;
        working += c->exchange != NULL;
        *with_file += c->exchange != NULL && c->exchange->tail.kind == TAIL_FILE;
        check_conn(w, c);
    }
    if (open != w->open || counter_read(&w->counters.open) != open || world.connections_open != open)
        sim_broken("7: %u connections are open, %u are counted", open, w->open);
    return working;
}

static void check_bytes(const struct worker *w)
{
    uint64_t received = 0, sent = 0;
    for (uint32_t i = 0; i < sim.stream_count; i++) {
        received += sim.streams[i]->received;
        sent += sim.streams[i]->sent;
    }
    if (counter_read(&w->counters.bytes_in) != received || counter_read(&w->counters.bytes_out) != sent)
        sim_broken("3: %llu bytes came and %llu left, %llu and %llu are counted", (unsigned long long)received, (unsigned long long)sent,
                   (unsigned long long)w->counters.bytes_in, (unsigned long long)w->counters.bytes_out);
}

/* What a cache may hold, and what is evicted while it is borrowed. */
enum { FILES_MAX = FILE_CACHE_DESCRIPTORS_MAX };

static void check_descriptors(const struct worker *w, uint32_t with_file)
{
    const uint32_t roots = world.files != NULL;
    if (sim_open_fds(SIM_STREAM) != w->open)
        sim_broken("7: %u connections have descriptors, %u are open", sim_open_fds(SIM_STREAM), w->open);
    const uint32_t files = sim_open_fds(SIM_FILE) - roots - sim.copies;
    if (sim.copies > offloaded_count())
        sim_broken("7: %u files are open for threads that fetch, %u are under way", sim.copies, offloaded_count());
    if (world.files == NULL ? files != with_file || files != tagged_files_open() : files > FILES_MAX + w->open + offloaded_count())
        sim_broken("7: %u files are open, %u are in use", files, with_file);
    const uint32_t epolls = w->poller.backend == &poller_epoll;
    if (sim_open_fds(SIM_EPOLL) != epolls || sim_open_fds(SIM_EVENTFD) != 1 ||
        sim_open_fds(SIM_LISTENER) != world.listener_count || sim_open_fds(SIM_SOCKET) != 0)
        sim_broken("7: the worker holds descriptors that it should not");
}

/* Each connection may hold one working set, one kept content and one copied answer; files have their cache, and so has what threads work at, whose
 * connections may have ended. */
static void check_memory(const struct worker *w, uint32_t working)
{
    const bool plain = world.handler_kind == HANDLER_ECHO;
    const uint64_t each = w->pool.size + (plain ? 0 : 2 * world.options.body_max + 400000);
    const uint64_t cache = world.files != NULL ? FILE_CACHE_BYTES + (1u << 20) : 0, jobs = offloaded_count() * UINT64_C(400000);
    const uint64_t bound = world.memory_before + w->open * each + (uint64_t)w->pool.free_count * w->pool.size + cache + jobs;
    if (plain && w->pool.size > world.options.buffer_max + 1024)
        sim_broken("8: %zu bytes for a plain connection", w->pool.size);
    if (w->pool.lent != working)
        sim_broken("8: %u working sets are lent, %u are in use", w->pool.lent, working);
    if (sim.memory > bound)
        sim_broken("8: %llu bytes of memory for %u connections", (unsigned long long)sim.memory, w->open);
}

void check_worker(const struct worker *w)
{
    uint32_t queued = 0, with_file = 0, listed = 0;
    const uint32_t working = check_slots(w, &queued, &with_file);
    for (enum limit limit = 0; limit < LIMIT_COUNT; limit++)
        check_list(w, limit, &listed);
    if (listed != w->open)
        sim_broken("9: %u connections are open, %u stand in a list of limits", w->open, listed);
    check_free(w);
    check_queue(w, queued);
    check_bytes(w);
    check_descriptors(w, with_file);
    check_memory(w, working);
    if (counter_read(&w->counters.impossible) != 0)
        sim_broken("1: the impossible was counted");
    if (counter_read(&w->counters.requests) != world.requests || counter_read(&w->counters.timeouts) != world.timeouts)
        sim_broken("1: requests or limits that passed are counted wrongly");
    if (world.stopped_at == 0 && counter_read(&w->counters.failures) != world.failures)
        sim_broken("1: failures are counted wrongly");
}

/* ------------------------------------------------------------------ no turning in vain */

void check_progress(void)
{
    const bool same = world.worker.listening == world.last_listening;      /* epoll is told by calls, the others by what they are asked next */
    const bool vain = sim.progress == world.last_progress && sim.strikes == world.last_strikes && same;
    world.vain_turns = vain ? world.vain_turns + 1 : 0;
    if (world.vain_turns > 1)
        sim_broken("a second turn in a row without progress: the loop spins");
    world.last_progress = sim.progress;
    world.last_strikes = sim.strikes;
    world.last_listening = world.worker.listening;
}

/* ------------------------------------------------------------------ 12: the log */

/* What the log tells of one client. */
struct told {
    uint32_t lines;
    uint64_t content;              /* of all answers, bytes */
    struct heard first[8];         /* answers, as struct client keeps them */
};

/* "10.0.0.7 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/1.1" 200 13 "-" "-"": the client, the status ("-": none), the length. */
static bool line_read(const char *line, size_t len, uint32_t *number, struct heard *answer)
{
    unsigned a, b, c, status = 0;
    unsigned long long length;
    char text[64];
    snprintf(text, sizeof(text), "%.*s", (int)(len < sizeof(text) - 1 ? len : sizeof(text) - 1), line);
    if (sscanf(text, "10.%u.%u.%u - - [", &a, &b, &c) != 3)
        return false;
    *number = a << 16 | b << 8 | c;
    const char *quote = memchr(line, '"', len);
    const char *close = quote == NULL ? NULL : memchr(quote + 1, '"', len - (size_t)(quote + 1 - line));
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < ' ' || (unsigned char)line[i] > '~')
            sim_broken("12: client %u: a line of the log holds byte %#x", *number, (unsigned char)line[i]);
    if (close == NULL || close + 5 >= line + len || line[len - 1] != '"')
        return false;
    if (sscanf(close + 1, " - %llu ", &length) != 1 && sscanf(close + 1, " %u %llu ", &status, &length) != 2)
        return false;
    *answer = (struct heard){ .status = (uint16_t)status, .content = length };
    return true;
}

static void check_told(const struct client *client, const struct told *told)
{
    const struct sim_stream *s = sim_stream_of_client(client->number);
    if (client->script.plain && told->lines > 0)
        sim_broken("12: client %u speaks no HTTP, and stands in the log", client->number);
    if (client->script.plain)
        return;
    if (told->lines != client->exchanges)
        sim_broken("12: client %u: %u lines in the log for %u exchanges", client->number, told->lines, client->exchanges);
    if (told->lines < client->answers)
        sim_broken("12: client %u: %u lines in the log, %u answers heard", client->number, told->lines, client->answers);
    if (s != NULL && client->exchanges == 1 && told->content > s->sent)      /* of a batch, each is logged when the next one is composed */
        sim_broken("12: client %u: the log tells of %llu bytes of content, %llu bytes were sent", client->number,
                   (unsigned long long)told->content, (unsigned long long)s->sent);
    for (uint32_t i = 0; i < client->answers && i < sizeof(client->first) / sizeof(client->first[0]); i++)
        if (told->first[i].status != client->first[i].status || told->first[i].content != client->first[i].content)
            sim_broken("12: client %u: the log says %u, %llu bytes; answer %u was %u, %llu bytes", client->number, told->first[i].status,
                       (unsigned long long)told->first[i].content, i, client->first[i].status, (unsigned long long)client->first[i].content);
}

/* Nothing struck the log: each exchange has its line, in order. */
void check_log(void)
{
    static struct told told[WORLD_CLIENTS_MAX + 1];
    if (world.log_fd < 0 || sim.log_struck)
        return;
    memset(told, 0, sizeof(told));
    const char *at = (const char *)bytes_at(&sim.log);
    const char *end = at + bytes_len(&sim.log);
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        uint32_t number;
        struct heard answer;
        if (newline == NULL || !line_read(at, (size_t)(newline - at), &number, &answer) || world_client(number) == NULL)
            sim_broken("12: no line of a log: %.*s", (int)((newline == NULL ? end : newline) - at), at);
        if (told[number].lines < sizeof(told[0].first) / sizeof(told[0].first[0]))
            told[number].first[told[number].lines] = answer;
        told[number].lines++;
        told[number].content += answer.content;
        at = newline + 1;
    }
    for (uint32_t i = 0; i < world.client_count; i++)
        check_told(&world.clients[i], &told[world.clients[i].number]);
}

/* ------------------------------------------------------------------ 7, 8: the end */

void check_nothing_left(void)
{
    for (int fd = SIM_FIRST_FD; fd < SIM_FDS_MAX; fd++)
        if (sim.fds[fd].kind != SIM_FREE)
            sim_broken("7: at the end descriptor %d is still open: %s", fd, sim_fd_kind_name(sim.fds[fd].kind));
    if (world.connections_open != 0)
        sim_broken("7: at the end %u connections are counted", world.connections_open);
    if (sim.memory_blocks != 0)
        sim_broken("8: at the end %llu blocks of memory are left", (unsigned long long)sim.memory_blocks);
    if (offloaded_count() != 0)
        sim_broken("8: at the end the worker has not heard of %u that threads have done", offloaded_count());
    if (echoed_open() != 0)
        sim_broken("8: at the end %u plain connections have not heard of their end", echoed_open());
    if (tagged_bodies_lent() != 0 || tagged_files_open() != 0 || tagged_requests_open() != 0)
        sim_broken("8: at the end %u bodies, %u files, %u requests were not given back", tagged_bodies_lent(), tagged_files_open(),
                   tagged_requests_open());
}
