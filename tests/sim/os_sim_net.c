/* The simulated kernel: sockets, as tcp(7) behaves where it matters: bytes that arrived before a reset are still received, then the error,
 * once; a close with unread input is a reset, and destroys what the client has not read yet. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "os_sim.h"

enum { BACKLOG_MAX = 128 };

/* ------------------------------------------------------------------ readiness */

bool sim_readable(const struct sim_stream *s)
{
    if (s->read_blocked_until != 0)
        return false;
    return bytes_len(&s->to_server) > 0 || s->fin_from_client || s->broken;
}

static size_t send_room(const struct sim_stream *s)
{
    const size_t queued = bytes_len(&s->to_client) - s->acknowledged;
    return queued >= s->send_cap ? 0 : s->send_cap - queued;
}

bool sim_writable(const struct sim_stream *s)
{
    if (s->broken || s->fin_from_server)
        return true;
    return s->write_blocked_until == 0 && send_room(s) >= s->send_cap / 3;
}

uint32_t sim_stream_mask(struct sim_stream *s)
{
    uint32_t mask = 0;
    if (sim_readable(s))
        mask |= EPOLLIN;
    if (sim_writable(s))
        mask |= EPOLLOUT;
    else
        s->no_room_told = true;
    if (s->read_blocked_until != 0)
        return mask;                           /* nor has the end been heard of */
    if (s->fin_from_client || s->broken)
        mask |= EPOLLRDHUP;
    if (s->broken || (s->fin_from_client && s->fin_from_server))
        mask |= EPOLLHUP;
    if (s->error != 0)
        mask |= EPOLLERR;
    return mask;
}

static void acknowledge(struct sim_stream *s)
{
    const size_t queued = bytes_len(&s->to_client);
    if (s->in_use_by_client && s->acknowledged < (queued < s->window ? queued : s->window))
        s->acknowledged = queued < s->window ? queued : s->window;
    if (s->no_room_told && sim_writable(s)) {
        s->no_room_told = false;
        sim_wake(s->fd);
    }
}

/* What a fault held back until now goes on. */
void sim_streams_tick(void)
{
    for (uint32_t i = 0; i < sim.stream_count; i++) {
        struct sim_stream *s = sim.streams[i];
        if (s->read_blocked_until != 0 && s->read_blocked_until <= sim.now) {
            s->read_blocked_until = 0;
            sim_wake(s->fd);
        }
        if (s->write_blocked_until != 0 && s->write_blocked_until <= sim.now) {
            s->write_blocked_until = 0;
            sim_wake(s->fd);
        }
    }
}

uint64_t sim_next_time(void)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t i = 0; i < sim.stream_count; i++) {
        const struct sim_stream *s = sim.streams[i];
        if (s->read_blocked_until != 0 && s->read_blocked_until < next)
            next = s->read_blocked_until;
        if (s->write_blocked_until != 0 && s->write_blocked_until < next)
            next = s->write_blocked_until;
    }
    return next;
}

static void hold_back(uint64_t *until)
{
    *until = sim.now + chance_below(sim.chance, 30);
    if (*until == sim.now)
        *until = sim.now + 1;
}

static void stream_break(struct sim_stream *s, int error)
{
    s->broken = true;
    s->error = error;
    s->struck = s->excused = true;
    s->read_blocked_until = s->write_blocked_until = 0;
    sim_wake(s->fd);
}

/* ------------------------------------------------------------------ the client's end */

struct sim_stream *sim_stream_of(int fd)
{
    return fd >= 0 && fd < SIM_FDS_MAX && sim.fds[fd].kind == SIM_STREAM ? sim.fds[fd].stream : NULL;
}

struct sim_stream *sim_stream_of_client(uint32_t client)
{
    for (uint32_t i = 0; i < sim.stream_count; i++)
        if (sim.streams[i]->client == client)
            return sim.streams[i];
    return NULL;
}

/* One of those who listen there: both families do. */
static int listener_of_port(uint16_t port, uint32_t client)
{
    int found[2] = { -1, -1 };
    uint32_t count = 0;
    for (int fd = SIM_FIRST_FD; fd < SIM_FDS_MAX && count < 2; fd++)
        if (sim.fds[fd].kind == SIM_LISTENER && sim.fds[fd].value == port)
            found[count++] = fd;
    return found[count == 2 ? client % 2 : 0];
}

