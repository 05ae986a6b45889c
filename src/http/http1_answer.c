#include <string.h>

#include "core/assert.h"
#include "http/error_page.h"
#include "http/http1_state.h"

/* A borrowed body up to this size is copied behind its head: cheaper than a second stretch, and requests behind it can be answered
 * in the same send. */
#define INLINE_MAX 4096

/* ---- records ---- */

void http1_finish(struct exchange *x)
{
    struct http1 *h = http1_of(x);
    if (!h->record_open)
        return;
    const bool unfinished = h->answer == ANSWER_EARLY || (h->answer == ANSWER_STREAMING && !x->abort);
    if (unfinished)
        return;
    h->record_open = false;
    if (h->answer == ANSWER_STREAMING)
        http1_record_renew(h);
    const uint64_t owed = !x->abort ? 0 : h->pulled ? http1_pull_owed(h) : exchange_owed(x);
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
    return request_field(&h->request, http1_head(h), name, &value) ? value : (struct slice){ NULL, 0 };
}

void http1_record_renew(struct http1 *h)
{
    const struct request *r = &h->request;
    const size_t end = (size_t)r->raw_target.start + r->raw_target.len + sizeof " HTTP/1.1" - 1;
    h->record.line = (struct slice){ http1_head(h) + r->method_name.start, end - r->method_name.start };
    h->record.referer = field_or_nothing(h, SLICE("Referer"));
    h->record.user_agent = field_or_nothing(h, SLICE("User-Agent"));
}

void http1_record_open(struct http1 *h, int status, uint64_t body, bool understood)
{
    if (h->context->record == NULL)
        return;
    http1_finish(h->x);
    h->record_open = true;
    h->pulled = false;
    h->record = (struct http_record){ .status = (uint16_t)status, .body_sent = body };
    if (understood)
        http1_record_renew(h);
    else
        h->record.line = first_line(h->x);
}

/* ---- answers ---- */

static void release_body(const struct weir_response *response)
{
    if (response->release != NULL)
        response->release(response->release_context);
}

#define ALLOW_MAX 64

/* The `Allow` of a server: what the handler takes, and what weir answers itself. */
static struct weir_field allow_field(const struct http1 *h, char text[ALLOW_MAX])
{
    static const struct slice names[] = {
        SLICE_INIT("GET"), SLICE_INIT("HEAD"), SLICE_INIT("POST"), SLICE_INIT("PUT"), SLICE_INIT("DELETE"), SLICE_INIT("PATCH"),
        SLICE_INIT("OPTIONS"),
    };
    const uint32_t methods = h->context->handler->methods | WEIR_OPTIONS;
    struct writer w = { text, text + ALLOW_MAX, false };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(methods & 1u << i))
            continue;
        if (w.at > text)
            writer_text(&w, SLICE(", "));
        writer_text(&w, names[i]);
    }
    weir_assert(!w.overflowed);
    return (struct weir_field){ { "Allow", 5 }, { text, (size_t)(w.at - text) } };
}

static enum response_connection connection_said(const struct http1 *h)
{
    if (!h->x->keep)
        return RESPONSE_CLOSE;
    return h->request.minor_version == 0 ? RESPONSE_KEEP_ALIVE : RESPONSE_PERSISTS;
}

static bool response_is_sound(const struct weir_response *response)
{
    if (response->status < 200 || response->status > 599)
        return false;
    if (response->length > 0 && (response_has_no_content(response->status) || response->status == 205))      /* RFC 9110 §15.3.6 */
        return false;
    for (size_t i = 0; i < response->field_count; i++)
        if (!response_field_is_safe(&response->fields[i]))
            return false;
    return true;
}

/* Appends a head: none leaves unchecked. false: it is not sound or does not fit, and nothing was appended. */
static bool append_head(struct http1 *h, const struct weir_response *response, enum response_framing framing)
{
    struct exchange *x = h->x;
    if (!response_is_sound(response))
        return false;
    const uint32_t room = buffer_room(&x->out);
    struct writer w = { buffer_tail(&x->out), buffer_tail(&x->out) + (room < RESPONSE_HEAD_MAX ? room : RESPONSE_HEAD_MAX), false };
    const struct response_head head = {
        .response = response,
        .common = h->context->common,
        .framing = framing,
        .connection = connection_said(h),
    };
    response_write_head(&w, &head);
    if (w.overflowed)
        return false;
    buffer_added(&x->out, (uint32_t)(w.at - buffer_tail(&x->out)));
    return true;
}

bool http1_append(struct exchange *x, const void *data, uint64_t size)
{
    if (size > buffer_room(&x->out))
        return false;
    if (size > 0)                      /* `data` may be NULL then */
        memcpy(buffer_tail(&x->out), data, size);
    buffer_added(&x->out, (uint32_t)size);
    return true;
}

