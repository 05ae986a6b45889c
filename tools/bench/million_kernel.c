#include "tools/bench/million_kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "os/os.h"

enum { EPOLL = 1, WAKE = 2 };

enum socket_bit {
    SOCKET_OPEN = 1 << 0,
    SOCKET_WATCHED = 1 << 1,   /* registered with the epoll */
    SOCKET_ASKED = 1 << 2,     /* a request can be received */
    SOCKET_SHUT = 1 << 3,      /* the client has closed its side */
    SOCKET_NEWS = 1 << 4,      /* something happened that epoll has not told of */
    SOCKET_QUEUED = 1 << 5     /* it stands in `told`, for news of its own or of who had the descriptor before */
};

struct kernel kernel;

struct socket {
    uint64_t token;
    uint32_t next_free;
    uint32_t bits;
};

static struct socket *sockets; /* by descriptor */

static uint32_t *told;         /* a ring: descriptors with news, in the order in which it came */
static uint32_t told_first, told_count, sockets_end, free_first;
static struct { uint64_t token; bool watched, ready; } wake, listener;

static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

__attribute__((noreturn)) static void die(const char *what)
{
    fprintf(stderr, "million: %s\n", what);
    exit(1);
}

/* Memory that is there from the start: what the process takes later is the server's. */
static void *take_pages(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (pages == MAP_FAILED)
        die("no memory for the simulated kernel");
    return pages;
}

static struct socket *socket_of(int fd)
{
    if (fd < KERNEL_FIRST_SOCKET || (uint32_t)fd >= sockets_end || !(sockets[fd].bits & SOCKET_OPEN))
        die("a call on a descriptor that is not open");
    return &sockets[fd];
}

static void news(int fd, uint32_t bits)
{
    struct socket *s = socket_of(fd);
    s->bits |= bits;
    if (!(s->bits & SOCKET_WATCHED))
        return;
    s->bits |= SOCKET_NEWS;
    if (s->bits & SOCKET_QUEUED)
        return;
    s->bits |= SOCKET_QUEUED;
    const uint32_t last = told_first + told_count++;
    told[last < sockets_end ? last : last - sockets_end] = (uint32_t)fd;
}

/* ---- the clients ---- */

void kernel_boot(uint32_t sockets_max)
{
    sockets_end = KERNEL_FIRST_SOCKET + sockets_max;
    sockets = take_pages(sockets_end * sizeof *sockets);
    told = take_pages(sockets_end * sizeof *told);
    for (uint32_t fd = KERNEL_FIRST_SOCKET; fd < sockets_end; fd++)
        sockets[fd].next_free = fd + 1;
    free_first = KERNEL_FIRST_SOCKET;
    kernel.now = 1;
}

void kernel_connect(uint32_t count)
{
    kernel.backlog += count;
}

void kernel_ask(int fd)
{
    news(fd, SOCKET_ASKED);
}

void kernel_shut(int fd)
{
    news(fd, SOCKET_SHUT);
}

void kernel_pass(uint64_t ms)
{
    kernel.now += ms;
}

bool kernel_has_news(void)
{
    return kernel.backlog > 0 || told_count > 0 || wake.ready;
}

/* ---- time, memory, the machine ---- */

uint64_t os_now_ms(void)
{
    return kernel.now;
}

struct timespec os_wall_clock(void)
{
    return (struct timespec){ .tv_sec = 1700000000 + (time_t)(kernel.now / 1000) };
}

void *os_alloc(size_t size)
{
    return calloc(1, size);
}

void *os_alloc_raw(size_t size)
{
    return malloc(size);
}

void os_free(void *memory)
{
    free(memory);
}

uint32_t os_descriptors_max(void)
{
    return sockets_end;
}

/* ---- sockets ---- */

int os_accept(int fd, struct sockaddr_storage *peer)
{
    kernel.calls++;
    if (fd != KERNEL_LISTENER || kernel.backlog == 0)
        return -EAGAIN;
    if (free_first == sockets_end)
        return -EMFILE;
    const uint32_t taken = free_first;
    struct socket *s = &sockets[taken];
    free_first = s->next_free;
    s->bits = SOCKET_OPEN | SOCKET_ASKED | (s->bits & SOCKET_QUEUED);
    kernel.backlog--;
    kernel.open++;
    struct sockaddr_in *address = (struct sockaddr_in *)peer;
    *address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = (in_port_t)taken, .sin_addr = { taken } };
    return (int)taken;
}

ssize_t os_recv(int fd, void *data, size_t size)
{
    kernel.calls++;
    struct socket *s = socket_of(fd);
    if (!(s->bits & SOCKET_ASKED))
        return s->bits & SOCKET_SHUT ? 0 : -EAGAIN;
    if (size < sizeof request - 1)
        die("a receive has no room for a small request");
    s->bits &= ~(uint32_t)SOCKET_ASKED;
    memcpy(data, request, sizeof request - 1);
    return sizeof request - 1;
}

/* One whole answer in one call is what these clients get. */
ssize_t os_send(int fd, const struct iovec *stretches, int count, bool more)
{
    static const char good[] = "HTTP/1.1 200";
    kernel.calls++;
    socket_of(fd);
    if (count != 1 || more || stretches[0].iov_len < sizeof good - 1 || memcmp(stretches[0].iov_base, good, sizeof good - 1) != 0)
        die("an answer that is not a 200");
    kernel.answers++;
    return (ssize_t)stretches[0].iov_len;
}

