/* The value of an option, from text to where it belongs in struct cli_options. */
#ifndef WEIR_CLI_OPTION_VALUES_H
#define WEIR_CLI_OPTION_VALUES_H

#include "cli/number.h"
#include "cli/option_table.h"

/* What the parser of the command line knows while it runs. */
struct parse {
    struct cli_options *out;
    const char *option;        /* as given: "--listen" */
    const char *missed[COMMAND_COUNT];         /* by command: the first option given that it does not have, or NULL */
    char *error;
};

/* Writes the one line. Control characters, which only the caller's own words can bring, become '?'. Returns CLI_WRONG. */
__attribute__((format(printf, 2, 3)))
enum cli_verdict option_wrong(struct parse *p, const char *format, ...);

/* Takes the value `text`, NULL for an option that has none, of p->option, which is `option`. */
enum cli_verdict option_take(struct parse *p, const struct option *option, char *text);

/* How the numbers of a kind are written; NULL for a kind that is no number. */
const struct number_kind *option_number_kind(enum value_kind kind);

#endif
