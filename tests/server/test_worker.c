/* The loop of a worker, turned by the test itself: who gives way, who waits, and whose time is over. */
#include "server/worker.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "os/os.h"
#include "tests/check_support.h"
#include "tests/server/client.h"

enum { LARGE = 16 * 1024 * 1024 };

static char *large;
static struct weir *server;
static struct weir_options options;

/* "/large" is that, everything else is hello. */
static void answer(struct weir_request *request, void *context)
{
    (void)context;
    struct weir_response response = { .status = 200, .data = "Hello, world!", .length = 13 };
    if (request->path.len == strlen("/large"))
        response = (struct weir_response){ .status = 200, .body = WEIR_BORROW, .data = large, .length = LARGE };
    weir_respond(request, &response);
}

static const struct weir_handler handler = { .methods = WEIR_GET | WEIR_POST, .answer = answer };

static void make_options(void)
{
    options = client_options();
    large = calloc(1, LARGE);
}

static void open_server(void)
{
    server = client_open(&options, &handler);
}

static void close_server(void)
{
    struct weir_counters counters;
    weir_counters(server, &counters);
    ck_assert_uint_eq(counters.impossible, 0);
    weir_close(server);
    free(large);
}

/* ---- turning the loop */

/* Turns for `ms`, as an application's loop would. */
static void turn_for(unsigned ms)
{
    const uint64_t until = os_now_ms() + ms;
    for (uint64_t now = os_now_ms(); now < until; now = os_now_ms()) {
        const int wait = weir_wait_ms(server);
        const int left = (int)(until - now);
        struct pollfd look = { .fd = weir_fd(server), .events = POLLIN };
        (void)poll(&look, 1, wait < 0 || wait > left ? left : wait);
        weir_turn(server);
    }
}

/* Turns until something has come for `fd`, the end of its stream included. */
static void turn_until_told(int fd)
{
    for (unsigned tries = 0; client_waits(fd, 0); tries++) {
        ck_assert_msg(tries < 2000, "nothing came");
        turn_for(5);
    }
}

static int dial_and_ask(void)
{
    const int fd = client_dial(server);
    client_send(fd, CLIENT_GET);
    turn_until_told(fd);
    ck_assert_int_eq(client_status(fd), 200);
    return fd;
}

static void ask_again(int fd)
{
    client_send(fd, CLIENT_GET);
    turn_until_told(fd);
    ck_assert_int_eq(client_status(fd), 200);
}

static struct weir_counters counted(void)
{
    struct weir_counters counters;
    weir_counters(server, &counters);
    return counters;
}

/* What is written to standard error from now on; until the second call, which returns how often `text` was written. */
static unsigned count_told(const char *text)
{
    static FILE *file;
    static int saved = -1;
    unsigned count = 0;
    char line[512];
    if (saved < 0) {
        file = tmpfile();
        saved = dup(STDERR_FILENO);
        ck_assert_int_eq(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
        return 0;
    }
    ck_assert_int_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    close(saved);
    saved = -1;
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL)
        count += strstr(line, text) != NULL;
    fclose(file);
    return count;
}

/* ---- who gives way */

START_TEST(the_longest_idle_connection_gives_way_first)
{
    options.connections_max = 3;
    open_server();
    count_told("");
    const int a = dial_and_ask(), b = dial_and_ask(), c = dial_and_ask();
    ask_again(a);                      /* now b is the one */
    const int d = dial_and_ask();
    client_check_end(b);
    const int e = dial_and_ask();
    client_check_end(c);
    ask_again(a);
    ask_again(d);
    ask_again(e);
    ck_assert_uint_eq(counted().evicted, 2);
    ck_assert_uint_eq(counted().open, 3);
    ck_assert_uint_eq(count_told("weir: all connections are taken"), 1);
    const int fds[] = { a, b, c, d, e };
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        close(fds[i]);
    close_server();
}

START_TEST(a_busy_connection_does_not_give_way_and_the_next_waits_until_it_ends)
{
    options.connections_max = 1;
    open_server();
    const int busy = client_dial(server), next = client_dial(server);
    client_send(busy, "GET / HTTP/1.1\r\n");
    client_send(next, CLIENT_GET);
    count_told("");
    turn_for(150);
    ck_assert(client_waits(next, 0));
    client_send(busy, "Host: a\r\nConnection: close\r\n\r\n");
    turn_until_told(busy);
    ck_assert_int_eq(client_status(busy), 200);
    close(busy);
    turn_until_told(next);
    ck_assert_int_eq(client_status(next), 200);
    ck_assert_uint_eq(counted().evicted, 0);
    ck_assert_uint_eq(count_told("all connections are taken"), 1);
    close(next);
    close_server();
}

