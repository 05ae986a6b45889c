/* The simulated kernel itself: it behaves as the manual pages say, and what must hold is really looked at. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "world.h"

static struct chance chance;

/* A kernel without faults. */
static void boot(void)
{
    chance_seed(&chance, 1);
    sim_boot(&chance);
}

static int listener_make(void)
{
    const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(WORLD_PORT) };
    struct sockaddr generic;
    memcpy(&generic, &address, sizeof(generic));
    const int fd = os_socket(AF_INET);
    EXPECT(os_bind(fd, &generic, sizeof(address)) == 0);
    EXPECT(os_listen(fd, 100) == 0);
    return fd;
}

/* A connection that was accepted: its client's end. */
static struct sim_stream *connection_make(int listener)
{
    struct sockaddr_storage peer;
    struct sim_stream *s = sim_connect(WORLD_PORT, 1);
    EXPECT(s != NULL && os_accept(listener, &peer) == s->fd);
    return s;
}

static struct sim_stream *connection(void)
{
    boot();
    return connection_make(listener_make());
}

/* What epoll says about one descriptor: its bits, or 0. */
static uint32_t told(int epoll)
{
    struct epoll_event events[8];
    const int count = os_epoll_wait(epoll, events, 8, 0);
    EXPECT(count >= 0 && count <= 1);
    return count == 1 ? events[0].events : 0;
}

static int watched(struct sim_stream *s)
{
    const int epoll = os_epoll_create();
    EXPECT(os_epoll_ctl(epoll, EPOLL_CTL_ADD, s->fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 7) == 0);
    return epoll;
}

static void the_lowest_descriptor_is_given_out_again_at_once(void)
{
    boot();
    const int a = os_eventfd(), b = os_eventfd();
    EXPECT(a == SIM_FIRST_FD && b == a + 1);
    os_close(a);
    EXPECT(os_eventfd() == a);
    sim_halt();
}

static void bytes_before_a_reset_are_received_then_the_error_once_then_the_end(void)
{
    struct sim_stream *s = connection();
    char data[10];
    sim_client_send(s, "hello", 5);
    sim_client_reset(s);
    EXPECT(os_recv(s->fd, data, 3) == 3);
    EXPECT(os_recv(s->fd, data, 10) == 2);
    EXPECT(os_recv(s->fd, data, 10) == -ECONNRESET);
    EXPECT(os_recv(s->fd, data, 10) == 0);
    EXPECT(os_send(s->fd, &(struct iovec){ data, 1 }, 1, false) == -EPIPE);
    sim_halt();
}

static void an_empty_socket_would_block_and_an_ended_one_gives_0(void)
{
    struct sim_stream *s = connection();
    char data[10];
    EXPECT(os_recv(s->fd, data, 10) == -EAGAIN);
    sim_client_shut(s);
    EXPECT(os_recv(s->fd, data, 10) == 0);
    sim_halt();
}

static void edges_are_told_once_until_something_new_happens(void)
{
    struct sim_stream *s = connection();
    const int epoll = watched(s);
    EXPECT(told(epoll) == EPOLLOUT);
    EXPECT(told(epoll) == 0);
    sim_client_send(s, "a", 1);
    EXPECT(told(epoll) == (EPOLLIN | EPOLLOUT));
    EXPECT(told(epoll) == 0);
    sim_client_shut(s);
    EXPECT(told(epoll) == (EPOLLIN | EPOLLOUT | EPOLLRDHUP));
    EXPECT(os_shutdown_write(s->fd) == 0);
    EXPECT(told(epoll) == (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP));
    EXPECT(told(epoll) == 0);
    sim_halt();
}

static void listeners_are_told_of_as_long_as_one_waits(void)
{
    boot();
    struct sockaddr_storage peer;
    const int listener = listener_make(), epoll = os_epoll_create();
    EXPECT(os_epoll_ctl(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, 7) == 0);
    EXPECT(told(epoll) == 0);
    EXPECT(sim_connect(WORLD_PORT, 1) != NULL);
    EXPECT(told(epoll) == EPOLLIN);
    EXPECT(told(epoll) == EPOLLIN);
    EXPECT(os_accept(listener, &peer) >= 0);
    EXPECT(told(epoll) == 0);
    EXPECT(os_accept(listener, &peer) == -EAGAIN);
    sim_halt();
}

