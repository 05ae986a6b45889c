#include "cli/option_table.h"

enum {
    FOR_SERVE = 1 << CLI_SERVE,
    FOR_ECHO = 1 << CLI_ECHO,
    FOR_ANSWERS = FOR_SERVE | 1 << CLI_RESPOND,
    FOR_HTTP = FOR_ANSWERS | 1 << CLI_HELLO | 1 << CLI_ECHO_HTTP,
    FOR_ALL = FOR_HTTP | FOR_ECHO
};

#define TIME_MAX UINT64_C(2073600000)      /* 24 days in ms: the bound that weir.h names */

#define AT(field) offsetof(struct cli_options, field)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct option server_options[] = {
    { "--listen", "ADDR", VALUE_LISTEN, FOR_ALL, 0, 0, 0, "127.0.0.1:8080",
      "127.0.0.1:8080, [::1]:8080, :8080 (all addresses)\nor unix:PATH; port 0 takes a free one; may be\ngiven again" },
    { "--workers", "N", VALUE_COUNT, FOR_ALL, AT(weir.workers), 1, 256, "one for each CPU it may use",
      "threads, each with connections of its own" },
    { "--pin-workers", NULL, VALUE_NONE, FOR_ALL, AT(weir.pin_workers), true, 0, "", "keep each worker on one of those CPUs, in turn" },
    { "--poller", "NAME", VALUE_POLLER, FOR_ALL, 0, 0, 0, "epoll", "how readiness is learned: epoll, poll or select" },
    { "--access-log", "PATH", VALUE_LOG, FOR_HTTP, 0, 0, 0, "- on a terminal, else off",
      "a file to append to, - for standard output, or\noff; SIGHUP opens the file anew" },
    { "--no-server-header", NULL, VALUE_NONE, FOR_HTTP, AT(weir.server_field), false, 0, "", "leave out the field `Server: weir`" },
};

static const struct option file_options[] = {
    { "--index", "NAME", VALUE_INDEX, FOR_SERVE, 0, 0, 0, "index.html",
      "the file that answers for its folder; may be given\nagain: the first that is there" },
    { "--listing", "WHEN", VALUE_LISTING, FOR_SERVE, 0, 0, 0, "auto",
      "list folders without one: on, off or auto (where\nall addresses are loopback ones or unix sockets)" },
    { "--fallback", "FILE", VALUE_FALLBACK, FOR_SERVE, 0, 0, 0, "",
      "below DIR: answers where there is nothing, with\n200 (for single-page applications)" },
    { "--dot-files", NULL, VALUE_NONE, FOR_SERVE, AT(files.dot_files), true, 0, "", "serve names that begin with a dot, too" },
    { "--symlinks", "WHICH", VALUE_SYMLINKS, FOR_SERVE, 0, 0, 0, "inside",
      "follow those that stay inside DIR, deny all, or\nfollow all wherever they lead" },
    { "--no-precompressed", NULL, VALUE_NONE, FOR_SERVE, AT(files.precompressed), false, 0, "",
      "never send X.br, X.zst or X.gz in place of X to\nclients that take them" },
    { "--mime", "EXT=TYPE", VALUE_MIME, FOR_SERVE, 0, 0, 0, "",
      "md=text/markdown: the type of an ending; may be\ngiven again" },
    { "--charset", "NAME", VALUE_CHARSET, FOR_SERVE, 0, 0, 0, "utf-8", "what text files are said to be in, or off" },
    { "--cache-control", "GLOB=VALUE", VALUE_CACHE_RULE, FOR_SERVE, 0, 0, 0, "",
      "'/assets/**=max-age=3600': of the files that match;\nmay be given again: the first that matches" },
    { "--cache-files", "N", VALUE_COUNT, FOR_SERVE, AT(files.cache_files), 0, 1000000, NULL, "kept open, or in memory, by each worker" },
    { "--cache-memory", "BYTES", VALUE_BYTES_SIZE, FOR_SERVE, AT(files.cache_bytes), 0, SIZE_MAX / 2, NULL,
      "for small files, of each worker" },
};

static const struct option answer_options[] = {
    { "--header", "FIELD", VALUE_HEADER, FOR_ANSWERS, 0, 0, 0, "", "'NAME: VALUE', on every answer; may be given again" },
    { "--error-page", "STATUS=FILE", VALUE_PAGE, FOR_ANSWERS, 0, 0, 0, "",
      "404=404.html: in place of weir's own page, read at\nstart; may be given again" },
    { "--cors", "ORIGIN", VALUE_CORS, FOR_SERVE, 0, 0, 0, "", "whose scripts may read the answers: *, null or\nhttps://example.org" },
};

static const struct option echo_options[] = {
    { "--http", NULL, VALUE_HTTP, FOR_ECHO | 1 << CLI_ECHO_HTTP, 0, 0, 0, "", "speak HTTP: a request gets its own body back" },
};

