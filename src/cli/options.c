#include "cli/options.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/assert.h"
#include "parser/address.h"

/* ---- the table ---- */

enum {
    FOR_SERVE = 1 << CLI_SERVE,
    FOR_ECHO = 1 << CLI_ECHO,
    FOR_HTTP = FOR_SERVE | 1 << CLI_HELLO | 1 << CLI_ECHO_HTTP,
    FOR_ALL = FOR_HTTP | FOR_ECHO
};

#define TIME_MAX UINT64_C(2073600000)      /* 24 days in ms: the bound that weir.h names */

enum value_kind {
    VALUE_NONE,                /* a flag: `*bool` becomes `low` != 0 */
    VALUE_COUNT,               /* uint32_t */
    VALUE_BYTES,               /* uint32_t */
    VALUE_BYTES_WIDE,          /* uint64_t */
    VALUE_TIME,                /* uint32_t, ms */
    VALUE_LISTEN,              /* one more address */
    VALUE_POLLER,
    VALUE_LOG,
    VALUE_HTTP,                /* echo becomes echo --http */
    VALUE_HELP
};

struct option {
    const char *name;
    const char *value;         /* as the help calls it; NULL: takes none */
    enum value_kind kind;
    unsigned commands;         /* those that have it, as bits */
    size_t where;              /* its offset in struct cli_options */
    uint64_t low, high;        /* bounds of a number, both included */
    const char *fallback;      /* the default as the help shows it; NULL: it is read from weir_defaults() */
    const char *help;          /* lines separated by newlines, each at most HELP_WIDTH columns */
};

/* A group of options in the help. */
struct option_group {
    const char *title;
    const struct option *options;
    size_t count;
};

#define AT(field) offsetof(struct cli_options, field)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct option server_options[] = {
    { "--listen", "ADDR", VALUE_LISTEN, FOR_ALL, 0, 0, 0, "127.0.0.1:8080",
      "127.0.0.1:8080, [::1]:8080, :8080 (all addresses)\nor unix:PATH; port 0 takes a free one; may be\ngiven again" },
    { "--workers", "N", VALUE_COUNT, FOR_ALL, AT(weir.workers), 1, 256, "one for each CPU", "threads" },
    { "--poller", "NAME", VALUE_POLLER, FOR_ALL, 0, 0, 0, "epoll", "how readiness is learned: epoll, poll or select" },
    { "--access-log", "PATH", VALUE_LOG, FOR_HTTP, 0, 0, 0, "- on a terminal, else off",
      "a file to append to, - for standard output, or\noff; SIGHUP opens the file anew" },
    { "--no-server-header", NULL, VALUE_NONE, FOR_HTTP, AT(weir.server_field), false, 0, "", "leave out the field `Server: weir`" },
};

static const struct option file_options[] = {
    { "--dot-files", NULL, VALUE_NONE, FOR_SERVE, AT(dot_files), true, 0, "", "serve names that begin with a dot, too" },
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

static const struct option_group groups[] = {
    { "Server", server_options, COUNT(server_options) },
    { "Files", file_options, COUNT(file_options) },
    { "Echo", echo_options, COUNT(echo_options) },
    { "Limits of size (BYTES: 8192, 8k, 1m)", size_options, COUNT(size_options) },
    { "Limits of time (TIME: 10, 10s, 250ms, 2m, 1h)", time_options, COUNT(time_options) },
    { "Other", other_options, COUNT(other_options) },
};

struct command {
    const char *name;          /* as one types it */
    const char *operands;      /* what may follow the name */
    const char *help;
    const char *first_line;    /* of its help */
};

static const struct command commands[] = {
    [CLI_ANY] = { "", "COMMAND", "", "a connection engine and an HTTP/1.1 server" },
    [CLI_SERVE] = { "serve", "[DIR]", "serve the files below DIR (default: .)", "serves the files below DIR over HTTP/1.1" },
    [CLI_HELLO] = { "hello", "", "answer every request with `Hello, world!`", "answers every request with `Hello, world!`" },
    [CLI_ECHO] = { "echo", "", "send every byte back, over plain TCP", "sends every byte back, over plain TCP" },
    [CLI_ECHO_HTTP] = { "echo --http", "", "answer every request with its own body", "answers every request with its own body" },
};

#define COMMANDS_TYPED CLI_ECHO_HTTP       /* those before this one are a word; this one is chosen by an option */

/* What a command starts from. Echo is as plain TCP servers are: it takes whatever comes, and lets go of who is silent. */
static struct weir_options command_defaults(enum cli_command command)
{
    struct weir_options options = weir_defaults();
    if (command == CLI_ECHO || command == CLI_ECHO_HTTP) {
        options.idle_timeout = 20000;
        options.body_max = UINT64_MAX;
    }
    return options;
}

/* Suffixes of sizes and times, longest first where one is the end of another. */
struct unit {
    const char *suffix;
    uint64_t factor;
};

static const struct unit byte_units[] = { { "k", 1 << 10 }, { "m", 1 << 20 }, { "g", 1 << 30 }, { "", 1 } };
static const struct unit time_units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { "", 1000 } };
static const struct unit count_units[] = { { "", 1 } };

