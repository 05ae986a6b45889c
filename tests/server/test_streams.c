/* Plain connections, and answers in pieces, over real sockets: each test runs on the three pollers. */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "handler/echo.h"
#include "server/server.h"
#include "tests/check_support.h"
#include "tests/server/client.h"

enum { POLLERS = 3, MUCH = 16 * 1024 * 1024 };

static const char *const pollers[POLLERS] = { "epoll", "poll", "select" };
static struct running running;
static struct weir_options options;
static char *much;                     /* bytes that are not all the same */

static void make_options(void)
{
    options = client_options();
    much = malloc(MUCH);
    ck_assert_ptr_nonnull(much);
    uint32_t state = 1;
    for (size_t i = 0; i < MUCH; i++)
        much[i] = (char)((state = state * 1103515245 + 12345) >> 16);
}

static void start(int poller, const struct weir_stream_handler *handler)
{
    options.poller = pollers[poller];
    running_begin(&running, client_open_streams(&options, handler));
}

static void start_echo(int poller)
{
    const struct weir_stream_handler echo = echo_stream_handler();
    start(poller, &echo);
}

static struct weir_counters counted(void)
{
    struct weir_counters counters;
    weir_counters(running.server, &counters);
    return counters;
}

static void stop(void)
{
    ck_assert_uint_eq(counted().impossible, 0);
    running_stop(&running);
    free(much);
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* The client sees the end a moment before the server has counted it. */
static void wait_until_open(uint64_t count)
{
    for (unsigned tries = 0; counted().open != count; tries++) {
        ck_assert_uint_lt(tries, 500);
        pause_ms(10);
    }
}

static void check_receives(int fd, const char *wanted, size_t len)
{
    static char got[65536];
    for (size_t at = 0; at < len;) {
        const ssize_t came = client_receive(fd, got, len - at < sizeof got ? len - at : sizeof got);
        ck_assert_msg(came > 0, "%zd after %zu of %zu bytes", came, at, len);
        ck_assert_mem_eq(got, wanted + at, (size_t)came);
        at += (size_t)came;
    }
}

/* ---- echo */

START_TEST(every_byte_comes_back_and_behind_the_last_the_end)
{
    start_echo(_i);
    const int fd = client_dial(running.server);
    client_send(fd, "hello");
    check_receives(fd, "hello", 5);
    client_send(fd, "again");
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    check_receives(fd, "again", 5);
    char byte;
    ck_assert_int_eq(client_receive(fd, &byte, 1), 0);
    close(fd);
    const struct weir_counters c = counted();
    ck_assert_uint_eq(c.bytes_in, 10);
    ck_assert_uint_eq(c.bytes_out, 10);
    ck_assert_uint_eq(c.failures + c.timeouts + c.refused, 0);
    stop();
}

/* Sends all that goes without waiting. Returns how much. The kernel holds little for a socket whose own buffers are small; left to itself it may
 * let them grow to 32 MiB each (tcp(7), tcp_rmem). */
static size_t send_until_full(int fd)
{
    const int small = 65536;
    size_t sent = 0;
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    while (sent < MUCH) {
        const ssize_t went = send(fd, much + sent, MUCH - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (went > 0) {
            sent += (size_t)went;
            continue;
        }
        struct pollfd room = { .fd = fd, .events = POLLOUT };
        if (errno != EAGAIN || poll(&room, 1, 200) == 0)
            break;
    }
    return sent;
}

static uint64_t cpu_ms(void)
{
    struct timespec time;
    ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time), 0);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

START_TEST(who_does_not_read_holds_its_bound_and_no_more_and_gets_all_in_the_end)
{
    static const uint32_t bounds[] = { 4096, 65536, 262144 };
    options.buffer_max = bounds[_i / POLLERS];
    start_echo(_i % POLLERS);
    const int fd = client_dial(running.server);
    const size_t sent = send_until_full(fd);
    ck_assert_uint_lt(sent, MUCH);     /* it stopped reading from us */
    const struct weir_counters c = counted();
    ck_assert_uint_le(c.bytes_in - c.bytes_out, options.buffer_max);
    const uint64_t before = cpu_ms();
    pause_ms(300);
    ck_assert_uint_lt(cpu_ms() - before, 100);
    ck_assert_uint_eq(counted().bytes_in, c.bytes_in);
    const int other = client_dial(running.server);
    client_send(other, "not held up");
    check_receives(other, "not held up", 11);
    close(other);
    check_receives(fd, much, sent);
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    client_check_end(fd);
    close(fd);
    stop();
}

enum { CROWD = 150, CROWD_BYTES = 100000 };

static struct { int fd; size_t from, len, sent, got; } crowd[CROWD];

/* One step of one of them: it may send, receive, or see the end. Returns whether it is done. */
static bool step(size_t i, uint32_t chance)
{
    static char got[20000];
    if (crowd[i].sent < crowd[i].len) {
        size_t len = chance % 20000 + 1;
        if (len > crowd[i].len - crowd[i].sent)
            len = crowd[i].len - crowd[i].sent;
        const ssize_t went = send(crowd[i].fd, much + crowd[i].from + crowd[i].sent, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        crowd[i].sent += went > 0 ? (size_t)went : 0;
        if (crowd[i].sent == crowd[i].len)
            ck_assert_int_eq(shutdown(crowd[i].fd, SHUT_WR), 0);
    }
    if (chance % 3 == 0)
        return false;
    const ssize_t came = recv(crowd[i].fd, got, chance % sizeof got + 1, MSG_DONTWAIT);
    ck_assert(came >= 0 || errno == EAGAIN);
    if (came <= 0)
        return came == 0;
    ck_assert_uint_le(crowd[i].got + (size_t)came, crowd[i].sent);
    ck_assert_mem_eq(got, much + crowd[i].from + crowd[i].got, (size_t)came);
    crowd[i].got += (size_t)came;
    return false;
}

START_TEST(each_of_many_clients_gets_its_own_bytes_back)
{
    uint32_t state = 7;
    options.workers = _i < POLLERS ? 1 : 2;
    options.buffer_max = 8192;
    start_echo(_i % POLLERS);
    size_t left = CROWD;
    for (size_t i = 0; i < CROWD; i++) {
        state = state * 1103515245 + 12345;
        crowd[i].from = (state >> 8) % (MUCH - CROWD_BYTES);
        crowd[i].len = (state >> 12) % CROWD_BYTES + 1;
        crowd[i].sent = crowd[i].got = 0;
        crowd[i].fd = client_dial(running.server);
    }
    for (unsigned rounds = 0; left > 0; rounds++) {
        ck_assert_uint_lt(rounds, 200000);
        for (size_t i = 0; i < CROWD; i++) {
            state = state * 1103515245 + 12345;
            if (crowd[i].fd < 0 || !step(i, state >> 8))
                continue;
            ck_assert_uint_eq(crowd[i].got, crowd[i].len);
            close(crowd[i].fd);
            crowd[i].fd = -1;
            left--;
        }
    }
    const struct weir_counters c = counted();
    ck_assert_uint_eq(c.accepted, CROWD);
    ck_assert_uint_eq(c.bytes_in, c.bytes_out);
    ck_assert_uint_eq(c.failures, 0);
    stop();
}

/* An idle one, one that shut its side and does not read, one that is gone. */
START_TEST(who_does_nothing_costs_nothing)
{
    start_echo(_i);
    const int idle = client_dial(running.server), gone = client_dial(running.server), half = client_dial(running.server);
    client_send(idle, "x");
    check_receives(idle, "x", 1);
    close(gone);
    const size_t sent = send_until_full(half);
    ck_assert_int_eq(shutdown(half, SHUT_WR), 0);
    pause_ms(50);
    const uint64_t before = cpu_ms();
    pause_ms(400);
    ck_assert_uint_lt(cpu_ms() - before, 100);
    check_receives(half, much, sent);
    client_check_end(half);
    wait_until_open(1);
    close(half);
    close(idle);
    stop();
}

START_TEST(an_idle_connection_is_closed_in_its_time)
{
    options.idle_timeout = 100;
    start_echo(_i);
    const int fd = client_dial(running.server);
    client_send(fd, "x");
    check_receives(fd, "x", 1);
    client_check_end(fd);
    close(fd);
    stop();
}

START_TEST(who_reads_nothing_for_too_long_is_reset)
{
    options.send_timeout = 200;
    start_echo(_i);
    const int fd = client_dial(running.server);
    (void)send_until_full(fd);
    for (unsigned tries = 0; counted().timeouts == 0 || counted().open > 0; tries++) {
        ck_assert_uint_lt(tries, 500);
        pause_ms(10);
    }
    close(fd);
    stop();
}

START_TEST(a_drain_sends_what_is_owed_and_closes_who_is_idle)
{
    options.linger_max = UINT32_MAX;       /* what was sent and not received is dropped, however much it is, lest a reset takes what is owed */
    options.linger_timeout = 10000;
    start_echo(_i);
    const int idle = client_dial(running.server), owed = client_dial(running.server);
    client_send(idle, "x");
    check_receives(idle, "x", 1);
    const size_t sent = send_until_full(owed);
    const uint64_t held = counted().bytes_in - 1;
    weir_stop(running.server);
    client_check_end(idle);
    ck_assert_uint_ge(sent, held);
    check_receives(owed, much, held);
    close(idle);
    close(owed);
    running_join(&running);
    weir_close(running.server);
    free(much);
}

/* ---- lines */

static _Atomic unsigned ends;

static size_t receive_line(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    ck_assert_ptr_eq(context, &ends);
    ck_assert_uint_eq(stream->worker, 0);
    ck_assert_int_eq(stream->peer->family, WEIR_IPV4);
    const char *stop = memchr(data, '\n', len);
    if (stop == NULL)
        return 0;
    char answer[32];
    const uintptr_t count = (uintptr_t)stream->user + 1;      /* lines so far */
    stream->user = (void *)count;
    const int size = snprintf(answer, sizeof answer, "%zu\n", (size_t)count);
    ck_assert_uint_eq(weir_stream_send(stream, answer, (size_t)size), (size_t)size);
    if (memcmp(data, "bye\n", 4) == 0)
        weir_stream_close(stream);
    return (size_t)(stop + 1 - (const char *)data);
}

static void end_lines(struct weir_stream *stream, void *context)
{
    ck_assert_ptr_eq(context, &ends);
    ck_assert_ptr_nonnull(stream->user);
    ck_assert_int_eq(stream->peer->family, WEIR_IPV4);
    ends++;
}

static const struct weir_stream_handler lines = { .receive = receive_line, .end = end_lines, .context = &ends };

START_TEST(what_is_kept_for_a_connection_lasts_as_long_as_it_does)
{
    ends = 0;
    start(_i, &lines);
    const int fd = client_dial(running.server), other = client_dial(running.server);
    client_send(fd, "one\ntwo\nthr");
    check_receives(fd, "1\n2\n", 4);
    pause_ms(20);
    client_send(fd, "ee\n");
    check_receives(fd, "3\n", 2);
    client_send(other, "one\n");
    check_receives(other, "1\n", 2);
    client_send(fd, "bye\nnot this\n");
    check_receives(fd, "4\n", 2);
    client_check_end(fd);
    close(fd);
    close(client_dial(running.server));        /* nothing is kept for it */
    close(other);
    for (unsigned tries = 0; counted().open > 0; tries++) {
        ck_assert_uint_lt(tries, 500);
        pause_ms(10);
    }
    ck_assert_uint_eq(ends, 2);
    stop();
}

START_TEST(a_line_that_does_not_end_in_time_or_in_its_room_ends_the_connection)
{
    options.head_timeout = _i < POLLERS ? 150 : 10000;
    options.buffer_max = 4096;
    start(_i % POLLERS, &lines);
    const int fd = client_dial(running.server);
    ck_assert_int_eq(send(fd, much, 10, MSG_NOSIGNAL), 10);
    if (_i >= POLLERS) {
        memset(much, 'x', 4096);
        ck_assert_int_eq(send(fd, much, 4096, MSG_NOSIGNAL), 4096);
    }
    client_check_end(fd);
    ck_assert_uint_eq(counted().timeouts, _i < POLLERS);
    close(fd);
    stop();
}

/* ---- where it listens, and what it is asked for */

START_TEST(an_address_of_plain_connections_is_no_url_of_http)
{
    static char path[] = "unix:/tmp/weir-test-streams-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path + 5));
    char unix_path[64];
    snprintf(unix_path, sizeof unix_path, "%s/s", path);
    const char *const addresses[] = { "127.0.0.1:0", unix_path };
    const struct weir_stream_handler echo = echo_stream_handler();
    unsigned port;
    char rest;
    options.listen = addresses;
    options.listen_count = 2;
    struct weir *server = client_open_streams(&options, &echo);
    ck_assert_int_eq(sscanf(weir_address(server, 0), "tcp://127.0.0.1:%u%c", &port, &rest), 1);
    ck_assert_uint_gt(port, 0);
    ck_assert_str_eq(weir_address(server, 1), unix_path);
    ck_assert_ptr_null(weir_address(server, 2));
    running_begin(&running, server);
    const int fd = client_try(weir_address(server, 1));
    ck_assert_int_ge(fd, 0);
    client_send(fd, "local");
    check_receives(fd, "local", 5);
    close(fd);
    stop();
    ck_assert_int_eq(rmdir(path + 5), 0);
}

START_TEST(an_address_of_the_sixth_version_keeps_its_brackets)
{
    static const char *const addresses[] = { "[::1]:0" };
    const struct weir_stream_handler echo = echo_stream_handler();
    char error[WEIR_ERROR_SIZE];
    unsigned port;
    char rest;
    options.listen = addresses;
    struct weir *server = weir_open_streams(&options, &echo, error);
    free(much);
    if (server == NULL) {              /* there is none here */
        ck_assert_ptr_nonnull(strstr(error, "::1"));
        return;
    }
    ck_assert_int_eq(sscanf(weir_address(server, 0), "tcp://[::1]:%u%c", &port, &rest), 1);
    weir_close(server);
}

static void check_fault(const struct weir_stream_handler *handler, const char *says)
{
    char error[WEIR_ERROR_SIZE] = "";
    ck_assert_ptr_null(weir_open_streams(&options, handler, error));
    ck_assert_msg(strstr(error, says) != NULL, "\"%s\" does not say \"%s\"", error, says);
}

START_TEST(what_is_asked_for_wrongly_is_said)
{
    const struct weir_stream_handler echo = echo_stream_handler();
    check_fault(&(struct weir_stream_handler){ .context = &ends }, "receive()");
    options.poller = "Poll";
    check_fault(&echo, "poller: \"epoll\", \"poll\" or \"select\"");
    options.poller = "poll";
    static const struct { uint32_t value; bool is_wrong; } bounds[] = {
        { 0, true }, { 4095, true }, { 4096, false }, { 1024 * 1024 * 1024, false }, { 1024 * 1024 * 1024 + 1, true },
    };
    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        options.buffer_max = bounds[i].value;
        ck_assert_int_eq(server_options_fault(&options) != NULL, bounds[i].is_wrong);
        if (bounds[i].is_wrong)
            check_fault(&echo, "buffer_max: 4 KiB to 1 GiB");
    }
    free(much);
}

START_TEST(only_epoll_has_a_descriptor_for_a_loop_of_the_application)
{
    const struct weir_stream_handler echo = echo_stream_handler();
    options.poller = pollers[_i];
    struct weir *server = client_open_streams(&options, &echo);
    ck_assert_int_eq(weir_fd(server) >= 0, _i == 0);
    ck_assert(weir_turn(server));
    weir_close(server);
    free(much);
}

/* ---- select has room for FD_SETSIZE descriptors */

enum { FILLING = 1100 };

static int filling[FILLING];

static void fill_descriptors(void)
{
    const struct rlimit limit = { 4096, 4096 };
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int i = 0; i < FILLING; i++) {
        filling[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        ck_assert_int_ge(filling[i], 0);
    }
}

static unsigned count_lines(FILE *file, const char *text)
{
    char line[512];
    unsigned count = 0;
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL)
        count += strstr(line, text) != NULL;
    return count;
}

