#include "cli/options.h"

#include <string.h>

#include "cli/field_check.h"
#include "cli/option_values.h"
#include "core/assert.h"
#include "parser/address.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- words that nobody knows ---- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be put in, taken out or changed to make `b`, a name of the tables, of `a`. */
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

static enum cli_verdict unknown_option(struct parse *p, const char *word, size_t len)
{
    const char *near = NULL;
    size_t nearest = 3;
    for (size_t g = 0; g < option_group_count; g++)
        for (size_t i = 0; i < option_groups[g].count; i++) {
            const struct option *option = &option_groups[g].options[i];
            const size_t distance = edit_distance(word, len, option->name);
            if ((option->commands & 1u << p->out->command) != 0 && distance < nearest) {
                nearest = distance;
                near = option->name;
            }
        }
    const int shown = (int)least(len, 60);
    if (near != NULL)
        return option_wrong(p, "%.*s: no such option; did you mean %s?", shown, word, near);
    return option_wrong(p, "%.*s: no such option; `weir %s --help` lists them", shown, word, commands[p->out->command].name);
}

/* ---- words ---- */

static const struct option *option_find(const char *name, size_t len)
{
    for (size_t g = 0; g < option_group_count; g++)
        for (size_t i = 0; i < option_groups[g].count; i++) {
            const struct option *option = &option_groups[g].options[i];
            if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
                return option;
        }
    return NULL;
}

/* Takes the option at argv[*at], and its value from the same word or the next one. */
static enum cli_verdict take_option(struct parse *p, int argc, char *const argv[], int *at)
{
    char help[] = "--help";
    char *const word = strcmp(argv[*at], "-h") == 0 ? help : argv[*at];
    char *text = strchr(word, '=');
    const size_t len = text == NULL ? strlen(word) : (size_t)(text - word);
    const struct option *option = option_find(word, len);
    if (option == NULL)
        return unknown_option(p, word, len);
    p->option = option->name;
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        if ((option->commands & 1u << i) == 0 && p->missed[i] == NULL)
            p->missed[i] = option->name;
    if (option->value == NULL && text != NULL)
        return option_wrong(p, "%.60s: takes no value", word);
    if (option->value != NULL && text == NULL) {
        if (*at + 1 >= argc)
            return option_wrong(p, "%s: needs a value: %s %s", p->option, p->option, option->value);
        text = argv[++*at];
    } else if (text != NULL) {
        text++;
    }
    return option_take(p, option, text);
}

static enum cli_verdict take_dir(struct parse *p, const char *word)
{
    if (p->out->files.dir != NULL)
        return option_wrong(p, "%.60s: only one DIR can be served", word);
    if (word[0] == '\0')
        return option_wrong(p, "DIR is empty: must be the path of a folder, such as .");
    p->out->files.dir = word;
    return CLI_RUN;
}

/* STATUS, then TEXT. */
static enum cli_verdict take_answer(struct parse *p, const char *word)
{
    unsigned long long status;
    if (p->out->text != NULL)
        return option_wrong(p, "%.60s: only one TEXT can be answered; put it between quotation marks", word);
    if (p->out->status != 0) {
        p->out->text = word;
        return CLI_RUN;
    }
    if (!slice_to_number(slice_of(word), &status) || status < 200 || status > 599)
        return option_wrong(p, "%.60s: STATUS must be a number from 200 to 599", word);
    p->out->status = (int)status;
    return CLI_RUN;
}

static enum cli_verdict take_operand(struct parse *p, const char *word)
{
    switch (p->out->command) {
    case CLI_SERVE: return take_dir(p, word);
    case CLI_RESPOND: return take_answer(p, word);
    default: return option_wrong(p, "%.60s: `weir %s` takes no such word; options begin with --", word, commands[p->out->command].name);
    }
}

