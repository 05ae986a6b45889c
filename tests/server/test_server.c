/* Servers through their public interface: opening, running, draining, telling, closing. */
#include "server/server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/check_support.h"
#include "tests/server/client.h"

enum { LARGE = 600000 };

static char large[LARGE];
static char error[WEIR_ERROR_SIZE];
static char folder[] = "/tmp/weir-test-server-XXXXXX";
static char log_path[64], old_log_path[64], socket_address[80];

/* "/large" is that, everything else is hello. */
static void answer(struct weir_request *request, void *context)
{
    (void)context;
    struct weir_response response = { .status = 200, .data = "Hello, world!", .length = 13 };
    if (request->path.len == strlen("/large"))
        response = (struct weir_response){ .status = 200, .body = WEIR_BORROW, .data = large, .length = LARGE };
    weir_respond(request, &response);
}

static const struct weir_handler handler = { .answer = answer };

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(log_path, sizeof log_path, "%s/log", folder);
    snprintf(old_log_path, sizeof old_log_path, "%s/log.1", folder);
    snprintf(socket_address, sizeof socket_address, "unix:%s/socket", folder);
}

static void remove_folder(void)
{
    unlink(log_path);
    unlink(old_log_path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* ---- options */

START_TEST(the_defaults_are_those_that_the_header_tells)
{
    const struct weir_options o = weir_defaults();
    ck_assert_str_eq(o.poller, "epoll");
    ck_assert_str_eq(o.name, "weir");
    ck_assert(o.server_field && !o.pin_workers && o.access_log == NULL && o.listen == NULL);
    ck_assert_uint_eq(o.listen_count + o.workers + o.connections_max, 0);
    ck_assert_uint_eq(o.line_max, 8192);
    ck_assert_uint_eq(o.head_max, 16384);
    ck_assert_uint_eq(o.fields_max, 100);
    ck_assert_uint_eq(o.body_max, 1048576);
    ck_assert_uint_eq(o.head_timeout, 10000);
    ck_assert_uint_eq(o.body_timeout, 30000);
    ck_assert_uint_eq(o.send_timeout, 30000);
    ck_assert_uint_eq(o.idle_timeout, 60000);
    ck_assert_uint_eq(o.linger_timeout, 2000);
    ck_assert_uint_eq(o.drain_timeout, 10000);
    ck_assert_uint_eq(o.rate_min, 500);
    ck_assert_uint_eq(o.linger_max, 262144);
    ck_assert_ptr_null(server_options_fault(&o));
}

#define NUMBER(field, value, wrong) { offsetof(struct weir_options, field), (value), #field ":", (wrong) }

static const struct number_case {
    size_t offset;
    uint32_t value;
    const char *says;
    bool is_wrong;
} numbers[] = {
    NUMBER(workers, 256, false), NUMBER(workers, 257, true),
    NUMBER(line_max, 63, true), NUMBER(line_max, 64, false), NUMBER(line_max, 16384, false), NUMBER(line_max, 16385, true),
    NUMBER(line_max, 65536, true),
    NUMBER(head_max, 127, true), NUMBER(head_max, 65535, false), NUMBER(head_max, 65536, true),
    NUMBER(fields_max, 0, true), NUMBER(fields_max, 1, false), NUMBER(fields_max, 200, false), NUMBER(fields_max, 201, true),
    NUMBER(head_timeout, 0, true), NUMBER(head_timeout, 1, false), NUMBER(head_timeout, INT32_MAX, false),
    NUMBER(head_timeout, 2147483648, true), NUMBER(body_timeout, 0, true), NUMBER(body_timeout, 2147483648, true),
    NUMBER(send_timeout, 0, true), NUMBER(send_timeout, 2147483648, true),
    NUMBER(linger_timeout, 0, true), NUMBER(linger_timeout, 2147483648, true),
    NUMBER(idle_timeout, 0, false), NUMBER(idle_timeout, 2147483648, true),
    NUMBER(drain_timeout, 0, false), NUMBER(drain_timeout, 2147483648, true),
    NUMBER(rate_min, 0, false), NUMBER(linger_max, 0, false),
};

START_TEST(each_number_has_its_range_and_its_fault_names_it)
{
    struct weir_options options = weir_defaults();
    memcpy((char *)&options + numbers[_i].offset, &numbers[_i].value, sizeof numbers[_i].value);
    const char *fault = server_options_fault(&options);
    ck_assert_msg((fault != NULL) == numbers[_i].is_wrong, "%s %u: %s", numbers[_i].says, numbers[_i].value, fault);
    if (fault != NULL)
        ck_assert_msg(strncmp(fault, numbers[_i].says, strlen(numbers[_i].says)) == 0, "%s: %s", numbers[_i].says, fault);
}

static void check_does_not_open(const struct weir_options *options, const struct weir_handler *with, const char *says)
{
    const unsigned before = open_descriptors();
    memset(error, 'x', sizeof error);
    ck_assert_ptr_null(weir_open(options, with, error));
    ck_assert_ptr_nonnull(memchr(error, '\0', sizeof error));
    ck_assert_ptr_null(strchr(error, '\n'));
    ck_assert_msg(strstr(error, says) != NULL, "\"%s\" does not say \"%s\"", error, says);
    ck_assert_uint_eq(open_descriptors(), before);
}

START_TEST(what_cannot_be_opened_is_said_in_one_line_and_nothing_stays_open)
{
    struct weir_options options = client_options();
    check_does_not_open(&options, &(struct weir_handler){ .methods = WEIR_GET }, "answer()");
    options.poller = "kqueue";
    check_does_not_open(&options, &handler, "poller");
    options.poller = NULL;
    check_does_not_open(&options, &handler, "poller");
    options = client_options();
    options.workers = 1000;
    check_does_not_open(&options, &handler, "workers");
    options = client_options();
    options.access_log = "/nowhere/at/all";
    check_does_not_open(&options, &handler, "access log /nowhere/at/all: No such file or directory");
    const char *const addresses[] = { "127.0.0.1:0", socket_address, "127.0.0.1:x" };
    options = client_options();
    options.access_log = log_path;
    options.listen = addresses;
    options.listen_count = 3;
    check_does_not_open(&options, &handler, "127.0.0.1:x");
    options.listen_count = 33;
    check_does_not_open(&options, &handler, "listen");
}

START_TEST(a_server_that_finds_too_few_descriptors_says_so)
{
    struct weir_options options = client_options();
    options.workers = 200;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 200, 200 }), 0);
    check_does_not_open(&options, &handler, "too few");
}

