/* weir: a connection engine and an HTTP/1.1 server for Linux. This is the whole public interface.
 *
 *     struct weir_options options = weir_defaults();
 *     struct weir_handler handler = { .answer = my_answer };
 *     char error[WEIR_ERROR_SIZE];
 *     struct weir *server = weir_open(&options, &handler, error);
 *     if (server == NULL) ...                      // error says why, in one line
 *     weir_run(server);                            // until weir_stop(), from any thread or signal handler
 *     weir_close(server);
 *
 * Threads: weir_run() starts options.workers threads, which share nothing. A handler is called on the worker of its connection, so
 * several calls may run at once, one in each worker (weir_request.worker tells which). A handler must not block: it holds up every
 * other connection of its worker. The library installs no signal handlers and changes no signal's disposition. */
#ifndef WEIR_H
#define WEIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)    /* the library is compiled with everything hidden but this */

#define WEIR_VERSION "0.1.0"

/* Room for the one line that says why a call failed, its NUL included. */
#define WEIR_ERROR_SIZE 256

/* ------------------------------------------------------------------ text and addresses */

/* A borrowed view of bytes; no NUL at its end. */
struct weir_slice {
    const char *ptr;
    size_t len;
};

enum weir_family { WEIR_UNIX, WEIR_IPV4, WEIR_IPV6 };

/* Who is at the other end. */
struct weir_peer {
    uint8_t address[16];            /* network order; IPv4 in the first 4; nothing for WEIR_UNIX */
    uint16_t port;                  /* host order */
    uint8_t family;                 /* enum weir_family */
};

/* Room for weir_peer_text(): an IPv6 address and its NUL. */
#define WEIR_PEER_TEXT_SIZE 46

/* Writes the address without the port, NUL-terminated ("unix" for WEIR_UNIX), and returns its length. */
size_t weir_peer_text(const struct weir_peer *peer, char text[WEIR_PEER_TEXT_SIZE]);

/* ------------------------------------------------------------------ options */

struct weir_field {
    struct weir_slice name;
    struct weir_slice value;
};

/* What the answer with an error status says, in place of weir's own page. */
struct weir_page {
    int status;                     /* 400 to 599 */
    struct weir_slice type;         /* value of Content-Type, at most 1,024 bytes; empty: no such field */
    struct weir_slice body;
};

/* Every limit that weir keeps, and where it listens. Start from weir_defaults(). Times are milliseconds, up to 24 days; sizes are bytes. All
 * strings are borrowed until weir_open() returns. */
struct weir_options {
    const char *const *listen;      /* `127.0.0.1:8080`, `[::1]:8080`, `:8080` (all addresses of both families), `unix:PATH`; port 0: any */
    size_t listen_count;            /* 0: 127.0.0.1:8080 alone */
    const char *poller;             /* "epoll"; or "poll", or "select", for which there is room for 1,024 descriptors */
    const char *access_log;         /* NULL: none; "-": standard output; else a file, appended to */
    const char *name;               /* stands before each line on standard error; "weir" */
    uint32_t workers;               /* 0: one for each CPU that the process may use; at most 256 */
    uint32_t connections_max;       /* of all workers; 0: what the descriptor limit allows, less a reserve */
    bool pin_workers;               /* weir_run() keeps each worker on one CPU, in turn, of those that the process may use */
    bool server_field;              /* true: responses say `Server: weir` */

    uint32_t line_max;              /* request line: 8 KiB, then 414 */
    uint32_t head_max;              /* head of a request: 16 KiB, at most 65,535, then 431 */
    uint32_t fields_max;            /* fields of a request: 100, at most 200, then 431 */
    uint64_t body_max;              /* content of a request: 1 MiB, then 413 */

    uint32_t head_timeout;          /* a whole head, from its first byte: 10 s, then 408 */
    uint32_t body_timeout;          /* a whole body, longer while it comes at rate_min: 30 s, then 408 */
    uint32_t send_timeout;          /* sending without progress, or below rate_min since it began: 30 s, then reset */
    uint32_t idle_timeout;          /* a kept connection without a request: 60 s; 0: no limit */
    uint32_t linger_timeout;        /* the lingering close (RFC 9112 §9.6): 2 s */
    uint32_t drain_timeout;         /* after weir_stop(): 10 s for exchanges in flight */
    uint32_t rate_min;              /* bytes a second: 500 */
    uint32_t linger_max;            /* bytes dropped in a lingering close: 256 KiB */
    const struct weir_field *fields;    /* on every response, those of weir's own included: checked as those of a response are; borrowed */
    size_t field_count;             /*     until weir_close(), as the pages are */
    const struct weir_page *pages;  /* in place of weir's own pages for errors */
    size_t page_count;
    uint32_t buffer_max;            /* bytes in memory for each plain connection (weir_open_streams()), half in, half out: 64 KiB, at least 4 KiB */
};

