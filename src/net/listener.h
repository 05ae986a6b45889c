/* Listening sockets: from an address as people write it to a descriptor that accepts. Each worker has its own socket for each TCP address,
 * and the kernel deals new connections out among them (SO_REUSEPORT, socket(7)); a unix socket is one, shared by all. */
#ifndef WEIR_NET_LISTENER_H
#define WEIR_NET_LISTENER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "weir.h"

/* Room for "http://[IPv6]:port/" or "unix:" and a path, with the NUL. */
#define LISTENER_URL_SIZE 128

struct listener {
    int fd;
    bool shared;                       /* the descriptor is another listener's, which closes it */
    struct listener_address {          /* where it is bound */
        union {
            struct sockaddr any;
            struct sockaddr_in v4;
            struct sockaddr_in6 v6;
            struct sockaddr_un unix_path;
        } at;
        socklen_t len;
    } address;
    char url[LISTENER_URL_SIZE];       /* where it really listens: "http://127.0.0.1:8080/", "unix:/run/weir" */
    char path[LISTENER_URL_SIZE];      /* of a unix socket, to be removed when it closes; else empty */
};

/* How many descriptors an address makes: `:8080` listens on both families. */
#define LISTENER_SOCKETS_MAX 2

/* Opens `text` into out[0..], one listener for each socket. `to_share`: listener_share() will follow. How many, or a negated errno; `error` then
 * says what went wrong and what would be right. */
__attribute__((warn_unused_result))
int listener_open(struct listener out[LISTENER_SOCKETS_MAX], const char *text, bool to_share, char error[WEIR_ERROR_SIZE]);

/* A listener for one more worker, where `first` was opened to be shared. 0 or a negated errno. Closed before `first`. */
__attribute__((warn_unused_result))
int listener_share(struct listener *out, const struct listener *first);
void listener_close(struct listener *l);

/* From now on a connection waits in the kernel until its first bytes are there, so that accepting it and reading from it is one turn; who
 * stays silent is told of after about a second (TCP_DEFER_ACCEPT, tcp(7)). For protocols in which the client speaks first. Without effect on
 * a unix socket. */
void listener_defer(const struct listener *l);

/* Accepts one connection. Its descriptor and who it is, or a negated errno. */
__attribute__((warn_unused_result))
int listener_accept(const struct listener *l, struct weir_peer *peer);

#endif