/* Standard error goes to a file from now on. */
static FILE *catch_standard_error(void)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    return file;
}

START_TEST(a_connection_whose_descriptor_is_too_large_is_closed_and_that_is_said_once)
{
    start_echo(_i);
    const int saved = dup(STDERR_FILENO);
    FILE *file = catch_standard_error();
    const int before = client_dial(running.server);
    client_send(before, "x");
    check_receives(before, "x", 1);
    fill_descriptors();
    for (int i = 0; i < 3; i++) {
        const int fd = client_dial(running.server);
        if (_i == 2) {                 /* it would have to wait for the first byte */
            client_check_end(fd);
        } else {
            client_send(fd, "x");
            check_receives(fd, "x", 1);
        }
        close(fd);
    }
    client_send(before, "y");          /* the others are served on */
    check_receives(before, "y", 1);
    close(before);
    for (int i = 0; i < FILLING; i++)
        close(filling[i]);
    const int after = client_dial(running.server);
    client_send(after, "z");
    check_receives(after, "z", 1);
    close(after);
    ck_assert_int_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    ck_assert_uint_eq(count_lines(file, "weir: a descriptor is too large for this poller"), _i == 2);
    fclose(file);
    close(saved);
    ck_assert_uint_eq(counted().failures, _i == 2 ? 3 : 0);
    stop();
}