/* What poll says about one descriptor. */
static short polled(int fd, short events)
{
    struct pollfd entries[2] = { { .fd = -1, .events = POLLIN, .revents = 99 }, { .fd = fd, .events = events } };
    const int count = os_poll(entries, 2, 0);
    EXPECT(entries[0].revents == 0 && count == (entries[1].revents != 0));
    return entries[1].revents;
}

static void poll_tells_for_as_long_as_it_is_so(void)
{
    struct sim_stream *s = connection();
    char data[10];
    const short all = POLLIN | POLLOUT | POLLRDHUP;
    EXPECT(polled(s->fd, all) == POLLOUT && polled(s->fd, all) == POLLOUT && polled(s->fd, POLLIN) == 0);
    sim_client_send(s, "a", 1);
    EXPECT(polled(s->fd, POLLIN) == POLLIN && polled(s->fd, POLLIN) == POLLIN);
    EXPECT(os_recv(s->fd, data, 10) == 1 && polled(s->fd, POLLIN) == 0);
    sim_client_shut(s);
    EXPECT(polled(s->fd, all) == all && polled(s->fd, 0) == 0);
    EXPECT(os_shutdown_write(s->fd) == 0);
    EXPECT(polled(s->fd, POLLIN) == (POLLIN | POLLHUP) && polled(s->fd, 0) == POLLHUP);
    sim_halt();
}

static void poll_tells_of_errors_and_of_closed_descriptors_unasked(void)
{
    struct sim_stream *s = connection();
    const int fd = s->fd;
    sim_client_reset(s);
    EXPECT(polled(fd, 0) == (POLLERR | POLLHUP));
    EXPECT(polled(fd, POLLOUT) == (POLLOUT | POLLERR | POLLHUP));
    os_close(fd);
    EXPECT(polled(fd, 0) == POLLNVAL && polled(SIM_FDS_MAX + 5, POLLIN) == POLLNVAL);
    sim_halt();
}

/* What select says about one descriptor, as bits of poll. */
static int selected(int fd, int events)
{
    fd_set read, write;
    FD_ZERO(&read);
    FD_ZERO(&write);
    if (events & POLLIN)
        FD_SET(fd, &read);
    if (events & POLLOUT)
        FD_SET(fd, &write);
    const int count = os_select(fd + 1, &read, &write, 0);
    const int bits = (FD_ISSET(fd, &read) ? POLLIN : 0) | (FD_ISSET(fd, &write) ? POLLOUT : 0);
    EXPECT(count < 0 || count == __builtin_popcount((unsigned)bits));
    return count < 0 ? count : bits;
}

static void select_tells_for_as_long_as_it_is_so_and_knows_closed_descriptors(void)
{
    struct sim_stream *s = connection();
    const int fd = s->fd;
    EXPECT(selected(fd, POLLIN | POLLOUT) == POLLOUT && selected(fd, POLLIN) == 0);
    sim_client_send(s, "a", 1);
    EXPECT(selected(fd, POLLIN | POLLOUT) == (POLLIN | POLLOUT) && selected(fd, POLLIN) == POLLIN && selected(fd, 0) == 0);
    sim_client_reset(s);
    EXPECT(selected(fd, POLLIN | POLLOUT) == (POLLIN | POLLOUT) && selected(fd, POLLOUT) == POLLOUT);
    os_close(fd);
    EXPECT(selected(fd, POLLIN) == -EBADF);
    sim_halt();
}

static void a_listener_that_was_shut_down_says_so_and_accepts_nobody(void)
{
    boot();
    struct sockaddr_storage peer;
    const int listener = listener_make(), epoll = os_epoll_create();
    EXPECT(os_epoll_ctl(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, 7) == 0);
    EXPECT(polled(listener, POLLIN) == 0 && selected(listener, POLLIN) == 0);
    os_listen_stop(listener);
    EXPECT(told(epoll) == EPOLLHUP && polled(listener, POLLIN) == POLLHUP && selected(listener, POLLIN) == POLLIN);
    EXPECT(os_accept(listener, &peer) == -EINVAL);
    sim_halt();
}