/* Room for the limit to be told, and then none for the second of the worker's descriptors, and so on. */
START_TEST(a_server_that_runs_out_of_descriptors_while_it_opens_gives_them_back)
{
    struct weir_options options = client_options();
    options.workers = 4;
    int taken[1024];
    for (unsigned left = 0; left < 14; left++) {
        unsigned count = 0;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 256, 256 }), 0);
        while ((taken[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
            count++;
        for (unsigned i = 0; i < left; i++)
            close(taken[--count]);
        struct weir *server = weir_open(&options, &handler, error);
        const unsigned needed = 4 * 3;
        ck_assert_msg((server != NULL) == (left >= needed), "with %u descriptors: %s", left, error);
        if (server == NULL)
            ck_assert_ptr_nonnull(strstr(error, "Too many open files"));
        weir_close(server);
        unsigned free_again = 0;
        for (int fd; free_again < left && (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
            taken[count + free_again++] = fd;
        ck_assert_uint_eq(free_again, left);
        while (count + free_again > 0)
            close(taken[count + free_again-- - 1]);
    }
}

static const struct { uint32_t descriptors, workers, addresses, max; } descriptor_limits[] = {
    { 0, 1, 1, 0 },
    { 20, 1, 1, 0 },
    { 21, 1, 1, 1 },
    { 1024, 1, 1, 1024 - 16 - 4 - 32 },
    { 1024, 8, 2, 1024 - 16 - 48 - 32 },
    { 65536, 2, 1, 65536 - 16 - 8 - 2048 },
    { 1024, 256, 1, 0 },
    { UINT32_MAX / 2, 1, 1, UINT32_MAX / 2 - 16 - 4 - UINT32_MAX / 64 },
};

START_TEST(a_limit_of_descriptors_leaves_so_many_connections)
{
    const uint32_t max = server_connections_max(descriptor_limits[_i].descriptors, descriptor_limits[_i].workers, descriptor_limits[_i].addresses);
    ck_assert_uint_eq(max, descriptor_limits[_i].max);
}

/* ---- addresses */

START_TEST(each_address_is_told_with_its_real_port)
{
    const char *const addresses[] = { "127.0.0.1:0", "[::1]:0", socket_address };
    struct weir_options options = client_options();
    options.listen = addresses;
    options.listen_count = 3;
    options.workers = 2;
    struct running r;
    running_start(&r, &options, &handler);
    ck_assert_int_eq(strncmp(weir_address(r.server, 0), "http://127.0.0.1:", 17), 0);
    ck_assert_int_eq(strncmp(weir_address(r.server, 1), "http://[::1]:", 13), 0);
    ck_assert_str_eq(weir_address(r.server, 2), socket_address);
    ck_assert_ptr_null(weir_address(r.server, 3));
    ck_assert_ptr_null(weir_address(r.server, SIZE_MAX));
    for (size_t i = 0; i < 3; i++) {
        const int fd = client_try(weir_address(r.server, i));
        ck_assert_int_ge(fd, 0);
        client_ask(fd);
        close(fd);
    }
    running_stop(&r);
}

/* ---- from open to close */

START_TEST(a_server_may_be_closed_that_never_ran)
{
    const unsigned before = open_descriptors();
    const struct weir_options options = client_options();
    weir_close(client_open(&options, &handler));
    weir_close(NULL);
    ck_assert_uint_eq(open_descriptors(), before);
}

START_TEST(a_server_that_was_stopped_before_it_ran_returns_at_once)
{
    const struct weir_options options = client_options();
    struct weir *server = client_open(&options, &handler);
    weir_stop(server);
    weir_stop(server);
    ck_assert_int_eq(weir_run(server), 0);
    weir_close(server);
}

START_TEST(a_closed_server_ends_its_connections_and_forgets_its_descriptors)
{
    const unsigned before = open_descriptors();
    struct weir_options options = client_options();
    options.drain_timeout = 0;
    struct running r;
    running_start(&r, &options, &handler);
    const int idle = client_dial(r.server), busy = client_dial(r.server);
    client_ask(idle);
    client_send(busy, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert(!client_waits(busy, CLIENT_WAIT_MS));
    running_stop(&r);
    client_check_end(idle);
    close(idle);
    close(busy);
    ck_assert_uint_eq(open_descriptors(), before);
}

/* Calls that are left over run, each in its worker's turn to be closed; what they would post has nobody left to run it. */
static struct weir *closed;
static unsigned posted_calls;

static void post_again(void *worker)
{
    static uint32_t other;
    posted_calls++;
    other = 1 - *(uint32_t *)worker;
    ck_assert(!weir_post(closed, other, post_again, &other));
}

START_TEST(what_was_posted_runs_when_the_server_is_closed_and_can_post_no_more)
{
    static uint32_t workers[] = { 0, 1 };
    struct weir_options options = client_options();
    options.workers = 2;
    closed = client_open(&options, &handler);
    for (size_t i = 0; i < COUNT_OF(workers); i++)
        ck_assert(weir_post(closed, workers[i], post_again, &workers[i]));
    weir_close(closed);
    ck_assert_uint_eq(posted_calls, 2);
}

static struct weir *signalled;

static void stop_on_signal(int signal)
{
    (void)signal;
    weir_stop(signalled);
}

static void *signal_later(void *thread)
{
    usleep(50000);
    pthread_kill(*(pthread_t *)thread, SIGUSR1);
    return NULL;
}

START_TEST(a_signal_handler_may_stop_a_server)
{
    struct weir_options options = client_options();
    options.workers = 3;
    pthread_t self = pthread_self(), sender;
    signal(SIGUSR1, stop_on_signal);
    signalled = client_open(&options, &handler);
    ck_assert_int_eq(pthread_create(&sender, NULL, signal_later, &self), 0);
    errno = 0;
    ck_assert_int_eq(weir_run(signalled), 0);
    pthread_join(sender, NULL);
    weir_close(signalled);
}

START_TEST(several_servers_run_side_by_side)
{
    struct running r[3];
    const struct weir_options options = client_options();
    for (size_t i = 0; i < COUNT_OF(r); i++)
        running_start(&r[i], &options, &handler);
    for (size_t i = 0; i < COUNT_OF(r); i++) {
        const int fd = client_dial(r[i].server);
        client_ask(fd);
        close(fd);
    }
    for (size_t i = 0; i < COUNT_OF(r); i++)
        running_stop(&r[i]);
}

START_TEST(workers_share_the_connections_and_lose_none)
{
    struct weir_options options = client_options();
    options.workers = 4;
    struct running r;
    struct weir_counters counters;
    int fds[64];
    running_start(&r, &options, &handler);
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        fds[i] = client_dial(r.server);
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        client_ask(fds[i]);
    weir_counters(r.server, &counters);
    ck_assert_uint_eq(counters.accepted, COUNT_OF(fds));
    ck_assert_uint_eq(counters.open, COUNT_OF(fds));
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        close(fds[i]);
    running_stop(&r);
}

/* ---- the drain */

static bool refuses(const char *url)
{
    const int fd = client_try(url);
    if (fd >= 0)
        close(fd);
    return fd < 0;
}

START_TEST(a_drain_closes_the_idle_finishes_the_busy_and_takes_nobody_new)
{
    const struct weir_options options = client_options();
    struct running r;
    char head[4096];
    size_t content;
    running_start(&r, &options, &handler);
    const int idle = client_dial(r.server), fresh = client_dial(r.server), busy = client_dial(r.server);
    client_ask(idle);
    client_send(fresh, "\r\n");        /* one that says nothing at all waits in the kernel */
    client_send(busy, "GET / HTTP/1.1\r\nHost: ");
    client_ask(idle);                  /* by now the worker has seen the half of the other's request */
    weir_stop(r.server);
    client_check_end(idle);
    client_check_end(fresh);
    ck_assert(refuses(weir_address(r.server, 0)));
    close(idle);
    close(fresh);
    client_send(busy, "a\r\n\r\n");
    ck_assert_int_eq(client_answer(busy, head, &content), 200);
    ck_assert_ptr_nonnull(strstr(head, "\r\nConnection: close\r\n"));
    client_check_end(busy);
    close(busy);
    running_join(&r);
    weir_close(r.server);
}

START_TEST(a_drain_ends_with_its_time)
{
    struct weir_options options = client_options();
    struct weir_counters counters;
    struct running r;
    options.drain_timeout = 200;
    running_start(&r, &options, &handler);
    const int busy = client_dial(r.server), other = client_dial(r.server);
    client_send(busy, "GET / HTTP/1.1\r\nHost: ");
    client_ask(other);
    close(other);
    weir_stop(r.server);
    running_join(&r);
    weir_counters(r.server, &counters);
    ck_assert_uint_eq(counters.open, 0);
    ck_assert_uint_eq(counters.failures, 1);
    client_check_end(busy);
    close(busy);
    weir_close(r.server);
}

/* Answers larger than one turn, with requests behind them that were received and are not answered yet, when the drain begins. */
START_TEST(a_connection_with_requests_that_wait_is_not_idle_when_the_drain_begins)
{
    static char batch[32 * sizeof "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"];
    const struct weir_options options = client_options();
    struct weir_counters counters;
    char head[4096];
    size_t content;
    struct running r;
    for (int i = 0; i < 32; i++)
        strcat(batch, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    running_start(&r, &options, &handler);
    const int fd = client_dial(r.server);
    client_send(fd, batch);
    ck_assert_int_eq(client_answer(fd, head, &content), 200);
    ck_assert_int_eq(client_answer(fd, head, &content), 200);
    weir_stop(r.server);
    while (strstr(head, "Connection: close") == NULL)
        ck_assert_int_eq(client_answer(fd, head, &content), 200);
    close(fd);
    running_join(&r);
    weir_counters(r.server, &counters);
    ck_assert_uint_eq(counters.impossible, 0);
    weir_close(r.server);
}

/* ---- a loop of the application's own */

START_TEST(an_application_may_own_the_loop)
{
    struct weir_options options = client_options();
    struct weir *server = client_open(&options, &handler);
    ck_assert_int_eq(weir_wait_ms(server), -1);
    const int fd = client_dial(server);
    client_send(fd, CLIENT_GET);
    char byte;
    for (int turns = 0; recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 1; turns++) {
        struct pollfd wait = { .fd = weir_fd(server), .events = POLLIN };
        ck_assert_int_lt(turns, 10);
        ck_assert_int_eq(poll(&wait, 1, CLIENT_WAIT_MS), 1);
        ck_assert(weir_turn(server));
    }
    ck_assert_int_eq(client_status(fd), 200);
    const int left = weir_wait_ms(server);
    ck_assert_msg(left > 0 && left <= 60000, "%d ms", left);
    ck_assert(weir_turn(server));                  /* with nothing to do it does not wait */
    weir_stop(server);
    struct pollfd wait = { .fd = weir_fd(server), .events = POLLIN };
    ck_assert_int_eq(poll(&wait, 1, CLIENT_WAIT_MS), 1);
    while (weir_turn(server))
        if (recv(fd, &byte, 1, MSG_DONTWAIT) == 0)
            close(fd);
    weir_close(server);
}

/* ---- telling */

START_TEST(the_counters_tell_what_happened)
{
    const struct weir_options options = client_options();
    struct weir_counters c;
    struct running r;
    running_start(&r, &options, &handler);
    const int good = client_dial(r.server), bad = client_dial(r.server);
    client_ask(good);
    client_ask(good);
    client_send(bad, "GET / HTTP/3.0\r\n\r\n");
    ck_assert_int_eq(client_status(bad), 505);
    weir_counters(r.server, &c);
    ck_assert_uint_eq(c.accepted, 2);
    ck_assert_uint_eq(c.open, 2);
    ck_assert_uint_eq(c.requests, 2);
    ck_assert_uint_eq(c.refused, 1);
    close(good);
    close(bad);
    weir_stop(r.server);
    running_join(&r);
    weir_counters(r.server, &c);
    ck_assert_uint_eq(c.open, 0);
    ck_assert_uint_eq(c.bytes_in, 2 * strlen(CLIENT_GET) + strlen("GET / HTTP/3.0\r\n\r\n"));
    ck_assert_uint_gt(c.bytes_out, 3 * 100);
    ck_assert_uint_eq(c.timeouts + c.evicted + c.failures + c.log_dropped + c.impossible, 0);
    weir_close(r.server);
}

START_TEST(each_transition_is_traced_where_that_was_asked_for)
{
    static const char wanted[] = "weir: worker 0, connection 0.1: READING on REQUEST to WRITING\n"
                                 "weir: worker 0, connection 0.1: WRITING on DONE to READING\n"
                                 "weir: worker 0, connection 0.1: READING on EOS to CLOSED\n";
    char text[1024] = "";
    FILE *file = tmpfile();
    ck_assert_int_eq(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    ck_assert_int_eq(setenv("WEIR_TRACE", "1", 1), 0);
    const struct weir_options options = client_options();
    struct running r;
    running_start(&r, &options, &handler);
    const int fd = client_dial(r.server);
    client_ask(fd);
    close(fd);
    for (struct weir_counters counters = { .open = 1 }; counters.open > 0; usleep(1000))
        weir_counters(r.server, &counters);
    running_stop(&r);
    rewind(file);
    ck_assert_uint_lt(fread(text, 1, sizeof text - 1, file), sizeof text - 1);
    ck_assert_str_eq(text, wanted);
    fclose(file);
}

static size_t lines_in(const char *path)
{
    char text[8192];
    size_t lines = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    const ssize_t len = read(fd, text, sizeof text);
    for (ssize_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    close(fd);
    return lines;
}

START_TEST(the_log_may_be_renamed_and_opened_anew)
{
    struct weir_options options = client_options();
    struct running r;
    options.access_log = log_path;
    options.workers = 2;
    running_start(&r, &options, &handler);
    int fd = client_dial(r.server);
    client_ask(fd);
    for (int waits = 0; lines_in(log_path) < 1 && waits < 400; waits++)
        usleep(10000);                 /* a line is written at the latest a second after its request */
    ck_assert_int_eq(rename(log_path, old_log_path), 0);
    ck_assert_int_eq(weir_reopen_log(r.server), 0);
    client_ask(fd);
    client_ask(fd);
    close(fd);
    running_stop(&r);
    ck_assert_uint_eq(lines_in(old_log_path), 1);
    ck_assert_uint_eq(lines_in(log_path), 2);
}

START_TEST(without_a_log_there_is_nothing_to_open_anew)
{
    const struct weir_options options = client_options();
    struct weir *server = client_open(&options, &handler);
    ck_assert_int_eq(weir_reopen_log(server), 0);
    weir_close(server);
}

START_TEST(a_log_that_cannot_be_opened_anew_stays_in_use)
{
    struct weir_options options = client_options();
    struct running r;
    options.access_log = log_path;
    running_start(&r, &options, &handler);
    ck_assert_int_eq(rename(log_path, old_log_path), 0);
    ck_assert_int_eq(mkdir(log_path, 0755), 0);
    ck_assert_int_eq(weir_reopen_log(r.server), -EISDIR);
    ck_assert_int_eq(rmdir(log_path), 0);
    const int fd = client_dial(r.server);
    client_ask(fd);
    close(fd);
    running_stop(&r);
    ck_assert_uint_eq(lines_in(old_log_path), 1);
}

/* ---- signals */

/* A client that goes while a file is sent to it raises SIGPIPE in sendfile(2): the process does not get it. */
static void answer_file(struct weir_request *request, void *context)
{
    weir_respond(request, &(struct weir_response){ .status = 200, .body = WEIR_FILE, .fd = *(int *)context, .length = LARGE * 10 });
}

START_TEST(a_client_that_goes_does_not_end_the_process)
{
    char path[] = "/tmp/weir-test-large-XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    unlink(path);
    ck_assert_int_eq(ftruncate(file, LARGE * 10), 0);
    signal(SIGPIPE, SIG_DFL);
    const struct weir_options options = client_options();
    const struct weir_handler sends_file = { .answer = answer_file, .context = &file };
    struct weir_counters counters = { .failures = 0 };
    struct running r;
    running_start(&r, &options, &sends_file);
    for (int i = 0; i < 10; i++) {
        const int fd = client_dial(r.server);
        client_send(fd, CLIENT_GET);
        ck_assert(!client_waits(fd, CLIENT_WAIT_MS));
        ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger)), 0);
        close(fd);
    }
    for (int waits = 0; counters.failures < 10 && waits < 1000; waits++) {
        usleep(10000);
        weir_counters(r.server, &counters);
    }
    ck_assert_uint_eq(counters.failures, 10);
    running_stop(&r);
    close(file);
}

int main(void)
{
    TCase *tests = tcase_create("server");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, the_defaults_are_those_that_the_header_tells);
    tcase_add_loop_test(tests, each_number_has_its_range_and_its_fault_names_it, 0, COUNT_OF(numbers));
    tcase_add_test(tests, what_cannot_be_opened_is_said_in_one_line_and_nothing_stays_open);
    tcase_add_test(tests, a_server_that_finds_too_few_descriptors_says_so);
    tcase_add_test(tests, a_server_that_runs_out_of_descriptors_while_it_opens_gives_them_back);
    tcase_add_loop_test(tests, a_limit_of_descriptors_leaves_so_many_connections, 0, COUNT_OF(descriptor_limits));
    tcase_add_test(tests, each_address_is_told_with_its_real_port);
    tcase_add_test(tests, a_server_may_be_closed_that_never_ran);
    tcase_add_test(tests, a_server_that_was_stopped_before_it_ran_returns_at_once);
    tcase_add_test(tests, a_closed_server_ends_its_connections_and_forgets_its_descriptors);
    tcase_add_test(tests, what_was_posted_runs_when_the_server_is_closed_and_can_post_no_more);
    tcase_add_test(tests, a_signal_handler_may_stop_a_server);
    tcase_add_test(tests, several_servers_run_side_by_side);
    tcase_add_test(tests, workers_share_the_connections_and_lose_none);
    tcase_add_test(tests, a_drain_closes_the_idle_finishes_the_busy_and_takes_nobody_new);
    tcase_add_test(tests, a_drain_ends_with_its_time);
    tcase_add_test(tests, a_connection_with_requests_that_wait_is_not_idle_when_the_drain_begins);
    tcase_add_test(tests, an_application_may_own_the_loop);
    tcase_add_test(tests, the_counters_tell_what_happened);
    tcase_add_test(tests, each_transition_is_traced_where_that_was_asked_for);
    tcase_add_test(tests, the_log_may_be_renamed_and_opened_anew);
    tcase_add_test(tests, without_a_log_there_is_nothing_to_open_anew);
    tcase_add_test(tests, a_log_that_cannot_be_opened_anew_stays_in_use);
    tcase_add_test(tests, a_client_that_goes_does_not_end_the_process);
    return check_run(tests);
}
