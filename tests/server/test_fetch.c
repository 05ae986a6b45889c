/* Files on their way to a client: those that are not in memory are read by a thread, those that change are cut.
 *
 * --wrap: os_pread_cached os_pread os_is_in_memory os_dup os_close os_sendfile
 *
 * What the kernel would say of a disk is said here. */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>

#include "os/os.h"
#include "tests/check_support.h"
#include "tests/server/client.h"

#define FILE_SIZE (UINT64_C(48) * 1024 * 1024)

ssize_t __real_os_pread(int fd, void *data, size_t size, uint64_t offset);
int __real_os_dup(int fd);
void __real_os_close(int fd);
ssize_t __real_os_sendfile(int fd, int from, uint64_t offset, size_t size);
ssize_t __wrap_os_pread_cached(int fd, void *data, size_t size, uint64_t offset);
ssize_t __wrap_os_pread(int fd, void *data, size_t size, uint64_t offset);
int __wrap_os_is_in_memory(int fd);
int __wrap_os_dup(int fd);
void __wrap_os_close(int fd);
ssize_t __wrap_os_sendfile(int fd, int from, uint64_t offset, size_t size);

static struct {
    ssize_t cached;                    /* what is said of a page: 1, or a negated errno */
    int in_memory;
    int dup;                           /* what os_dup() says; 0: what it is */
    bool gated;                        /* a read passes the gate */
} disk;
static sem_t gate;
static _Atomic int looks, kinds, dups, reads, duplicates;

ssize_t __wrap_os_pread_cached(int fd, void *data, size_t size, uint64_t offset)
{
    (void)fd;
    (void)offset;
    ck_assert_uint_eq(size, 1);
    looks++;
    if (disk.cached > 0)
        memset(data, 0, size);
    return disk.cached;
}

ssize_t __wrap_os_pread(int fd, void *data, size_t size, uint64_t offset)
{
    if (atomic_fetch_add(&reads, 1) == 0 && disk.gated)
        while (sem_wait(&gate) != 0)
            continue;
    return __real_os_pread(fd, data, size, offset);
}

int __wrap_os_is_in_memory(int fd)
{
    (void)fd;
    kinds++;
    return disk.in_memory;
}

static _Atomic int last_dup;

int __wrap_os_dup(int fd)
{
    dups++;
    const int made = disk.dup != 0 ? disk.dup : __real_os_dup(fd);
    duplicates += made >= 0;
    last_dup = made;
    return made;
}

void __wrap_os_close(int fd)
{
    if (fd >= 0 && fd == last_dup) {
        duplicates--;
        last_dup = -1;
    }
    __real_os_close(fd);
}

static _Atomic bool stalled;               /* the socket takes nothing of a file */
static _Atomic int stalls;

ssize_t __wrap_os_sendfile(int fd, int from, uint64_t offset, size_t size)
{
    if (!stalled)
        return __real_os_sendfile(fd, from, offset, size);
    stalls++;
    return -EAGAIN;
}

/* ---- a server of one file */

static char path[] = "/tmp/weir-test-fetch-XXXXXX";
static int file;
static struct weir_warmth warmth;
static _Atomic uint64_t believed_until;    /* in place of the second from when it was looked for; 0: that */
static _Atomic int released;
static struct running running;
static int client;

static void release(void *context)
{
    (void)context;
    released++;
}

static void answer(struct weir_request *request, void *context)
{
    (void)context;
    const bool other = request->path.len > 1;
    if (believed_until > 0)
        warmth.until_ms = believed_until;
    const struct weir_response response = {
        .status = 200,
        .body = WEIR_FILE,
        .fd = file,
        .warmth = &warmth,
        .length = other ? 0 : FILE_SIZE,
        .release = other ? NULL : release,
    };
    weir_respond(request, &response);
}

static void setup(void)
{
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(ftruncate(file, FILE_SIZE), 0);
    disk.cached = 1;
    disk.in_memory = disk.dup = 0;
    disk.gated = false;
    looks = kinds = dups = reads = duplicates = released = stalls = 0;
    stalled = false;
    last_dup = -1;
    warmth = (struct weir_warmth){ 0 };
    believed_until = 0;
    sem_init(&gate, 0, 0);
}