struct sim_stream *sim_connect(uint16_t port, uint32_t client)
{
    const int listener = listener_of_port(port, client);
    if (listener < 0 || sim.fds[listener].backlog >= BACKLOG_MAX || sim.stream_count == SIM_STREAMS_MAX)
        return NULL;
    struct sim_stream *s = calloc(1, sizeof(*s));
    if (s == NULL)
        abort();
    *s = (struct sim_stream){ .client = client, .fd = -1, .listener = listener, .send_cap = 16384, .window = 65536,
                              .receive_cap = 65536, .in_use_by_client = true, .excused = sim.draining };
    sim.streams[sim.stream_count++] = s;
    sim.fds[listener].backlog++;
    sim.progress++;
    sim_wake(listener);
    sim_trace("client %u connects", client);
    return s;
}

size_t sim_client_room(const struct sim_stream *s)
{
    const size_t queued = bytes_len(&s->to_server);
    return s->broken || s->reset_from_server || queued >= s->receive_cap ? 0 : s->receive_cap - queued;
}

/* The client's kernel learns of a reset: what it has not read is lost. */
static void client_is_reset(struct sim_stream *s)
{
    s->reset_from_server = true;
    s->broken = s->news = true;
    bytes_drop(&s->to_client, bytes_len(&s->to_client));
    s->acknowledged = 0;
}

static bool server_is_gone(const struct sim_stream *s)
{
    return s->listener < 0 && s->fd < 0;
}

/* The first bytes of what is said, for whoever reads a trace. */
static void trace_bytes(const char *what, const struct sim_stream *s, const uint8_t *data, size_t len)
{
    char text[4 * 160 + 1];
    size_t at = 0;
    if (sim.trace == NULL)
        return;
    for (size_t i = 0; i < len && i < 160; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, data[i] < ' ' || data[i] > '~' ? "\\x%02x" : "%c", data[i]);
    sim_trace("client %u %s %zu bytes: %s%s", s->client, what, len, text, len > 160 ? "..." : "");
}

size_t sim_client_send(struct sim_stream *s, const void *data, size_t len)
{
    const size_t room = sim_client_room(s);
    const size_t count = len < room ? len : room;
    if (count == 0)
        return 0;
    sim.progress++;
    s->arrived += count;
    if (server_is_gone(s)) {
        sim_trace("client %u sends %zu bytes to a closed connection: reset", s->client, count);
        client_is_reset(s);
        return count;
    }
    if (s->fin_from_server)
        sim_count(ORDER_IN_AFTER_SHUTTING);
    trace_bytes("sends", s, data, count);
    bytes_append(&s->to_server, data, count);
    if (s->read_blocked_until == 0)
        sim_wake(s->fd);
    return count;
}

size_t sim_client_receive(struct sim_stream *s, void *data, size_t size)
{
    const size_t count = s->acknowledged < size ? s->acknowledged : size;
    if (count == 0)
        return 0;
    memcpy(data, s->to_client.data + s->to_client.start, count);
    trace_bytes("receives", s, data, count);
    bytes_drop(&s->to_client, count);
    s->acknowledged -= count;
    sim.progress++;
    acknowledge(s);
    return count;
}

void sim_client_shut(struct sim_stream *s)
{
    if (s->fin_from_client || s->broken)
        return;
    sim_trace("client %u shuts its side", s->client);
    s->fin_from_client = true;
    sim.progress++;
    if (bytes_len(&s->to_server) > 0)
        sim_count(ORDER_DATA_WITH_FIN);
    if (s->read_blocked_until == 0)
        sim_wake(s->fd);
}

void sim_client_reset(struct sim_stream *s)
{
    if (s->broken)
        return;
    sim_trace("client %u resets", s->client);
    if (s->in_file)
        sim_count(ORDER_RST_IN_FILE);
    sim.progress++;
    stream_break(s, ECONNRESET);
}

bool sim_client_sees_end(const struct sim_stream *s)
{
    return s->reset_from_server || (bytes_len(&s->to_client) == 0 && s->fin_from_server);
}

