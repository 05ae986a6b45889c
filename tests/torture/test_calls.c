/* Each call of the kernel fails as the kernel may fail it, the first time, the second time, and so on, at the start and while the server serves:
 * nothing stays open, one connection suffers, and the server goes on.
 *
 * --wrap: os_socket os_setsockopt os_bind os_listen os_getsockname os_epoll_create os_eventfd os_openat os_epoll_ctl os_epoll_wait
 * --wrap: os_accept os_recv os_send os_sendfile os_unacknowledged os_shutdown_write pthread_create
 *
 * The linker leads these calls to wrappers, which fail when the test says so. A receive or a send that says EAGAIN although it would not block
 * is not among the failures: no event follows on a real kernel. The simulated one does that. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>

#include "os/os.h"
#include "tests/check_support.h"
#include "tests/handler/folder.h"
#include "tests/server/client.h"

/*    result   name, parameters, arguments, and the errors that it fails with; 0 is the end of a file */
#define CALLS(C) \
    C(int,     os_socket, (int family), (family), EMFILE, ENOBUFS) \
    C(int,     os_setsockopt, (int fd, int level, int option, int value), (fd, level, option, value), ENOBUFS) \
    C(int,     os_bind, (int fd, const struct sockaddr *at, socklen_t len), (fd, at, len), EADDRINUSE, EACCES) \
    C(int,     os_listen, (int fd, int backlog), (fd, backlog), EADDRINUSE) \
    C(int,     os_getsockname, (int fd, struct sockaddr_storage *at, socklen_t *len), (fd, at, len), ENOBUFS) \
    C(int,     os_epoll_create, (void), (), EMFILE, ENOMEM) \
    C(int,     os_eventfd, (void), (), EMFILE, ENOMEM) \
    C(int,     os_openat, (int root, const char *path, int flags), (root, path, flags), EMFILE, EACCES) \
    C(int,     os_epoll_ctl, (int epoll, int what, int fd, uint32_t events, uint64_t data), (epoll, what, fd, events, data), ENOMEM, ENOSPC) \
    C(int,     os_epoll_wait, (int epoll, struct epoll_event *events, int max, int ms), (epoll, events, max, ms), EINTR) \
    C(int,     os_accept, (int fd, struct sockaddr_storage *peer), (fd, peer), \
               EAGAIN, EINTR, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTO, EPERM) \
    C(ssize_t, os_recv, (int fd, void *data, size_t size), (fd, data, size), EINTR, ECONNRESET, ENOMEM) \
    C(ssize_t, os_send, (int fd, const struct iovec *at, int count, bool more), (fd, at, count, more), EINTR, EPIPE, ENOBUFS) \
    C(ssize_t, os_sendfile, (int fd, int file, uint64_t offset, size_t size), (fd, file, offset, size), EINTR, EPIPE, EIO, 0) \
    C(int64_t, os_unacknowledged, (int fd), (fd), EINVAL) \
    C(int,     os_shutdown_write, (int fd), (fd), ENOTCONN)

enum call {
#define AS_ENUM(type, name, parameters, arguments, ...) CALL_##name,
    CALLS(AS_ENUM)
    CALL_COUNT
};

/* Which call fails next: the one with number `at`, from 1. */
static enum call struck = CALL_COUNT;
static unsigned strike_at, called;
static int strike_errno;

static bool strikes(enum call call)
{
    return call == struck && ++called == strike_at;
}

