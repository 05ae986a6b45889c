/* The simulated kernel: poll(2) and select(2). Both are level-triggered: what is asked about is told by each call for as long as it is so. */
#include <errno.h>
#include <poll.h>

#include "os_sim.h"

_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT && POLLRDHUP == EPOLLRDHUP && POLLHUP == EPOLLHUP && POLLERR == EPOLLERR,
               "sim_stream_mask() speaks for both");

/* What strikes one of the two. */
struct level {
    const char *name;
    enum sim_call call;
    int none, interrupted, spurious, late, alone;    /* -2: there is no such fault */
    enum sim_fault told;
};

static const struct level level_poll = {
    "poll", SIM_POLL, FAULT_POLL_NONE, FAULT_POLL_EINTR, FAULT_POLL_SPURIOUS, FAULT_POLL_LATE, FAULT_POLL_ALONE, ORDER_TOLD_BY_POLL,
};

static const struct level level_select = {
    "select", SIM_SELECT, FAULT_SELECT_NONE, FAULT_SELECT_EINTR, FAULT_SELECT_SPURIOUS, FAULT_SELECT_LATE, -2, ORDER_TOLD_BY_SELECT,
};

static bool is_open(int fd)
{
    return fd < SIM_FDS_MAX && sim.fds[fd].kind != SIM_FREE;
}

/* What is so now, of what is asked and of what is always told. */
static short entry_mask(const struct pollfd *entry)
{
    if (entry->fd < 0)
        return 0;
    if (!is_open(entry->fd))
        return POLLNVAL;
    const struct sim_fd *f = &sim.fds[entry->fd];
    uint32_t mask = 0;
    if (f->kind == SIM_STREAM)
        mask = sim_stream_mask(f->stream);
    else if (f->kind == SIM_LISTENER)
        mask = sim_listener_mask(f);
    else if (f->kind == SIM_EVENTFD)
        mask = POLLOUT | (f->value > 0 ? POLLIN : 0u);
    return (short)(mask & ((uint32_t)(uint16_t)entry->events | POLLERR | POLLHUP));
}

static int entries_look(struct pollfd *entries, uint32_t count)
{
    int ready = 0;
    for (uint32_t i = 0; i < count; i++) {
        entries[i].revents = entry_mask(&entries[i]);
        ready += entries[i].revents != 0;
    }
    return ready;
}

static int wait_until_ready(struct pollfd *entries, uint32_t count, uint64_t until)
{
    int ready = entries_look(entries, count);
    while (ready == 0 && sim.now < until) {
        const uint64_t next = sim_next_time();
        sim_pass((next < until ? next : until) - sim.now);
        ready = entries_look(entries, count);
    }
    return ready;
}

/* ------------------------------------------------------------------ what is told */

/* A connection, and one fault in the way: what is left out now is told by the next call. */
static void entry_strike(const struct level *level, struct pollfd *entry)
{
    if (entry->revents == 0 || entry->revents == POLLNVAL || sim.fds[entry->fd].kind != SIM_STREAM)
        return;
    const int fault = sim_strike(level->call);
    short left = entry->revents;
    if (fault == level->late)
        left = 0;
    else if (fault == level->alone && (left & (POLLRDHUP | POLLHUP)))
        left = (short)(left & ~(POLLIN | (left & POLLHUP ? POLLRDHUP : 0)));
    if (left != entry->revents)
        sim_count((enum sim_fault)fault);
    entry->revents = left;
}

/* One who waits is told of what is not so. */
static void tell_spurious(const struct level *level, struct pollfd *entries, uint32_t count)
{
    struct pollfd *entry = &entries[chance_below(sim.chance, count)];
    if (entry->fd < 0 || !is_open(entry->fd) || sim.fds[entry->fd].kind != SIM_STREAM)
        return;
    sim_count((enum sim_fault)level->spurious);
    entry->revents = (short)(entry->revents | (entry->events & (POLLIN | POLLOUT)));
}

static int tell(const struct level *level, struct pollfd *entries, uint32_t count, int fault)
{
    int told = 0;
    if (fault == level->spurious && count > 0)
        tell_spurious(level, entries, count);
    for (uint32_t i = 0; i < count; i++) {
        entry_strike(level, &entries[i]);
        const short mask = entries[i].revents;
        if (mask == 0)
            continue;
        told++;
        sim_trace("         told of %d:%s%s%s%s%s%s", entries[i].fd, mask & POLLIN ? " IN" : "", mask & POLLOUT ? " OUT" : "",
                  mask & POLLRDHUP ? " RDHUP" : "", mask & POLLHUP ? " HUP" : "", mask & POLLERR ? " ERR" : "", mask & POLLNVAL ? " NVAL" : "");
    }
    if (told > 0)
        sim_count(level->told);
    return told;
}