static void poll_and_select_let_time_pass_and_are_interrupted(void)
{
    struct sim_stream *s = connection();
    struct pollfd entry = { .fd = s->fd, .events = POLLIN };
    fd_set read, write;
    const uint64_t before = os_now_ms();
    EXPECT(os_poll(&entry, 1, 250) == 0 && os_now_ms() == before + 250);
    FD_ZERO(&read);
    FD_ZERO(&write);
    FD_SET(s->fd, &read);
    EXPECT(os_select(s->fd + 1, &read, &write, 100) == 0 && !FD_ISSET(s->fd, &read) && os_now_ms() == before + 350);
    sim_client_send(s, "a", 1);
    sim_force(FAULT_POLL_EINTR, 1);
    EXPECT(os_poll(&entry, 1, 250) == -EINTR);
    sim_force(FAULT_SELECT_EINTR, 1);
    EXPECT(os_select(s->fd + 1, &read, &write, 100) == -EINTR && os_now_ms() == before + 350);
    sim_halt();
}

static void a_full_send_buffer_blocks_and_room_is_told(void)
{
    struct sim_stream *s = connection();
    const int epoll = watched(s);
    char data[3000] = { 0 };
    s->send_cap = 1500;
    s->window = 500;
    EXPECT(told(epoll) == EPOLLOUT);
    EXPECT(os_send(s->fd, &(struct iovec){ data, sizeof(data) }, 1, false) == 1500);
    EXPECT(os_unacknowledged(s->fd) == 1000);
    EXPECT(os_send(s->fd, &(struct iovec){ data, sizeof(data) }, 1, false) == 500);
    EXPECT(os_send(s->fd, &(struct iovec){ data, sizeof(data) }, 1, false) == -EAGAIN);
    EXPECT(told(epoll) == 0);
    EXPECT(sim_client_receive(s, data, sizeof(data)) == 500);
    EXPECT(told(epoll) == EPOLLOUT);
    sim_halt();
}

static void a_close_with_unread_input_destroys_what_the_client_has_not_read(void)
{
    struct sim_stream *s = connection();
    char data[10] = { 0 };
    EXPECT(os_send(s->fd, &(struct iovec){ data, 10 }, 1, false) == 10);
    sim_client_send(s, "unread", 6);
    os_close(s->fd);
    EXPECT(s->reset_from_server && sim_client_receive(s, data, 10) == 0);
    sim_halt();
}

static void bytes_to_a_closed_connection_are_answered_with_a_reset(void)
{
    struct sim_stream *s = connection();
    char data[10] = { 0 };
    EXPECT(os_send(s->fd, &(struct iovec){ data, 10 }, 1, false) == 10);
    os_close(s->fd);
    EXPECT(!s->reset_from_server && !sim_client_sees_end(s));
    sim_client_send(s, "late", 4);
    EXPECT(s->reset_from_server && sim_client_receive(s, data, 10) == 0);
    sim_halt();
}

static void a_client_that_vanished_is_told_to_who_sends(void)
{
    struct sim_stream *s = connection();
    char data[10] = { 0 };
    sim_release(s);
    EXPECT(os_send(s->fd, &(struct iovec){ data, 10 }, 1, false) == 10);
    EXPECT(os_send(s->fd, &(struct iovec){ data, 10 }, 1, false) == -ECONNRESET);
    EXPECT(os_send(s->fd, &(struct iovec){ data, 10 }, 1, false) == -EPIPE);
    sim_halt();
}

