#include "http/http1.h"

#include <string.h>

#include "core/assert.h"
#include "core/counter.h"
#include "http/http1_state.h"

/* A body that is kept whole and whose length is not announced grows from this size. */
#define WHOLE_MIN 4096

_Static_assert((unsigned)WEIR_GET == 1u << METHOD_GET && (unsigned)WEIR_HEAD == 1u << METHOD_HEAD &&
               (unsigned)WEIR_POST == 1u << METHOD_POST && (unsigned)WEIR_PUT == 1u << METHOD_PUT &&
               (unsigned)WEIR_DELETE == 1u << METHOD_DELETE && (unsigned)WEIR_PATCH == 1u << METHOD_PATCH &&
               (unsigned)WEIR_OPTIONS == 1u << METHOD_OPTIONS, "a method's bit is its place in the parser's enum");

static void http1_begin(struct exchange *x)
{
    struct http1 *h = http1_of(x);
    memset(h, 0, offsetof(struct http1, view));
    h->x = x;
    h->context = x->context;
    h->ended = true;
    h->view.user = NULL;
    h->pull.release = NULL;
    h->record.body_sent = 0;
    x->in.cap -= h->context->limits.line_max;
    h->path = x->in.data + x->in.cap;
}

static void message_begin(struct http1 *h)
{
    h->ended = false;
    h->answer = ANSWER_NONE;
    h->intake = WEIR_BODY_DROP;
    h->x->held = h->x->held_end = h->x->in.start;
    request_reset(&h->request, &h->context->limits);
}

static bool method_is_taken(const struct http1 *h)
{
    return (h->context->handler->methods & h->view.method) != 0;
}

/* Refuses a request that the parser had accepted, before its content is read. */
static enum intake refuse_head(struct http1 *h, uint16_t status)
{
    h->refusal = status;
    return INTAKE_REJECT;
}

/* Content will follow: asks the handler what becomes of it. */
static enum intake accept_content(struct http1 *h)
{
    const struct weir_handler *handler = h->context->handler;
    if (h->request.expects_continue && !method_is_taken(h) && h->request.method != METHOD_OPTIONS)
        return refuse_head(h, 405);
    if (handler->head != NULL && method_is_taken(h))
        h->intake = handler->head(&h->view, handler->context);
    if (h->intake == WEIR_BODY_REFUSE)
        return h->answer == ANSWER_EARLY ? INTAKE_REJECT : refuse_head(h, 500);
    if (weir_never(h->answer != ANSWER_NONE && h->answer != ANSWER_STREAMING))
        return INTAKE_REJECT;
    /* RFC 9110 §10.1.1: where content came already, or the answer has begun, the client does not wait. */
    h->owes_continue = h->request.expects_continue && buffer_len(&h->x->in) == 0 && h->answer == ANSWER_NONE;
    /* An answer in pieces needs all the room that there is: what is owed leaves first. */
    const bool needs_room = h->intake == WEIR_BODY_PIECES && exchange_owed(h->x) > 0;
    return h->owes_continue || needs_room ? INTAKE_EXPECT : INTAKE_NONE;
}

/* An answer that streams has something to send, and is in need of it: all input was used, or the next piece may not fit. */
static bool stream_must_leave(const struct http1 *h, bool input_used)
{
    const struct exchange *x = h->x;
    if (h->answer != ANSWER_STREAMING || (exchange_owed(x) == 0 && !x->abort))
        return false;
    return input_used || x->abort || buffer_room(&x->out) < x->in.cap + RESPONSE_CHUNK_MAX;
}

/* INTAKE_NONE: go on. */
static enum intake take_head(struct http1 *h)
{
    h->x->held_end = h->x->in.start;
    if (!http1_view_open(h))
        return refuse_head(h, 400);
    if (h->request.method == METHOD_CONNECT)
        return refuse_head(h, 405);
    return request_in_body(&h->request) ? accept_content(h) : INTAKE_NONE;
}

/* Makes room for `more` bytes of a body that is kept whole. */
static bool whole_grow(struct http1 *h, size_t more)
{
    if (h->whole_cap - h->whole_len >= more)
        return true;
    size_t cap = h->whole_cap == 0 ? WHOLE_MIN : h->whole_cap * 2;
    if (h->whole_cap == 0 && !h->request.chunked)
        cap = h->request.content_length;
    while (cap - h->whole_len < more)
        cap *= 2;
    char *grown = h->context->alloc(cap);
    if (grown == NULL)
        return false;
    if (h->whole_len > 0)
        memcpy(grown, h->whole, h->whole_len);
    h->context->free(h->whole);
    h->whole = grown;
    h->whole_cap = cap;
    return true;
}

