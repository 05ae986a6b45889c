#include "net/poller.h"

#include <stddef.h>
#include <string.h>

const struct poller_backend *poller_find(const char *name)
{
    static const struct poller_backend *const all[] = { &poller_epoll, &poller_poll, &poller_select };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(name, all[i]->name) == 0)
            return all[i];
    return NULL;
}

int poller_descriptor(const struct poller *p)
{
    return p->backend == &poller_epoll ? p->fd : -1;
}
