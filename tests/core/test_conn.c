/* Facts to verdicts, verdicts to steps, and the life of a slot. */
#include "core/conn.h"

#include <check.h>
#include <glob.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "aborts.h"
#include "core/exchange.h"

static const struct weir_peer peer = { .address = { 192, 0, 2, 1 }, .port = 4242, .family = WEIR_IPV4 };

static struct conn open_conn(void)
{
    struct conn c;
    conn_init(&c);
    conn_open(&c, 7, &peer);
    return c;
}

/* ---- a slot and its use */

START_TEST(a_slot_that_was_never_used_is_closed)
{
    struct conn c;
    conn_init(&c);
    ck_assert_int_eq(c.state, CONN_CLOSED);
    ck_assert_int_eq(c.fd, -1);
    ck_assert_int_eq(c.limit, LIMIT_NONE);
    ck_assert_ptr_null(c.exchange);
    ck_assert_uint_eq(c.next_ready, CONN_NOWHERE);
}

START_TEST(an_opened_connection_reads_and_is_ready_for_both)
{
    struct conn c = open_conn();
    ck_assert_int_eq(c.state, CONN_READING);
    ck_assert_int_eq(c.fd, 7);
    ck_assert_int_eq(c.limit, LIMIT_NONE);
    ck_assert_int_eq(c.ready, READY_READ | READY_WRITE);
    ck_assert_uint_eq(c.next, CONN_NOWHERE);
    ck_assert_uint_eq(c.previous, CONN_NOWHERE);
    ck_assert_ptr_null(c.exchange);
    ck_assert_uint_eq(c.dropped, 0);
    ck_assert_mem_eq(&c.peer, &peer, sizeof peer);
}

static void open_twice(void *unused)
{
    (void)unused;
    struct conn c = open_conn();
    conn_open(&c, 8, &peer);
}

static void open_nothing(void *unused)
{
    (void)unused;
    struct conn c;
    conn_init(&c);
    conn_open(&c, -1, &peer);
}

static void open_with_an_old_exchange(void *exchange)
{
    struct conn c;
    conn_init(&c);
    c.exchange = exchange;
    conn_open(&c, 8, &peer);
}

START_TEST(a_connection_is_opened_on_a_descriptor_in_a_slot_that_is_free)
{
    struct exchange x;
    ck_assert(aborts(open_twice, NULL));
    ck_assert(aborts(open_nothing, NULL));
    ck_assert(aborts(open_with_an_old_exchange, &x));
}

START_TEST(each_use_of_a_slot_has_a_generation_of_its_own)
{
    struct conn c = open_conn();
    uint32_t first = c.generation;
    c.dropped = 99;
    c.ready = READY_SHUT;
    conn_advance(&c, ON_FAIL);
    conn_open(&c, 8, &peer);
    ck_assert_uint_ne(c.generation, first);
    ck_assert_int_eq(c.state, CONN_READING);
    ck_assert_uint_eq(c.dropped, 0);
    ck_assert_int_eq(c.ready, READY_READ | READY_WRITE);
}

START_TEST(a_slot_keeps_its_place_in_the_queue_of_ready_connections)
{
    struct conn c = open_conn();
    c.ready = READY_QUEUED;
    c.next_ready = 12;
    conn_advance(&c, ON_EOS);
    conn_open(&c, 8, &peer);
    ck_assert_int_eq(c.ready, READY_READ | READY_WRITE | READY_QUEUED);
    ck_assert_uint_eq(c.next_ready, 12);
}

START_TEST(a_connection_costs_at_most_96_bytes)
{
    ck_assert_uint_le(sizeof(struct conn), 96);
}

START_TEST(idle_is_reading_with_nothing_begun_and_nothing_to_offer)
{
    char input[8];
    struct exchange x = { .phase = PHASE_IDLE };
    struct conn c = open_conn();
    buffer_init(&x.in, input, sizeof input);
    ck_assert(conn_is_idle(&c));
    c.exchange = &x;
    ck_assert(conn_is_idle(&c));
    buffer_added(&x.in, 1);
    ck_assert(!conn_is_idle(&c));
    buffer_consume(&x.in, 1);
    x.phase = PHASE_BLANK;
    ck_assert(conn_is_idle(&c));
    x.phase = PHASE_HEAD;
    ck_assert(!conn_is_idle(&c));
    x.phase = PHASE_BODY;
    ck_assert(!conn_is_idle(&c));
    x.phase = PHASE_IDLE;
    conn_advance(&c, ON_REQUEST);
    ck_assert(!conn_is_idle(&c));
}

