/* The lists of time limits: bytes are a script of arming, dropping and waiting, compared after each step with a model that is too simple to
 * be wrong.
 *
 *     first bytes    one for each limit: its length
 *     then, by two   slot + 12 * limit, and how long to wait before; from 128 on what has passed is first taken out, as a worker does */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/core/limits_model.h"

struct script {
    struct conn conns[MODEL_SLOTS];
    struct limits limits;
    struct limits_model model;
    uint64_t now;
};

static void check(struct script *s)
{
    const char *broken = limits_model_check(&s->model, &s->limits, s->now);
    if (broken == NULL)
        return;
    fprintf(stderr, "at %llu: %s\n", (unsigned long long)s->now, broken);
    abort();
}

static void arm(struct script *s, uint32_t slot, enum limit limit)
{
    limits_arm(&s->limits, slot, limit, s->now);
    limits_model_arm(&s->model, slot, limit, s->now);
    check(s);
}

static void script_begin(struct script *s, const uint8_t *lengths)
{
    static const struct weir_peer nobody;
    uint64_t in_ms[LIMIT_COUNT];
    for (int limit = 0; limit < LIMIT_COUNT; limit++)
        in_ms[limit] = lengths[limit];
    for (int slot = 0; slot < MODEL_SLOTS; slot++) {
        conn_init(&s->conns[slot]);
        conn_open(&s->conns[slot], slot, &nobody);
    }
    limits_init(&s->limits, s->conns, in_ms);
    limits_model_init(&s->model, in_ms);
    s->now = 0;
}

/* What has passed goes, one after the other: at most each slot once. */
static void take_out_what_passed(struct script *s)
{
    uint32_t slot;
    for (int count = 0; (slot = limits_passed(&s->limits, s->now)) != CONN_NOWHERE; count++) {
        if (count == MODEL_SLOTS)
            abort();
        arm(s, slot, LIMIT_NONE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct script s;
    if (size < LIMIT_COUNT)
        return 0;
    script_begin(&s, data);
    for (size_t i = LIMIT_COUNT; i + 1 < size; i += 2) {
        s.now += data[i + 1] & 0x7f;
        check(&s);
        if (data[i + 1] & 0x80)
            take_out_what_passed(&s);
        arm(&s, data[i] % MODEL_SLOTS, (enum limit)(data[i] / MODEL_SLOTS % (LIMIT_COUNT + 1)));
    }
    return 0;
}
