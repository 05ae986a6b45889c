/* Bytes through real sockets: what an exchange owes leaves in its order, and ends are told as they are. */
#include "net/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/check_support.h"

enum { IN_CAP = 4096, OUT_CAP = 16384, LARGE = 300000 };

static int ours, theirs;               /* the two ends of a connection */
static struct exchange *x;
static char pattern[LARGE];
static const struct protocol no_protocol = { .name = "none", .state_size = 16 };

static void make_exchange(void)
{
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (char)('a' + i % 23);
    x = calloc(1, exchange_size(&no_protocol, IN_CAP, OUT_CAP));
    exchange_init(x, &no_protocol, NULL, NULL, IN_CAP, OUT_CAP);
}

static void make_unix_pair(void)
{
    int fds[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    ours = fds[0];
    theirs = fds[1];
    make_exchange();
}

static void make_tcp_pair(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, len), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    theirs = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(theirs, (struct sockaddr *)&at, len), 0);
    ours = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ck_assert_int_ge(ours, 0);
    ck_assert_int_eq(fcntl(theirs, F_SETFL, O_NONBLOCK), 0);
    close(listener);
    make_exchange();
}

static void drop_pair(void)
{
    if (ours >= 0)
        close(ours);
    if (theirs >= 0)
        close(theirs);
    free(x);
}

static void owe_bytes(const char *text, size_t len)
{
    memcpy(buffer_tail(&x->out), text, len);
    buffer_added(&x->out, (uint32_t)len);
}

static void wait_for(int fd, short events)
{
    struct pollfd wait = { .fd = fd, .events = events };
    ck_assert_int_eq(poll(&wait, 1, 5000), 1);
}

/* Sends until nothing is owed while the other end reads, and compares what came with `wanted`. */
static void check_arrives(struct slice wanted)
{
    static char got[LARGE + OUT_CAP];
    size_t len = 0;
    while (exchange_owed(x) > 0 || len < wanted.len) {
        const ssize_t sent = exchange_owed(x) > 0 ? transport_send(ours, x) : -EAGAIN;
        ck_assert(sent > 0 || sent == -EAGAIN);
        if (sent > 0)
            exchange_sent(x, (uint64_t)sent);
        if (exchange_owed(x) == 0 && len < wanted.len)
            wait_for(theirs, POLLIN);
        const ssize_t came = recv(theirs, got + len, sizeof got - len, 0);
        len += came > 0 ? (size_t)came : 0;
    }
    ck_assert_uint_eq(len, wanted.len);
    ck_assert_mem_eq(got, wanted.ptr, len);
    ck_assert_int_eq(recv(theirs, got, 1, 0), -1);
}

START_TEST(bytes_are_received_behind_those_that_are_there)
{
    ck_assert_int_eq(send(theirs, "hello", 5, 0), 5);
    wait_for(ours, POLLIN);
    ck_assert_int_eq(transport_receive(ours, x), 5);
    ck_assert_mem_eq(buffer_tail(&x->in), "hello", 5);
    buffer_added(&x->in, 5);
    ck_assert_int_eq(send(theirs, pattern, 5000, 0), 5000);
    wait_for(ours, POLLIN);
    ck_assert_int_eq(transport_receive(ours, x), IN_CAP - 5);
    ck_assert_mem_eq(x->in.data, "hello", 5);
    ck_assert_mem_eq(x->in.data + 5, pattern, IN_CAP - 5);
}

START_TEST(nothing_to_receive_an_end_and_a_failure_are_told_apart)
{
    ck_assert_int_eq(transport_receive(ours, x), -EAGAIN);
    ck_assert_int_eq(shutdown(theirs, SHUT_WR), 0);
    wait_for(ours, POLLIN);
    ck_assert_int_eq(transport_receive(ours, x), 0);
    ck_assert_int_eq(transport_receive(-1, x), -EBADF);
}

START_TEST(bytes_leave)
{
    owe_bytes(pattern, 1000);
    check_arrives((struct slice){ pattern, 1000 });
}

