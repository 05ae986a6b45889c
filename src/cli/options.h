/* The command line, from words to meaning. Pure: prints nothing, ends nothing, asks nothing of the system. One table in options.c
 * holds every option: the parser, the help and the list in README.md come from it. */
#ifndef WEIR_CLI_OPTIONS_H
#define WEIR_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "weir.h"

enum {
    CLI_LISTEN_MAX = 16,       /* --listen may be given so often */
    CLI_ERROR_SIZE = 256       /* room for the line that says what is wrong, its NUL included */
};

enum cli_verdict {
    CLI_RUN,                   /* run `command` */
    CLI_HELP,                  /* print the help of `command`, or the whole where it is CLI_ANY */
    CLI_VERSION,               /* print the version */
    CLI_WRONG                  /* `error` says what is wrong and what would be right */
};

enum cli_command {
    CLI_ANY,                   /* none was named: only with CLI_HELP, CLI_VERSION and CLI_WRONG */
    CLI_SERVE,
    CLI_HELLO,
    CLI_ECHO,                  /* plain TCP */
    CLI_ECHO_HTTP              /* echo, with --http */
};

/* Not to be copied: `weir.listen` points to `listen` in here. Text is borrowed from argv. */
struct cli_options {
    enum cli_command command;
    const char *dir;                       /* of CLI_SERVE; "." where none was given */
    bool dot_files;
    struct weir_options weir;              /* checked: every number is within its range */
    const char *listen[CLI_LISTEN_MAX];
};

/* Reads argv[1] to argv[argc - 1] into `*out`, which starts from weir_defaults(), but that echo lets a connection be idle for 20 s and takes a
 * body of any size. `on_terminal`: standard output is a terminal, and then the access log goes there where nothing else is said. `error` is
 * written on CLI_WRONG alone: one line without control characters and without a final newline. */
__attribute__((warn_unused_result))
enum cli_verdict options_parse(struct cli_options *out, int argc, char *const argv[], bool on_terminal, char error[CLI_ERROR_SIZE]);

/* Writes the help of `command` (of all for CLI_ANY) into `out`, at most `size` bytes with the NUL, as snprintf does; returns the length that
 * the whole has. No line is longer than 80 columns. */
size_t options_help(enum cli_command command, char *out, size_t size);

#endif