/* What stands first: a command, or a request for help. CLI_RUN: `*command` is set. */
static enum cli_verdict take_command(struct parse *p, int argc, char *const argv[], enum cli_command *command)
{
    if (argc < 2)
        return option_wrong(p, "a command is missing: `weir serve [DIR]`, `weir hello`, `weir respond` or `weir echo`; `weir --help` tells more");
    const char *const word = argv[1];
    const char *near = NULL;
    for (size_t i = CLI_SERVE; i < COMMANDS_TYPED; i++) {
        if (strcmp(word, commands[i].name) == 0) {
            *command = (enum cli_command)i;
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
        return option_wrong(p, "%.60s: the command comes first, as in `weir serve %.60s`", word, word);
    if (near != NULL)
        return option_wrong(p, "%.60s: no such command; did you mean %s?", word, near);
    return option_wrong(p, "%.60s: no such command; there are serve, hello, respond and echo", word);
}

/* ---- when all words are read: relations between options that no single one of them can see ---- */

/* Whether nobody but this machine can ask at the address. */
static bool is_local(const char *text)
{
    static const uint8_t loopback[16] = { [15] = 1 };
    struct address address;
    if (address_parse(slice_of(text), &address) != NULL)
        return false;
    switch (address.kind) {
    case ADDRESS_IPV4: return address.ip[0] == 127;
    case ADDRESS_IPV6: return memcmp(address.ip, loopback, sizeof(loopback)) == 0;
    case ADDRESS_ANY: return false;
    case ADDRESS_UNIX: return true;
    }
    return false;
}

/* Where nothing is said, weir listens on 127.0.0.1. */
static bool all_are_local(const struct cli_options *out)
{
    size_t i = 0;
    while (i < out->weir.listen_count && is_local(out->listen[i]))
        i++;
    return i == out->weir.listen_count;
}

/* Why this command may not be given the field; NULL: it may. */
static const char *header_fault(const struct cli_options *out, struct slice name)
{
    const enum field_owner owner = field_owner(name);
    const bool is_serve = out->command == CLI_SERVE;
    if (owner == FIELD_OF_WEIR || (owner == FIELD_OF_FILES && is_serve))
        return "weir writes this field itself";
    if (owner == FIELD_OF_CACHE_RULES && is_serve)
        return "say --cache-control GLOB=VALUE";
    if (owner == FIELD_OF_CORS && out->files.cors_origin != NULL)
        return "--cors writes this field";
    if (out->text == NULL && slice_equals_ignoring_case(name, SLICE("Content-Type")))
        return "there is no TEXT that it could tell of";
    if (out->text == NULL && out->status == 405 && slice_equals_ignoring_case(name, SLICE("Allow")))
        return "weir writes this field itself where there is no TEXT";
    return NULL;
}

static enum cli_verdict check_headers(struct parse *p)
{
    size_t size = 0;
    for (size_t i = 0; i < p->out->header_count; i++) {
        const struct weir_field *const field = &p->out->fields[CLI_OWN_FIELDS_MAX + i];
        const char *const fault = header_fault(p->out, (struct slice){ field->name.ptr, field->name.len });
        if (fault != NULL)
            return option_wrong(p, "--header %.*s: %s", (int)least(field->name.len, 60), field->name.ptr, fault);
        size += field->name.len + sizeof(": \r\n") - 1 + field->value.len;
    }
    if (size > CLI_FIELDS_SIZE)
        return option_wrong(p, "--header: all together must be at most %d bytes long, and are %zu", (int)CLI_FIELDS_SIZE, size);
    return CLI_RUN;
}

static enum cli_verdict check_respond(struct parse *p)
{
    const int status = p->out->status;
    if (p->out->command != CLI_RESPOND)
        return CLI_RUN;
    if (status == 0)
        return option_wrong(p, "STATUS is missing: say `weir respond 503` or `weir respond 200 TEXT`");
    if (p->out->text != NULL && (status == 204 || status == 205 || status == 304))
        return option_wrong(p, "%.60s: an answer with %d has no content: leave TEXT out", p->out->text, status);
    return CLI_RUN;
}

/* With --http, wherever it stands, echo has other options. */
static enum cli_verdict check_together(struct parse *p)
{
    const struct weir_options *weir = &p->out->weir;
    const enum cli_command command = p->out->command;
    if (p->missed[command] != NULL)
        return option_wrong(p, "%s: not an option of `weir %s`", p->missed[command], commands[command].name);
    if (weir->line_max > weir->head_max)
        return option_wrong(p, "--max-line %u: must be at most --max-head, which is %u", weir->line_max, weir->head_max);
    const enum cli_verdict verdict = check_respond(p);
    return verdict == CLI_RUN ? check_headers(p) : verdict;
}

/* ---- what follows from it ---- */

static void add_own_field(struct cli_options *out, struct slice name, struct slice value)
{
    weir_assert(out->weir.field_count < CLI_OWN_FIELDS_MAX);
    out->weir.field_count++;
    out->weir.fields = &out->fields[CLI_OWN_FIELDS_MAX - out->weir.field_count];
    out->fields[CLI_OWN_FIELDS_MAX - out->weir.field_count] = (struct weir_field){ { name.ptr, name.len }, { value.ptr, value.len } };
}

/* What a script of another origin may see beside what it may see anyway (the safelist of the Fetch standard). */
#define EXPOSED "Accept-Ranges, Content-Encoding, Content-Range, Date, ETag, Location"

/* Weir's own, then --header: for files on every answer, else on the one that is given. */
static void compose_fields(struct cli_options *out)
{
    const char *const origin = out->files.cors_origin;
    if (origin != NULL) {
        add_own_field(out, SLICE("Access-Control-Expose-Headers"), SLICE(EXPOSED));
        if (strcmp(origin, "*") != 0)
            add_own_field(out, SLICE("Vary"), SLICE("Origin"));
        add_own_field(out, SLICE("Access-Control-Allow-Origin"), slice_of(origin));
    }
    if (out->command == CLI_SERVE || out->command == CLI_RESPOND)
        add_own_field(out, SLICE("X-Content-Type-Options"), SLICE("nosniff"));
    if (out->command == CLI_SERVE) {
        out->weir.field_count += out->header_count;
    } else {
        out->answer_fields = &out->fields[CLI_OWN_FIELDS_MAX];
        out->answer_field_count = out->header_count;
    }
}

static void settle(struct cli_options *out)
{
    if (out->weir.listen_count > 0)
        out->weir.listen = out->listen;
    if (out->command == CLI_ECHO)
        out->weir.access_log = NULL;           /* plain TCP has nothing that it could tell */
    if (out->files.dir == NULL)
        out->files.dir = ".";
    out->files.workers = out->weir.workers;
    out->files.listing = out->listing == CLI_LISTING_ON || (out->listing == CLI_LISTING_AUTO && all_are_local(out));
    compose_fields(out);
}

enum cli_verdict options_parse(struct cli_options *out, int argc, char *const argv[], bool on_terminal, char error[CLI_ERROR_SIZE])
{
    struct parse p = { .out = out, .error = error };
    enum cli_command command = CLI_ANY;
    enum cli_verdict verdict = take_command(&p, argc, argv, &command);
    command_start(out, command);
    out->weir.access_log = on_terminal ? "-" : NULL;
    bool options_end = false;
    for (int at = 2; at < argc && verdict == CLI_RUN; at++) {
        const char *const word = argv[at];
        if (!options_end && strcmp(word, "--") == 0)
            options_end = true;
        else if (!options_end && word[0] == '-' && word[1] != '\0')
            verdict = take_option(&p, argc, argv, &at);
        else
            verdict = take_operand(&p, word);
    }
    if (verdict == CLI_RUN)
        verdict = check_together(&p);
    if (verdict == CLI_RUN)
        settle(out);
    return verdict;
}