/* As close(2) by the client: a reset where bytes are left unread, else its end. */
void sim_release(struct sim_stream *s)
{
    if (bytes_len(&s->to_client) > 0 && !s->broken)
        sim_client_reset(s);
    else
        sim_client_shut(s);
    s->in_use_by_client = false;
}

/* ------------------------------------------------------------------ sockets before they are connections */

int os_socket(int family)
{
    sim_enter();
    if (sim_start_fails())
        return -EMFILE;
    const int fd = sim_fd_take(SIM_SOCKET);
    if (fd >= 0)
        sim.fds[fd].family = (uint16_t)family;
    return fd;
}

int os_setsockopt(int fd, int level, int option, int value)
{
    (void)level, (void)option, (void)value;
    sim_enter();
    if (fd < SIM_FIRST_FD || fd >= SIM_FDS_MAX || sim.fds[fd].kind == SIM_FREE)
        sim_broken("setsockopt on descriptor %d, which is not open", fd);
    return sim.fds[fd].kind == SIM_SOCKET && sim_start_fails() ? -ENOMEM : 0;
}

int os_bind(int fd, const struct sockaddr *address, socklen_t len)
{
    struct sockaddr_in in4 = { .sin_port = 0 };
    struct sockaddr_in6 in6 = { .sin6_port = 0 };
    sim_enter();
    struct sim_fd *f = sim_fd_get(fd, SIM_SOCKET, "bind");
    if (sim_start_fails())
        return -EADDRINUSE;
    if (f->family == AF_INET)
        memcpy(&in4, address, len < sizeof(in4) ? len : sizeof(in4));
    else if (f->family == AF_INET6)
        memcpy(&in6, address, len < sizeof(in6) ? len : sizeof(in6));
    const uint16_t port = ntohs(f->family == AF_INET ? in4.sin_port : in6.sin6_port);
    f->value = port != 0 ? port : (uint64_t)(40000 + fd);
    return 0;
}

int os_listen(int fd, int backlog)
{
    (void)backlog;
    sim_enter();
    struct sim_fd *f = sim_fd_get(fd, SIM_SOCKET, "listen");
    if (sim_start_fails())
        return -EADDRINUSE;
    f->kind = SIM_LISTENER;
    sim.open[SIM_SOCKET]--;
    sim.open[SIM_LISTENER]++;
    return 0;
}

/* One that was shut down (its port is 0) is to TCP a socket that is not connected: nobody comes, and whoever waits is told. */
uint32_t sim_listener_mask(const struct sim_fd *f)
{
    if (f->value == 0)
        return EPOLLOUT | EPOLLHUP;
    return f->backlog > 0 ? EPOLLIN : 0;
}

void os_listen_stop(int fd)
{
    sim_enter();
    sim_fd_get(fd, SIM_LISTENER, "shutdown of a listener")->value = 0;
    sim_refuse_backlog(fd);
}

/* Whether somebody listens there: a unix socket's path is taken, or was left behind. */
int os_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    (void)address, (void)len;
    sim_enter();
    sim_fd_get(fd, SIM_SOCKET, "connect");
    return -ECONNREFUSED;
}

int os_getsockname(int fd, struct sockaddr_storage *address, socklen_t *len)
{
    sim_enter();
    const struct sim_fd *f = sim_fd_get(fd, sim.fds[fd].kind == SIM_SOCKET ? SIM_SOCKET : SIM_LISTENER, "getsockname");
    if (sim_start_fails())
        return -ENOBUFS;
    const struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)f->value),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)f->value) };
    *address = (struct sockaddr_storage){ .ss_family = f->family };
    *len = f->family == AF_INET6 ? sizeof(in6) : sizeof(in4);
    if (f->family == AF_INET)
        memcpy(address, &in4, sizeof(in4));
    else if (f->family == AF_INET6)
        memcpy(address, &in6, sizeof(in6));
    return 0;
}

/* ------------------------------------------------------------------ accept */

static struct sim_stream *backlog_first(int listener)
{
    for (uint32_t i = 0; i < sim.stream_count; i++)
        if (sim.streams[i]->listener == listener)
            return sim.streams[i];
    return NULL;
}

static void backlog_leave(struct sim_stream *s)
{
    sim.fds[s->listener].backlog--;
    s->listener = -1;
    sim.progress++;
}

