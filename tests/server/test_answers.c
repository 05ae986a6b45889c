/* What a whole server adds to answers, and content that is pulled through it: fields on every answer, pages of the application's own, sources
 * that go on for ever, wait, or never come back. */
#include <stdatomic.h>
#include <time.h>

#include "http/response.h"
#include "server/server.h"
#include "tests/check_support.h"
#include "tests/server/client.h"

/* ---- options */

static char long_value[8200];

#define FIELD(name, value) { TEXT(name), TEXT(value) }

static const struct fault_case {
    struct weir_field field;
    bool is_wrong;
} field_cases[] = {
    { FIELD("X-Content-Type-Options", "nosniff"), false }, { FIELD("Cache-Control", ""), false }, { FIELD("", "a"), true },
    { FIELD("a b", "a"), true }, { FIELD("X", "a\nb"), true },
    { FIELD("X", "a\r\nDate: b"), true }, { FIELD("date", "a"), true }, { FIELD("SERVER", "a"), true },
    { FIELD("Connection", "close"), true }, { FIELD("Content-Length", "0"), true }, { FIELD("Transfer-Encoding", "chunked"), true },
    { FIELD("content-type", "a/b"), true }, { FIELD("Allow", "GET"), true },
    { { TEXT("X"), { long_value, 8192 - 5 } }, false }, { { TEXT("X"), { long_value, 8192 - 4 } }, true },
};

START_TEST(a_field_that_could_break_a_head_does_not_open_a_server)
{
    struct weir_options options = client_options();
    memset(long_value, 'v', sizeof long_value);
    options.fields = &field_cases[_i].field;
    options.field_count = 1;
    const char *fault = server_options_fault(&options);
    ck_assert_msg((fault != NULL) == field_cases[_i].is_wrong, "%s", fault);
    ck_assert(fault == NULL || strncmp(fault, "fields:", 7) == 0);
}

static const struct { struct weir_page page; bool is_wrong; } page_cases[] = {
    { { 400, TEXT("text/html"), TEXT("") }, false }, { { 599, TEXT(""), TEXT("") }, false }, { { 399, TEXT("a/b"), TEXT("") }, true },
    { { 600, TEXT("a/b"), TEXT("") }, true }, { { 404, TEXT("a\r\nb"), TEXT("") }, true }, { { 404, { long_value, 1025 }, TEXT("") }, true },
};

START_TEST(a_page_that_cannot_be_sent_does_not_open_a_server)
{
    struct weir_options options = client_options();
    memset(long_value, 'v', sizeof long_value);
    options.pages = &page_cases[_i].page;
    options.page_count = 1;
    const char *fault = server_options_fault(&options);
    ck_assert_msg((fault != NULL) == page_cases[_i].is_wrong, "%s", fault);
    ck_assert(fault == NULL || strncmp(fault, "pages:", 6) == 0);
}

/* ---- a source, and a server for it */

enum source_kind { ENDLESS, OFFLOADED, FORGOTTEN };

static struct {
    enum source_kind kind;
    struct weir_ticket ticket;
    unsigned offloads;
    bool ready;                        /* an offload is back, and what it brought was not taken yet */
} source;
static _Atomic int released;

