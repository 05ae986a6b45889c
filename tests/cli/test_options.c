#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { WORDS_MAX = 24 };

/* Parses words separated by single blanks; a word "''" stands for an empty one. The words live until the next call. */
static enum cli_verdict parse(struct cli_options *out, const char *line, bool on_terminal, char error[CLI_ERROR_SIZE])
{
    static char text[1024];
    char *words[WORDS_MAX + 1] = { (char[]){ "weir" } };
    int count = 1;
    snprintf(text, sizeof(text), "%s", line);
    for (char *at = text; *at != '\0' && count < WORDS_MAX; count++) {
        char *const end = at + strcspn(at, " ");
        const bool more = *end == ' ';
        *end = '\0';
        words[count] = strcmp(at, "''") == 0 ? end : at;
        at = more ? end + 1 : end;
    }
    return options_parse(out, count, words, on_terminal, error);
}

/* Field by field: there may be padding between them. */
static bool same(const struct weir_options *a, const struct weir_options *b)
{
    return a->listen == b->listen && a->listen_count == b->listen_count && a->poller == b->poller && a->access_log == b->access_log
        && a->name == b->name && a->workers == b->workers && a->connections_max == b->connections_max
        && a->pin_workers == b->pin_workers
        && a->server_field == b->server_field && a->line_max == b->line_max && a->head_max == b->head_max
        && a->fields_max == b->fields_max && a->body_max == b->body_max && a->head_timeout == b->head_timeout
        && a->body_timeout == b->body_timeout && a->send_timeout == b->send_timeout && a->idle_timeout == b->idle_timeout
        && a->linger_timeout == b->linger_timeout && a->drain_timeout == b->drain_timeout && a->rate_min == b->rate_min
        && a->linger_max == b->linger_max && a->buffer_max == b->buffer_max && a->pages == NULL && b->pages == NULL;
}

/* The same for what tells of files; where the workers are told is the server's matter. */
static bool same_files(const struct static_options *a, const struct static_options *b)
{
    return a->dot_files == b->dot_files && a->precompressed == b->precompressed && a->symlinks == b->symlinks && a->indexes == b->indexes
        && a->index_count == b->index_count && a->fallback == b->fallback && a->cors_origin == b->cors_origin
        && a->cache_rules == b->cache_rules && a->cache_rule_count == b->cache_rule_count && a->types == b->types
        && a->type_count == b->type_count && a->cache_files == b->cache_files && a->cache_bytes == b->cache_bytes
        && strcmp(a->charset, b->charset) == 0;
}

/* ---- what is right ---- */

START_TEST(a_command_alone_has_the_defaults_of_the_library)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    const struct weir_options defaults = weir_defaults();
    const struct static_options files = static_defaults();
    ck_assert_int_eq(parse(&options, "serve", false, error), CLI_RUN);
    ck_assert_int_eq(options.command, CLI_SERVE);
    ck_assert_str_eq(options.files.dir, ".");
    ck_assert(same(&options.weir, &defaults));
    ck_assert(same_files(&options.files, &files));
}
END_TEST

START_TEST(every_word_lands_where_it_belongs)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    ck_assert_int_eq(parse(&options, "serve /srv --listen :80 --listen=[::1]:0 --workers 3 --pin-workers --poller epoll --access-log /l"
                           " --no-server-header --dot-files --max-line 100 --max-head=2k --max-fields 7", true, error), CLI_RUN);
    ck_assert_str_eq(options.files.dir, "/srv");
    ck_assert_uint_eq(options.weir.listen_count, 2);
    ck_assert_str_eq(options.weir.listen[0], ":80");
    ck_assert_str_eq(options.weir.listen[1], "[::1]:0");
    ck_assert_uint_eq(options.weir.workers, 3);
    ck_assert(options.weir.pin_workers);
    ck_assert_str_eq(options.weir.poller, "epoll");
    ck_assert_str_eq(options.weir.access_log, "/l");
    ck_assert(!options.weir.server_field);
    ck_assert(options.files.dot_files);
    ck_assert_uint_eq(options.weir.line_max, 100);
    ck_assert_uint_eq(options.weir.head_max, 2048);
    ck_assert_uint_eq(options.weir.fields_max, 7);

    ck_assert_int_eq(parse(&options, "hello --max-body 3g --max-connections 4 --max-linger 5m --min-rate 1k", true, error), CLI_RUN);
    ck_assert_int_eq(options.command, CLI_HELLO);
    ck_assert_uint_eq(options.weir.body_max, UINT64_C(3) << 30);
    ck_assert_uint_eq(options.weir.connections_max, 4);
    ck_assert_uint_eq(options.weir.linger_max, 5 << 20);
    ck_assert_uint_eq(options.weir.rate_min, 1024);

    ck_assert_int_eq(parse(&options, "hello --head-timeout 1 --body-timeout 2s --send-timeout 3ms --idle-timeout 4m --linger-timeout=5h"
                           " --drain-timeout 0", true, error), CLI_RUN);
    ck_assert_uint_eq(options.weir.head_timeout, 1000);
    ck_assert_uint_eq(options.weir.body_timeout, 2000);
    ck_assert_uint_eq(options.weir.send_timeout, 3);
    ck_assert_uint_eq(options.weir.idle_timeout, 240000);
    ck_assert_uint_eq(options.weir.linger_timeout, 18000000);
    ck_assert_uint_eq(options.weir.drain_timeout, 0);
}
END_TEST