void sim_refuse_backlog(int listener)
{
    for (struct sim_stream *s = backlog_first(listener); s != NULL; s = backlog_first(listener)) {
        backlog_leave(s);
        s->excused = true;
        client_is_reset(s);
    }
}

/* Some errors tell of the connection that would have been given, which is then lost; others leave it where it is. */
static int accept_fails(struct sim_stream *s, int fault)
{
    const int error = sim_fault_errno(fault);
    sim.accept_failed |= error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
    if (error == ECONNABORTED || error == EPROTO || error == EPERM || error == EHOSTUNREACH) {
        backlog_leave(s);
        s->excused = true;
        client_is_reset(s);
    }
    sim_trace("   accept() = -%d", error);
    return -error;
}

int os_accept(int fd, struct sockaddr_storage *peer)
{
    sim_enter();
    sim.accepts++;
    if (sim_fd_get(fd, SIM_LISTENER, "accept")->value == 0)
        return -EINVAL;
    struct sim_stream *s = backlog_first(fd);
    if (s == NULL)
        return -EAGAIN;
    const int fault = sim_strike(SIM_ACCEPT);
    if (fault >= 0 && fault != FAULT_ACCEPT_RESET) {
        sim_count((enum sim_fault)fault);
        return accept_fails(s, fault);
    }
    const int taken = sim_fd_take(SIM_STREAM);
    if (taken < 0)
        return accept_fails(s, FAULT_ACCEPT_EMFILE);
    sim.fds[taken].stream = s;
    backlog_leave(s);
    if (sim.told_below > 0 && taken >= sim.told_below) {
        sim_count(ORDER_BEYOND_SELECT);
        s->struck = s->excused = true;
    }
    s->fd = taken;
    s->accepted = true;
    if (fault == FAULT_ACCEPT_RESET) {
        sim_count(FAULT_ACCEPT_RESET);
        sim_client_reset(s);
        client_is_reset(s);
    }
    const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)(1024 + s->client % 60000)),
                                         .sin_addr.s_addr = htonl(10u << 24 | s->client) };
    *peer = (struct sockaddr_storage){ .ss_family = AF_INET };
    memcpy(peer, &address, sizeof(address));
    sim_trace("   accept() = %d  [client %u]", taken, s->client);
    return taken;
}

/* One connection must leave something of a turn to the others. Faults may tell of it often, and then it has several shares. */
static void count_share(struct sim_stream *s, size_t count)
{
    enum { SHARE_MAX = 4 << 20 };
    s->turn_bytes = s->turn == sim.turn ? s->turn_bytes + count : count;
    s->turn = sim.turn;
    if (s->turn_bytes > SHARE_MAX && !sim.faults_on)
        sim_broken("one connection moved %llu bytes in one turn", (unsigned long long)s->turn_bytes);
}

/* ------------------------------------------------------------------ receiving */

/* 0: the call goes on. */
static int receive_strike(struct sim_stream *s, size_t *count)
{
    const int fault = sim_strike(SIM_RECV);
    if (fault < 0 || (fault == FAULT_RECV_SHORT && *count < 2))
        return 0;
    sim_count((enum sim_fault)fault);
    switch (fault) {
    case FAULT_RECV_SHORT:
        *count = chance_one_in(sim.chance, 3) ? 1 : chance_between(sim.chance, 1, (uint32_t)*count - 1);
        hold_back(&s->read_blocked_until);
        return 0;
    case FAULT_RECV_EAGAIN:
        hold_back(&s->read_blocked_until);
        break;
    case FAULT_RECV_ECONNRESET:
    case FAULT_RECV_ETIMEDOUT:
        stream_break(s, 0);
        client_is_reset(s);
        bytes_drop(&s->to_server, bytes_len(&s->to_server));
        break;
    case FAULT_RECV_ENOMEM:
        s->struck = s->excused = true;
        break;
    default:
        break;
    }
    return -sim_fault_errno(fault);
}

static ssize_t receive_nothing(struct sim_stream *s)
{
    if (s->error != 0) {
        const int error = s->error;
        s->error = 0;
        sim.progress++;
        return -error;
    }
    if (s->broken || s->fin_from_client) {
        sim_count(ORDER_END_RECEIVED);
        sim.progress++;
        return 0;
    }
    return -EAGAIN;
}

