/* Answers that come later: weir_defer(), weir_post(), weir_claim(), and what becomes of them when the peer or the server goes first. */
#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "weir.h"

#define TEXT(literal) { (literal), sizeof(literal) - 1 }

/* What the handler does with the target: "/now" is answered at once, everything else later. */
static struct weir *server;
static struct weir_ticket tickets[8];
static _Atomic int deferred, ended, answered_late, claimed_nothing;
static pthread_t runner;
static int port;
static char log_path[] = "/tmp/weir-test-later-XXXXXX";

static void respond_with(struct weir_request *request, struct weir_slice text)
{
    const struct weir_response response = { .status = 200, .body = WEIR_COPY, .data = text.ptr, .length = text.len };
    weir_respond(request, &response);
}

static void answer(struct weir_request *request, void *context)
{
    (void)context;
    request->user = &deferred;
    if (request->path.len == 4 && memcmp(request->path.ptr, "/now", 4) == 0) {
        respond_with(request, (struct weir_slice)TEXT("now"));
        return;
    }
    tickets[deferred] = weir_defer(request);
    atomic_fetch_add(&deferred, 1);
}

static void end(struct weir_request *request, void *context)
{
    (void)request;
    (void)context;
    atomic_fetch_add(&ended, 1);
}

/* On the worker's thread. */
static void answer_ticket(void *ticket)
{
    struct weir_request *request = weir_claim(*(struct weir_ticket *)ticket);
    if (request == NULL) {
        atomic_fetch_add(&claimed_nothing, 1);
        return;
    }
    respond_with(request, request->target);
    atomic_fetch_add(&answered_late, 1);
}

static void post(struct weir_ticket *ticket)
{
    ck_assert(weir_post(server, ticket->worker, answer_ticket, ticket));
}

static void *run(void *unused)
{
    ck_assert_int_eq(weir_run(server), 0);
    return unused;
}

