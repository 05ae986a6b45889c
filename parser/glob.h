/* Patterns for the paths of files, as in .gitignore and the shells (glob(7)): `*.css`, `assets/img-*`, `/img/[a-z]?.{png,webp}`. Pure. */
#ifndef WEIR_PARSER_GLOB_H
#define WEIR_PARSER_GLOB_H

#include <stdbool.h>

#include "parser/slice.h"

#define GLOB_MAX 256

/* What is wrong with a pattern, and what would be right; NULL: nothing. A fault is text for a message, and lives for ever. */
const char *glob_fault(struct slice pattern);

/* Whether `path`, which begins with '/', matches; nothing matches a pattern with a fault. A pattern without '/' is for the last segment alone; one
 * with '/' for the whole path, whether or not it begins with '/'. `*` is anything but '/', `**` anything, `**` and a '/' also nothing where a
 * segment begins, `?` one byte but '/', `[a-z]` and `[!a-z]` (or `[^a-z]`) one of a set, never '/', `{a,b}` one of several (not nested; they may be
 * empty), `\` takes the next byte as it is. A leading dot is a byte as any other. Time is bounded by the product of both lengths, braces or not. */
__attribute__((warn_unused_result))
bool glob_match(struct slice pattern, struct slice path);

#endif
