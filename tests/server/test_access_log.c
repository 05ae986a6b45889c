#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/access_log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WHEN 971186136                     /* 10/Oct/2000:13:55:36 */
#define TEXT(literal) { (literal), sizeof(literal) - 1 }

static const struct weir_peer localhost = { .address = { 127, 0, 0, 1 }, .port = 5555, .family = WEIR_IPV4 };

static char folder[] = "/tmp/weir-test-access-log-XXXXXX";
static char log_path[64];

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(log_path, sizeof(log_path), "%s/log", folder);
    signal(SIGPIPE, SIG_IGN);
}

static void remove_folder(void)
{
    unlink(log_path);
    rmdir(folder);
}

/* What the file holds, NUL-terminated; to be freed. */
static char *contents(const char *path, size_t *len)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    *len = (size_t)lseek(fd, 0, SEEK_END);
    char *const text = calloc(1, *len + 1);
    ck_assert_int_eq(pread(fd, text, *len, 0), (ssize_t)*len);
    close(fd);
    return text;
}

static struct access_log opened(int fd)
{
    struct access_log log;
    ck_assert_int_eq(access_log_open(&log, fd), 0);
    return log;
}

static struct access_log opened_file(void)
{
    const int fd = access_log_open_file(log_path);
    ck_assert_int_ge(fd, 0);
    return opened(fd);
}

