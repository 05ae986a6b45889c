#include "http/http1.h"

#include <string.h>

#include "core/assert.h"
#include "core/counter.h"
#include "http/error_page.h"
#include "http/response.h"

/* A borrowed body up to this size is copied behind its head: cheaper than a second stretch, and requests behind it can be answered
 * in the same send. */
#define INLINE_MAX 4096

/* A body that is kept whole and whose length is not announced grows from this size. */
#define WHOLE_MIN 4096

/* Where the answer to the current request stands. */
enum answer {
    ANSWER_NONE,
    ANSWER_LATER,              /* weir_defer() was called: weir_respond() comes when it comes */
    ANSWER_EARLY,              /* composed by head(), before the content was read; refuse() has still to be called */
    ANSWER_COMPOSED
};

struct http1 {
    struct exchange *x;
    struct http1_context *context;
    struct weir_request view;
    struct http_record record;         /* valid while record_open */
    char *path;                        /* room for a decoded path: request_limits.line_max bytes */
    char *whole;                       /* WEIR_BODY_WHOLE: the content so far; NULL: nothing yet */
    size_t whole_len;
    size_t whole_cap;
    uint64_t ticket;                   /* serial number of the last one for this connection */
    enum answer answer;
    enum weir_intake intake;
    uint16_t refusal;                  /* status of a refusal that is not the parser's; 0: none */
    bool ended;                        /* the current request is complete: the next byte begins another */
    bool record_open;
    struct request request;
};

_Static_assert((unsigned)WEIR_GET == 1u << METHOD_GET && (unsigned)WEIR_HEAD == 1u << METHOD_HEAD &&
               (unsigned)WEIR_POST == 1u << METHOD_POST && (unsigned)WEIR_PUT == 1u << METHOD_PUT &&
               (unsigned)WEIR_DELETE == 1u << METHOD_DELETE && (unsigned)WEIR_PATCH == 1u << METHOD_PATCH &&
               (unsigned)WEIR_OPTIONS == 1u << METHOD_OPTIONS, "a method's bit is its place in the parser's enum");

static struct http1 *http1_of(struct exchange *x)
{
    return (struct http1 *)(void *)x->state;
}

static struct http1 *http1_of_view(const struct weir_request *view)
{
    return (struct http1 *)((uintptr_t)view - offsetof(struct http1, view));
}

static const char *head_of(const struct http1 *h)
{
    return h->x->in.data + h->x->held;
}

static struct weir_slice public_slice(struct slice s)
{
    return (struct weir_slice){ s.ptr, s.len };
}

/* ---- the view that a handler gets ---- */

static struct slice target_text(struct slice target, struct target_part part)
{
    return (struct slice){ target.ptr + part.start, part.len };
}

/* false: the path climbs above the root. */
static bool view_path(struct http1 *h, struct slice target)
{
    const struct slice path = target_text(target, h->request.target.path);
    if (h->request.target.form == TARGET_ASTERISK || h->request.target.form == TARGET_AUTHORITY) {
        h->view.path = (struct weir_slice){ "", 0 };
        return true;
    }
    if (h->request.target.is_plain && path.len > 0) {
        h->view.path = public_slice(path);
        return true;
    }
    const size_t len = target_decode_path(path, h->path);
    h->view.path = (struct weir_slice){ h->path, len };
    return len > 0;
}

static bool view_open(struct http1 *h)
{
    const char *head = head_of(h);
    const struct request *r = &h->request;
    const struct slice target = request_text(head, r->raw_target);
    h->view = (struct weir_request){
        .method = r->method <= METHOD_OPTIONS ? (enum weir_method)(1u << r->method) : (enum weir_method)0,
        .method_name = public_slice(request_text(head, r->method_name)),
        .target = public_slice(target),
        .query = public_slice(target_text(target, r->target.query)),
        .has_query = r->target.has_query,
        .authority = public_slice(request_text(head, r->authority)),
        .minor_version = r->minor_version,
        .content_length = r->chunked ? UINT64_MAX : r->content_length,
        .peer = h->x->peer,
        .worker = h->context->worker,
    };
    return view_path(h, target);
}

/* The input may have been moved since the view was opened: its text stands elsewhere now. */
static bool view_renew(struct http1 *h)
{
    void *user = h->view.user;
    const bool opened = view_open(h);
    h->view.user = user;
    return opened;
}

/* The last word to the handler on this request. */
static void view_close(struct http1 *h)
{
    if (h->view.user != NULL && h->context->handler->end != NULL) {
        (void)view_renew(h);
        h->context->handler->end(&h->view, h->context->handler->context);
    }
    h->view.user = NULL;
    h->context->free(h->whole);
    h->whole = NULL;
    h->whole_len = h->whole_cap = 0;
}

