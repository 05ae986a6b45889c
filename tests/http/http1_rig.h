/* HTTP/1 without a server: an exchange in the test's own memory, driven by the machine of core/conn.h, on a transport that is an array. What a
 * kernel could do to a connection is a field of the rig. Used by tests and by fuzz_http1.c, so nothing here speaks of Check. */
#ifndef WEIR_TESTS_HTTP_HTTP1_RIG_H
#define WEIR_TESTS_HTTP_HTTP1_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/conn.h"
#include "core/exchange.h"
#include "http/http1.h"
#include "http/response.h"

enum { RIG_RECORDS = 512, RIG_TEXT = 128 };

#define RIG_DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define RIG_COMMON "Date: " RIG_DATE "\r\nServer: weir\r\n"

/* A copy of an http_record. */
struct rig_record {
    char line[RIG_TEXT];
    char referer[RIG_TEXT];
    char user_agent[RIG_TEXT];
    uint16_t status;
    uint64_t body_sent;
};

struct rig {
    struct http1_context context;
    struct weir_handler handler;
    struct conn conn;
    struct exchange *x;
    struct weir_peer peer;
    _Atomic uint64_t requests;
    _Atomic uint64_t refused;

    struct slice arriving;             /* bytes that the next receives give */
    bool shut;                         /* behind them the stream ends */
    void (*late)(struct weir_request *request);    /* answers what was deferred, when all before it has left; NULL: nobody does */
    uint64_t resumed;                  /* times that a connection was told to go on */
    uint32_t out_cap;                  /* 0: RESPONSE_HEAD_MAX and a page */
    uint64_t send_max;                 /* bytes that one send takes; 0: all */
    uint64_t break_after;              /* the transport fails when it has taken so many; 0: never */
    bool cut;                          /* what was owed could not be completed */

    char *sent;                        /* all that left */
    size_t sent_len;
    size_t sent_cap;
    uint64_t sends;
    struct rig_record records[RIG_RECORDS];
    size_t record_count;

    uint64_t allocations;
    uint64_t fail_at;                  /* the allocation with this number, from 1, fails; 0: none */
    int64_t live;                      /* allocations that were not freed */
};

/* The allocator of struct http1_context gets no host. One rig at a time. */
static struct rig *rig_current;

/* A "file" is this, from its descriptor on. */
static inline char rig_file_byte(int fd, uint64_t offset)
{
    return (char)('a' + ((uint64_t)fd + offset) % 26);
}

static inline void *rig_alloc(size_t size)
{
    if (++rig_current->allocations == rig_current->fail_at || size > UINT64_C(1) << 32)
        return NULL;
    rig_current->live++;
    return malloc(size);
}

static inline void rig_free(void *memory)
{
    rig_current->live -= memory != NULL;
    free(memory);
}

static inline void rig_copy(char text[RIG_TEXT], struct slice from)
{
    const size_t len = from.len < RIG_TEXT - 1 ? from.len : RIG_TEXT - 1;
    memset(text, 0, RIG_TEXT);
    if (len > 0)
        memcpy(text, from.ptr, len);
}

static inline void rig_record(void *host, const struct weir_peer *peer, const struct http_record *record)
{
    struct rig *r = host;
    if (peer != &r->peer || r->record_count == RIG_RECORDS)
        abort();
    struct rig_record *copy = &r->records[r->record_count++];
    rig_copy(copy->line, record->line);
    rig_copy(copy->referer, record->referer);
    rig_copy(copy->user_agent, record->user_agent);
    copy->status = record->status;
    copy->body_sent = record->body_sent;
}

static inline void rig_resume(void *host, uint64_t token)
{
    struct rig *r = host;
    if (token != r->x->token)
        abort();
    r->resumed++;
}

static inline struct exchange *rig_find(void *host, uint64_t token)
{
    const struct rig *r = host;
    return r->x != NULL && token == r->x->token ? r->x : NULL;
}