/* ---- verdicts, each condition by itself and where two meet */

struct verdict_case {
    enum conn_state state;
    enum conn_event event;
    struct conn_facts facts;
    const char *name;
};

static const struct verdict_case verdict_cases[] = {
    { CONN_READING,  ON_MORE,    { .intake = INTAKE_MORE, .transfer = TRANSFER_SOME }, "bytes that complete nothing" },
    { CONN_READING,  ON_REQUEST, { .intake = INTAKE_REQUEST }, "a complete request" },
    { CONN_READING,  ON_EXPECT,  { .intake = INTAKE_EXPECT, .message_begun = true }, "what must leave first" },
    { CONN_READING,  ON_REJECT,  { .intake = INTAKE_REJECT, .message_begun = true }, "a parser that says no" },
    { CONN_READING,  ON_REJECT,  { .transfer = TRANSFER_END, .message_begun = true }, "the end inside a message" },
    { CONN_READING,  ON_EOS,     { .transfer = TRANSFER_END }, "the end between messages" },
    { CONN_READING,  ON_TIMEOUT, { .limit_passed = true, .message_begun = true }, "a limit inside a message" },
    { CONN_READING,  ON_IDLE,    { .limit_passed = true }, "a limit between messages" },
    { CONN_READING,  ON_IDLE,    { .must_go = true }, "who must give way" },
    { CONN_READING,  ON_MORE,    { .must_go = true, .intake = INTAKE_MORE, .message_begun = true }, "nobody gives way inside a message" },
    { CONN_READING,  ON_FAIL,    { .transfer = TRANSFER_BROKEN, .intake = INTAKE_REQUEST }, "a broken transport before all else" },
    { CONN_READING,  ON_REQUEST, { .transfer = TRANSFER_END, .intake = INTAKE_REQUEST }, "a request is answered though the stream ended" },
    { CONN_READING,  ON_REQUEST, { .limit_passed = true, .intake = INTAKE_REQUEST }, "a request is answered though its time passed" },
    { CONN_READING,  ON_REJECT,  { .transfer = TRANSFER_END, .intake = INTAKE_MORE, .message_begun = true }, "an end beats MORE" },
    { CONN_READING,  ON_TIMEOUT, { .limit_passed = true, .intake = INTAKE_MORE, .message_begun = true }, "a limit beats MORE" },
    { CONN_WRITING,  ON_SENT,    { .transfer = TRANSFER_SOME }, "who takes part" },
    { CONN_WRITING,  ON_TIMEOUT, { .transfer = TRANSFER_SOME, .limit_passed = true }, "who takes part too slowly" },
    { CONN_WRITING,  ON_TIMEOUT, { .limit_passed = true }, "who takes nothing in time" },
    { CONN_WRITING,  ON_REQUEST, { .intake = INTAKE_REQUEST, .keep = true }, "a pipelined request" },
    { CONN_WRITING,  ON_REQUEST, { .intake = INTAKE_REQUEST, .transfer = TRANSFER_ALL, .keep = true }, "pipelined: before the way on" },
    { CONN_WRITING,  ON_REJECT,  { .intake = INTAKE_REJECT, .keep = true }, "pipelined nonsense" },
    { CONN_WRITING,  ON_DONE,    { .intake = INTAKE_MORE, .transfer = TRANSFER_ALL, .keep = true }, "a pipelined beginning waits" },
    { CONN_WRITING,  ON_SENT,    { .intake = INTAKE_EXPECT, .transfer = TRANSFER_SOME }, "a pipelined expectation waits" },
    { CONN_WRITING,  ON_DONE,    { .transfer = TRANSFER_ALL, .keep = true }, "all left and kept" },
    { CONN_WRITING,  ON_RESUME,  { .transfer = TRANSFER_ALL, .keep = true, .interim = true }, "all left of an interim answer" },
    { CONN_WRITING,  ON_RESUME,  { .transfer = TRANSFER_ALL, .interim = true }, "an interim answer though it will close" },
    { CONN_WRITING,  ON_LAST,    { .transfer = TRANSFER_ALL }, "all left and not kept" },
    { CONN_WRITING,  ON_END,     { .transfer = TRANSFER_ALL, .peer_finished = true }, "all left and the peer has finished" },
    { CONN_WRITING,  ON_DONE,    { .transfer = TRANSFER_ALL, .keep = true, .peer_finished = true }, "kept, though the peer has finished" },
    { CONN_WRITING,  ON_FAIL,    { .transfer = TRANSFER_BROKEN, .limit_passed = true }, "a transport that breaks while sending" },
    { CONN_SHUTTING, ON_MORE,    { .transfer = TRANSFER_SOME }, "bytes behind our end" },
    { CONN_SHUTTING, ON_TIMEOUT, { .transfer = TRANSFER_SOME, .limit_passed = true }, "too many of them" },
    { CONN_SHUTTING, ON_EOS,     { .transfer = TRANSFER_END }, "the peer's end behind ours" },
    { CONN_SHUTTING, ON_EOS,     { .transfer = TRANSFER_END, .limit_passed = true }, "the peer's end in the last moment" },
    { CONN_SHUTTING, ON_TIMEOUT, { .limit_passed = true }, "who lingers too long" },
    { CONN_SHUTTING, ON_FAIL,    { .transfer = TRANSFER_BROKEN }, "a reset behind our end" },
};
enum { VERDICT_CASE_COUNT = sizeof verdict_cases / sizeof verdict_cases[0] };