/* INTAKE_NONE: go on. */
static enum intake take_piece(struct http1 *h)
{
    const struct slice piece = h->request.piece;
    const struct weir_handler *handler = h->context->handler;
    if (h->intake == WEIR_BODY_PIECES && handler->piece != NULL) {
        http1_view_renew(h);
        handler->piece(&h->view, piece.ptr, piece.len, handler->context);
        if (weir_never(h->answer != ANSWER_NONE && h->answer != ANSWER_STREAMING))
            return INTAKE_REJECT;
        if (stream_must_leave(h, false))
            return INTAKE_EXPECT;
    } else if (h->intake == WEIR_BODY_WHOLE) {
        if (!whole_grow(h, piece.len))
            return refuse_head(h, 503);
        memcpy(h->whole + h->whole_len, piece.ptr, piece.len);
        h->whole_len += piece.len;
    }
    return INTAKE_NONE;
}

static enum phase phase_of(const struct http1 *h)
{
    if (h->ended)
        return PHASE_IDLE;
    if (!request_has_begun(&h->request))
        return h->x->held_end > h->x->held ? PHASE_BLANK : PHASE_IDLE;
    return request_in_body(&h->request) ? PHASE_BODY : PHASE_HEAD;
}

/* INTAKE_NONE: go on. */
static enum intake take_outcome(struct http1 *h, enum request_outcome outcome)
{
    switch (outcome) {
    case REQUEST_INCOMPLETE:
        if (!request_in_body(&h->request))
            h->x->held_end = h->x->in.start;
        return stream_must_leave(h, true) ? INTAKE_EXPECT : INTAKE_MORE;
    case REQUEST_HEAD:
        return take_head(h);
    case REQUEST_BODY:
        return take_piece(h);
    case REQUEST_COMPLETE:
        h->ended = true;
        counter_add(h->context->requests, 1);
        return INTAKE_REQUEST;
    case REQUEST_REFUSED:
        break;
    }
    return INTAKE_REJECT;
}

static enum intake http1_take(struct exchange *x)
{
    struct http1 *h = http1_of(x);
    enum intake intake = INTAKE_NONE;
    if (h->ended)
        message_begin(h);
    while (intake == INTAKE_NONE) {
        size_t taken = 0;
        const struct slice input = { buffer_head(&x->in), buffer_len(&x->in) };
        const enum request_outcome outcome = request_parse(&h->request, input, &taken);
        weir_assert(taken <= input.len);
        x->in.start += (uint32_t)taken;
        intake = take_outcome(h, outcome);
    }
    x->phase = phase_of(h);
    return intake;
}

static void http1_respond(struct exchange *x)
{
    struct http1 *h = http1_of(x);
    const struct weir_handler *handler = h->context->handler;
    http1_view_renew(h);
    if (h->whole != NULL)
        h->view.body = (struct weir_slice){ h->whole, h->whole_len };
    if (method_is_taken(h) && h->request.target.form != TARGET_ASTERISK)
        handler->answer(&h->view, handler->context);
    else if (h->request.method == METHOD_OPTIONS)
        http1_answer_options(h);
    else
        http1_answer_error(h, 405);
    if (h->answer == ANSWER_NONE)
        http1_answer_error(h, 500);
    if (h->answer == ANSWER_STREAMING)
        x->abort = true;                   /* the handler forgot weir_respond_end() */
    x->waiting = h->answer == ANSWER_LATER;
    if (x->waiting)
        http1_record_open(h, 0, 0, true);        /* what is told of it where the connection ends before the answer comes */
    else
        http1_view_close(h);
}

static int refusal_status(const struct http1 *h, enum refusal why)
{
    switch (why) {
    case REFUSE_TRUNCATED:
        return 400;
    case REFUSE_TIMEOUT:
        return 408;
    case REFUSE_MESSAGE:
        break;
    }
    return h->refusal != 0 ? h->refusal : h->request.refusal.status;
}

static void http1_refuse(struct exchange *x, enum refusal why)
{
    struct http1 *h = http1_of(x);
    x->keep = false;
    counter_add(h->context->refused, 1);
    if (h->answer == ANSWER_EARLY)
        h->answer = ANSWER_COMPOSED;
    else if (h->answer == ANSWER_STREAMING)
        x->abort = true;                   /* the answer has begun and cannot become an error: it is cut */
    else
        http1_answer_refusal(h, refusal_status(h, why));
    http1_view_close(h);
}

/* What streams was composed already, piece by piece. */
static void http1_interim(struct exchange *x)
{
    struct http1 *h = http1_of(x);
    x->interim = true;
    if (h->owes_continue)
        x->abort |= !http1_append(x, response_continue.ptr, response_continue.len);
    h->owes_continue = false;
}

static void http1_end(struct exchange *x)
{
    http1_pull_end(http1_of(x));
    http1_view_close(http1_of(x));
}

const struct protocol http1_protocol = {
    .name = "http/1",
    .state_size = sizeof(struct http1),
    .begin = http1_begin,
    .take = http1_take,
    .respond = http1_respond,
    .refuse = http1_refuse,
    .interim = http1_interim,
    .pull = http1_pull,
    .finish = http1_finish,
    .end = http1_end,
};