/* A pipe whose reading end gives back each write on its own; neither end blocks. */
static void packet_pipe(int ends[2])
{
    ck_assert_int_eq(pipe2(ends, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
}

static uint64_t dropped(const struct access_log *log)
{
    return atomic_load(&log->dropped);
}

/* A line of exactly `len` bytes, whose number can be found in it. */
static void add_sized(struct access_log *log, unsigned number, size_t len)
{
    char line[ACCESS_LOG_LINE_MAX];
    const size_t around = strlen("127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"\" 200 0 \"-\" \"-\"\n");
    memset(line, 'x', sizeof(line));
    const int written = snprintf(line, sizeof(line), "#%u#", number);
    line[written] = 'x';
    const struct http_record record = { .line = { line, len - around }, .status = 200 };
    access_log_add(log, &localhost, &record, 0, WHEN);
}

/* ---- lines ---- */

struct line_case {
    struct weir_peer peer;
    struct http_record record;
    const char *line;
};

static const struct line_case line_cases[] = {
    { { .address = { 127, 0, 0, 1 }, .family = WEIR_IPV4 },
      { TEXT("GET /x HTTP/1.1"), TEXT("http://a/"), TEXT("curl/7.88.1"), 200, 13 },
      "127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"GET /x HTTP/1.1\" 200 13 \"http://a/\" \"curl/7.88.1\"\n" },
    { { .address = { 255, 10, 0, 249 }, .family = WEIR_IPV4 },
      { TEXT("GET / HTTP/1.0"), { NULL, 0 }, { NULL, 0 }, 304, 0 },
      "255.10.0.249 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0\" 304 0 \"-\" \"-\"\n" },
    { { .address = { [15] = 1 }, .family = WEIR_IPV6 },
      { { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 408, 21 },
      "::1 - - [10/Oct/2000:13:55:36 +0000] \"-\" 408 21 \"-\" \"-\"\n" },
    { { .family = WEIR_UNIX },
      { TEXT("\x16\x03\x01"), { NULL, 0 }, { NULL, 0 }, 400, UINT64_MAX },
      "unix - - [10/Oct/2000:13:55:36 +0000] \"\\x16\\x03\\x01\" 400 18446744073709551615 \"-\" \"-\"\n" },
    { { .family = WEIR_UNIX },
      { TEXT("GET /\"\\ HTTP/1.1"), TEXT("a\nb"), TEXT("\xc3\xbc\x7f"), 0, 0 },
      "unix - - [10/Oct/2000:13:55:36 +0000] \"GET /\\x22\\x5C HTTP/1.1\" - 0 \"a\\x0Ab\" \"\\xC3\\xBC\\x7F\"\n" },
};

START_TEST(a_line_has_the_combined_log_format)
{
    const struct line_case *const c = &line_cases[_i];
    struct access_log log = opened_file();
    access_log_add(&log, &c->peer, &c->record, 0, WHEN);
    access_log_close(&log);
    size_t len;
    char *const text = contents(log_path, &len);
    ck_assert_str_eq(text, c->line);
    free(text);
    close(log.fd);
}
END_TEST

struct date_case {
    int64_t second;
    const char *date;
};

static const struct date_case date_cases[] = {
    { 0, "01/Jan/1970:00:00:00 +0000" },
    { -1, "31/Dec/1969:23:59:59 +0000" },
    { 951782400, "29/Feb/2000:00:00:00 +0000" },
    { WHEN, "10/Oct/2000:13:55:36 +0000" },
    { 4102444799, "31/Dec/2099:23:59:59 +0000" },
    { 253402300799, "31/Dec/9999:23:59:59 +0000" },
    { 253402300800, "01/Jan/1970:00:00:00 +0000" },
    { INT64_MAX, "01/Jan/1970:00:00:00 +0000" },
    { INT64_MIN + 1, "01/Jan/1970:00:00:00 +0000" },
};

START_TEST(the_date_is_that_of_the_wall_clock_whichever_way_it_jumps)
{
    struct access_log log = opened_file();
    for (size_t i = 0; i < COUNT(date_cases); i++)
        access_log_add(&log, &localhost, &(struct http_record){ .status = 200 }, 0, date_cases[i].second);
    access_log_close(&log);
    size_t len;
    char *const text = contents(log_path, &len);
    const char *at = text;
    for (size_t i = 0; i < COUNT(date_cases); i++) {
        ck_assert(strncmp(at, "127.0.0.1 - - [", 15) == 0);
        ck_assert_msg(strncmp(at + 15, date_cases[i].date, ACCESS_LOG_DATE_LEN) == 0, "%.26s, not %s", at + 15, date_cases[i].date);
        at = strchr(at, '\n') + 1;
    }
    free(text);
    close(log.fd);
}
END_TEST

/* ---- escapes ---- */

/* The rule, in the plainest words. */
static size_t escaped_plainly(const unsigned char *text, size_t len, char *out)
{
    size_t written = 0;
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] >= 0x7f || text[i] == '"' || text[i] == '\\')
            written += (size_t)sprintf(out + written, "\\x%02X", text[i]);
        else
            out[written++] = (char)text[i];
    return written;
}

/* Memory whose last byte stands before a page that cannot be read. */
static unsigned char *edge_of_page(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *const pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(pages, MAP_FAILED);
    ck_assert_int_eq(mprotect(pages + page, page, PROT_NONE), 0);
    return pages + page;
}

static void expect_escaped(struct access_log *log, const unsigned char *text, size_t len)
{
    char expected[512];
    const int begin = sprintf(expected, "127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"");
    size_t size = (size_t)begin + escaped_plainly(text, len, expected + begin);
    size += (size_t)sprintf(expected + size, "\" 200 0 \"-\" \"-\"\n");

    const uint32_t before = log->len;
    access_log_add(log, &localhost, &(struct http_record){ .line = { (const char *)text, len }, .status = 200 }, 0, WHEN);
    ck_assert_uint_eq(log->len - before, size);
    ck_assert_mem_eq(log->buffer + before, expected, size);
    log->len = before;
}

START_TEST(every_byte_at_every_place_is_itself_or_escaped)
{
    struct access_log log = opened_file();
    unsigned char *const edge = edge_of_page();
    for (size_t len = 1; len <= 20; len++)
        for (size_t place = 0; place < len; place++)
            for (int byte = 0; byte < 256; byte++) {
                memset(edge - len, 'a', len);
                edge[(ptrdiff_t)place - (ptrdiff_t)len] = (unsigned char)byte;
                expect_escaped(&log, edge - len, len);
            }
    access_log_close(&log);
    close(log.fd);
}
END_TEST

START_TEST(random_text_is_escaped_byte_by_byte)
{
    struct access_log log = opened_file();
    unsigned char *const edge = edge_of_page();
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        const size_t len = 1 + (size_t)rand_r(&seed) % 64;
        const int odd = rand_r(&seed) % 10;            /* of ten bytes so many are any byte, the others letters */
        for (size_t i = 1; i <= len; i++)
            edge[-(ptrdiff_t)i] = (unsigned char)(rand_r(&seed) % 10 < odd ? rand_r(&seed) % 256 : 'a' + rand_r(&seed) % 26);
        expect_escaped(&log, edge - len, len);
    }
    access_log_close(&log);
    close(log.fd);
}
END_TEST

/* ---- long lines ---- */

START_TEST(the_longest_line_is_no_longer_than_a_pipe_takes_whole)
{
    struct access_log log = opened_file();
    char text[10000];
    memset(text, 0xff, sizeof(text));
    const struct slice all = { text, sizeof(text) };
    struct weir_peer peer = { .family = WEIR_IPV6 };
    memset(peer.address, 0xff, sizeof(peer.address));
    const struct http_record record = { all, all, all, UINT16_MAX, UINT64_MAX };
    access_log_add(&log, &peer, &record, 0, WHEN);
    ck_assert_uint_le(log.len, ACCESS_LOG_LINE_MAX);
    ck_assert_uint_gt(log.len, ACCESS_LOG_LINE_MAX / 2);
    ck_assert_ptr_eq(memchr(log.buffer, '\n', log.len), log.buffer + log.len - 1);
    access_log_close(&log);
    close(log.fd);
}
END_TEST

/* How a request line of `len` times `byte` ends in the log. */
static const char *end_of_text(struct access_log *log, size_t len, char byte)
{
    static char text[10000];
    memset(text, byte, len);
    const uint32_t before = log->len;
    access_log_add(log, &localhost, &(struct http_record){ .line = { text, len }, .status = 200 }, 0, WHEN);
    log->buffer[log->len - strlen("\" 200 0 \"-\" \"-\"\n")] = '\0';
    const char *const begin = strchr(log->buffer + before, '"') + 1;
    log->len = before;
    return begin + strlen(begin) - 7;
}

START_TEST(long_text_is_cut_with_dots_and_never_inside_an_escape)
{
    struct access_log log = opened_file();
    ck_assert_str_eq(end_of_text(&log, 2000, 'a'), "aaaaaaa");
    ck_assert_str_eq(end_of_text(&log, 2001, 'a'), "aaaa...");
    ck_assert_str_eq(end_of_text(&log, 500, '\x01'), "x01\\x01");
    ck_assert_str_eq(end_of_text(&log, 501, '\x01'), "\\x01...");
    access_log_close(&log);
    close(log.fd);
}
END_TEST

/* ---- when lines are written ---- */

START_TEST(a_line_waits_for_a_second_and_no_longer)
{
    struct access_log log = opened_file();
    size_t len;
    ck_assert_uint_eq(access_log_due_ms(&log, 5000), UINT64_MAX);
    access_log_add(&log, &localhost, &(struct http_record){ .status = 200 }, 5000, WHEN);
    ck_assert_uint_eq(access_log_due_ms(&log, 5000), 1000);
    access_log_add(&log, &localhost, &(struct http_record){ .status = 200 }, 5900, WHEN);
    ck_assert_uint_eq(access_log_due_ms(&log, 5999), 1);
    free(contents(log_path, &len));
    ck_assert_uint_eq(len, 0);

    ck_assert_uint_eq(access_log_due_ms(&log, 6000), 0);
    ck_assert_uint_eq(access_log_due_ms(&log, 7000), 0);
    access_log_flush(&log, 6000);
    ck_assert_uint_eq(access_log_due_ms(&log, 6000), UINT64_MAX);
    free(contents(log_path, &len));
    ck_assert_uint_eq(len, 2 * strlen("127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] \"-\" 200 0 \"-\" \"-\"\n"));
    access_log_close(&log);
    close(log.fd);
}
END_TEST

START_TEST(lines_are_written_early_when_three_quarters_are_full)
{
    struct access_log log = opened_file();
    size_t len;
    for (unsigned i = 1; i < ACCESS_LOG_HIGH / 1024; i++)
        add_sized(&log, i, 1024);
    free(contents(log_path, &len));
    ck_assert_uint_eq(len, 0);
    add_sized(&log, 99, 1024);
    free(contents(log_path, &len));
    ck_assert_uint_eq(len, ACCESS_LOG_HIGH);
    ck_assert_uint_eq(access_log_due_ms(&log, 0), UINT64_MAX);
    access_log_close(&log);
    close(log.fd);
}
END_TEST

START_TEST(without_a_log_nothing_is_kept_and_nothing_is_due)
{
    struct access_log log = opened(-1);
    ck_assert_ptr_null(log.buffer);
    access_log_add(&log, &localhost, &(struct http_record){ .status = 200 }, 0, WHEN);
    ck_assert_uint_eq(access_log_due_ms(&log, 99999), UINT64_MAX);
    access_log_flush(&log, 99999);
    ck_assert_uint_eq(dropped(&log), 0);
    access_log_close(&log);
}
END_TEST

/* ---- targets ---- */

START_TEST(a_pipe_gets_pieces_that_it_keeps_whole_and_that_end_with_a_line)
{
    int ends[2];
    packet_pipe(ends);
    struct access_log log = opened(ends[1]);
    const unsigned lines = 60;
    for (unsigned i = 0; i < lines; i++)
        add_sized(&log, i, 100 + i * 11);
    access_log_flush(&log, 0);
    unsigned pieces = 0;
    unsigned seen = 0;
    char piece[2 * PIPE_BUF];
    ssize_t got;
    for (; (got = read(ends[0], piece, sizeof(piece))) > 0; pieces++) {
        ck_assert_int_le(got, PIPE_BUF);
        ck_assert_int_eq(piece[got - 1], '\n');
        for (ssize_t i = 0; i < got; i++)
            seen += piece[i] == '\n';
    }
    ck_assert_uint_eq(seen, lines);
    ck_assert_uint_gt(pieces, 6);
    ck_assert_uint_lt(pieces, 12);
    access_log_close(&log);
}
END_TEST

/* Reads the numbers of lines made by add_sized() from `fd`; each is to be above the one before. Returns how many there were. */
static unsigned read_numbers(int fd, unsigned *last)
{
    unsigned lines = 0;
    char piece[2 * PIPE_BUF];
    for (ssize_t got; (got = read(fd, piece, sizeof(piece) - 1)) > 0;) {
        piece[got] = '\0';
        for (const char *at = piece; *at != '\0'; at = strchr(at, '\n') + 1, lines++) {
            unsigned number;
            ck_assert(strncmp(at, "127.0.0.1 - - [", 15) == 0);
            ck_assert_int_eq(sscanf(strchr(at, '#'), "#%u#", &number), 1);
            ck_assert_uint_gt(number, *last);
            *last = number;
        }
    }
    return lines;
}

START_TEST(a_full_pipe_drops_whole_lines_counts_them_and_the_rest_comes_later)
{
    int ends[2];
    packet_pipe(ends);
    ck_assert_int_ge(fcntl(ends[1], F_SETPIPE_SZ, 16384), 0);
    struct access_log log = opened(ends[1]);
    const unsigned lines = 500;
    for (unsigned i = 1; i <= lines; i++)
        add_sized(&log, i, 500);
    ck_assert_uint_gt(dropped(&log), 0);
    ck_assert_uint_eq(access_log_due_ms(&log, 0), ACCESS_LOG_RETRY_MS);

    unsigned last = 0;
    unsigned seen = 0;
    for (unsigned got; (got = read_numbers(ends[0], &last)) > 0; seen += got)
        access_log_flush(&log, ACCESS_LOG_RETRY_MS);
    ck_assert_uint_eq(access_log_due_ms(&log, 0), UINT64_MAX);
    ck_assert_uint_eq(seen + dropped(&log), lines);
    access_log_close(&log);
    ck_assert_uint_eq(seen + dropped(&log), lines);
}
END_TEST

START_TEST(what_a_full_pipe_does_not_take_at_the_end_is_counted)
{
    int ends[2];
    packet_pipe(ends);
    struct access_log log = opened(ends[1]);
    while (write(ends[1], "x", 1) == 1)
        ;
    for (unsigned i = 1; i <= 7; i++)
        add_sized(&log, i, 500);
    access_log_close(&log);
    ck_assert_uint_eq(dropped(&log), 7);
}
END_TEST

START_TEST(a_closed_pipe_drops_lines_and_counts_them)
{
    int ends[2];
    packet_pipe(ends);
    struct access_log log = opened(ends[1]);
    close(ends[0]);
    for (unsigned i = 1; i <= 3; i++)
        add_sized(&log, i, 100);
    access_log_flush(&log, 1000);
    ck_assert_uint_eq(dropped(&log), 3);
    ck_assert_uint_eq(access_log_due_ms(&log, 1000), UINT64_MAX);
    add_sized(&log, 4, 100);
    access_log_close(&log);
    ck_assert_uint_eq(dropped(&log), 4);
}
END_TEST

START_TEST(a_full_disk_drops_lines_and_counts_them)
{
    const int fd = access_log_open_file("/dev/full");
    ck_assert_int_ge(fd, 0);
    struct access_log log = opened(fd);
    for (unsigned i = 1; i <= 1000; i++)
        add_sized(&log, i, 1000);
    access_log_close(&log);
    ck_assert_uint_eq(dropped(&log), 1000);
    close(fd);
}
END_TEST

/* Nothing may be asserted while the limit is low: Check writes to a file, too. */
static bool file_size_max(rlim_t size)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) < 0)
        return false;
    limit.rlim_cur = size;
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

