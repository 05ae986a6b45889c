/* Plain connections on the protocol seam, under a script of the kernel: bytes come in pieces, leave in pieces, the transport may break, and the
 * handler echoes, echoes by lines, or spells each byte out. What was sent back equals what was received, whatever the cuts.
 *
 * Input: six bytes of choices (the handler and what ends the connection, the sizes of the buffers, what one receive gives, what one send takes, the
 * lengths of two pieces that come in turn), then the bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "require.h"
#include "tests/core/stream_rig.h"

enum { CHOICES = 6, BYTES_MAX = 8192, SPELLED = 11 };

static struct stream_rig rig;
static size_t ends;

static void keep_something(struct weir_stream *stream)
{
    require(stream->worker == STREAM_RIG_WORKER);
    require(memcmp(stream->peer, &rig.peer, sizeof rig.peer) == 0);
    if (stream->user == NULL)
        stream->user = malloc(1);      /* a leak, where it has no end */
}

static size_t echo(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    (void)context;
    require(len > 0);
    keep_something(stream);
    return weir_stream_send(stream, data, len);
}

/* Only what ends with a line's end is answered. */
static size_t echo_lines(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    const char *stop = memrchr(data, '\n', len);
    (void)context;
    keep_something(stream);
    return stop == NULL ? 0 : weir_stream_send(stream, data, (size_t)(stop + 1 - (const char *)data));
}

/* Each byte eleven times. How far it is with one, which may be more than there is room for at once, it keeps in mind. */
static size_t spell(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    static char marks[SPELLED];
    const char *bytes = data;
    (void)context;
    for (size_t taken = 0; taken < len; taken++) {
        char copies[SPELLED];
        memset(copies, bytes[taken], sizeof copies);
        const size_t done = stream->user == NULL ? 0 : (size_t)((char *)stream->user - marks);
        const size_t sent = weir_stream_send(stream, copies + done, SPELLED - done);
        stream->user = done + sent < SPELLED ? marks + done + sent : NULL;
        if (stream->user != NULL)
            return taken;
    }
    return len;
}

static void end_and_free(struct weir_stream *stream, void *context)
{
    (void)context;
    require(stream->user != NULL);
    free(stream->user);
    ends++;
}

static const struct weir_stream_handler handlers[] = {
    { .receive = echo, .end = end_and_free }, { .receive = echo_lines, .end = end_and_free }, { .receive = spell },
};

enum { HANDLERS = sizeof handlers / sizeof handlers[0] };

static void feed(struct slice bytes, const uint8_t *pieces)
{
    for (unsigned turn = 0; bytes.len > 0 && rig.conn.state == CONN_READING; turn ^= 1) {
        const size_t len = (size_t)pieces[turn] + 1 < bytes.len ? (size_t)pieces[turn] + 1 : bytes.len;
        char *piece = malloc(len);     /* of its own, so that a read outside it is seen */
        require(piece != NULL);
        memcpy(piece, bytes.ptr, len);
        stream_rig_give(&rig, (struct slice){ piece, len });
        require(rig.arriving.len == 0 || rig.conn.state != CONN_READING);
        free(piece);
        bytes = slice_from(bytes, len);
    }
}

/* What left is the beginning of what came, times as often as the handler says each. */
static void check_sent(struct slice bytes, unsigned times)
{
    require(rig.sent_len <= times * bytes.len);
    for (size_t i = 0; i < rig.sent_len; i++)
        require(rig.sent[i] == bytes.ptr[i / times]);
}

/* How much of it has to leave where nothing broke. */
static size_t due(struct slice bytes, unsigned which)
{
    if (which == 1) {
        const char *stop = bytes.len > 0 ? memrchr(bytes.ptr, '\n', bytes.len) : NULL;
        return stop == NULL ? 0 : (size_t)(stop + 1 - bytes.ptr);
    }
    return which == 2 ? SPELLED * bytes.len : bytes.len;
}

/* A line may be longer than the buffer: that ends the connection. */
static bool has_long_line(struct slice bytes, size_t max)
{
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        len = bytes.ptr[i] == '\n' ? 0 : len + 1;
        if (len >= max)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CHOICES || size > BYTES_MAX)
        return 0;
    const struct slice bytes = { (const char *)data + CHOICES, size - CHOICES };
    const unsigned which = data[0] % HANDLERS;
    stream_rig_open(&rig, &handlers[which], 16 + data[1] % 16 * 8u, 4 + data[1] / 16 * 8u);
    rig.receive_max = data[2];
    rig.send_max = data[3];
    rig.break_after = data[0] & 0x80 ? 1 + (size_t)data[0] * 3 : 0;
    ends = 0;
    feed(bytes, data + 4);
    if (!(data[0] & 0x40))
        stream_rig_shut(&rig);
    const bool is_idle = rig.conn.state != CONN_READING || rig.conn.exchange == NULL || which == 1;
    require(is_idle);
    check_sent(bytes, which == 2 ? SPELLED : 1);
    if (rig.break_after == 0 && !(which == 1 && has_long_line(bytes, rig.in_cap)))
        require(rig.sent_len == due(bytes, which));
    const bool kept = rig.conn.user != NULL;
    stream_rig_close(&rig);
    require(ends <= 1 && (!kept || handlers[which].end == NULL || ends == 1));
    require(rig.conn.exchange == NULL);
    return 0;
}
