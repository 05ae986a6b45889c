/* poll(2): level-triggered; an entry for each descriptor, at the place of its number. See poller.h. */
#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "core/assert.h"
#include "net/poller.h"
#include "os/os.h"

/* entries[fd].fd is fd where it is waited for, else -1: the kernel skips that. */
struct poll_table {
    uint32_t cap;
    uint32_t count;                /* entries from this one on were never used: their memory is untouched */
    uint32_t next;                 /* where the next batch begins, so that all have their turn */
    uint64_t *tokens;
    struct pollfd entries[];
};

/* Entries are memory: where the limit of descriptors is "a billion" there is room for so many. */
#define ENTRIES_MAX (1u << 20)

static int poll_open(struct poller *p, uint32_t descriptors)
{
    if (descriptors > ENTRIES_MAX)
        descriptors = ENTRIES_MAX;
    struct poll_table *table = os_alloc(sizeof *table + descriptors * sizeof table->entries[0]);
    uint64_t *tokens = os_alloc(descriptors * sizeof *tokens);
    if (table == NULL || tokens == NULL) {
        os_free(table);
        os_free(tokens);
        return -ENOMEM;
    }
    table->cap = descriptors;
    table->tokens = tokens;
    p->table = table;
    return 0;
}

static void poll_close(struct poller *p)
{
    os_free(p->table->tokens);
    os_free(p->table);
    p->table = NULL;
}

static int poll_add(struct poller *p, int fd, uint64_t token)
{
    struct poll_table *table = p->table;
    if (fd < 0)
        return -EBADF;
    if ((uint32_t)fd >= table->cap)
        return -ERANGE;
    while (table->count <= (uint32_t)fd)
        table->entries[table->count++] = (struct pollfd){ .fd = -1 };
    table->tokens[fd] = token;
    return 0;
}

static void poll_want(struct poller *p, int fd, unsigned bits)
{
    weir_assert((uint32_t)fd < p->table->count);
    const int events = (bits & POLLER_READ ? POLLIN | POLLRDHUP : 0) | (bits & POLLER_WRITE ? POLLOUT : 0);
    /* Who waits for nothing is not asked about: errors would be told without end. */
    p->table->entries[fd] = (struct pollfd){ .fd = events != 0 ? fd : -1, .events = (short)events };
}

static int poll_add_source(struct poller *p, int fd, uint64_t token, bool shared)
{
    (void)shared;                  /* all that share it are woken, and all but one find nothing */
    const int rc = poll_add(p, fd, token);
    if (rc == 0)
        poll_want(p, fd, POLLER_READ);
    return rc;
}

static void poll_remove(struct poller *p, int fd, bool source)
{
    (void)source;
    if ((uint32_t)fd < p->table->count)
        p->table->entries[fd] = (struct pollfd){ .fd = -1 };
}

/* As in poller_epoll.c. */
static unsigned bits_told(short events)
{
    const bool broken = events & (POLLERR | POLLHUP | POLLNVAL);
    unsigned bits = 0;
    if (events & POLLIN || broken)
        bits |= POLLER_READ;
    if (events & POLLOUT || broken)
        bits |= POLLER_WRITE;
    if (events & POLLRDHUP || broken)
        bits |= POLLER_READ | POLLER_SHUT;
    return bits;
}

static int poll_wait(struct poller *p, struct poller_event *events, int max, int timeout_ms)
{
    struct poll_table *table = p->table;
    int ready = os_poll(table->entries, table->count, timeout_ms);
    int count = 0;
    for (uint32_t i = 0; i < table->count && ready > 0 && count < max; i++) {
        const uint32_t fd = table->next < table->count ? table->next : 0;
        table->next = fd + 1;
        if (table->entries[fd].fd < 0 || table->entries[fd].revents == 0)
            continue;
        events[count++] = (struct poller_event){ .token = table->tokens[fd], .bits = bits_told(table->entries[fd].revents) };
        ready--;
    }
    return ready < 0 ? ready : count;
}

const struct poller_backend poller_poll = {
    .name = "poll",
    .open = poll_open,
    .close = poll_close,
    .add = poll_add,
    .add_source = poll_add_source,
    .want = poll_want,
    .remove = poll_remove,
    .wait = poll_wait,
};