/* Limits as small as the options allow but for the body, so that few bytes reach them. */
static inline void rig_open(struct rig *r, const struct weir_handler *handler)
{
    const uint32_t in_cap = 1024 + 256 + 512;
    const uint32_t out_cap = r->out_cap != 0 ? r->out_cap : RESPONSE_HEAD_MAX + 4096;
    rig_current = r;
    r->handler = *handler;
    if (r->handler.methods == 0)
        r->handler.methods = WEIR_GET | WEIR_HEAD;
    r->context.handler = &r->handler;
    r->context.limits = (struct request_limits){ .line_max = 256, .head_max = 1024, .fields_max = 20, .body_max = 65536 };
    r->context.common = SLICE(RIG_COMMON);
    r->context.host = r;
    r->context.record = rig_record;
    r->context.resume = rig_resume;
    r->context.find = rig_find;
    r->context.alloc = rig_alloc;
    r->context.free = rig_free;
    r->context.requests = &r->requests;
    r->context.refused = &r->refused;
    r->peer = (struct weir_peer){ .address = { 192, 0, 2, 7 }, .port = 4711, .family = WEIR_IPV4 };
    r->x = malloc(exchange_size(&http1_protocol, in_cap, out_cap));
    if (r->x == NULL)
        abort();
    exchange_init(r->x, &http1_protocol, &r->context, &r->peer, in_cap, out_cap);
    r->x->token = 0x700000007;
    r->x->user = &r->conn.user;
    http1_protocol.begin(r->x);
    conn_init(&r->conn);
    conn_open(&r->conn, 3, &r->peer);
    r->conn.exchange = r->x;
}

/* ---- the transport */

static inline bool rig_receive(struct rig *r, struct conn_facts *facts)
{
    if (r->arriving.len == 0) {
        facts->transfer = TRANSFER_END;
        return r->shut;
    }
    exchange_make_room(r->x);
    const size_t room = buffer_room(&r->x->in);
    const size_t len = r->arriving.len < room ? r->arriving.len : room;
    memcpy(buffer_tail(&r->x->in), r->arriving.ptr, len);
    buffer_added(&r->x->in, (uint32_t)len);
    r->arriving = slice_from(r->arriving, len);
    facts->transfer = TRANSFER_SOME;
    return true;
}

static inline void rig_keep(struct rig *r, char byte)
{
    if (r->sent_len == r->sent_cap) {
        r->sent_cap = r->sent_cap == 0 ? 4096 : r->sent_cap * 2;
        r->sent = realloc(r->sent, r->sent_cap);
        if (r->sent == NULL)
            abort();
    }
    r->sent[r->sent_len++] = byte;
}

static inline void rig_send(struct rig *r, struct conn_facts *facts)
{
    struct exchange *x = r->x;
    uint64_t count = exchange_owed(x);
    if (r->send_max != 0 && count > r->send_max)
        count = r->send_max;
    if (r->break_after != 0 && r->sent_len + count > r->break_after)
        count = r->break_after - r->sent_len;
    facts->transfer = count > 0 ? TRANSFER_SOME : TRANSFER_BROKEN;
    const uint64_t from_out = count < buffer_len(&x->out) ? count : buffer_len(&x->out);
    for (uint64_t i = 0; i < from_out; i++)
        rig_keep(r, buffer_head(&x->out)[i]);
    for (uint64_t i = 0; i < count - from_out; i++)
        rig_keep(r, x->tail.kind == TAIL_FILE ? rig_file_byte(x->tail.file, x->tail.offset + i) : x->tail.memory[i]);
    exchange_sent(x, count);
    r->sends++;
    if (exchange_owed(x) > 0 || x->waiting || x->pulls)
        return;
    facts->transfer = TRANSFER_ALL;
    facts->interim = x->interim;
    facts->keep = x->keep || x->pending != INTAKE_NONE;
    x->interim = false;
}

/* ---- what server/driver.c does, for one connection that is always ready */

static inline bool rig_reading(struct rig *r, struct conn_facts *facts)
{
    struct exchange *x = r->x;
    if (x->pending != INTAKE_NONE) {
        facts->intake = x->pending;
        x->pending = INTAKE_NONE;
        return true;
    }
    if (buffer_len(&x->in) == 0 && !rig_receive(r, facts))
        return false;
    if (facts->transfer != TRANSFER_END)
        facts->intake = http1_protocol.take(x);
    facts->message_begun = x->phase > PHASE_BLANK;
    return true;
}

static inline bool rig_writing(struct rig *r, struct conn_facts *facts)
{
    struct exchange *x = r->x;
    if (x->pulls && !x->waiting && !x->abort)
        http1_protocol.pull(x);
    if (x->abort) {
        facts->transfer = TRANSFER_BROKEN;
        r->cut = true;
        return true;
    }
    if (x->keep && !x->interim && !x->waiting && !x->pulls && x->pending == INTAKE_NONE && x->tail.kind == TAIL_NONE &&
        buffer_len(&x->in) > 0 && buffer_room(&x->out) >= RESPONSE_HEAD_MAX) {
        facts->intake = http1_protocol.take(x);
        if (facts->intake == INTAKE_REQUEST || facts->intake == INTAKE_REJECT)
            return true;
        if (facts->intake == INTAKE_EXPECT)
            x->pending = INTAKE_EXPECT;
        facts->intake = INTAKE_NONE;
    }
    if (x->waiting && exchange_owed(x) == 0) {
        if (r->late == NULL || x->pulls)
            return false;
        r->late(http1_waiting_request(x, r->context.tickets));
    }
    rig_send(r, facts);
    return true;
}