START_TEST(who_has_just_come_is_spared_for_a_second)
{
    options.connections_max = 1;
    open_server();
    count_told("");
    const int fresh = client_dial(server);
    client_send(fresh, "\r\n");        /* one that says nothing at all waits in the kernel */
    turn_for(20);
    const int next = client_dial(server);
    client_send(next, CLIENT_GET);
    turn_for(300);
    ck_assert(client_waits(next, 0));
    turn_until_told(next);
    ck_assert_int_eq(client_status(next), 200);
    client_check_end(fresh);
    ck_assert_uint_eq(counted().evicted, 1);
    count_told("");
    close(fresh);
    close(next);
    close_server();
}

/* One byte of a file for each of many requests: each answer takes three steps, so that the bound of a connection's turn falls between two
 * answers in some turn. Whenever the drain begins, the answer that is due is given, and says that it is the last. */
static void answer_byte(struct weir_request *request, void *file)
{
    weir_respond(request, &(struct weir_response){ .status = 200, .body = WEIR_FILE, .fd = *(int *)file, .length = 1 });
}

static unsigned answers_in(const char *text)
{
    unsigned count = 0;
    for (; (text = strstr(text, "HTTP/1.1 200 OK")) != NULL; text++)
        count++;
    return count;
}

START_TEST(a_connection_whose_requests_wait_for_their_turn_is_not_idle)
{
    enum { REQUESTS = 900 };
    static char batch[REQUESTS * sizeof CLIENT_GET], got[REQUESTS * 256];
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    const struct weir_handler bytes = { .answer = answer_byte, .context = &file };
    for (int i = 0; i < REQUESTS; i++)
        memcpy(batch + (size_t)i * strlen(CLIENT_GET), CLIENT_GET, strlen(CLIENT_GET));
    for (int turns = 0; turns < 8; turns++) {
        size_t len = 0;
        server = client_open(&options, &bytes);
        const int fd = client_dial(server);
        client_send(fd, batch);
        for (int turn = 0; turn < turns; turn++)
            weir_turn(server);
        weir_stop(server);
        for (ssize_t came = 1; came != 0;) {
            weir_turn(server);
            came = recv(fd, got + len, sizeof got - 1 - len, MSG_DONTWAIT);
            len += came > 0 ? (size_t)came : 0;
        }
        got[len] = '\0';
        ck_assert_msg(answers_in(got) == (turns == 0 ? 0 : REQUESTS) || strstr(got, "Connection: close") != NULL, "after %d turns: %s", turns, got);
        close(fd);
        ck_assert_uint_eq(counted().impossible, 0);
        weir_close(server);
    }
    close(file);
    free(large);
}

/* ---- out of descriptors */

static int taken[1024];
static unsigned taken_count;