bool weir_request_field(const struct weir_request *request, const char *name, struct weir_slice *value)
{
    const struct http1 *h = http1_of_view(request);
    struct slice found;
    if (!request_field(&h->request, head_of(h), slice_of(name), &found))
        return false;
    *value = public_slice(found);
    return true;
}

bool weir_request_field_at(const struct weir_request *request, size_t index, struct weir_slice *name, struct weir_slice *value)
{
    const struct http1 *h = http1_of_view(request);
    if (index >= h->request.field_count)
        return false;
    *name = public_slice(request_text(head_of(h), h->request.fields[index].name));
    *value = public_slice(request_text(head_of(h), h->request.fields[index].value));
    return true;
}

/* ---- records ---- */

static void http1_finish(struct exchange *x)
{
    struct http1 *h = http1_of(x);
    if (!h->record_open || h->answer == ANSWER_EARLY)
        return;
    h->record_open = false;
    if (h->context->record == NULL)
        return;
    const uint64_t owed = x->abort ? exchange_owed(x) : 0;
    h->record.body_sent = h->record.body_sent > owed ? h->record.body_sent - owed : 0;
    h->context->record(h->context->host, x->peer, &h->record);
}

/* The first line of what came, as far as it came, for the record of a request that was refused. Behind no more than the one empty line that
 * the parser takes: whether the line asks for HEAD must not depend on bytes that may not have come yet. */
static struct slice first_line(const struct exchange *x)
{
    const char *start = x->in.data + x->held;
    const char *end = x->in.data + x->in.end;
    if (end - start >= 2 && start[0] == '\r' && start[1] == '\n')
        start += 2;
    const char *stop = start;
    while (stop < end && *stop != '\r' && *stop != '\n')
        stop++;
    return (struct slice){ start, (size_t)(stop - start) };
}

static struct slice field_or_nothing(const struct http1 *h, struct slice name)
{
    struct slice value = { NULL, 0 };
    return request_field(&h->request, head_of(h), name, &value) ? value : (struct slice){ NULL, 0 };
}

/* `understood`: the head was accepted and its fields may be read. */
static void record_open(struct http1 *h, int status, uint64_t body, bool understood)
{
    http1_finish(h->x);
    h->record_open = true;
    if (h->context->record == NULL)
        return;
    h->record = (struct http_record){ .status = (uint16_t)status, .body_sent = body };
    if (!understood) {
        h->record.line = first_line(h->x);
        return;
    }
    const struct request *r = &h->request;
    const size_t end = (size_t)r->raw_target.start + r->raw_target.len + sizeof " HTTP/1.1" - 1;
    h->record.line = (struct slice){ head_of(h) + r->method_name.start, end - r->method_name.start };
    h->record.referer = field_or_nothing(h, SLICE("Referer"));
    h->record.user_agent = field_or_nothing(h, SLICE("User-Agent"));
}

/* ---- answers ---- */

static void release_body(const struct weir_response *response)
{
    if (response->release != NULL)
        response->release(response->release_context);
}

/* The `Allow` of a server: what the handler takes, and what weir answers itself. */
static struct slice allow_text(const struct http1 *h, char text[64])
{
    static const struct slice names[] = {
        SLICE_INIT("GET"), SLICE_INIT("HEAD"), SLICE_INIT("POST"), SLICE_INIT("PUT"), SLICE_INIT("DELETE"), SLICE_INIT("PATCH"),
        SLICE_INIT("OPTIONS"),
    };
    const uint32_t methods = h->context->handler->methods | WEIR_OPTIONS;
    struct writer w = { text, text + 64, false };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(methods & 1u << i))
            continue;
        if (w.at > text)
            writer_text(&w, SLICE(", "));
        writer_text(&w, names[i]);
    }
    weir_assert(!w.overflowed);
    return (struct slice){ text, (size_t)(w.at - text) };
}

/* Appends a head. false: it does not fit, and nothing was appended. */
static bool append_head(struct exchange *x, const struct response_head *head)
{
    struct writer w = { buffer_tail(&x->out), x->out.data + x->out.cap, false };
    response_write_head(&w, head);
    if (w.overflowed)
        return false;
    buffer_added(&x->out, (uint32_t)(w.at - buffer_tail(&x->out)));
    return true;
}

static bool append_text(struct exchange *x, const void *data, uint64_t size)
{
    if (size > buffer_room(&x->out))
        return false;
    memcpy(buffer_tail(&x->out), data, size);
    buffer_added(&x->out, (uint32_t)size);
    return true;
}

