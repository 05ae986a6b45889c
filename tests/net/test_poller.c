/* What the three pollers tell of descriptors, and for how long: the same for all but where the table in poller.h says otherwise. Each test runs
 * on each.
 * --wrap: os_alloc os_free */
#include "net/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "os/os.h"
#include "tests/check_support.h"
#include "tests/core/aborts.h"

enum { OURS = 7, THEIRS = 8, DESCRIPTORS = 2048 };

/* What differs. */
static const struct kind {
    const struct poller_backend *backend;
    bool is_edge;                      /* tells of a change once; else for as long as it is so and waited for */
    bool tells_shut;                   /* of a peer that shut its side */
} kinds[] = {
    { &poller_epoll, true, true },
    { &poller_poll, false, true },
    { &poller_select, false, false },
};

static const struct kind *kind;
static struct poller poller;
static int fds[2];
static struct poller_event events[8];

/* ---- memory with a fence on either side */

enum { FENCE = 64, FENCE_BYTE = 0xa5 };

static size_t held;                    /* pieces of memory */
static size_t largest;                 /* piece that was asked for */
static unsigned allocations, fail_at;  /* the allocation with this number, from 1, fails */

void *__wrap_os_alloc(size_t size);
void *__wrap_os_alloc(size_t size)
{
    if (++allocations == fail_at)
        return NULL;
    largest = size > largest ? size : largest;
    char *memory = calloc(1, size + 2 * FENCE);
    ck_assert_ptr_nonnull(memory);
    memset(memory, FENCE_BYTE, FENCE);
    memset(memory + FENCE + size, FENCE_BYTE, FENCE);
    memcpy(memory, &size, sizeof size);
    held++;
    return memory + FENCE;
}

static void check_fence(const unsigned char *fence, size_t from)
{
    for (size_t i = from; i < FENCE; i++)
        ck_assert_uint_eq(fence[i], FENCE_BYTE);
}

void __wrap_os_free(void *memory);
void __wrap_os_free(void *memory)
{
    if (memory == NULL)
        return;
    unsigned char *from = (unsigned char *)memory - FENCE;
    size_t size;
    memcpy(&size, from, sizeof size);
    check_fence(from, sizeof size);
    check_fence(from + FENCE + size, 0);
    free(from);
    held--;
}

/* ---- a poller and two ends of a connection */