static void work(void *unused)
{
    (void)unused;
    nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

static void done(void *unused)
{
    (void)unused;
    source.ready = true;
    weir_resume(source.ticket);
}

/* Five letters, each from a thread. */
static size_t next_offloaded(char *out)
{
    if (source.ready) {
        source.ready = false;
        *out = (char)('a' + source.offloads);
        return 1;
    }
    if (source.offloads == 5)
        return 0;
    source.offloads++;
    return weir_offload(source.ticket.host, work, done, &source) ? WEIR_PULL_LATER : WEIR_PULL_CUT;
}

static size_t next(void *context, void *out, size_t room)
{
    (void)context;
    switch (source.kind) {
    case ENDLESS:
        memset(out, 'e', room);
        return room;
    case OFFLOADED:
        return next_offloaded(out);
    case FORGOTTEN:
        break;
    }
    return WEIR_PULL_LATER;
}

static void release(void *context)
{
    (void)context;
    released++;
}

static void answer(struct weir_request *request, void *context)
{
    (void)context;
    if (request->path.len > 1) {
        weir_respond_page(request, 404, NULL, 0);
        return;
    }
    source.ticket = weir_defer(request);
    const struct weir_response response = {
        .status = 200,
        .body = WEIR_PULL,
        .length = UINT64_MAX,
        .pull = next,
        .release = release,
    };
    weir_respond(weir_claim(source.ticket), &response);
}

static struct running running;

static int start(const struct weir_options *options, enum source_kind kind)
{
    static const struct weir_handler handler = { .answer = answer };
    memset(&source, 0, sizeof source);
    source.kind = kind;
    released = 0;
    running_start(&running, options, &handler);
    return client_dial(running.server);
}

/* Reads until `text` has come. */
static void read_until(int fd, const char *text, char seen[4096])
{
    size_t len = 0;
    for (seen[0] = '\0'; strstr(seen, text) == NULL; seen[len] = '\0') {
        const ssize_t got = client_receive(fd, seen + len, 4095 - len);
        ck_assert_msg(got > 0, "it ended after: %s", seen);
        len += (size_t)got;
    }
}

#define GET_ELSE "GET /else HTTP/1.1\r\nHost: a\r\n\r\n"

START_TEST(every_answer_has_the_fields_and_errors_have_the_pages_even_the_largest)
{
    static char text[300000], type[1024];
    const struct weir_page page = { 404, { type, sizeof type }, { text, sizeof text } };
    const struct weir_field fields[] = { { TEXT("X"), { long_value, 7000 } }, FIELD("X-Last", "z") };
    struct weir_options options = client_options();
    static char seen[16384];
    memset(long_value, 'v', sizeof long_value);
    memset(text, 'p', sizeof text);
    memset(type, 't', sizeof type);
    options.fields = fields;
    options.field_count = 2;
    options.pages = &page;
    options.page_count = 1;
    const int fd = start(&options, ENDLESS);
    for (int i = 0; i < 3; i++) {
        size_t len = 0;
        client_send(fd, GET_ELSE);
        while (len < 4 || memcmp(seen + len - 4, "\r\n\r\n", 4) != 0) {
            ck_assert_int_eq(client_receive(fd, seen + len, 1), 1);
            len++;
        }
        seen[len] = '\0';
        ck_assert_ptr_nonnull(strstr(seen, "\r\nX-Last: z\r\n"));
        ck_assert_ptr_nonnull(strstr(seen, "\r\nContent-Length: 300000\r\n"));
        for (size_t left = sizeof text; left > 0;) {
            const ssize_t got = client_receive(fd, seen, left < sizeof seen ? left : sizeof seen);
            ck_assert_int_gt(got, 0);
            ck_assert_int_eq(seen[got - 1], 'p');
            left -= (size_t)got;
        }
    }
    close(fd);
    running_stop(&running);
}

static void *read_for_ever(void *fd)
{
    static char dropped[65536];
    while (recv(*(int *)fd, dropped, sizeof dropped, 0) > 0)
        continue;
    return NULL;
}

START_TEST(a_source_without_an_end_leaves_others_their_turn)
{
    char head[4096];
    size_t content;
    pthread_t reader;
    const struct weir_options options = client_options();
    int fd = start(&options, ENDLESS);
    client_send(fd, CLIENT_GET);
    ck_assert_int_eq(pthread_create(&reader, NULL, read_for_ever, &fd), 0);
    const int other = client_dial(running.server);
    for (int i = 0; i < 100; i++) {
        client_send(other, GET_ELSE);
        ck_assert_int_eq(client_answer(other, head, &content), 404);
    }
    shutdown(fd, SHUT_RDWR);
    pthread_join(reader, NULL);
    close(fd);
    close(other);
    running_stop(&running);
    ck_assert_int_eq(released, 1);
}

START_TEST(each_piece_may_come_from_a_thread)
{
    char seen[4096];
    const struct weir_options options = client_options();
    const int fd = start(&options, OFFLOADED);
    client_send(fd, CLIENT_GET GET_ELSE);
    read_until(fd, "HTTP/1.1 404", seen);
    ck_assert_ptr_nonnull(strstr(seen, "\r\n\r\n1\r\nb\r\n1\r\nc\r\n1\r\nd\r\n1\r\ne\r\n1\r\nf\r\n0\r\n\r\nHTTP/1.1 404"));
    ck_assert_int_eq(released, 1);
    close(fd);
    running_stop(&running);
}

START_TEST(a_source_that_never_comes_back_is_given_up_with_send_timeout)
{
    char seen[4096];
    struct weir_counters counters;
    struct weir_options options = client_options();
    options.send_timeout = 200;
    const int fd = start(&options, FORGOTTEN);
    client_send(fd, CLIENT_GET);
    read_until(fd, "\r\n\r\n", seen);
    ck_assert_int_le(client_receive(fd, seen, sizeof seen), 0);
    ck_assert_int_eq(released, 1);
    weir_counters(running.server, &counters);
    ck_assert_uint_eq(counters.timeouts, 1);
    close(fd);
    running_stop(&running);
}

int main(void)
{
    TCase *tests = tcase_create("answers");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_field_that_could_break_a_head_does_not_open_a_server, 0, COUNT_OF(field_cases));
    tcase_add_loop_test(tests, a_page_that_cannot_be_sent_does_not_open_a_server, 0, COUNT_OF(page_cases));
    tcase_add_test(tests, every_answer_has_the_fields_and_errors_have_the_pages_even_the_largest);
    tcase_add_test(tests, a_source_without_an_end_leaves_others_their_turn);
    tcase_add_test(tests, each_piece_may_come_from_a_thread);
    tcase_add_test(tests, a_source_that_never_comes_back_is_given_up_with_send_timeout);
    return check_run(tests);
}
