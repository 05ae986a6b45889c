/* The table itself: every pair, the relations between rows, and a walk over all event strings. */
#include "core/conn_table.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aborts.h"
#include "machine_model.h"

enum { ACT_COMPOSE = ACT_RESPOND | ACT_REFUSE | ACT_INTERIM };

/* The machine under test: the real table, or a copy with a mistake in it. */
struct machine {
    struct conn_step steps[CONN_STATE_COUNT][CONN_EVENT_COUNT];
};

static struct machine real_machine(void)
{
    struct machine m;
    for (enum conn_state state = 0; state < CONN_STATE_COUNT; state++)
        for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++)
            m.steps[state][event] = conn_step(state, event);
    return m;
}

static bool has(struct conn_step step, unsigned actions)
{
    return (step.actions & actions) != 0;
}

static int count_of(unsigned bits)
{
    return __builtin_popcount(bits);
}

/* ---- each pair */

/* The table of the design, told once more: R, W, S, C is the state that follows, '-' an impossibility. */
static const char *const design[CONN_STATE_COUNT] = {
    /*                MORE REQUEST EXPECT REJECT EOS IDLE TIMEOUT SENT RESUME DONE LAST END FAIL */
    [CONN_READING]  = "R"  "W"     "W"    "W"    "C" "S"  "W"     "-"  "-"    "-"  "-"  "-" "C",
    [CONN_WRITING]  = "-"  "W"     "-"    "W"    "-" "-"  "C"     "W"  "R"    "R"  "S"  "C" "C",
    [CONN_SHUTTING] = "S"  "-"     "-"    "-"    "C" "-"  "C"     "-"  "-"    "-"  "-"  "-" "C",
    [CONN_CLOSED]   = "-"  "-"     "-"    "-"    "-" "-"  "-"     "-"  "-"    "-"  "-"  "-" "-",
};

START_TEST(every_pair_leads_where_the_design_says)
{
    for (enum conn_state state = 0; state < CONN_STATE_COUNT; state++)
        ck_assert_uint_eq(strlen(design[state]), CONN_EVENT_COUNT);
    for (enum conn_state state = 0; state < CONN_STATE_COUNT; state++)
        for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++) {
            struct conn_step step = conn_step(state, event);
            char next = step.possible ? conn_state_name(step.next)[0] : '-';
            ck_assert_msg(next == design[state][event], "%s on %s leads to %c", conn_state_name(state), conn_event_name(event), next);
        }
}

START_TEST(what_cannot_be_ends_the_connection_and_logs_its_exchange)
{
    int impossible = 0;
    for (enum conn_state state = 0; state < CONN_STATE_COUNT; state++)
        for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++) {
            struct conn_step step = conn_step(state, event);
            if (step.possible)
                continue;
            impossible++;
            ck_assert_int_eq(step.next, CONN_CLOSED);
            ck_assert_uint_eq(step.actions, ACT_LOG | ACT_CLOSE);
        }
    ck_assert_int_gt(impossible, CONN_EVENT_COUNT);
}

START_TEST(every_row_has_a_reason_and_no_impossible_pair_has_one)
{
    for (enum conn_state state = 0; state < CONN_STATE_COUNT; state++)
        for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++) {
            const char *reason = conn_row_reason(state, event);
            ck_assert_int_eq(reason != NULL, conn_step(state, event).possible);
            if (reason != NULL)
                ck_assert_uint_gt(strlen(reason), 0);
        }
}

START_TEST(names_and_meanings_are_told_apart)
{
    ck_assert_str_eq(conn_state_name(CONN_READING), "READING");
    ck_assert_str_eq(conn_event_name(ON_MORE), "MORE");
    ck_assert_str_eq(conn_action_name(ACT_BIT_LOG), "LOG");
    for (enum conn_state state = 0; state < CONN_STATE_COUNT; state++)
        for (enum conn_state other = 0; other < state; other++)
            ck_assert_str_ne(conn_state_name(state), conn_state_name(other));
    for (enum conn_action_bit bit = 0; bit < CONN_ACTION_COUNT; bit++)
        for (enum conn_action_bit other = 0; other < bit; other++)
            ck_assert_str_ne(conn_action_name(bit), conn_action_name(other));
    for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++) {
        ck_assert_uint_gt(strlen(conn_event_meaning(event)), 0);
        for (enum conn_event other = 0; other < event; other++) {
            ck_assert_str_ne(conn_event_name(event), conn_event_name(other));
            ck_assert_str_ne(conn_event_meaning(event), conn_event_meaning(other));
        }
    }
}

