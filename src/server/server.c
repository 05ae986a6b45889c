#include "server/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/counter.h"
#include "http/response.h"
#include "net/listener.h"
#include "os/os.h"
#include "server/access_log.h"
#include "server/errands.h"
#include "server/thread.h"
#include "server/worker.h"

#define WORKERS_MAX 256
#define ADDRESSES_MAX 32
_Static_assert(ADDRESSES_MAX <= 64 / LISTENER_SOCKETS_MAX, "each listener of a worker has its bit in worker.told_listeners");

#define SECONDS(n) ((n) * 1000u)
#define KIB(n) ((n) * 1024u)

/* What the options may add to every head: with weir's own it stays well within RESPONSE_HEAD_MAX, so that there is always room for an error. */
#define FIELDS_SIZE_MAX KIB(8)
_Static_assert(FIELDS_SIZE_MAX + HTTP1_PAGE_TYPE_MAX <= RESPONSE_HEAD_MAX - KIB(4), "an error has room for what weir says itself");

/* How long the opening of a new log waits for the old one to be complete. */
#define FLUSH_WAIT_MS 200

/* The longest time that an option may name: a poller's timeout is an int of milliseconds. */
#define TIME_MAX_MS INT32_MAX

struct weir {
    struct weir_options options;       /* complete; its strings are not kept but for `name` */
    struct weir_handler handler;       /* answer is NULL where plain connections are served */
    struct weir_stream_handler streams;
    struct listener *listeners;        /* of worker 0, then of worker 1, and so on: listener_count each */
    size_t listener_count;             /* of one worker */
    size_t listeners_open;
    _Atomic uint32_t connections_open;
    struct error_log errors;
    cpu_set_t cpus;                    /* to pin workers to, where the options want it */
    struct errands errands;
    char *log_path;                    /* NULL: no access log */
    int log_fd;
    char name[32];
    struct worker *workers;            /* options.workers of them */
    uint32_t opened;                   /* workers that are open */
    bool closing;                      /* weir_close() has begun: nothing is posted any more */
    bool trace;
};

struct weir_options weir_defaults(void)
{
    return (struct weir_options){
        .poller = "epoll",
        .name = "weir",
        .server_field = true,
        .line_max = KIB(8),
        .head_max = KIB(16),
        .fields_max = 100,
        .body_max = KIB(1024),
        .head_timeout = SECONDS(10),
        .body_timeout = SECONDS(30),
        .send_timeout = SECONDS(30),
        .idle_timeout = SECONDS(60),
        .linger_timeout = SECONDS(2),
        .drain_timeout = SECONDS(10),
        .rate_min = 500,
        .linger_max = KIB(256),
        .buffer_max = KIB(64),
    };
}

static bool fields_are_right(const struct weir_options *o)
{
    for (size_t i = 0; i < o->field_count; i++)
        if (!response_common_field_is_safe(&o->fields[i]))
            return false;
    return true;
}

static size_t fields_size(const struct weir_options *o)
{
    size_t size = 0;
    for (size_t i = 0; i < o->field_count; i++)
        size += o->fields[i].name.len + o->fields[i].value.len + sizeof ": \r\n" - 1;
    return size;
}

static bool pages_are_right(const struct weir_options *o)
{
    for (size_t i = 0; i < o->page_count; i++) {
        const struct weir_field type = { { "Content-Type", sizeof "Content-Type" - 1 }, o->pages[i].type };
        if (o->pages[i].status < 400 || o->pages[i].status > 599 || type.value.len > HTTP1_PAGE_TYPE_MAX || !response_field_is_safe(&type))
            return false;
    }
    return true;
}

