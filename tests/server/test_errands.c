/* Calls that may block, made by threads that all workers share: each is made once, on another thread, and told of where it came from. */
#include "server/errands.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#include "os/os.h"
#include "tests/check_support.h"
#include "tests/server/client.h"

static struct errands errands;
static struct mailbox home;
static int wake_fd;
static pthread_t here;
static sem_t gate;                     /* work() passes it */
static _Atomic int worked, done_count, here_count, signals_let_in, under_way, most_under_way;

static void setup(void)
{
    errands_open(&errands, NULL);
    home = (struct mailbox){ .last = NULL };
    wake_fd = os_eventfd();
    ck_assert_int_ge(wake_fd, 0);
    here = pthread_self();
    sem_init(&gate, 0, 0);
    worked = done_count = here_count = signals_let_in = under_way = most_under_way = 0;
}

static void teardown(void)
{
    os_close(wake_fd);
    sem_destroy(&gate);
}

static void work(void *job)
{
    (void)job;
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    here_count += pthread_equal(pthread_self(), here) != 0;
    signals_let_in += !sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGPIPE);
    const int now = atomic_fetch_add(&under_way, 1) + 1;
    for (int most = most_under_way; most < now && !atomic_compare_exchange_weak(&most_under_way, &most, now);)
        continue;
    while (sem_wait(&gate) != 0)
        continue;
    atomic_fetch_sub(&under_way, 1);
    atomic_fetch_add(&worked, 1);
}

static void done(void *job)
{
    ck_assert(pthread_equal(pthread_self(), here));
    ck_assert_int_lt(done_count, worked);
    ++*(int *)job;
    done_count++;
}

static void open_gate(int count)
{
    for (int i = 0; i < count; i++)
        sem_post(&gate);
}