/* A file that takes `room` bytes and no more, then has room again. Lines have 100 bytes. */
struct torn_case {
    rlim_t room;
    unsigned dropped;          /* of five lines */
    const char *expected;      /* the numbers of the lines that are there, 't' for a torn piece */
};

static const struct torn_case torn_cases[] = {
    { 250, 3, "12t6" },        /* inside a line */
    { 299, 2, "1236" },        /* before its newline: the line is whole, the newline comes later */
    { 300, 2, "1236" },        /* behind it */
    { 301, 2, "123t6" },
    { 0, 5, "6" },
    { 1, 5, "t6" },
};

START_TEST(a_torn_line_is_ended_before_the_next_one)
{
    const struct torn_case *const c = &torn_cases[_i];
    signal(SIGXFSZ, SIG_IGN);
    struct access_log log = opened_file();
    const bool limited = file_size_max(c->room);
    for (unsigned i = 1; i <= 5; i++)
        add_sized(&log, i, 100);
    access_log_flush(&log, 1000);
    const bool widened = file_size_max(1 << 20);
    ck_assert(limited && widened);
    ck_assert_uint_eq(dropped(&log), c->dropped);
    ck_assert_uint_eq(access_log_due_ms(&log, 1000), UINT64_MAX);
    add_sized(&log, 6, 100);
    access_log_close(&log);
    ck_assert_uint_eq(dropped(&log), c->dropped);

    size_t len;
    char *const text = contents(log_path, &len);
    char found[16] = "";
    for (char *at = text; at < text + len; at = strchr(at, '\n') + 1) {
        const size_t line = strcspn(at, "\n");
        const char *const number = memchr(at, '#', line);
        found[strlen(found)] = line == 99 ? number[1] : 't';
    }
    ck_assert_str_eq(found, c->expected);
    free(text);
    close(log.fd);
}
END_TEST