/* How the numeric kinds are written and shown. */
struct number_kind {
    const struct unit *units;
    size_t unit_count;
    const char *what;          /* "must be ..." */
};

static const struct number_kind number_kinds[] = {
    [VALUE_COUNT] = { count_units, COUNT(count_units), "a number" },
    [VALUE_BYTES] = { byte_units, COUNT(byte_units), "a size such as 8192, 8k or 1m" },
    [VALUE_BYTES_WIDE] = { byte_units, COUNT(byte_units), "a size such as 8192, 8k or 1m" },
    [VALUE_TIME] = { time_units, COUNT(time_units), "a time such as 10s, 250ms or 2m" },
};

/* ---- errors ---- */

/* What the parser knows while it runs. */
struct parse {
    struct cli_options *out;
    const char *option;        /* as given: "--listen" */
    const char *missed[COUNT(commands)];       /* by command: the first option given that it does not have, or NULL */
    char *error;
};

/* Writes the one line. Control characters, which only the caller's own words can bring, become '?'. */
__attribute__((format(printf, 2, 3)))
static enum cli_verdict wrong(struct parse *p, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->error, CLI_ERROR_SIZE, format, arguments);
    va_end(arguments);
    for (char *at = p->error; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    return CLI_WRONG;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be put in, taken out or changed to make `b`, a name of the tables above, of `a`. */
static size_t edit_distance(const char *a, size_t a_len, const char *b)
{
    size_t row[32];
    const size_t b_len = strlen(b);
    weir_assert(b_len < COUNT(row));
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            const size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(changed, least(row[j - 1], row[j]) + 1);
        }
    }
    return row[b_len];
}

/* ---- values ---- */

/* Digits and one of the kind's units, anything else is no number. */
static bool number_read(const struct number_kind *kind, const char *text, uint64_t *value)
{
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
            return false;
    if (at == text)
        return false;
    for (size_t i = 0; i < kind->unit_count; i++)
        if (strcmp(at, kind->units[i].suffix) == 0)
            return !__builtin_mul_overflow(number, kind->units[i].factor, value);
    return false;
}

/* The shortest way to write `value`, one that number_read() reads: "10s", "8k", "100". A time always has its unit. */
static void number_show(const struct number_kind *kind, uint64_t value, char *text, size_t size)
{
    const struct unit *best = NULL;
    for (size_t i = 0; i < kind->unit_count; i++) {
        const struct unit *unit = &kind->units[i];
        const bool fits = value % unit->factor == 0 && (kind->units != time_units || (value != 0 && unit->suffix[0] != '\0'));
        if (fits && (best == NULL || unit->factor > best->factor))
            best = unit;
    }
    if (value == 0 || best == NULL)
        best = &kind->units[kind->unit_count - 1];
    snprintf(text, size, "%llu%s", (unsigned long long)(value / best->factor), best->suffix);
}

static enum cli_verdict take_number(struct parse *p, const struct option *option, const char *text)
{
    const struct number_kind *kind = &number_kinds[option->kind];
    char *const where = (char *)p->out + option->where;
    uint64_t value;
    if (!number_read(kind, text, &value))
        return wrong(p, "%s %.60s: must be %s", p->option, text, kind->what);
    if (value < option->low || value > option->high) {
        char low[32], high[32];
        number_show(kind, option->low, low, sizeof(low));
        number_show(kind, option->high, high, sizeof(high));
        return wrong(p, "%s %.60s: must be from %s to %s", p->option, text, low, high);
    }
    if (option->kind == VALUE_BYTES_WIDE)
        memcpy(where, &value, sizeof(value));
    else
        memcpy(where, &(uint32_t){ (uint32_t)value }, sizeof(uint32_t));
    return CLI_RUN;
}

