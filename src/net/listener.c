#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "net/peer.h"
#include "os/os.h"
#include "parser/address.h"

/* Connections that the kernel keeps until they are accepted; it takes less where net.core.somaxconn says so. */
#define BACKLOG 4096

/* An address in the kernel's form. */
struct socket_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un unix_path;
    } at;
    socklen_t len;
};

static struct socket_address kernel_address(const struct address *a)
{
    struct socket_address s = { .len = 0 };
    switch (a->kind) {
    case ADDRESS_IPV4:
        s.at.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(a->port) };
        memcpy(&s.at.v4.sin_addr, a->ip, 4);
        s.len = sizeof s.at.v4;
        break;
    case ADDRESS_IPV6:
    case ADDRESS_ANY:
        s.at.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(a->port) };
        memcpy(&s.at.v6.sin6_addr, a->ip, 16);
        s.len = sizeof s.at.v6;
        break;
    case ADDRESS_UNIX:
        s.at.unix_path = (struct sockaddr_un){ .sun_family = AF_UNIX };
        memcpy(s.at.unix_path.sun_path, a->path.ptr, a->path.len);
        s.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + a->path.len + 1);
        break;
    }
    return s;
}

/* ---- unix sockets that somebody left behind ---- */

static bool is_socket(const char *path)
{
    struct stat status;
    const int fd = os_openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW);
    if (fd < 0)
        return false;
    const bool socket = os_fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
    os_close(fd);
    return socket;
}

/* A socket at `path` on which nobody listens is removed: its server ended without doing so. Anything else stays, and bind(2) tells. */
static void remove_stale(const struct socket_address *address)
{
    const char *path = address->at.unix_path.sun_path;
    if (!is_socket(path))
        return;
    const int fd = os_socket(AF_UNIX);
    if (fd < 0)
        return;
    if (os_connect(fd, &address->at.any, address->len) == -ECONNREFUSED)
        os_unlink(path);
    os_close(fd);
}

/* ---- opening ---- */

/* Options that every accepted connection inherits (tcp(7)): none costs a call later. */
static int set_options(int fd, int family)
{
    if (family == AF_UNIX)
        return 0;
    int rc = os_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (rc == 0)
        rc = os_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (rc == 0 && family == AF_INET6)
        rc = os_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    return rc;
}

static int open_socket(const struct socket_address *address)
{
    const int family = address->at.any.sa_family;
    const int fd = os_socket(family);
    if (fd < 0)
        return fd;
    int rc = set_options(fd, family);
    if (rc == 0 && family == AF_UNIX)
        remove_stale(address);
    if (rc == 0)
        rc = os_bind(fd, &address->at.any, address->len);
    if (rc == 0)
        rc = os_listen(fd, BACKLOG);
    if (rc == 0)
        return fd;
    os_close(fd);
    return rc;
}

/* The port that the kernel chose where 0 was asked for; 0 where it cannot tell. */
static uint16_t real_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (os_getsockname(fd, &address, &len) < 0)
        return 0;
    return peer_of(&address).port;
}

static void write_url(struct listener *l, const struct address *a, uint16_t port)
{
    char text[INET6_ADDRSTRLEN] = "";
    switch (a->kind) {
    case ADDRESS_UNIX:
        snprintf(l->path, sizeof l->path, "%.*s", (int)a->path.len, a->path.ptr);
        snprintf(l->url, sizeof l->url, "unix:%.*s", (int)a->path.len, a->path.ptr);
        break;
    case ADDRESS_IPV4:
        inet_ntop(AF_INET, a->ip, text, sizeof text);
        snprintf(l->url, sizeof l->url, "http://%s:%u/", text, port);
        break;
    case ADDRESS_IPV6:
    case ADDRESS_ANY:
        inet_ntop(AF_INET6, a->ip, text, sizeof text);
        snprintf(l->url, sizeof l->url, "http://[%s]:%u/", text, port);
        break;
    }
}

static int open_one(struct listener *l, const struct address *a)
{
    const struct socket_address address = kernel_address(a);
    *l = (struct listener){ .fd = open_socket(&address) };
    if (l->fd < 0)
        return l->fd;
    write_url(l, a, a->kind == ADDRESS_UNIX ? 0 : real_port(l->fd));
    return 0;
}

/* All addresses of both families, on one port. A machine without IPv6 has the one family alone. */
static int open_both(struct listener out[LISTENER_SOCKETS_MAX], const struct address *a)
{
    const struct address v4 = { .kind = ADDRESS_IPV4, .port = a->port };
    int rc = open_one(&out[0], &v4);
    if (rc < 0)
        return rc;
    const struct address v6 = { .kind = ADDRESS_IPV6, .port = a->port != 0 ? a->port : real_port(out[0].fd) };
    rc = open_one(&out[1], &v6);
    if (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL)
        return 1;
    if (rc == 0)
        return 2;
    listener_close(&out[0]);
    return rc;
}

/* What a person can do about it. */
static const char *advice(int rc)
{
    switch (rc) {
    case -EADDRINUSE:
        return "; another program listens there: stop it, or choose another port (0 takes a free one)";
    case -EACCES:
        return "; ports below 1024 and other users' folders need more rights: choose another port or path";
    case -EADDRNOTAVAIL:
        return "; this machine has no such address";
    default:
        return "";
    }
}

int listener_open(struct listener out[LISTENER_SOCKETS_MAX], const char *text, char error[WEIR_ERROR_SIZE])
{
    struct address address;
    const char *fault = address_parse(slice_of(text), &address);
    if (fault != NULL) {
        snprintf(error, WEIR_ERROR_SIZE, "address %.80s: %s", text, fault);
        return -EINVAL;
    }
    const int rc = address.kind == ADDRESS_ANY ? open_both(out, &address) : open_one(out, &address);
    if (rc < 0) {
        snprintf(error, WEIR_ERROR_SIZE, "cannot listen on %.80s: %s%s", text, strerror(-rc), advice(rc));
        return rc;
    }
    return address.kind == ADDRESS_ANY ? rc : 1;
}

void listener_close(struct listener *l)
{
    os_close(l->fd);
    l->fd = -1;
    if (l->path[0] != '\0')
        os_unlink(l->path);
}

int listener_accept(const struct listener *l, struct weir_peer *peer)
{
    struct sockaddr_storage address;
    const int fd = os_accept(l->fd, &address);
    if (fd >= 0)
        *peer = peer_of(&address);
    return fd;
}