struct echo_case {
    const char *line;
    enum cli_command command;
    uint32_t idle_timeout;
    uint64_t body_max;
    uint32_t buffer_max;
};

static const struct echo_case echo_cases[] = {
    { "echo", CLI_ECHO, 20000, UINT64_MAX, 65536 },
    { "echo --max-buffer 1m --idle-timeout 0", CLI_ECHO, 0, UINT64_MAX, 1 << 20 },
    { "echo --http", CLI_ECHO_HTTP, 20000, UINT64_MAX, 65536 },
    { "echo --http --http", CLI_ECHO_HTTP, 20000, UINT64_MAX, 65536 },
    { "echo --http --max-body 3g --idle-timeout 1m", CLI_ECHO_HTTP, 60000, UINT64_C(3) << 30, 65536 },
    { "echo --max-body 1k --idle-timeout 1 --http", CLI_ECHO_HTTP, 1000, 1024, 65536 },
};

START_TEST(echo_has_limits_of_its_own_and_http_may_stand_anywhere)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    const struct echo_case *c = &echo_cases[_i];
    ck_assert_int_eq(parse(&options, c->line, true, error), CLI_RUN);
    ck_assert_int_eq(options.command, c->command);
    ck_assert_uint_eq(options.weir.idle_timeout, c->idle_timeout);
    ck_assert_uint_eq(options.weir.body_max, c->body_max);
    ck_assert_uint_eq(options.weir.buffer_max, c->buffer_max);
}
END_TEST

struct log_case {
    const char *line;
    bool on_terminal;
    const char *log;           /* NULL: none */
};

static const struct log_case log_cases[] = {
    { "hello", true, "-" },
    { "hello", false, NULL },
    { "hello --access-log off", true, NULL },
    { "hello --access-log -", false, "-" },
    { "hello --access-log=-", false, "-" },
    { "hello --access-log ./off", false, "./off" },
    { "echo", true, NULL },
    { "echo --http", true, "-" },
    { "echo --access-log /l --http", true, "/l" },
};

START_TEST(the_access_log_goes_to_a_terminal_where_nothing_else_is_said)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    ck_assert_int_eq(parse(&options, log_cases[_i].line, log_cases[_i].on_terminal, error), CLI_RUN);
    ck_assert_pstr_eq(options.weir.access_log, log_cases[_i].log);
}
END_TEST

struct folder_case {
    const char *line;
    const char *dir;
};

static const struct folder_case folder_cases[] = {
    { "serve", "." },
    { "serve x", "x" },
    { "serve --dot-files x", "x" },
    { "serve x --dot-files", "x" },
    { "serve -", "-" },
    { "serve -- --dot-files", "--dot-files" },
    { "serve --dot-files -- -x", "-x" },
    { "serve --", "." },
};

START_TEST(the_folder_stands_anywhere_and_after_two_dashes_under_any_name)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    ck_assert_int_eq(parse(&options, folder_cases[_i].line, false, error), CLI_RUN);
    ck_assert_str_eq(options.files.dir, folder_cases[_i].dir);
}
END_TEST

