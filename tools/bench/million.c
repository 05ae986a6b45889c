/* million N: N connections to the production loop, on the kernel of million_kernel.c, through all that befalls a crowd that is idle.
 * tools/bench/million runs it and makes the tables. Prints a line for each scenario: its name, how often it did what it is about, the most system
 * calls of one turn, and its processor time in ns; and one with the bytes of memory that the crowd took. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "handler/hello.h"
#include "server/worker.h"
#include "tools/bench/million_kernel.h"

enum {
    GROUP = 250,               /* the oldest so many give way to newcomers; the time of the next so many passes together */
    BUSY = 64,
    QUIET_TURNS = 1000,
    REQUESTS = 4096,
    N_MIN = 1000,              /* more than the groups and the busy ones, and more than a drain closes in three turns */
    HEAD_START_MS = 10000      /* so much earlier than the others do the two groups arrive */
};

static struct worker worker;
static uint32_t n;
static uint64_t calls_most;    /* of one turn, in this scenario */

__attribute__((noreturn)) static void die(const char *what)
{
    fprintf(stderr, "million: %s\n", what);
    exit(1);
}

static void expect(bool holds, const char *what)
{
    if (!holds)
        die(what);
}

/* ---- what is counted: the instructions within these two ---- */

#define NOINLINE __attribute__((noinline))

static NOINLINE bool counted_turn(void)
{
    return worker_turn(&worker, 0);
}

static NOINLINE void counted_arm(uint32_t slot)
{
    limits_arm(&worker.limits, slot, LIMIT_IDLE, kernel.now);
}

/* ---- turns ---- */

static bool turn(void)
{
    const uint64_t before = kernel.calls;
    const bool goes_on = counted_turn();
    const uint64_t calls = kernel.calls - before;
    calls_most = calls > calls_most ? calls : calls_most;
    return goes_on;
}

/* Until nothing more happens by itself. */
static void settle(void)
{
    do
        turn();
    while (kernel_has_news() || worker_wait_ms(&worker) == 0);
}

/* A connection's descriptor, in the order of arrival: neither it nor its slot was anybody's before. */
static int fd_of(uint32_t index)
{
    return KERNEL_FIRST_SOCKET + (int)index;
}

/* One that is in neither group, by a linear congruence: the same ones in each run. */
static uint32_t draw(void)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return 2 * GROUP + (uint32_t)((state >> 33) % (n - 2 * GROUP));
}

/* ---- the scenarios, in this order; each returns how often it did what it is about ---- */

static uint32_t scenario_arrive(void)
{
    kernel_connect(2 * GROUP);
    settle();
    kernel_pass(HEAD_START_MS);
    kernel_connect(n - 2 * GROUP);
    settle();
    expect(kernel.open == n && kernel.answers == n + 1, "not everyone was answered");
    return n;
}

/* Nothing is ready, and no limit passes. */
static uint32_t scenario_quiet(void)
{
    for (uint32_t i = 0; i < QUIET_TURNS; i++) {
        kernel_pass(1);
        turn();
    }
    return QUIET_TURNS;
}

/* The same connection asks in each turn, and each is a millisecond later: within one, a limit is not set twice. */
static uint32_t scenario_one(void)
{
    for (uint32_t i = 0; i < REQUESTS; i++) {
        kernel_pass(1);
        kernel_ask(fd_of(2 * GROUP));
        turn();
    }
    return REQUESTS;
}

/* The same 64 ask in each turn. */
static uint32_t scenario_busy(void)
{
    for (uint32_t i = 0; i < REQUESTS / BUSY; i++) {
        kernel_pass(1);
        for (uint32_t k = 0; k < BUSY; k++)
            kernel_ask(fd_of(2 * GROUP + k));
        turn();
    }
    return REQUESTS;
}

/* One of all asks in each turn. */
static uint32_t scenario_any(void)
{
    for (uint32_t i = 0; i < REQUESTS; i++) {
        kernel_pass(1);
        kernel_ask(fd_of(draw()));
        turn();
    }
    return REQUESTS;
}

/* The limit of one of all begins anew: what a request does to the lists, alone. */
static uint32_t scenario_arm(void)
{
    for (uint32_t i = 0; i < REQUESTS; i++) {
        kernel_pass(1);
        counted_arm(draw());
    }
    return REQUESTS;
}

