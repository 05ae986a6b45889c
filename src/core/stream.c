#include "core/stream.h"

#include <string.h>

#include "core/assert.h"

/* What is held of the input ([held, in.end)) was shown to the handler and not taken. */
struct stream {
    struct weir_stream view;
    struct exchange *x;
    bool short_of_room;                /* the handler had more to send than there is room for */
};

static struct stream *stream_of(struct exchange *x)
{
    return (struct stream *)(void *)x->state;
}

static struct stream *stream_of_view(struct weir_stream *view)
{
    return (struct stream *)((uintptr_t)view - offsetof(struct stream, view));
}

size_t weir_stream_send(struct weir_stream *stream, const void *data, size_t len)
{
    struct stream *s = stream_of_view(stream);
    const uint32_t room = buffer_room(&s->x->out);
    const uint32_t taken = len < room ? (uint32_t)len : room;
    s->short_of_room |= taken < len;
    if (taken == 0)
        return 0;                          /* `data` may be NULL */
    memcpy(buffer_tail(&s->x->out), data, taken);
    buffer_added(&s->x->out, taken);
    return taken;
}

void weir_stream_close(struct weir_stream *stream)
{
    stream_of_view(stream)->x->keep = false;
}

static void stream_begin(struct exchange *x)
{
    const struct stream_context *context = x->context;
    *stream_of(x) = (struct stream){ .view = { x->peer, context->worker, *x->user }, .x = x };
}

/* Shows the handler all that it has not taken. How much of it it took. */
static uint32_t show(struct exchange *x)
{
    const struct weir_stream_handler *handler = ((const struct stream_context *)x->context)->handler;
    struct stream *s = stream_of(x);
    const uint32_t len = x->in.end - x->held;
    s->short_of_room = false;
    const size_t taken = handler->receive(&s->view, x->in.data + x->held, len, handler->context);
    *x->user = s->view.user;
    weir_assert(taken <= len);
    return (uint32_t)taken;
}

/* Whatever the handler takes is a message, answered or not; what it leaves waits for more. */
static enum intake stream_take(struct exchange *x)
{
    if (x->phase == PHASE_IDLE)
        x->held = x->in.start;
    const uint32_t owed = buffer_len(&x->out);
    const uint32_t taken = show(x);
    x->held += taken;
    x->held_end = x->in.end;
    x->phase = x->held < x->in.end ? PHASE_HEAD : PHASE_IDLE;
    /* What was not taken for want of room is shown again when there is some; what is incomplete, when more has come. */
    const bool again = taken > 0 || !x->keep || stream_of(x)->short_of_room;
    x->in.start = again ? x->held : x->in.end;
    if (taken > 0 || !x->keep)
        return INTAKE_REQUEST;
    if (again)
        return INTAKE_EXPECT;
    /* As long as the buffer is, and no message: it never will be one. */
    if (x->held == 0 && x->in.end == x->in.cap)
        return INTAKE_REJECT;
    return buffer_len(&x->out) > owed ? INTAKE_EXPECT : INTAKE_MORE;
}

/* The handler has composed its answer already, in stream_take(). */
static void stream_respond(struct exchange *x)
{
    (void)x;
}

/* A protocol of which nothing is known has no words for an error. */
static void stream_refuse(struct exchange *x, enum refusal why)
{
    (void)why;
    x->keep = false;
}

static void stream_interim(struct exchange *x)
{
    x->interim = true;
}

/* Plain connections have no record. */
static void stream_finish(struct exchange *x)
{
    (void)x;
}

static void stream_end(struct exchange *x)
{
    (void)x;
}

static void stream_closed(void *context, const struct weir_peer *peer, void *user)
{
    const struct stream_context *c = context;
    struct weir_stream view = { peer, c->worker, user };
    if (c->handler->end != NULL)
        c->handler->end(&view, c->handler->context);
}

const struct protocol stream_protocol = {
    .name = "stream",
    .state_size = sizeof(struct stream),
    .begin = stream_begin,
    .take = stream_take,
    .respond = stream_respond,
    .refuse = stream_refuse,
    .interim = stream_interim,
    .finish = stream_finish,
    .end = stream_end,
    .closed = stream_closed,
};