struct weir_options weir_defaults(void);

/* ------------------------------------------------------------------ requests */

/* Methods as bits, for weir_handler.methods. */
enum weir_method {
    WEIR_GET = 1 << 0,
    WEIR_HEAD = 1 << 1,
    WEIR_POST = 1 << 2,
    WEIR_PUT = 1 << 3,
    WEIR_DELETE = 1 << 4,
    WEIR_PATCH = 1 << 5,
    WEIR_OPTIONS = 1 << 6
};

/* A view of one request. All text is borrowed: valid while the handler's function runs. */
struct weir_request {
    enum weir_method method;
    struct weir_slice method_name;  /* "GET" */
    struct weir_slice target;       /* as sent: "/a%20b?c=d" */
    struct weir_slice path;         /* decoded once, empty and dot segments taken out: "/a b" */
    struct weir_slice query;        /* as sent, without its '?': "c=d"; empty where there is none */
    bool has_query;                 /* tells "/x?" from "/x" */
    struct weir_slice authority;    /* host[:port] that was asked for; empty where HTTP/1.0 named none */
    int minor_version;              /* 0 or 1, of HTTP/1 */
    uint64_t content_length;        /* as announced; UINT64_MAX where the content is chunked */
    struct weir_slice body;         /* all of it, in answer() after WEIR_BODY_WHOLE; else empty */
    const struct weir_peer *peer;
    uint32_t worker;                /* 0 to the count of workers - 1 */
    void *user;                     /* the handler's own: NULL in the first call for a request, kept until its last */
};

/* The value of the first field with that name, in any case of letters. false: there is none, and `*value` is not written. */
bool weir_request_field(const struct weir_request *request, const char *name, struct weir_slice *value);

/* The field at `index`, in the order of arrival. false: there are no more. */
bool weir_request_field_at(const struct weir_request *request, size_t index, struct weir_slice *name, struct weir_slice *value);

/* ------------------------------------------------------------------ responses */

enum weir_body {
    WEIR_COPY,                      /* `data` is copied before weir_respond() returns */
    WEIR_BORROW,                    /* `data` stays the handler's, unchanged until `release` is called */
    WEIR_FILE,                      /* `length` bytes of the open regular file `fd`, from `offset`; open until `release` is called */
    WEIR_PULL                       /* `pull` is asked for it, piece by piece, as the client takes it; `length` is UINT64_MAX where it is not known */
};

/* What pull() returns in place of a count of bytes. */
#define WEIR_PULL_LATER SIZE_MAX            /* nothing yet: weir_resume() tells when to ask again */
#define WEIR_PULL_CUT (SIZE_MAX - 1)        /* the content cannot be completed: the connection is cut */

/* What weir remembers of an open file from one answer to the next: a stretch that was in memory lately, and is not looked for again at once.
 * Zeroed at first; of one worker. */
struct weir_warmth {
    uint64_t from, to;
    uint64_t until_ms;
};

/* A response. weir adds Date, Server, Content-Length and, where it says something, Connection; those four and Transfer-Encoding
 * are not for `fields`. HEAD gets the same head and no body. Zeroed, but for a status, it is an empty response. */
struct weir_response {
    int status;                     /* 200 to 599 */
    const struct weir_field *fields;
    size_t field_count;
    struct weir_slice lines;        /* field lines that weir_lines_write() has written, behind `fields`: checked once, not for each answer */
    enum weir_body body;
    const void *data;
    int fd;
    uint64_t offset;
    struct weir_warmth *warmth;     /* of the file; lives as long; NULL: nothing is remembered */
    uint64_t length;
    size_t (*pull)(void *context, void *out, size_t room);     /* writes at most `room` bytes, of which there are at least 4,096, and
                                       returns how many; 0: the content is complete. `context` is release_context */
    void (*release)(void *context); /* called once, when the body is needed no more, sent or not; NULL: nothing to do */
    void *release_context;
};

/* Answers `request`, once. Everything in `response` but a borrowed body or a file is copied before it returns. A field that could
 * break the head (a control character, a name that is no token) makes the answer a 500, and so do a status
 * out of range and a head above 16 KiB. */
void weir_respond(struct weir_request *request, const struct weir_response *response);

