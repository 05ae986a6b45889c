/* The kernel seam: every system call of the engine, the clocks, chance and memory go through here. os_linux.c is the real one;
 * tests/sim/ links its own in its place. Chosen when linking: no function pointers.
 *
 * Results: >= 0 on success, a negated errno on failure, unless said otherwise. Nothing here retries on EINTR except where said.
 * Every descriptor is made close-on-exec, every socket non-blocking from birth. The caller owns what a call returns. */
#ifndef WEIR_OS_OS_H
#define WEIR_OS_OS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#define OS_RESULT __attribute__((warn_unused_result))

/* ---- time and chance ---- */

/* Milliseconds of a clock that never goes back, as of the kernel's last tick: as a rule behind by at most 4 ms, or 10
 * (CLOCK_MONOTONIC_COARSE, which is read without a system call on every machine). */
uint64_t os_now_ms(void);

/* The wall clock; may jump both ways (CLOCK_REALTIME). */
struct timespec os_wall_clock(void);

/* ---- memory ---- */

/* Zeroed memory, aligned for any type, or NULL. os_free(NULL) does nothing. */
void *os_alloc(size_t size) OS_RESULT;

/* The same, but what is in it is undefined, and pages of it that are never touched cost nothing. */
void *os_alloc_raw(size_t size) OS_RESULT;
void os_free(void *memory);

/* ---- sockets: socket(7), tcp(7), unix(7) ---- */

int os_socket(int family) OS_RESULT;                                             /* SOCK_STREAM */
int os_setsockopt(int fd, int level, int option, int value) OS_RESULT;
int os_bind(int fd, const struct sockaddr *address, socklen_t len) OS_RESULT;
int os_listen(int fd, int backlog) OS_RESULT;

/* Refuses new connections from now on, for every process and thread that shares the socket; the descriptor stays open. */
void os_listen_stop(int fd);
int os_connect(int fd, const struct sockaddr *address, socklen_t len) OS_RESULT;
int os_getsockname(int fd, struct sockaddr_storage *address, socklen_t *len) OS_RESULT;

/* A new connection's descriptor (accept4(2)); `*peer` is written on success (its family is AF_UNIX, and nothing more, for a unix socket). */
int os_accept(int fd, struct sockaddr_storage *peer) OS_RESULT;

/* recv(2): bytes received, 0 at the end of the stream. */
ssize_t os_recv(int fd, void *data, size_t size) OS_RESULT;

/* Sends the `count` (1 or 2) stretches in one call, without SIGPIPE and without waiting; `more`: more follows at once (MSG_MORE).
 * Bytes taken, maybe fewer than offered. */
ssize_t os_send(int fd, const struct iovec *stretches, int count, bool more) OS_RESULT;

/* sendfile(2): from `file` at `offset`, which is not moved, at most `size` bytes. 0: the file ends there. The calling thread has SIGPIPE
 * blocked or ignored: sendfile knows no MSG_NOSIGNAL. */
ssize_t os_sendfile(int fd, int file, uint64_t offset, size_t size) OS_RESULT;

/* Bytes that were sent and that the peer has not yet acknowledged (SIOCOUTQ, tcp(7)). */
int64_t os_unacknowledged(int fd) OS_RESULT;

/* shutdown(SHUT_WR): sends FIN after what is queued. */
int os_shutdown_write(int fd);

/* Makes the coming os_close() send a reset (SO_LINGER with 0 seconds). */
int os_reset_on_close(int fd);

/* The descriptor is gone, whatever close(2) says. Never retried. */
void os_close(int fd);

/* ---- readiness: epoll(7), poll(2), select(2), eventfd(2) ---- */

struct pollfd;

int os_epoll_create(void) OS_RESULT;
int os_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t data) OS_RESULT;
int os_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms) OS_RESULT;   /* timeout -1: for ever */

int os_poll(struct pollfd *entries, uint32_t count, int timeout_ms) OS_RESULT;                 /* the same */

/* Descriptors below `count` (at most FD_SETSIZE) are looked at; the sets are left with what is ready. The sum of their bits. */
int os_select(int count, fd_set *read, fd_set *write, int timeout_ms) OS_RESULT;

int os_eventfd(void) OS_RESULT;            /* non-blocking */
void os_eventfd_raise(int fd);             /* from any thread, and from a signal handler */
void os_eventfd_clear(int fd);

/* ---- files: openat2(2) ---- */

/* Opens below `root`, and never outside: `path` is relative; `flags` as for open(2), O_CLOEXEC is added; `resolve` as for openat2(2): with
 * RESOLVE_CACHED -EAGAIN where it would wait for a disk. -ENOSYS where the kernel has no such call. */
int os_openat2(int root, const char *path, int flags, uint64_t resolve) OS_RESULT;

/* openat(2), O_CLOEXEC is added; `root` may be AT_FDCWD. With O_CREAT the mode is 0640. */
int os_openat(int root, const char *path, int flags) OS_RESULT;
int os_fstat(int fd, struct stat *status) OS_RESULT;
ssize_t os_pread(int fd, void *data, size_t size, uint64_t offset) OS_RESULT;

/* The same from memory alone (preadv2(2), RWF_NOWAIT): -EAGAIN where it would wait for a disk, -EOPNOTSUPP where the file system cannot
 * tell. May give fewer bytes than are there. */
ssize_t os_pread_cached(int fd, void *data, size_t size, uint64_t offset) OS_RESULT;

/* Whether the file system of an open file is memory alone: tmpfs, ramfs (fstatfs(2)): 1 or 0. */
int os_is_in_memory(int fd) OS_RESULT;

/* Another descriptor for the same open file, close-on-exec. */
int os_dup(int fd) OS_RESULT;

/* Of the entry `name` in the open folder `folder`; a symbolic link is followed, or told of itself (fstatat(2)). */
int os_fstatat(int folder, const char *name, struct stat *status, bool follow) OS_RESULT;

/* The next entries of an open folder, as struct linux_dirent64 one behind the other (getdents64(2)); 0: there are no more. */
ssize_t os_getdents(int folder, void *entries, size_t size) OS_RESULT;
ssize_t os_write(int fd, const void *data, size_t size) OS_RESULT;
int os_unlink(const char *path);

/* `to` becomes `from`, at once for every thread, close-on-exec (dup3(2)); `from` stays open. */
int os_dup3(int from, int to) OS_RESULT;

/* ---- the machine ---- */

/* The soft limit of open descriptors (RLIMIT_NOFILE). */
uint32_t os_descriptors_max(void);

/* The CPUs that the calling thread may use (sched_getaffinity(2)): at least one. */
int os_cpus(cpu_set_t *cpus) OS_RESULT;

/* How many they are; 1 where they cannot be told. */
uint32_t os_cpu_count(void);

#endif
