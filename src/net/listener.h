/* Listening sockets: from an address as people write it to a descriptor that accepts. One socket for each address, shared by all workers. */
#ifndef WEIR_NET_LISTENER_H
#define WEIR_NET_LISTENER_H

#include <stddef.h>

#include "weir.h"

/* Room for "http://[IPv6]:port/" or "unix:" and a path, with the NUL. */
#define LISTENER_URL_SIZE 128

struct listener {
    int fd;
    char url[LISTENER_URL_SIZE];       /* where it really listens: "http://127.0.0.1:8080/", "unix:/run/weir" */
    char path[LISTENER_URL_SIZE];      /* of a unix socket, to be removed when it closes; else empty */
};

/* How many descriptors an address makes: `:8080` listens on both families. */
#define LISTENER_SOCKETS_MAX 2

/* Opens `text` into out[0..], one listener for each socket. How many, or a negated errno; `error` then says what went wrong and what would be
 * right. */
__attribute__((warn_unused_result))
int listener_open(struct listener out[LISTENER_SOCKETS_MAX], const char *text, char error[WEIR_ERROR_SIZE]);
void listener_close(struct listener *l);

/* Accepts one connection. Its descriptor and who it is, or a negated errno. */
__attribute__((warn_unused_result))
int listener_accept(const struct listener *l, struct weir_peer *peer);

#endif