/* The field lines of answers that are given often: `Name: value` and a line end for each. Returns their length; 0 where a field could break
 * the head or they do not fit. */
size_t weir_lines_write(const struct weir_field *fields, size_t count, char *out, size_t size);

/* Answers with the page for an error or a redirection (300 to 599): that of weir_options.pages, else weir's own. */
void weir_respond_page(struct weir_request *request, int status, const struct weir_field *fields, size_t field_count);

/* Begins an answer whose content comes in pieces, while the request's own content may still be coming: in head(), piece() or answer().
 * `response` gives status and fields; `length` is the length of the content, or UINT64_MAX where it is not known yet: it is then sent in
 * chunks, to HTTP/1.0 until the close. body, data, fd and release are not looked at. What would make
 * a 500 of weir_respond() ends the connection. */
void weir_respond_begin(struct weir_request *request, const struct weir_response *response);

/* More of the content, copied. Returns how many bytes it took: all, where there are not more than piece() was just given, else as many as
 * there is room for. While the client does not read, nothing more of the request is received. */
size_t weir_respond_piece(struct weir_request *request, const void *data, size_t len);

/* The content is complete: in answer(). Where it is not as long as was announced, or this is not called, the connection is cut. */
void weir_respond_end(struct weir_request *request);

/* The worker of a request, as a ticket names it. */
struct weir_host;

/* A request that will be answered later. Plain data: it may be copied, and given to another thread. */
struct weir_ticket {
    struct weir_host *host;
    uint64_t connection;
    uint64_t serial;
    uint32_t worker;
};

/* In answer(): the answer comes later, by weir_claim() and weir_respond() on the thread of ticket.worker, where weir_post() leads. Meanwhile other
 * connections are served. It has to come within send_timeout, or the connection is reset; end() tells, where `user` is set. Of a request that was
 * put off already, and claimed: the same ticket once more. */
struct weir_ticket weir_defer(struct weir_request *request);

/* Runs work(job) on another thread, where it may block, and then done(job) on the thread of the worker, where the answer is given. Where
 * the offload was taken, both are always called: weir_close() waits for what is under way. Only on the thread of the worker: in a handler's
 * function, in pull() and in done(). false: no memory, no thread, or too much is under way; nothing is called. */
bool weir_offload(struct weir_host *host, void (*work)(void *job), void (*done)(void *job), void *job);

/* The request of a ticket, to be answered with weir_respond() or weir_respond_page() and not to be touched after it. NULL: it is answered, or its
 * connection has ended. Only on the thread of the worker. */
struct weir_request *weir_claim(struct weir_ticket ticket);

/* What pull() said LATER of is there now: it is asked again, soon. It has to come within send_timeout, or the connection is reset. Nothing where the
 * connection has ended. Only on the thread of the worker. Who answers at once and wants a ticket for this calls weir_defer() and weir_claim(). */
void weir_resume(struct weir_ticket ticket);

/* ------------------------------------------------------------------ handlers */

/* What becomes of a request's content. */
enum weir_intake {
    WEIR_BODY_DROP,                 /* read and dropped */
    WEIR_BODY_PIECES,               /* given to piece() as it comes */
    WEIR_BODY_WHOLE,                /* kept, up to body_max, and in request->body for answer() */
    WEIR_BODY_REFUSE                /* head() has called weir_respond(): the content stays unread, and the connection closes */
};

/* Whoever answers the requests of a server. Functions get `context` as it stands here. */
struct weir_handler {
    uint32_t methods;               /* bits of enum weir_method that answer() takes; 0: GET and HEAD. Others get a 405 with `Allow`; without
                                       WEIR_OPTIONS here, weir answers OPTIONS itself */

    /* The head is complete and content will follow: says what is to become of it. NULL: WEIR_BODY_DROP. */
    enum weir_intake (*head)(struct weir_request *request, void *context);

    /* A piece of the content, at least one byte, in order; borrowed for the call. Needed for WEIR_BODY_PIECES. */
    void (*piece)(struct weir_request *request, const void *data, size_t len, void *context);

    /* The request is complete: calls weir_respond(), weir_respond_end() or weir_defer() before it returns; a 500 is sent where it does none of
     * these. Needed. */
    void (*answer)(struct weir_request *request, void *context);

    /* The last call for a request for which `user` is not NULL: answered, or its connection ended before. NULL: nothing to do. */
    void (*end)(struct weir_request *request, void *context);

    void *context;
};

/* ------------------------------------------------------------------ protocols of one's own */

