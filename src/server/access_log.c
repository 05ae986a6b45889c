#include "server/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Escaped bytes of client text in one line; what is longer is cut. */
enum { REQUEST_LINE_CAP = 2000, REFERER_CAP = 1000, USER_AGENT_CAP = 900 };

/* What a line needs besides: the address, the date, two numbers, "..." three times, and what stands between them. */
enum { FIXED_MAX = WEIR_PEER_TEXT_SIZE + ACCESS_LOG_DATE_LEN + 5 + 20 + 3 * 3 + 16 };

_Static_assert(REQUEST_LINE_CAP + REFERER_CAP + USER_AGENT_CAP + FIXED_MAX <= ACCESS_LOG_LINE_MAX, "the longest line is a line");
_Static_assert(ACCESS_LOG_CAP - ACCESS_LOG_HIGH >= ACCESS_LOG_LINE_MAX, "the line that makes the buffer high fits");

/* ---- text ---- */

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* True where the eight bytes go into the log as they are: a step over eight, for the loop that sees every byte that clients send us to
 * log. A byte that does not leaves its top bit set in one of the terms; a borrow or carry into a neighbour begins only at such a byte. */
static inline bool eight_are_plain(uint64_t word)
{
    const uint64_t control = word - EACH_BYTE(0x20);
    const uint64_t delete = word + EACH_BYTE(0x01);
    const uint64_t quote = (word ^ EACH_BYTE('"')) - EACH_BYTE(0x01);
    const uint64_t backslash = (word ^ EACH_BYTE('\\')) - EACH_BYTE(0x01);
    return ((word | control | delete | quote | backslash) & EACH_BYTE(0x80)) == 0;
}

static inline bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static char *put_bytes(char *to, const char *bytes, size_t len)
{
    memcpy(to, bytes, len);
    return to + len;
}

#define put_literal(to, literal) put_bytes((to), (literal), sizeof(literal) - 1)

static char *put_escaped_byte(char *to, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    const char escaped[4] = { '\\', 'x', digits[byte >> 4], digits[byte & 15] };
    return put_bytes(to, escaped, sizeof(escaped));
}

/* Text of the client in at most `cap` bytes, or with "..." behind them; "-" where there is none. */
static char *put_text(char *to, struct slice text, size_t cap)
{
    if (text.len == 0)
        return put_literal(to, "-");
    const char *const to_end = to + cap;
    const char *from = text.ptr;
    const char *const from_end = text.ptr + text.len;
    while (from < from_end) {
        while (from_end - from >= 8 && to_end - to >= 8) {
            uint64_t word;
            memcpy(&word, from, sizeof(word));
            if (!eight_are_plain(word))
                break;
            memcpy(to, &word, sizeof(word));
            from += 8;
            to += 8;
        }
        if (from == from_end)
            break;
        const unsigned char byte = (unsigned char)*from;
        const bool plain = is_plain(byte);
        if (to_end - to < (plain ? 1 : 4))
            return put_literal(to, "...");
        if (plain)
            *to++ = (char)byte;
        else
            to = put_escaped_byte(to, byte);
        from++;
    }
    return to;
}

/* Up to three digits: what most numbers of a line have. */
static inline char *put_small(char *to, unsigned value)
{
    if (value >= 100)
        *to++ = (char)('0' + value / 100);
    if (value >= 10)
        *to++ = (char)('0' + value / 10 % 10);
    *to++ = (char)('0' + value % 10);
    return to;
}

static char *put_number(char *to, uint64_t value)
{
    if (value < 1000)
        return put_small(to, (unsigned)value);
    char digits[20];
    char *first = digits + sizeof(digits);
    do
        *--first = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    return put_bytes(to, first, (size_t)(digits + sizeof(digits) - first));
}

static char *put_peer(char *to, const struct weir_peer *peer)
{
    if (peer->family != WEIR_IPV4)
        return to + weir_peer_text(peer, to);
    for (int i = 0; i < 4; i++) {
        to = put_small(to, peer->address[i]);
        *to++ = '.';
    }
    return to - 1;
}