static const char *const right_addresses[] = {
    "127.0.0.1:8080", "0.0.0.0:0", "255.255.255.255:65535", ":8080", ":0", "[::1]:8080", "[::]:1", "[fe80::1:2:3:4]:5",
    "[::ffff:1.2.3.4]:80", "unix:/run/weir", "unix:x",
};

START_TEST(an_address_is_taken)
{
    struct cli_options options;
    char line[200], error[CLI_ERROR_SIZE];
    snprintf(line, sizeof(line), "hello --listen %s", right_addresses[_i]);
    ck_assert_int_eq(parse(&options, line, false, error), CLI_RUN);
    ck_assert_str_eq(options.weir.listen[0], right_addresses[_i]);
}
END_TEST

struct answer_case {
    const char *line;
    int status;
    const char *text;
    size_t field_count;
};

static const struct answer_case answer_cases[] = {
    { "respond 200", 200, NULL, 0 },
    { "respond 599", 599, NULL, 0 },
    { "respond 200 x", 200, "x", 0 },
    { "respond 200 ''", 200, "", 0 },
    { "respond --workers 1 503 --workers 2 later", 503, "later", 0 },
    { "respond 200 -- --text", 200, "--text", 0 },
    { "respond 302 --header Location:/x", 302, NULL, 1 },
    { "respond 200 {} --header Content-Type:application/json --header ETag:\"1\" --header Cache-Control:no-store", 200, "{}", 3 },
};

START_TEST(an_answer_is_a_status_and_perhaps_a_text)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    const struct answer_case *c = &answer_cases[_i];
    ck_assert_int_eq(parse(&options, c->line, false, error), CLI_RUN);
    ck_assert_int_eq(options.command, CLI_RESPOND);
    ck_assert_int_eq(options.status, c->status);
    ck_assert_pstr_eq(options.text, c->text);
    ck_assert_uint_eq(options.answer_field_count, c->field_count);
    ck_assert_uint_eq(options.weir.field_count, 1);            /* nosniff */
}
END_TEST

struct help_case {
    const char *line;
    enum cli_verdict verdict;
    enum cli_command command;
};

static const struct help_case help_cases[] = {
    { "--help", CLI_HELP, CLI_ANY },
    { "-h", CLI_HELP, CLI_ANY },
    { "help", CLI_HELP, CLI_ANY },
    { "--version", CLI_VERSION, CLI_ANY },
    { "serve --help", CLI_HELP, CLI_SERVE },
    { "serve x -h", CLI_HELP, CLI_SERVE },
    { "hello --workers 2 --help --nonsense", CLI_HELP, CLI_HELLO },
    { "hello --version", CLI_VERSION, CLI_HELLO },
    { "echo --help", CLI_HELP, CLI_ECHO },
    { "echo --http --help", CLI_HELP, CLI_ECHO_HTTP },
};

START_TEST(help_is_given_where_it_is_asked_for)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    ck_assert_int_eq(parse(&options, help_cases[_i].line, false, error), help_cases[_i].verdict);
    ck_assert_int_eq(options.command, help_cases[_i].command);
}
END_TEST

/* ---- what is wrong ---- */

struct wrong_case {
    const char *line;
    const char *error;
};

#define ADDRESS_HINT ": say 127.0.0.1:8080, [::1]:8080, :8080 or unix:PATH"
#define PORT_HINT ": the port is no number from 0 to 65535"
#define SIZE_HINT ": must be a size such as 8192, 8k or 1m"
#define TIME_HINT ": must be a time such as 10s, 250ms or 2m"

