#include "core/conn_table.h"

#include <stddef.h>

#include "core/assert.h"

/* Each decided pair gives a constant its name: a doubled pair is a name declared twice, a missing one makes the count too small, and
 * neither compiles. */
#define ROW_AS_CONSTANT(state, event, then, actions, because) PAIR_AS_CONSTANT(state, event)
#define PAIR_AS_CONSTANT(state, event) PAIR_##state##_##event,

enum decided_pair { CONN_TRANSITIONS(ROW_AS_CONSTANT) CONN_IMPOSSIBLE(PAIR_AS_CONSTANT) DECIDED_PAIR_COUNT };

#define ROW_IS_OPEN(state, event, then, actions, because) PAIR_IS_OPEN(state, event)
#define PAIR_IS_OPEN(state, event) && CONN_##state != CONN_CLOSED

_Static_assert((int)DECIDED_PAIR_COUNT == (CONN_STATE_COUNT - 1) * CONN_EVENT_COUNT, "every pair is decided, and decided once");
_Static_assert(1 CONN_TRANSITIONS(ROW_IS_OPEN) CONN_IMPOSSIBLE(PAIR_IS_OPEN), "CLOSED is final: it needs no rows");
_Static_assert(CONN_CLOSED == CONN_STATE_COUNT - 1, "CLOSED stands last, behind the states that have rows");
_Static_assert((int)ACT_BIT_CLOSE == CONN_ACTION_COUNT - 1, "actions are carried out in their order, close last");

/* The way out of what cannot be: this one connection ends, and its exchange is logged. */
#define NEVER { CONN_CLOSED, ACT_LOG | ACT_CLOSE, false }

#define ROW_AS_STEP(state, event, then, actions, because) [CONN_##state][ON_##event] = { CONN_##then, actions, true },
#define PAIR_AS_NEVER(state, event) [CONN_##state][ON_##event] = NEVER,
#define EVENT_AS_NEVER(event, meaning) [CONN_CLOSED][ON_##event] = NEVER,

static const struct conn_step steps[CONN_STATE_COUNT][CONN_EVENT_COUNT] = {
    CONN_TRANSITIONS(ROW_AS_STEP)
    CONN_IMPOSSIBLE(PAIR_AS_NEVER)
    CONN_EVENTS(EVENT_AS_NEVER)
};

struct conn_step conn_step(enum conn_state state, enum conn_event event)
{
    weir_assert(state < CONN_STATE_COUNT);
    weir_assert(event < CONN_EVENT_COUNT);
    return steps[state][event];
}

#define AS_NAME(name) #name,
#define NAME_OF(name, meaning) #name,
#define MEANING_OF(name, meaning) meaning,
#define REASON_OF(state, event, then, actions, because) [CONN_##state][ON_##event] = because,

const char *conn_state_name(enum conn_state state)
{
    static const char *const names[] = { CONN_STATES(AS_NAME) };
    weir_assert(state < CONN_STATE_COUNT);
    return names[state];
}

const char *conn_event_name(enum conn_event event)
{
    static const char *const names[] = { CONN_EVENTS(NAME_OF) };
    weir_assert(event < CONN_EVENT_COUNT);
    return names[event];
}

const char *conn_action_name(enum conn_action_bit bit)
{
    static const char *const names[] = { CONN_ACTIONS(NAME_OF) };
    weir_assert(bit < CONN_ACTION_COUNT);
    return names[bit];
}

const char *conn_event_meaning(enum conn_event event)
{
    static const char *const meanings[] = { CONN_EVENTS(MEANING_OF) };
    weir_assert(event < CONN_EVENT_COUNT);
    return meanings[event];
}

const char *conn_row_reason(enum conn_state state, enum conn_event event)
{
    static const char *const reasons[CONN_STATE_COUNT][CONN_EVENT_COUNT] = { CONN_TRANSITIONS(REASON_OF) };
    weir_assert(state < CONN_STATE_COUNT);
    weir_assert(event < CONN_EVENT_COUNT);
    return reasons[state][event];
}
