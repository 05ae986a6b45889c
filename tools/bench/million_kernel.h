/* A kernel for a million connections: every call of os/os.h that they lead to, in memory, at the same cost however many there are. It stands in
 * the place of os_linux.c when linked. A socket takes 20 bytes here, and its client is the simplest there is: it asks when it is told to, reads
 * each answer at once, and closes when the server does. Nothing fails and nothing is late: the kernel where that happens is in tests/sim/. */
#ifndef WEIR_BENCH_MILLION_KERNEL_H
#define WEIR_BENCH_MILLION_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

enum { KERNEL_LISTENER = 3, KERNEL_FIRST_SOCKET = 4 };

struct kernel {
    uint64_t now;              /* ms: only kernel_pass() moves it */
    uint32_t open;             /* sockets */
    uint32_t backlog;          /* clients that wait to be accepted; each has asked already, as with TCP_DEFER_ACCEPT */
    uint64_t answers;          /* that clients have read, ever */
    uint64_t calls;            /* of the server, ever, but for clocks and memory */
};

extern struct kernel kernel;

/* Room for so many sockets. Descriptors are given out from KERNEL_FIRST_SOCKET upwards; one that was closed is given out again before a new one. */
void kernel_boot(uint32_t sockets_max);

/* So many clients connect and ask. */
void kernel_connect(uint32_t count);

/* The client of an open connection asks once more. */
void kernel_ask(int fd);

/* The client of an open connection closes its side. */
void kernel_shut(int fd);

void kernel_pass(uint64_t ms);

/* epoll would tell of something. */
bool kernel_has_news(void);

#endif
