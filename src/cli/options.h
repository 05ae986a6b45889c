/* The command line, from words to meaning. Pure: prints nothing, ends nothing, asks nothing of the system. One table, in option_table.c,
 * holds every option: the parser, the help and the list in README.md come from it. */
#ifndef WEIR_CLI_OPTIONS_H
#define WEIR_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "handler/static.h"
#include "weir.h"

enum {
    CLI_LISTEN_MAX = 16,       /* --listen may be given so often */
    CLI_AGAIN_MAX = 32,        /* each other option that may be given again */
    CLI_OWN_FIELDS_MAX = 4,    /* that weir itself adds to every answer */
    CLI_FIELDS_SIZE = 7168,    /* bytes of all --header together, as they are sent: the library takes 8 KiB, weir's own included */
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
    CLI_RESPOND,
    CLI_ECHO,                  /* plain TCP */
    CLI_ECHO_HTTP              /* echo, with --http */
};

/* Whether folders without an index are listed. */
enum cli_listing {
    CLI_LISTING_AUTO,          /* where nobody but this machine can ask: all addresses are loopback ones or unix sockets */
    CLI_LISTING_ON,
    CLI_LISTING_OFF
};

/* A file that stands in for weir's page of an error. */
struct cli_page {
    int status;                /* 400 to 599, each at most once */
    const char *file;          /* not empty */
};

/* Not to be copied: `weir` and `files` point to arrays in here. Text is borrowed from argv. */
struct cli_options {
    enum cli_command command;
    struct weir_options weir;              /* checked: every number is within its range; `fields` are set, `pages` are not */
    struct static_options files;           /* of CLI_SERVE; `listing` is settled, `dir` is "." where none was given */
    int status;                            /* of CLI_RESPOND, 200 to 599, as the two below */
    const char *text;                      /* NULL: none was given */
    const struct weir_field *answer_fields;        /* those of its answer alone: the --header of CLI_SERVE are on all answers, and in weir.fields */
    size_t answer_field_count;
    struct cli_page pages[CLI_AGAIN_MAX];  /* of CLI_SERVE and CLI_RESPOND */
    size_t page_count;

    /* What the fields above were made of. */
    enum cli_listing listing;
    const char *listen[CLI_LISTEN_MAX];
    const char *indexes[CLI_AGAIN_MAX];
    struct static_cache_rule cache_rules[CLI_AGAIN_MAX];
    struct static_type types[CLI_AGAIN_MAX];
    struct weir_field fields[CLI_OWN_FIELDS_MAX + CLI_AGAIN_MAX];          /* weir's own, the last one right before --header */
    size_t header_count;
};

/* Reads argv[1] to argv[argc - 1] into `*out`, which starts from weir_defaults() and static_defaults(), but that echo lets a connection be idle
 * for 20 s and takes a body of any size. Words of the form GLOB=VALUE are cut in two in place. `on_terminal`: standard output is a
 * terminal, and then the access log goes there where nothing else is said. `error` is written on CLI_WRONG alone: one line without control
 * characters and without a final newline. */
__attribute__((warn_unused_result))
enum cli_verdict options_parse(struct cli_options *out, int argc, char *const argv[], bool on_terminal, char error[CLI_ERROR_SIZE]);

/* Writes the help of `command` (of all for CLI_ANY) into `out`, at most `size` bytes with the NUL, as snprintf does; returns the length that
 * the whole has. No line is longer than 80 columns. */
size_t options_help(enum cli_command command, char *out, size_t size);

#endif