START_TEST(each_fact_has_its_verdict)
{
    const struct verdict_case *v = &verdict_cases[_i];
    enum conn_event event = conn_verdict(v->state, &v->facts);
    ck_assert_msg(event == v->event, "%s: %s, not %s", v->name, conn_event_name(event), conn_event_name(v->event));
}

/* ---- all combinations of facts that can occur */

enum { FACTS_COUNT = 5 * 5 * 64 };

static struct conn_facts facts_of(int number)
{
    unsigned bits = (unsigned)number / 25;
    return (struct conn_facts){
        .intake = (enum intake)(number % 5),
        .transfer = (enum transfer)(number / 5 % 5),
        .message_begun = bits & 1,
        .limit_passed = bits >> 1 & 1,
        .must_go = bits >> 2 & 1,
        .interim = bits >> 3 & 1,
        .keep = bits >> 4 & 1,
        .peer_finished = bits >> 5 & 1,
    };
}

/* Something happened that concerns a connection in this state. Nothing else is asked for: facts that mean nothing there may hold. */
static bool can_occur(enum conn_state state, const struct conn_facts *f)
{
    if (f->transfer == TRANSFER_BROKEN || f->limit_passed)
        return true;
    switch (state) {
    case CONN_READING:
        return f->intake != INTAKE_NONE || f->transfer == TRANSFER_END || (f->must_go && !f->message_begun);
    case CONN_WRITING:
        return f->intake == INTAKE_REQUEST || f->intake == INTAKE_REJECT || f->transfer == TRANSFER_SOME || f->transfer == TRANSFER_ALL;
    case CONN_SHUTTING:
        return f->transfer == TRANSFER_SOME || f->transfer == TRANSFER_END;
    case CONN_CLOSED:
    case CONN_STATE_COUNT:
        break;
    }
    return false;
}