static const struct wrong_case wrong_cases[] = {
    { "", "a command is missing: `weir serve [DIR]`, `weir hello`, `weir respond` or `weir echo`; `weir --help` tells more" },
    { "''", ": no such command; there are serve, hello, respond and echo" },
    { "srve", "srve: no such command; did you mean serve?" },
    { "helo", "helo: no such command; did you mean hello?" },
    { "frobnicate", "frobnicate: no such command; there are serve, hello, respond and echo" },
    { "--workers 2", "--workers: the command comes first, as in `weir serve --workers`" },
    { "serve --lisen x", "--lisen: no such option; did you mean --listen?" },
    { "serve --dotfiles", "--dotfiles: no such option; did you mean --dot-files?" },
    { "hello --dotfiles", "--dotfiles: no such option; `weir hello --help` lists them" },
    { "serve --frobnicate=1", "--frobnicate: no such option; `weir serve --help` lists them" },
    { "serve -x", "-x: no such option; `weir serve --help` lists them" },
    { "serve --list", "--list: no such option; did you mean --listen?" },
    { "serve --indx x", "--indx: no such option; did you mean --index?" },
    { "hello --dot-files", "--dot-files: not an option of `weir hello`" },
    { "hello --http", "--http: not an option of `weir hello`" },
    { "hello --max-buffer 8k", "--max-buffer: not an option of `weir hello`" },
    { "ecko", "ecko: no such command; did you mean echo?" },
    { "echo --access-log -", "--access-log: not an option of `weir echo`" },
    { "echo --workers 2 --max-line 1k --max-head 2k", "--max-line: not an option of `weir echo`" },
    { "echo --max-head 2k", "--max-head: not an option of `weir echo`" },
    { "echo --max-fields 2", "--max-fields: not an option of `weir echo`" },
    { "echo --max-body 2", "--max-body: not an option of `weir echo`" },
    { "echo --head-timeout 2", "--head-timeout: not an option of `weir echo`" },
    { "echo --body-timeout 2", "--body-timeout: not an option of `weir echo`" },
    { "echo --no-server-header", "--no-server-header: not an option of `weir echo`" },
    { "echo --dot-files", "--dot-files: not an option of `weir echo`" },
    { "echo --http --dot-files", "--dot-files: not an option of `weir echo --http`" },
    { "echo --http --max-buffer 8k", "--max-buffer: not an option of `weir echo --http`" },
    { "echo --max-buffer 8k --http", "--max-buffer: not an option of `weir echo --http`" },
    { "echo --max-buffer 4095", "--max-buffer 4095: must be from 4k to 1g" },
    { "echo --max-buffer 2g", "--max-buffer 2g: must be from 4k to 1g" },
    { "echo --http=yes", "--http=yes: takes no value" },
    { "respnd", "respnd: no such command; did you mean respond?" },
    { "respond", "STATUS is missing: say `weir respond 503` or `weir respond 200 TEXT`" },
    { "respond 199", "199: STATUS must be a number from 200 to 599" },
    { "respond 100", "100: STATUS must be a number from 200 to 599" },
    { "respond 600", "600: STATUS must be a number from 200 to 599" },
    { "respond teapot", "teapot: STATUS must be a number from 200 to 599" },
    { "respond ''", ": STATUS must be a number from 200 to 599" },
    { "respond 200 a b", "b: only one TEXT can be answered; put it between quotation marks" },
    { "respond 204 x", "x: an answer with 204 has no content: leave TEXT out" },
    { "respond 205 x", "x: an answer with 205 has no content: leave TEXT out" },
    { "respond 304 ''", ": an answer with 304 has no content: leave TEXT out" },
    { "respond 200 --dot-files", "--dot-files: not an option of `weir respond`" },
    { "respond 200 --cors *", "--cors: not an option of `weir respond`" },
    { "hello --header A:b", "--header: not an option of `weir hello`" },
    { "echo --http --error-page 404=x", "--error-page: not an option of `weir echo --http`" },
    { "echo x", "x: `weir echo` takes no such word; options begin with --" },
    { "serve --dot-files=yes", "--dot-files=yes: takes no value" },
    { "serve --help=yes", "--help=yes: takes no value" },
    { "serve --max-head", "--max-head: needs a value: --max-head BYTES" },
    { "serve a b", "b: only one DIR can be served" },
    { "serve ''", "DIR is empty: must be the path of a folder, such as ." },
    { "hello x", "x: `weir hello` takes no such word; options begin with --" },
    { "hello -- --workers", "--workers: `weir hello` takes no such word; options begin with --" },
    { "hello --workers 0", "--workers 0: must be from 1 to 256" },
    { "hello --workers 257", "--workers 257: must be from 1 to 256" },
    { "hello --workers two", "--workers two: must be a number" },
    { "hello --workers 2k", "--workers 2k: must be a number" },
    { "hello --workers=", "--workers : must be a number" },
    { "hello --workers -1", "--workers -1: must be a number" },
    { "hello --poller kqueue", "--poller kqueue: must be epoll, poll or select" },
    { "hello --access-log ''", "--access-log: must be the path of a file, - for standard output, or off" },
    { "hello --max-body 1x", "--max-body 1x" SIZE_HINT },
    { "hello --max-body k", "--max-body k" SIZE_HINT },
    { "hello --max-body 1kk", "--max-body 1kk" SIZE_HINT },
    { "hello --max-body 18446744073709551616", "--max-body 18446744073709551616" SIZE_HINT },
    { "hello --max-body 99999999999999g", "--max-body 99999999999999g" SIZE_HINT },
    { "hello --max-body 9223372036854775808", "--max-body 9223372036854775808: must be from 0 to 9223372036854775807" },
    { "hello --max-head 64k", "--max-head 64k: must be from 128 to 65535" },
    { "hello --max-fields 201", "--max-fields 201: must be from 1 to 200" },
    { "hello --max-linger 4g", "--max-linger 4g: must be from 0 to 4294967295" },
    { "hello --head-timeout soon", "--head-timeout soon" TIME_HINT },
    { "hello --head-timeout 1.5s", "--head-timeout 1.5s" TIME_HINT },
    { "hello --head-timeout 0", "--head-timeout 0: must be from 1ms to 24d" },
    { "hello --idle-timeout 25d", "--idle-timeout 25d: must be from 0 to 24d" },
    { "hello --max-line 17k", "--max-line 17408: must be at most --max-head, which is 16384" },
    { "hello --max-head 4k", "--max-line 8192: must be at most --max-head, which is 4096" },
    { "hello --listen 8080", "--listen 8080" ADDRESS_HINT },
    { "hello --listen localhost:8080", "--listen localhost:8080" ADDRESS_HINT },
    { "hello --listen 127.0.0.1", "--listen 127.0.0.1" ADDRESS_HINT },
    { "hello --listen 127.0.0.1:", "--listen 127.0.0.1:" PORT_HINT },
    { "hello --listen 127.0.0.1:65536", "--listen 127.0.0.1:65536" PORT_HINT },
    { "hello --listen 127.0.0.1:000080", "--listen 127.0.0.1:000080" PORT_HINT },
    { "hello --listen 127.0.0.1:8x", "--listen 127.0.0.1:8x" PORT_HINT },
    { "hello --listen 127.1:80", "--listen 127.1:80" ADDRESS_HINT },
    { "hello --listen ::1:80", "--listen ::1:80" ADDRESS_HINT },
    { "hello --listen [::1]", "--listen [::1]" ADDRESS_HINT },
    { "hello --listen []:80", "--listen []:80" ADDRESS_HINT },
    { "hello --listen [:80", "--listen [:80" ADDRESS_HINT },
    { "hello --listen [127.0.0.1]:80", "--listen [127.0.0.1]:80" ADDRESS_HINT },
    { "hello --listen [0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:80",
      "--listen [0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:80" ADDRESS_HINT },
    { "hello --listen unix:", "--listen unix:: no path; say unix:PATH" },
    { "hello --listen a\nb", "--listen a?b" ADDRESS_HINT },
};