/* ---- the shared descriptor ---- */

START_TEST(a_file_is_appended_to_and_is_not_for_everyone)
{
    for (unsigned i = 1; i <= 2; i++) {
        struct access_log log = opened_file();
        add_sized(&log, i, 100);
        access_log_close(&log);
        access_log_close_file(log.fd);
    }
    struct stat status;
    ck_assert_int_eq(stat(log_path, &status), 0);
    ck_assert_int_eq(status.st_size, 200);
    ck_assert_uint_eq(status.st_mode & 0007, 0);
    ck_assert_int_eq(access_log_open_file("/nowhere/log"), -ENOENT);
    ck_assert_int_eq(access_log_open_file(folder), -EISDIR);
}
END_TEST

START_TEST(reopened_the_log_goes_on_in_a_new_file_under_the_same_number)
{
    struct access_log log = opened_file();
    add_sized(&log, 1, 100);
    access_log_flush(&log, 1000);
    char old[80];
    snprintf(old, sizeof(old), "%s.1", log_path);
    ck_assert_int_eq(rename(log_path, old), 0);
    ck_assert_int_eq(access_log_reopen(log.fd, log_path), 0);
    add_sized(&log, 2, 100);
    access_log_flush(&log, 2000);
    ck_assert_int_eq(access_log_reopen(log.fd, "/nowhere/log"), -ENOENT);
    add_sized(&log, 3, 100);
    access_log_close(&log);
    size_t len;
    free(contents(old, &len));
    ck_assert_uint_eq(len, 100);
    free(contents(log_path, &len));
    ck_assert_uint_eq(len, 200);
    ck_assert_int_ne(fcntl(log.fd, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_int_eq(access_log_reopen(log.fd, "-"), 0);
    access_log_close_file(log.fd);
    ck_assert_int_eq(fcntl(log.fd, F_GETFD), -1);
    unlink(old);
}
END_TEST

START_TEST(standard_output_is_opened_anew_so_that_it_stays_blocking_for_others)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const int saved = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    const int fd = access_log_open_file("-");
    const int flags = fcntl(STDOUT_FILENO, F_GETFL);
    dup2(saved, STDOUT_FILENO);
    ck_assert_int_gt(fd, STDERR_FILENO);
    ck_assert_int_eq(flags & O_NONBLOCK, 0);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    access_log_close_file(fd);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

START_TEST(a_socket_as_standard_output_is_used_as_it_is_and_never_closed)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const int saved = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    const int fd = access_log_open_file("-");
    struct access_log log = opened(fd);
    add_sized(&log, 1, 100);
    access_log_close(&log);
    access_log_close_file(fd);
    const int flags = fcntl(STDOUT_FILENO, F_GETFD);
    dup2(saved, STDOUT_FILENO);
    ck_assert_int_eq(fd, STDOUT_FILENO);
    ck_assert_int_ge(flags, 0);
    char line[200];
    ck_assert_int_eq(read(ends[0], line, sizeof(line)), 100);
}
END_TEST

START_TEST(a_socket_that_nobody_reads_does_not_block)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const int saved = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    struct access_log log = opened(access_log_open_file("-"));
    for (unsigned i = 1; i <= 2000; i++)
        add_sized(&log, i, 1000);
    access_log_close(&log);
    dup2(saved, STDOUT_FILENO);
    ck_assert_uint_gt(dropped(&log), 0);
}
END_TEST