static enum cli_verdict take_listen(struct parse *p, const struct option *option, const char *text)
{
    (void)option;
    struct address address;
    const char *const fault = address_parse(slice_of(text), &address);
    if (fault != NULL)
        return wrong(p, "%s %.120s: %s", p->option, text, fault);
    if (p->out->weir.listen_count == CLI_LISTEN_MAX)
        return wrong(p, "%s %.60s: may be given %d times at most", p->option, text, (int)CLI_LISTEN_MAX);
    p->out->listen[p->out->weir.listen_count++] = text;
    return CLI_RUN;
}

static enum cli_verdict take_poller(struct parse *p, const struct option *option, const char *text)
{
    (void)option;
    if (strcmp(text, "epoll") != 0 && strcmp(text, "poll") != 0 && strcmp(text, "select") != 0)
        return wrong(p, "%s %.60s: must be epoll, poll or select", p->option, text);
    p->out->weir.poller = text;
    return CLI_RUN;
}

static enum cli_verdict take_log(struct parse *p, const struct option *option, const char *text)
{
    (void)option;
    if (text[0] == '\0')
        return wrong(p, "%s: must be the path of a file, - for standard output, or off", p->option);
    p->out->weir.access_log = strcmp(text, "off") == 0 ? NULL : text;
    return CLI_RUN;
}

static enum cli_verdict take_flag(struct parse *p, const struct option *option, const char *text)
{
    (void)text;
    const bool value = option->low != 0;
    memcpy((char *)p->out + option->where, &value, sizeof value);
    return CLI_RUN;
}

static enum cli_verdict take_http(struct parse *p, const struct option *option, const char *text)
{
    (void)option;
    (void)text;
    if (p->out->command == CLI_ECHO)
        p->out->command = CLI_ECHO_HTTP;
    return CLI_RUN;
}

static enum cli_verdict take_help(struct parse *p, const struct option *option, const char *text)
{
    (void)p;
    (void)text;
    return strcmp(option->name, "--help") == 0 ? CLI_HELP : CLI_VERSION;
}

typedef enum cli_verdict take_function(struct parse *p, const struct option *option, const char *text);

static take_function *const takers[] = {
    [VALUE_NONE] = take_flag,        [VALUE_COUNT] = take_number, [VALUE_BYTES] = take_number,
    [VALUE_BYTES_WIDE] = take_number, [VALUE_TIME] = take_number,  [VALUE_LISTEN] = take_listen,
    [VALUE_POLLER] = take_poller,    [VALUE_LOG] = take_log,      [VALUE_HTTP] = take_http,
    [VALUE_HELP] = take_help,
};

/* ---- words ---- */

static const struct option *option_find(const char *name, size_t len)
{
    for (size_t g = 0; g < COUNT(groups); g++)
        for (size_t i = 0; i < groups[g].count; i++) {
            const struct option *option = &groups[g].options[i];
            if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
                return option;
        }
    return NULL;
}

static enum cli_verdict unknown_option(struct parse *p, const char *word, size_t len)
{
    const char *near = NULL;
    size_t nearest = 3;
    for (size_t g = 0; g < COUNT(groups); g++)
        for (size_t i = 0; i < groups[g].count; i++) {
            const struct option *option = &groups[g].options[i];
            const size_t distance = edit_distance(word, len, option->name);
            if ((option->commands & 1u << p->out->command) != 0 && distance < nearest) {
                nearest = distance;
                near = option->name;
            }
        }
    const int shown = (int)least(len, 60);
    if (near != NULL)
        return wrong(p, "%.*s: no such option; did you mean %s?", shown, word, near);
    return wrong(p, "%.*s: no such option; `weir %s --help` lists them", shown, word, commands[p->out->command].name);
}

