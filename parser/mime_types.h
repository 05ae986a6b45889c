/* Lines of a table of media types, such as /etc/mime.types: a type, then the endings of file names that mean it. Pure. */
#ifndef WEIR_PARSER_MIME_TYPES_H
#define WEIR_PARSER_MIME_TYPES_H

#include <stdbool.h>

#include "parser/slice.h"

/* Takes a line apart, without its line end: `*type` of the form token/token, and what stands behind it, for mime_types_next(). false: it
 * is empty, a comment, or malformed, and nothing is written. */
__attribute__((warn_unused_result))
bool mime_types_line(struct slice line, struct slice *type, struct slice *endings);

/* Takes the next ending off the front of `*endings`. false: there are no more, and `*ending` is not written. */
__attribute__((warn_unused_result))
bool mime_types_next(struct slice *endings, struct slice *ending);

#endif
