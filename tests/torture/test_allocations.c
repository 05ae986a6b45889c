/* Memory: the k-th allocation of weir fails, for each k, at the start and while it serves; and a warm server needs none at all.
 *
 * --wrap: malloc calloc realloc strdup free os_pread_cached
 *
 * The linker leads each of these calls in what is linked here to the functions below; they look at those that are made within a call of weir. What
 * the C library asks for itself is not led here. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "handler/hello.h"
#include "handler/static.h"
#include "tests/check_support.h"
#include "tests/handler/folder.h"
#include "tests/server/client.h"

/* ---- the allocator */

static _Thread_local bool of_test;     /* the thread of the test itself; all others are weir's */
static bool inside;                    /* weir is called: what follows is about its allocations alone */
static _Atomic bool watched;           /* they are counted, and may fail */
static _Atomic uint64_t allocations;
static _Atomic uint64_t fail_at;       /* the one with this number, from 1; 0: none */
static _Atomic int64_t live;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *memory);

static bool is_of_weir(void)
{
    return inside || !of_test;
}

static bool fails(void)
{
    return is_of_weir() && watched && ++allocations == fail_at;
}

static void *counted(void *memory)
{
    live += is_of_weir() && memory != NULL;
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    if (fails())
        return NULL;
    live -= is_of_weir() && memory != NULL;
    return counted(__real_realloc(memory, size));
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : counted(__real_strdup(text));
}

void __wrap_free(void *memory)
{
    live -= is_of_weir() && memory != NULL;
    __real_free(memory);
}

static void watch(uint64_t k)
{
    allocations = 0;
    fail_at = k;
    watched = true;
}

/* How many were asked for. */
static uint64_t look_away(void)
{
    watched = false;
    return allocations;
}

/* ---- the disk */

static bool cold;                      /* nothing of a file is in memory: all goes by threads */

ssize_t __real_os_pread_cached(int fd, void *data, size_t size, uint64_t offset);
ssize_t __wrap_os_pread_cached(int fd, void *data, size_t size, uint64_t offset);

ssize_t __wrap_os_pread_cached(int fd, void *data, size_t size, uint64_t offset)
{
    return cold ? -EAGAIN : __real_os_pread_cached(fd, data, size, offset);
}

/* ---- calls of weir */

static char error[WEIR_ERROR_SIZE];

static struct weir *open_server(const struct weir_options *options, const struct weir_handler *handler)
{
    inside = true;
    struct weir *opened = weir_open(options, handler, error);
    inside = false;
    return opened;
}

static void close_server(struct weir *opened)
{
    inside = true;
    weir_close(opened);
    inside = false;
}

static void turn_server(struct weir *turned)
{
    inside = true;
    weir_turn(turned);
    inside = false;
}

static int open_files(struct static_files **files, struct weir_handler *handler)
{
    struct static_options options = static_defaults();
    options.workers = 2;
    inside = true;
    const int rc = static_files_open(files, &options, handler, error);
    inside = false;
    return rc;
}

static void close_files(struct static_files *files)
{
    inside = true;
    static_files_close(files);
    inside = false;
}

/* ---- a folder, and servers for it */

static char folder[FOLDER_PATH_SIZE];

static void make_files(void)
{
    static char text[100000];
    folder_enter(folder);
    memset(text, 'x', sizeof text);
    folder_text("index.html", "<p>home");
    folder_write("small.txt", text, 1000);
    folder_write("large.bin", text, sizeof text);
}