/* ---- the compiler counts them */

static char folder[] = "/tmp/weir-table-XXXXXX";

/* Whether the table compiles when the first `old` in its list reads `new`. */
static bool compiles_with(const char *old, const char *new)
{
    static char list[32768];
    char path[64], command[512];
    FILE *source = fopen("src/core/conn_table.h", "r");
    ck_assert_msg(source != NULL, "the tests run in the top folder of the sources");
    list[fread(list, 1, sizeof list - 1, source)] = '\0';
    fclose(source);
    char *at = strstr(list, old);
    ck_assert_msg(at != NULL, "there is no %s", old);

    snprintf(path, sizeof path, "%s/core/conn_table.h", folder);
    FILE *changed = fopen(path, "w");
    ck_assert_ptr_nonnull(changed);
    fprintf(changed, "%.*s%s%s", (int)(at - list), list, new, at + strlen(old));
    fclose(changed);
    snprintf(command, sizeof command,
             "$(command -v cc gcc clang | head -n 1) -std=gnu17 -fsyntax-only -I%s -Isrc src/core/conn_table.c 2> /dev/null", folder);
    return system(command) == 0;
}

START_TEST(the_compiler_refuses_a_missing_row_and_a_doubled_one)
{
    char path[64];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/core", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);

    ck_assert(compiles_with("READING", "READING"));
    ck_assert(!compiles_with("I(READING,  END)", ""));
    ck_assert(!compiles_with("I(READING,  END)", "I(READING, END) I(READING, END)"));
    ck_assert(!compiles_with("I(READING,  END)", "I(READING, END) I(READING, MORE)"));
    ck_assert(!compiles_with("I(READING,  END)", "I(READING, LAST)"));
    ck_assert(!compiles_with("I(READING,  END)", "I(CLOSED, END)"));

    snprintf(path, sizeof path, "%s/core/conn_table.h", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/core", folder);
    rmdir(path);
    rmdir(folder);
}

/* ---- relations between rows: each returns whether it holds for this step */

struct relation {
    const char *says;
    bool (*holds)(enum conn_state state, enum conn_event event, struct conn_step step);
};

#define RELATION(name) static bool name(enum conn_state state, enum conn_event event, struct conn_step step)

RELATION(failure_closes_at_once)
{
    return event != ON_FAIL || state == CONN_CLOSED || (step.possible && step.next == CONN_CLOSED);
}

RELATION(time_leads_on)
{
    return event != ON_TIMEOUT || state == CONN_CLOSED || (step.possible && step.next != state);
}

RELATION(closed_is_final)
{
    (void)event;
    return state != CONN_CLOSED || (!step.possible && step.next == CONN_CLOSED);
}

RELATION(close_is_asked_exactly_on_entering_closed)
{
    (void)state, (void)event;
    return has(step, ACT_CLOSE) == (step.next == CONN_CLOSED);
}

RELATION(fin_is_asked_exactly_on_entering_shutting)
{
    (void)event;
    return has(step, ACT_FIN) == (step.next == CONN_SHUTTING && state != CONN_SHUTTING);
}

RELATION(reset_is_asked_only_with_close)
{
    (void)state, (void)event;
    return !has(step, ACT_RESET) || has(step, ACT_CLOSE);
}

RELATION(reset_destroys_only_what_the_peer_did_not_take_in_time)
{
    return has(step, ACT_RESET) == (state == CONN_WRITING && event == ON_TIMEOUT);
}

RELATION(entering_writing_composes_exactly_one_thing)
{
    (void)event;
    return step.next != CONN_WRITING || state == CONN_WRITING || count_of(step.actions & ACT_COMPOSE) == 1;
}

RELATION(staying_in_writing_composes_where_something_is_to_be_answered)
{
    bool answers = event == ON_REQUEST || event == ON_REJECT;
    return step.next != CONN_WRITING || state != CONN_WRITING || count_of(step.actions & ACT_COMPOSE) == answers;
}

RELATION(what_is_composed_is_sent)
{
    (void)state, (void)event;
    return !has(step, ACT_COMPOSE) || step.next == CONN_WRITING;
}

RELATION(a_request_is_answered_and_a_refusal_refuses)
{
    (void)state;
    if (!step.possible)
        return true;
    return (event == ON_REQUEST) == has(step, ACT_RESPOND) && (event == ON_EXPECT) == has(step, ACT_INTERIM);
}

RELATION(progress_is_noted_exactly_where_part_left)
{
    (void)state;
    return !step.possible || has(step, ACT_PROGRESS) == (event == ON_SENT);
}

RELATION(leaving_writing_logs_unless_the_request_goes_on)
{
    return !step.possible || state != CONN_WRITING || event == ON_SENT || event == ON_RESUME || has(step, ACT_LOG);
}

RELATION(waiting_on_does_nothing)
{
    return !step.possible || event != ON_MORE || (step.next == state && step.actions == ACT_NONE);
}

RELATION(only_known_actions_are_asked)
{
    (void)state, (void)event;
    return step.actions < 1u << CONN_ACTION_COUNT;
}

#define AS_RELATION(name) \
    { \
#name, name \
    }
static const struct relation relations[] = {
    AS_RELATION(failure_closes_at_once),
    AS_RELATION(time_leads_on),
    AS_RELATION(closed_is_final),
    AS_RELATION(close_is_asked_exactly_on_entering_closed),
    AS_RELATION(fin_is_asked_exactly_on_entering_shutting),
    AS_RELATION(reset_is_asked_only_with_close),
    AS_RELATION(reset_destroys_only_what_the_peer_did_not_take_in_time),
    AS_RELATION(entering_writing_composes_exactly_one_thing),
    AS_RELATION(staying_in_writing_composes_where_something_is_to_be_answered),
    AS_RELATION(what_is_composed_is_sent),
    AS_RELATION(a_request_is_answered_and_a_refusal_refuses),
    AS_RELATION(progress_is_noted_exactly_where_part_left),
    AS_RELATION(leaving_writing_logs_unless_the_request_goes_on),
    AS_RELATION(waiting_on_does_nothing),
    AS_RELATION(only_known_actions_are_asked),
};
enum { RELATION_COUNT = sizeof relations / sizeof relations[0] };

/* The first relation that this machine breaks, or NULL. */
static const char *broken_relation(const struct machine *m)
{
    for (size_t i = 0; i < RELATION_COUNT; i++)
        for (enum conn_state state = 0; state < CONN_STATE_COUNT; state++)
            for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++)
                if (!relations[i].holds(state, event, m->steps[state][event]))
                    return relations[i].says;
    return NULL;
}

