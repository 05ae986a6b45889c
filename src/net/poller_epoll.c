/* epoll(7): edge-triggered for connections, level-triggered for sources. See poller.h. */
#include <stddef.h>
#include <sys/epoll.h>

#include "net/poller.h"
#include "os/os.h"

/* One batch. What does not fit is told by the next call. */
#define BATCH 256

static int epoll_open(struct poller *p, uint32_t descriptors)
{
    (void)descriptors;
    p->fd = os_epoll_create();
    return p->fd < 0 ? p->fd : 0;
}

static void epoll_close(struct poller *p)
{
    os_close(p->fd);
    p->fd = -1;
}

static int epoll_add(struct poller *p, int fd, uint64_t token)
{
    return os_epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET, token);
}

static int epoll_add_source(struct poller *p, int fd, uint64_t token, bool shared)
{
    return os_epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, EPOLLIN | (shared ? (uint32_t)EPOLLEXCLUSIVE : 0), token);
}

/* Each change is told once, whoever waits for it: nothing to do. */
static void epoll_want(struct poller *p, int fd, unsigned bits)
{
    (void)p;
    (void)fd;
    (void)bits;
}

/* A connection's registration goes with its descriptor. */
static void epoll_remove(struct poller *p, int fd, bool source)
{
    if (!source)
        return;
    /* It fails only where the descriptor is not registered, and then there is nothing to remove. */
    const int rc = os_epoll_ctl(p->fd, EPOLL_CTL_DEL, fd, 0, 0);
    (void)rc;
}

/* A broken connection is told as all at once: whichever call is made next finds out what it is. */
static unsigned bits_told(uint32_t events)
{
    const bool broken = events & (EPOLLERR | EPOLLHUP);
    unsigned bits = 0;
    if (events & EPOLLIN || broken)
        bits |= POLLER_READ;
    if (events & EPOLLOUT || broken)
        bits |= POLLER_WRITE;
    if (events & (EPOLLRDHUP | EPOLLPRI) || broken)
        bits |= POLLER_READ | POLLER_SHUT;
    return bits;
}

static int epoll_wait_events(struct poller *p, struct poller_event *events, int max, int timeout_ms)
{
    struct epoll_event batch[BATCH];
    const int count = os_epoll_wait(p->fd, batch, max < BATCH ? max : BATCH, timeout_ms);
    for (int i = 0; i < count; i++)
        events[i] = (struct poller_event){ .token = batch[i].data.u64, .bits = bits_told(batch[i].events) };
    return count;
}

const struct poller_backend poller_epoll = {
    .name = "epoll",
    .open = epoll_open,
    .close = epoll_close,
    .add = epoll_add,
    .add_source = epoll_add_source,
    .want = epoll_want,
    .remove = epoll_remove,
    .wait = epoll_wait_events,
};
