/* The other end of a server under test: a server that runs in a thread, and a client that speaks with it over real sockets. A step that fails
 * ends the test. Everything waits at most ten seconds. */
#ifndef WEIR_TESTS_SERVER_CLIENT_H
#define WEIR_TESTS_SERVER_CLIENT_H

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "weir.h"

#define CLIENT_GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define CLIENT_WAIT_MS 10000

/* ---- a server */

struct running {
    struct weir *server;
    pthread_t thread;
    int rc;                            /* of weir_run(), valid after running_join() */
};

static inline void *running_main(void *running)
{
    struct running *r = running;
    r->rc = weir_run(r->server);
    return NULL;
}

/* Options for a test: one worker, any port of 127.0.0.1. */
static inline struct weir_options client_options(void)
{
    static const char *const listen[] = { "127.0.0.1:0" };
    struct weir_options options = weir_defaults();
    options.listen = listen;
    options.listen_count = 1;
    options.workers = 1;
    return options;
}

static inline struct weir *client_open(const struct weir_options *options, const struct weir_handler *handler)
{
    char error[WEIR_ERROR_SIZE] = "";
    struct weir *server = weir_open(options, handler, error);
    ck_assert_msg(server != NULL, "%s", error);
    return server;
}

static inline struct weir *client_open_streams(const struct weir_options *options, const struct weir_stream_handler *handler)
{
    char error[WEIR_ERROR_SIZE] = "";
    struct weir *server = weir_open_streams(options, handler, error);
    ck_assert_msg(server != NULL, "%s", error);
    return server;
}

static inline void running_begin(struct running *r, struct weir *server)
{
    r->server = server;
    ck_assert_int_eq(pthread_create(&r->thread, NULL, running_main, r), 0);
}

static inline void running_start(struct running *r, const struct weir_options *options, const struct weir_handler *handler)
{
    running_begin(r, client_open(options, handler));
}

static inline void running_join(struct running *r)
{
    ck_assert_int_eq(pthread_join(r->thread, NULL), 0);
    ck_assert_int_eq(r->rc, 0);
}

static inline void running_stop(struct running *r)
{
    weir_stop(r->server);
    running_join(r);
    weir_close(r->server);
}

/* ---- a client */

/* A connection to an address as weir_address() tells it, or a negated errno. It blocks. */
static inline int client_try(const char *url)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un path;
    } to = { .any = { .sa_family = AF_UNIX } };
    socklen_t len = sizeof to.path;
    unsigned port = 0;
    if (sscanf(url, "%*[a-z]://[%*[^]]]:%u", &port) == 1) {
        to.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
        len = sizeof to.v6;
    } else if (sscanf(url, "%*[a-z]://%*[^:]:%u", &port) == 1) {
        to.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        len = sizeof to.v4;
    } else {
        snprintf(to.path.sun_path, sizeof to.path.sun_path, "%s", url + strlen("unix:"));
    }
    const int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    if (connect(fd, &to.any, len) == 0)
        return fd;
    const int rc = -errno;
    close(fd);
    return rc;
}

static inline int client_dial(const struct weir *server)
{
    const int fd = client_try(weir_address(server, 0));
    ck_assert_msg(fd >= 0, "%s: %s", weir_address(server, 0), strerror(-fd));
    return fd;
}

static inline void client_send(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static inline bool client_waits(int fd, int ms)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    return poll(&wait, 1, ms) == 0;
}

/* Some bytes; 0 at the end of the stream; a negated errno. */
static inline ssize_t client_receive(int fd, void *data, size_t size)
{
    ck_assert_msg(!client_waits(fd, CLIENT_WAIT_MS), "nothing comes");
    const ssize_t got = recv(fd, data, size, 0);
    return got < 0 ? -errno : got;
}

/* One answer to a request that was not HEAD: its head, NUL-terminated, and how long its content was. Returns the status. */
static inline int client_answer(int fd, char head[4096], size_t *content)
{
    char dropped[65536];
    size_t len = 0, got = 0;
    while (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0) {
        ck_assert_uint_lt(len, 4095);
        ck_assert_int_eq(client_receive(fd, head + len, 1), 1);
        len++;
    }
    head[len] = '\0';
    const char *length = strstr(head, "\r\nContent-Length: ");
    *content = length != NULL ? strtoul(length + strlen("\r\nContent-Length: "), NULL, 10) : 0;
    while (got < *content) {
        const size_t left = *content - got;
        const ssize_t came = client_receive(fd, dropped, left < sizeof dropped ? left : sizeof dropped);
        ck_assert_msg(came > 0, "the content ended after %zu of %zu bytes", got, *content);
        got += (size_t)came;
    }
    ck_assert_int_eq(strncmp(head, "HTTP/1.1 ", 9), 0);
    return atoi(head + 9);
}

static inline int client_status(int fd)
{
    char head[4096];
    size_t content;
    return client_answer(fd, head, &content);
}

/* A request and its answer on a kept connection. */
static inline void client_ask(int fd)
{
    client_send(fd, CLIENT_GET);
    ck_assert_int_eq(client_status(fd), 200);
}

/* The server ends the stream, and sends nothing before. */
static inline void client_check_end(int fd)
{
    char byte;
    const ssize_t got = client_receive(fd, &byte, 1);
    ck_assert_msg(got == 0 || got == -ECONNRESET, "%zd, not the end", got);
}

#endif
