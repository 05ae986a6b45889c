/* Work on other threads, as the simulator has it: errands_send() of the production code leads here (-Wl,--wrap). The work is done at once, as if
 * another CPU had been faster; between two calls of the worker; in a later turn; or so late that its connection may have ended. Then the worker hears
 * of it through its mailbox. It may be refused. */
#include <stdlib.h>

#include "server/errands.h"
#include "world.h"

enum { DELAY_MAX = 150, DELAY_MAX_CALM = 20, LATE_MIN = 2000, LATE_MAX = 14000 };

struct offload {
    struct offload *next;
    struct letter *letter;         /* os_alloc()ed: mailbox_run() frees it */
    struct mailbox *home;
    int wake_fd;
    uint64_t due;
    bool between;                  /* two calls: the next time that something may happen at the same time */
    void (*work)(void *job);
    void (*done)(void *job);
    void *job;
};

static struct errands errands;     /* its address is all that is needed of it */
static struct offload *waiting;    /* their work is not done */
static uint32_t under_way;         /* nobody has heard of their end */
static uint32_t working;
static bool is_closed;

/* The linker leads the calls of the production code through here. */
bool __wrap_errands_send(struct errands *e, struct mailbox *home, int wake_fd, void (*work)(void *job), void (*done)(void *job), void *job);
struct weir_request *__real_weir_claim(struct weir_ticket ticket);
struct weir_request *__wrap_weir_claim(struct weir_ticket ticket);

struct errands *offloaded_open(void)
{
    waiting = NULL;
    under_way = working = 0;
    is_closed = false;
    return &errands;
}

uint32_t offloaded_count(void)
{
    return under_way;
}

bool offloaded_is_working(void)
{
    return working > 0;
}

uint64_t offloaded_next(void)
{
    uint64_t next = UINT64_MAX;
    for (const struct offload *offload = waiting; offload != NULL; offload = offload->next)
        next = offload->due < next ? offload->due : next;
    return next;
}

/* On the worker's thread. */
static void tell_done(void *argument)
{
    struct offload *offload = argument;
    void (*done)(void *job) = offload->done;
    void *job = offload->job;
    under_way--;
    sim.progress++;
    free(offload);
    done(job);
}

static void run(struct offload *offload)
{
    struct letter *letter = offload->letter;
    struct mailbox *home = offload->home;
    const int wake_fd = offload->wake_fd;
    working++;
    sim_trace("         a thread begins");
    offload->work(offload->job);
    sim_trace("         a thread ends");
    working--;
    sim.progress++;
    mailbox_send(home, letter);
    os_eventfd_raise(wake_fd);
}

/* The first that may run now leaves the list. */
static struct offload *take(bool between)
{
    for (struct offload **at = &waiting; *at != NULL; at = &(*at)->next) {
        struct offload *offload = *at;
        if (offload->due > sim.now || (between && !offload->between))
            continue;
        *at = offload->next;
        return offload;
    }
    return NULL;
}

void offloaded_run_between(void)
{
    struct offload *offload = take(true);
    if (offload == NULL)
        return;
    sim_count(ORDER_WORK_BETWEEN);
    run(offload);
}

void offloaded_run(void)
{
    for (struct offload *offload; (offload = take(false)) != NULL;) {
        sim_count(ORDER_WORK_IN_TURN);
        run(offload);
    }
}

void offloaded_close(void)
{
    is_closed = true;
    while (waiting != NULL) {
        struct offload *offload = waiting;
        waiting = offload->next;
        run(offload);
    }
}

/* When its work is done. */
static void draw_time(struct offload *offload, int fault)
{
    if (fault == FAULT_OFFLOAD_LATE) {
        sim_count(FAULT_OFFLOAD_LATE);
        sim_excuse_all();                          /* the limit for sending may pass meanwhile */
        offload->due = sim.now + chance_between(&world.chance, LATE_MIN, LATE_MAX);
        return;
    }
    offload->between = chance_one_in(&world.chance, 2);
    offload->due = sim.now;
    if (chance_one_in(&world.chance, 2))
        offload->due += chance_below(&world.chance, world.calm ? DELAY_MAX_CALM : DELAY_MAX);
}

bool __wrap_errands_send(struct errands *e, struct mailbox *home, int wake_fd, void (*work)(void *job), void (*done)(void *job), void *job)
{
    const int fault = e == &errands ? sim_strike(SIM_OFFLOAD) : FAULT_OFFLOAD_REFUSED;
    if (fault == FAULT_OFFLOAD_REFUSED && !is_closed) {
        sim_count(FAULT_OFFLOAD_REFUSED);
        sim_excuse_all();
    }
    struct letter *letter = fault == FAULT_OFFLOAD_REFUSED || is_closed ? NULL : os_alloc(sizeof(*letter));
    if (letter == NULL)
        return false;
    struct offload *offload = malloc(sizeof(*offload));
    if (offload == NULL)
        abort();
    *offload = (struct offload){ .letter = letter, .home = home, .wake_fd = wake_fd, .work = work, .done = done, .job = job };
    *letter = (struct letter){ .call = tell_done, .argument = offload };
    draw_time(offload, fault);
    under_way++;
    if (fault < 0 && chance_one_in(&world.chance, 4)) {
        sim_count(ORDER_WORK_AT_ONCE);
        run(offload);
        return true;
    }
    offload->next = waiting;
    waiting = offload;
    return true;
}

struct weir_request *__wrap_weir_claim(struct weir_ticket ticket)
{
    struct weir_request *request = __real_weir_claim(ticket);
    if (request == NULL)
        sim_count(ORDER_CLAIM_IN_VAIN);
    return request;
}