/* Bounded by the time limit that Check puts on each test. */
static void wait_for(_Atomic int *what, int count)
{
    while (atomic_load(what) < count)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void make_log(void)
{
    const int fd = mkstemp(log_path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void remove_log(void)
{
    unlink(log_path);
    memcpy(log_path + sizeof log_path - 7, "XXXXXX", 6);
}

/* All lines; the server is closed. */
static void read_log(char text[4096])
{
    FILE *file = fopen(log_path, "r");
    ck_assert_ptr_nonnull(file);
    const size_t len = fread(text, 1, 4095, file);
    text[len] = '\0';
    fclose(file);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static void open_server(void)
{
    static const char *const listen[] = { "127.0.0.1:0" };
    static const struct weir_handler handler = { .answer = answer, .end = end };
    char error[WEIR_ERROR_SIZE];
    struct weir_options options = weir_defaults();
    options.listen = listen;
    options.listen_count = 1;
    options.workers = 1;
    options.send_timeout = 300;
    options.access_log = log_path;
    deferred = ended = answered_late = claimed_nothing = 0;
    server = weir_open(&options, &handler, error);
    ck_assert_msg(server != NULL, "%s", error);
    ck_assert_int_eq(sscanf(weir_address(server, 0), "http://127.0.0.1:%d/", &port), 1);
    ck_assert_int_eq(pthread_create(&runner, NULL, run, NULL), 0);
}

static void close_server(void)
{
    weir_stop(server);
    pthread_join(runner, NULL);
    weir_close(server);
}

static int connect_client(void)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void ask(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads until `text` has come, and all that stands before it is put into `seen`. */
static void read_until(int fd, const char *text, char seen[4096])
{
    size_t len = 0;
    seen[0] = '\0';
    while (strstr(seen, text) == NULL) {
        const ssize_t got = recv(fd, seen + len, 4095 - len, 0);
        ck_assert_msg(got > 0, "the connection ended after: %s", seen);
        len += (size_t)got;
        seen[len] = '\0';
    }
}

START_TEST(an_answer_comes_when_it_is_posted)
{
    char seen[4096];
    const int fd = connect_client();
    ask(fd, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&deferred, 1);
    ck_assert_int_eq(recv(fd, seen, sizeof seen, MSG_DONTWAIT), -1);
    ck_assert_int_eq(ended, 0);
    post(&tickets[0]);
    read_until(fd, "\r\n\r\n/later", seen);
    ck_assert_int_eq(ended, 1);
    close(fd);
}
END_TEST

START_TEST(answers_leave_in_the_order_of_the_requests_whenever_they_come)
{
    char seen[4096];
    const int fd = connect_client();
    ask(fd, "GET /now HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /now HTTP/1.1\r\nHost: a\r\n\r\n");
    read_until(fd, "now", seen);           /* what was answered before does not wait */
    ck_assert_ptr_null(strstr(seen, "/later"));
    wait_for(&deferred, 1);
    ck_assert_int_eq(recv(fd, seen, sizeof seen, MSG_DONTWAIT), -1);
    post(&tickets[0]);
    read_until(fd, "\r\n\r\nnow", seen);
    ck_assert_ptr_nonnull(strstr(seen, "/later"));
    close(fd);
}
END_TEST

START_TEST(others_are_served_meanwhile)
{
    char seen[4096];
    const int waiting = connect_client(), other = connect_client();
    ask(waiting, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&deferred, 1);
    ask(other, "GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
    read_until(other, "now", seen);
    post(&tickets[0]);
    read_until(waiting, "/later", seen);
    close(waiting);
    close(other);
}
END_TEST

START_TEST(a_ticket_is_good_for_one_answer)
{
    char seen[4096];
    const int fd = connect_client();
    ask(fd, "GET /one HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&deferred, 1);
    post(&tickets[0]);
    read_until(fd, "/one", seen);
    ask(fd, "GET /two HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&deferred, 2);
    post(&tickets[0]);                     /* the same connection, but another request */
    wait_for(&claimed_nothing, 1);
    post(&tickets[1]);
    read_until(fd, "/two", seen);
    ck_assert_int_eq(answered_late, 2);
    close(fd);
}
END_TEST

START_TEST(a_connection_that_waits_too_long_is_reset_and_its_ticket_void)
{
    char byte;
    const int fd = connect_client();
    ask(fd, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&ended, 1);                   /* send_timeout */
    ck_assert_int_le(recv(fd, &byte, 1, 0), 0);
    post(&tickets[0]);
    wait_for(&claimed_nothing, 1);
    ck_assert_int_eq(answered_late, 0);
    close(fd);
}
END_TEST

START_TEST(a_closed_server_runs_what_was_posted_and_owes_no_answer)
{
    const int fd = connect_client();
    ask(fd, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&deferred, 1);
    weir_stop(server);
    pthread_join(runner, NULL);            /* the drain ends the connection with its send_timeout */
    post(&tickets[0]);
    weir_close(server);
    ck_assert_int_eq(claimed_nothing, 1);
    ck_assert_int_eq(ended, 1);
    close(fd);
    open_server();
}
END_TEST

START_TEST(each_is_logged_once_whether_its_answer_came_or_not)
{
    char seen[4096];
    const int answered = connect_client(), forgotten = connect_client();
    ask(answered, "GET /answered HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&deferred, 1);
    post(&tickets[0]);
    read_until(answered, "\r\n\r\n/answered", seen);
    ask(forgotten, "GET /forgotten HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&ended, 2);
    close_server();
    read_log(seen);
    ck_assert_uint_eq(count_of(seen, "\n"), 2);
    ck_assert_uint_eq(count_of(seen, "\"GET /answered HTTP/1.1\" 200 9 "), 1);
    ck_assert_uint_eq(count_of(seen, "\"GET /forgotten HTTP/1.1\" - 0 "), 1);
    close(answered);
    close(forgotten);
    open_server();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("later");
    TCase *tests = tcase_create("answers that come later");
    tcase_add_checked_fixture(tests, make_log, remove_log);
    tcase_add_checked_fixture(tests, open_server, close_server);
    tcase_set_timeout(tests, 20);
    tcase_add_test(tests, an_answer_comes_when_it_is_posted);
    tcase_add_test(tests, answers_leave_in_the_order_of_the_requests_whenever_they_come);
    tcase_add_test(tests, others_are_served_meanwhile);
    tcase_add_test(tests, a_ticket_is_good_for_one_answer);
    tcase_add_test(tests, a_connection_that_waits_too_long_is_reset_and_its_ticket_void);
    tcase_add_test(tests, a_closed_server_runs_what_was_posted_and_owes_no_answer);
    tcase_add_test(tests, each_is_logged_once_whether_its_answer_came_or_not);
    suite_add_tcase(suite, tests);
    SRunner *runner_of_all = srunner_create(suite);
    srunner_run_all(runner_of_all, CK_ENV);
    const int failed = srunner_ntests_failed(runner_of_all);
    srunner_free(runner_of_all);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
