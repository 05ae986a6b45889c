/* The guard alone: a head, whole and in pieces, gets the same verdict on the same byte; so do the framing bytes of a chunked body, which need
 * not lie in one piece. What is accepted obeys the rules, checked once more and in another way.
 *
 * Input: one byte of choices (limits, head or body), one that seeds the lengths of the pieces, then the bytes. */
#include <stdint.h>
#include <string.h>

#include "fuzz/require.h"
#include "parser/request.h"

struct told {
    enum framing_verdict verdict;
    struct request end;
};

static size_t next_count(size_t count, size_t len, uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    size_t more = 1 + (*seed >> 24) % 9;
    return len - count < more ? len : count + more;
}

static void read_head(const char *bytes, size_t len, uint32_t seed, const struct request_limits *limits, struct told *t)
{
    request_reset(&t->end, limits);
    for (size_t count = seed == 0 ? len : 0;; count = next_count(count, len, &seed)) {
        t->verdict = framing_check_head(&t->end, (struct slice){ bytes, count });
        require(t->end.framing.head_taken <= count);
        if (t->verdict != FRAMING_MORE || count == len)
            return;
        require(t->end.framing.head_taken == count);
    }
}

static void read_chunked(const char *bytes, size_t len, uint32_t seed, const struct request_limits *limits, struct told *t)
{
    static const struct request_limits wide = { 100, 100, 10, 0 };
    size_t at = 0;
    request_reset(&t->end, limits);
    t->end.limits = &wide;
    require(framing_check_head(&t->end, SLICE("PUT / HTTP/1.1\r\n\r\n")) == FRAMING_END);
    t->end.limits = limits;
    for (size_t count = seed == 0 ? len : 0;; count = next_count(count, len, &seed)) {
        t->verdict = framing_check_chunked(&t->end, (struct slice){ bytes + at, count - at });
        at = count;
        if (t->verdict == FRAMING_REFUSED || count == len)
            return;
    }
}

static bool is_same_span(struct request_span a, struct request_span b)
{
    return a.start == b.start && a.len == b.len;
}

/* What the guard took a head apart into. */
static void require_same_parts(const struct request *a, const struct request *b)
{
    require(a->method == b->method && a->minor_version == b->minor_version && is_same_span(a->method_name, b->method_name)
            && is_same_span(a->raw_target, b->raw_target));
    for (unsigned i = 0; i < a->field_count; i++)
        require(is_same_span(a->fields[i].name, b->fields[i].name) && is_same_span(a->fields[i].value, b->fields[i].value));
}

/* Of a refused message only the refusal counts; else where the guard stands. */
static void require_same(const struct told *a, const struct told *b, bool head)
{
    const struct framing_refusal *why = &a->end.refusal, *why_too = &b->end.refusal;
    const struct framing *f = &a->end.framing, *g = &b->end.framing;
    require(a->verdict == b->verdict);
    if (a->verdict == FRAMING_REFUSED) {
        require(why->status == why_too->status && why->rule == why_too->rule && why->reason == why_too->reason);
        return;
    }
    require(f->state == g->state && f->head_taken == g->head_taken && a->end.field_count == b->end.field_count
            && f->trailer_count == g->trailer_count && f->content_announced == g->content_announced
            && f->message_extensions == g->message_extensions);
    if (head && a->verdict == FRAMING_END)
        require_same_parts(&a->end, &b->end);
}

static void require_rules(const char *bytes, size_t len, const struct told *t, const struct request_limits *limits)
{
    const struct framing *f = &t->end.framing;
    require(t->end.field_count + f->trailer_count <= limits->fields_max && f->content_announced <= limits->body_max);
    require(f->head_taken <= limits->head_max || f->state == 0);
    for (size_t i = 0; i < len; i++) {
        require(bytes[i] != '\n' || (i > 0 && bytes[i - 1] == '\r'));
        require(bytes[i] != '\r' || i + 1 == len || bytes[i + 1] == '\n');
        require(bytes[i] != 0 && bytes[i] != 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct told whole, cut;
    static const struct request_limits limits[] = {
        { 8192, 16384, 100, 1 << 20 }, { 20, 60, 3, 20 }, { 60, 65535, 200, UINT64_MAX }, { 20, 30, 200, 300 },
    };
    if (size < 2)
        return 0;
    const struct request_limits *chosen = &limits[data[0] % 4];
    const char *bytes = (const char *)data + 2;
    void (*read)(const char *, size_t, uint32_t, const struct request_limits *, struct told *) = data[0] & 4 ? read_chunked : read_head;
    read(bytes, size - 2, 0, chosen, &whole);
    read(bytes, size - 2, data[1] + 1u, chosen, &cut);
    require_same(&whole, &cut, !(data[0] & 4));
    if (whole.verdict != FRAMING_REFUSED)
        require_rules(bytes, data[0] & 4 ? size - 2 : whole.end.framing.head_taken, &whole, chosen);
    return 0;
}
