/* The machine of a connection: bytes are a script of facts, two for each step. Whatever can happen to a connection happens to one here, and
 * after it closed to the next one in the same slot. Judged by the model of the tests: each exchange is logged exactly once, nothing is
 * composed behind a refusal, the descriptor is released exactly once, the latch never goes back to yes, and time alone closes everything.
 *
 *     first byte     intake + 5 * transfer
 *     second byte    bits of enum flag */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/conn.h"
#include "tests/core/machine_model.h"

enum flag {
    FLAG_BEGUN = 1 << 0,       /* a message has begun */
    FLAG_LIMIT = 1 << 1,       /* the limit passed */
    FLAG_MUST_GO = 1 << 2,
    FLAG_CLOSE = 1 << 3,       /* something says no to the latch */
    FLAG_FINISHED = 1 << 4,    /* the peer has finished */
    FLAG_QUEUED = 1 << 5       /* the slot stands in the ready queue */
};

struct world {
    struct conn conn;
    struct machine_model model;
    bool begun;
    bool keep;
};

static void fail(const struct world *w, const char *what)
{
    fprintf(stderr, "in %s: %s\n", conn_state_name(w->conn.state), what);
    abort();
}

static void must(const struct world *w, bool holds, const char *what)
{
    if (!holds)
        fail(w, what);
}

static void world_open(struct world *w)
{
    static const struct weir_peer peer = { .family = WEIR_UNIX };
    uint32_t generation = w->conn.generation;
    uint8_t queued = w->conn.ready & READY_QUEUED;
    conn_open(&w->conn, 5, &peer);
    w->model = (struct machine_model){ .owed = OWED_NOTHING };
    w->begun = false;
    w->keep = true;
    must(w, w->conn.generation == generation + 1, "a use of the slot has no generation of its own");
    must(w, (w->conn.ready & READY_QUEUED) == queued, "the slot has lost its place in the ready queue");
}

/* ---- what the world can say, state by state; false: nothing happened */

static bool facts_reading(const struct world *w, struct conn_facts *facts, unsigned flags)
{
    if (facts->transfer == TRANSFER_ALL)
        facts->transfer = TRANSFER_SOME;
    facts->message_begun = w->begun || (flags & FLAG_BEGUN && facts->intake != INTAKE_NONE);
    facts->limit_passed = flags & FLAG_LIMIT;
    facts->must_go = flags & FLAG_MUST_GO;
    return facts->intake != INTAKE_NONE || facts->transfer > TRANSFER_SOME || facts->limit_passed
           || (facts->must_go && !facts->message_begun);
}

static bool facts_writing(struct world *w, struct conn_facts *facts, unsigned flags)
{
    const bool offers = w->model.owed == OWED_ANSWER && w->keep;
    if (!offers)
        facts->intake = INTAKE_NONE;
    if (facts->transfer == TRANSFER_END)
        facts->transfer = TRANSFER_NONE;
    if (flags & FLAG_CLOSE)
        w->keep = false;
    facts->limit_passed = flags & FLAG_LIMIT;
    facts->interim = w->model.owed == OWED_INTERIM;
    facts->keep = w->keep;
    facts->peer_finished = flags & FLAG_FINISHED;
    return facts->intake == INTAKE_REQUEST || facts->intake == INTAKE_REJECT || facts->transfer != TRANSFER_NONE || facts->limit_passed;
}

static bool facts_shutting(struct conn_facts *facts, unsigned flags)
{
    if (facts->transfer == TRANSFER_ALL)
        facts->transfer = TRANSFER_SOME;
    facts->intake = INTAKE_NONE;
    facts->limit_passed = flags & FLAG_LIMIT;
    return facts->transfer != TRANSFER_NONE || facts->limit_passed;
}

static bool facts_of(struct world *w, uint8_t happened, unsigned flags, struct conn_facts *facts)
{
    *facts = (struct conn_facts){ .intake = happened % 5, .transfer = happened / 5 % 5 };
    switch ((enum conn_state)w->conn.state) {
    case CONN_READING:
        return facts_reading(w, facts, flags);
    case CONN_WRITING:
        return facts_writing(w, facts, flags);
    case CONN_SHUTTING:
        return facts_shutting(facts, flags);
    case CONN_CLOSED:
    case CONN_STATE_COUNT:
        break;
    }
    return false;
}

/* ---- one step */

static void world_remember(struct world *w, const struct conn_facts *facts, enum conn_event event)
{
    if (event == ON_REJECT || event == ON_TIMEOUT)
        w->keep = false;
    if (event == ON_MORE || event == ON_EXPECT)
        w->begun |= facts->message_begun;
    if (event == ON_REQUEST)
        w->begun = false;
}

static void world_step(struct world *w, const struct conn_facts *facts)
{
    const enum conn_state from = (enum conn_state)w->conn.state;
    const enum conn_event event = conn_verdict(from, facts);
    struct conn before;
    memcpy(&before, &w->conn, sizeof before);
    must(w, conn_step(from, event).possible, "facts that can occur raise what cannot be");
    must(w, model_can_occur(&w->model, event), "the verdict contradicts what is owed");
    must(w, event != ON_DONE || w->keep, "the latch went back to yes");

    const struct conn_step step = conn_advance(&w->conn, event);
    must(w, w->conn.state == step.next, "the step leads elsewhere");
    before.state = w->conn.state;
    must(w, memcmp(&before, &w->conn, sizeof before) == 0, "a step changes more than the state");

    const char *broken = model_step(&w->model, event, step);
    if (broken != NULL)
        fail(w, broken);
    world_remember(w, facts, event);
}

/* Nothing but time: a connection in any state ends, over at most a refusal or a lingering close. */
static void world_wait(struct world *w)
{
    for (int steps = 0; w->conn.state != CONN_CLOSED; steps++) {
        struct conn_facts facts;
        must(w, steps < CONN_STATE_COUNT, "time alone does not close it");
        must(w, facts_of(w, 0, FLAG_LIMIT, &facts), "a limit that passed is nothing");
        world_step(w, &facts);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w;
    memset(&w, 0, sizeof w);
    conn_init(&w.conn);
    world_open(&w);
    for (size_t i = 0; i + 1 < size; i += 2) {
        struct conn_facts facts;
        if (data[i + 1] & FLAG_QUEUED)
            w.conn.ready ^= READY_QUEUED;
        if (facts_of(&w, data[i], data[i + 1], &facts))
            world_step(&w, &facts);
        if (w.conn.state == CONN_CLOSED)
            world_open(&w);
    }
    world_wait(&w);
    return 0;
}