const char *server_options_fault(const struct weir_options *o)
{
    const struct { bool wrong; const char *text; } faults[] = {
        { o->poller == NULL || poller_find(o->poller) == NULL, "poller: \"epoll\", \"poll\" or \"select\"" },
        { o->workers > WORKERS_MAX, "workers: at most 256" },
        { o->line_max < 64 || o->line_max > UINT16_MAX, "line_max: 64 to 65535 bytes" },
        { o->head_max < 128 || o->head_max > UINT16_MAX, "head_max: 128 to 65535 bytes" },
        { o->line_max > o->head_max, "line_max: at most head_max, of which the request line is a part" },
        { o->buffer_max < KIB(4) || o->buffer_max > KIB(1024 * 1024), "buffer_max: 4 KiB to 1 GiB" },
        { o->fields_max < 1 || o->fields_max > REQUEST_FIELDS_CAP, "fields_max: 1 to 200" },
        { o->head_timeout < 1 || o->head_timeout > TIME_MAX_MS, "head_timeout: 1 ms to 24 days" },
        { o->body_timeout < 1 || o->body_timeout > TIME_MAX_MS, "body_timeout: 1 ms to 24 days" },
        { o->send_timeout < 1 || o->send_timeout > TIME_MAX_MS, "send_timeout: 1 ms to 24 days" },
        { o->linger_timeout < 1 || o->linger_timeout > TIME_MAX_MS, "linger_timeout: 1 ms to 24 days" },
        { o->idle_timeout > TIME_MAX_MS, "idle_timeout: at most 24 days, 0 for none" },
        { o->drain_timeout > TIME_MAX_MS, "drain_timeout: at most 24 days" },
        { o->listen_count > ADDRESSES_MAX, "listen: at most 32 addresses" },
        { !fields_are_right(o), "fields: a name is a token, a value has no control characters, and Date, Server, Connection, Content-Length, "
                                "Transfer-Encoding, Content-Type and Allow are written by weir itself" },
        { fields_size(o) > FIELDS_SIZE_MAX, "fields: at most 8 KiB together" },
        { !pages_are_right(o), "pages: a status of 400 to 599, and a type of at most 1,024 bytes without control characters" },
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (faults[i].wrong)
            return faults[i].text;
    return NULL;
}

uint32_t server_connections_max(uint32_t descriptors, uint32_t workers, uint32_t addresses)
{
    const uint32_t reserve = 16 + workers * (2 + addresses * LISTENER_SOCKETS_MAX) + descriptors / 32;
    return descriptors > reserve ? descriptors - reserve : 0;
}

/* ---- opening ---- */

/* Those that the process may have, and the poller can wait for. */
static uint32_t descriptors_for(const struct poller_backend *poller)
{
    const uint32_t most = os_descriptors_max();
    return poller->descriptors_max > 0 && poller->descriptors_max < most ? poller->descriptors_max : most;
}

/* Fills in what was left to weir to choose. false: the limit of descriptors leaves none for connections. */
static bool complete_options(struct weir *s, const struct weir_options *options, char error[WEIR_ERROR_SIZE])
{
    s->options = *options;
    snprintf(s->name, sizeof s->name, "%s", options->name != NULL ? options->name : "weir");
    s->options.name = s->errors.name = s->name;
    if (s->options.workers == 0)
        s->options.workers = os_cpu_count() < WORKERS_MAX ? os_cpu_count() : WORKERS_MAX;
    const uint32_t addresses = options->listen_count > 0 ? (uint32_t)options->listen_count : 1;
    const uint32_t descriptors = descriptors_for(poller_find(options->poller));
    const uint32_t most = server_connections_max(descriptors, s->options.workers, addresses);
    if (s->options.connections_max == 0 || s->options.connections_max > most)
        s->options.connections_max = most;
    if (most == 0)
        snprintf(error, WEIR_ERROR_SIZE, "%u descriptors are too few for %u workers: a higher limit (ulimit -n) or fewer workers help",
                 descriptors, s->options.workers);
    return most > 0;
}

/* Before any thread is pinned. */
static bool learn_cpus(struct weir *s, char error[WEIR_ERROR_SIZE])
{
    const int rc = s->options.pin_workers ? os_cpus(&s->cpus) : 0;
    if (rc < 0)
        snprintf(error, WEIR_ERROR_SIZE, "workers cannot be pinned, the CPUs are not known: %s", strerror(-rc));
    return rc == 0;
}

/* The sockets of the other workers, where those of the first are. */
static bool share_listeners(struct weir *s, char error[WEIR_ERROR_SIZE])
{
    while (s->listeners_open < s->listener_count * s->options.workers) {
        const struct listener *first = &s->listeners[s->listeners_open % s->listener_count];
        const int rc = listener_share(&s->listeners[s->listeners_open], first);
        if (rc < 0) {
            snprintf(error, WEIR_ERROR_SIZE, "cannot listen on %.120s once more: %s", first->url, strerror(-rc));
            return false;
        }
        s->listeners_open++;
    }
    return true;
}

static bool open_listeners(struct weir *s, const struct weir_options *options, char error[WEIR_ERROR_SIZE])
{
    static const char *const fallback[] = { "127.0.0.1:8080" };
    const char *const *addresses = options->listen_count > 0 ? options->listen : fallback;
    const size_t count = options->listen_count > 0 ? options->listen_count : 1;
    s->listeners = calloc(count * LISTENER_SOCKETS_MAX * s->options.workers, sizeof *s->listeners);
    if (s->listeners == NULL) {
        snprintf(error, WEIR_ERROR_SIZE, "out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const int opened = listener_open(&s->listeners[s->listeners_open], addresses[i], s->options.workers > 1, error);
        if (opened < 0)
            return false;
        s->listeners_open += (size_t)opened;
    }
    s->listener_count = s->listeners_open;
    if (!share_listeners(s, error))
        return false;
    const bool client_speaks_first = s->handler.answer != NULL;
    for (size_t i = 0; client_speaks_first && i < s->listeners_open; i++)
        listener_defer(&s->listeners[i]);
    return true;
}

static bool open_log(struct weir *s, const struct weir_options *options, char error[WEIR_ERROR_SIZE])
{
    if (options->access_log == NULL)
        return true;
    s->log_path = strdup(options->access_log);
    s->log_fd = s->log_path == NULL ? -ENOMEM : access_log_open_file(s->log_path);
    if (s->log_fd >= 0)
        return true;
    snprintf(error, WEIR_ERROR_SIZE, "access log %.120s: %s", options->access_log, strerror(-s->log_fd));
    return false;
}

static bool open_workers(struct weir *s, char error[WEIR_ERROR_SIZE])
{
    const uint32_t count = s->options.workers;
    s->workers = calloc(count, sizeof *s->workers);
    if (s->workers == NULL) {
        snprintf(error, WEIR_ERROR_SIZE, "out of memory");
        return false;
    }
    for (; s->opened < count; s->opened++) {
        const struct worker_config config = {
            .options = &s->options,
            .handler = s->handler.answer != NULL ? &s->handler : NULL,
            .streams = &s->streams,
            .listeners = s->listeners + s->opened * s->listener_count,
            .listener_count = s->listener_count,
            .index = s->opened,
            .connections_max = s->options.connections_max,
            .connections_open = &s->connections_open,
            .log_fd = s->log_fd,
            .errors = &s->errors,
            .errands = &s->errands,
            .trace = s->trace,
        };
        const int rc = worker_open(&s->workers[s->opened], &config);
        if (rc < 0) {
            snprintf(error, WEIR_ERROR_SIZE, "worker %u of %u cannot start: %s", s->opened + 1, count, strerror(-rc));
            return false;
        }
    }
    return true;
}

/* Plain connections are no URL that a browser takes: "http://127.0.0.1:7/" becomes "tcp://127.0.0.1:7". */
static void name_as_stream(struct listener *l)
{
    static const char http[] = "http://", tcp[] = "tcp://";
    if (strncmp(l->url, http, sizeof http - 1) != 0)
        return;
    l->url[strlen(l->url) - 1] = '\0';
    memmove(l->url + sizeof tcp - 1, l->url + sizeof http - 1, strlen(l->url) - sizeof http + 2);
    memcpy(l->url, tcp, sizeof tcp - 1);
}

/* A server whose protocol is not chosen yet; NULL, and `error` written, where there is a fault or no memory. */
static struct weir *server_new(const struct weir_options *options, const char *fault, char error[WEIR_ERROR_SIZE])
{
    struct weir *s = fault == NULL ? calloc(1, sizeof *s) : NULL;
    if (s == NULL) {
        snprintf(error, WEIR_ERROR_SIZE, "%s", fault != NULL ? fault : "out of memory");
        return NULL;
    }
    const char *trace = getenv("WEIR_TRACE");
    s->trace = trace != NULL && strcmp(trace, "1") == 0;
    s->log_fd = -1;
    errands_open(&s->errands, options->pin_workers ? &s->cpus : NULL);
    return s;
}

/* Closes the server where something cannot be opened. */
static struct weir *server_open(struct weir *s, const struct weir_options *options, char error[WEIR_ERROR_SIZE])
{
    if (complete_options(s, options, error) && learn_cpus(s, error) && open_log(s, options, error)
        && open_listeners(s, options, error) && open_workers(s, error))
        return s;
    weir_close(s);
    return NULL;
}

struct weir *weir_open(const struct weir_options *options, const struct weir_handler *handler, char error[WEIR_ERROR_SIZE])
{
    struct weir *s = server_new(options, handler->answer == NULL ? "a handler needs answer()" : server_options_fault(options), error);
    if (s == NULL)
        return NULL;
    s->handler = *handler;
    if (s->handler.methods == 0)
        s->handler.methods = WEIR_GET | WEIR_HEAD;
    return server_open(s, options, error);
}

struct weir *weir_open_streams(const struct weir_options *options, const struct weir_stream_handler *handler, char error[WEIR_ERROR_SIZE])
{
    struct weir *s = server_new(options, handler->receive == NULL ? "a handler needs receive()" : server_options_fault(options), error);
    if (s == NULL)
        return NULL;
    s->streams = *handler;
    struct weir_options without_log = *options;
    without_log.access_log = NULL;             /* there are no requests to be logged */
    s = server_open(s, &without_log, error);
    for (size_t i = 0; s != NULL && i < s->listener_count; i++)
        name_as_stream(&s->listeners[i]);
    return s;
}

void weir_close(struct weir *server)
{
    if (server == NULL)
        return;
    server->closing = true;
    errands_close(&server->errands);
    for (uint32_t i = 0; i < server->opened; i++)
        worker_close(&server->workers[i]);
    free(server->workers);
    while (server->listeners_open > 0)
        listener_close(&server->listeners[--server->listeners_open]);
    free(server->listeners);
    if (server->log_fd >= 0)
        access_log_close_file(server->log_fd);
    free(server->log_path);
    free(server);
}

/* ---- running ---- */

static void *run_worker(void *worker)
{
    while (worker_turn(worker, -1))
        continue;
    return NULL;
}

/* A set of one: that of the worker at `index`. The workers take the CPUs in turn, and begin anew where these are fewer. */
static cpu_set_t cpu_of_worker(const cpu_set_t *cpus, uint32_t index)
{
    cpu_set_t one;
    size_t cpu = 0;
    for (uint32_t before = index % (uint32_t)CPU_COUNT(cpus); before > 0 || !CPU_ISSET(cpu, cpus); cpu++)
        before -= CPU_ISSET(cpu, cpus) != 0;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return one;
}

static int start_worker(struct weir *s, uint32_t index, pthread_t *thread)
{
    if (!s->options.pin_workers)
        return thread_start(thread, NULL, run_worker, &s->workers[index]);
    const cpu_set_t cpu = cpu_of_worker(&s->cpus, index);
    return thread_start(thread, &cpu, run_worker, &s->workers[index]);
}

int weir_run(struct weir *server)
{
    pthread_t threads[WORKERS_MAX];
    uint32_t started = 0;
    int rc = 0;
    while (started < server->options.workers && rc == 0) {
        rc = start_worker(server, started, &threads[started]);
        started += rc == 0;
    }
    if (rc < 0)
        weir_stop(server);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return rc;
}

void weir_stop(struct weir *server)
{
    for (uint32_t i = 0; i < server->opened; i++)
        worker_stop(&server->workers[i]);
}

bool weir_post(struct weir *server, uint32_t worker, void (*call)(void *argument), void *argument)
{
    struct worker *w = &server->workers[worker];
    if (server->closing || !mailbox_put(&w->mailbox, call, argument))
        return false;
    os_eventfd_raise(w->wake_fd);
    return true;
}

int weir_fd(const struct weir *server)
{
    return poller_descriptor(&server->workers[0].poller);
}

int weir_wait_ms(const struct weir *server)
{
    return worker_wait_ms(&server->workers[0]);
}

bool weir_turn(struct weir *server)
{
    return worker_turn(&server->workers[0], 0);
}

/* ---- telling ---- */

const char *weir_address(const struct weir *server, size_t index)
{
    return index < server->listener_count ? server->listeners[index].url : NULL;
}

/* What happened before the log is opened anew belongs into the old file. Where no worker answers, because none runs or the caller is its
 * thread, the lines of the last second go to the new one. */
static void flush_logs(struct weir *server)
{
    for (uint32_t i = 0; i < server->opened; i++)
        worker_flush(&server->workers[i]);
    for (uint32_t i = 0, waited_ms = 0; i < server->opened && waited_ms < FLUSH_WAIT_MS;) {
        if (!atomic_load_explicit(&server->workers[i].flush, memory_order_acquire)) {
            i++;
            continue;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        waited_ms++;
    }
}

int weir_reopen_log(struct weir *server)
{
    if (server->log_fd < 0)
        return 0;
    flush_logs(server);
    return access_log_reopen(server->log_fd, server->log_path);
}

void weir_counters(const struct weir *server, struct weir_counters *counters)
{
    *counters = (struct weir_counters){ 0 };
    for (uint32_t i = 0; i < server->opened; i++) {
        const struct worker *w = &server->workers[i];
#define ADD_COUNTER(name) counters->name += counter_read(&w->counters.name);
        WORKER_COUNTERS(ADD_COUNTER)
#undef ADD_COUNTER
        counters->log_dropped += counter_read(&w->log.dropped);
    }
}