static void take_all_descriptors(void)
{
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 256, 256 }), 0);
    for (taken_count = 0; (taken[taken_count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
        taken_count++;
}

static void give_descriptors(void)
{
    while (taken_count > 0)
        close(taken[--taken_count]);
}

START_TEST(without_descriptors_an_idle_connection_gives_way)
{
    open_server();
    count_told("");
    const int idle = dial_and_ask(), next = client_dial(server);
    client_send(next, CLIENT_GET);
    take_all_descriptors();
    turn_until_told(next);
    ck_assert_int_eq(client_status(next), 200);
    client_check_end(idle);
    ck_assert_uint_eq(counted().evicted, 1);
    give_descriptors();
    ck_assert_uint_eq(count_told("weir: out of descriptors"), 1);
    close(idle);
    close(next);
    close_server();
}

START_TEST(without_descriptors_and_idle_connections_accepting_waits_and_does_not_spin)
{
    open_server();
    count_told("");
    const int next = client_dial(server);
    client_send(next, CLIENT_GET);
    take_all_descriptors();
    unsigned turns = 0;
    for (const uint64_t until = os_now_ms() + 450; os_now_ms() < until; turns++) {
        struct pollfd look = { .fd = weir_fd(server), .events = POLLIN };
        const int wait = weir_wait_ms(server);     /* -1: it listens again, and is told at once */
        ck_assert_int_le(wait, 100);
        ck_assert_int_eq(poll(&look, 1, wait), wait < 0);
        weir_turn(server);
    }
    ck_assert_uint_le(turns, 20);
    ck_assert_uint_eq(counted().accepted, 0);
    give_descriptors();
    turn_until_told(next);
    ck_assert_int_eq(client_status(next), 200);
    ck_assert_uint_eq(count_told("weir: out of descriptors"), 1);
    close(next);
    close_server();
}

/* ---- what leaves in the middle */

START_TEST(a_client_that_waits_for_100_behind_another_request_is_told_in_its_turn)
{
    char text[4096] = "";
    open_server();
    const int fd = client_dial(server);
    client_send(fd, CLIENT_GET "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    turn_until_told(fd);
    ck_assert_int_eq(client_status(fd), 200);
    turn_until_told(fd);
    ck_assert_int_eq(recv(fd, text, sizeof text - 1, 0), (ssize_t)strlen("HTTP/1.1 100 Continue\r\n\r\n"));
    ck_assert_str_eq(text, "HTTP/1.1 100 Continue\r\n\r\n");
    client_send(fd, "hello");
    turn_until_told(fd);
    ck_assert_int_eq(client_status(fd), 200);
    ask_again(fd);
    close(fd);
    close_server();
}

/* ---- whose time is over */

START_TEST(a_head_that_does_not_come_in_time_gets_a_408_whatever_drips)
{
    options.head_timeout = 150;
    open_server();
    const int fd = client_dial(server);
    const uint64_t began = os_now_ms();
    for (const char *at = CLIENT_GET; client_waits(fd, 0); at++) {
        ck_assert_uint_lt(os_now_ms() - began, 5000);
        if (*at != '\0' && at[1] != '\0')
            (void)send(fd, at, 1, MSG_NOSIGNAL);
        turn_for(20);
    }
    ck_assert_int_eq(client_status(fd), 408);
    ck_assert_uint_ge(os_now_ms() - began, 150);
    ck_assert_uint_eq(counted().timeouts, 1);
    ck_assert_uint_eq(counted().refused, 1);
    close(fd);
    close_server();
}

START_TEST(an_idle_connection_is_closed_in_time_and_that_is_no_failure)
{
    options.idle_timeout = 100;
    open_server();
    const int kept = dial_and_ask(), fresh = client_dial(server);
    turn_until_told(kept);
    client_check_end(kept);
    turn_until_told(fresh);
    client_check_end(fresh);
    const struct weir_counters c = counted();
    ck_assert_uint_eq(c.timeouts + c.evicted + c.failures + c.refused, 0);
    close(kept);
    close(fresh);
    close_server();
}

START_TEST(an_idle_connection_without_a_limit_stays)
{
    options.idle_timeout = 0;
    open_server();
    const int fd = dial_and_ask();
    ck_assert_int_eq(weir_wait_ms(server), -1);
    turn_for(100);
    ask_again(fd);
    close(fd);
    close_server();
}

START_TEST(a_body_that_comes_slowly_but_well_enough_is_waited_for)
{
    options.body_timeout = 150;
    options.rate_min = 100;
    open_server();
    const int fd = client_dial(server);
    client_send(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        client_send(fd, "0123456789");
        turn_for(25);
    }
    turn_until_told(fd);
    ck_assert_int_eq(client_status(fd), 200);
    close(fd);
    close_server();
}

START_TEST(a_body_that_comes_too_slowly_gets_a_408)
{
    options.body_timeout = 150;
    options.rate_min = 10000;
    open_server();
    const int fd = client_dial(server);
    client_send(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n");
    while (client_waits(fd, 0)) {
        (void)send(fd, "0", 1, MSG_NOSIGNAL);
        turn_for(25);
    }
    ck_assert_int_eq(client_status(fd), 408);
    ck_assert_uint_eq(counted().timeouts, 1);
    close(fd);
    close_server();
}

START_TEST(a_peer_that_takes_nothing_is_reset)
{
    options.send_timeout = 150;
    open_server();
    const int fd = client_dial(server);
    client_send(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    for (unsigned tries = 0; counted().timeouts == 0; tries++) {
        ck_assert_uint_lt(tries, 500);
        turn_for(10);
    }
    ck_assert_uint_eq(counted().open, 0);
    ssize_t got = 1;
    while (got > 0)
        got = recv(fd, large, LARGE, 0);
    ck_assert(got < 0 && errno == ECONNRESET);
    close(fd);
    close_server();
}

START_TEST(a_peer_that_takes_slowly_but_well_enough_gets_all)
{
    options.send_timeout = 100;
    options.rate_min = 1000;
    open_server();
    const int fd = client_dial(server);
    client_send(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    static char piece[300000];
    size_t got = 0;
    while (got < LARGE) {
        turn_for(15);
        const ssize_t came = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
        ck_assert(came > 0 || (came < 0 && errno == EAGAIN));
        got += came > 0 ? (size_t)came : 0;
    }
    ck_assert_uint_eq(counted().timeouts, 0);
    close(fd);
    close_server();
}

START_TEST(a_peer_that_takes_too_slowly_is_reset_though_it_takes)
{
    options.send_timeout = 150;
    options.rate_min = 1000000000;
    open_server();
    const int fd = client_dial(server);
    client_send(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    static char piece[300000];         /* often enough that part leaves all the time */
    for (unsigned tries = 0; counted().timeouts == 0; tries++) {
        ck_assert_uint_lt(tries, 500);
        turn_for(10);
        (void)recv(fd, piece, sizeof piece, MSG_DONTWAIT);
    }
    ck_assert_uint_eq(counted().open, 0);
    close(fd);
    close_server();
}

START_TEST(a_lingering_close_ends_with_its_time_or_its_bytes)
{
    options.linger_timeout = _i == 0 ? 100 : 10000;
    options.linger_max = _i == 0 ? 1000000 : 1000;
    open_server();
    const int fd = client_dial(server);
    client_send(fd, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx");
    turn_until_told(fd);
    ck_assert_int_eq(client_status(fd), 200);
    client_check_end(fd);
    ck_assert_uint_eq(counted().open, 0);      /* it asked for the close, and said all: nothing to linger for */
    close(fd);

    const int bad = client_dial(server);
    client_send(bad, "nonsense\r\n\r\n");
    turn_until_told(bad);
    ck_assert_int_eq(client_status(bad), 400);
    client_check_end(bad);
    ck_assert_uint_eq(counted().open, 1);
    for (unsigned tries = 0; counted().open == 1; tries++) {
        ck_assert_uint_lt(tries, 500);
        if (_i == 1)
            (void)send(bad, CLIENT_GET, strlen(CLIENT_GET), MSG_NOSIGNAL);
        turn_for(10);
    }
    ck_assert_uint_eq(counted().timeouts, 0);
    ck_assert_uint_eq(counted().failures, 0);
    close(bad);
    close_server();
}

int main(void)
{
    TCase *tests = tcase_create("worker");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_options, NULL);
    tcase_add_test(tests, the_longest_idle_connection_gives_way_first);
    tcase_add_test(tests, a_busy_connection_does_not_give_way_and_the_next_waits_until_it_ends);
    tcase_add_test(tests, who_has_just_come_is_spared_for_a_second);
    tcase_add_test(tests, a_connection_whose_requests_wait_for_their_turn_is_not_idle);
    tcase_add_test(tests, without_descriptors_an_idle_connection_gives_way);
    tcase_add_test(tests, without_descriptors_and_idle_connections_accepting_waits_and_does_not_spin);
    tcase_add_test(tests, a_client_that_waits_for_100_behind_another_request_is_told_in_its_turn);
    tcase_add_test(tests, a_head_that_does_not_come_in_time_gets_a_408_whatever_drips);
    tcase_add_test(tests, an_idle_connection_is_closed_in_time_and_that_is_no_failure);
    tcase_add_test(tests, an_idle_connection_without_a_limit_stays);
    tcase_add_test(tests, a_body_that_comes_slowly_but_well_enough_is_waited_for);
    tcase_add_test(tests, a_body_that_comes_too_slowly_gets_a_408);
    tcase_add_test(tests, a_peer_that_takes_nothing_is_reset);
    tcase_add_test(tests, a_peer_that_takes_slowly_but_well_enough_gets_all);
    tcase_add_test(tests, a_peer_that_takes_too_slowly_is_reset_though_it_takes);
    tcase_add_loop_test(tests, a_lingering_close_ends_with_its_time_or_its_bytes, 0, 2);
    return check_run(tests);
}