/* Takes the option at argv[*at], and its value from the same word or the next one. */
static enum cli_verdict take_option(struct parse *p, int argc, char *const argv[], int *at)
{
    const char *const word = strcmp(argv[*at], "-h") == 0 ? "--help" : argv[*at];
    const char *text = strchr(word, '=');
    const size_t len = text == NULL ? strlen(word) : (size_t)(text - word);
    const struct option *option = option_find(word, len);
    if (option == NULL)
        return unknown_option(p, word, len);
    p->option = option->name;
    for (unsigned i = 0; i < COUNT(commands); i++)
        if ((option->commands & 1u << i) == 0 && p->missed[i] == NULL)
            p->missed[i] = option->name;
    if (option->value == NULL && text != NULL)
        return wrong(p, "%.60s: takes no value", word);
    if (option->value != NULL && text == NULL) {
        if (*at + 1 >= argc)
            return wrong(p, "%s: needs a value: %s %s", p->option, p->option, option->value);
        text = argv[++*at];
    } else if (text != NULL) {
        text++;
    }
    return takers[option->kind](p, option, text);
}

static enum cli_verdict take_operand(struct parse *p, const char *word, bool *taken)
{
    if (p->out->command != CLI_SERVE)
        return wrong(p, "%.60s: `weir %s` takes no such word; options begin with --", word, commands[p->out->command].name);
    if (*taken)
        return wrong(p, "%.60s: only one DIR can be served", word);
    if (word[0] == '\0')
        return wrong(p, "DIR is empty: must be the path of a folder, such as .");
    *taken = true;
    p->out->dir = word;
    return CLI_RUN;
}