static void wait_for(_Atomic int *what, int count)
{
    while (atomic_load(what) < count)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

START_TEST(work_is_done_elsewhere_and_told_of_here)
{
    int calls = 0;
    open_gate(1);
    ck_assert(errands_send(&errands, &home, wake_fd, work, done, &calls));
    struct pollfd wait = { .fd = wake_fd, .events = POLLIN };
    ck_assert_int_eq(poll(&wait, 1, CLIENT_WAIT_MS), 1);
    ck_assert_int_eq(done_count, 0);
    mailbox_run(&home);
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(here_count, 0);
    ck_assert_int_eq(signals_let_in, 0);
    errands_close(&errands);
}
END_TEST

START_TEST(no_thread_is_there_before_there_is_work)
{
    ck_assert_uint_eq(errands.started, 0);
    errands_close(&errands);
}
END_TEST

START_TEST(one_after_the_other_one_thread_does)
{
    int calls = 0;
    for (int i = 1; i <= 50; i++) {
        open_gate(1);
        ck_assert(errands_send(&errands, &home, wake_fd, work, done, &calls));
        wait_for(&worked, i);
        for (bool idle = false; !idle;) {      /* until its thread waits again */
            pthread_mutex_lock(&errands.lock);
            idle = errands.idle == errands.started;
            pthread_mutex_unlock(&errands.lock);
        }
    }
    ck_assert_uint_eq(errands.started, 1);
    errands_close(&errands);
    mailbox_run(&home);
    ck_assert_int_eq(calls, 50);
}
END_TEST

START_TEST(what_blocks_blocks_few_threads_and_a_bounded_queue)
{
    int calls = 0, taken = 0;
    for (int i = 0; i < ERRANDS_THREADS_MAX; i++, taken++)
        ck_assert(errands_send(&errands, &home, wake_fd, work, done, &calls));
    wait_for(&under_way, ERRANDS_THREADS_MAX);
    while (errands_send(&errands, &home, wake_fd, work, done, &calls))
        taken++;
    ck_assert_int_eq(taken, ERRANDS_THREADS_MAX + ERRANDS_WAITING_MAX);
    open_gate(taken);
    wait_for(&worked, taken);
    ck_assert_int_eq(most_under_way, ERRANDS_THREADS_MAX);
    open_gate(1);
    ck_assert_msg(errands_send(&errands, &home, wake_fd, work, done, &calls), "there is room again");
    errands_close(&errands);
    mailbox_run(&home);
    ck_assert_int_eq(calls, taken + 1);
}
END_TEST

static void *open_gate_soon(void *count)
{
    nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    open_gate(*(int *)count);
    return NULL;
}

START_TEST(the_end_waits_for_all_that_was_taken)
{
    int calls = 0, count = 20;
    pthread_t opener;
    for (int i = 0; i < 20; i++)
        ck_assert(errands_send(&errands, &home, wake_fd, work, done, &calls));
    ck_assert_int_eq(pthread_create(&opener, NULL, open_gate_soon, &count), 0);
    errands_close(&errands);
    pthread_join(opener, NULL);
    ck_assert_int_eq(worked, 20);
    ck_assert_int_eq(calls, 0);
    mailbox_run(&home);
    ck_assert_int_eq(calls, 20);
}
END_TEST

/* ---- through a server */

static struct asked {
    struct weir_ticket ticket;
    bool claimed;
} asked;
static bool offloaded;

static void finish(void *job)
{
    struct asked *a = job;
    struct weir_request *request = weir_claim(a->ticket);
    a->claimed = request != NULL;
    done_count++;
    if (request != NULL)
        weir_respond(request, &(struct weir_response){ .status = 200, .body = WEIR_COPY, .data = "late", .length = 4 });
}

static void answer(struct weir_request *request, void *context)
{
    (void)context;
    if (request->path.len > 1) {
        weir_respond(request, &(struct weir_response){ .status = 204 });
        return;
    }
    asked.ticket = weir_defer(request);
    offloaded = weir_offload(asked.ticket.host, work, finish, &asked);
}

static const struct weir_handler handler = { .answer = answer };

START_TEST(a_worker_serves_others_while_an_errand_is_out)
{
    struct running running;
    char head[4096];
    size_t content;
    const struct weir_options options = client_options();
    running_start(&running, &options, &handler);
    const int first = client_dial(running.server), second = client_dial(running.server);
    client_send(first, CLIENT_GET);
    wait_for(&under_way, 1);
    client_send(second, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert_int_eq(client_answer(second, head, &content), 204);
    ck_assert(client_waits(first, 0));
    open_gate(1);
    ck_assert_int_eq(client_answer(first, head, &content), 200);
    ck_assert_uint_eq(content, 4);
    running_stop(&running);
    ck_assert(offloaded && asked.claimed);
    close(first);
    close(second);
}
END_TEST

START_TEST(a_server_that_closes_waits_for_what_is_out_and_tells_of_it)
{
    struct running running;
    pthread_t opener;
    int count = 1;
    struct weir_options options = client_options();
    options.drain_timeout = 0;
    running_start(&running, &options, &handler);
    const int fd = client_dial(running.server);
    client_send(fd, CLIENT_GET);
    wait_for(&under_way, 1);
    weir_stop(running.server);
    running_join(&running);
    ck_assert_int_eq(done_count, 0);
    ck_assert_int_eq(pthread_create(&opener, NULL, open_gate_soon, &count), 0);
    weir_close(running.server);
    pthread_join(opener, NULL);
    ck_assert_int_eq(done_count, 1);
    ck_assert(!asked.claimed);
    close(fd);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("errands");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, work_is_done_elsewhere_and_told_of_here);
    tcase_add_test(tests, no_thread_is_there_before_there_is_work);
    tcase_add_test(tests, one_after_the_other_one_thread_does);
    tcase_add_test(tests, what_blocks_blocks_few_threads_and_a_bounded_queue);
    tcase_add_test(tests, the_end_waits_for_all_that_was_taken);
    tcase_add_test(tests, a_worker_serves_others_while_an_errand_is_out);
    tcase_add_test(tests, a_server_that_closes_waits_for_what_is_out_and_tells_of_it);
    return check_run(tests);
}