static inline enum refusal rig_refusal(const struct conn_facts *facts)
{
    if (facts->limit_passed)
        return REFUSE_TIMEOUT;
    return facts->transfer == TRANSFER_END ? REFUSE_TRUNCATED : REFUSE_MESSAGE;
}

static inline void rig_raise(struct rig *r, const struct conn_facts *facts)
{
    const struct conn_step step = conn_advance(&r->conn, conn_verdict((enum conn_state)r->conn.state, facts));
    if (step.actions & ACT_LOG) {
        r->x->abort |= (step.actions & ACT_CLOSE) != 0;
        http1_protocol.finish(r->x);
    }
    if (step.actions & ACT_RESPOND)
        http1_protocol.respond(r->x);
    if (step.actions & ACT_REFUSE)
        http1_protocol.refuse(r->x, rig_refusal(facts));
    if (step.actions & ACT_INTERIM)
        http1_protocol.interim(r->x);
}

/* Goes on until it waits for input, or the connection is at its end. */
static inline void rig_run(struct rig *r)
{
    while (r->conn.state == CONN_READING || r->conn.state == CONN_WRITING) {
        struct conn_facts facts = { .intake = INTAKE_NONE };
        if (!(r->conn.state == CONN_READING ? rig_reading(r, &facts) : rig_writing(r, &facts)))
            return;
        rig_raise(r, &facts);
    }
}

static inline void rig_give(struct rig *r, struct slice bytes)
{
    r->arriving = bytes;
    rig_run(r);
}

/* The limit of READING passes inside a message. */
static inline void rig_timeout(struct rig *r)
{
    rig_raise(r, &(struct conn_facts){ .limit_passed = true, .message_begun = r->x->phase > PHASE_BLANK });
    rig_run(r);
}

/* The working set goes back. What was sent and recorded stays until rig_clear(). */
static inline void rig_close(struct rig *r)
{
    exchange_drop_tail(r->x);
    http1_protocol.end(r->x);
    free(r->x);
    r->x = NULL;
}

static inline void rig_clear(struct rig *r)
{
    free(r->sent);
    *r = (struct rig){ .out_cap = 0 };
}

/* ---- the answers that left, read again by a reader of its own */

struct rig_answer {
    int status;
    struct slice head;                 /* with its status line and the empty line */
    struct slice content;              /* as it was sent, in chunks or not */
    bool is_chunked;
    bool is_last;                      /* the close ends it */
    size_t length;                     /* of the content without the framing of chunks */
};

/* The value of a field of an answer; `count` says how many there are. */
static inline struct slice rig_field(const struct rig_answer *answer, const char *name, size_t *count)
{
    const size_t len = strlen(name);
    struct slice value = { "", 0 };
    *count = 0;
    for (const char *at = answer->head.ptr + 1, *end = answer->head.ptr + answer->head.len; at + len + 2 < end; at++) {
        if (at[-1] != '\n' || memcmp(at, name, len) != 0 || memcmp(at + len, ": ", 2) != 0)
            continue;
        const char *from = at + len + 2;
        value = (struct slice){ from, (size_t)((const char *)memchr(from, '\r', (size_t)(end - from)) - from) };
        ++*count;
    }
    return value;
}

/* Reads chunks off the front of `*sent`, and their content to `to`, where that is not NULL. false: they are none, or not all of them are there. */
static inline bool rig_read_chunks(struct slice *sent, size_t *length, char *to)
{
    *length = 0;
    for (size_t size = 1; size > 0;) {
        const char *stop = sent->len > 0 ? memmem(sent->ptr, sent->len, "\r\n", 2) : NULL;
        char *end = NULL;
        if (stop == NULL || stop - sent->ptr > 8 || strchr("123456789abcdef0", *sent->ptr) == NULL)
            return false;
        size = strtoul(sent->ptr, &end, 16);
        *sent = slice_from(*sent, (size_t)(stop + 2 - sent->ptr));
        if (end != stop || size + 2 > sent->len || memcmp(sent->ptr + size, "\r\n", 2) != 0)
            return false;
        if (to != NULL)
            memcpy(to + *length, sent->ptr, size);
        *length += size;
        *sent = slice_from(*sent, size + 2);
    }
    return true;
}

