/* What a file holds, told by the ending of its name (RFC 9110 §8.3): the operator's own types first, then the system's table, then a
 * built-in one. Pure: the table's memory and the texts in it are the caller's. */
#ifndef WEIR_HTTP_MEDIA_TYPE_H
#define WEIR_HTTP_MEDIA_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/slice.h"

/* Room for any `Content-Type` that media_type_write() writes. */
#define MEDIA_TYPE_MAX 184

/* The longest type, ending and charset. */
#define MEDIA_TYPE_NAME_MAX 127
#define MEDIA_TYPE_ENDING_MAX 32
#define MEDIA_TYPE_CHARSET_MAX 40

struct media_type {
    const char *ending;    /* without its dot; NULL in a free slot */
    const char *type;
    uint8_t ending_len;
    uint8_t type_len;
};

/* A table of types, looked up by hash. `slots` is the caller's memory, `slot_count` of them. */
struct media_types {
    struct media_type *slots;
    size_t slot_count;     /* a power of two, or 0 for a table that stays empty */
    size_t count;          /* of the slots that are taken; at least one always stays free */
};

/* Makes an empty table of `slots`, which are overwritten. `slot_count` is a power of two, or 0. */
void media_types_init(struct media_types *types, struct media_type *slots, size_t slot_count);

/* Says that names which end in '.' `ending` (any case) are of `type`. Both are borrowed as long as the table lives. The first one said
 * of an ending stays. false, and nothing changed, where the type is not of the form token/token, either is empty or too long, or the
 * table is full. */
bool media_types_add(struct media_types *types, struct slice type, struct slice ending);

/* The same for a type of the operator's own, which may have parameters: "text/html; charset=iso-8859-1". */
bool media_types_add_own(struct media_types *types, struct slice type, struct slice ending);

/* Whether text types can be said to be of this charset: a token of at most MEDIA_TYPE_CHARSET_MAX bytes. */
bool media_type_is_charset(struct slice charset);

/* Writes the value of `Content-Type` for a file of this name, a path or its last segment, and returns its length. text/ types without
 * parameters say that they are of `charset`, unless it is empty; an unknown ending, or none, is application/octet-stream. `types` may be NULL: the
 * built-in table alone. */
size_t media_type_write(const struct media_types *types, struct slice name, struct slice charset, char out[MEDIA_TYPE_MAX]);

/* The type of an ending in the built-in table, in any case of letters, without parameters; empty where it has none. */
struct slice media_type_builtin(struct slice ending);

#endif
