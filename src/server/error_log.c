#include "server/error_log.h"

#include <stdio.h>

#include "os/os.h"

#define STANDARD_ERROR 2

/* Nothing is told twice within this time. */
#define TELL_AGAIN_MS 60000

static const char *const texts[] = {
    [TROUBLE_DESCRIPTORS] = "out of descriptors: idle connections give way, new ones wait; a higher limit (ulimit -n) helps",
    [TROUBLE_CONNECTIONS] = "all connections are taken: idle ones give way, new ones wait; a higher limit (ulimit -n, --max-connections) helps",
    [TROUBLE_MEMORY] = "out of memory: connections that need more are closed",
    [TROUBLE_POLLER] = "a descriptor is too large for this poller: its connection is closed; --poller epoll or poll has no such bound",
};

void error_log_tell(struct error_log *log, enum trouble what, uint64_t now)
{
    uint64_t told = atomic_load_explicit(&log->told_at[what], memory_order_relaxed);
    if (told != 0 && now - told < TELL_AGAIN_MS)
        return;
    if (!atomic_compare_exchange_strong_explicit(&log->told_at[what], &told, now, memory_order_relaxed, memory_order_relaxed))
        return;                    /* another worker tells it at this moment */
    char line[256];
    const int len = snprintf(line, sizeof line, "%.64s: %s\n", log->name, texts[what]);
    const ssize_t written = os_write(STANDARD_ERROR, line, (size_t)len);
    (void)written;                 /* nobody is left to be told that telling failed */
}
