/* What a command line brings into the fields of answers: checked, so that nothing in it can break a field or a head. Pure.
 *
 * Each check returns NULL where nothing is wrong, else a few words that follow "NAME VALUE: " and say what would be right; they live for ever. */
#ifndef WEIR_CLI_FIELD_CHECK_H
#define WEIR_CLI_FIELD_CHECK_H

#include "parser/slice.h"
#include "weir.h"

#define CHECK_RESULT __attribute__((warn_unused_result))

/* `NAME: VALUE` (RFC 9110 §5): into two views of `text`, the value without blanks around it. `*out` is written where nothing is wrong. */
CHECK_RESULT const char *field_parse(struct slice text, struct weir_field *out);

/* Who writes a field, or may. */
enum field_owner {
    FIELD_FREE,                /* whoever likes */
    FIELD_OF_FILES,            /* the file server, of each file; nobody, where there are no files */
    FIELD_OF_CACHE_RULES,      /* --cache-control; the same */
    FIELD_OF_CORS,             /* --cors, where it is given */
    FIELD_OF_WEIR              /* weir alone */
};

enum field_owner field_owner(struct slice name);

/* Directives of Cache-Control (RFC 9111 §5.2): `max-age=3600, must-revalidate`. Unknown ones are taken (RFC 9111 §5.2.3). */
CHECK_RESULT const char *directives_check(struct slice text);

/* `*`, `null`, or scheme://host[:port] as browsers write it in `Origin` (RFC 6454 §6.2): they compare byte by byte. */
CHECK_RESULT const char *origin_check(struct slice text);

/* A media type, with or without parameters: `text/plain; charset=utf-8` (RFC 9110 §8.3.1). */
CHECK_RESULT const char *media_type_check(struct slice text);

/* A name without a blank or a mark, for a charset: `utf-8`. */
CHECK_RESULT const char *charset_check(struct slice text);

/* The name of a file in a folder, nothing more. */
CHECK_RESULT const char *file_name_check(struct slice text);

/* A path below a folder: relative, no segment empty, "." or "..". */
CHECK_RESULT const char *below_check(struct slice text);

#endif