/* An answer of weir's own, with the page for its status; `close` makes it the last one. It always fits: RESPONSE_HEAD_MAX is reserved. */
static void compose_error(struct http1 *h, int status, bool is_head, bool close)
{
    static const struct weir_field type = { { "Content-Type", 12 }, { ERROR_PAGE_TYPE, sizeof ERROR_PAGE_TYPE - 1 } };
    char allow[64];
    const struct slice page = error_page(status);
    if (close)
        h->x->keep = false;
    const struct response_head head = {
        .status = status,
        .fields = &type,
        .field_count = 1,
        .date = h->context->date,
        .allow = status == 405 ? allow_text(h, allow) : (struct slice){ NULL, 0 },
        .length = page.len,
        .server_field = h->context->server_field,
        .close = !h->x->keep,
        .keep_alive = h->x->keep && h->request.minor_version == 0,
    };
    const bool fits = append_head(h->x, &head) && (is_head || append_text(h->x, page.ptr, page.len));
    weir_assert(fits);
    h->x->abort |= !fits;
}

/* Decides, before an answer is composed, whether the connection survives it. */
static void settle_keep(struct http1 *h)
{
    h->x->peer_closes = !h->request.keep_alive;
    if (!h->request.keep_alive || h->context->draining)
        h->x->keep = false;
}

static void answer_error(struct http1 *h, int status)
{
    const bool is_head = h->request.method == METHOD_HEAD;
    settle_keep(h);
    record_open(h, status, is_head ? 0 : error_page(status).len, true);
    compose_error(h, status, is_head, false);
    h->answer = ANSWER_COMPOSED;
}

/* OPTIONS, and every handler without a method of its own for it (RFC 9110 §9.3.7). */
static void answer_options(struct http1 *h)
{
    char allow[64];
    settle_keep(h);
    record_open(h, 204, 0, true);
    const struct response_head head = {
        .status = 204,
        .date = h->context->date,
        .allow = allow_text(h, allow),
        .server_field = h->context->server_field,
        .close = !h->x->keep,
        .keep_alive = h->x->keep && h->request.minor_version == 0,
    };
    h->x->abort |= !append_head(h->x, &head);
    h->answer = ANSWER_COMPOSED;
}

static bool response_is_sound(const struct weir_response *response)
{
    if (response->status < 200 || response->status > 599)
        return false;
    const bool has_no_content = response_has_no_content(response->status) || response->status == 205;      /* RFC 9110 §15.3.6 */
    if (has_no_content && response->length > 0)
        return false;
    for (size_t i = 0; i < response->field_count; i++)
        if (!response_field_is_safe(&response->fields[i]))
            return false;
    return true;
}

/* Puts the body behind its head: copied where that is cheap or asked for, else as the tail. false: no memory. */
static bool append_body(struct http1 *h, const struct weir_response *response)
{
    struct exchange *x = h->x;
    const bool inlined = response->body == WEIR_COPY || (response->body == WEIR_BORROW && response->length <= INLINE_MAX);
    if (inlined && append_text(x, response->data, response->length)) {
        release_body(response);
        return true;
    }
    x->tail = (struct tail){
        .kind = response->body == WEIR_FILE ? TAIL_FILE : TAIL_MEMORY,
        .file = response->fd,
        .memory = response->data,
        .offset = response->offset,
        .left = response->length,
        .release = response->release,
        .release_context = response->release_context,
    };
    if (response->body != WEIR_COPY)
        return true;
    char *copy = h->context->alloc(response->length);
    if (copy == NULL) {
        x->tail = (struct tail){ .kind = TAIL_NONE };
        return false;
    }
    memcpy(copy, response->data, response->length);
    release_body(response);
    x->tail.memory = copy;
    x->tail.release = h->context->free;
    x->tail.release_context = copy;
    return true;
}

/* false: the head does not fit, or there is no memory for the body; nothing was appended. */
static bool compose_response(struct http1 *h, const struct weir_response *response)
{
    struct exchange *x = h->x;
    const bool has_body = h->request.method != METHOD_HEAD && response->length > 0;
    const uint32_t before = x->out.end;
    const struct response_head head = {
        .status = response->status,
        .fields = response->fields,
        .field_count = response->field_count,
        .date = h->context->date,
        .length = response->length,
        .server_field = h->context->server_field,
        .close = !x->keep,
        .keep_alive = x->keep && h->request.minor_version == 0,
    };
    if (!append_head(x, &head))
        return false;
    if (!has_body) {
        release_body(response);
        return true;
    }
    if (append_body(h, response))
        return true;
    x->out.end = before;
    return false;
}

