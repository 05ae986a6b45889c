/* The error log: standard error, told of what goes wrong with the whole server. Each thing is told once, and not again for a minute, however
 * often it happens and to however many workers: one line that says what runs short and what helps. */
#ifndef WEIR_SERVER_ERROR_LOG_H
#define WEIR_SERVER_ERROR_LOG_H

#include <stdatomic.h>
#include <stdint.h>

enum trouble { TROUBLE_DESCRIPTORS, TROUBLE_CONNECTIONS, TROUBLE_MEMORY, TROUBLE_POLLER, TROUBLE_COUNT };

/* Shared by all workers. Zeroed but for the name, nothing has been told. */
struct error_log {
    const char *name;                              /* stands before each line: "weir" */
    _Atomic uint64_t told_at[TROUBLE_COUNT];       /* ms, on the workers' clock; 0: never */
};

/* Any thread; `now` in ms, above 0. */
void error_log_tell(struct error_log *log, enum trouble what, uint64_t now);

#endif