/* ------------------------------------------------------------------ what is asked */

/* Each connection waits for what its state needs, and for nothing else: see check_worker(). */
static void check_asked(const struct level *level, const struct pollfd *entries, uint32_t count)
{
    static short asked[SIM_FDS_MAX];
    if (!sim.wants_known)
        return;
    for (int fd = 0; fd < SIM_FDS_MAX; fd++)
        asked[fd] = 0;
    for (uint32_t i = 0; i < count; i++)
        if (entries[i].fd >= 0 && entries[i].fd < SIM_FDS_MAX)
            asked[entries[i].fd] = (short)(entries[i].events & (POLLIN | POLLOUT));
    for (int fd = SIM_FIRST_FD; fd < SIM_FDS_MAX; fd++)
        if (sim.fds[fd].kind == SIM_STREAM && asked[fd] != sim.fds[fd].wanted)
            sim_broken("2: client %u: %s is asked about bits %d, its state waits for %d", sim.fds[fd].stream->client, level->name, asked[fd],
                       sim.fds[fd].wanted);
}

static int level_wait(const struct level *level, struct pollfd *entries, uint32_t count, int timeout_ms)
{
    if (timeout_ms < -1)
        sim_broken("%s with timeout %d", level->name, timeout_ms);
    sim.level = true;
    check_asked(level, entries, count);
    const int fault = sim_strike(level->call);
    if (fault == level->none || fault == level->interrupted) {
        for (uint32_t i = 0; i < count; i++)
            entries[i].revents = 0;
        sim_count((enum sim_fault)fault);
        return fault == level->interrupted ? -EINTR : 0;
    }
    const uint64_t until = timeout_ms < 0 ? sim.now + 3600000 : sim.now + (uint64_t)timeout_ms;
    const int ready = wait_until_ready(entries, count, until);
    if (fault == level->late && ready > 0 && until > sim.now && until - sim.now < 120000) {
        sim_count((enum sim_fault)fault);
        sim_excuse_all();
        sim_pass(until - sim.now + chance_below(sim.chance, 3));     /* input, and a limit that passed meanwhile */
        (void)entries_look(entries, count);
    }
    const int told = tell(level, entries, count, fault);
    sim_trace("   %s(timeout %d) = %d", level->name, timeout_ms, told);
    return told;
}

int os_poll(struct pollfd *entries, uint32_t count, int timeout_ms)
{
    sim_enter();
    return level_wait(&level_poll, entries, count, timeout_ms);
}

/* As Linux tells a set: an end and an error make readable, an error makes writable. */
static int sets_fill(const struct pollfd *entries, uint32_t count, fd_set *read, fd_set *write)
{
    int bits = 0;
    FD_ZERO(read);
    FD_ZERO(write);
    for (uint32_t i = 0; i < count; i++) {
        const struct pollfd *entry = &entries[i];
        if ((entry->events & POLLIN) && (entry->revents & (POLLIN | POLLHUP | POLLERR))) {
            FD_SET(entry->fd, read);
            bits++;
        }
        if ((entry->events & POLLOUT) && (entry->revents & (POLLOUT | POLLERR))) {
            FD_SET(entry->fd, write);
            bits++;
        }
    }
    return bits;
}

int os_select(int count, fd_set *read, fd_set *write, int timeout_ms)
{
    struct pollfd entries[FD_SETSIZE];
    uint32_t asked = 0;
    sim_enter();
    if (count < 0 || count > FD_SETSIZE)
        sim_broken("select of %d descriptors: there is room for %d", count, FD_SETSIZE);
    for (int fd = 0; fd < count; fd++) {
        const int events = (FD_ISSET(fd, read) ? POLLIN : 0) | (FD_ISSET(fd, write) ? POLLOUT : 0);
        if (events == 0)
            continue;
        if (!is_open(fd))
            return -EBADF;
        entries[asked++] = (struct pollfd){ .fd = fd, .events = (short)events };
    }
    const int told = level_wait(&level_select, entries, asked, timeout_ms);
    return told < 0 ? told : sets_fill(entries, asked, read, write);
}