START_TEST(the_rows_agree_with_each_other)
{
    for (enum conn_state state = 0; state < CONN_STATE_COUNT; state++)
        for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++)
            ck_assert_msg(relations[_i].holds(state, event, conn_step(state, event)), "%s: broken by %s on %s", relations[_i].says,
                conn_state_name(state), conn_event_name(event));
}

START_TEST(time_alone_closes_every_open_state)
{
    static const enum conn_event passing[] = { ON_TIMEOUT, ON_IDLE };
    for (size_t i = 0; i < 2; i++)
        for (enum conn_state start = 0; start < CONN_CLOSED; start++) {
            if (!conn_step(start, passing[i]).possible)
                continue;
            enum conn_state state = conn_step(start, passing[i]).next;
            for (int steps = 0; state != CONN_CLOSED; steps++) {
                ck_assert_int_lt(steps, CONN_STATE_COUNT);
                state = conn_step(state, ON_TIMEOUT).next;
            }
        }
}

START_TEST(every_state_is_reached_from_the_first)
{
    bool reached[CONN_STATE_COUNT] = { [CONN_READING] = true };
    for (int round = 0; round < CONN_STATE_COUNT; round++)
        for (enum conn_state state = 0; state < CONN_STATE_COUNT; state++)
            for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++)
                if (reached[state] && conn_step(state, event).possible)
                    reached[conn_step(state, event).next] = true;
    for (enum conn_state state = 0; state < CONN_STATE_COUNT; state++)
        ck_assert(reached[state]);
}

/* ---- the walk: every string of events that can occur, up to a length */

enum { WALK_LENGTH = 15, CANARY_LENGTH = 5 };

