/* The simulated kernel: readiness. Connections are told edge-triggered where they were registered so: what is told is what is true at that
 * moment, and it is told again only when something new happened. Listeners and eventfds are told for as long as they are readable. */
#include <string.h>

#include "os_sim.h"

enum { BATCH_MAX = 1024 };

struct batch {
    struct epoll_event *events;
    int max;
    int count;
    bool shuffled;
};

/* ------------------------------------------------------------------ registrations */

static struct sim_item *item_of(int fd)
{
    for (uint32_t i = 0; i < sim.item_count; i++)
        if (sim.items[i].epoll != 0 && sim.items[i].fd == fd)
            return &sim.items[i];
    return NULL;
}

static struct sim_item *item_of_epoll(int epoll, int fd)
{
    for (uint32_t i = 0; i < sim.item_count; i++)
        if (sim.items[i].epoll == epoll && sim.items[i].fd == fd)
            return &sim.items[i];
    return NULL;
}

void sim_wake(int fd)
{
    for (uint32_t i = 0; i < sim.item_count; i++)
        if (sim.items[i].epoll != 0 && sim.items[i].fd == fd)
            sim.items[i].queued = true;
}

bool sim_telling(const struct sim_stream *s)
{
    if (sim.level)
        return true;
    const struct sim_item *item = s->fd < 0 ? NULL : item_of(s->fd);
    return item != NULL && item->queued;
}

static void item_leave(struct sim_item *item)
{
    const struct sim_ghost ghost = { .data = item->data, .fd = item->fd };
    if (sim.fds[item->fd].kind == SIM_STREAM)
        sim.ghosts[sim.ghost_count++ % SIM_GHOSTS_MAX] = ghost;
    if (item->told_in_batch > 1)
        sim_count(ORDER_SECOND_AFTER_CLOSE);
    *item = (struct sim_item){ .epoll = 0 };
}

void sim_poller_forget(int fd)
{
    for (uint32_t i = 0; i < sim.item_count; i++)
        if (sim.items[i].epoll != 0 && (sim.items[i].fd == fd || sim.items[i].epoll == fd))
            item_leave(&sim.items[i]);
}

int os_epoll_create(void)
{
    sim_enter();
    return sim_start_fails() ? -EMFILE : sim_fd_take(SIM_EPOLL);
}

static int item_add(int epoll, int fd, uint32_t events, uint64_t data)
{
    if (item_of_epoll(epoll, fd) != NULL)
        return -EEXIST;
    struct sim_item *item = sim.items;
    while (item < sim.items + sim.item_count && item->epoll != 0)
        item++;
    if (item == sim.items + SIM_ITEMS_MAX)
        return -ENOSPC;
    if (item == sim.items + sim.item_count)
        sim.item_count++;
    *item = (struct sim_item){ .epoll = epoll, .fd = fd, .events = events, .data = data, .queued = true };
    return 0;
}

int os_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t data)
{
    sim_enter();
    sim_fd_get(epoll, SIM_EPOLL, "epoll_ctl");
    if (fd < SIM_FIRST_FD || fd >= SIM_FDS_MAX || sim.fds[fd].kind == SIM_FREE)
        sim_broken("epoll_ctl on descriptor %d, which is not open", fd);
    const bool is_stream = sim.fds[fd].kind == SIM_STREAM;
    struct sim_item *item = item_of_epoll(epoll, fd);
    const int fault = operation == EPOLL_CTL_ADD ? sim_strike(SIM_CTL) : -1;

    if (operation == EPOLL_CTL_ADD && !is_stream && sim_start_fails())
        return -ENOMEM;
    if (fault >= 0) {
        sim_count((enum sim_fault)fault);
        if (is_stream)
            sim.fds[fd].stream->struck = sim.fds[fd].stream->excused = true;
        return -sim_fault_errno(fault);
    }
    sim_trace("   epoll_ctl(%d, %s, %d, %#x)", epoll, operation == EPOLL_CTL_ADD ? "ADD" : operation == EPOLL_CTL_DEL ? "DEL" : "MOD", fd,
              events);
    sim.progress++;
    if (operation == EPOLL_CTL_ADD)
        return item_add(epoll, fd, events, data);
    if (item == NULL)
        return -ENOENT;
    if (operation == EPOLL_CTL_DEL) {
        *item = (struct sim_item){ .epoll = 0 };
        return 0;
    }
    item->events = events;
    item->data = data;
    item->queued = true;
    return 0;
}

/* ------------------------------------------------------------------ what is ready */

static uint32_t item_mask(const struct sim_item *item)
{
    const struct sim_fd *f = &sim.fds[item->fd];
    const uint32_t always = EPOLLERR | EPOLLHUP;
    uint32_t mask = 0;
    if (f->kind == SIM_STREAM)
        mask = sim_stream_mask(f->stream);
    else if (f->kind == SIM_LISTENER)
        mask = sim_listener_mask(f);
    else if (f->kind == SIM_EVENTFD)
        mask = f->value > 0 ? EPOLLIN : 0;
    return mask & (item->events | always);
}

