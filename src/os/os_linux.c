#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The result of a call that says -1 and sets errno. */
static inline int result(int value)
{
    return value < 0 ? -errno : value;
}

static inline ssize_t result_size(ssize_t value)
{
    return value < 0 ? -errno : value;
}

uint64_t os_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct timespec os_wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now;
}

void *os_alloc(size_t size)
{
    return calloc(1, size);
}

void *os_alloc_raw(size_t size)
{
    return malloc(size);
}

void os_free(void *memory)
{
    free(memory);
}

int os_socket(int family)
{
    return result(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int os_setsockopt(int fd, int level, int option, int value)
{
    return result(setsockopt(fd, level, option, &value, sizeof value));
}

int os_bind(int fd, const struct sockaddr *address, socklen_t len)
{
    return result(bind(fd, address, len));
}

int os_listen(int fd, int backlog)
{
    return result(listen(fd, backlog));
}

void os_listen_stop(int fd)
{
    /* It fails only where it was called before. */
    const int rc = shutdown(fd, SHUT_RDWR);
    (void)rc;
}

int os_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    return result(connect(fd, address, len));
}

int os_getsockname(int fd, struct sockaddr_storage *address, socklen_t *len)
{
    return result(getsockname(fd, (struct sockaddr *)address, len));
}

/* The calls that come with every connection or request (accept, recv, send, close, epoll_wait) are points where a thread may be cancelled, which
 * costs each of them some fifty instructions in the C library once there are several threads. Nobody cancels a worker: it asks the kernel itself. */

int os_accept(int fd, struct sockaddr_storage *peer)
{
    socklen_t len = sizeof *peer;
    return result((int)syscall(SYS_accept4, fd, peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

ssize_t os_recv(int fd, void *data, size_t size)
{
    return result_size(syscall(SYS_recvfrom, fd, data, size, 0, NULL, NULL));
}

ssize_t os_send(int fd, const struct iovec *stretches, int count, bool more)
{
    /* MSG_DONTWAIT is for an access log that is a socket of somebody else's making: our own do not block. */
    const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
    if (count == 1)
        return result_size(syscall(SYS_sendto, fd, stretches[0].iov_base, stretches[0].iov_len, flags, NULL, 0));
    /* sendmsg(2) reads the stretches and writes nothing to them. */
    const struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)stretches, .msg_iovlen = (size_t)count };
    return result_size(syscall(SYS_sendmsg, fd, &message, flags));
}

ssize_t os_sendfile(int fd, int file, uint64_t offset, size_t size)
{
    off_t at = (off_t)offset;
    return result_size(sendfile(fd, file, &at, size));
}

int64_t os_unacknowledged(int fd)
{
    int bytes = 0;
    return ioctl(fd, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}

int os_shutdown_write(int fd)
{
    return result(shutdown(fd, SHUT_WR));
}

int os_reset_on_close(int fd)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    return result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
}

void os_close(int fd)
{
    syscall(SYS_close, fd);
}

int os_epoll_create(void)
{
    return result(epoll_create1(EPOLL_CLOEXEC));
}

int os_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = { .events = events, .data.u64 = data };
    return result(epoll_ctl(epoll, operation, fd, &event));
}

int os_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms)
{
    return result((int)syscall(SYS_epoll_pwait, epoll, events, max, timeout_ms, NULL, 0));
}

int os_poll(struct pollfd *entries, uint32_t count, int timeout_ms)
{
    return result(poll(entries, count, timeout_ms));
}

int os_select(int count, fd_set *read, fd_set *write, int timeout_ms)
{
    struct timeval timeout = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
    return result(select(count, read, write, NULL, timeout_ms < 0 ? NULL : &timeout));
}

int os_eventfd(void)
{
    return result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void os_eventfd_raise(int fd)
{
    const int saved = errno;   /* a signal handler may be calling */
    const uint64_t one = 1;
    /* The only failure is a full counter, and then the descriptor is readable as it should be. */
    const ssize_t written = write(fd, &one, sizeof one);
    (void)written;
    errno = saved;
}

void os_eventfd_clear(int fd)
{
    uint64_t count;
    /* The only failure is an empty counter, as it should be. */
    const ssize_t got = read(fd, &count, sizeof count);
    (void)got;
}

int os_openat2(int root, const char *path, int flags, uint64_t resolve)
{
    const struct open_how how = { .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC), .resolve = resolve };
    return result((int)syscall(SYS_openat2, root, path, &how, sizeof how));
}

int os_openat(int root, const char *path, int flags)
{
    return result(openat(root, path, flags | O_CLOEXEC, 0640));
}

int os_fstat(int fd, struct stat *status)
{
    return result(fstat(fd, status));
}

ssize_t os_pread(int fd, void *data, size_t size, uint64_t offset)
{
    return result_size(pread(fd, data, size, (off_t)offset));
}

ssize_t os_pread_cached(int fd, void *data, size_t size, uint64_t offset)
{
    const struct iovec stretch = { data, size };
    return result_size(preadv2(fd, &stretch, 1, (off_t)offset, RWF_NOWAIT));
}

int os_is_in_memory(int fd)
{
    struct statfs status;
    if (fstatfs(fd, &status) < 0)
        return -errno;
    return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
}

int os_dup(int fd)
{
    return result(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

int os_fstatat(int folder, const char *name, struct stat *status, bool follow)
{
    return result(fstatat(folder, name, status, follow ? 0 : AT_SYMLINK_NOFOLLOW));
}

ssize_t os_getdents(int folder, void *entries, size_t size)
{
    return result_size(syscall(SYS_getdents64, folder, entries, size));
}

ssize_t os_write(int fd, const void *data, size_t size)
{
    return result_size(write(fd, data, size));
}

int os_unlink(const char *path)
{
    return result(unlink(path));
}

int os_dup3(int from, int to)
{
    return result(dup3(from, to, O_CLOEXEC));
}

uint32_t os_descriptors_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > UINT32_MAX / 2)
        return UINT32_MAX / 2;
    return (uint32_t)limit.rlim_cur;
}

int os_cpus(cpu_set_t *cpus)
{
    const int rc = result(sched_getaffinity(0, sizeof *cpus, cpus));
    return rc == 0 && CPU_COUNT(cpus) == 0 ? -ENODEV : rc;     /* its last one went offline */
}

uint32_t os_cpu_count(void)
{
    cpu_set_t cpus;
    return os_cpus(&cpus) < 0 ? 1 : (uint32_t)CPU_COUNT(&cpus);
}