START_TEST(select_takes_no_more_connections_than_it_has_room_for)
{
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 4096, 4096 }), 0);
    const struct weir_stream_handler echo = echo_stream_handler();
    options.connections_max = 1025;
    options.poller = "select";
    options.idle_timeout = 0;
    FILE *file = catch_standard_error();
    running_begin(&running, client_open_streams(&options, &echo));
    static int fds[1000];
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        fds[i] = client_dial(running.server);
    pause_ms(200);
    ck_assert_uint_lt(counted().open, 1000);
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        close(fds[i]);
    const int fd = client_dial(running.server);
    client_send(fd, "x");
    check_receives(fd, "x", 1);
    close(fd);
    fclose(file);
    stop();
}

/* ---- HTTP: answers in pieces */

static void start_echo_http(int poller)
{
    const struct weir_handler echo = echo_http_handler();
    options.poller = pollers[poller];
    options.body_max = UINT64_MAX;
    running_start(&running, &options, &echo);
}

struct upload {
    int fd;
    size_t len;
};

static void *send_upload(void *context)
{
    const struct upload *upload = context;
    for (size_t sent = 0; sent < upload->len;) {
        const ssize_t went = send(upload->fd, much + sent, upload->len - sent, MSG_NOSIGNAL);
        ck_assert_int_gt(went, 0);
        sent += (size_t)went;
    }
    return NULL;
}

