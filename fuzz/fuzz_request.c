/* Requests, whole and in pieces: the same must be said of both. Also: what is refused stays refused and is refused by weir's own rules, what is
 * accepted obeys them, and every view lies within the head.
 *
 * Input: one byte of choices (the limits), one that seeds the lengths of the pieces, then the stream. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/require.h"
#include "parser/byte.h"
#include "parser/request.h"

enum { STREAM_MAX = 4096, STEPS_MAX = 64 };

/* One thing that was said. */
struct step {
    enum request_outcome outcome;
    size_t at;                         /* bytes of the stream that it took */
    struct framing_refusal refusal;
    uint64_t content;                  /* a sum over the content so far */
    uint32_t fields;                   /* a sum over the head */
};

struct telling {
    struct step steps[STEPS_MAX];
    size_t count;
};

static uint32_t sum_up(uint32_t sum, struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        sum = (sum ^ (unsigned char)text.ptr[i]) * 16777619;
    return (sum ^ (uint32_t)text.len) * 16777619;
}

static struct slice checked_text(const struct request *r, const char *head, struct request_span span)
{
    require((uint32_t)span.start + span.len <= r->head_len);
    return request_text(head, span);
}

/* G1 and G2, once more and in another way: lines end with CRLF, none begins with a blank or a colon, and there is no other CR or LF. */
static void check_lines(const struct request *r, const char *head)
{
    unsigned lines = 0;
    require(r->head_len >= 4 && memcmp(head + r->head_len - 4, "\r\n\r\n", 4) == 0);
    for (uint32_t i = 0; i < r->head_len; i++) {
        require(head[i] != '\r' || head[i + 1] == '\n');
        require(head[i] != '\n' || (i > 0 && head[i - 1] == '\r'));
        require(head[i] != 0 && head[i] != 0x7f);
        lines += head[i] == '\n';
        if (head[i] == '\n' && i + 1 < r->head_len)
            require(head[i + 1] != ' ' && head[i + 1] != '\t' && head[i + 1] != ':');
    }
    require(lines == 2u + r->field_count + (head[0] == '\r'));
}

static uint32_t check_head(const struct request *r, const char *head)
{
    struct slice target = checked_text(r, head, r->raw_target), value;
    uint32_t sum = sum_up(2166136261, checked_text(r, head, r->method_name));
    char decoded[STREAM_MAX + 1];
    check_lines(r, head);
    require(r->method != METHOD_UNKNOWN && method_find(request_text(head, r->method_name)) == r->method);
    require(r->head_len <= r->limits->head_max && r->field_count <= r->limits->fields_max);
    require(r->raw_target.start + r->raw_target.len + 9u <= r->limits->line_max + 2u);
    require(r->content_length <= r->limits->body_max && (!r->chunked || r->content_length == 0));
    require(r->minor_version == 1 || (!r->chunked && !r->expects_continue));
    require(!r->expects_continue || r->chunked || r->content_length > 0);
    require(r->target.path.start + r->target.path.len <= target.len && r->target.query.start + r->target.query.len <= target.len);
    require(r->authority.len == 0 || target_is_authority(checked_text(r, head, r->authority)));
    require(r->minor_version == 0 || request_field(r, head, SLICE("HOST"), &value));
    size_t len = target_decode_path((struct slice){ target.ptr + r->target.path.start, r->target.path.len }, decoded);
    require(len <= target.len + 1);
    sum = sum_up(sum_up(sum, target), checked_text(r, head, r->authority));
    for (unsigned i = 0; i < r->field_count; i++) {
        struct slice name = checked_text(r, head, r->fields[i].name);
        value = checked_text(r, head, r->fields[i].value);
        require(name.len > 0 && slice_equals(slice_trimmed(value), value));
        sum = sum_up(sum_up(sum, name), value);
    }
    return sum ^ (uint32_t)r->keep_alive ^ (uint32_t)r->expects_continue << 1 ^ (uint32_t)r->chunked << 2 ^ (uint32_t)r->content_length << 3;
}

/* A piece of content changes the step before it and makes none of its own: how content is cut is nobody's business. */
static void note(struct telling *t, const struct request *r, const char *head, size_t at, enum request_outcome outcome)
{
    if (outcome == REQUEST_BODY) {
        struct step *last = &t->steps[t->count - 1];
        for (size_t i = 0; i < r->piece.len; i++)
            last->content = (last->content ^ (unsigned char)r->piece.ptr[i]) * 1099511628211u;
        last->at = at;
        return;
    }
    struct step *step = &t->steps[t->count++];
    *step = (struct step){ .outcome = outcome, .at = outcome == REQUEST_REFUSED ? 0 : at };
    if (outcome == REQUEST_REFUSED)
        step->refusal = r->refusal;
    if (outcome == REQUEST_HEAD)
        step->fields = check_head(r, head);
}

/* The bytes that may be read are copied to a block of their own before each call, so that a read beside them is seen. */
static char *expose(const char *from, size_t len)
{
    char *block = malloc(len + 1);
    require(block != NULL);
    char *flush = block + 1;           /* malloc(len + 1) ends right behind it */
    if (len > 0)
        memcpy(flush, from, len);
    return block;
}

static void read_stream(const char *stream, size_t len, uint32_t seed, const struct request_limits *limits, struct telling *t)
{
    static struct request r;
    size_t held = 0, at = 0, offered = seed == 0 ? len : 0;
    t->count = 0;
    request_reset(&r, limits);
    while (t->count < STEPS_MAX - 1) {
        size_t taken = 0;
        char *block = expose(stream + held, offered - held);
        const char *head = block + 1;
        enum request_outcome outcome = request_parse(&r, (struct slice){ head + (at - held), offered - at }, &taken);
        require(taken <= offered - at);
        at += taken;
        if (outcome != REQUEST_INCOMPLETE)
            note(t, &r, head, at, outcome);
        free(block);
        if (outcome == REQUEST_REFUSED) {
            require(r.refusal.rule != 0 && r.refusal.status >= 400 && r.refusal.reason != NULL);
            return;
        }
        if (outcome == REQUEST_COMPLETE)
            request_reset(&r, limits);
        if (outcome != REQUEST_INCOMPLETE)
            held = at;
        else if (offered == len)
            return;
        else {
            require(at == offered);
            seed = seed * 1664525 + 1013904223;
            size_t more = 1 + (seed >> 24) % (seed & 1 << 16 ? 3 : 64);
            offered = len - offered < more ? len : offered + more;
        }
    }
}

static bool is_same(const struct step *a, const struct step *b)
{
    return a->outcome == b->outcome && a->at == b->at && a->content == b->content && a->fields == b->fields
        && a->refusal.status == b->refusal.status && a->refusal.rule == b->refusal.rule && a->refusal.reason == b->refusal.reason;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct telling whole, cut;
    static const struct request_limits limits[] = {
        { 8192, 16384, 100, 1 << 20 }, { 30, 120, 5, 20 }, { 60, 65535, 200, UINT64_MAX }, { 1, 1, 0, 0 },
    };
    if (size < 2 || size > STREAM_MAX)
        return 0;
    const struct request_limits *chosen = &limits[data[0] % 4];
    read_stream((const char *)data + 2, size - 2, 0, chosen, &whole);
    read_stream((const char *)data + 2, size - 2, data[1] + 1u, chosen, &cut);
    require(whole.count == cut.count);
    for (size_t i = 0; i < whole.count; i++)
        require(is_same(&whole.steps[i], &cut.steps[i]));
    return 0;
}