/* There are as many as may be, and more come: for each the oldest goes. */
static uint32_t scenario_evict(void)
{
    kernel_connect(GROUP);
    settle();
    expect(kernel.open == n && worker.counters.evicted == GROUP, "newcomers did not take the place of the oldest");
    return GROUP;
}

/* The time of a few of them passes, and of nobody else. */
static uint32_t scenario_expire(void)
{
    const struct conn *oldest = &worker.conns[limits_oldest(&worker.limits, LIMIT_IDLE)];
    kernel_pass(oldest->deadline - kernel.now);
    settle();
    expect(kernel.open == n - GROUP, "the time of others passed, too");
    return GROUP;
}

/* The time of all passes at once. */
static uint32_t scenario_expire_all(void)
{
    kernel_pass(2 * worker.config.options->idle_timeout);
    settle();
    expect(kernel.open == 0, "an idle connection outlived its time");
    return n - GROUP;
}

/* All come again, to slots that others had. */
static uint32_t scenario_return(void)
{
    kernel_connect(n);
    settle();
    expect(kernel.open == n, "not everyone came back");
    return n;
}

/* SIGTERM. The youngest asks while the oldest are closed, and has its answer before its own turn to be closed comes. */
static uint32_t scenario_drain(void)
{
    const uint64_t answers = kernel.answers;
    worker_stop(&worker);
    turn();
    kernel_ask(worker.conns[worker.limits.lists[LIMIT_IDLE].last].fd);
    while (turn())
        continue;
    expect(kernel.open == 0, "the drain left connections open");
    expect(kernel.answers == answers + 1, "the drain left a request without an answer");
    return n;
}

static const struct {
    const char *name;
    uint32_t (*run)(void);
} scenarios[] = {
    { "arrive", scenario_arrive },
    { "quiet", scenario_quiet },
    { "one", scenario_one },
    { "busy", scenario_busy },
    { "any", scenario_any },
    { "arm", scenario_arm },
    { "evict", scenario_evict },
    { "expire", scenario_expire },
    { "expire_all", scenario_expire_all },
    { "return", scenario_return },
    { "drain", scenario_drain },
};

/* ---- measuring ---- */

static uint64_t processor_ns(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return (uint64_t)spent.tv_sec * 1000000000 + (uint64_t)spent.tv_nsec;
}

/* Anonymous memory of the process: bytes that it really has. */
static uint64_t memory(void)
{
    char line[256];
    uint64_t kib = 0;
    FILE *rollup = fopen("/proc/self/smaps_rollup", "r");
    while (rollup != NULL && fgets(line, sizeof line, rollup) != NULL)
        if (sscanf(line, "Anonymous: %" SCNu64, &kib) == 1)
            break;
    expect(rollup != NULL && kib > 0, "/proc/self/smaps_rollup does not tell of memory");
    fclose(rollup);
    return kib * 1024;
}

/* One that comes and goes, so that all is in place that is made once. */
static void warm_up(void)
{
    kernel_connect(1);
    settle();
    kernel_shut(fd_of(0));
    settle();
    expect(kernel.answers == 1 && kernel.open == 0, "the first connection was not served");
}

static void run(void)
{
    const uint64_t memory_before = memory();
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        calls_most = 0;
        const uint64_t began = processor_ns();
        const uint32_t count = scenarios[i].run();
        printf("%s %" PRIu32 " %" PRIu64 " %" PRIu64 "\n", scenarios[i].name, count, calls_most, processor_ns() - began);
        if (i == 0)
            printf("memory %" PRIu64 "\n", memory() - memory_before);
    }
}

int main(int argc, char **argv)
{
    n = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    expect(n >= N_MIN, "how many connections? At least 1,000");
    kernel_boot(n);
    const struct weir_options options = weir_defaults();
    const struct weir_handler handler = hello_handler();
    struct listener of_kernel = { .fd = KERNEL_LISTENER };
    struct error_log errors = { .name = "weir" };
    _Atomic uint32_t connections_open = 0;
    const struct worker_config config = {
        .options = &options, .handler = &handler, .listeners = &of_kernel, .listener_count = 1,
        .connections_max = n, .connections_open = &connections_open, .log_fd = -1, .errors = &errors,
    };
    expect(worker_open(&worker, &config) == 0, "the worker does not open");
    warm_up();
    run();
    worker_close(&worker);
    return 0;
}
