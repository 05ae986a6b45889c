#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "net/peer.h"
#include "os/os.h"
#include "parser/address.h"

/* Connections that the kernel keeps until they are accepted; it takes less where net.core.somaxconn says so. */
#define BACKLOG 4096

static struct listener_address kernel_address(const struct address *a)
{
    struct listener_address s = { .len = 0 };
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
static void remove_stale(const struct listener_address *address)
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
static int set_options(int fd, int family, bool reuse_port)
{
    if (family == AF_UNIX)
        return 0;
    int rc = os_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (rc == 0)
        rc = os_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (rc == 0 && family == AF_INET6)
        rc = os_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (rc == 0 && reuse_port)
        rc = os_setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    return rc;
}

/* A socket that is bound, and does not listen yet. */
static int bind_socket(const struct listener_address *address, bool reuse_port)
{
    const int family = address->at.any.sa_family;
    const int fd = os_socket(family);
    if (fd < 0)
        return fd;
    int rc = set_options(fd, family, reuse_port);
    if (rc == 0)
        rc = os_bind(fd, &address->at.any, address->len);
    if (rc == 0)
        return fd;
    os_close(fd);
    return rc;
}

static int open_socket(const struct listener_address *address, bool reuse_port)
{
    const int fd = bind_socket(address, reuse_port);
    const int rc = fd < 0 ? fd : os_listen(fd, BACKLOG);
    if (rc == 0)
        return fd;
    if (fd >= 0)
        os_close(fd);
    return rc;
}

/* Whether another program listens there. SO_REUSEPORT would let the two share the port without a word, so it is asked without. */
static int check_free(const struct listener_address *address)
{
    const int fd = bind_socket(address, false);
    if (fd < 0)
        return fd;
    os_close(fd);
    return 0;
}

/* Of a unix socket: 0. */
static uint16_t port_of(const struct listener *l)
{
    switch (l->address.at.any.sa_family) {
    case AF_INET: return ntohs(l->address.at.v4.sin_port);
    case AF_INET6: return ntohs(l->address.at.v6.sin6_port);
    default: return 0;
    }
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

/* The port that the kernel chose, where it was 0. */
static int learn_port(struct listener *l)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    const int rc = os_getsockname(l->fd, &bound, &len);
    if (rc == 0)
        memcpy(&l->address.at, &bound, len < sizeof l->address.at ? len : sizeof l->address.at);
    return rc;
}

/* The first listener of an address. */
static int open_one(struct listener *l, const struct address *a, bool to_share)
{
    const bool reuse_port = to_share && a->kind != ADDRESS_UNIX;
    *l = (struct listener){ .address = kernel_address(a) };
    if (a->kind == ADDRESS_UNIX)
        remove_stale(&l->address);
    const int rc = reuse_port && a->port != 0 ? check_free(&l->address) : 0;
    l->fd = rc < 0 ? rc : open_socket(&l->address, reuse_port);
    if (l->fd < 0)
        return l->fd;
    const int learnt = a->kind == ADDRESS_UNIX ? 0 : learn_port(l);
    if (learnt < 0) {
        os_close(l->fd);
        return learnt;
    }
    write_url(l, a, port_of(l));
    return 0;
}

/* All addresses of both families, on one port. A machine without IPv6 has the one family alone. */
static int open_both(struct listener out[LISTENER_SOCKETS_MAX], const struct address *a, bool to_share)
{
    const struct address v4 = { .kind = ADDRESS_IPV4, .port = a->port };
    int rc = open_one(&out[0], &v4, to_share);
    if (rc < 0)
        return rc;
    const struct address v6 = { .kind = ADDRESS_IPV6, .port = port_of(&out[0]) };
    rc = open_one(&out[1], &v6, to_share);
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
        return "; it is in use: stop the program that listens there, or choose another port (0 takes a free one) or path";
    case -EACCES:
        return "; ports below 1024 and other users' folders need more rights: choose another port or path";
    case -EADDRNOTAVAIL:
        return "; this machine has no such address";
    default:
        return "";
    }
}

int listener_open(struct listener out[LISTENER_SOCKETS_MAX], const char *text, bool to_share, char error[WEIR_ERROR_SIZE])
{
    struct address address;
    const char *fault = address_parse(slice_of(text), &address);
    if (fault != NULL) {
        snprintf(error, WEIR_ERROR_SIZE, "address %.80s: %s", text, fault);
        return -EINVAL;
    }
    const int rc = address.kind == ADDRESS_ANY ? open_both(out, &address, to_share) : open_one(out, &address, to_share);
    if (rc < 0) {
        snprintf(error, WEIR_ERROR_SIZE, "cannot listen on %.80s: %s%s", text, strerror(-rc), advice(rc));
        return rc;
    }
    return address.kind == ADDRESS_ANY ? rc : 1;
}

int listener_share(struct listener *out, const struct listener *first)
{
    *out = *first;
    out->shared = first->address.at.any.sa_family == AF_UNIX;
    if (!out->shared)
        out->fd = open_socket(&out->address, true);
    return out->fd < 0 ? out->fd : 0;
}

void listener_close(struct listener *l)
{
    if (l->shared)
        return;
    os_close(l->fd);
    l->fd = -1;
    if (l->path[0] != '\0')
        os_unlink(l->path);
}

void listener_defer(const struct listener *l)
{
    const int rc = os_setsockopt(l->fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
    (void)rc;                          /* a unix socket has no such option: there one wait more is all that it costs */
}

int listener_accept(const struct listener *l, struct weir_peer *peer)
{
    struct sockaddr_storage address;
    const int fd = os_accept(l->fd, &address);
    if (fd >= 0)
        *peer = peer_of(&address);
    return fd;
}
