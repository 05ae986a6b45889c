/* limit: what the kernel alone costs; a server to compare servers with.
 *
 *     limit [OPTION]... PORT ANSWER...
 *
 * A bare epoll loop on 127.0.0.1:PORT. It counts the blank lines in what it receives, and for each it sends the next ANSWER: a file that holds
 * a whole response, head and body, read at the start. With several, each connection gets them in turn, in one order. Nothing is parsed, nothing
 * is checked, no time is limited, no field is composed: who answers the same bytes for less has found a better way to ask the kernel.
 *
 *     --defer           accept with the first bytes there (TCP_DEFER_ACCEPT), read at accept, and register only what stays open
 *     --close           close after the answer: with --defer, accept4, recv, send and close are the whole connection
 *     --sendfile BODY   the one ANSWER is a head, and BODY follows it by sendfile()
 *     --echo            send back what came; no ANSWER
 *     --workers N       processes that share the port, each with a listener of its own
 *
 * Ends by SIGTERM. A connection costs it 32 bytes. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, INPUT_SIZE = 64 << 10, ACCEPTS_MAX = 64, COPIES = 64, COPIES_BYTES = 256 << 10, DEFER_SECONDS = 30, BACKLOG = 4096 };

struct conn {
    char *held;         /* with --echo: what is owed, while a client does not read; else NULL */
    uint64_t owed;      /* bytes that are still to be sent */
    uint64_t at;        /* the next of them: a place on the tape, or in `held` */
    uint32_t answer;    /* which one is next */
    uint32_t matched;   /* how much of a blank line the input ends with */
};

/* All answers behind each other; a lone small one many times over, so that a pipelined batch leaves with one send. The body, if any, follows
 * its end. */
static struct {
    char *bytes;
    uint64_t len;
    uint64_t *lengths;  /* of each answer, `body_len` included */
    uint32_t count;
    bool alike;         /* each is the same: whoever is owed nothing begins at the front, which is in the cache */
    int body;           /* a file, or -1 */
    uint64_t body_len;
} tape = { .body = -1 };

static struct {
    int defer, close, echo;
    int workers;
} option = { .workers = 1 };

static struct conn *conns; /* by descriptor */
static int poller, listener;

static void require(bool holds, const char *what)
{
    if (!holds) {
        perror(what);
        exit(1);
    }
}

/* ------------------------------------------------------------------ one connection */

static void conn_close(int fd)
{
    free(conns[fd].held);
    conns[fd] = (struct conn){ 0 };
    close(fd);          /* which takes it out of the poller, too */
}

/* How many bytes the blank lines in `data` are owed. A blank line may be split over two reads. */
static uint64_t answers_owed(struct conn *c, const char *data, size_t len)
{
    static const char blank_line[] = "\r\n\r\n";
    uint64_t owed = 0;
    for (size_t i = 0; i < len; i++) {
        if (c->matched == 0) {
            const char *const next = memchr(data + i, '\r', len - i);
            if (next == NULL)
                break;
            i = (size_t)(next - data);
        }
        c->matched = data[i] == blank_line[c->matched] ? c->matched + 1 : data[i] == '\r';
        if (c->matched == sizeof(blank_line) - 1) {
            c->matched = 0;
            owed += tape.lengths[c->answer];
            c->answer = (c->answer + 1) % tape.count;
        }
    }
    return owed;
}

/* One call that sends: from the tape, or from the file behind its end. */
static ssize_t tape_send(int fd, struct conn *c)
{
    if (c->at < tape.len) {
        const uint64_t len = c->owed < tape.len - c->at ? c->owed : tape.len - c->at;
        const ssize_t sent = send(fd, tape.bytes + c->at, len, MSG_NOSIGNAL | (tape.body_len > 0 ? MSG_MORE : 0));
        c->at += sent > 0 ? (uint64_t)sent : 0;
        c->at = c->at == tape.len + tape.body_len ? 0 : c->at;
        return sent;
    }
    off_t offset = (off_t)(c->at - tape.len);
    const ssize_t sent = sendfile(fd, tape.body, &offset, tape.body_len - (uint64_t)offset);
    c->at = (uint64_t)offset == tape.body_len ? 0 : tape.len + (uint64_t)offset;
    return sent;
}

