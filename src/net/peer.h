/* Who is at the other end: from the kernel's form to the public one. */
#ifndef WEIR_NET_PEER_H
#define WEIR_NET_PEER_H

#include <sys/socket.h>

#include "weir.h"

/* An IPv4 address that came over an IPv6 socket (::ffff:a.b.c.d) becomes what it is: IPv4. */
struct weir_peer peer_of(const struct sockaddr_storage *address);

#endif