/* Numbers beyond those of a set can be had. */
static void allow_large_numbers(void)
{
    const struct rlimit limit = { DESCRIPTORS, DESCRIPTORS };
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void begin(int number)
{
    kind = &kinds[number];
    ck_assert_int_eq(poller_open(&poller, kind->backend, DESCRIPTORS), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
}

static void close_both(void)
{
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

static void end(void)
{
    close_both();
    poller_close(&poller);
    ck_assert_ptr_null(kind->is_edge ? NULL : poller.table);
    ck_assert_uint_eq(held, 0);
}

static void add(int fd, uint64_t token)
{
    ck_assert_int_eq(poller_add(&poller, fd, token), 0);
}

/* Everything that is told of `token` now. Nobody else is heard of. */
static unsigned told(uint64_t token)
{
    unsigned bits = 0;
    const int count = poller_wait(&poller, events, COUNT_OF(events), 0);
    ck_assert_int_ge(count, 0);
    for (int i = 0; i < count; i++) {
        ck_assert_uint_eq(events[i].token, token);
        bits |= events[i].bits;
    }
    return bits;
}

/* What is told of ours, which waits for these bits from now on. */
static unsigned told_of(unsigned bits)
{
    poller_want(&poller, fds[0], bits);
    return told(OURS);
}

static void arrive(void)
{
    ck_assert_int_eq(send(fds[1], "x", 1, 0), 1);
}

/* What is told once by an edge is told again by a level. */
static void check_told_again(unsigned bits)
{
    ck_assert_uint_eq(told(OURS), kind->is_edge ? 0 : bits);
}

/* ---- connections */

START_TEST(a_connection_that_waits_to_send_is_told_as_writable)
{
    begin(_i);
    add(fds[0], OURS);
    ck_assert_uint_eq(told_of(POLLER_WRITE), POLLER_WRITE);
    check_told_again(POLLER_WRITE);
    end();
}

START_TEST(each_arrival_is_told_though_nobody_read_the_one_before)
{
    begin(_i);
    add(fds[0], OURS);
    (void)told_of(POLLER_READ);
    for (int i = 0; i < 2; i++) {
        arrive();
        ck_assert_uint_eq(told_of(POLLER_READ) & (POLLER_READ | POLLER_SHUT), POLLER_READ);
    }
    check_told_again(POLLER_READ);
    end();
}

START_TEST(what_was_read_is_told_no_more)
{
    char byte;
    begin(_i);
    add(fds[0], OURS);
    arrive();
    (void)told_of(POLLER_READ);
    ck_assert_int_eq(recv(fds[0], &byte, 1, 0), 1);
    ck_assert_uint_eq(told_of(POLLER_READ), 0);
    end();
}

START_TEST(a_full_connection_is_writable_when_its_peer_has_read)
{
    static char filling[65536];
    begin(_i);
    add(fds[0], OURS);
    (void)told_of(POLLER_WRITE);
    while (send(fds[0], filling, sizeof filling, 0) > 0)
        continue;
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_uint_eq(told_of(POLLER_WRITE), 0);
    while (recv(fds[1], filling, sizeof filling, 0) > 0)
        continue;
    ck_assert_uint_eq(told_of(POLLER_WRITE) & POLLER_WRITE, POLLER_WRITE);
    end();
}

/* An edge is told whoever waits for it, once; a level only to who waits for it, or its reader would never sleep. */
START_TEST(nothing_is_told_again_of_who_waits_for_nothing_though_it_be_broken)
{
    begin(_i);
    add(fds[0], OURS);
    ck_assert(kind->is_edge || told(OURS) == 0);
    arrive();
    ck_assert(told_of(0) == 0 || kind->is_edge);
    ck_assert_uint_eq(told_of(0), 0);
    close(fds[1]);
    fds[1] = -1;
    ck_assert(told_of(0) == 0 || kind->is_edge);
    ck_assert_uint_eq(told_of(0), 0);
    end();
}

START_TEST(a_level_tells_what_is_waited_for_and_nothing_else)
{
    begin(_i);
    add(fds[0], OURS);
    arrive();
    static const unsigned wanted[] = { POLLER_READ, POLLER_WRITE, POLLER_READ | POLLER_WRITE, 0, POLLER_READ };
    for (size_t i = 0; i < COUNT_OF(wanted) && !kind->is_edge; i++)
        for (int times = 0; times < 2; times++)
            ck_assert_uint_eq(told_of(wanted[i]), wanted[i]);
    if (kind->is_edge)
        ck_assert_uint_eq(told_of(0), POLLER_READ | POLLER_WRITE);
    end();
}

START_TEST(a_peer_that_shuts_its_side_is_told_as_readable_and_shut_where_the_kernel_tells)
{
    begin(_i);
    add(fds[0], OURS);
    ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
    const unsigned bits = told_of(POLLER_READ) & ~(unsigned)POLLER_WRITE;
    ck_assert_uint_eq(bits, kind->tells_shut ? POLLER_READ | POLLER_SHUT : POLLER_READ);
    end();
}

/* Whichever call is made next finds out. */
START_TEST(a_broken_connection_is_told_to_who_reads_and_to_who_writes)
{
    static const unsigned wanted[] = { POLLER_READ, POLLER_WRITE };
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        begin(_i);
        add(fds[0], OURS);
        close(fds[1]);
        fds[1] = -1;
        const unsigned bits = told_of(wanted[i]);
        ck_assert_uint_eq(bits & wanted[i], wanted[i]);
        if (kind->tells_shut)
            ck_assert_uint_eq(bits, POLLER_READ | POLLER_WRITE | POLLER_SHUT);
        end();
    }
}

START_TEST(a_number_that_is_used_again_is_another_connection)
{
    begin(_i);
    for (uint64_t token = OURS; token < OURS + 3; token++) {
        add(fds[0], token);
        arrive();
        ck_assert(kind->is_edge || told(token) == 0);     /* what the one before waited for is forgotten */
        poller_want(&poller, fds[0], POLLER_READ | POLLER_WRITE);
        ck_assert_uint_eq(told(token), POLLER_READ | POLLER_WRITE);
        const int number = fds[0];
        poller_remove(&poller, number);
        close_both();
        ck_assert_uint_eq(told(0), 0);
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
        ck_assert_int_eq(fds[0], number);
    }
    end();
}

/* ---- sources */

START_TEST(a_source_is_told_for_as_long_as_it_is_readable)
{
    begin(_i / 2);
    const int wake = os_eventfd();
    ck_assert_int_ge(wake, 0);
    ck_assert_int_eq(poller_add_source(&poller, wake, THEIRS, _i % 2 == 1), 0);
    ck_assert_uint_eq(told(THEIRS), 0);
    os_eventfd_raise(wake);
    ck_assert_uint_eq(told(THEIRS), POLLER_READ);
    ck_assert_uint_eq(told(THEIRS), POLLER_READ);
    os_eventfd_clear(wake);
    ck_assert_uint_eq(told(THEIRS), 0);
    os_eventfd_raise(wake);
    poller_remove_source(&poller, wake);
    poller_remove_source(&poller, wake);
    ck_assert_uint_eq(told(THEIRS), 0);
    ck_assert_int_eq(poller_add_source(&poller, wake, OURS, _i % 2 == 1), 0);
    ck_assert_uint_eq(told(OURS), POLLER_READ);
    close(wake);
    end();
}

/* ---- batches */

enum { CROWD = 20, ROOM = 3, ROUNDS = 40 };

static int crowd[CROWD][2];

static void crowd_open(void)
{
    for (int i = 0; i < CROWD; i++) {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, crowd[i]), 0);
        add(crowd[i][0], (uint64_t)i);
        poller_want(&poller, crowd[i][0], POLLER_READ | POLLER_WRITE);
    }
}