static void remove_files(void)
{
    folder_leave(folder);
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* A handler whose answers need memory: content is kept whole, and what goes back is copied. */
static enum weir_intake keep_whole(struct weir_request *request, void *context)
{
    (void)request;
    (void)context;
    return WEIR_BODY_WHOLE;
}

static void answer_copy(struct weir_request *request, void *context)
{
    static char text[100000];
    (void)context;
    weir_respond(request, &(struct weir_response){ .status = 200, .data = text, .length = sizeof text });
}

static const struct weir_handler needy = { .methods = WEIR_GET | WEIR_POST, .head = keep_whole, .answer = answer_copy };

static struct weir_options all_options(void)
{
    static const char *const listen[] = { "127.0.0.1:0", "unix:socket" };
    struct weir_options options = client_options();
    options.listen = listen;
    options.listen_count = 2;
    options.access_log = "log";
    return options;
}

/* ---- the start */

START_TEST(a_start_without_memory_says_so_and_leaves_nothing)
{
    struct weir_options options = all_options();
    options.workers = 3;
    const int64_t live_before = live;
    const unsigned open_before = open_descriptors();
    uint64_t failures = 0;
    for (struct weir *server = NULL; server == NULL;) {
        memset(error, 0, sizeof error);
        watch(failures + 1);
        server = open_server(&options, &needy);
        look_away();
        if (server == NULL) {
            failures++;
            ck_assert_msg(strstr(error, "memory") != NULL, "allocation %ju: %s", (uintmax_t)failures, error);
        }
        close_server(server);
        ck_assert_int_eq(live, live_before);
        ck_assert_uint_eq(open_descriptors(), open_before);
        ck_assert_int_eq(access("socket", F_OK), -1);
    }
    ck_assert_uint_ge(failures, 4 + 2 * options.workers);      /* itself, the log's name, listeners, workers; of each its slots and its log */
}

START_TEST(a_start_of_the_file_server_without_memory_says_so_or_does_without)
{
    const int64_t live_before = live;
    const unsigned open_before = open_descriptors();
    uint64_t made = 0;
    for (uint64_t k = 1; k == 1 || k <= made + 1; k++) {
        struct static_files *files = NULL;
        struct weir_handler handler;
        watch(k);
        const int rc = open_files(&files, &handler);
        made = look_away();
        ck_assert_msg(rc == 0 || (rc == -ENOMEM && strstr(error, "memory") != NULL), "%d: %s", rc, error);
        if (rc == 0)
            close_files(files);
        ck_assert_int_eq(live, live_before);
        ck_assert_uint_eq(open_descriptors(), open_before);
    }
    ck_assert_uint_ge(made, 1);
}

/* ---- serving */

static struct weir *server;

/* Turns the server until something has come for `fd`. */
static void turn_until_told(int fd)
{
    for (unsigned tries = 0; client_waits(fd, 0); tries++) {
        struct pollfd look = { .fd = weir_fd(server), .events = POLLIN };
        const int wait = weir_wait_ms(server);
        ck_assert_uint_lt(tries, 1000);
        (void)poll(&look, 1, wait < 0 || wait > 10 ? 10 : wait);
        turn_server(server);
    }
}

/* One request on a connection of its own. Its status, or 0 where the connection ended without an answer, or within it. */
static int ask(const char *request)
{
    char text[4096];
    size_t len = 0;
    int status = 0;
    const int fd = client_dial(server);
    client_send(fd, request);
    for (ssize_t got = 1; got > 0;) {
        turn_until_told(fd);
        got = recv(fd, text + len, sizeof text - 1 - len, 0);
        len += got > 0 && len < 2048 ? (size_t)got : 0;
    }
    text[len] = '\0';
    if (sscanf(text, "HTTP/1.1 %d ", &status) != 1)
        status = 0;
    close(fd);
    return status;
}

#define END " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

#define CHUNKED_POST "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1388\r\n%05000d\r\n0\r\n\r\n"

/* Each answer is the right one, or says that there is no memory, or none comes at all; the server lives. */
static void check_dialog(const struct weir_handler *handler, const char *const *requests, size_t count)
{
    const struct weir_options options = all_options();
    const int64_t live_before = live;
    const unsigned open_before = open_descriptors();
    uint64_t made = 1;
    for (uint64_t k = 1; k <= made + 1; k++) {
        server = open_server(&options, handler);
        watch(k);
        for (size_t i = 0; i < count; i++) {
            const int status = ask(requests[i]);
            ck_assert_msg(status == 0 || status == 200 || status == 500 || status == 503, "%s: %d", requests[i], status);
        }
        made = look_away();
        for (size_t i = 0; i < count; i++)
            ck_assert_int_eq(ask(requests[i]), 200);
        struct weir_counters counters;
        weir_counters(server, &counters);
        ck_assert_uint_eq(counters.impossible, 0);
        close_server(server);
        ck_assert_msg(live == live_before, "allocation %ju: %jd were not freed", (uintmax_t)k, (intmax_t)(live - live_before));
        ck_assert_uint_eq(open_descriptors(), open_before);
    }
    ck_assert_uint_ge(made, 2);
}

START_TEST(a_server_without_memory_harms_one_request_and_leaks_nothing)
{
    static char post[8192];
    snprintf(post, sizeof post, CHUNKED_POST, 0);
    const char *const requests[] = { "GET /" END, post, "GET /" END };
    check_dialog(&needy, requests, COUNT_OF(requests));
}

/* A fresh file server for each k: the cache must be cold. */
START_TEST(a_file_server_without_memory_serves_all_the_same)
{
    const char *const requests[] = { "GET /" END, "GET /small.txt" END, "GET /large.bin" END, "GET /small.txt" END };
    struct weir_options options = all_options();
    const int64_t live_before = live;
    const unsigned open_before = open_descriptors();
    uint64_t made = 1;
    cold = _i;
    for (uint64_t k = 1; k <= made + 1; k++) {
        struct static_files *files;
        struct weir_handler handler;
        ck_assert_int_eq(open_files(&files, &handler), 0);
        server = open_server(&options, &handler);
        watch(k);
        for (size_t i = 0; i < COUNT_OF(requests); i++) {
            const int status = ask(requests[i]);
            ck_assert_msg(status == 0 || status == 200 || status == 500 || status == 503, "%s: %d", requests[i], status);
        }
        made = look_away();
        for (size_t i = 0; i < COUNT_OF(requests); i++)
            ck_assert_int_eq(ask(requests[i]), 200);
        close_server(server);
        close_files(files);
        ck_assert_int_eq(live, live_before);
        ck_assert_uint_eq(open_descriptors(), open_before);
    }
    ck_assert_uint_ge(made, 3);
}

static unsigned calls;

static void count_call(void *unused)
{
    (void)unused;
    calls++;
}

START_TEST(a_call_that_cannot_be_posted_is_not_made)
{
    const struct weir_options options = all_options();
    server = open_server(&options, &needy);
    inside = true;
    watch(2);
    const bool first = weir_post(server, 0, count_call, NULL);
    const bool second = weir_post(server, 0, count_call, NULL);
    const bool third = weir_post(server, 0, count_call, NULL);
    look_away();
    inside = false;
    ck_assert(first && !second && third);
    turn_server(server);
    ck_assert_uint_eq(calls, 2);
    close_server(server);
    ck_assert_int_eq(live, 0);
}

/* ---- no allocation for a request */

enum { WARM = 50, COUNTED = 1000, BATCH = 20 };

static void ask_warm(const int *fds, size_t count, const char *request, unsigned times)
{
    char head[4096];
    size_t content;
    for (unsigned i = 0; i < times; i++) {
        const int fd = fds[i % count];
        client_send(fd, request);
        turn_until_told(fd);
        ck_assert_int_eq(client_answer(fd, head, &content), 200);
    }
}

static void check_needs_no_memory(const struct weir_handler *handler, const char *request)
{
    char batch[4096] = "";
    char head[4096];
    size_t content;
    const struct weir_options options = all_options();
    server = open_server(&options, handler);
    int fds[4];
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        fds[i] = client_dial(server);
    for (int i = 0; i < BATCH; i++)
        strcat(batch, request);
    ask_warm(fds, COUNT_OF(fds), request, WARM);
    watch(0);
    ask_warm(fds, COUNT_OF(fds), request, COUNTED);
    client_send(fds[0], batch);
    for (int i = 0; i < BATCH; i++) {
        turn_until_told(fds[0]);
        ck_assert_int_eq(client_answer(fds[0], head, &content), 200);
    }
    const int fresh = client_dial(server);         /* nor does a new connection */
    ask_warm(&fresh, 1, request, 1);
    ck_assert_uint_eq(look_away(), 0);
    close(fresh);
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        close(fds[i]);
    close_server(server);
}

#define KEEP " HTTP/1.1\r\nHost: a\r\nUser-Agent: test\r\nReferer: http://a/b\r\n\r\n"

START_TEST(a_warm_hello_needs_no_allocation)
{
    const struct weir_handler hello = hello_handler();
    check_needs_no_memory(&hello, "GET /a%20b" KEEP);
}

/* A file that has just been written is read anew for each request, for some seconds: it might change within the same tick of the clock. */
static void let_files_settle(void)
{
    usleep(4500000);
}

START_TEST(a_warm_file_needs_no_allocation)
{
    static const char *const requests[] = { "GET /small.txt" KEEP, "GET /" KEEP, "GET /large.bin" KEEP };
    struct static_files *files;
    struct weir_handler handler;
    let_files_settle();
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        ck_assert_int_eq(open_files(&files, &handler), 0);
        check_needs_no_memory(&handler, requests[i]);
        close_files(files);
    }
}

/* What counts has to count. */
START_TEST(the_allocator_of_this_test_sees_what_weir_asks_for)
{
    const struct weir_options options = all_options();
    const int64_t before = live;
    watch(0);
    server = open_server(&options, &needy);
    ck_assert_uint_ge(look_away(), 5);
    ck_assert_int_ge(live, before + 5);
    close_server(server);
    ck_assert_int_eq(live, before);
}

int main(void)
{
    of_test = true;
    TCase *tests = tcase_create("allocations");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, make_files, remove_files);
    tcase_add_test(tests, the_allocator_of_this_test_sees_what_weir_asks_for);
    tcase_add_test(tests, a_start_without_memory_says_so_and_leaves_nothing);
    tcase_add_test(tests, a_start_of_the_file_server_without_memory_says_so_or_does_without);
    tcase_add_test(tests, a_server_without_memory_harms_one_request_and_leaks_nothing);
    tcase_add_loop_test(tests, a_file_server_without_memory_serves_all_the_same, 0, 2);
    tcase_add_test(tests, a_call_that_cannot_be_posted_is_not_made);
    tcase_add_test(tests, a_warm_hello_needs_no_allocation);
    tcase_add_test(tests, a_warm_file_needs_no_allocation);
    return check_run(tests);
}