static bool item_is_ready(const struct sim_item *item, int epoll)
{
    if (item->epoll != epoll)
        return false;
    if ((item->events & EPOLLET) && !item->queued)
        return false;
    return item_mask(item) != 0;
}

static int ready_collect(int epoll, uint32_t ready[SIM_ITEMS_MAX])
{
    int count = 0;
    for (uint32_t i = 0; i < sim.item_count; i++)
        if (item_is_ready(&sim.items[i], epoll))
            ready[count++] = i;
        else if (sim.items[i].epoll == epoll)
            sim.items[i].queued = false;
    return count;
}

/* ------------------------------------------------------------------ telling */

static void batch_put(struct batch *b, uint32_t events, uint64_t data)
{
    if (b->count < b->max)
        b->events[b->count++] = (struct epoll_event){ .events = events, .data.u64 = data };
}

static void count_orders(const struct sim_stream *s, uint32_t mask)
{
    static const struct {
        uint32_t all;
        uint32_t none;
        enum sim_fault order;
    } rows[] = {
        { EPOLLIN | EPOLLRDHUP, 0, ORDER_IN_WITH_RDHUP },
        { EPOLLIN | EPOLLHUP, 0, ORDER_IN_WITH_HUP },
        { EPOLLRDHUP, EPOLLIN | EPOLLHUP, ORDER_RDHUP_ALONE },
        { EPOLLHUP, EPOLLIN, ORDER_HUP_ALONE },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if ((mask & rows[i].all) == rows[i].all && (mask & rows[i].none) == 0)
            sim_count(rows[i].order);
    if ((mask & (EPOLLERR | EPOLLHUP)) == (EPOLLERR | EPOLLHUP) && bytes_len(&s->to_server) > 0)
        sim_count(ORDER_ERR_HUP_UNREAD);
    if ((mask & EPOLLRDHUP) && s->arrived == 0)
        sim_count(ORDER_RDHUP_FIRST);
}

/* One connection: all at once as Linux does, or in pieces, or less than all where the rest follows from what is told. */
static void tell_stream(struct batch *b, struct sim_item *item, const struct sim_stream *s, uint32_t mask, int fault)
{
    const uint32_t ends = EPOLLRDHUP | EPOLLHUP;
    item->told_in_batch++;
    if (fault == FAULT_WAIT_ALONE && (mask & ends)) {
        sim_count(FAULT_WAIT_ALONE);
        mask &= ~(uint32_t)(EPOLLIN | (mask & EPOLLHUP ? EPOLLRDHUP : 0));
    }
    if (fault == FAULT_WAIT_TWICE && (mask & (mask - 1)) != 0) {
        sim_count(FAULT_WAIT_TWICE);
        const uint32_t first = mask & EPOLLOUT ? EPOLLOUT : mask & EPOLLIN ? EPOLLIN : mask & (EPOLLRDHUP | EPOLLERR);
        if (first == EPOLLOUT && (mask & EPOLLIN))
            sim_count(ORDER_OUT_BEFORE_IN);
        item->told_in_batch++;
        batch_put(b, first, item->data);
        mask &= ~first;
    }
    count_orders(s, mask);
    batch_put(b, mask, item->data);
}

static void tell_item(struct batch *b, struct sim_item *item)
{
    const struct sim_fd *f = &sim.fds[item->fd];
    const int fault = f->kind == SIM_STREAM ? sim_strike(SIM_WAIT) : -1;
    if (fault == FAULT_WAIT_LATE) {
        sim_count(FAULT_WAIT_LATE);
        return;
    }
    const uint32_t mask = item_mask(item);
    item->queued = false;
    item->told_in_batch = 0;
    sim_trace("         event on %d:%s%s%s%s%s", item->fd, mask & EPOLLIN ? " IN" : "", mask & EPOLLOUT ? " OUT" : "",
              mask & EPOLLRDHUP ? " RDHUP" : "", mask & EPOLLHUP ? " HUP" : "", mask & EPOLLERR ? " ERR" : "");
    if (f->kind == SIM_STREAM)
        tell_stream(b, item, f->stream, mask, fault);
    else
        batch_put(b, mask, item->data);
}

/* An event for a connection that is gone; its descriptor may be another's by now. */
static void tell_ghost(struct batch *b, int epoll)
{
    if (sim.ghost_count == 0)
        return;
    const uint32_t kept = sim.ghost_count < SIM_GHOSTS_MAX ? sim.ghost_count : SIM_GHOSTS_MAX;
    const struct sim_ghost *ghost = &sim.ghosts[chance_below(sim.chance, kept)];
    sim_count(FAULT_WAIT_STALE);
    if (item_of_epoll(epoll, ghost->fd) != NULL)
        sim_count(ORDER_STALE_ON_REUSED);
    sim_trace("         stale event of a closed connection, once on %d", ghost->fd);
    batch_put(b, chance_one_in(sim.chance, 2) ? EPOLLIN | EPOLLOUT : EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR, ghost->data);
}

/* An event that nothing caused. */
static void tell_spurious(struct batch *b, int epoll)
{
    if (sim.item_count == 0)
        return;
    const struct sim_item *item = &sim.items[chance_below(sim.chance, sim.item_count)];
    if (item->epoll != epoll || sim.fds[item->fd].kind != SIM_STREAM)
        return;
    sim_count(FAULT_WAIT_SPURIOUS);
    sim_trace("         spurious event on %d", item->fd);
    batch_put(b, chance_one_in(sim.chance, 2) ? EPOLLIN : EPOLLOUT, item->data);
}

static void batch_shuffle(struct batch *b)
{
    for (int i = b->count - 1; i > 0; i--) {
        const int j = (int)chance_below(sim.chance, (uint32_t)i + 1);
        if (i == j)
            continue;
        const struct epoll_event kept = b->events[i];
        b->events[i] = b->events[j];
        b->events[j] = kept;
        b->shuffled = true;
    }
}

static int tell(int epoll, struct epoll_event *events, int max, const uint32_t *ready, int count, int fault)
{
    struct batch b = { .events = events, .max = max };
    if (fault == FAULT_WAIT_STALE)
        tell_ghost(&b, epoll);
    for (uint32_t i = 0; i < sim.item_count; i++)
        sim.items[i].told_in_batch = 0;
    const int skip = count == 0 ? 0 : (int)chance_below(sim.chance, (uint32_t)count);    /* where a full batch starts changes */
    for (int i = 0; i < count && b.count + 1 < max; i++)
        tell_item(&b, &sim.items[ready[(i + skip) % count]]);
    if (fault == FAULT_WAIT_SPURIOUS)
        tell_spurious(&b, epoll);
    if (fault == FAULT_WAIT_FULL && b.count > 0) {
        sim_count(FAULT_WAIT_FULL);
        while (b.count < max)
            b.events[b.count] = b.events[(int)chance_below(sim.chance, (uint32_t)b.count)], b.count++;
    }
    if (sim.faults_on && chance_one_in(sim.chance, 2))
        batch_shuffle(&b);
    if (b.shuffled)
        sim_count(ORDER_ORDER_SHUFFLED);
    if (b.count > 0)
        sim_count(ORDER_TOLD_BY_EPOLL);
    return b.count;
}

/* ------------------------------------------------------------------ waiting */

/* Lets time pass until something is ready, at most until `until`. */
static int wait_until_ready(int epoll, uint32_t ready[SIM_ITEMS_MAX], uint64_t until)
{
    int count = ready_collect(epoll, ready);
    while (count == 0 && sim.now < until) {
        const uint64_t next = sim_next_time();
        sim_pass((next < until ? next : until) - sim.now);
        count = ready_collect(epoll, ready);
    }
    return count;
}

int os_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms)
{
    uint32_t ready[SIM_ITEMS_MAX];
    sim_enter();
    sim_fd_get(epoll, SIM_EPOLL, "epoll_wait");
    if (timeout_ms < -1 || max < 1)
        sim_broken("epoll_wait with timeout %d and room for %d", timeout_ms, max);
    const int fault = sim_strike(SIM_WAIT);
    if (fault == FAULT_WAIT_NONE || fault == FAULT_WAIT_EINTR) {
        sim_count((enum sim_fault)fault);
        return fault == FAULT_WAIT_EINTR ? -EINTR : 0;
    }
    const uint64_t until = timeout_ms < 0 ? sim.now + 3600000 : sim.now + (uint64_t)timeout_ms;
    int count = wait_until_ready(epoll, ready, until);
    if (fault == FAULT_WAIT_LATE && count > 0 && until > sim.now && until - sim.now < 120000) {
        sim_count(FAULT_WAIT_LATE);
        if (until - sim.now > SIM_NOTICED_MS)
            sim_excuse_all();
        sim_pass(until - sim.now + chance_below(sim.chance, 3));     /* input, and a limit that passed meanwhile */
        count = ready_collect(epoll, ready);
    }
    sim.batch++;
    count = tell(epoll, events, max > BATCH_MAX ? BATCH_MAX : max, ready, count, fault);
    sim_trace("   epoll_wait(timeout %d) = %d", timeout_ms, count);
    return count;
}

/* ------------------------------------------------------------------ eventfd */

int os_eventfd(void)
{
    sim_enter();
    return sim_start_fails() ? -EMFILE : sim_fd_take(SIM_EVENTFD);
}

void os_eventfd_raise(int fd)
{
    sim_fd_get(fd, SIM_EVENTFD, "write of an eventfd")->value++;
    sim_trace("   eventfd_raise(%d)", fd);
}

void os_eventfd_clear(int fd)
{
    sim_enter();
    sim_fd_get(fd, SIM_EVENTFD, "read of an eventfd")->value = 0;
    sim.progress++;
}
