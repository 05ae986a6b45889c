/* A model of what stands outside of the machine: who carries out its actions, and what must hold while they are. The walk over all event
 * strings and the fuzz target of the machine judge by it. It knows nothing of the table's rows. */
#ifndef WEIR_TESTS_CORE_MACHINE_MODEL_H
#define WEIR_TESTS_CORE_MACHINE_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/conn_table.h"

/* How what is to be sent ends. */
enum model_owed { OWED_NOTHING, OWED_ANSWER, OWED_REFUSAL, OWED_INTERIM, OWED_COUNT };

struct machine_model {
    enum model_owed owed;
    unsigned opened;    /* exchanges */
    unsigned logged;
    bool exchange_open;
    bool fin_sent;
    bool reset_asked;
    bool released;
};

#define MODEL_EVENT(name) (1u << ON_##name)

/* Whether the world can raise the event at all: nothing is read behind a refusal, an interim answer ends no exchange. */
static inline bool model_can_occur(const struct machine_model *m, enum conn_event event)
{
    static const unsigned out_of_the_question[OWED_COUNT] = {
        [OWED_ANSWER] = MODEL_EVENT(RESUME),
        [OWED_REFUSAL] = MODEL_EVENT(RESUME) | MODEL_EVENT(REQUEST) | MODEL_EVENT(REJECT) | MODEL_EVENT(DONE),
        [OWED_INTERIM] = MODEL_EVENT(REQUEST) | MODEL_EVENT(REJECT) | MODEL_EVENT(DONE) | MODEL_EVENT(LAST) | MODEL_EVENT(END),
    };
    return (out_of_the_question[m->owed] & 1u << event) == 0;
}

/* The functions below return NULL, or a sentence that says what is broken. */

static inline const char *model_compose(struct machine_model *m, enum model_owed what)
{
    if (m->fin_sent)
        return "something is composed though our side is shut";
    if (m->owed == OWED_REFUSAL || m->owed == OWED_INTERIM)
        return "something is composed behind a refusal or an interim answer";
    if (m->exchange_open)
        return "two exchanges are open at once";
    m->owed = what;
    if (what != OWED_INTERIM) {
        m->exchange_open = true;
        m->opened++;
    }
    return NULL;
}

static inline const char *model_close(struct machine_model *m)
{
    if (m->released)
        return "the descriptor is released twice";
    if (m->exchange_open)
        return "an exchange ends without a record";
    m->released = true;
    m->owed = OWED_NOTHING;
    return NULL;
}

static inline const char *model_act(struct machine_model *m, enum conn_action_bit bit)
{
    switch (bit) {
    case ACT_BIT_LOG:    /* "the open exchange, if there is one" */
        m->logged += m->exchange_open;
        m->exchange_open = false;
        return NULL;
    case ACT_BIT_RESPOND:
        return model_compose(m, OWED_ANSWER);
    case ACT_BIT_REFUSE:
        return model_compose(m, OWED_REFUSAL);
    case ACT_BIT_INTERIM:
        return model_compose(m, OWED_INTERIM);
    case ACT_BIT_PROGRESS:
        return m->owed == OWED_NOTHING ? "progress is seen where nothing is owed" : NULL;
    case ACT_BIT_FIN:
        if (m->fin_sent || m->owed != OWED_NOTHING)
            return "our side is shut twice, or before all has left";
        m->fin_sent = true;
        return NULL;
    case ACT_BIT_RESET:
        m->reset_asked = true;
        return NULL;
    case ACT_BIT_CLOSE:
        return model_close(m);
    case CONN_ACTION_COUNT:
        break;
    }
    return "there is no such action";
}

/* What must hold whenever the machine stands in `state`. */
static inline const char *model_check(const struct machine_model *m, enum conn_state state)
{
    if (m->opened != m->logged + m->exchange_open)
        return "an exchange is logged twice, or never";
    if (m->released != (state == CONN_CLOSED))
        return "the descriptor is released exactly in CLOSED";
    if (m->reset_asked && !m->released)
        return "a reset is asked for, and nothing closes";
    if (m->exchange_open && state != CONN_WRITING)
        return "an exchange is open outside of WRITING";
    if ((m->owed != OWED_NOTHING) != (state == CONN_WRITING))
        return "something is owed exactly in WRITING";
    if (m->exchange_open != (m->owed == OWED_ANSWER || m->owed == OWED_REFUSAL))
        return "an answer is owed exactly while its exchange is open";
    if (m->fin_sent != (state == CONN_SHUTTING) && state != CONN_CLOSED)
        return "our side is shut exactly from SHUTTING on";
    return NULL;
}

/* One step: what the event itself says, the actions in their order, what must hold behind them. */
static inline const char *model_step(struct machine_model *m, enum conn_event event, struct conn_step step)
{
    const char *broken = NULL;
    if (event == ON_RESUME || event == ON_DONE || event == ON_LAST || event == ON_END)
        m->owed = OWED_NOTHING;
    for (unsigned bit = 0; bit < CONN_ACTION_COUNT && broken == NULL; bit++)
        if (step.actions & 1u << bit)
            broken = model_act(m, (enum conn_action_bit)bit);
    return broken != NULL ? broken : model_check(m, step.next);
}

#endif
