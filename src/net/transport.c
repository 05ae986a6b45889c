#include "net/transport.h"

#include <errno.h>
#include <sys/uio.h>

#include "core/assert.h"
#include "os/os.h"

/* The most that one sendfile(2) is asked for, so that others get their turn. */
#define FILE_PIECE_MAX (512 * 1024)

ssize_t transport_receive(int fd, struct exchange *x)
{
    weir_assert(buffer_room(&x->in) > 0);
    return os_recv(fd, buffer_tail(&x->in), buffer_room(&x->in));
}

static ssize_t send_bytes(int fd, const struct exchange *x)
{
    const struct iovec head = { buffer_head(&x->out), buffer_len(&x->out) };
    return os_send(fd, &head, 1, x->tail.kind == TAIL_FILE);
}

static ssize_t send_memory(int fd, const struct exchange *x)
{
    /* sendmsg(2) reads what an iovec points to. */
    const struct iovec stretches[] = {
        { buffer_head(&x->out), buffer_len(&x->out) },
        { (void *)(uintptr_t)x->tail.memory, x->tail.left },
    };
    return stretches[0].iov_len > 0 ? os_send(fd, stretches, 2, false) : os_send(fd, stretches + 1, 1, false);
}

static ssize_t send_file(int fd, const struct exchange *x)
{
    const size_t size = x->tail.left < FILE_PIECE_MAX ? (size_t)x->tail.left : FILE_PIECE_MAX;
    const ssize_t sent = os_sendfile(fd, x->tail.file, x->tail.offset, size);
    return sent == 0 ? -ENODATA : sent;
}

ssize_t transport_send(int fd, const struct exchange *x)
{
    weir_assert(exchange_owed(x) > 0);
    if (x->tail.kind == TAIL_MEMORY)
        return send_memory(fd, x);
    return buffer_len(&x->out) > 0 ? send_bytes(fd, x) : send_file(fd, x);
}

ssize_t transport_drop(int fd, char *scratch, size_t max)
{
    return os_recv(fd, scratch, max);
}

int64_t transport_unacknowledged(int fd)
{
    const int64_t bytes = os_unacknowledged(fd);
    return bytes < 0 ? 0 : bytes;
}

void transport_shut(int fd)
{
    /* It fails where the peer has reset the connection: the next receive tells so. */
    const int rc = os_shutdown_write(fd);
    (void)rc;
}

void transport_close(int fd, bool reset)
{
    if (reset) {
        const int rc = os_reset_on_close(fd);   /* it only makes the end less clear to the peer */
        (void)rc;
    }
    os_close(fd);
}