/* A plain connection, for a protocol that is not HTTP: echo, a line protocol. A view of it is valid while the handler's function runs. */
struct weir_stream {
    const struct weir_peer *peer;
    uint32_t worker;                /* 0 to the count of workers - 1 */
    void *user;                     /* the handler's own: NULL at first, kept until end() */
};

/* Whoever answers on plain connections. When the peer shuts its side, what is owed is sent, and the connection closes. */
struct weir_stream_handler {
    /* Bytes came: `data` holds all that was not taken before. Answers with weir_stream_send() and returns how many of the bytes it took. The
     * rest comes again: at once where room for an answer was short, else with more behind it; an incomplete message keeps the limit
     * head_timeout, and one that fills the buffer ends the connection. While the peer does not read, nothing more is received from it. Needed. */
    size_t (*receive)(struct weir_stream *stream, const void *data, size_t len, void *context);

    /* The connection has ended, and `user` is not NULL. NULL: nothing to do. */
    void (*end)(struct weir_stream *stream, void *context);

    void *context;
};

/* Sends a copy of the data, after what was sent before. Returns how many bytes it took: all, or as many as there is room for. In receive(), each
 * call of which finds room for an eighth of buffer_max. */
size_t weir_stream_send(struct weir_stream *stream, const void *data, size_t len);

/* Closes the connection when what was sent has left. In receive(). */
void weir_stream_close(struct weir_stream *stream);

/* ------------------------------------------------------------------ servers */

struct weir;

/* Binds and listens; serves nothing before weir_run() or weir_turn(). `handler` is copied. NULL on failure, and then `error` says in one
 * line what went wrong and what would be right. */
struct weir *weir_open(const struct weir_options *options, const struct weir_handler *handler, char error[WEIR_ERROR_SIZE]);

/* The same for plain connections. options.buffer_max bounds the memory of each; the options for HTTP are not looked at. */
struct weir *weir_open_streams(const struct weir_options *options, const struct weir_stream_handler *handler, char error[WEIR_ERROR_SIZE]);

/* Serves until weir_stop() and the end of the drain. 0, or a negated errno where the threads could not be started, or not be pinned. */
int weir_run(struct weir *server);

/* Begins the drain: no new connections, exchanges in flight are finished, at most drain_timeout. From any thread and from a signal
 * handler; more calls change nothing. */
void weir_stop(struct weir *server);

/* Releases everything. Not while weir_run() or weir_turn() runs. NULL does nothing. */
void weir_close(struct weir *server);

/* Where it listens, the real port in place of 0: "http://127.0.0.1:8080/", "tcp://127.0.0.1:8080", "unix:/run/weir"; NULL from `index` = the
 * count of addresses on. Lives as long as `server`. */
const char *weir_address(const struct weir *server, size_t index);

/* Has `call(argument)` run on the thread of a worker, soon, in the order of posting; what has not run when the server is closed runs in
 * weir_close(). Any thread, not a signal handler. false: no memory, or the server is being closed. */
bool weir_post(struct weir *server, uint32_t worker, void (*call)(void *argument), void *argument);

/* Opens the file of the access log anew, for log rotation. Any thread, not a signal handler. 0 or a negated errno; the old file
 * stays in use on failure. */
int weir_reopen_log(struct weir *server);

/* For a loop that the application owns (options.workers = 1): weir_fd() becomes readable when there is work, or wait at most weir_wait_ms()
 * milliseconds (-1: no limit); then weir_turn() does it, and never blocks. weir_turn() returns false once a drain has ended. Only epoll has such
 * a descriptor: with another poller weir_fd() is -1. The application ignores SIGPIPE. */
int weir_fd(const struct weir *server);
int weir_wait_ms(const struct weir *server);
bool weir_turn(struct weir *server);

/* Sums over all workers, since the start. Any thread; each figure is exact, together they are not a snapshot. */
struct weir_counters {
    uint64_t accepted;              /* connections */
    uint64_t open;                  /* connections now */
    uint64_t requests;              /* complete ones */
    uint64_t refused;               /* requests that were not taken to their end: the parser, a limit, time, or the handler's head() said no */
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t timeouts;              /* connections that a time limit ended, but for idle and lingering ones */
    uint64_t evicted;               /* idle connections that gave way when descriptors ran out */
    uint64_t failures;              /* connections that the transport, a lack of memory or the end of a drain ended */
    uint64_t log_dropped;           /* lines that the access log could not take */
    uint64_t impossible;            /* broken invariants that ended one connection; above 0 it is a bug in weir */
};
void weir_counters(const struct weir *server, struct weir_counters *counters);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