/* Whether the facts say what the event means, without a word about which of them goes first. */
static bool facts_say(enum conn_state state, const struct conn_facts *f, enum conn_event event)
{
    bool all = f->transfer == TRANSFER_ALL;
    switch (event) {
    case ON_MORE:
        return state == CONN_READING ? f->intake == INTAKE_MORE : f->transfer == TRANSFER_SOME;
    case ON_REQUEST:
        return f->intake == INTAKE_REQUEST;
    case ON_EXPECT:
        return f->intake == INTAKE_EXPECT;
    case ON_REJECT:
        return f->intake == INTAKE_REJECT || (state == CONN_READING && f->transfer == TRANSFER_END && f->message_begun);
    case ON_EOS:
        return f->transfer == TRANSFER_END && (state == CONN_SHUTTING || !f->message_begun);
    case ON_IDLE:
        return (f->limit_passed || f->must_go) && !f->message_begun;
    case ON_TIMEOUT:
        return f->limit_passed && (state != CONN_READING || f->message_begun);
    case ON_SENT:
        return f->transfer == TRANSFER_SOME;
    case ON_RESUME:
        return all && f->interim;
    case ON_DONE:
        return all && !f->interim && f->keep;
    case ON_LAST:
        return all && !f->interim && !f->keep && !f->peer_finished;
    case ON_END:
        return all && !f->interim && !f->keep && f->peer_finished;
    case ON_FAIL:
        return f->transfer == TRANSFER_BROKEN;
    case CONN_EVENT_COUNT:
        break;
    }
    return false;
}

START_TEST(no_facts_that_can_occur_raise_what_cannot_be)
{
    int tried = 0;
    for (int number = 0; number < FACTS_COUNT; number++) {
        struct conn_facts facts = facts_of(number);
        enum conn_state state = (enum conn_state)_i;
        if (!can_occur(state, &facts))
            continue;
        enum conn_event event = conn_verdict(state, &facts);
        tried++;
        ck_assert_msg(conn_step(state, event).possible, "facts %d in %s: %s", number, conn_state_name(state), conn_event_name(event));
        ck_assert_msg(facts_say(state, &facts, event), "facts %d in %s: %s", number, conn_state_name(state), conn_event_name(event));
    }
    ck_assert_int_gt(tried, FACTS_COUNT / 2);
}

START_TEST(every_possible_event_is_raised_by_some_facts)
{
    for (enum conn_state state = 0; state < CONN_CLOSED; state++) {
        bool raised[CONN_EVENT_COUNT] = { false };
        for (int number = 0; number < FACTS_COUNT; number++) {
            struct conn_facts facts = facts_of(number);
            if (can_occur(state, &facts))
                raised[conn_verdict(state, &facts)] = true;
        }
        for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++)
            ck_assert_int_eq(raised[event], conn_step(state, event).possible);
    }
}

struct question {
    enum conn_state state;
    struct conn_facts facts;
};

static void ask(void *context)
{
    const struct question *q = context;
    (void)conn_verdict(q->state, &q->facts);
}

START_TEST(a_verdict_needs_something_that_happened)
{
    for (enum conn_state state = 0; state < CONN_CLOSED; state++) {
        struct question nothing = { .state = state, .facts = { .keep = true } };
        ck_assert(aborts(ask, &nothing));
    }
}

/* ---- steps */

/* A connection that was brought into `state` by the shortest way. */
static struct conn conn_in(enum conn_state state)
{
    static const enum conn_event ways[CONN_STATE_COUNT] = {
        [CONN_WRITING] = ON_REQUEST,
        [CONN_SHUTTING] = ON_IDLE,
        [CONN_CLOSED] = ON_FAIL,
    };
    struct conn c = open_conn();
    if (state != CONN_READING)
        conn_advance(&c, ways[state]);
    ck_assert_int_eq(c.state, state);
    return c;
}

struct advance {
    enum conn_state state;
    enum conn_event event;
};

static void advance(void *context)
{
    const struct advance *a = context;
    struct conn c = conn_in(a->state);
    conn_advance(&c, a->event);
}

START_TEST(a_step_goes_where_the_table_says_and_an_impossible_one_aborts)
{
    struct advance a = { (enum conn_state)(_i / CONN_EVENT_COUNT), (enum conn_event)(_i % CONN_EVENT_COUNT) };
    struct conn_step said = conn_step(a.state, a.event);
    if (!said.possible) {
        ck_assert(aborts(advance, &a));
        return;
    }
    struct conn c = conn_in(a.state);
    struct conn_step taken = conn_advance(&c, a.event);
    ck_assert_int_eq(c.state, said.next);
    ck_assert_int_eq(taken.next, said.next);
    ck_assert_uint_eq(taken.actions, said.actions);
}