/* Two digits, the first maybe 0. */
static void put_pair(char *to, int value)
{
    to[0] = (char)('0' + value / 10 % 10);
    to[1] = (char)('0' + value % 10);
}

/* Makes log->date show `second`, in UTC; a clock beyond the years 0 to 9999 shows 1970. */
static void show_date(struct access_log *log, int64_t second)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const time_t moment = (time_t)second;
    struct tm tm;
    if (gmtime_r(&moment, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
        tm = (struct tm){ .tm_mday = 1, .tm_year = 70 };
    memcpy(log->date, "00/Jan/0000:00:00:00 +0000", ACCESS_LOG_DATE_LEN);
    put_pair(log->date, tm.tm_mday);
    memcpy(log->date + 3, months + 3 * tm.tm_mon, 3);
    put_pair(log->date + 7, (tm.tm_year + 1900) / 100);
    put_pair(log->date + 9, tm.tm_year + 1900);
    put_pair(log->date + 12, tm.tm_hour);
    put_pair(log->date + 15, tm.tm_min);
    put_pair(log->date + 18, tm.tm_sec);
    log->date_second = second;
}

/* ---- the shared descriptor ---- */

static bool is_standard_output(const char *path)
{
    return strcmp(path, "-") == 0;
}

static int open_target(const char *path)
{
    return os_openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY);
}

int access_log_open_file(const char *path)
{
    if (!is_standard_output(path))
        return open_target(path);
    struct stat status;
    const int rc = os_fstat(STDOUT_FILENO, &status);
    if (rc < 0)
        return rc;
    const int fd = open_target("/proc/self/fd/1");
    return fd >= 0 ? fd : STDOUT_FILENO;
}

int access_log_reopen(int fd, const char *path)
{
    if (is_standard_output(path))
        return 0;
    const int fresh = open_target(path);
    if (fresh < 0)
        return fresh;
    const int rc = os_dup3(fresh, fd);
    os_close(fresh);
    return rc < 0 ? rc : 0;
}

void access_log_close_file(int fd)
{
    if (fd != STDOUT_FILENO)
        os_close(fd);
}

/* ---- one worker's lines ---- */

int access_log_open(struct access_log *log, int fd)
{
    *log = (struct access_log){ .due_ms = UINT64_MAX, .date_second = INT64_MIN, .fd = fd };
    if (fd < 0)
        return 0;
    log->buffer = os_alloc(ACCESS_LOG_CAP);
    return log->buffer == NULL ? -ENOMEM : 0;
}

/* Only this worker writes the counter: no read-modify-write needs to be atomic. */
static void count_dropped(struct access_log *log, uint64_t lines)
{
    const uint64_t dropped = atomic_load_explicit(&log->dropped, memory_order_relaxed);
    atomic_store_explicit(&log->dropped, dropped + lines, memory_order_relaxed);
}

/* True where the buffer begins with the newline of a line that is already out, whole or torn: no line begins with one itself. */
static bool owes_newline(const struct access_log *log)
{
    return log->len > 0 && log->buffer[0] == '\n';
}

/* Drops every line, but not an owed newline. */
static void drop_lines(struct access_log *log)
{
    const uint32_t kept = owes_newline(log) ? 1 : 0;
    uint64_t lines = 0;
    const char *const end = log->buffer + log->len;
    for (const char *at = log->buffer + kept; at < end; lines++)
        at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
    count_dropped(log, lines);
    log->len = kept;
    log->due_ms = UINT64_MAX;
}

/* How the target wants its pieces: of a file it takes what there is; others keep only PIPE_BUF together. Asked each time, for the file
 * behind the descriptor may have been replaced; a flush is rare. */
struct target {
    uint32_t piece_max;
    bool is_socket;
};

static struct target target_of(int fd)
{
    struct stat status;
    const bool known = os_fstat(fd, &status) >= 0;
    return (struct target){
        .piece_max = known && S_ISREG(status.st_mode) ? ACCESS_LOG_CAP : PIPE_BUF,
        .is_socket = known && S_ISSOCK(status.st_mode),
    };
}