static void openat2_below_a_folder_follows_links_and_never_leaves(void)
{
    static const struct {
        const char *path;
        int flags;
        int result;        /* 0: a descriptor */
    } rows[] = {
        { "index.html", O_RDONLY, 0 },          { "dir/index.html", O_RDONLY, 0 },        { "dir/../a.txt", O_RDONLY, 0 },
        { "link-in", O_RDONLY, 0 },             { "link-in", O_PATH | O_NOFOLLOW, 0 },    { "link-in", O_RDONLY | O_NOFOLLOW, -ELOOP },
        { "link-out", O_RDONLY, -EXDEV },       { "link-abs", O_RDONLY, -EXDEV },         { "loop", O_RDONLY, -ELOOP },
        { "../outside.txt", O_RDONLY, -EXDEV }, { "/srv/www/a.txt", O_RDONLY, -EXDEV },   { "nowhere", O_RDONLY, -ENOENT },
        { "a.txt/x", O_RDONLY, -ENOTDIR },      { "a.txt", O_RDONLY | O_DIRECTORY, -ENOTDIR }, { "secret", O_RDONLY, -EACCES },
        { "dir", O_PATH | O_DIRECTORY, 0 },     { "fifo", O_PATH, 0 },                    { ".", O_PATH, 0 },
    };
    boot();
    disk_open(&chance);
    const int root = os_openat(AT_FDCWD, "/srv/www", O_PATH | O_DIRECTORY);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int fd = os_openat2(root, rows[i].path, rows[i].flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
        if (rows[i].result == 0 ? fd < 0 : fd != rows[i].result)
            sim_broken("openat2(\"%s\") = %d", rows[i].path, fd);
        if (fd >= 0)
            os_close(fd);
    }
    sim_halt();
}

static void a_file_that_shrinks_ends_early(void)
{
    struct sim_stream *s = connection();
    const int file = sim_open_tagged(5, 100);
    uint8_t data[100];
    EXPECT(os_sendfile(s->fd, file, 0, 60) == 60);
    EXPECT(sim_client_receive(s, data, 100) == 60 && data[59] == sim_tag(5, 59));
    sim_force(FAULT_SENDFILE_SHRUNK, 1);
    EXPECT(os_sendfile(s->fd, file, 60, 40) == 0);
    EXPECT(os_pread(file, data, 100, 60) == 0);
    os_close(file);
    sim_halt();
}

static void time_passes_while_it_waits_and_not_else(void)
{
    boot();
    struct epoll_event event;
    const int epoll = os_epoll_create();
    const uint64_t before = os_now_ms();
    EXPECT(os_now_ms() == before);
    EXPECT(os_epoll_wait(epoll, &event, 1, 250) == 0 && os_now_ms() == before + 250);
    sim_force(FAULT_CLOCK_STILL, 1);
    (void)os_now_ms();
    sim_pass(5000);
    EXPECT(os_now_ms() == before + 250);
    for (int i = 0; i < 1000; i++)
        (void)os_now_ms();
    EXPECT(os_now_ms() == before + 5250);
    sim_halt();
}

static void the_allocation_that_is_asked_to_fail_fails_and_no_other(void)
{
    boot();
    sim.fail_allocation = 2;
    void *first = os_alloc(10), *second = os_alloc(10), *third = os_alloc_raw(10);
    EXPECT(first != NULL && second == NULL && third != NULL);
    EXPECT(sim.memory == 20 && sim.memory_blocks == 2);
    os_free(first);
    os_free(third);
    os_free(NULL);
    EXPECT(sim.memory == 0);
    sim_halt();
}

static void every_forced_errno_is_what_the_call_returns(void)
{
    static const enum sim_fault on_recv[] = { FAULT_RECV_EAGAIN, FAULT_RECV_EINTR, FAULT_RECV_ECONNRESET, FAULT_RECV_ETIMEDOUT, FAULT_RECV_ENOMEM };
    static const enum sim_fault on_send[] = { FAULT_SEND_EAGAIN, FAULT_SEND_EINTR, FAULT_SEND_EPIPE, FAULT_SEND_ECONNRESET, FAULT_SEND_ENOBUFS,
                                              FAULT_SEND_ENOMEM };
    char data[4] = { 0 };
    for (size_t i = 0; i < sizeof(on_recv) / sizeof(on_recv[0]); i++) {
        struct sim_stream *s = connection();
        sim_client_send(s, "x", 1);
        sim_force(on_recv[i], 1);
        EXPECT(os_recv(s->fd, data, 4) == -sim_fault_errno((int)on_recv[i]));
        sim_halt();
    }
    for (size_t i = 0; i < sizeof(on_send) / sizeof(on_send[0]); i++) {
        struct sim_stream *s = connection();
        sim_force(on_send[i], 1);
        EXPECT(os_send(s->fd, &(struct iovec){ data, 4 }, 1, false) == -sim_fault_errno((int)on_send[i]));
        sim_halt();
    }
}

