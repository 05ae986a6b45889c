/* Where the bytes of a connection are received and sent: the transport seam. Plain TCP and unix sockets now; room for a second one (TLS)
 * beside it, without a change to the machine. Results as in os.h: >= 0, or a negated errno. */
#ifndef WEIR_NET_TRANSPORT_H
#define WEIR_NET_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/exchange.h"

/* Receives into the room behind x->in. Bytes received, 0 at the end of the stream. */
__attribute__((warn_unused_result))
ssize_t transport_receive(int fd, struct exchange *x);

/* Sends what x owes, in one call where the kernel takes it: bytes, then memory or a stretch of a file. Bytes that left, at least one; -ENODATA:
 * the file ended before its stretch did. x is not changed: exchange_sent() follows. */
__attribute__((warn_unused_result))
ssize_t transport_send(int fd, const struct exchange *x);

/* Receives and drops at most `max` bytes, into `scratch`. Bytes dropped, 0 at the end of the stream. */
__attribute__((warn_unused_result))
ssize_t transport_drop(int fd, char *scratch, size_t max);

/* Bytes that left and that the peer has not acknowledged, or 0 where the kernel cannot tell. */
int64_t transport_unacknowledged(int fd);

/* Shuts our side after what was sent. */
void transport_shut(int fd);

/* Ends the connection; `reset`: the peer is told that something was lost. */
void transport_close(int fd, bool reset);

#endif