struct walk {
    const struct machine *machine;
    const char *broken;                 /* what went wrong first; NULL: nothing */
    enum conn_event trail[WALK_LENGTH]; /* and on which string */
    int trail_len;
    unsigned long strings;
    unsigned long taken[CONN_STATE_COUNT][CONN_EVENT_COUNT];
};

/* `model` is passed by value: each branch has its own. */
static void walk_on(struct walk *w, enum conn_state state, struct machine_model model, int depth, int length)
{
    w->strings++;
    if (depth == length || state == CONN_CLOSED)
        return;
    for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++) {
        struct conn_step step = w->machine->steps[state][event];
        if (!step.possible || !model_can_occur(&model, event))
            continue;
        struct machine_model next = model;
        w->trail[depth] = event;
        w->taken[state][event]++;
        w->broken = model_step(&next, event, step);
        w->trail_len = depth + 1;
        if (w->broken == NULL)
            walk_on(w, step.next, next, depth + 1, length);
        if (w->broken != NULL)
            return;
    }
}

static struct walk walk_all(const struct machine *m, int length)
{
    struct walk w = { .machine = m };
    walk_on(&w, CONN_READING, (struct machine_model){ 0 }, 0, length);
    return w;
}

static const char *trail_text(const struct walk *w)
{
    static char text[WALK_LENGTH * 16];
    int len = 0;
    text[0] = '\0';
    for (int i = 0; i < w->trail_len; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, " %s", conn_event_name(w->trail[i]));
    return text;
}

START_TEST(each_exchange_is_logged_exactly_once_on_every_string_of_events)
{
    struct machine m = real_machine();
    struct walk w = walk_all(&m, WALK_LENGTH);
    ck_assert_msg(w.broken == NULL, "after%s: %s", trail_text(&w), w.broken);
    ck_assert_uint_gt(w.strings, 1000000);
    for (enum conn_state state = 0; state < CONN_STATE_COUNT; state++)
        for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++)
            ck_assert_int_eq(w.taken[state][event] > 0, conn_step(state, event).possible);
}

/* ---- the canary: a machine with a mistake must be found out */

struct mistake {
    enum conn_state state;
    enum conn_event event;
    enum conn_state next;
    unsigned actions;
};

static const struct mistake mistakes_of_the_walk[] = {
    { CONN_WRITING, ON_DONE,    CONN_READING,  ACT_NONE },
    { CONN_WRITING, ON_LAST,    CONN_SHUTTING, ACT_FIN },
    { CONN_WRITING, ON_END,     CONN_CLOSED,   ACT_CLOSE },
    { CONN_WRITING, ON_FAIL,    CONN_CLOSED,   ACT_CLOSE },
    { CONN_WRITING, ON_TIMEOUT, CONN_CLOSED,   ACT_RESET | ACT_CLOSE },
    { CONN_WRITING, ON_REQUEST, CONN_WRITING,  ACT_RESPOND },
    { CONN_WRITING, ON_REJECT,  CONN_WRITING,  ACT_REFUSE },
    { CONN_WRITING, ON_DONE,    CONN_WRITING,  ACT_LOG },
    { CONN_WRITING, ON_END,     CONN_CLOSED,   ACT_LOG },
    { CONN_WRITING, ON_LAST,    CONN_SHUTTING, ACT_LOG },
    { CONN_WRITING, ON_LAST,    CONN_CLOSED,   ACT_LOG | ACT_FIN },
    { CONN_READING, ON_REQUEST, CONN_WRITING,  ACT_NONE },
    { CONN_READING, ON_REQUEST, CONN_READING,  ACT_RESPOND },
    { CONN_READING, ON_TIMEOUT, CONN_SHUTTING, ACT_REFUSE | ACT_FIN },
    { CONN_READING, ON_EOS,     CONN_CLOSED,   ACT_NONE },
    { CONN_READING, ON_EOS,     CONN_READING,  ACT_CLOSE },
    { CONN_SHUTTING, ON_MORE,   CONN_SHUTTING, ACT_FIN },
    { CONN_SHUTTING, ON_MORE,   CONN_READING,  ACT_NONE },
    { CONN_SHUTTING, ON_MORE,   CONN_SHUTTING, ACT_PROGRESS },
    { CONN_SHUTTING, ON_EOS,    CONN_WRITING,  ACT_RESPOND },
};
enum { MISTAKE_COUNT = sizeof mistakes_of_the_walk / sizeof mistakes_of_the_walk[0] };