ssize_t os_recv(int fd, void *data, size_t size)
{
    sim_enter();
    sim.receives++;
    struct sim_stream *s = sim_fd_get(fd, SIM_STREAM, "recv")->stream;
    size_t count = bytes_len(&s->to_server) < size ? bytes_len(&s->to_server) : size;
    if (size == 0)
        sim_broken("recv with no room: 0 could mean the end of the stream, or not");
    int error = s->read_blocked_until != 0 ? -EAGAIN : 0;
    if (error == 0 && sim_readable(s))
        error = receive_strike(s, &count);
    ssize_t result = error;
    if (error == 0 && count == 0)
        result = receive_nothing(s);
    else if (error == 0) {
        memcpy(data, s->to_server.data + s->to_server.start, count);
        bytes_drop(&s->to_server, count);
        s->received += count;
        count_share(s, count);
        sim.progress++;
        if (count == size)
            sim_count(ORDER_BUFFER_FILLED);
        result = (ssize_t)count;
    }
    sim_trace("   recv(%d, %zu) = %zd  [client %u]", fd, size, result, s->client);
    return result;
}

/* ------------------------------------------------------------------ sending */

/* What a broken connection says; 0: it is whole. */
static int send_error(struct sim_stream *s)
{
    if (s->fin_from_server)
        sim_broken("a send on descriptor %d after its FIN", s->fd);
    if (!s->broken)
        return 0;
    const int error = s->error != 0 ? s->error : EPIPE;
    s->error = 0;
    sim.progress++;
    return -error;
}

/* A length that is short on purpose; what stays is told of later, as if the buffer had been full. */
static size_t send_short(struct sim_stream *s, size_t count, int fault, size_t boundary)
{
    static const int around[] = { -1, 0, 1 };
    size_t cut = fault == FAULT_SEND_ZERO ? 0 : 1;
    if (fault == FAULT_SEND_SHORT || fault == FAULT_SENDFILE_SHORT)
        cut = chance_between(sim.chance, 1, (uint32_t)count - 1);
    if (fault == FAULT_SEND_BOUNDARY)
        cut = (size_t)((ssize_t)boundary + around[chance_below(sim.chance, 3)]);
    if (cut >= count)
        return count;
    sim_count((enum sim_fault)fault);
    hold_back(&s->write_blocked_until);
    return cut;
}

static int send_strike(struct sim_stream *s, int fault)
{
    sim_count((enum sim_fault)fault);
    switch (sim_fault_errno(fault)) {
    case EAGAIN:
        hold_back(&s->write_blocked_until);
        break;
    case EPIPE:
    case ECONNRESET:
        stream_break(s, 0);
        client_is_reset(s);
        break;
    case EINTR:
        break;
    default:
        s->struck = s->excused = true;
        break;
    }
    return -sim_fault_errno(fault);
}

/* How much of `len` bytes goes, or a negated errno; -ENODATA: the file is to shrink. */
static ssize_t send_count(struct sim_stream *s, enum sim_call call, size_t len, size_t boundary)
{
    int error = send_error(s);
    if (error != 0)
        return error;
    if (s->write_blocked_until != 0)
        return -EAGAIN;
    const size_t room = send_room(s);
    size_t count = len < room ? len : room;
    if (count < len) {
        s->no_room_told = true;
        sim_count(ORDER_SEND_BUFFER_FULL);
    }
    if (count == 0)
        return -EAGAIN;
    const int fault = sim_strike(call);
    if (fault < 0)
        return (ssize_t)count;
    if (sim_fault_errno(fault) != 0)
        return send_strike(s, fault);
    if (fault == FAULT_SENDFILE_SHRUNK)
        return -ENODATA;
    return count < 2 || (fault == FAULT_SEND_BOUNDARY && boundary == 0) ? (ssize_t)count : (ssize_t)send_short(s, count, fault, boundary);
}

static void sent(struct sim_stream *s, size_t count)
{
    s->sent += count;
    count_share(s, count);
    s->news = true;
    sim.progress += count > 0;
    if (!s->in_use_by_client && count > 0)
        stream_break(s, ECONNRESET);       /* nobody is there any more: its kernel answers with a reset */
    acknowledge(s);
}

