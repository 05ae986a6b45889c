/* Listening on every form of address, and the one line that says why it cannot be done. */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/check_support.h"

static struct listener listeners[LISTENER_SOCKETS_MAX];
static char error[WEIR_ERROR_SIZE];
static char folder[] = "/tmp/weir-test-listener-XXXXXX";
static char path[64], unix_address[80];

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    snprintf(unix_address, sizeof unix_address, "unix:%s", path);
}

static void remove_folder(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void check_opens(const char *address, int count)
{
    const int opened = listener_open(listeners, address, false, error);
    ck_assert_msg(opened == count, "%s: %d: %s", address, opened, opened < 0 ? error : "");
}

/* One line, that names the address. */
static void check_fails(const char *address, int rc, const char *says)
{
    memset(error, 'x', sizeof error);
    const int opened = listener_open(listeners, address, false, error);
    ck_assert_msg(opened == rc, "%s: %d, not %d", address, opened, rc);
    ck_assert_ptr_nonnull(memchr(error, '\0', sizeof error));
    ck_assert_ptr_null(strchr(error, '\n'));
    ck_assert_msg(strstr(error, says) != NULL, "\"%s\" does not say \"%s\"", error, says);
    ck_assert_msg(strncmp(strstr(error, address) != NULL ? strstr(error, address) : "", address, strlen(address)) == 0, "%s", error);
}

static unsigned port_of(const struct listener *l)
{
    const char *colon = strrchr(l->url, ':');
    ck_assert_ptr_nonnull(colon);
    return (unsigned)strtoul(colon + 1, NULL, 10);
}

static int dial(int family, const void *address, socklen_t len)
{
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    if (connect(fd, address, len) == 0)
        return fd;
    const int rc = -errno;
    close(fd);
    return rc;
}

static int dial_v4(unsigned port)
{
    const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    return dial(AF_INET, &to, sizeof to);
}

static int dial_v6(unsigned port)
{
    const struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    return dial(AF_INET6, &to, sizeof to);
}

static int dial_unix(void)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    strcpy(to.sun_path, path);
    return dial(AF_UNIX, &to, sizeof to);
}

/* What is accepted, once the kernel has it. */
static int accept_one(const struct listener *l, struct weir_peer *peer)
{
    int fd = -EAGAIN;
    for (int tries = 0; fd == -EAGAIN && tries < 1000; tries++) {
        fd = listener_accept(l, peer);
        if (fd == -EAGAIN)
            usleep(1000);
    }
    return fd;
}