static void a_send_is_cut_around_the_boundary_of_its_stretches(void)
{
    bool seen[3] = { false };
    char data[40] = { 0 };
    for (int i = 0; i < 40; i++) {
        struct sim_stream *s = connection();
        for (int skip = 0; skip < i; skip++)
            (void)chance_below(&chance, 2);
        sim_force(FAULT_SEND_BOUNDARY, 1);
        const ssize_t sent = os_send(s->fd, (struct iovec[]){ { data, 10 }, { data, 20 } }, 2, false);
        EXPECT(sent >= 9 && sent <= 11);
        seen[sent - 9] = true;
        sim_halt();
    }
    EXPECT(seen[0] && seen[1] && seen[2]);
}

/* ------------------------------------------------------------------ what a server may not do is caught */

static int spoiled_fd;

static void close_twice(void)
{
    os_close(spoiled_fd);
    os_close(spoiled_fd);
}

static void receive_nothing(void)
{
    char data[1];
    const ssize_t got = os_recv(spoiled_fd, data, 0);
    (void)got;
}

static void send_after_fin(void)
{
    char data[1] = { 0 };
    (void)os_shutdown_write(spoiled_fd);
    const ssize_t sent = os_send(spoiled_fd, &(struct iovec){ data, 1 }, 1, false);
    (void)sent;
}

static void open_the_fifo(void)
{
    const int fd = os_openat2(spoiled_fd, "fifo", O_RDONLY | O_NONBLOCK, RESOLVE_BENEATH);
    (void)fd;
}

static void select_too_many(void)
{
    fd_set read, write;
    FD_ZERO(&read);
    FD_ZERO(&write);
    const int count = os_select(FD_SETSIZE + 1, &read, &write, 0);
    (void)count;
}

static void a_descriptor_that_no_set_has_room_for_is_caught(void)
{
    boot();
    EXPECT(case_breaks(select_too_many));
    sim_halt();
}

static void misuse_of_a_descriptor_is_caught(void)
{
    static void (*const misuses[])(void) = { close_twice, receive_nothing, send_after_fin };
    for (size_t i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++) {
        spoiled_fd = connection()->fd;
        EXPECT(case_breaks(misuses[i]));
        sim_halt();
    }
    boot();
    disk_open(&chance);
    spoiled_fd = os_openat(AT_FDCWD, "/srv/www", O_PATH | O_DIRECTORY);
    EXPECT(case_breaks(open_the_fifo));
    sim_halt();
}

/* ------------------------------------------------------------------ the checks look */

static const char *wanted_poller = "epoll";

/* A world with one connection that waits for its next request. */
static void world_with_an_idle_connection(void)
{
    chance_seed(&world.chance, 3);
    world_boot();
    world.options.poller = wanted_poller;
    EXPECT(world_open(HANDLER_HELLO, false) == 0);
    struct script script;
    script_of_bytes(&script, (const uint8_t *)"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
    world_add(script, 0);
    world_run(sim.now + 100);
    EXPECT(world.worker.open == 1 && world.clients[0].answers == 1);
}

static void spoil_list(void)
{
    world.worker.limits.lists[LIMIT_IDLE].first = CONN_NOWHERE;
}

static void spoil_limit(void)
{
    world.worker.conns[0].limit = LIMIT_HEAD;
}

static void spoil_deadline(void)
{
    world.worker.conns[0].deadline = world.worker.now + 1000000;
}

static void spoil_state(void)
{
    world.worker.conns[0].state = CONN_SHUTTING;
}

static void spoil_closed(void)
{
    world.worker.conns[0].state = CONN_CLOSED;
}

static void spoil_open(void)
{
    world.worker.open = 0;
}

static void spoil_queue(void)
{
    world.worker.conns[0].ready |= READY_QUEUED;
}

static void spoil_bytes(void)
{
    world.worker.counters.bytes_out++;
}

static void spoil_wait(void)
{
    const struct sim_stream *s = sim_stream_of(world.worker.conns[0].fd);
    bytes_append(&((struct sim_stream *)(uintptr_t)s)->to_server, "x", 1);     /* and nobody is told */
}

static void spoil_memory(void)
{
    sim.memory += 1u << 30;
}

static void spoil_files(void)
{
    EXPECT(sim_open_tagged(1, 1) >= 0);
}

static void check_now(void)
{
    check_worker(&world.worker);
}

static void each_broken_promise_is_seen(void)
{
    static void (*const spoils[])(void) = {
        spoil_list, spoil_limit, spoil_deadline, spoil_state, spoil_closed, spoil_open, spoil_queue, spoil_bytes, spoil_wait, spoil_memory,
        spoil_files,
    };
    for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
        world_with_an_idle_connection();
        check_now();
        spoils[i]();
        if (!case_breaks(check_now))
            sim_broken("spoil %zu was not seen", i);
        client_free(&world.clients[0]);
        sim_halt();
    }
}