static void crowd_close(void)
{
    for (int i = 0; i < CROWD; i++) {
        poller_remove(&poller, crowd[i][0]);
        close(crowd[i][0]);
        close(crowd[i][1]);
    }
}

START_TEST(a_batch_is_no_larger_than_its_room_and_all_have_their_turn)
{
    unsigned times[CROWD] = { 0 }, all = 0;
    begin(_i);
    crowd_open();
    for (int round = 0; round < ROUNDS; round++) {
        const int count = poller_wait(&poller, events, ROOM, 0);
        ck_assert_int_le(count, ROOM);
        ck_assert(kind->is_edge || count == ROOM);
        for (int i = 0; i < count; i++) {
            ck_assert_uint_lt(events[i].token, CROWD);
            ck_assert_uint_eq(events[i].bits, POLLER_WRITE);
            times[events[i].token]++;
            all++;
        }
        for (int i = 0; i < CROWD; i++)        /* nobody is told twice before all were told once, and so on */
            ck_assert(times[i] == all / CROWD || times[i] == (all + CROWD - 1) / CROWD);
    }
    ck_assert_uint_eq(all, kind->is_edge ? CROWD : ROUNDS * ROOM);
    crowd_close();
    end();
}

START_TEST(who_is_told_of_both_counts_once)
{
    unsigned times[CROWD] = { 0 };
    begin(_i);
    crowd_open();
    for (int i = 0; i < CROWD; i++)
        ck_assert_int_eq(send(crowd[i][1], "x", 1, 0), 1);
    for (int round = 0; round < CROWD / ROOM + 1; round++) {
        const int count = poller_wait(&poller, events, ROOM, 0);
        for (int i = 0; i < count; i++) {
            ck_assert_uint_eq(events[i].bits, POLLER_READ | POLLER_WRITE);
            times[events[i].token]++;
        }
    }
    for (int i = 0; i < CROWD; i++)
        ck_assert_uint_ge(times[i], 1);
    crowd_close();
    end();
}

/* ---- time */

START_TEST(waiting_ends_with_its_time)
{
    static const int times[] = { 0, 30, 1010 };
    begin(_i);
    add(fds[0], OURS);
    poller_want(&poller, fds[0], POLLER_READ);
    (void)told(OURS);
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        const uint64_t before = os_now_ms();
        ck_assert_int_eq(poller_wait(&poller, events, COUNT_OF(events), times[i]), 0);
        ck_assert_int_ge((int)(os_now_ms() - before), times[i] - 10);      /* a tick of the clock */
    }
    end();
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
    alarms++;
    (void)signal;
    if (alarms == 2)                   /* the second alarm makes it readable: who waits for ever is told in the end */
        (void)send(fds[1], "x", 1, 0);
}

START_TEST(waiting_for_ever_ends_with_a_signal_and_with_an_arrival)
{
    begin(_i);
    add(fds[0], OURS);
    poller_want(&poller, fds[0], POLLER_READ);
    (void)told(OURS);
    alarms = 0;
    ck_assert_int_eq(sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL), 0);
    const struct itimerval soon = { .it_value.tv_usec = 30000 };
    for (int i = 1; i <= 2; i++) {
        ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
        ck_assert_int_eq(poller_wait(&poller, events, COUNT_OF(events), -1), -EINTR);
        ck_assert_int_eq(alarms, i);
    }
    ck_assert_int_eq(poller_wait(&poller, events, COUNT_OF(events), -1), 1);
    ck_assert_uint_eq(events[0].token, OURS);
    end();
}