/* What an answer with that status shows: the application's page, else weir's own. */
static struct weir_page page_for(const struct http1 *h, int status)
{
    for (size_t i = 0; i < h->context->page_count; i++)
        if (h->context->pages[i].status == status)
            return h->context->pages[i];
    const struct slice text = error_page(status);
    return (struct weir_page){ status, { ERROR_PAGE_TYPE, sizeof ERROR_PAGE_TYPE - 1 }, { text.ptr, text.len } };
}

static uint64_t page_length(const struct http1 *h, int status, bool is_head)
{
    return is_head ? 0 : page_for(h, status).body.len;
}

/* Room for the fields of a page that are weir's own. */
#define PAGE_LINES_MAX (sizeof "Content-Type: \r\nAllow: \r\n" - 1 + HTTP1_PAGE_TYPE_MAX + ALLOW_MAX)

/* The page for a status behind its head. false: the fields are not safe or too long, and nothing was appended. */
static bool compose_page(struct http1 *h, int status, const struct weir_field *fields, size_t field_count, bool is_head)
{
    char allow[ALLOW_MAX], lines[PAGE_LINES_MAX];
    struct exchange *x = h->x;
    const struct weir_page page = page_for(h, status);
    struct weir_field own[2];
    size_t own_count = 0;
    if (page.type.len > 0)
        own[own_count++] = (struct weir_field){ { "Content-Type", 12 }, page.type };
    if (status == 405)
        own[own_count++] = allow_field(h, allow);
    struct writer w = { lines, lines + sizeof lines, false };
    response_write_fields(&w, own, own_count);
    weir_assert(!w.overflowed);
    const struct weir_response response = {
        .status = status,
        .fields = fields,
        .field_count = field_count,
        .lines = { lines, (size_t)(w.at - lines) },
        .length = page.body.len,
    };
    if (!append_head(h, &response, RESPONSE_LENGTH))
        return false;
    if (is_head || (page.body.len <= INLINE_MAX && http1_append(x, page.body.ptr, page.body.len)))
        return true;
    weir_assert(x->tail.kind == TAIL_NONE);
    x->tail = (struct tail){ .kind = TAIL_MEMORY, .memory = page.body.ptr, .left = page.body.len };
    return true;
}

