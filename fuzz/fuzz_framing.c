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
    struct framing_refusal refusal;
    struct framing end;
};

static size_t next_count(size_t count, size_t len, uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    size_t more = 1 + (*seed >> 24) % 9;
    return len - count < more ? len : count + more;
}

static void read_head(const char *bytes, size_t len, uint32_t seed, const struct request_limits *limits, struct told *t)
{
    memset(t, 0, sizeof(*t));
    framing_reset(&t->end);
    for (size_t count = seed == 0 ? len : 0;; count = next_count(count, len, &seed)) {
        t->verdict = framing_check_head(&t->end, limits, (struct slice){ bytes, count }, &t->refusal);
        require(t->end.head_taken <= count);
        if (t->verdict != FRAMING_MORE || count == len)
            return;
        require(t->end.head_taken == count);
    }
}

static void read_chunked(const char *bytes, size_t len, uint32_t seed, const struct request_limits *limits, struct told *t)
{
    static const struct request_limits wide = { 100, 100, 10, 0 };
    size_t at = 0;
    memset(t, 0, sizeof(*t));
    framing_reset(&t->end);
    require(framing_check_head(&t->end, &wide, SLICE("PUT / HTTP/1.1\r\n\r\n"), &t->refusal) == FRAMING_END);
    for (size_t count = seed == 0 ? len : 0;; count = next_count(count, len, &seed)) {
        t->verdict = framing_check_chunked(&t->end, limits, (struct slice){ bytes + at, count - at }, &t->refusal);
        at = count;
        if (t->verdict == FRAMING_REFUSED || count == len)
            return;
    }
}

/* Of a refused message only the refusal counts; else where the guard stands. */
static void require_same(const struct told *a, const struct told *b)
{
    require(a->verdict == b->verdict);
    if (a->verdict == FRAMING_REFUSED)
        require(a->refusal.status == b->refusal.status && a->refusal.rule == b->refusal.rule && a->refusal.reason == b->refusal.reason);
    else
        require(a->end.state == b->end.state && a->end.head_taken == b->end.head_taken && a->end.field_count == b->end.field_count
                && a->end.method == b->end.method && memcmp(a->end.version, b->end.version, 2) == 0
                && a->end.content_announced == b->end.content_announced && a->end.message_extensions == b->end.message_extensions);
}

static void require_rules(const char *bytes, size_t len, const struct told *t, const struct request_limits *limits)
{
    require(t->end.field_count <= limits->fields_max && t->end.content_announced <= limits->body_max);
    require(t->end.head_taken <= limits->head_max || t->end.state == 0);
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
    require_same(&whole, &cut);
    if (whole.verdict != FRAMING_REFUSED)
        require_rules(bytes, data[0] & 4 ? size - 2 : whole.end.head_taken, &whole, chosen);
    return 0;
}
