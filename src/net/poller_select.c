/* select(2): level-triggered; a bit for each descriptor below FD_SETSIZE. Every use of a set is checked before: FD_SET() beyond it writes over what
 * lies behind. See poller.h. */
#include <errno.h>
#include <stddef.h>
#include <sys/select.h>

#include "core/assert.h"
#include "net/poller.h"
#include "os/os.h"

struct select_sets {
    fd_set read;                   /* what is waited for */
    fd_set write;
    int count;                     /* descriptors from this one on were never used */
    int next;                      /* where the next batch begins, so that all have their turn */
    uint64_t tokens[FD_SETSIZE];
};

static int select_open(struct poller *p, uint32_t descriptors)
{
    (void)descriptors;
    p->sets = os_alloc(sizeof *p->sets);
    if (p->sets == NULL)
        return -ENOMEM;
    FD_ZERO(&p->sets->read);
    FD_ZERO(&p->sets->write);
    return 0;
}

static void select_close(struct poller *p)
{
    os_free(p->sets);
    p->sets = NULL;
}

static int select_add(struct poller *p, int fd, uint64_t token)
{
    if (fd < 0)
        return -EBADF;
    if (fd >= FD_SETSIZE)
        return -ERANGE;
    p->sets->tokens[fd] = token;
    if (p->sets->count <= fd)
        p->sets->count = fd + 1;
    return 0;
}

static void set_bit(fd_set *set, int fd, bool on)
{
    weir_assert(fd >= 0 && fd < FD_SETSIZE);
    if (on)
        FD_SET(fd, set);
    else
        FD_CLR(fd, set);
}

static void select_want(struct poller *p, int fd, unsigned bits)
{
    if (weir_never(fd < 0 || fd >= FD_SETSIZE))
        return;
    set_bit(&p->sets->read, fd, bits & POLLER_READ);
    set_bit(&p->sets->write, fd, bits & POLLER_WRITE);
}

static int select_add_source(struct poller *p, int fd, uint64_t token, bool shared)
{
    (void)shared;                  /* all that share it are woken, and all but one find nothing */
    const int rc = select_add(p, fd, token);
    if (rc == 0)
        select_want(p, fd, POLLER_READ);
    return rc;
}

/* What could not be added is removed by the same way as what was. */
static void select_remove(struct poller *p, int fd, bool source)
{
    (void)source;
    if (fd >= 0 && fd < FD_SETSIZE)
        select_want(p, fd, 0);
}

/* An error makes a descriptor readable and writable; an end makes it readable: the next call finds out. */
static int select_wait(struct poller *p, struct poller_event *events, int max, int timeout_ms)
{
    struct select_sets *sets = p->sets;
    fd_set read = sets->read, write = sets->write;
    int ready = os_select(sets->count, &read, &write, timeout_ms);
    int count = 0;
    for (int i = 0; i < sets->count && ready > 0 && count < max; i++) {
        const int fd = sets->next < sets->count ? sets->next : 0;
        sets->next = fd + 1;
        const unsigned bits = (FD_ISSET(fd, &read) ? POLLER_READ : 0u) | (FD_ISSET(fd, &write) ? POLLER_WRITE : 0u);
        if (bits == 0)
            continue;
        events[count++] = (struct poller_event){ .token = sets->tokens[fd], .bits = bits };
        ready -= __builtin_popcount(bits);
    }
    return ready < 0 ? ready : count;
}

const struct poller_backend poller_select = {
    .name = "select",
    .descriptors_max = FD_SETSIZE,
    .open = select_open,
    .close = select_close,
    .add = select_add,
    .add_source = select_add_source,
    .want = select_want,
    .remove = select_remove,
    .wait = select_wait,
};
