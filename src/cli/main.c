/* The program: a thin face over the library, of which it uses the public header and the handlers. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/page_files.h"
#include "handler/echo.h"
#include "handler/hello.h"
#include "handler/respond.h"
#include "handler/static.h"
#include "weir.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Descriptors to ask for at most: where the hard limit is "a billion", as in some containers, weir would size its tables for it. */
enum { DESCRIPTORS_MAX = 1 << 20 };

/* ---- signals ----
 *
 * SIGTERM, SIGINT and SIGHUP are blocked in every thread but one, which waits for them and does, as ordinary code, what they ask for. No
 * signal handler ever runs. The first SIGTERM or SIGINT begins the drain and is then unblocked in that thread: the second has its
 * default effect and ends the process at once. */

struct signals {
    struct weir *server;
    pthread_t thread;
    _Atomic bool over;         /* the server has ended: a SIGHUP to the thread means that it should, too */
};

static sigset_t signal_set(const int *signals, size_t count)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        sigaddset(&set, signals[i]);
    return set;
}

static sigset_t stopping_signals(void)
{
    return signal_set((const int[]){ SIGTERM, SIGINT }, 2);
}

static sigset_t awaited_signals(void)
{
    return signal_set((const int[]){ SIGTERM, SIGINT, SIGHUP }, 3);
}

static void *signals_run(void *argument)
{
    struct signals *const s = argument;
    const sigset_t stopping = stopping_signals();
    sigset_t awaited = awaited_signals();
    int number;
    while (sigwait(&awaited, &number) == 0) {
        if (number == SIGHUP) {
            if (atomic_load(&s->over))
                break;
            const int rc = weir_reopen_log(s->server);
            if (rc < 0)
                fprintf(stderr, "weir: the access log stays as it is: %s\n", strerror(-rc));
        } else {
            weir_stop(s->server);
            awaited = signal_set((const int[]){ SIGHUP }, 1);
            pthread_sigmask(SIG_UNBLOCK, &stopping, NULL);
        }
    }
    return NULL;
}

/* Before any thread begins: they inherit what is blocked. A background job of a shell is born with SIGINT ignored: it is not here. */
static void signals_prepare(void)
{
    sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
    sigaction(SIGINT, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
    sigaction(SIGTERM, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
    const sigset_t awaited = awaited_signals();
    pthread_sigmask(SIG_BLOCK, &awaited, NULL);
}

static int signals_begin(struct signals *s, struct weir *server)
{
    s->server = server;
    return pthread_create(&s->thread, NULL, signals_run, s);
}

static void signals_end(struct signals *s)
{
    atomic_store(&s->over, true);
    pthread_kill(s->thread, SIGHUP);
    pthread_join(s->thread, NULL);
}

/* ---- the process ---- */

/* A process may be started with descriptors 0 to 2 closed. They are filled, lest a connection take such a number and be sent what is
 * meant for the terminal. */
static void fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* As many descriptors as may be had without privileges. A failure leaves the limit as it is, and weir lives within it. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    const rlim_t wanted = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
    if (limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int fail(const char *error)
{
    fprintf(stderr, "weir: %s\n", error);
    return EXIT_FAILED;
}

/* One line for each address, flushed: whoever started weir waits for them. */
static void say_ready(const struct weir *server, const struct cli_options *options)
{
    static const char *const doing[] = {
        [CLI_SERVE] = "serving", [CLI_HELLO] = "hello", [CLI_RESPOND] = "respond", [CLI_ECHO] = "echo", [CLI_ECHO_HTTP] = "echo",
    };
    char what[16] = "";
    if (options->command == CLI_RESPOND)
        snprintf(what, sizeof(what), "%d", options->status);
    const char *const of = options->command == CLI_SERVE ? options->files.dir : what;
    const char *address;
    for (size_t i = 0; (address = weir_address(server, i)) != NULL; i++)
        printf("weir: %s%s%s on %s\n", doing[options->command], of[0] != '\0' ? " " : "", of, address);
    fflush(stdout);
}

static int fail_running(const struct cli_options *options, int rc)
{
    char error[CLI_ERROR_SIZE];
    snprintf(error, sizeof(error), "the workers cannot be started%s: %s", options->weir.pin_workers ? " with --pin-workers" : "", strerror(-rc));
    return fail(error);
}

/* Runs a server that was opened, or says why it was not, and closes it. */
static int run_server(struct weir *server, const struct cli_options *options, const char *error)
{
    if (server == NULL)
        return fail(error);
    int status = EXIT_OK;
    struct signals signals = { .over = false };
    if (signals_begin(&signals, server) != 0) {
        status = fail("no thread could be started");
    } else {
        say_ready(server, options);
        const int rc = weir_run(server);
        if (rc < 0)
            status = fail_running(options, rc);
        signals_end(&signals);
    }
    weir_close(server);
    return status;
}

/* The pages for errors live as long as the server. */
static int run_http(const struct cli_options *options, struct weir_handler handler)
{
    char error[WEIR_ERROR_SIZE];
    struct page_files pages;
    struct weir_options weir = options->weir;
    if (!page_files_open(&pages, options, error))
        return fail(error);
    weir.pages = pages.pages;
    weir.page_count = pages.count;
    const int status = run_server(weir_open(&weir, &handler, error), options, error);
    page_files_close(&pages);
    return status;
}

static int run_streams(const struct cli_options *options, struct weir_stream_handler handler)
{
    char error[WEIR_ERROR_SIZE];
    return run_server(weir_open_streams(&options->weir, &handler, error), options, error);
}

static int run_serve(const struct cli_options *options)
{
    char error[WEIR_ERROR_SIZE];
    struct weir_handler handler;
    struct static_files *files;
    if (static_files_open(&files, &options->files, &handler, error) < 0)
        return fail(error);
    const int status = run_http(options, handler);
    static_files_close(files);
    return status;
}

static int run_respond(const struct cli_options *options)
{
    struct respond respond;
    const struct weir_slice text = { options->text, options->text == NULL ? 0 : strlen(options->text) };
    if (!respond_init(&respond, options->status, text, options->answer_fields, options->answer_field_count))
        return fail("the fields of the answer are too long");
    return run_http(options, respond_handler(&respond));
}

static int run(const struct cli_options *options)
{
    switch (options->command) {
    case CLI_SERVE: return run_serve(options);
    case CLI_HELLO: return run_http(options, hello_handler());
    case CLI_RESPOND: return run_respond(options);
    case CLI_ECHO: return run_streams(options, echo_stream_handler());
    case CLI_ECHO_HTTP: return run_http(options, echo_http_handler());
    case CLI_ANY: break;               /* only with CLI_HELP, CLI_VERSION and CLI_WRONG */
    }
    return EXIT_USAGE;
}

static int print_help(enum cli_command command)
{
    char help[16384];
    options_help(command, help, sizeof(help));
    return fputs(help, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILED : EXIT_OK;
}

static int print_version(void)
{
    return printf("weir %s\n", WEIR_VERSION) < 0 || fflush(stdout) != 0 ? EXIT_FAILED : EXIT_OK;
}

static int print_wrong(const char *error)
{
    fprintf(stderr, "weir: %s\n", error);
    return EXIT_USAGE;
}

int main(int argc, char *argv[])
{
    fill_standard_descriptors();
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    switch (options_parse(&options, argc, argv, isatty(STDOUT_FILENO) == 1, error)) {
    case CLI_HELP: return print_help(options.command);
    case CLI_VERSION: return print_version();
    case CLI_WRONG: return print_wrong(error);
    case CLI_RUN: break;
    }
    signals_prepare();
    raise_descriptor_limit();
    return run(&options);
}