START_TEST(bytes_and_borrowed_memory_leave_in_one_call)
{
    owe_bytes(pattern, 100);
    x->tail = (struct tail){ .kind = TAIL_MEMORY, .memory = pattern + 100, .left = 5000 };
    ck_assert_int_eq(transport_send(ours, x), 5100);
    exchange_sent(x, 5100);
    ck_assert_uint_eq(exchange_owed(x), 0);
    check_arrives((struct slice){ pattern, 5100 });
}

START_TEST(borrowed_memory_leaves_alone_when_the_bytes_before_it_have_left)
{
    x->tail = (struct tail){ .kind = TAIL_MEMORY, .memory = pattern, .left = 77 };
    check_arrives((struct slice){ pattern, 77 });
}

START_TEST(more_than_the_kernel_takes_leaves_in_parts)
{
    owe_bytes(pattern, 100);
    x->tail = (struct tail){ .kind = TAIL_MEMORY, .memory = pattern + 100, .left = LARGE - 100 };
    check_arrives((struct slice){ pattern, LARGE });
}

static int open_file(size_t size)
{
    char path[] = "/tmp/weir-test-transport-XXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    unlink(path);
    ck_assert_int_eq(write(fd, pattern, size), (ssize_t)size);
    return fd;
}

START_TEST(bytes_and_a_stretch_of_a_file_leave_in_order)
{
    const int file = open_file(LARGE);
    owe_bytes(pattern, 7);
    x->tail = (struct tail){ .kind = TAIL_FILE, .file = file, .offset = 7, .left = LARGE - 7 };
    check_arrives((struct slice){ pattern, LARGE });
    ck_assert_int_eq(lseek(file, 0, SEEK_CUR), LARGE);
    close(file);
}

START_TEST(of_a_file_only_the_stretch_leaves)
{
    const int file = open_file(LARGE);
    x->tail = (struct tail){ .kind = TAIL_FILE, .file = file, .offset = 1000, .left = 10 };
    check_arrives((struct slice){ pattern + 1000, 10 });
    close(file);
}

START_TEST(a_file_that_shrank_is_told_and_nothing_is_made_up)
{
    const int file = open_file(5000);
    x->tail = (struct tail){ .kind = TAIL_FILE, .file = file, .offset = 0, .left = 5000 };
    ck_assert_int_eq(ftruncate(file, 3000), 0);
    ck_assert_int_eq(transport_send(ours, x), 3000);
    exchange_sent(x, 3000);
    ck_assert_int_eq(transport_send(ours, x), -ENODATA);
    ck_assert_uint_eq(exchange_owed(x), 2000);
    close(file);
}

START_TEST(a_file_that_is_none_is_told)
{
    x->tail = (struct tail){ .kind = TAIL_FILE, .file = -1, .left = 1 };
    ck_assert_int_eq(transport_send(ours, x), -EBADF);
}

START_TEST(a_peer_that_is_gone_is_told_and_raises_no_signal)
{
    signal(SIGPIPE, SIG_DFL);
    close(theirs);
    theirs = -1;
    owe_bytes("x", 1);
    ssize_t sent = 1;
    for (int tries = 0; sent > 0 && tries < 100; tries++) {
        sent = transport_send(ours, x);
        usleep(1000);
    }
    ck_assert(sent == -EPIPE || sent == -ECONNRESET);
    x->tail = (struct tail){ .kind = TAIL_MEMORY, .memory = pattern, .left = 10 };
    ck_assert_int_eq(transport_send(ours, x), -EPIPE);
}

START_TEST(what_is_dropped_is_counted_and_bounded)
{
    char scratch[100];
    ck_assert_int_eq(transport_drop(ours, scratch, sizeof scratch), -EAGAIN);
    ck_assert_int_eq(send(theirs, pattern, 150, 0), 150);
    wait_for(ours, POLLIN);
    ck_assert_int_eq(transport_drop(ours, scratch, sizeof scratch), 100);
    ck_assert_int_eq(transport_drop(ours, scratch, sizeof scratch), 50);
    ck_assert_int_eq(shutdown(theirs, SHUT_WR), 0);
    wait_for(ours, POLLIN);
    ck_assert_int_eq(transport_drop(ours, scratch, sizeof scratch), 0);
}