START_TEST(a_wrong_word_gets_one_line_that_says_what_would_be_right)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    ck_assert_int_eq(parse(&options, wrong_cases[_i].line, false, error), CLI_WRONG);
    ck_assert_str_eq(error, wrong_cases[_i].error);
}
END_TEST

START_TEST(a_path_too_long_for_a_socket_is_refused)
{
    struct cli_options options;
    char line[200], error[CLI_ERROR_SIZE];
    char path[109];
    memset(path, 'p', 108);
    path[108] = '\0';
    snprintf(line, sizeof(line), "hello --listen unix:%s", path);
    ck_assert_int_eq(parse(&options, line, false, error), CLI_WRONG);
    path[107] = '\0';
    snprintf(line, sizeof(line), "hello --listen unix:%s", path);
    ck_assert_int_eq(parse(&options, line, false, error), CLI_RUN);
}
END_TEST

START_TEST(addresses_may_be_given_so_often_and_not_more)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    char word[] = "--listen=:0";
    char *words[2 + CLI_LISTEN_MAX + 1] = { (char[]){ "weir" }, (char[]){ "hello" } };
    for (int i = 0; i <= CLI_LISTEN_MAX; i++)
        words[2 + i] = word;
    ck_assert_int_eq(options_parse(&options, 2 + CLI_LISTEN_MAX, words, false, error), CLI_RUN);
    ck_assert_uint_eq(options.weir.listen_count, CLI_LISTEN_MAX);
    ck_assert_int_eq(options_parse(&options, 2 + CLI_LISTEN_MAX + 1, words, false, error), CLI_WRONG);
    ck_assert_str_eq(error, "--listen :0: may be given 16 times at most");
}
END_TEST