static void read_head(int fd, char head[4096])
{
    size_t len = 0;
    while (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0) {
        ck_assert_uint_lt(len, 4095);
        ck_assert_int_eq(client_receive(fd, head + len, 1), 1);
        len++;
    }
    head[len] = '\0';
}

START_TEST(an_upload_comes_back_while_it_is_sent)
{
    char head[4096], wanted[64];
    pthread_t thread;
    start_echo_http(_i);
    struct upload upload = { client_dial(running.server), MUCH };
    for (int times = 0; times < 2; times++) {
        snprintf(wanted, sizeof wanted, "Content-Length: %d\r\n", MUCH);
        client_send(upload.fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/x\r\n");
        client_send(upload.fd, wanted);
        client_send(upload.fd, "\r\n");
        ck_assert_int_eq(pthread_create(&thread, NULL, send_upload, &upload), 0);
        read_head(upload.fd, head);
        ck_assert_ptr_nonnull(strstr(head, "\r\nContent-Type: text/x\r\n"));
        ck_assert_ptr_nonnull(strstr(head, wanted));
        check_receives(upload.fd, much, MUCH);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
    }
    close(upload.fd);
    stop();
}

/* Begins in head(); "/forget" never ends. */
static enum weir_intake begin_in_head(struct weir_request *request, void *context)
{
    (void)context;
    weir_respond_begin(request, &(struct weir_response){ .status = 200, .length = UINT64_MAX });
    request->user = &ends;
    return WEIR_BODY_PIECES;
}

static void send_piece(struct weir_request *request, const void *data, size_t len, void *context)
{
    (void)context;
    ck_assert_uint_eq(weir_respond_piece(request, data, len), len);
}

static void end_answer(struct weir_request *request, void *context)
{
    (void)context;
    if (request->user == NULL)
        weir_respond(request, &(struct weir_response){ .status = 204 });
    else if (request->path.len == 1)
        weir_respond_end(request);
}

static const struct weir_handler beginning = {
    .methods = WEIR_GET | WEIR_POST, .head = begin_in_head, .piece = send_piece, .answer = end_answer,
};

START_TEST(an_answer_that_began_behind_another_is_completed_before_the_close)
{
    char head[4096];
    options.poller = pollers[_i];
    running_start(&running, &options, &beginning);
    const int fd = client_dial(running.server);
    client_send(fd, CLIENT_GET "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\n");
    read_head(fd, head);
    ck_assert_ptr_nonnull(strstr(head, " 204 "));
    read_head(fd, head);
    ck_assert_ptr_nonnull(strstr(head, "\r\nConnection: close\r\n"));
    client_send(fd, "hello");
    check_receives(fd, "5\r\nhello\r\n0\r\n\r\n", 15);
    client_check_end(fd);
    close(fd);
    stop();
}

START_TEST(content_until_the_close_that_is_cut_does_not_look_whole)
{
    char head[4096], byte;
    options.poller = pollers[_i];
    running_start(&running, &options, &beginning);
    const int fd = client_dial(running.server);
    client_send(fd, "POST /forget HTTP/1.0\r\nContent-Length: 5\r\n\r\n");
    read_head(fd, head);
    client_send(fd, "he");
    check_receives(fd, "he", 2);
    client_send(fd, "llo");
    ssize_t got = 1;
    while (got > 0)
        got = client_receive(fd, &byte, 1);
    ck_assert_int_eq(got, -ECONNRESET);
    close(fd);
    stop();
}

START_TEST(an_answer_that_is_cut_takes_none_before_it_with_it)
{
    char head[4096];
    options.poller = pollers[_i];
    running_start(&running, &options, &beginning);
    const int fd = client_dial(running.server);
    client_send(fd, CLIENT_GET "POST /forget HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    read_head(fd, head);
    ck_assert_ptr_nonnull(strstr(head, " 204 "));
    read_head(fd, head);
    check_receives(fd, "5\r\nhello\r\n", 10);       /* and no last chunk: the handler forgot the end */
    client_check_end(fd);
    close(fd);
    stop();
}

int main(void)
{
    TCase *tests = tcase_create("streams");
    tcase_set_timeout(tests, 40);
    tcase_add_checked_fixture(tests, make_options, NULL);
#define ON_EACH(test) tcase_add_loop_test(tests, test, 0, POLLERS)
    ON_EACH(every_byte_comes_back_and_behind_the_last_the_end);
    tcase_add_loop_test(tests, who_does_not_read_holds_its_bound_and_no_more_and_gets_all_in_the_end, 0, 3 * POLLERS);
    tcase_add_loop_test(tests, each_of_many_clients_gets_its_own_bytes_back, 0, 2 * POLLERS);
    ON_EACH(who_does_nothing_costs_nothing);
    ON_EACH(an_idle_connection_is_closed_in_its_time);
    ON_EACH(who_reads_nothing_for_too_long_is_reset);
    ON_EACH(a_drain_sends_what_is_owed_and_closes_who_is_idle);
    ON_EACH(what_is_kept_for_a_connection_lasts_as_long_as_it_does);
    tcase_add_loop_test(tests, a_line_that_does_not_end_in_time_or_in_its_room_ends_the_connection, 0, 2 * POLLERS);
    tcase_add_test(tests, an_address_of_plain_connections_is_no_url_of_http);
    tcase_add_test(tests, an_address_of_the_sixth_version_keeps_its_brackets);
    tcase_add_test(tests, what_is_asked_for_wrongly_is_said);
    ON_EACH(only_epoll_has_a_descriptor_for_a_loop_of_the_application);
    ON_EACH(a_connection_whose_descriptor_is_too_large_is_closed_and_that_is_said_once);
    tcase_add_test(tests, select_takes_no_more_connections_than_it_has_room_for);
    ON_EACH(an_upload_comes_back_while_it_is_sent);
    ON_EACH(an_answer_that_began_behind_another_is_completed_before_the_close);
    ON_EACH(content_until_the_close_that_is_cut_does_not_look_whole);
    ON_EACH(an_answer_that_is_cut_takes_none_before_it_with_it);
    return check_run(tests);
}