static void check_accepts(const struct listener *l, int client, enum weir_family family)
{
    struct weir_peer peer;
    ck_assert_int_ge(client, 0);
    const int fd = accept_one(l, &peer);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(peer.family, family);
    ck_assert((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    ck_assert((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    close(fd);
    close(client);
}

START_TEST(port_0_takes_a_free_port_and_the_url_says_which)
{
    check_opens("127.0.0.1:0", 1);
    char url[LISTENER_URL_SIZE];
    ck_assert_uint_gt(port_of(&listeners[0]), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port_of(&listeners[0]));
    ck_assert_str_eq(listeners[0].url, url);
    check_accepts(&listeners[0], dial_v4(port_of(&listeners[0])), WEIR_IPV4);
    listener_close(&listeners[0]);
    ck_assert_int_eq(listeners[0].fd, -1);
}

START_TEST(nothing_to_accept_is_told_without_waiting)
{
    struct weir_peer peer = { .port = 77 };
    check_opens("127.0.0.1:0", 1);
    ck_assert_int_eq(listener_accept(&listeners[0], &peer), -EAGAIN);
    ck_assert_uint_eq(peer.port, 77);
    listener_close(&listeners[0]);
}

START_TEST(accepted_connections_do_not_wait_to_send_small_pieces)
{
    struct weir_peer peer;
    int value = 0;
    socklen_t len = sizeof value;
    check_opens("127.0.0.1:0", 1);
    const int client = dial_v4(port_of(&listeners[0]));
    const int fd = accept_one(&listeners[0], &peer);
    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
    ck_assert_int_ne(value, 0);
    close(fd);
    close(client);
    listener_close(&listeners[0]);
}

START_TEST(a_port_in_use_is_said_to_be)
{
    char address[32];
    struct listener first;
    check_opens("127.0.0.1:0", 1);
    first = listeners[0];
    snprintf(address, sizeof address, "127.0.0.1:%u", port_of(&first));
    check_fails(address, -EADDRINUSE, "stop the program that listens there");
    listener_close(&first);
    check_opens(address, 1);
    listener_close(&listeners[0]);
}

START_TEST(ipv6_listens_for_itself_alone)
{
    check_opens("[::1]:0", 1);
    char url[LISTENER_URL_SIZE];
    snprintf(url, sizeof url, "http://[::1]:%u/", port_of(&listeners[0]));
    ck_assert_str_eq(listeners[0].url, url);
    check_accepts(&listeners[0], dial_v6(port_of(&listeners[0])), WEIR_IPV6);
    ck_assert_int_eq(dial_v4(port_of(&listeners[0])), -ECONNREFUSED);
    listener_close(&listeners[0]);
}

START_TEST(no_host_means_both_families_on_one_port)
{
    check_opens(":0", 2);
    const unsigned port = port_of(&listeners[0]);
    ck_assert_uint_eq(port_of(&listeners[1]), port);
    ck_assert_mem_eq(listeners[0].url, "http://0.0.0.0:", 15);
    ck_assert_mem_eq(listeners[1].url, "http://[::]:", 12);
    check_accepts(&listeners[0], dial_v4(port), WEIR_IPV4);
    check_accepts(&listeners[1], dial_v6(port), WEIR_IPV6);
    listener_close(&listeners[0]);
    listener_close(&listeners[1]);
}

/* One worker's listener and another's: the kernel deals connections out to both, and each is closed alone. */
START_TEST(a_tcp_address_is_shared_by_a_socket_of_its_own)
{
    struct listener second;
    ck_assert_int_eq(listener_open(listeners, ":0", true, error), 2);
    const unsigned port = port_of(&listeners[0]);
    ck_assert_int_eq(listener_share(&second, &listeners[0]), 0);
    ck_assert_int_ne(second.fd, listeners[0].fd);
    ck_assert_str_eq(second.url, listeners[0].url);
    listener_close(&listeners[0]);
    check_accepts(&second, dial_v4(port), WEIR_IPV4);
    listener_close(&second);
    ck_assert_int_eq(listener_share(&second, &listeners[1]), 0);
    listener_close(&second);
    check_accepts(&listeners[1], dial_v6(port), WEIR_IPV6);
    listener_close(&listeners[1]);
}

START_TEST(a_port_is_not_shared_with_another_program)
{
    char address[32];
    ck_assert_int_eq(listener_open(listeners, "127.0.0.1:0", true, error), 1);
    struct listener first = listeners[0];
    snprintf(address, sizeof address, "127.0.0.1:%u", port_of(&first));
    ck_assert_int_eq(listener_open(listeners, address, true, error), -EADDRINUSE);
    ck_assert_int_eq(listener_open(listeners, address, false, error), -EADDRINUSE);
    listener_close(&first);
}

START_TEST(a_unix_socket_is_shared_as_it_is)
{
    struct listener second;
    ck_assert_int_eq(listener_open(listeners, unix_address, true, error), 1);
    struct listener first = listeners[0];
    ck_assert_int_eq(listener_share(&second, &first), 0);
    ck_assert_int_eq(second.fd, first.fd);
    listener_close(&second);
    check_accepts(&first, dial_unix(), WEIR_UNIX);
    listener_close(&first);
    ck_assert_int_eq(access(path, F_OK), -1);
}

/* Where one family's port is taken, neither stays. */
START_TEST(both_families_or_none)
{
    char address[32];
    struct listener v6;
    check_opens("[::]:0", 1);
    v6 = listeners[0];
    const unsigned port = port_of(&v6);
    snprintf(address, sizeof address, ":%u", port);
    check_fails(address, -EADDRINUSE, "stop the program");
    ck_assert_int_eq(dial_v4(port), -ECONNREFUSED);
    listener_close(&v6);

    check_opens("0.0.0.0:0", 1);
    const struct listener v4 = listeners[0];
    snprintf(address, sizeof address, ":%u", port_of(&v4));
    check_fails(address, -EADDRINUSE, "stop the program");
    listeners[0] = v4;
    listener_close(&listeners[0]);
}

START_TEST(a_unix_socket_is_there_while_it_listens_and_not_after)
{
    struct stat status;
    check_opens(unix_address, 1);
    ck_assert_str_eq(listeners[0].url, unix_address);
    check_accepts(&listeners[0], dial_unix(), WEIR_UNIX);
    listener_close(&listeners[0]);
    ck_assert_int_eq(lstat(path, &status), -1);
}

START_TEST(a_unix_socket_that_was_left_behind_is_replaced)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    strcpy(at.sun_path, path);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    close(fd);
    check_opens(unix_address, 1);
    check_accepts(&listeners[0], dial_unix(), WEIR_UNIX);
    listener_close(&listeners[0]);
}

START_TEST(a_unix_socket_on_which_somebody_listens_stays)
{
    struct listener first;
    check_opens(unix_address, 1);
    first = listeners[0];
    check_fails(unix_address, -EADDRINUSE, path);
    check_accepts(&first, dial_unix(), WEIR_UNIX);      /* the look at it was accepted first, and is gone */
    check_accepts(&first, dial_unix(), WEIR_UNIX);
    listener_close(&first);
}

/* Its queue is full: the look at it is told EAGAIN, which is no refusal. */
START_TEST(a_unix_socket_whose_server_is_busy_stays)
{
    const int busy = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    strcpy(at.sun_path, path);
    ck_assert_int_eq(bind(busy, (const struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(busy, 0), 0);
    const int first = dial_unix();
    ck_assert_int_ge(first, 0);
    check_fails(unix_address, -EADDRINUSE, path);
    ck_assert_int_eq(access(path, F_OK), 0);
    close(first);
    close(busy);
}

/* Anything that is no socket is somebody's. */
START_TEST(what_is_no_socket_is_never_removed)
{
    struct stat status;
    const int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(file);
    check_fails(unix_address, -EADDRINUSE, "");
    ck_assert_int_eq(lstat(path, &status), 0);
    ck_assert(S_ISREG(status.st_mode));
    unlink(path);
    ck_assert_int_eq(symlink("/nowhere", path), 0);
    check_fails(unix_address, -EADDRINUSE, "");
    ck_assert_int_eq(lstat(path, &status), 0);
    ck_assert(S_ISLNK(status.st_mode));
}

static const struct bad_address {
    const char *address;
    int rc;
    const char *says;
} bad_addresses[] = {
    { "", -EINVAL, "say 127.0.0.1:8080" },
    { "8080", -EINVAL, "say 127.0.0.1:8080" },
    { "localhost:8080", -EINVAL, "say 127.0.0.1:8080" },
    { "127.0.0.1", -EINVAL, "say" },
    { "127.0.0.1:", -EINVAL, "port" },
    { "127.0.0.1:65536", -EINVAL, "port" },
    { "127.0.0.1:http", -EINVAL, "port" },
    { "127.0.0.1:-1", -EINVAL, "port" },
    { "[::1:80", -EINVAL, "say" },
    { "::1:80", -EINVAL, "say" },
    { "unix:", -EINVAL, "unix:PATH" },
    { "192.0.2.1:0", -EADDRNOTAVAIL, "no such address" },
    { "[2001:db8::1]:0", -EADDRNOTAVAIL, "no such address" },
    { "unix:/nowhere/at/all", -ENOENT, "No such file" },
    { "unix:/proc/weir", -ENOENT, "cannot listen" },
};

START_TEST(a_bad_address_gets_one_line_that_says_what_would_be_right)
{
    check_fails(bad_addresses[_i].address, bad_addresses[_i].rc, bad_addresses[_i].says);
}

START_TEST(a_long_address_does_not_leave_the_line)
{
    char address[4096];
    memset(address, '1', sizeof address);
    address[sizeof address - 1] = '\0';
    ck_assert_int_eq(listener_open(listeners, address, false, error), -EINVAL);
    ck_assert_uint_lt(strlen(error), sizeof error);
    memcpy(address, "unix:", 5);
    ck_assert_int_eq(listener_open(listeners, address, false, error), -EINVAL);
    ck_assert_ptr_nonnull(strstr(error, "107 bytes"));
}

START_TEST(a_path_of_the_longest_kind_listens)
{
    char address[128];
    ck_assert_int_eq(chdir(folder), 0);
    memset(address, 'p', sizeof address);
    memcpy(address, "unix:", 5);
    address[5 + 107] = '\0';
    check_opens(address, 1);
    ck_assert_str_eq(listeners[0].url, address);
    listener_close(&listeners[0]);
    ck_assert_int_eq(access(address + 5, F_OK), -1);
}

int main(void)
{
    TCase *tests = tcase_create("listener");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, port_0_takes_a_free_port_and_the_url_says_which);
    tcase_add_test(tests, nothing_to_accept_is_told_without_waiting);
    tcase_add_test(tests, accepted_connections_do_not_wait_to_send_small_pieces);
    tcase_add_test(tests, a_port_in_use_is_said_to_be);
    tcase_add_test(tests, ipv6_listens_for_itself_alone);
    tcase_add_test(tests, no_host_means_both_families_on_one_port);
    tcase_add_test(tests, a_tcp_address_is_shared_by_a_socket_of_its_own);
    tcase_add_test(tests, a_port_is_not_shared_with_another_program);
    tcase_add_test(tests, a_unix_socket_is_shared_as_it_is);
    tcase_add_test(tests, both_families_or_none);
    tcase_add_test(tests, a_unix_socket_is_there_while_it_listens_and_not_after);
    tcase_add_test(tests, a_unix_socket_that_was_left_behind_is_replaced);
    tcase_add_test(tests, a_unix_socket_on_which_somebody_listens_stays);
    tcase_add_test(tests, a_unix_socket_whose_server_is_busy_stays);
    tcase_add_test(tests, what_is_no_socket_is_never_removed);
    tcase_add_loop_test(tests, a_bad_address_gets_one_line_that_says_what_would_be_right, 0, COUNT_OF(bad_addresses));
    tcase_add_test(tests, a_long_address_does_not_leave_the_line);
    tcase_add_test(tests, a_path_of_the_longest_kind_listens);
    return check_run(tests);
}