/* Copies the content, *length bytes, without the framing of chunks. */
static inline void rig_content(const struct rig_answer *answer, char *to)
{
    struct slice content = answer->content;
    size_t length;
    if (!answer->is_chunked && answer->length > 0)
        memcpy(to, answer->content.ptr, answer->length);
    if (answer->is_chunked && content.len > 0 && !rig_read_chunks(&content, &length, to))
        abort();
}

/* The content behind the head, whose length comes from the answer's own framing alone. */
static inline bool rig_read_content(struct slice *sent, bool is_head, struct rig_answer *out)
{
    size_t lengths, codings, closes;
    const struct slice length = rig_field(out, "Content-Length", &lengths);
    const struct slice coding = rig_field(out, "Transfer-Encoding", &codings);
    const struct slice connection = rig_field(out, "Connection", &closes);
    const bool has_content = out->status >= 200 && out->status != 204 && out->status != 304;
    const char *from = sent->ptr;
    out->content = (struct slice){ from, 0 };
    out->is_chunked = codings > 0;
    out->is_last = has_content && lengths + codings == 0;
    if (lengths + codings > has_content || (codings > 0 && !slice_equals(coding, SLICE("chunked"))))
        return false;
    if (out->is_last && !slice_equals(connection, SLICE("close")))
        return false;
    if (is_head || !has_content)
        return true;
    if (out->is_chunked && !rig_read_chunks(sent, &out->length, NULL))
        return false;
    if (!out->is_chunked) {
        out->length = out->is_last ? sent->len : strtoul(length.ptr, NULL, 10);
        if (out->length > sent->len)
            return false;
        *sent = slice_from(*sent, out->length);
    }
    out->content = (struct slice){ from, (size_t)(sent->ptr - from) };
    return true;
}

/* Reads one answer off the front of `*sent`. false: it is none, or not all of it is there. */
static inline bool rig_read_answer(struct slice *sent, bool is_head, struct rig_answer *out)
{
    const char *end = sent->len > 0 ? memmem(sent->ptr, sent->len, "\r\n\r\n", 4) : NULL;
    if (end == NULL || memcmp(sent->ptr, "HTTP/1.1 ", 9) != 0)
        return false;
    *out = (struct rig_answer){ .status = atoi(sent->ptr + 9), .head = { sent->ptr, (size_t)(end + 4 - sent->ptr) } };
    if (out->status < 100 || out->status > 599)
        return false;
    *sent = slice_from(*sent, out->head.len);
    return rig_read_content(sent, is_head, out);
}

static inline bool rig_record_is_head(const struct rig_record *record)
{
    return strncmp(record->line, "HEAD ", 5) == 0;
}

/* What is wrong with what left and what was recorded, or NULL: each answer is one, has its record, and that tells its status and its content; where
 * the last was cut, not all of them have left. For a connection that was not broken. */
static inline const char *rig_fault(const struct rig *r)
{
    struct slice sent = { r->sent, r->sent_len };
    size_t recorded = 0;
    size_t count;
    for (struct rig_answer got; sent.len > 0;) {
        const bool is_last = recorded == r->record_count;
        if (!rig_read_answer(&sent, !is_last && rig_record_is_head(&r->records[recorded]), &got))
            return r->cut && recorded + 1 >= r->record_count ? NULL : "this is no answer";
        if (got.status == 100)
            continue;
        if (is_last)
            return "an answer without a record";
        if (got.status != r->records[recorded].status || got.length != r->records[recorded].body_sent)
            return "a record of another answer";
        recorded++;
        const struct slice connection = rig_field(&got, "Connection", &count);
        if (count > 1 || (slice_equals(connection, SLICE("close")) && sent.len > 0))
            return "an answer behind the last one";
    }
    return recorded == r->record_count || r->cut ? NULL : "a record without an answer";
}

/* All answers, heads and contents, without the framing of chunks, which is as the input came. Returns how many bytes; `to` has room for all that
 * left. Nothing where the last was cut: how much of them had left by then is a matter of time. */
static inline size_t rig_plain(const struct rig *r, char *to)
{
    struct slice sent = { r->sent, r->sent_len };
    size_t len = 0, recorded = 0;
    struct rig_answer got;
    while (!r->cut && sent.len > 0) {
        const bool is_head = recorded < r->record_count && rig_record_is_head(&r->records[recorded]);
        if (!rig_read_answer(&sent, is_head, &got))
            break;
        recorded += got.status != 100;
        memcpy(to + len, got.head.ptr, got.head.len);
        rig_content(&got, to + len + got.head.len);
        len += got.head.len + got.length;
    }
    return len;
}

#endif
