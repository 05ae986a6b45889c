/* balance: how listeners deal connections out to workers.
 *
 *     balance serve LISTENER WORKERS PORT STALL      a bare server on 127.0.0.1 whose answers say which worker gave them
 *     balance ask PORT CLIENTS COUNT keep|close      asks once on each of COUNT connections, CLIENTS of which are under way at a time
 *
 * LISTENER: `reuseport`, one for each worker; or one for all, of which `exclusive` wakes one worker (EPOLLEXCLUSIVE), `single` does, too, and
 * accepts one connection for each time that it is woken, and `herd` wakes all. The server is otherwise as weir is: it accepts when the first bytes
 * are there, up to 64 connections in a turn, reads at once, and registers only what is kept. Worker 0 sleeps for STALL ms before each of its
 * answers.
 *
 * `ask` prints "worker connections" for each that answered, then "- connections-a-second median 99th-of-100 slowest" in µs from connect() to the
 * answer. `keep` leaves all open until the end. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS_MAX = 256, EVENTS_MAX = 256, ACCEPTS_MAX = 64, BACKLOG = 4096, SOURCES = 16 };

static void require(bool holds, const char *what)
{
    if (!holds) {
        perror(what);
        exit(1);
    }
}

static void watch(int poller, int fd, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.fd = fd };
    require(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

/* ------------------------------------------------------------------ the server */

struct kind {
    const char *name;
    bool each;          /* a listener for each worker */
    uint32_t events;
    int accepts;        /* in a turn */
};

static const struct kind kinds[] = {
    { "reuseport", true, EPOLLIN, ACCEPTS_MAX },
    { "exclusive", false, EPOLLIN | EPOLLEXCLUSIVE, ACCEPTS_MAX },
    { "single", false, EPOLLIN | EPOLLEXCLUSIVE, 1 },
    { "herd", false, EPOLLIN, ACCEPTS_MAX },
};

struct worker {
    const struct kind *kind;
    int index, poller, listener, stall_ms;
};

static int listener_open(uint16_t port)
{
    const int on = 1;
    const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    require(fd >= 0, "socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof(on));
    require(bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0, "bind");
    require(listen(fd, BACKLOG) == 0, "listen");
    return fd;
}

/* False: the connection is closed. */
static bool serve(const struct worker *w, int fd)
{
    char request[1024], answer[128];
    const ssize_t got = recv(fd, request, sizeof(request) - 1, 0);
    if (got < 0 && errno == EAGAIN)
        return true;
    request[got > 0 ? got : 0] = '\0';
    if (got > 0 && w->index == 0 && w->stall_ms > 0)
        nanosleep(&(struct timespec){ .tv_sec = w->stall_ms / 1000, .tv_nsec = w->stall_ms % 1000 * 1000000L }, NULL);
    const int len = snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n%03d", w->index);
    const bool open = got > 0 && send(fd, answer, (size_t)len, MSG_NOSIGNAL) == len && strstr(request, "close") == NULL;
    if (!open)
        close(fd);
    return open;
}

static void *run_worker(void *worker)
{
    const struct worker *w = worker;
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        const int count = epoll_wait(w->poller, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd != w->listener) {
                serve(w, events[i].data.fd);
                continue;
            }
            for (int n = 0, fd; n < w->kind->accepts && (fd = accept4(w->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0; n++)
                if (serve(w, fd))
                    watch(w->poller, fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
        }
    }
    return NULL;
}

static int run_server(const char *listener, int workers, uint16_t port, int stall_ms)
{
    static struct worker crew[WORKERS_MAX];
    const struct kind *kind = kinds;
    while (kind < kinds + sizeof(kinds) / sizeof(kinds[0]) - 1 && strcmp(kind->name, listener) != 0)
        kind++;
    for (int i = 0; i < workers; i++) {
        const int fd = kind->each || i == 0 ? listener_open(port) : crew[0].listener;
        crew[i] = (struct worker){ kind, i, epoll_create1(EPOLL_CLOEXEC), fd, stall_ms };
        watch(crew[i].poller, fd, kind->events);
    }
    for (int i = 1; i < workers; i++) {
        pthread_t thread;
        require(pthread_create(&thread, NULL, run_worker, &crew[i]) == 0, "pthread_create");
    }
    run_worker(&crew[0]);
    return 0;
}

/* ------------------------------------------------------------------ the clients */

struct asking {         /* by descriptor */
    uint64_t since_ns;
    uint32_t len;
    char answer[512];
};

static struct {
    uint16_t port;
    bool keep;
    int poller, begun, wanted;
    uint32_t *latencies;        /* µs, in the order of the answers */
    int answered;
    uint32_t of_worker[WORKERS_MAX];
    struct asking *asking;
} crowd;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* From several addresses of loopback, in turn, so that there are ports for all. */
static void client_begin(void)
{
    const int on = 1;
    const struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)crowd.begun % SOURCES) };
    const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(crowd.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    require(fd >= 0, "socket");
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    require(bind(fd, (const struct sockaddr *)&from, sizeof(from)) == 0, "bind");
    crowd.asking[fd].since_ns = now_ns();
    crowd.asking[fd].len = 0;
    crowd.begun++;
    require(connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS, "connect");
    watch(crowd.poller, fd, EPOLLOUT);
}