START_TEST(a_closed_standard_output_is_refused)
{
    const int saved = dup(STDOUT_FILENO);
    close(STDOUT_FILENO);
    const int fd = access_log_open_file("-");
    dup2(saved, STDOUT_FILENO);
    ck_assert_int_eq(fd, -EBADF);
}
END_TEST

/* ---- several workers ---- */

enum { WRITERS = 4, LINES_EACH = 5000 };

static void *write_lines(void *argument)
{
    struct access_log *const log = argument;
    for (unsigned i = 1; i <= LINES_EACH; i++)
        add_sized(log, i, 100 + i % 700);
    access_log_flush(log, 0);
    return NULL;
}

START_TEST(lines_of_several_workers_never_mix)
{
    const int fd = access_log_open_file(log_path);
    struct access_log logs[WRITERS];
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        logs[i] = opened(fd);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_lines, &logs[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(dropped(&logs[i]), 0);
        access_log_close(&logs[i]);
    }
    size_t len;
    char *const text = contents(log_path, &len);
    unsigned lines = 0;
    for (char *at = text; at < text + len; at = strchr(at, '\n') + 1, lines++) {
        unsigned number;
        ck_assert_int_eq(sscanf(strchr(at, '#'), "#%u#", &number), 1);
        ck_assert_uint_eq(strcspn(at, "\n") + 1, 100 + number % 700);
    }
    ck_assert_uint_eq(lines, WRITERS * LINES_EACH);
    free(text);
    access_log_close_file(fd);
}
END_TEST

