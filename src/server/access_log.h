/* The access log: one line for each exchange, in Combined Log Format:
 *
 *     127.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "GET /x HTTP/1.1" 200 13 "http://a/" "curl/7.88.1"
 *
 * Each worker collects lines in a buffer of its own and writes them in large pieces to the one descriptor that all share: when the buffer
 * is three quarters full, and at the latest a second after the line. Pieces end where a line ends, and where the kernel keeps only small
 * writes whole (a pipe, a terminal) a piece is one that it keeps whole: lines of several workers never mix.
 *
 * A line is a line: control characters, DEL, bytes >= 0x80, '"' and '\' of the client become \xHH, and no line is longer than
 * ACCESS_LOG_LINE_MAX, for which long text is cut and ends in "...".
 *
 * It never blocks and never stops serving. A target with no room at the moment (EAGAIN) is tried again a little later, while lines
 * gather up to the size of the buffer; any other failure drops what is gathered. Lines are dropped whole, and counted. A line that the kernel
 * took in part is ended with a newline before the next one follows. */
#ifndef WEIR_SERVER_ACCESS_LOG_H
#define WEIR_SERVER_ACCESS_LOG_H

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>

#include "http/record.h"
#include "os/os.h"
#include "weir.h"

enum {
    ACCESS_LOG_CAP = 64 * 1024,            /* the buffer of one worker */
    ACCESS_LOG_HIGH = ACCESS_LOG_CAP / 4 * 3,
    ACCESS_LOG_LINE_MAX = PIPE_BUF,        /* a pipe takes so much whole, or nothing */
    ACCESS_LOG_DATE_LEN = 26               /* "10/Oct/2000:13:55:36 +0000" */
};

#define ACCESS_LOG_DELAY_MS 1000u          /* a line is written at the latest so long after its exchange */
#define ACCESS_LOG_RETRY_MS 100u           /* a target without room is tried again after so long */

/* One worker's part. */
struct access_log {
    char *buffer;              /* ACCESS_LOG_CAP bytes; NULL where there is no log */
    uint64_t due_ms;           /* when the buffer is to be written; UINT64_MAX: nothing waits */
    int64_t date_second;       /* the second that `date` shows */
    _Atomic uint64_t dropped;  /* lines; written by its worker, read by any thread */
    uint32_t len;              /* bytes in the buffer; the first may be the newline that is owed to a torn line */
    int fd;                    /* shared by all workers, not owned; -1 where there is no log */
    char date[ACCESS_LOG_DATE_LEN];
};

/* ---- the shared descriptor ---- */

/* Opens the target: a file, made where it is not there and appended to, or "-", standard output. Returns a descriptor that does not block, or
 * a negated errno. Standard output is opened anew, so that O_NONBLOCK does not reach those who share it; where that cannot be done
 * (a socket, a terminal or pipe of another user) the descriptor is 1 itself, as it is. */
int access_log_open_file(const char *path) OS_RESULT;

/* Opens `path` anew and puts it in the place of `fd`, at once for all workers: they need no telling. Nothing to do for "-". 0 or a negated
 * errno; the old file then stays in use. Any thread. */
int access_log_reopen(int fd, const char *path) OS_RESULT;

/* Closes what access_log_open_file() returned, but for standard output itself. */
void access_log_close_file(int fd);

/* ---- one worker's lines ---- */

/* `fd` as returned by access_log_open_file(), or -1: then nothing is allocated, every line is ignored, and nothing is ever due.
 * 0 or -ENOMEM. */
int access_log_open(struct access_log *log, int fd) OS_RESULT;

/* Writes what is left and releases the buffer; what the target does not take now is dropped and counted. `dropped` may be read after it. */
void access_log_close(struct access_log *log);

/* Adds one line. `now_ms` is os_now_ms(), `wall_seconds` is what the line shows, in seconds since 1970. */
void access_log_add(struct access_log *log, const struct weir_peer *peer, const struct http_record *record,
                    uint64_t now_ms, int64_t wall_seconds);

/* Writes what is gathered. To be called when it is due; at other times it does no harm. */
void access_log_flush(struct access_log *log, uint64_t now_ms);

/* Milliseconds until access_log_flush() is due: 0 when it is, UINT64_MAX when nothing waits. */
uint64_t access_log_due_ms(const struct access_log *log, uint64_t now_ms);

#endif