START_TEST(a_machine_with_a_mistake_is_found_out_by_the_walk)
{
    const struct mistake *made = &mistakes_of_the_walk[_i];
    struct machine m = real_machine();
    m.steps[made->state][made->event] = (struct conn_step){ made->next, made->actions, true };
    struct walk w = walk_all(&m, CANARY_LENGTH);
    ck_assert_ptr_nonnull(w.broken);
}

/* Any other next state, and any action more or less, is seen by the relations, the walk or the design's own table. */
START_TEST(no_cell_can_be_changed_unseen)
{
    struct machine good = real_machine();
    ck_assert_ptr_null(broken_relation(&good));
    for (enum conn_state state = 0; state < CONN_CLOSED; state++)
        for (enum conn_event event = 0; event < CONN_EVENT_COUNT; event++)
            for (enum conn_action_bit bit = 0; bit < CONN_ACTION_COUNT; bit++) {
                struct machine m = good;
                if (bit == ACT_BIT_LOG || !m.steps[state][event].possible)
                    continue; /* LOG ends what is open, if anything is: where nothing is, it does no harm */
                m.steps[state][event].actions ^= 1u << bit;
                const char *found = broken_relation(&m);
                if (found == NULL)
                    found = walk_all(&m, CANARY_LENGTH).broken;
                ck_assert_msg(
                    found != NULL, "%s on %s: %s goes unseen", conn_state_name(state), conn_event_name(event), conn_action_name(bit));
            }
}

/* ---- what is out of range */

/* Each asks for something that the lists do not hold. */
#define MISTAKE(name, question) \
    static void name(void *unused) \
    { \
        (void)unused; \
        (void)(question); \
    }

MISTAKE(step_from_no_state, conn_step(CONN_STATE_COUNT, ON_MORE))
MISTAKE(step_on_no_event, conn_step(CONN_READING, CONN_EVENT_COUNT))
MISTAKE(name_of_no_state, conn_state_name(CONN_STATE_COUNT))
MISTAKE(name_of_no_event, conn_event_name(CONN_EVENT_COUNT))
MISTAKE(name_of_no_action, conn_action_name(CONN_ACTION_COUNT))
MISTAKE(meaning_of_no_event, conn_event_meaning(CONN_EVENT_COUNT))
MISTAKE(reason_from_no_state, conn_row_reason(CONN_STATE_COUNT, ON_MORE))
MISTAKE(reason_on_no_event, conn_row_reason(CONN_READING, CONN_EVENT_COUNT))

START_TEST(what_the_lists_do_not_hold_is_refused)
{
    static void (*const questions[])(void *) = {
        step_from_no_state,
        step_on_no_event,
        name_of_no_state,
        name_of_no_event,
        name_of_no_action,
        meaning_of_no_event,
        reason_from_no_state,
        reason_on_no_event,
    };
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        ck_assert_msg(aborts(questions[i], NULL), "question %zu", i);
}

int main(void)
{
    Suite *suite = suite_create("conn_table");
    TCase *rows = tcase_create("rows");
    tcase_add_test(rows, every_pair_leads_where_the_design_says);
    tcase_add_test(rows, what_cannot_be_ends_the_connection_and_logs_its_exchange);
    tcase_add_test(rows, every_row_has_a_reason_and_no_impossible_pair_has_one);
    tcase_add_test(rows, names_and_meanings_are_told_apart);
    tcase_add_test(rows, what_the_lists_do_not_hold_is_refused);
    tcase_add_test(rows, the_compiler_refuses_a_missing_row_and_a_doubled_one);
    suite_add_tcase(suite, rows);

    TCase *between = tcase_create("relations");
    tcase_add_loop_test(between, the_rows_agree_with_each_other, 0, RELATION_COUNT);
    tcase_add_test(between, time_alone_closes_every_open_state);
    tcase_add_test(between, every_state_is_reached_from_the_first);
    suite_add_tcase(suite, between);

    TCase *walks = tcase_create("walk");
    tcase_set_timeout(walks, 120);
    tcase_add_test(walks, each_exchange_is_logged_exactly_once_on_every_string_of_events);
    tcase_add_loop_test(walks, a_machine_with_a_mistake_is_found_out_by_the_walk, 0, MISTAKE_COUNT);
    tcase_add_test(walks, no_cell_can_be_changed_unseen);
    suite_add_tcase(suite, walks);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