int main(void)
{
    TCase *const tests = tcase_create("access log");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_line_has_the_combined_log_format, 0, (int)COUNT(line_cases));
    tcase_add_test(tests, the_date_is_that_of_the_wall_clock_whichever_way_it_jumps);
    tcase_add_test(tests, every_byte_at_every_place_is_itself_or_escaped);
    tcase_add_test(tests, random_text_is_escaped_byte_by_byte);
    tcase_add_test(tests, the_longest_line_is_no_longer_than_a_pipe_takes_whole);
    tcase_add_test(tests, long_text_is_cut_with_dots_and_never_inside_an_escape);
    tcase_add_test(tests, a_line_waits_for_a_second_and_no_longer);
    tcase_add_test(tests, lines_are_written_early_when_three_quarters_are_full);
    tcase_add_test(tests, without_a_log_nothing_is_kept_and_nothing_is_due);
    tcase_add_test(tests, a_pipe_gets_pieces_that_it_keeps_whole_and_that_end_with_a_line);
    tcase_add_test(tests, a_full_pipe_drops_whole_lines_counts_them_and_the_rest_comes_later);
    tcase_add_test(tests, what_a_full_pipe_does_not_take_at_the_end_is_counted);
    tcase_add_test(tests, a_closed_pipe_drops_lines_and_counts_them);
    tcase_add_test(tests, a_full_disk_drops_lines_and_counts_them);
    tcase_add_loop_test(tests, a_torn_line_is_ended_before_the_next_one, 0, (int)COUNT(torn_cases));
    tcase_add_test(tests, a_file_is_appended_to_and_is_not_for_everyone);
    tcase_add_test(tests, reopened_the_log_goes_on_in_a_new_file_under_the_same_number);
    tcase_add_test(tests, standard_output_is_opened_anew_so_that_it_stays_blocking_for_others);
    tcase_add_test(tests, a_socket_as_standard_output_is_used_as_it_is_and_never_closed);
    tcase_add_test(tests, a_socket_that_nobody_reads_does_not_block);
    tcase_add_test(tests, a_closed_standard_output_is_refused);
    tcase_add_test(tests, lines_of_several_workers_never_mix);
    Suite *const suite = suite_create("access log");
    suite_add_tcase(suite, tests);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