START_TEST(the_error_fits_whatever_the_words_are)
{
    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    char word[5000];
    memset(word, '-', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    char *const lines[][3] = {
        { (char[]){ "weir" }, word, NULL },
        { (char[]){ "weir" }, (char[]){ "serve" }, word },
        { (char[]){ "weir" }, (char[]){ "serve" }, NULL },
    };
    ck_assert_int_eq(options_parse(&options, 2, lines[0], false, error), CLI_WRONG);
    ck_assert_uint_lt(strlen(error), CLI_ERROR_SIZE);
    ck_assert_int_eq(options_parse(&options, 3, lines[1], false, error), CLI_WRONG);
    ck_assert_uint_lt(strlen(error), CLI_ERROR_SIZE);
    ck_assert_int_eq(options_parse(&options, 2, lines[2], false, error), CLI_RUN);
}
END_TEST

/* ---- help ---- */

static const enum cli_command every_command[] = { CLI_ANY, CLI_SERVE, CLI_HELLO, CLI_RESPOND, CLI_ECHO, CLI_ECHO_HTTP };

START_TEST(the_help_fits_eighty_columns)
{
    char help[16384];
    const size_t len = options_help(every_command[_i], help, sizeof(help));
    ck_assert_uint_lt(len, sizeof(help));
    ck_assert_uint_eq(strlen(help), len);
    for (const char *at = help; *at != '\0'; at = strchr(at, '\n') + 1) {
        const int width = (int)strcspn(at, "\n");
        ck_assert_msg(width <= 80, "%d columns: %.*s", width, width, at);
        ck_assert_msg(width == 0 || at[width - 1] != ' ', "blank at the end: %.*s", width, at);
    }
}
END_TEST

/* Each option of the help, given its own default, changes nothing: the help tells the truth, and the parser knows all that it tells. */
START_TEST(the_help_names_options_that_exist_and_their_defaults)
{
    static const char *const words[] = { [CLI_ANY] = "serve", [CLI_SERVE] = "serve", [CLI_HELLO] = "hello", [CLI_RESPOND] = "respond 404",
                                         [CLI_ECHO] = "echo", [CLI_ECHO_HTTP] = "echo --http" };
    const char *const command = words[every_command[_i]];
    struct cli_options bare;
    char fault[CLI_ERROR_SIZE];
    ck_assert_int_eq(parse(&bare, command, false, fault), CLI_RUN);
    char help[16384];
    options_help(every_command[_i], help, sizeof(help));
    unsigned options_seen = 0;
    for (const char *at = help; (at = strstr(at, "\n  --")) != NULL; options_seen++) {
        char name[32], line[100], error[CLI_ERROR_SIZE], shown[32] = "";
        ck_assert_int_eq(sscanf(at + 3, "%31s", name), 1);
        at += 5;
        const char *const next = strstr(at, "\n  --");
        const char *bracket = next;
        for (const char *look = at; (look = strchr(look, '[')) != NULL && (next == NULL || look < next); look++)
            bracket = look;
        if (bracket != NULL && bracket != next)
            sscanf(bracket + 1, "%31[^]; ]", shown);
        const bool plain = shown[0] >= '0' && shown[0] <= '9';
        snprintf(line, sizeof(line), "%s %s%s%s", command, name, plain ? "=" : "", plain ? shown : "");
        struct cli_options options;
        const enum cli_verdict verdict = parse(&options, line, false, error);
        const bool known = verdict != CLI_WRONG || strstr(error, "needs a value") != NULL;
        const bool of_echo = every_command[_i] == CLI_ANY && strstr(error, "not an option of `weir serve`") != NULL;
        ck_assert_msg(known || of_echo, "%s: %s", line, error);
        if (plain && !of_echo && strcmp(name, "--listen") != 0) {
            ck_assert_int_eq(verdict, CLI_RUN);
            ck_assert_msg(same(&options.weir, &bare.weir) && same_files(&options.files, &bare.files), "%s is not the default", line);
        }
    }
    ck_assert_uint_ge(options_seen, every_command[_i] == CLI_ECHO ? 13 : 20);
}
END_TEST

START_TEST(the_help_of_a_command_shows_its_own_options_alone)
{
    char help[16384];
    options_help(CLI_HELLO, help, sizeof(help));
    ck_assert_ptr_null(strstr(help, "--dot-files"));
    ck_assert_ptr_null(strstr(help, "Files"));
    ck_assert_ptr_null(strstr(help, "weir serve"));
    options_help(CLI_SERVE, help, sizeof(help));
    ck_assert_ptr_nonnull(strstr(help, "--dot-files"));
    ck_assert_ptr_null(strstr(help, "weir hello"));
    ck_assert_ptr_null(strstr(help, "--max-buffer"));
    options_help(CLI_RESPOND, help, sizeof(help));
    ck_assert_ptr_nonnull(strstr(help, "weir respond STATUS [TEXT] [OPTION]"));
    ck_assert_ptr_nonnull(strstr(help, "--header"));
    ck_assert_ptr_null(strstr(help, "--index"));
    options_help(CLI_ECHO, help, sizeof(help));
    ck_assert_ptr_nonnull(strstr(help, "--max-buffer BYTES"));
    ck_assert_ptr_nonnull(strstr(help, "[20s]"));
    ck_assert_ptr_null(strstr(help, "408"));
    ck_assert_ptr_null(strstr(help, "--access-log"));
    options_help(CLI_ECHO_HTTP, help, sizeof(help));
    ck_assert_ptr_null(strstr(help, "--max-buffer"));
    ck_assert_ptr_nonnull(strstr(help, "[no limit]"));
}
END_TEST

START_TEST(the_help_is_cut_to_the_room_that_there_is)
{
    char whole[16384], cut[16384];
    const size_t len = options_help(CLI_ANY, whole, sizeof(whole));
    for (size_t size = 0; size <= 200; size++) {
        memset(cut, '#', sizeof(cut));
        ck_assert_uint_eq(options_help(CLI_ANY, cut, size), len);
        ck_assert_int_eq(cut[size], '#');
        ck_assert(size == 0 || (strlen(cut) == size - 1 && memcmp(cut, whole, size - 1) == 0));
    }
}
END_TEST

int main(void)
{
    TCase *const tests = tcase_create("options");
    tcase_add_test(tests, a_command_alone_has_the_defaults_of_the_library);
    tcase_add_test(tests, every_word_lands_where_it_belongs);
    tcase_add_loop_test(tests, echo_has_limits_of_its_own_and_http_may_stand_anywhere, 0, (int)COUNT(echo_cases));
    tcase_add_loop_test(tests, the_access_log_goes_to_a_terminal_where_nothing_else_is_said, 0, (int)COUNT(log_cases));
    tcase_add_loop_test(tests, the_folder_stands_anywhere_and_after_two_dashes_under_any_name, 0, (int)COUNT(folder_cases));
    tcase_add_loop_test(tests, an_address_is_taken, 0, (int)COUNT(right_addresses));
    tcase_add_loop_test(tests, an_answer_is_a_status_and_perhaps_a_text, 0, (int)COUNT(answer_cases));
    tcase_add_loop_test(tests, help_is_given_where_it_is_asked_for, 0, (int)COUNT(help_cases));
    tcase_add_loop_test(tests, a_wrong_word_gets_one_line_that_says_what_would_be_right, 0, (int)COUNT(wrong_cases));
    tcase_add_test(tests, a_path_too_long_for_a_socket_is_refused);
    tcase_add_test(tests, addresses_may_be_given_so_often_and_not_more);
    tcase_add_test(tests, the_error_fits_whatever_the_words_are);
    tcase_add_loop_test(tests, the_help_fits_eighty_columns, 0, (int)COUNT(every_command));
    tcase_add_loop_test(tests, the_help_names_options_that_exist_and_their_defaults, 0, (int)COUNT(every_command));
    tcase_add_test(tests, the_help_of_a_command_shows_its_own_options_alone);
    tcase_add_test(tests, the_help_is_cut_to_the_room_that_there_is);
    Suite *const suite = suite_create("options");
    suite_add_tcase(suite, tests);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