static void teardown(void)
{
    close(file);
    unlink(path);
    sem_destroy(&gate);
}

static void start(uint32_t send_timeout)
{
    static const struct weir_handler handler = { .answer = answer };
    struct weir_options options = client_options();
    options.send_timeout = send_timeout;
    running_start(&running, &options, &handler);
    client = client_dial(running.server);
    client_send(client, CLIENT_GET);
}

static void stop_after(int times)
{
    close(client);
    running_stop(&running);
    ck_assert_int_eq(released, times);
    ck_assert_msg(duplicates == 0, "what a thread reads from is closed");
}

static void stop(void)
{
    stop_after(1);
}

static void assert_others_are_served(void)
{
    char head[4096];
    size_t content;
    const int other = client_dial(running.server);
    client_send(other, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert_int_eq(client_answer(other, head, &content), 200);
    close(other);
}

static void assert_all_comes(void)
{
    char head[4096];
    size_t content;
    ck_assert_int_eq(client_answer(client, head, &content), 200);
    ck_assert_uint_eq(content, FILE_SIZE);
}

static void wait_for(_Atomic int *what, int count)
{
    while (atomic_load(what) < count)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

START_TEST(what_is_in_memory_is_sent_at_once)
{
    start(30000);
    assert_all_comes();
    stop();
    ck_assert_int_eq(dups, 0);
    ck_assert_int_eq(reads, 0);
    ck_assert_int_le(looks, (int)(FILE_SIZE >> 20));
}

START_TEST(what_was_in_memory_is_not_looked_for_again_while_that_is_believed)
{
    start(30000);
    assert_all_comes();
    const int before = looks;
    ck_assert_int_gt(before, 0);
    believed_until = UINT64_MAX;
    client_send(client, CLIENT_GET);
    assert_all_comes();
    ck_assert_int_eq(looks, before);
    believed_until = 1;
    client_send(client, CLIENT_GET);
    assert_all_comes();
    stop_after(3);
    ck_assert_int_gt(looks, before + 1);
}

START_TEST(what_was_not_is_looked_for_again)
{
    disk.cached = -EAGAIN;
    start(30000);
    assert_all_comes();
    const int before = looks;
    client_send(client, CLIENT_GET);
    assert_all_comes();
    stop_after(2);
    ck_assert_int_gt(looks, before + 1);
}

START_TEST(what_is_not_is_read_by_a_thread_and_others_are_served_meanwhile)
{
    disk.cached = -EAGAIN;
    disk.gated = true;
    start(30000);
    wait_for(&reads, 1);
    assert_others_are_served();
    ck_assert_int_eq(duplicates, 1);
    sem_post(&gate);
    assert_all_comes();
    stop();
    ck_assert_int_ge(dups, 2);
}

START_TEST(a_file_system_that_cannot_tell_is_asked_once)
{
    disk.cached = -EOPNOTSUPP;
    disk.in_memory = _i;
    start(30000);
    assert_all_comes();
    stop();
    ck_assert_int_eq(looks, 1);
    ck_assert_int_eq(kinds, 1);
    ck_assert_int_eq(dups > 0, !disk.in_memory);
}

START_TEST(without_a_descriptor_for_a_thread_the_file_is_sent_all_the_same)
{
    disk.cached = -EAGAIN;
    disk.dup = -EMFILE;
    start(30000);
    assert_all_comes();
    stop();
    ck_assert_int_eq(reads, 0);
}

START_TEST(a_disk_that_takes_longer_than_a_client_may_is_waited_for)
{
    disk.cached = -EAGAIN;
    disk.gated = true;
    start(100);
    wait_for(&reads, 1);
    nanosleep(&(struct timespec){ .tv_nsec = 400000000 }, NULL);
    sem_post(&gate);
    assert_all_comes();
    stop();
}

START_TEST(a_client_that_goes_meanwhile_leaves_nothing_behind)
{
    struct weir_counters counters;
    disk.cached = -EAGAIN;
    disk.gated = true;
    start(30000);
    wait_for(&reads, 1);
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    shutdown(client, SHUT_RDWR);
    assert_others_are_served();
    sem_post(&gate);
    do {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        weir_counters(running.server, &counters);
    } while (counters.open > 0);
    stop();
}

START_TEST(a_server_that_ends_meanwhile_waits_for_the_disk)
{
    struct weir_options options = client_options();
    static const struct weir_handler handler = { .answer = answer };
    options.drain_timeout = 0;
    disk.cached = -EAGAIN;
    disk.gated = true;
    running_start(&running, &options, &handler);
    client = client_dial(running.server);
    client_send(client, CLIENT_GET);
    wait_for(&reads, 1);
    weir_stop(running.server);
    running_join(&running);
    ck_assert_int_eq(released, 1);
    ck_assert_int_eq(duplicates, 1);
    sem_post(&gate);
    weir_close(running.server);
    ck_assert_int_eq(duplicates, 0);
    close(client);
}

/* ---- files that change; what a socket takes while nobody reads is less than the file is long */

/* Waits until the server can send no more. */
static void wait_until_full(void)
{
    struct weir_counters counters;
    for (uint64_t before = UINT64_MAX, same = 0; same < 20;) {
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
        weir_counters(running.server, &counters);
        same = counters.bytes_out == before && before > 0 ? same + 1 : 0;
        before = counters.bytes_out;
    }
    ck_assert_uint_lt(counters.bytes_out, FILE_SIZE - 4 * 1024 * 1024);
}

static void assert_a_part_comes(void)
{
    static char dropped[65536];
    uint64_t total = 0;
    for (ssize_t got; (got = client_receive(client, dropped, sizeof dropped)) > 0;)
        total += (uint64_t)got;
    ck_assert_uint_lt(total, FILE_SIZE);
}

enum change { EDITED, SHORTER, SHORTER_BY_LITTLE, CHANGE_COUNT };

START_TEST(a_file_that_changes_while_it_is_sent_is_cut)
{
    start(30000);
    wait_until_full();
    if (_i == EDITED)
        ck_assert_int_eq(pwrite(file, "x", 1, (off_t)FILE_SIZE - 1), 1);
    else
        ck_assert_int_eq(ftruncate(file, _i == SHORTER ? 0 : (off_t)FILE_SIZE - 1), 0);
    assert_a_part_comes();
    stop();
}

START_TEST(a_file_that_changes_before_any_of_it_left_is_cut)
{
    stalled = true;
    start(30000);
    wait_for(&stalls, 1);
    ck_assert_int_eq(pwrite(file, "x", 1, 0), 1);
    stalled = false;
    client_send(client, "\r\n");                  /* the poller tells of the socket anew */
    assert_a_part_comes();
    stop();
}

START_TEST(a_file_that_is_appended_to_is_sent_as_long_as_it_was)
{
    start(30000);
    wait_until_full();
    ck_assert_int_eq(pwrite(file, "x", 1, (off_t)FILE_SIZE), 1);
    assert_all_comes();
    stop();
}

int main(void)
{
    TCase *tests = tcase_create("files on their way");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_is_in_memory_is_sent_at_once);
    tcase_add_test(tests, what_was_in_memory_is_not_looked_for_again_while_that_is_believed);
    tcase_add_test(tests, what_was_not_is_looked_for_again);
    tcase_add_test(tests, what_is_not_is_read_by_a_thread_and_others_are_served_meanwhile);
    tcase_add_loop_test(tests, a_file_system_that_cannot_tell_is_asked_once, 0, 2);
    tcase_add_test(tests, without_a_descriptor_for_a_thread_the_file_is_sent_all_the_same);
    tcase_add_test(tests, a_disk_that_takes_longer_than_a_client_may_is_waited_for);
    tcase_add_test(tests, a_client_that_goes_meanwhile_leaves_nothing_behind);
    tcase_add_test(tests, a_server_that_ends_meanwhile_waits_for_the_disk);
    tcase_add_loop_test(tests, a_file_that_changes_while_it_is_sent_is_cut, 0, CHANGE_COUNT);
    tcase_add_test(tests, a_file_that_changes_before_any_of_it_left_is_cut);
    tcase_add_test(tests, a_file_that_is_appended_to_is_sent_as_long_as_it_was);
    return check_run(tests);
}
