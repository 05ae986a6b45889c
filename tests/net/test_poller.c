/* What the poller tells of descriptors, and for how long. */
#include "net/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/os.h"
#include "tests/check_support.h"

enum { OURS = 7, THEIRS = 8 };

static struct poller poller;
static int fds[2];
static struct poller_event events[8];

static void open_all(void)
{
    ck_assert_int_eq(poller_open(&poller), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
}

static void close_all(void)
{
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    poller_close(&poller);
    ck_assert_int_eq(poller.fd, -1);
}

/* Everything that is told of `token` now. */
static unsigned told(uint64_t token)
{
    unsigned bits = 0;
    const int count = poller_wait(&poller, events, COUNT_OF(events), 0);
    ck_assert_int_ge(count, 0);
    for (int i = 0; i < count; i++)
        if (events[i].token == token)
            bits |= events[i].bits;
    return bits;
}

START_TEST(a_new_connection_is_told_as_writable_once)
{
    ck_assert_int_eq(poller_add(&poller, fds[0], OURS), 0);
    ck_assert_uint_eq(told(OURS), POLLER_WRITE);
    ck_assert_uint_eq(told(OURS), 0);
}

START_TEST(each_arrival_is_told_though_nobody_read_the_one_before)
{
    ck_assert_int_eq(poller_add(&poller, fds[0], OURS), 0);
    (void)told(OURS);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(send(fds[1], "x", 1, 0), 1);
        ck_assert_uint_eq(told(OURS) & (POLLER_READ | POLLER_SHUT), POLLER_READ);
    }
    ck_assert_uint_eq(told(OURS), 0);
}

START_TEST(a_peer_that_shuts_its_side_is_told_as_readable_and_shut)
{
    ck_assert_int_eq(poller_add(&poller, fds[0], OURS), 0);
    ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
    ck_assert_uint_eq(told(OURS), POLLER_READ | POLLER_WRITE | POLLER_SHUT);
}

START_TEST(a_broken_connection_is_told_as_everything)
{
    ck_assert_int_eq(poller_add(&poller, fds[0], OURS), 0);
    close(fds[1]);
    fds[1] = -1;
    ck_assert_uint_eq(told(OURS), POLLER_READ | POLLER_WRITE | POLLER_SHUT);
}

START_TEST(a_source_is_told_for_as_long_as_it_is_readable)
{
    const int wake = os_eventfd();
    ck_assert_int_ge(wake, 0);
    ck_assert_int_eq(poller_add_source(&poller, wake, THEIRS, _i == 1), 0);
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
    close(wake);
}

START_TEST(a_batch_is_no_larger_than_its_room_and_the_rest_comes_next)
{
    ck_assert_int_eq(poller_add(&poller, fds[0], OURS), 0);
    ck_assert_int_eq(poller_add(&poller, fds[1], THEIRS), 0);
    ck_assert_int_eq(poller_wait(&poller, events, 1, 0), 1);
    ck_assert_int_eq(poller_wait(&poller, events + 1, 1, 0), 1);
    ck_assert_uint_eq(events[0].token + events[1].token, OURS + THEIRS);
    ck_assert_int_eq(poller_wait(&poller, events, 1, 0), 0);
}

START_TEST(waiting_ends_with_its_time)
{
    const uint64_t before = os_now_ms();
    ck_assert_int_eq(poller_wait(&poller, events, COUNT_OF(events), 30), 0);
    ck_assert_uint_ge(os_now_ms() - before, 29);
}

START_TEST(its_descriptor_is_readable_when_it_would_not_wait)
{
    struct pollfd look = { .fd = poller_descriptor(&poller), .events = POLLIN };
    ck_assert_int_eq(poll(&look, 1, 0), 0);
    ck_assert_int_eq(poller_add(&poller, fds[0], OURS), 0);
    ck_assert_int_eq(poll(&look, 1, 0), 1);
    ck_assert((fcntl(look.fd, F_GETFD) & FD_CLOEXEC) != 0);
}

START_TEST(what_cannot_be_done_is_told)
{
    ck_assert_int_eq(poller_add(&poller, -1, OURS), -EBADF);
    ck_assert_int_eq(poller_add_source(&poller, -1, OURS, false), -EBADF);
    ck_assert_int_eq(poller_add(&poller, fds[0], OURS), 0);
    ck_assert_int_eq(poller_add(&poller, fds[0], OURS), -EEXIST);
    struct poller closed = { .fd = -1 };
    ck_assert_int_eq(poller_wait(&closed, events, 1, 0), -EBADF);
}

int main(void)
{
    TCase *tests = tcase_create("poller");
    tcase_add_checked_fixture(tests, open_all, close_all);
    tcase_add_test(tests, a_new_connection_is_told_as_writable_once);
    tcase_add_test(tests, each_arrival_is_told_though_nobody_read_the_one_before);
    tcase_add_test(tests, a_peer_that_shuts_its_side_is_told_as_readable_and_shut);
    tcase_add_test(tests, a_broken_connection_is_told_as_everything);
    tcase_add_loop_test(tests, a_source_is_told_for_as_long_as_it_is_readable, 0, 2);
    tcase_add_test(tests, a_batch_is_no_larger_than_its_room_and_the_rest_comes_next);
    tcase_add_test(tests, waiting_ends_with_its_time);
    tcase_add_test(tests, its_descriptor_is_readable_when_it_would_not_wait);
    tcase_add_test(tests, what_cannot_be_done_is_told);
    return check_run(tests);
}