/* Sends what is owed, as far as it goes. False: the connection is broken, or over. */
static bool conn_send(int fd, struct conn *c)
{
    const bool over = option.close && c->owed > 0;
    while (c->owed > 0) {
        const ssize_t sent = c->held == NULL ? tape_send(fd, c) : send(fd, c->held + c->at, c->owed, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN;
        c->owed -= (uint64_t)sent;
        if (c->held != NULL)
            c->at += (uint64_t)sent;
    }
    if (c->held != NULL || tape.alike) {
        free(c->held);
        c->held = NULL;
        c->at = c->answer = 0;
    }
    return !over;
}

/* Sends `data` back; what does not leave at once is held. */
static bool conn_echo(int fd, struct conn *c, const char *data, size_t len)
{
    const ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return false;
    const size_t gone = sent < 0 ? 0 : (size_t)sent;
    if (gone < len) {
        c->held = malloc(len - gone);
        require(c->held != NULL, "malloc");
        memcpy(c->held, data + gone, len - gone);
        c->owed = len - gone;
    }
    return true;
}

/* Receives and answers until nothing more is there, or the client does not read. `ending`: the client's side is shut, so its end is to be read, too.
 * False: the connection is closed. */
static bool conn_serve(int fd, bool ending)
{
    static char input[INPUT_SIZE];
    struct conn *const c = &conns[fd];
    bool healthy = conn_send(fd, c);
    while (healthy && c->owed == 0) {
        const ssize_t len = recv(fd, input, sizeof(input), 0);
        if (len < 0 && errno == EAGAIN)
            return true;
        if (len <= 0)
            break;
        if (option.echo) {
            healthy = conn_echo(fd, c, input, (size_t)len);
        } else {
            c->owed = answers_owed(c, input, (size_t)len);
            healthy = conn_send(fd, c);
        }
        if (len < (ssize_t)sizeof(input) && !ending && healthy)
            return true;        /* nothing is left of this edge; the next one tells */
    }
    if (healthy && c->owed > 0)
        return true;
    conn_close(fd);
    return false;
}

/* ------------------------------------------------------------------ the loop */

static void listener_accept(void)
{
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        if (option.defer && !conn_serve(fd, false))
            continue;
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = fd };
        require(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
    }
}

_Noreturn static void loop(void)
{
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        const int count = epoll_wait(poller, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                listener_accept();
            else
                conn_serve(events[i].data.fd, (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
        }
    }
}

/* ------------------------------------------------------------------ the start */

static void listener_open(uint16_t port)
{
    const int on = 1, seconds = DEFER_SECONDS;
    const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    require(listener >= 0, "socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));    /* which accepted connections inherit */
    if (option.defer)
        setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
    require(bind(listener, (const struct sockaddr *)&address, sizeof(address)) == 0, "bind");
    require(listen(listener, BACKLOG) == 0, "listen");
    struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };
    poller = epoll_create1(EPOLL_CLOEXEC);
    require(poller >= 0 && epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) == 0, "epoll");
}

static uint64_t file_open(const char *path, int *fd)
{
    struct stat status;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    require(*fd >= 0 && fstat(*fd, &status) == 0, path);
    return (uint64_t)status.st_size;
}

static void tape_append(const char *path)
{
    int fd;
    const uint64_t size = file_open(path, &fd);
    tape.bytes = realloc(tape.bytes, tape.len + size);
    tape.lengths = realloc(tape.lengths, (tape.count + 1) * sizeof(tape.lengths[0]));
    require(tape.bytes != NULL && tape.lengths != NULL, "realloc");
    require(read(fd, tape.bytes + tape.len, size) == (ssize_t)size, path);
    close(fd);
    tape.len += size;
    tape.lengths[tape.count++] = size + tape.body_len;
}

static void tape_fill(char *paths[], int count)
{
    for (int i = 0; i < count; i++)
        tape_append(paths[i]);
    tape.alike = count == 1;
    for (int i = 1; tape.alike && tape.body < 0 && i < COPIES && tape.len < COPIES_BYTES; i++)
        tape_append(paths[0]);
}

static void workers_start(void)
{
    for (int i = 1; i < option.workers; i++) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            return;
        }
    }
}

static void usage(void)
{
    fputs("limit [--defer] [--close] [--sendfile BODY] [--workers N] PORT ANSWER... | limit --echo [--workers N] PORT\n", stderr);
    exit(2);
}

int main(int argc, char *argv[])
{
    static const struct option options[] = {
        { "defer", no_argument, &option.defer, 1 },
        { "close", no_argument, &option.close, 1 },
        { "echo", no_argument, &option.echo, 1 },
        { "sendfile", required_argument, NULL, 's' },
        { "workers", required_argument, NULL, 'w' },
        { 0 },
    };
    for (int letter; (letter = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (letter == 's')
            tape.body_len = file_open(optarg, &tape.body);
        else if (letter == 'w')
            option.workers = atoi(optarg);
        else if (letter != 0)
            usage();
    }
    if (argc - optind < 1 || (argc - optind == 1) != option.echo || (tape.body >= 0 && argc - optind != 2))
        usage();
    tape_fill(argv + optind + 1, argc - optind - 1);

    signal(SIGPIPE, SIG_IGN);       /* sendfile(2) has no flag for a peer that left */
    struct rlimit descriptors;
    require(getrlimit(RLIMIT_NOFILE, &descriptors) == 0, "getrlimit");
    conns = calloc(descriptors.rlim_cur, sizeof(conns[0]));
    require(conns != NULL, "calloc");
    workers_start();
    listener_open((uint16_t)atoi(argv[optind]));
    loop();
}
