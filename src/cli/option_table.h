/* What commands and options there are: data alone. The parser (options.c), the values (option_values.c) and the help (option_help.c) read it. */
#ifndef WEIR_CLI_OPTION_TABLE_H
#define WEIR_CLI_OPTION_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"

enum value_kind {
    VALUE_NONE,                /* a flag: `*bool` becomes `low` != 0 */
    VALUE_COUNT,               /* uint32_t */
    VALUE_BYTES,               /* uint32_t */
    VALUE_BYTES_WIDE,          /* uint64_t */
    VALUE_BYTES_SIZE,          /* size_t */
    VALUE_TIME,                /* uint32_t, ms */
    VALUE_LISTEN,              /* one more address; the kinds below are as their options say */
    VALUE_POLLER,
    VALUE_LOG,
    VALUE_INDEX,
    VALUE_LISTING,
    VALUE_FALLBACK,
    VALUE_SYMLINKS,
    VALUE_MIME,
    VALUE_CHARSET,
    VALUE_CACHE_RULE,
    VALUE_CORS,
    VALUE_HEADER,
    VALUE_PAGE,
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
    const char *fallback;      /* the default as the help shows it; NULL: it is read from what commands start from */
    const char *help;          /* lines separated by newlines, each at most 54 columns */
};

/* A group of options in the help. */
struct option_group {
    const char *title;
    const struct option *options;
    size_t count;
};

extern const struct option_group option_groups[];
extern const size_t option_group_count;

struct command {
    const char *name;          /* as one types it */
    const char *operands;      /* what may follow the name */
    const char *help;
    const char *first_line;    /* of its help */
};

#define COMMAND_COUNT (CLI_ECHO_HTTP + 1)
#define COMMANDS_TYPED CLI_ECHO_HTTP       /* those before this one are a word; this one is chosen by an option */

extern const struct command commands[COMMAND_COUNT];

/* What a command starts from, in `weir` and `files`; all else is zero. */
void command_start(struct cli_options *out, enum cli_command command);

#endif
