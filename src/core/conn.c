#include "core/conn.h"

#include "core/assert.h"
#include "core/exchange.h"

void conn_init(struct conn *c)
{
    *c = (struct conn){
        .fd = -1,
        .next = CONN_NOWHERE,
        .previous = CONN_NOWHERE,
        .next_ready = CONN_NOWHERE,
        .state = CONN_CLOSED,
        .limit = LIMIT_NONE,
    };
}

void conn_open(struct conn *c, int fd, const struct weir_peer *peer)
{
    weir_assert(fd >= 0);
    weir_assert(c->state == CONN_CLOSED);
    weir_assert(c->exchange == NULL);
    *c = (struct conn){
        .fd = fd,
        .generation = c->generation + 1,
        .next = CONN_NOWHERE,
        .previous = CONN_NOWHERE,
        .next_ready = c->next_ready,    /* the slot may still stand in the ready queue, and then keeps its place */
        .state = CONN_READING,
        .limit = LIMIT_NONE,
        .ready = (uint8_t)(READY_READ | READY_WRITE | (c->ready & READY_QUEUED)),
        .peer = *peer,
    };
}

/* Several facts may hold at once: the first that a function below asks about wins. What ends a wait comes before what prolongs it,
 * so that no fact is lost behind one that changes nothing; the last line of each is the verdict that stays in the state. */

/* A message that is complete is answered, though the stream ended or the time passed with its last byte. */
static enum conn_event verdict_reading(const struct conn_facts *facts)
{
    if (facts->intake == INTAKE_REQUEST)
        return ON_REQUEST;
    if (facts->intake == INTAKE_REJECT)
        return ON_REJECT;
    if (facts->intake == INTAKE_EXPECT)
        return ON_EXPECT;
    if (facts->transfer == TRANSFER_END)
        return facts->message_begun ? ON_REJECT : ON_EOS;
    if (facts->limit_passed)
        return facts->message_begun ? ON_TIMEOUT : ON_IDLE;
    if (facts->must_go && !facts->message_begun)
        return ON_IDLE;
    weir_assert(facts->intake == INTAKE_MORE);
    return ON_MORE;
}

/* All that is owed left, and nothing is to be answered behind it. */
static enum conn_event verdict_all_left(const struct conn_facts *facts)
{
    if (facts->interim)
        return ON_RESUME;
    if (facts->keep)
        return ON_DONE;
    return facts->peer_finished ? ON_END : ON_LAST;
}

/* A deaf peer is given nothing more to ignore. What is already here is answered before the way on from ALL is chosen. An offer that
 * came to MORE or EXPECT waits until what is owed has left. */
static enum conn_event verdict_writing(const struct conn_facts *facts)
{
    if (facts->limit_passed)
        return ON_TIMEOUT;
    if (facts->intake == INTAKE_REQUEST)
        return ON_REQUEST;
    if (facts->intake == INTAKE_REJECT)
        return ON_REJECT;
    if (facts->transfer == TRANSFER_ALL)
        return verdict_all_left(facts);
    weir_assert(facts->transfer == TRANSFER_SOME);
    return ON_SENT;
}

static enum conn_event verdict_shutting(const struct conn_facts *facts)
{
    if (facts->transfer == TRANSFER_END)
        return ON_EOS;
    if (facts->limit_passed)
        return ON_TIMEOUT;
    weir_assert(facts->transfer == TRANSFER_SOME);
    return ON_MORE;
}

enum conn_event conn_verdict(enum conn_state state, const struct conn_facts *facts)
{
    if (facts->transfer == TRANSFER_BROKEN)
        return ON_FAIL;
    switch (state) {
    case CONN_READING:
        return verdict_reading(facts);
    case CONN_WRITING:
        return verdict_writing(facts);
    case CONN_SHUTTING:
        return verdict_shutting(facts);
    case CONN_CLOSED:
    case CONN_STATE_COUNT:
        break;
    }
    return ON_FAIL;    /* nothing happens to what is closed: conn_advance() finds it impossible */
}

struct conn_step conn_advance(struct conn *c, enum conn_event event)
{
    struct conn_step step = conn_step(c->state, event);
    (void)weir_never(!step.possible);    /* in a release the step itself heals: it closes this one connection */
    c->state = (uint8_t)step.next;
    return step;
}

bool conn_is_idle(const struct conn *c)
{
    if (c->state != CONN_READING)
        return false;
    const struct exchange *x = c->exchange;
    return x == NULL || (x->phase <= PHASE_BLANK && buffer_len(&x->in) == 0);
}