static void client_connected(int fd)
{
    static const char close[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", keep[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const char *const request = crowd.keep ? keep : close;
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    require(send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request), "connect");
    require(epoll_ctl(crowd.poller, EPOLL_CTL_MOD, fd, &event) == 0, "epoll_ctl");
}

static void client_end(int fd, int worker)
{
    static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };      /* no port waits for two minutes */
    crowd.of_worker[worker % WORKERS_MAX]++;
    crowd.latencies[crowd.answered++] = (uint32_t)((now_ns() - crowd.asking[fd].since_ns) / 1000);
    if (!crowd.keep) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(fd);
    } else {
        epoll_ctl(crowd.poller, EPOLL_CTL_DEL, fd, NULL);
    }
    if (crowd.begun < crowd.wanted)
        client_begin();
}

static void client_read(int fd)
{
    struct asking *const a = &crowd.asking[fd];
    const ssize_t got = recv(fd, a->answer + a->len, sizeof(a->answer) - 1 - a->len, 0);
    require(got > 0, "an answer");
    a->len += (uint32_t)got;
    a->answer[a->len] = '\0';
    const char *const end = strstr(a->answer, "\r\n\r\n");
    if (end != NULL && strlen(end) == 7)
        client_end(fd, atoi(end + 4));
}

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int run_clients(uint16_t port, int clients, int count, bool keep)
{
    struct epoll_event events[EVENTS_MAX];
    crowd.port = port;
    crowd.keep = keep;
    crowd.wanted = count;
    crowd.poller = epoll_create1(EPOLL_CLOEXEC);
    crowd.latencies = calloc((size_t)count, sizeof(crowd.latencies[0]));
    crowd.asking = calloc((size_t)sysconf(_SC_OPEN_MAX), sizeof(crowd.asking[0]));
    require(crowd.latencies != NULL && crowd.asking != NULL, "calloc");
    const uint64_t start = now_ns();
    while (crowd.begun < clients && crowd.begun < count)
        client_begin();
    while (crowd.answered < count) {
        const int ready = epoll_wait(crowd.poller, events, EVENTS_MAX, 30000);
        require(ready > 0, "an answer within 30 s");
        for (int i = 0; i < ready; i++)
            (events[i].events & EPOLLOUT ? client_connected : client_read)(events[i].data.fd);
    }
    const double seconds = (double)(now_ns() - start) / 1e9;
    qsort(crowd.latencies, (size_t)count, sizeof(crowd.latencies[0]), compare);
    for (int i = 0; i < WORKERS_MAX; i++)
        if (crowd.of_worker[i] > 0)
            printf("%d %u\n", i, crowd.of_worker[i]);
    printf("- %.0f %u %u %u\n", count / seconds, crowd.latencies[count / 2], crowd.latencies[count * 99LL / 100], crowd.latencies[count - 1]);
    return 0;
}

int main(int argc, char *argv[])
{
    if (argc == 6 && strcmp(argv[1], "serve") == 0)
        return run_server(argv[2], atoi(argv[3]), (uint16_t)atoi(argv[4]), atoi(argv[5]));
    if (argc == 6 && strcmp(argv[1], "ask") == 0)
        return run_clients((uint16_t)atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), strcmp(argv[5], "keep") == 0);
    fputs("balance serve LISTENER WORKERS PORT STALL | balance ask PORT CLIENTS COUNT keep|close\n", stderr);
    return 2;
}
