/* Workers that are kept on CPUs: which, and what becomes of the threads beside them.
 *
 * --wrap: os_cpus */
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "os/os.h"
#include "tests/check_support.h"
#include "tests/server/client.h"

enum { WORKERS = 5 };

static char error[WEIR_ERROR_SIZE];
static cpu_set_t at_start, seen[WORKERS], of_errand;
static _Atomic unsigned told;

/* ---- what the kernel says of the CPUs, or what the test wants it to */

int __real_os_cpus(cpu_set_t *cpus);
int __wrap_os_cpus(cpu_set_t *cpus);
static int cpus_error;
static int only_cpu = -1;

int __wrap_os_cpus(cpu_set_t *cpus)
{
    const int rc = cpus_error != 0 ? cpus_error : __real_os_cpus(cpus);
    if (rc == 0 && only_cpu >= 0) {
        CPU_ZERO(cpus);
        CPU_SET((size_t)only_cpu, cpus);
    }
    return rc;
}

static void learn_own(cpu_set_t *cpus)
{
    ck_assert_int_eq(sched_getaffinity(0, sizeof *cpus, cpus), 0);
}

static void setup(void)
{
    learn_own(&at_start);
}

/* ---- a server that tells where it runs */

static void learn_worker(void *of_worker)
{
    learn_own(of_worker);
    told++;
}

static void learn_errand(void *nothing)
{
    (void)nothing;
    learn_own(&of_errand);
}

static void answer_deferred(void *ticket)
{
    weir_respond(weir_claim(*(struct weir_ticket *)ticket), &(struct weir_response){ .status = 200 });
}

static void answer(struct weir_request *request, void *context)
{
    static struct weir_ticket ticket;
    (void)context;
    ticket = weir_defer(request);
    ck_assert(weir_offload(ticket.host, learn_errand, answer_deferred, &ticket));
}

static const struct weir_handler handler = { .answer = answer };

static struct weir_options pinned_options(void)
{
    struct weir_options options = client_options();
    options.workers = WORKERS;
    options.pin_workers = true;
    return options;
}

/* Fills in `seen` and `of_errand`. */
static void look(const struct weir_options *options)
{
    struct running r;
    running_start(&r, options, &handler);
    for (uint32_t i = 0; i < WORKERS; i++)
        ck_assert(weir_post(r.server, i, learn_worker, &seen[i]));
    const int fd = client_dial(r.server);
    client_ask(fd);
    close(fd);
    while (told < WORKERS)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    running_stop(&r);
}

/* The worker at `index` may use that CPU alone which is the next of `cpus` behind that of the worker before, round and round. */
static void check_in_turn(const cpu_set_t *cpus)
{
    size_t cpu = CPU_SETSIZE - 1;
    for (uint32_t i = 0; i < WORKERS; i++) {
        do
            cpu = (cpu + 1) % CPU_SETSIZE;
        while (!CPU_ISSET(cpu, cpus));
        ck_assert_msg(CPU_COUNT(&seen[i]) == 1 && CPU_ISSET(cpu, &seen[i]), "worker %u is not on CPU %zu", i, cpu);
    }
}

START_TEST(pinned_workers_take_the_cpus_in_turn)
{
    const struct weir_options options = pinned_options();
    look(&options);
    check_in_turn(&at_start);
}

START_TEST(a_process_that_may_use_one_cpu_has_all_its_workers_there)
{
    const struct weir_options options = pinned_options();
    cpu_set_t last;
    size_t cpu = CPU_SETSIZE - 1;
    while (!CPU_ISSET(cpu, &at_start))
        cpu--;
    CPU_ZERO(&last);
    CPU_SET(cpu, &last);
    ck_assert_int_eq(sched_setaffinity(0, sizeof last, &last), 0);
    look(&options);
    check_in_turn(&last);
}

/* They are started by a worker, and would share its one CPU. */
START_TEST(threads_beside_pinned_workers_may_use_all_cpus)
{
    const struct weir_options options = pinned_options();
    look(&options);
    ck_assert(CPU_EQUAL(&of_errand, &at_start));
    cpu_set_t own;
    learn_own(&own);
    ck_assert(CPU_EQUAL(&own, &at_start));
}

START_TEST(workers_that_are_not_pinned_may_use_all_cpus)
{
    struct weir_options options = pinned_options();
    options.pin_workers = false;
    look(&options);
    for (size_t i = 0; i < WORKERS; i++)
        ck_assert(CPU_EQUAL(&seen[i], &at_start));
    ck_assert(CPU_EQUAL(&of_errand, &at_start));
}

START_TEST(where_the_cpus_are_not_known_only_a_pinned_server_does_not_open)
{
    struct weir_options options = pinned_options();
    cpus_error = -EINVAL;
    ck_assert_ptr_null(weir_open(&options, &handler, error));
    ck_assert_str_eq(error, "workers cannot be pinned, the CPUs are not known: Invalid argument");
    options.pin_workers = false;
    weir_close(client_open(&options, &handler));
}

START_TEST(a_cpu_that_is_not_there_lets_no_worker_run)
{
    const struct weir_options options = pinned_options();
    only_cpu = CPU_SETSIZE - 1;
    struct weir *server = client_open(&options, &handler);
    ck_assert_int_eq(weir_run(server), -EINVAL);
    weir_close(server);
}

int main(void)
{
    TCase *tests = tcase_create("pinning");
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, pinned_workers_take_the_cpus_in_turn);
    tcase_add_test(tests, a_process_that_may_use_one_cpu_has_all_its_workers_there);
    tcase_add_test(tests, threads_beside_pinned_workers_may_use_all_cpus);
    tcase_add_test(tests, workers_that_are_not_pinned_may_use_all_cpus);
    tcase_add_test(tests, where_the_cpus_are_not_known_only_a_pinned_server_does_not_open);
    tcase_add_test(tests, a_cpu_that_is_not_there_lets_no_worker_run);
    return check_run(tests);
}