/* Writes whole lines from `from` on, as many as one piece takes. The count of bytes taken or a negated errno. */
static ssize_t write_piece(const struct access_log *log, const struct target *target, uint32_t from)
{
    const char *const start = log->buffer + from;
    const size_t left = log->len - from;
    size_t size = left;
    if (left > target->piece_max)
        size = (size_t)((const char *)memrchr(start, '\n', target->piece_max) + 1 - start);
    ssize_t taken;
    do
        taken = target->is_socket ? os_send(log->fd, &(struct iovec){ (void *)(uintptr_t)start, size }, 1, false)
                                  : os_write(log->fd, start, size);
    while (taken == -EINTR);
    return taken;
}

/* Where to go on after everything before `done` was taken: there, or, where that is inside a line, at the newline that ends it: the rest
 * of that line is dropped, since another worker's line may stand there by now. */
static uint32_t after_taken(struct access_log *log, uint32_t done)
{
    if (done == log->len || log->buffer[done] == '\n' || log->buffer[done - 1] == '\n')
        return done;
    count_dropped(log, 1);
    return (uint32_t)((const char *)memchr(log->buffer + done, '\n', log->len - done) - log->buffer);
}

void access_log_flush(struct access_log *log, uint64_t now_ms)
{
    if (log->due_ms == UINT64_MAX)
        return;
    const struct target target = target_of(log->fd);
    uint32_t done = 0;
    ssize_t taken = 1;
    while (done < log->len && taken > 0) {
        taken = write_piece(log, &target, done);
        if (taken > 0)
            done = after_taken(log, done + (uint32_t)taken);
    }
    log->len -= done;
    memmove(log->buffer, log->buffer + done, log->len);
    log->due_ms = log->len == 0 ? UINT64_MAX : now_ms + ACCESS_LOG_RETRY_MS;
    if (taken < 0 && taken != -EAGAIN)
        drop_lines(log);
}

void access_log_close(struct access_log *log)
{
    if (log->buffer == NULL)
        return;
    access_log_flush(log, 0);
    drop_lines(log);
    os_free(log->buffer);
    log->buffer = NULL;
}

void access_log_add(struct access_log *log, const struct weir_peer *peer, const struct http_record *record,
                    uint64_t now_ms, int64_t wall_seconds)
{
    if (log->buffer == NULL)
        return;
    const uint32_t before = log->len;
    if (ACCESS_LOG_CAP - before < ACCESS_LOG_LINE_MAX) {
        count_dropped(log, 1);
        return;
    }
    if (wall_seconds != log->date_second)
        show_date(log, wall_seconds);
    char *to = put_peer(log->buffer + before, peer);
    to = put_literal(to, " - - [");
    to = put_bytes(to, log->date, ACCESS_LOG_DATE_LEN);
    to = put_literal(to, "] \"");
    to = put_text(to, record->line, REQUEST_LINE_CAP);
    to = put_literal(to, "\" ");
    to = record->status != 0 ? put_number(to, record->status) : put_literal(to, "-");
    *to++ = ' ';
    to = put_number(to, record->body_sent);
    to = put_literal(to, " \"");
    to = put_text(to, record->referer, REFERER_CAP);
    to = put_literal(to, "\" \"");
    to = put_text(to, record->user_agent, USER_AGENT_CAP);
    to = put_literal(to, "\"\n");
    log->len = (uint32_t)(to - log->buffer);
    if (log->due_ms == UINT64_MAX)
        log->due_ms = now_ms + ACCESS_LOG_DELAY_MS;
    if (before < ACCESS_LOG_HIGH && log->len >= ACCESS_LOG_HIGH)
        access_log_flush(log, now_ms);
}

uint64_t access_log_due_ms(const struct access_log *log, uint64_t now_ms)
{
    if (log->due_ms == UINT64_MAX)
        return UINT64_MAX;
    return log->due_ms > now_ms ? log->due_ms - now_ms : 0;
}