ssize_t os_send(int fd, const struct iovec *stretches, int count, bool more)
{
    (void)more;
    sim_enter();
    struct sim_stream *s = sim_fd_get(fd, SIM_STREAM, "send")->stream;
    if (count < 1 || count > 2)
        sim_broken("send of %d stretches", count);
    const size_t first = stretches[0].iov_len;
    const size_t len = first + (count == 2 ? stretches[1].iov_len : 0);
    if (len == 0)
        sim_broken("send of nothing");
    const ssize_t result = send_count(s, SIM_SEND, len, count == 2 && stretches[1].iov_len > 0 ? first : 0);
    if (result > 0) {
        const size_t taken = (size_t)result;
        s->in_file = false;
        bytes_append(&s->to_client, stretches[0].iov_base, taken < first ? taken : first);
        if (taken > first)
            bytes_append(&s->to_client, stretches[1].iov_base, taken - first);
        sent(s, taken);
    }
    sim_trace("   send(%d, %zu + %zu) = %zd  [client %u]", fd, first, len - first, result, s->client);
    return result;
}

ssize_t os_sendfile(int fd, int file, uint64_t offset, size_t size)
{
    uint8_t chunk[4096];
    sim_enter();
    struct sim_stream *s = sim_fd_get(fd, SIM_STREAM, "sendfile")->stream;
    struct sim_inode *inode = sim_fd_get(file, SIM_FILE, "sendfile")->inode;
    const uint64_t rest = offset < inode->size ? inode->size - offset : 0;
    ssize_t result = 0;
    if (size == 0)
        sim_broken("sendfile of nothing");
    if (rest > 0 || s->broken)
        result = send_count(s, SIM_SENDFILE, size < rest ? size : (size_t)rest, 0);
    if (result == -ENODATA || (rest == 0 && !s->broken)) {
        sim_count(FAULT_SENDFILE_SHRUNK);
        sim_file_ends(inode);
        inode->size = offset < inode->size ? offset : inode->size;
        sim_file_stands(inode);
        s->struck = s->excused = true;
        result = 0;
    }
    size_t left = result > 0 ? (size_t)result : 0;
    for (uint64_t at = offset; left > 0;) {
        const size_t part = left < sizeof(chunk) ? left : sizeof(chunk);
        sim_inode_bytes(inode, at, chunk, part);
        bytes_append(&s->to_client, chunk, part);
        at += part;
        left -= part;
    }
    if (result > 0) {
        sent(s, (size_t)result);
        s->in_file = (size_t)result < size;
    }
    sim_trace("   sendfile(%d, %d, %llu, %zu) = %zd  [client %u]", fd, file, (unsigned long long)offset, size, result, s->client);
    return result;
}

int64_t os_unacknowledged(int fd)
{
    sim_enter();
    const struct sim_stream *s = sim_fd_get(fd, SIM_STREAM, "SIOCOUTQ")->stream;
    return (int64_t)(bytes_len(&s->to_client) - s->acknowledged);
}

/* ------------------------------------------------------------------ the end */

int os_shutdown_write(int fd)
{
    sim_enter();
    struct sim_stream *s = sim_fd_get(fd, SIM_STREAM, "shutdown")->stream;
    const int fault = sim_strike(SIM_SHUTDOWN);
    sim.progress++;
    if (fault >= 0) {
        sim_count((enum sim_fault)fault);
        stream_break(s, 0);
        client_is_reset(s);
    }
    if (s->broken)
        return -ENOTCONN;
    if (s->fin_from_server)
        sim_broken("a second FIN on descriptor %d", fd);
    sim_trace("   shutdown(%d)  [client %u]", fd, s->client);
    s->fin_from_server = s->news = true;
    sim_wake(fd);
    return 0;
}

int os_reset_on_close(int fd)
{
    sim_enter();
    sim_fd_get(fd, SIM_STREAM, "SO_LINGER")->stream->reset_on_close = true;
    return 0;
}

void sim_stream_close(struct sim_stream *s)
{
    const bool unread = bytes_len(&s->to_server) > 0;
    s->fd = -1;
    s->read_blocked_until = s->write_blocked_until = 0;
    if (unread && !s->broken)
        sim_count(ORDER_RST_WITH_UNREAD);
    if (unread || s->reset_on_close || s->broken)
        client_is_reset(s);
    else
        s->fin_from_server = s->news = true;
}