int64_t os_unacknowledged(int fd)
{
    kernel.calls++;
    socket_of(fd);
    return 0;
}

int os_shutdown_write(int fd)
{
    kernel.calls++;
    kernel_shut(fd);
    return 0;
}

int os_reset_on_close(int fd)
{
    kernel.calls++;
    socket_of(fd);
    return 0;
}

void os_close(int fd)
{
    kernel.calls++;
    if (fd < KERNEL_FIRST_SOCKET)
        return;
    struct socket *s = socket_of(fd);
    s->bits &= SOCKET_QUEUED;
    s->next_free = free_first;
    free_first = (uint32_t)fd;
    kernel.open--;
}

void os_listen_stop(int fd)
{
    (void)fd;
    kernel.calls++;
    kernel.backlog = 0;
}

/* ---- readiness ---- */

int os_epoll_create(void)
{
    return EPOLL;
}

int os_eventfd(void)
{
    return WAKE;
}

void os_eventfd_raise(int fd)
{
    (void)fd;
    wake.ready = true;
}

void os_eventfd_clear(int fd)
{
    (void)fd;
    kernel.calls++;
    wake.ready = false;
}

int os_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t data)
{
    (void)epoll;
    (void)events;
    kernel.calls++;
    if (fd == WAKE || fd == KERNEL_LISTENER) {
        const bool watched = operation == EPOLL_CTL_ADD;
        *(fd == WAKE ? &wake.watched : &listener.watched) = watched;
        *(fd == WAKE ? &wake.token : &listener.token) = data;
        return 0;
    }
    struct socket *s = socket_of(fd);
    s->token = data;
    s->bits |= SOCKET_WATCHED;
    news(fd, 0);               /* epoll(7): whoever is ready when it is registered is told of */
    return 0;
}

/* Edge-triggered: the state as it is now, for each socket to which something happened. */
static uint32_t events_of(const struct socket *s)
{
    uint32_t events = EPOLLOUT;
    if (s->bits & (SOCKET_ASKED | SOCKET_SHUT))
        events |= EPOLLIN;
    if (s->bits & SOCKET_SHUT)
        events |= EPOLLRDHUP;
    return events;
}

int os_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms)
{
    (void)epoll;
    (void)timeout_ms;          /* who has nothing to tell returns: time passes elsewhere */
    kernel.calls++;
    int count = 0;
    if (wake.watched && wake.ready)
        events[count++] = (struct epoll_event){ .events = EPOLLIN, .data.u64 = wake.token };
    if (listener.watched && kernel.backlog > 0)
        events[count++] = (struct epoll_event){ .events = EPOLLIN, .data.u64 = listener.token };
    while (count < max && told_count > 0) {
        struct socket *s = &sockets[told[told_first]];
        told_first = told_first + 1 < sockets_end ? told_first + 1 : 0;
        told_count--;
        const bool has_news = s->bits & SOCKET_NEWS;
        s->bits &= ~(uint32_t)(SOCKET_NEWS | SOCKET_QUEUED);
        if (has_news)
            events[count++] = (struct epoll_event){ .events = events_of(s), .data.u64 = s->token };
    }
    return count;
}

/* Of the error log, which nobody reads. */
ssize_t os_write(int fd, const void *data, size_t size)
{
    (void)fd;
    (void)data;
    kernel.calls++;
    return (ssize_t)size;
}

/* ---- what these connections never lead to ---- */

#pragma GCC diagnostic ignored "-Wunused-parameter"
#define NEVER(type, name, parameters) type name parameters { die(#name); }

NEVER(int, os_socket, (int family))
NEVER(int, os_setsockopt, (int fd, int level, int option, int value))
NEVER(int, os_bind, (int fd, const struct sockaddr *address, socklen_t len))
NEVER(int, os_listen, (int fd, int backlog))
NEVER(int, os_connect, (int fd, const struct sockaddr *address, socklen_t len))
NEVER(int, os_getsockname, (int fd, struct sockaddr_storage *address, socklen_t *len))
NEVER(ssize_t, os_sendfile, (int fd, int file, uint64_t offset, size_t size))
NEVER(int, os_poll, (struct pollfd entries[], uint32_t count, int timeout_ms))
NEVER(int, os_select, (int count, fd_set *read, fd_set *write, int timeout_ms))
NEVER(int, os_openat2, (int root, const char *path, int flags, uint64_t resolve))
NEVER(int, os_openat, (int root, const char *path, int flags))
NEVER(int, os_fstat, (int fd, struct stat *status))
NEVER(ssize_t, os_pread, (int fd, void *data, size_t size, uint64_t offset))
NEVER(ssize_t, os_pread_cached, (int fd, void *data, size_t size, uint64_t offset))
NEVER(int, os_is_in_memory, (int fd))
NEVER(int, os_dup, (int fd))
NEVER(int, os_fstatat, (int folder, const char *name, struct stat *status, bool follow))
NEVER(ssize_t, os_getdents, (int folder, void *entries, size_t size))
NEVER(int, os_unlink, (const char *path))
NEVER(int, os_dup3, (int from, int to))
NEVER(int, os_cpus, (cpu_set_t cpus[]))
NEVER(uint32_t, os_cpu_count, (void))