/* ---- bounds */

/* select(2) has no room for numbers from FD_SETSIZE on: FD_SET() would write behind the set, where here a fence stands. */
START_TEST(a_descriptor_beyond_the_bound_is_not_added_and_nothing_is_written)
{
    begin(_i);
    const uint32_t max = kind->backend->descriptors_max;
    for (int number = FD_SETSIZE - 1; number <= FD_SETSIZE + 200; number++) {
        const bool fits = max == 0 || (uint32_t)number < max;
        ck_assert_int_eq(dup2(fds[0], number), number);
        ck_assert_int_eq(poller_add(&poller, number, OURS), fits ? 0 : -ERANGE);
        ck_assert_int_eq(poller_add_source(&poller, number, OURS, false), fits ? (kind->is_edge ? -EEXIST : 0) : -ERANGE);
        if (fits) {
            poller_want(&poller, number, POLLER_WRITE);
            ck_assert_uint_eq(told(OURS) & POLLER_WRITE, POLLER_WRITE);
        }
        poller_remove(&poller, number);
        close(number);
    }
    ck_assert_uint_eq(max, kind->backend == &poller_select ? FD_SETSIZE : 0);
    end();
}

static void want_beyond(void *number)
{
    poller_want(&poller, *(int *)number, POLLER_READ);
}

START_TEST(waiting_for_what_cannot_have_been_added_aborts)
{
    begin(_i);
    int numbers[] = { -1, FD_SETSIZE };
    for (size_t i = 0; i < COUNT_OF(numbers) && !kind->is_edge; i++)
        ck_assert(aborts(want_beyond, &numbers[i]));
    end();
}

START_TEST(a_table_of_poll_is_as_large_as_the_process_may_have_descriptors)
{
    begin(1);
    struct poller small;
    ck_assert_int_eq(poller_open(&small, &poller_poll, 4), 0);
    ck_assert_int_ge(fds[0], 4);
    ck_assert_int_eq(poller_add(&small, fds[0], OURS), -ERANGE);
    ck_assert_int_eq(poller_add_source(&small, fds[0], OURS, false), -ERANGE);
    poller_remove(&small, fds[0]);
    ck_assert_int_eq(poller_wait(&small, events, 1, 0), 0);
    poller_close(&small);
    end();
}

START_TEST(a_limit_of_billions_of_descriptors_asks_for_no_more_than_a_million_entries)
{
    begin(_i);
    struct poller large;
    ck_assert_int_eq(poller_open(&large, kind->backend, UINT32_MAX / 2), 0);
    ck_assert_uint_le(largest, 1048576 * sizeof(struct pollfd) + 64);
    ck_assert_int_eq(poller_add(&large, fds[0], OURS), 0);
    poller_close(&large);
    end();
}

START_TEST(what_cannot_be_done_is_told)
{
    begin(_i);
    ck_assert_int_eq(poller_add(&poller, -1, OURS), -EBADF);
    ck_assert_int_eq(poller_add_source(&poller, -1, OURS, false), -EBADF);
    poller_remove(&poller, -1);
    if (kind->is_edge) {
        add(fds[0], OURS);
        ck_assert_int_eq(poller_add(&poller, fds[0], OURS), -EEXIST);
        struct poller closed = { .backend = &poller_epoll, .fd = -1 };
        ck_assert_int_eq(poller_wait(&closed, events, 1, 0), -EBADF);
    }
    end();
}

/* A descriptor has to be removed before it is closed: epoll(7) forgets it, the other two say so. */
START_TEST(a_descriptor_that_was_closed_before_is_found_out)
{
    begin(_i);
    add(fds[0], OURS);
    poller_want(&poller, fds[0], POLLER_READ);
    close(fds[0]);
    const int count = poller_wait(&poller, events, COUNT_OF(events), 0);
    ck_assert_int_eq(count, kind->is_edge ? 0 : kind->backend == &poller_poll ? 1 : -EBADF);
    if (count == 1)
        ck_assert_uint_eq(events[0].bits, POLLER_READ | POLLER_WRITE | POLLER_SHUT);
    poller_remove(&poller, fds[0]);
    fds[0] = -1;
    ck_assert_uint_eq(told(OURS), 0);
    end();
}