/* An answer of weir's own; `close` makes it the last one. Its head always fits: RESPONSE_HEAD_MAX is reserved. */
static void compose_error(struct http1 *h, int status, bool is_head, bool close)
{
    if (close)
        h->x->keep = false;
    const bool fits = compose_page(h, status, NULL, 0, is_head);
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

void http1_answer_error(struct http1 *h, int status)
{
    const bool is_head = h->request.method == METHOD_HEAD;
    settle_keep(h);
    http1_record_open(h, status, page_length(h, status, is_head), true);
    compose_error(h, status, is_head, false);
    h->answer = ANSWER_COMPOSED;
}

void http1_answer_refusal(struct http1 *h, int status)
{
    const bool is_head = slice_starts_with(first_line(h->x), SLICE("HEAD "));
    http1_record_open(h, status, page_length(h, status, is_head), false);
    compose_error(h, status, is_head, true);
    h->answer = ANSWER_COMPOSED;
}

/* OPTIONS, and every handler without a method of its own for it (RFC 9110 §9.3.7). */
void http1_answer_options(struct http1 *h)
{
    char text[ALLOW_MAX];
    const struct weir_field allow = allow_field(h, text);
    const struct weir_response response = { .status = 204, .fields = &allow, .field_count = 1 };
    settle_keep(h);
    http1_record_open(h, 204, 0, true);
    h->x->abort |= !append_head(h, &response, RESPONSE_LENGTH);
    h->answer = ANSWER_COMPOSED;
}

/* Puts the body behind its head: copied where that is cheap or asked for, else as the tail. false: no memory. */
static bool append_body(struct http1 *h, const struct weir_response *response)
{
    struct exchange *x = h->x;
    const bool inlined = response->body == WEIR_COPY || (response->body == WEIR_BORROW && response->length <= INLINE_MAX);
    if (inlined && http1_append(x, response->data, response->length)) {
        release_body(response);
        return true;
    }
    x->tail = (struct tail){
        .kind = response->body == WEIR_FILE ? TAIL_FILE : TAIL_MEMORY,
        .file = response->fd,
        .memory = response->data,
        .offset = response->offset,
        .left = response->length,
        .warmth = response->warmth,
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

enum response_framing http1_framing(struct http1 *h, uint64_t length)
{
    if (length != UINT64_MAX)
        return RESPONSE_LENGTH;
    if (h->request.minor_version == 1)
        return RESPONSE_CHUNKED;
    h->x->keep = false;
    h->x->ends_with_close = true;
    return RESPONSE_UNTIL_CLOSE;
}

/* false: there is no such head, or no memory for the body; nothing was appended. */
static bool compose_response(struct http1 *h, const struct weir_response *response)
{
    struct exchange *x = h->x;
    const enum response_framing framing = response->body == WEIR_PULL ? http1_framing(h, response->length) : RESPONSE_LENGTH;
    const bool has_body = h->request.method != METHOD_HEAD && response->length > 0;
    const uint32_t before = x->out.end;
    if (response->body == WEIR_PULL && response->pull == NULL)
        return false;
    if (!append_head(h, response, framing))
        return false;
    if (!has_body) {
        release_body(response);
        return true;
    }
    if (response->body == WEIR_PULL) {
        http1_pull_begin(h, response, framing);
        return true;
    }
    if (append_body(h, response))
        return true;
    x->out.end = before;
    return false;
}

/* Before an answer is composed. false: there is one already. */
static bool answer_begin(struct http1 *h)
{
    if (weir_never(h->answer > ANSWER_LATER))
        return false;
    settle_keep(h);
    if (!h->ended) {               /* the content stays unread: RFC 9112 §9.3 leaves only the close */
        h->x->keep = false;
        h->x->peer_closes = false;
    }
    if (h->x->waiting)
        h->record_open = false;
    return true;
}

static void answer_end(struct http1 *h)
{
    h->answer = h->ended ? ANSWER_COMPOSED : ANSWER_EARLY;
    if (!h->x->waiting)
        return;
    h->x->waiting = false;
    http1_view_close(h);
    h->context->resume(h->context->host, h->x->token);
}

/* In place of an answer that cannot be given. */
static void compose_failure(struct http1 *h, bool is_head)
{
    h->record.status = 500;
    h->record.body_sent = page_length(h, 500, is_head);
    compose_error(h, 500, is_head, false);
}

void weir_respond(struct weir_request *request, const struct weir_response *response)
{
    struct http1 *h = http1_of_view(request);
    const bool is_head = h->request.method == METHOD_HEAD;
    if (!answer_begin(h)) {
        release_body(response);
        return;
    }
    http1_record_open(h, response->status, is_head || response->body == WEIR_PULL ? 0 : response->length, true);
    if (!compose_response(h, response)) {
        release_body(response);
        compose_failure(h, is_head);
    }
    answer_end(h);
}

void weir_respond_page(struct weir_request *request, int status, const struct weir_field *fields, size_t field_count)
{
    struct http1 *h = http1_of_view(request);
    const bool is_head = h->request.method == METHOD_HEAD;
    if (!answer_begin(h))
        return;
    http1_record_open(h, status, page_length(h, status, is_head), true);
    if (status < 300 || response_has_no_content(status) || !compose_page(h, status, fields, field_count, is_head))
        compose_failure(h, is_head);
    answer_end(h);
}

/* ---- answers that stream ---- */

void weir_respond_begin(struct weir_request *request, const struct weir_response *response)
{
    struct http1 *h = http1_of_view(request);
    if (weir_never(h->answer != ANSWER_NONE))
        return;
    settle_keep(h);
    h->framing = http1_framing(h, response->length);
    http1_record_open(h, response->status, 0, true);
    h->answer = ANSWER_STREAMING;
    h->stream_left = response->length;
    h->x->abort |= !append_head(h, response, h->framing);
}

/* How much of `len` bytes fits, with its framing and that of the last chunk. */
static size_t stream_room(const struct http1 *h, size_t len)
{
    const size_t room = buffer_room(&h->x->out);
    const size_t framing = h->framing == RESPONSE_CHUNKED ? RESPONSE_CHUNK_MAX : 0;
    const size_t content = room > framing ? room - framing : 0;
    return len < content ? len : content;
}

static void append_chunk(struct exchange *x, struct slice content)
{
    struct writer w = { buffer_tail(&x->out), x->out.data + x->out.cap, false };
    response_write_chunk(&w, content);
    weir_assert(!w.overflowed);
    buffer_added(&x->out, (uint32_t)(w.at - buffer_tail(&x->out)));
}

size_t weir_respond_piece(struct weir_request *request, const void *data, size_t len)
{
    struct http1 *h = http1_of_view(request);
    if (weir_never(h->answer != ANSWER_STREAMING))
        return 0;
    if (h->request.method == METHOD_HEAD || h->x->abort)
        return len;
    const size_t taken = stream_room(h, len);
    if (h->framing == RESPONSE_LENGTH && taken > h->stream_left) {
        h->x->abort = true;            /* more than was announced */
        return len;
    }
    if (taken == 0)
        return 0;
    h->stream_left -= taken;
    h->record.body_sent += taken;
    if (h->framing == RESPONSE_CHUNKED)
        append_chunk(h->x, (struct slice){ data, taken });
    else
        h->x->abort |= !http1_append(h->x, data, taken);
    return taken;
}

void weir_respond_end(struct weir_request *request)
{
    struct http1 *h = http1_of_view(request);
    if (weir_never(h->answer != ANSWER_STREAMING || !h->ended))
        return;
    h->answer = ANSWER_COMPOSED;
    if (h->context->record != NULL)
        http1_record_renew(h);             /* from here to its end the input is not moved */
    if (h->request.method == METHOD_HEAD)
        return;
    if (h->framing == RESPONSE_CHUNKED)
        h->x->abort |= !http1_append(h->x, response_last_chunk.ptr, response_last_chunk.len);
    else
        h->x->abort |= h->framing == RESPONSE_LENGTH && h->stream_left > 0;
}