#define AS_WRAPPER(type, name, parameters, arguments, ...) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    type __wrap_##name parameters \
    { \
        return strikes(CALL_##name) ? -strike_errno : __real_##name arguments; \
    }
CALLS(AS_WRAPPER)

#define FAILURES_MAX 10

static const struct fault {
    const char *name;
    enum call call;
    int errnos[FAILURES_MAX];          /* the list ends with INT_MAX */
} faults[] = {
#define AS_FAULT(type, name, parameters, arguments, ...) { #name, CALL_##name, { __VA_ARGS__, INT_MAX } },
    CALLS(AS_FAULT)
};

static void strike(const struct fault *fault, int error, unsigned at)
{
    struck = fault->call;
    strike_errno = error;
    strike_at = at;
    called = 0;
}

/* Whether the call that was to fail was made. */
static bool spare(void)
{
    struck = CALL_COUNT;
    return called >= strike_at;
}

/* ---- a server */

static char folder[FOLDER_PATH_SIZE];
static char error[WEIR_ERROR_SIZE];
static struct weir *server;
static int file;

static void make_file(void)
{
    static char text[100000];
    folder_enter(folder);
    folder_write("file", text, sizeof text);
    file = open("file", O_RDONLY | O_CLOEXEC);
    signal(SIGPIPE, SIG_IGN);
}

static void remove_file(void)
{
    close(file);
    folder_leave(folder);
}

/* "/file" is the file, everything else is hello. */
static void answer(struct weir_request *request, void *context)
{
    (void)context;
    struct weir_response response = { .status = 200, .data = "Hello, world!", .length = 13 };
    if (request->path.len == strlen("/file"))
        response = (struct weir_response){ .status = 200, .body = WEIR_FILE, .fd = file, .length = 100000 };
    weir_respond(request, &response);
}

static const struct weir_handler handler = { .answer = answer };

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* `:0` makes two. */
enum { LISTENERS = 4 };

static struct weir_options torture_options(void)
{
    static const char *const listen[] = { "127.0.0.1:0", ":0", "unix:socket" };
    struct weir_options options = client_options();
    options.listen = listen;
    options.listen_count = 3;
    options.workers = 2;
    options.access_log = "log";
    return options;
}

/* ---- the start */

static void check_start(const struct fault *fault, int errno_wanted)
{
    const struct weir_options options = torture_options();
    bool was_struck = true;
    for (unsigned at = 1; was_struck; at++) {
        const unsigned before = open_descriptors();
        memset(error, 0, sizeof error);
        strike(fault, errno_wanted, at);
        server = weir_open(&options, &handler, error);
        was_struck = spare();
        const size_t len = strlen(error);
        if (server == NULL)
            ck_assert_msg(was_struck && len > 0 && len < sizeof error - 1 && strchr(error, '\n') == NULL, "%s: \"%s\"", fault->name, error);
        else if (fault->call == CALL_os_getsockname)       /* the port that each worker has to share */
            ck_assert(!was_struck);
        weir_close(server);
        ck_assert_msg(open_descriptors() == before, "%s, %s, call %u", fault->name, strerror(errno_wanted), at);
        unlink("socket");              /* which stays where it was bound and could not be used */
    }
}

START_TEST(a_start_survives_the_failure_of_each_call)
{
    for (const int *wanted = faults[_i].errnos; *wanted != INT_MAX; wanted++)
        check_start(&faults[_i], *wanted);
}

/* ---- serving */

static void turn_until_told(int fd)
{
    for (unsigned tries = 0; client_waits(fd, 0); tries++) {
        struct pollfd look = { .fd = weir_fd(server), .events = POLLIN };
        const int wait = weir_wait_ms(server);
        ck_assert_uint_lt(tries, 1000);
        (void)poll(&look, 1, wait < 0 || wait > 10 ? 10 : wait);
        weir_turn(server);
    }
}

/* One request on a connection of its own, and all that comes of it. Its status where all of the answer came, else 0. */
static int ask(const char *request, size_t content)
{
    static char text[200000];
    size_t len = 0;
    int status = 0;
    const int fd = client_dial(server);
    client_send(fd, request);
    for (ssize_t got = 1; got > 0;) {
        turn_until_told(fd);
        got = recv(fd, text + len, sizeof text - 1 - len, 0);
        len += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    text[len] = '\0';
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL || sscanf(text, "HTTP/1.1 %d ", &status) != 1)
        return 0;
    ck_assert_uint_le((size_t)(text + len - end - 4), content);
    return (size_t)(text + len - end - 4) == content ? status : 0;
}

static void check_service(const struct fault *fault, int errno_wanted)
{
    static const struct { const char *request; size_t content; } asked[] = {
        { "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 13 },
        { "GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 100000 },
        { "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 13 },
    };
    struct weir_options options = torture_options();
    struct weir_counters counters;
    bool was_struck = true;
    options.workers = 1;
    for (unsigned at = 1; was_struck && at <= 12; at++) {
        const unsigned before = open_descriptors();
        server = client_open(&options, &handler);
        strike(fault, errno_wanted, at);
        unsigned good = 0;
        for (size_t i = 0; i < COUNT_OF(asked); i++) {
            const int status = ask(asked[i].request, asked[i].content);
            ck_assert(status == 0 || status == 200);
            good += status == 200;
        }
        was_struck = spare();
        ck_assert_msg(good >= COUNT_OF(asked) - 1, "%s, %s, call %u: %u good answers", fault->name, strerror(errno_wanted), at, good);
        ck_assert_int_eq(ask(asked[0].request, 13), 200);
        weir_counters(server, &counters);
        ck_assert_uint_eq(counters.impossible, 0);
        ck_assert_uint_eq(counters.open, 0);
        weir_close(server);
        ck_assert_msg(open_descriptors() == before, "%s, %s, call %u", fault->name, strerror(errno_wanted), at);
    }
}

START_TEST(a_server_survives_the_failure_of_each_call)
{
    for (const int *wanted = faults[_i].errnos; *wanted != INT_MAX; wanted++)
        check_service(&faults[_i], *wanted);
}

/* On a kept connection no event comes again for what was told already. */
START_TEST(a_signal_in_a_call_costs_nothing)
{
    static const struct fault calls[] = {
        { "os_recv", CALL_os_recv, { 0 } }, { "os_send", CALL_os_send, { 0 } }, { "os_sendfile", CALL_os_sendfile, { 0 } },
    };
    static const char *const requests[] = { CLIENT_GET, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n", CLIENT_GET };
    struct weir_options options = torture_options();
    options.workers = 1;
    for (unsigned at = 1; at <= 8; at++) {
        server = client_open(&options, &handler);
        const int fd = client_dial(server);
        strike(&calls[_i], EINTR, at);
        for (size_t i = 0; i < COUNT_OF(requests); i++) {
            client_send(fd, requests[i]);
            turn_until_told(fd);
            for (unsigned turn = 0; turn < 10; turn++)     /* so that all of the file leaves */
                weir_turn(server);
            ck_assert_int_eq(client_status(fd), 200);
        }
        (void)spare();
        close(fd);
        weir_close(server);
    }
}

/* A listener that cannot be registered again, after a pause, is tried until it can. */
START_TEST(accepting_goes_on_when_the_poller_takes_the_listeners_back)
{
    static const struct fault descriptors = { "os_accept", CALL_os_accept, { 0 } }, poller = { "os_epoll_ctl", CALL_os_epoll_ctl, { 0 } };
    struct weir_options options = torture_options();
    options.workers = 1;
    for (unsigned at = 1; at <= LISTENERS + 1; at++) {
        server = client_open(&options, &handler);
        const int fd = client_dial(server);
        client_send(fd, CLIENT_GET);
        strike(&descriptors, EMFILE, 1);
        for (unsigned turns = 0; called == 0; turns++) {
            ck_assert_uint_lt(turns, 100);
            weir_turn(server);
        }
        strike(&poller, ENOMEM, at);   /* each listener in turn; then the connection itself */
        turn_until_told(fd);
        ck_assert(spare());
        ck_assert_int_eq(client_status(fd), 200);
        if (at > LISTENERS)            /* it was answered at once; it cannot wait for its next request */
            client_check_end(fd);
        close(fd);
        weir_close(server);
    }
}

/* ---- threads */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument);
static unsigned threads_left = UINT_MAX;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument)
{
    if (threads_left == 0)
        return EAGAIN;
    threads_left--;
    return __real_pthread_create(thread, attributes, body, argument);
}

START_TEST(without_a_thread_for_each_worker_none_runs)
{
    struct weir_options options = torture_options();
    options.workers = 3;
    for (unsigned threads = 0; threads < 3; threads++) {
        server = client_open(&options, &handler);
        threads_left = threads;
        ck_assert_int_eq(weir_run(server), -EAGAIN);
        threads_left = UINT_MAX;
        weir_close(server);
    }
}

int main(void)
{
    TCase *tests = tcase_create("calls");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, make_file, remove_file);
    tcase_add_loop_test(tests, a_start_survives_the_failure_of_each_call, 0, COUNT_OF(faults));
    tcase_add_loop_test(tests, a_server_survives_the_failure_of_each_call, 0, COUNT_OF(faults));
    tcase_add_loop_test(tests, a_signal_in_a_call_costs_nothing, 0, 3);
    tcase_add_test(tests, accepting_goes_on_when_the_poller_takes_the_listeners_back);
    tcase_add_test(tests, without_a_thread_for_each_worker_none_runs);
    return check_run(tests);
}