static void close_again(void *unused)
{
    (void)unused;
    struct conn c = conn_in(CONN_CLOSED);
    struct conn_facts broken = { .transfer = TRANSFER_SOME };
    conn_advance(&c, conn_verdict(CONN_CLOSED, &broken));
}

START_TEST(nothing_happens_to_what_is_closed)
{
    ck_assert(aborts(close_again, NULL));
    struct conn_facts facts = { .intake = INTAKE_REQUEST, .transfer = TRANSFER_ALL, .limit_passed = true };
    for (enum conn_state state = CONN_CLOSED; state <= CONN_STATE_COUNT + 1; state++)
        ck_assert_int_eq(conn_verdict(state, &facts), ON_FAIL);
}

/* ---- the law: one function, and only one, changes a state; one more begins it */

static int count_of_matches(const char *path, const regex_t *pattern)
{
    char line[1024];
    int count = 0;
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s: the tests run in the top folder of the sources", path);
    while (fgets(line, sizeof line, file) != NULL)
        count += regexec(pattern, line, 0, NULL, 0) == 0;
    fclose(file);
    return count;
}

START_TEST(one_place_assigns_the_state)
{
    static const char assigned[] = "(->|\\.)state[[:space:]]*([-+|&^]?=[^=]|\\+\\+|--)";
    static const char built[] = "=[[:space:]]*\\(struct conn\\)";
    regex_t assignment, whole;
    glob_t files;
    ck_assert_int_eq(regcomp(&assignment, assigned, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_int_eq(regcomp(&whole, built, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_int_eq(glob("src/*/*.[ch]", 0, NULL, &files), 0);
    ck_assert_uint_gt(files.gl_pathc, 10);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        bool is_conn = strcmp(files.gl_pathv[i], "src/core/conn.c") == 0;
        int assignments = count_of_matches(files.gl_pathv[i], &assignment);
        ck_assert_msg(assignments == (is_conn ? 3 : 0), "%s assigns a state %d times", files.gl_pathv[i], assignments);
        int builds = count_of_matches(files.gl_pathv[i], &whole);
        ck_assert_msg(builds == (is_conn ? 2 : 0), "%s makes a connection %d times", files.gl_pathv[i], builds);
    }
    globfree(&files);
    regfree(&assignment);
    regfree(&whole);
}

int main(void)
{
    Suite *suite = suite_create("conn");
    TCase *slot = tcase_create("slot");
    tcase_add_test(slot, a_slot_that_was_never_used_is_closed);
    tcase_add_test(slot, an_opened_connection_reads_and_is_ready_for_both);
    tcase_add_test(slot, a_connection_is_opened_on_a_descriptor_in_a_slot_that_is_free);
    tcase_add_test(slot, each_use_of_a_slot_has_a_generation_of_its_own);
    tcase_add_test(slot, a_slot_keeps_its_place_in_the_queue_of_ready_connections);
    tcase_add_test(slot, a_connection_costs_at_most_96_bytes);
    tcase_add_test(slot, idle_is_reading_with_nothing_begun_and_nothing_to_offer);
    suite_add_tcase(suite, slot);

    TCase *verdicts = tcase_create("verdicts");
    tcase_add_loop_test(verdicts, each_fact_has_its_verdict, 0, VERDICT_CASE_COUNT);
    tcase_add_loop_test(verdicts, no_facts_that_can_occur_raise_what_cannot_be, 0, CONN_CLOSED);
    tcase_add_test(verdicts, every_possible_event_is_raised_by_some_facts);
    tcase_add_test(verdicts, a_verdict_needs_something_that_happened);
    suite_add_tcase(suite, verdicts);

    TCase *steps = tcase_create("steps");
    tcase_add_loop_test(steps, a_step_goes_where_the_table_says_and_an_impossible_one_aborts, 0, CONN_STATE_COUNT * CONN_EVENT_COUNT);
    tcase_add_test(steps, nothing_happens_to_what_is_closed);
    tcase_add_test(steps, one_place_assigns_the_state);
    suite_add_tcase(suite, steps);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