/* What stands first: a command, or a request for help. CLI_RUN: `command` is set. */
static enum cli_verdict take_command(struct parse *p, int argc, char *const argv[])
{
    if (argc < 2)
        return wrong(p, "a command is missing: `weir serve [DIR]`, `weir hello` or `weir echo`; `weir --help` tells more");
    const char *const word = argv[1];
    const char *near = NULL;
    for (size_t i = CLI_SERVE; i < COMMANDS_TYPED; i++) {
        if (strcmp(word, commands[i].name) == 0) {
            p->out->command = (enum cli_command)i;
            return CLI_RUN;
        }
        if (edit_distance(word, strlen(word), commands[i].name) <= 2)
            near = commands[i].name;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return CLI_HELP;
    if (strcmp(word, "--version") == 0)
        return CLI_VERSION;
    if (word[0] == '-')
        return wrong(p, "%.60s: the command comes first, as in `weir serve %.60s`", word, word);
    if (near != NULL)
        return wrong(p, "%.60s: no such command; did you mean %s?", word, near);
    return wrong(p, "%.60s: no such command; there are serve, hello and echo", word);
}

/* Relations between options that no single one of them can see; with --http, wherever it stands, echo has other ones. */
static enum cli_verdict check_together(struct parse *p)
{
    const struct weir_options *weir = &p->out->weir;
    const enum cli_command command = p->out->command;
    if (p->missed[command] != NULL)
        return wrong(p, "%s: not an option of `weir %s`", p->missed[command], commands[command].name);
    if (weir->line_max > weir->head_max)
        return wrong(p, "--max-line %u: must be at most --max-head, which is %u", weir->line_max, weir->head_max);
    return CLI_RUN;
}

enum cli_verdict options_parse(struct cli_options *out, int argc, char *const argv[], bool on_terminal, char error[CLI_ERROR_SIZE])
{
    *out = (struct cli_options){ .dir = "." };
    struct parse p = { .out = out, .error = error };
    enum cli_verdict verdict = take_command(&p, argc, argv);
    out->weir = command_defaults(out->command);
    out->weir.access_log = on_terminal ? "-" : NULL;
    bool operand_taken = false;
    bool options_end = false;
    for (int at = 2; at < argc && verdict == CLI_RUN; at++) {
        const char *const word = argv[at];
        if (!options_end && strcmp(word, "--") == 0)
            options_end = true;
        else if (!options_end && word[0] == '-' && word[1] != '\0')
            verdict = take_option(&p, argc, argv, &at);
        else
            verdict = take_operand(&p, word, &operand_taken);
    }
    if (out->weir.listen_count > 0)
        out->weir.listen = out->listen;
    if (out->command == CLI_ECHO)
        out->weir.access_log = NULL;           /* plain TCP has nothing that it could tell */
    return verdict == CLI_RUN ? check_together(&p) : verdict;
}

/* ---- help ---- */

enum { HELP_INDENT = 26 };     /* where the right column begins */

/* Text that is being written into a bound piece of memory, its whole length counted. */
struct text {
    char *out;
    size_t size;
    size_t len;
};

__attribute__((format(printf, 2, 3)))
static void text_add(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const bool room = t->len < t->size;
    const int len = vsnprintf(room ? t->out + t->len : NULL, room ? t->size - t->len : 0, format, arguments);
    va_end(arguments);
    t->len += (size_t)len;
}

/* What a number is for `command` where nothing is said. */
static uint64_t default_of(const struct option *option, enum cli_command command)
{
    const struct cli_options defaults = { .weir = command_defaults(command) };
    const char *const where = (const char *)&defaults + option->where;
    if (option->kind == VALUE_BYTES_WIDE) {
        uint64_t wide;
        memcpy(&wide, where, sizeof(wide));
        return wide;
    }
    uint32_t narrow;
    memcpy(&narrow, where, sizeof(narrow));
    return narrow;
}

/* The default of an option, as the user would write it; in the help of all, that of echo, too, where it is another one. */
static void default_show(const struct option *option, enum cli_command command, struct text *t)
{
    char number[32];
    if (option->fallback != NULL) {
        text_add(t, "%s", option->fallback);
        return;
    }
    const uint64_t value = default_of(option, command), echo = default_of(option, CLI_ECHO_HTTP);
    number_show(&number_kinds[option->kind], value, number, sizeof(number));
    text_add(t, "%s", value == UINT64_MAX ? "no limit" : number);
    if (command != CLI_ANY || value == echo)
        return;
    number_show(&number_kinds[option->kind], echo, number, sizeof(number));
    text_add(t, "; echo: %s", echo == UINT64_MAX ? "no limit" : number);
}

/* One option: its name at the left, at the right the lines of its help and its default in brackets. */
static void help_option(struct text *t, const struct option *option, enum cli_command command)
{
    char shown[64];
    default_show(option, command, &(struct text){ shown, sizeof(shown), 0 });
    const size_t begin = t->len;
    text_add(t, "  %s%s%s", option->name, option->value == NULL ? "" : " ", option->value == NULL ? "" : option->value);
    text_add(t, "%*s", (int)(HELP_INDENT - (t->len - begin)), "");
    size_t column = HELP_INDENT;
    for (const char *line = option->help; *line != '\0'; line += strspn(line, "\n")) {
        const size_t len = strcspn(line, "\n");
        text_add(t, line == option->help ? "%*s%.*s" : "\n%*s%.*s", line == option->help ? 0 : HELP_INDENT, "", (int)len, line);
        column = HELP_INDENT + len;
        line += len;
    }
    if (shown[0] == '\0')
        text_add(t, "\n");
    else if (column + strlen(shown) + 3 <= 80)
        text_add(t, " [%s]\n", shown);
    else
        text_add(t, "\n%*s[%s]\n", HELP_INDENT, "", shown);
}

static void help_group(struct text *t, const struct option_group *group, enum cli_command command)
{
    const unsigned wanted = command == CLI_ANY ? FOR_ALL : 1u << command;
    bool titled = false;
    for (size_t i = 0; i < group->count; i++) {
        if ((group->options[i].commands & wanted) == 0)
            continue;
        if (!titled)
            text_add(t, "\n%s\n", group->title);
        titled = true;
        help_option(t, &group->options[i], command);
    }
}

/* Blanks behind a command and its operands, so that all are as wide as the widest. */
static int command_padding(const struct command *command)
{
    const size_t width = strlen(command->name) + (command->operands[0] != '\0') + strlen(command->operands);
    return (int)(strlen(commands[CLI_ECHO_HTTP].name) - width);
}

size_t options_help(enum cli_command command, char *out, size_t size)
{
    struct text t = { out, size, 0 };
    text_add(&t, "weir %s: %s\n\n", WEIR_VERSION, commands[command].first_line);
    for (size_t i = CLI_SERVE; i < COUNT(commands); i++)
        if (command == CLI_ANY || command == i)
            text_add(&t, "  weir %s%s%s%*s [OPTION]...    %s\n", commands[i].name, commands[i].operands[0] != '\0' ? " " : "",
                     commands[i].operands, command_padding(&commands[i]), "", commands[i].help);
    for (size_t g = 0; g < COUNT(groups); g++)
        help_group(&t, &groups[g], command);
    return t.len;
}