static unsigned spoiled_want;

static void turn_with_a_wrong_want(void)
{
    poller_want(&world.worker.poller, world.worker.conns[0].fd, spoiled_want);
    world_turn();
}

static void what_poll_and_select_are_asked_is_looked_at(void)
{
    static const char *const pollers[] = { "poll", "select" };
    for (unsigned i = 0; i < 4; i++) {
        wanted_poller = pollers[i / 2];
        spoiled_want = i % 2 == 0 ? 0 : POLLER_READ | POLLER_WRITE;
        world_with_an_idle_connection();
        EXPECT(case_breaks(turn_with_a_wrong_want));
        client_free(&world.clients[0]);
        sim_halt();
    }
    wanted_poller = "epoll";
}

static void a_byte_of_another_connection_is_seen_by_its_client(void)
{
    static const char *const wrong[] = {
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.0 200 OK\r\n", "HTTP/1.1 200 OK\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n", "HTTP/1.1 200 OK\r\nA b: c\r\n", "HTTP/1.1 999 No\r\n", "x\r\n",
        "HTTP/1.1 204 No Content\r\nDate: Tue, 14 Nov 2023 22:30:00 GMT\r\nContent-Length: 0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct reply reply;
        const uint8_t *data = (const uint8_t *)wrong[i];
        size_t len = strlen(wrong[i]);
        memset(&reply, 0, sizeof(reply));
        reply_reset(&reply);
        if (reply_parse(&reply, &data, &len) != REPLY_WRONG)
            sim_broken("a client takes this for a response: %s", wrong[i]);
    }
}

static const struct sim_case cases[] = {
    CASE(the_lowest_descriptor_is_given_out_again_at_once),
    CASE(bytes_before_a_reset_are_received_then_the_error_once_then_the_end),
    CASE(an_empty_socket_would_block_and_an_ended_one_gives_0),
    CASE(edges_are_told_once_until_something_new_happens),
    CASE(listeners_are_told_of_as_long_as_one_waits),
    CASE(poll_tells_for_as_long_as_it_is_so),
    CASE(poll_tells_of_errors_and_of_closed_descriptors_unasked),
    CASE(select_tells_for_as_long_as_it_is_so_and_knows_closed_descriptors),
    CASE(a_listener_that_was_shut_down_says_so_and_accepts_nobody),
    CASE(poll_and_select_let_time_pass_and_are_interrupted),
    CASE(a_descriptor_that_no_set_has_room_for_is_caught),
    CASE(what_poll_and_select_are_asked_is_looked_at),
    CASE(a_full_send_buffer_blocks_and_room_is_told),
    CASE(a_close_with_unread_input_destroys_what_the_client_has_not_read),
    CASE(bytes_to_a_closed_connection_are_answered_with_a_reset),
    CASE(a_client_that_vanished_is_told_to_who_sends),
    CASE(openat2_below_a_folder_follows_links_and_never_leaves),
    CASE(a_file_that_shrinks_ends_early),
    CASE(time_passes_while_it_waits_and_not_else),
    CASE(the_allocation_that_is_asked_to_fail_fails_and_no_other),
    CASE(every_forced_errno_is_what_the_call_returns),
    CASE(a_send_is_cut_around_the_boundary_of_its_stretches),
    CASE(misuse_of_a_descriptor_is_caught),
    CASE(each_broken_promise_is_seen),
    CASE(a_byte_of_another_connection_is_seen_by_its_client),
};

int main(int argc, char **argv)
{
    return cases_run(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
