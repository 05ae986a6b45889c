#include <string.h>

#include "core/assert.h"
#include "http/http1_state.h"

/* A source is promised so much room. */
#define PULL_ROOM_MIN 4096

/* How often a source is asked for one send: a send that carries more is cheaper, and each of its pieces may be small. */
#define PULL_TIMES_MAX 16

/* The size of a chunk and its line end, as long as they can be. */
#define CHUNK_SIZE_MAX 10

/* How a gathering of pieces ended. */
enum pulled { PULLED_SOME, PULLED_ALL, PULLED_LATER, PULLED_CUT };

void http1_pull_begin(struct http1 *h, const struct weir_response *response, enum response_framing framing)
{
    weir_assert(h->x->tail.kind == TAIL_NONE);
    h->pull = (struct http1_pull){ .next = response->pull, .release = response->release, .context = response->release_context };
    h->framing = framing;
    h->stream_left = response->length;
    h->pulled = true;
    h->x->pulls = true;
}

void http1_pull_end(struct http1 *h)
{
    void (*release)(void *context) = h->pull.release;
    h->pull.release = NULL;                /* first: releasing happens once, whatever it calls */
    h->x->pulls = false;
    if (release != NULL)
        release(h->pull.context);
}

uint64_t http1_pull_owed(const struct http1 *h)
{
    const uint64_t owed = exchange_owed(h->x);
    const uint64_t content = owed > h->pull.behind ? owed - h->pull.behind : 0;
    return content < h->pull.piece ? content : h->pull.piece;
}

/* Asks until the room is used, the content is complete, or the source has no more now. `*len` is what it gave. */
static enum pulled gather(const struct http1 *h, char *to, size_t room, size_t *len)
{
    const uint64_t most = h->framing == RESPONSE_LENGTH ? h->stream_left : UINT64_MAX;
    *len = 0;
    for (uint32_t times = 0; times < PULL_TIMES_MAX && room - *len >= PULL_ROOM_MIN; times++) {
        const size_t got = h->pull.next(h->pull.context, to + *len, room - *len);
        if (got == 0)
            return h->framing == RESPONSE_LENGTH ? PULLED_CUT : PULLED_ALL;
        if (got == WEIR_PULL_LATER)
            return PULLED_LATER;
        if (got == WEIR_PULL_CUT || got > most - *len || weir_never(got > room - *len))
            return PULLED_CUT;
        *len += got;
        if (*len == most)
            return PULLED_ALL;
    }
    return PULLED_SOME;
}

/* What was gathered stands in the room behind the longest size of a chunk: the size is put before it, and the line end behind it. */
static void frame_chunk(struct exchange *x, size_t len)
{
    char *start = buffer_tail(&x->out);
    struct writer w = { start, start + CHUNK_SIZE_MAX, false };
    response_write_chunk_size(&w, len);
    memmove(w.at, start + CHUNK_SIZE_MAX, len);
    buffer_added(&x->out, (uint32_t)((size_t)(w.at - start) + len));
    const bool fits = http1_append(x, "\r\n", 2);
    weir_assert(fits && !w.overflowed);
    x->abort |= !fits;
}

/* The framing of what was gathered, and the end of the content. */
static void frame(struct http1 *h, size_t len, enum pulled pulled)
{
    struct exchange *x = h->x;
    if (h->framing != RESPONSE_CHUNKED) {
        buffer_added(&x->out, (uint32_t)len);
        return;
    }
    if (len > 0)
        frame_chunk(x, len);
    h->pull.behind = len > 0 ? 2 : 0;
    if (pulled != PULLED_ALL)
        return;
    x->abort |= !http1_append(x, response_last_chunk.ptr, response_last_chunk.len);
    h->pull.behind += (uint32_t)response_last_chunk.len;
}

/* All pieces of a batch become one chunk. A batch begins when the one before has left; the first goes behind the head. */
void http1_pull(struct exchange *x)
{
    struct http1 *h = http1_of(x);
    const size_t framing = h->framing == RESPONSE_CHUNKED ? RESPONSE_CHUNK_MAX : 0;
    const size_t room = buffer_room(&x->out) > framing ? buffer_room(&x->out) - framing : 0;
    size_t len;
    if (exchange_owed(x) > 0 && (h->pull.piece > 0 || room < PULL_ROOM_MIN))
        return;
    const enum pulled pulled = gather(h, buffer_tail(&x->out) + (framing > 0 ? CHUNK_SIZE_MAX : 0), room, &len);
    h->pull.piece = (uint32_t)len;
    h->stream_left -= h->framing == RESPONSE_LENGTH ? len : 0;
    h->record.body_sent += len;
    frame(h, len, pulled);
    x->abort |= pulled == PULLED_CUT;
    x->waiting = pulled == PULLED_LATER;
    if (pulled == PULLED_ALL || pulled == PULLED_CUT)
        http1_pull_end(h);
}