START_TEST(without_memory_or_descriptors_it_does_not_open_and_holds_nothing)
{
    struct poller none;
    unsigned needed = 0;               /* allocations */
    for (fail_at = 1;; fail_at++) {
        allocations = 0;
        const int rc = poller_open(&none, kinds[_i].backend, DESCRIPTORS);
        if (allocations < fail_at) {
            ck_assert_int_eq(rc, 0);
            poller_close(&none);
            break;
        }
        ck_assert_int_eq(rc, -ENOMEM);
        ck_assert_uint_eq(held, 0);
        needed++;
    }
    ck_assert_int_eq(needed > 0, !kinds[_i].is_edge);
    fail_at = 0;
    const struct rlimit no_more = { 0, DESCRIPTORS };
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &no_more), 0);
    const int rc = poller_open(&none, kinds[_i].backend, DESCRIPTORS);
    ck_assert_int_eq(rc, kinds[_i].is_edge ? -EMFILE : 0);
    if (rc == 0)
        poller_close(&none);
    ck_assert_uint_eq(held, 0);
    allow_large_numbers();
}

/* ---- which it is */

START_TEST(a_poller_is_found_by_its_name)
{
    static const char *const names[] = { "epoll", "poll", "select" };
    ck_assert_ptr_eq(poller_find(names[_i]), kinds[_i].backend);
    ck_assert_str_eq(kinds[_i].backend->name, names[_i]);
    ck_assert_ptr_null(poller_find("kqueue"));
    ck_assert_ptr_null(poller_find(""));
    ck_assert_ptr_null(poller_find("Poll"));
}

START_TEST(its_descriptor_is_readable_when_it_would_not_wait)
{
    begin(_i);
    struct pollfd look = { .fd = poller_descriptor(&poller), .events = POLLIN };
    ck_assert_int_eq(look.fd >= 0, kind->is_edge);
    if (kind->is_edge) {
        ck_assert_int_eq(poll(&look, 1, 0), 0);
        add(fds[0], OURS);
        ck_assert_int_eq(poll(&look, 1, 0), 1);
        ck_assert((fcntl(look.fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
    end();
}

int main(void)
{
    TCase *tests = tcase_create("poller");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, allow_large_numbers, NULL);
#define ON_EACH(test) tcase_add_loop_test(tests, test, 0, COUNT_OF(kinds))
    ON_EACH(a_connection_that_waits_to_send_is_told_as_writable);
    ON_EACH(each_arrival_is_told_though_nobody_read_the_one_before);
    ON_EACH(what_was_read_is_told_no_more);
    ON_EACH(a_full_connection_is_writable_when_its_peer_has_read);
    ON_EACH(nothing_is_told_again_of_who_waits_for_nothing_though_it_be_broken);
    ON_EACH(a_level_tells_what_is_waited_for_and_nothing_else);
    ON_EACH(a_peer_that_shuts_its_side_is_told_as_readable_and_shut_where_the_kernel_tells);
    ON_EACH(a_broken_connection_is_told_to_who_reads_and_to_who_writes);
    ON_EACH(a_number_that_is_used_again_is_another_connection);
    tcase_add_loop_test(tests, a_source_is_told_for_as_long_as_it_is_readable, 0, 2 * COUNT_OF(kinds));
    ON_EACH(a_batch_is_no_larger_than_its_room_and_all_have_their_turn);
    ON_EACH(who_is_told_of_both_counts_once);
    ON_EACH(waiting_ends_with_its_time);
    ON_EACH(waiting_for_ever_ends_with_a_signal_and_with_an_arrival);
    ON_EACH(a_descriptor_beyond_the_bound_is_not_added_and_nothing_is_written);
    ON_EACH(waiting_for_what_cannot_have_been_added_aborts);
    tcase_add_test(tests, a_table_of_poll_is_as_large_as_the_process_may_have_descriptors);
    ON_EACH(a_limit_of_billions_of_descriptors_asks_for_no_more_than_a_million_entries);
    ON_EACH(what_cannot_be_done_is_told);
    ON_EACH(a_descriptor_that_was_closed_before_is_found_out);
    ON_EACH(without_memory_or_descriptors_it_does_not_open_and_holds_nothing);
    ON_EACH(a_poller_is_found_by_its_name);
    ON_EACH(its_descriptor_is_readable_when_it_would_not_wait);
    return check_run(tests);
}