static const struct option size_options[] = {
    { "--max-line", "BYTES", VALUE_BYTES, FOR_HTTP, AT(weir.line_max), 64, 65535, NULL, "request line, else 414" },
    { "--max-head", "BYTES", VALUE_BYTES, FOR_HTTP, AT(weir.head_max), 128, 65535, NULL, "whole head of a request, else 431" },
    { "--max-fields", "N", VALUE_COUNT, FOR_HTTP, AT(weir.fields_max), 1, 200, NULL, "fields of a request, else 431" },
    { "--max-body", "BYTES", VALUE_BYTES_WIDE, FOR_HTTP, AT(weir.body_max), 0, INT64_MAX, NULL, "body of a request, else 413" },
    { "--max-buffer", "BYTES", VALUE_BYTES, FOR_ECHO, AT(weir.buffer_max), 4096, 1 << 30, NULL,
      "in memory for each plain connection, half in, half\nout" },
    { "--max-connections", "N", VALUE_COUNT, FOR_ALL, AT(weir.connections_max), 1, 100000000, "what descriptors allow",
      "at once; over it the longest-idle one gives way" },
    { "--max-linger", "BYTES", VALUE_BYTES, FOR_ALL, AT(weir.linger_max), 0, UINT32_MAX, NULL,
      "dropped from a client after our side was shut" },
};

static const struct option time_options[] = {
    { "--head-timeout", "TIME", VALUE_TIME, FOR_HTTP, AT(weir.head_timeout), 1, TIME_MAX, NULL,
      "for a whole head from its first byte, else 408" },
    { "--body-timeout", "TIME", VALUE_TIME, FOR_HTTP, AT(weir.body_timeout), 1, TIME_MAX, NULL,
      "for a whole body, longer while it comes at\n--min-rate, else 408" },
    { "--send-timeout", "TIME", VALUE_TIME, FOR_ALL, AT(weir.send_timeout), 1, TIME_MAX, NULL,
      "without progress, or below --min-rate, else reset" },
    { "--min-rate", "BYTES", VALUE_BYTES, FOR_ALL, AT(weir.rate_min), 0, UINT32_MAX, NULL, "a second, of bodies and answers" },
    { "--idle-timeout", "TIME", VALUE_TIME, FOR_ALL, AT(weir.idle_timeout), 0, TIME_MAX, NULL,
      "a connection with nothing to do, then close; 0 is\nno limit" },
    { "--linger-timeout", "TIME", VALUE_TIME, FOR_ALL, AT(weir.linger_timeout), 1, TIME_MAX, NULL,
      "for a client to close after our side was shut" },
    { "--drain-timeout", "TIME", VALUE_TIME, FOR_ALL, AT(weir.drain_timeout), 0, TIME_MAX, NULL,
      "for what is in flight after SIGTERM or SIGINT" },
};

static const struct option other_options[] = {
    { "--help", NULL, VALUE_HELP, FOR_ALL, 0, 0, 0, "", "print this (also -h)" },
    { "--version", NULL, VALUE_HELP, FOR_ALL, 0, 0, 0, "", "print the version" },
};

const struct option_group option_groups[] = {
    { "Server", server_options, COUNT(server_options) },
    { "Files", file_options, COUNT(file_options) },
    { "Answers", answer_options, COUNT(answer_options) },
    { "Echo", echo_options, COUNT(echo_options) },
    { "Limits of size (BYTES: 8192, 8k, 1m)", size_options, COUNT(size_options) },
    { "Limits of time (TIME: 10, 10s, 250ms, 2m, 1h)", time_options, COUNT(time_options) },
    { "Other", other_options, COUNT(other_options) },
};

const size_t option_group_count = COUNT(option_groups);

const struct command commands[COMMAND_COUNT] = {
    [CLI_ANY] = { "", "COMMAND", "", "a connection engine and an HTTP/1.1 server" },
    [CLI_SERVE] = { "serve", "[DIR]", "serve the files below DIR (default: .)", "serves the files below DIR over HTTP/1.1" },
    [CLI_HELLO] = { "hello", "", "answer everything with `Hello, world!`", "answers every request with `Hello, world!`" },
    [CLI_RESPOND] = { "respond", "STATUS [TEXT]", "answer every request with that", "answers every request with STATUS, and with TEXT" },
    [CLI_ECHO] = { "echo", "", "send every byte back, over plain TCP", "sends every byte back, over plain TCP" },
    [CLI_ECHO_HTTP] = { "echo --http", "", "answer every request with its own body", "answers every request with its own body" },
};

/* Echo is as plain TCP servers are: it takes whatever comes, and lets go of who is silent. */
void command_start(struct cli_options *out, enum cli_command command)
{
    *out = (struct cli_options){ .command = command, .weir = weir_defaults(), .files = static_defaults() };
    if (command == CLI_ECHO || command == CLI_ECHO_HTTP) {
        out->weir.idle_timeout = 20000;
        out->weir.body_max = UINT64_MAX;
    }
}