START_TEST(our_side_is_shut_behind_what_was_sent)
{
    char got[8];
    owe_bytes("last", 4);
    ck_assert_int_eq(transport_send(ours, x), 4);
    transport_shut(ours);
    wait_for(theirs, POLLIN);
    ck_assert_int_eq(recv(theirs, got, sizeof got, MSG_WAITALL), 4);
    wait_for(theirs, POLLIN);
    ck_assert_int_eq(recv(theirs, got, sizeof got, 0), 0);
    ck_assert_int_eq(send(theirs, "more", 4, 0), 4);
    wait_for(ours, POLLIN);
    ck_assert_int_eq(transport_drop(ours, got, sizeof got), 4);
    transport_shut(-1);
}

START_TEST(a_close_ends_the_stream)
{
    char got[8];
    transport_close(ours, false);
    ours = -1;
    wait_for(theirs, POLLIN);
    ck_assert_int_eq(recv(theirs, got, sizeof got, 0), 0);
}

START_TEST(a_reset_is_told_as_one)
{
    char got[8];
    transport_close(ours, true);
    ours = -1;
    wait_for(theirs, POLLIN);
    ck_assert_int_eq(recv(theirs, got, sizeof got, 0), -1);
    ck_assert_int_eq(errno, ECONNRESET);
}

START_TEST(what_the_peer_has_is_acknowledged_and_what_does_not_fit_is_not)
{
    ck_assert_int_eq(transport_unacknowledged(ours), 0);
    for (ssize_t sent = 1; sent > 0;) {
        sent = send(ours, pattern, sizeof pattern, MSG_DONTWAIT);
        usleep(1000);
    }
    ck_assert_int_gt(transport_unacknowledged(ours), 0);
    ck_assert_int_eq(transport_unacknowledged(-1), 0);
}

/* What holds for every kind of socket. */
static void add_common(TCase *tests)
{
    tcase_add_test(tests, bytes_are_received_behind_those_that_are_there);
    tcase_add_test(tests, nothing_to_receive_an_end_and_a_failure_are_told_apart);
    tcase_add_test(tests, bytes_leave);
    tcase_add_test(tests, bytes_and_borrowed_memory_leave_in_one_call);
    tcase_add_test(tests, borrowed_memory_leaves_alone_when_the_bytes_before_it_have_left);
    tcase_add_test(tests, more_than_the_kernel_takes_leaves_in_parts);
    tcase_add_test(tests, bytes_and_a_stretch_of_a_file_leave_in_order);
    tcase_add_test(tests, of_a_file_only_the_stretch_leaves);
    tcase_add_test(tests, a_file_that_shrank_is_told_and_nothing_is_made_up);
    tcase_add_test(tests, a_file_that_is_none_is_told);
    tcase_add_test(tests, a_peer_that_is_gone_is_told_and_raises_no_signal);
    tcase_add_test(tests, what_is_dropped_is_counted_and_bounded);
    tcase_add_test(tests, our_side_is_shut_behind_what_was_sent);
    tcase_add_test(tests, a_close_ends_the_stream);
}

int main(void)
{
    Suite *suite = suite_create("transport");
    TCase *local = tcase_create("unix"), *tcp = tcase_create("tcp");
    tcase_add_checked_fixture(local, make_unix_pair, drop_pair);
    tcase_add_checked_fixture(tcp, make_tcp_pair, drop_pair);
    add_common(local);
    add_common(tcp);
    tcase_add_test(tcp, a_reset_is_told_as_one);
    tcase_add_test(tcp, what_the_peer_has_is_acknowledged_and_what_does_not_fit_is_not);
    suite_add_tcase(suite, local);
    suite_add_tcase(suite, tcp);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