void weir_respond(struct weir_request *request, const struct weir_response *response)
{
    struct http1 *h = http1_of_view(request);
    if (weir_never(h->answer > ANSWER_LATER)) {
        release_body(response);
        return;
    }
    const bool early = !h->ended;
    settle_keep(h);
    if (early) {                   /* the content stays unread: RFC 9112 §9.3 leaves only the close */
        h->x->keep = false;
        h->x->peer_closes = false;
    }
    if (h->x->waiting)
        h->record_open = false;
    record_open(h, response->status, h->request.method == METHOD_HEAD ? 0 : response->length, true);
    if (!response_is_sound(response) || !compose_response(h, response)) {
        release_body(response);
        h->record.status = 500;
        h->record.body_sent = h->request.method == METHOD_HEAD ? 0 : error_page(500).len;
        compose_error(h, 500, h->request.method == METHOD_HEAD, false);
    }
    h->answer = early ? ANSWER_EARLY : ANSWER_COMPOSED;
    if (h->x->waiting) {
        h->x->waiting = false;
        view_close(h);
        h->context->resume(h->context->host, h->x->token);
    }
}

struct weir_ticket weir_defer(struct weir_request *request)
{
    struct http1 *h = http1_of_view(request);
    if (!weir_never(h->answer != ANSWER_NONE || !h->ended)) {
        h->answer = ANSWER_LATER;
        h->ticket = ++h->context->tickets;
    }
    return (struct weir_ticket){ .connection = h->x->token, .serial = h->ticket, .worker = h->context->worker };
}

struct weir_request *http1_waiting_request(struct exchange *x, uint64_t serial)
{
    struct http1 *h = http1_of(x);
    return x->waiting && h->ticket == serial ? &h->view : NULL;
}

/* ---- the protocol ---- */

static void http1_begin(struct exchange *x)
{
    struct http1 *h = http1_of(x);
    memset(h, 0, offsetof(struct http1, request));
    h->x = x;
    h->context = x->context;
    h->ended = true;
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
    return h->view.method != 0 && (h->context->handler->methods & h->view.method);
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
    if (weir_never(h->answer != ANSWER_NONE))
        return INTAKE_REJECT;
    /* RFC 9110 §10.1.1: where content came already, the client did not wait. */
    return h->request.expects_continue && buffer_len(&h->x->in) == 0 ? INTAKE_EXPECT : INTAKE_NONE;
}

/* INTAKE_NONE: go on. */
static enum intake take_head(struct http1 *h)
{
    h->x->held_end = h->x->in.start;
    if (!view_open(h))
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
        (void)view_renew(h);
        handler->piece(&h->view, piece.ptr, piece.len, handler->context);
        if (weir_never(h->answer != ANSWER_NONE))
            return INTAKE_REJECT;
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
        return INTAKE_MORE;
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
    (void)view_renew(h);
    h->view.body = (struct weir_slice){ h->whole, h->whole_len };
    const bool of_server = h->request.target.form == TARGET_ASTERISK;
    if (h->request.method == METHOD_OPTIONS && (of_server || !method_is_taken(h)))
        answer_options(h);
    else if (!method_is_taken(h))
        answer_error(h, 405);
    else
        handler->answer(&h->view, handler->context);
    if (h->answer == ANSWER_NONE)
        answer_error(h, 500);
    x->waiting = h->answer == ANSWER_LATER;
    if (x->waiting)
        record_open(h, 0, 0, true);        /* what is told of it where the connection ends before the answer comes */
    else
        view_close(h);
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
    if (h->answer == ANSWER_EARLY) {
        h->answer = ANSWER_COMPOSED;
    } else {
        const int status = refusal_status(h, why);
        const struct slice line = first_line(x);
        const bool is_head = slice_starts_with(line, SLICE("HEAD "));
        record_open(h, status, is_head ? 0 : error_page(status).len, false);
        compose_error(h, status, is_head, true);
        h->answer = ANSWER_COMPOSED;
    }
    view_close(h);
}

static void http1_interim(struct exchange *x)
{
    x->interim = true;
    x->abort |= !append_text(x, response_continue.ptr, response_continue.len);
}

static void http1_end(struct exchange *x)
{
    view_close(http1_of(x));
}

const struct protocol http1_protocol = {
    .name = "http/1",
    .state_size = sizeof(struct http1),
    .begin = http1_begin,
    .take = http1_take,
    .respond = http1_respond,
    .refuse = http1_refuse,
    .interim = http1_interim,
    .finish = http1_finish,
    .end = http1_end,
};
