/* The operator's own media types and the system's table of them, read once at start. */
#ifndef WEIR_HANDLER_TYPE_TABLE_H
#define WEIR_HANDLER_TYPE_TABLE_H

#include "handler/static.h"
#include "http/media_type.h"
#include "os/os.h"

/* Debian's package `media-types`, and others elsewhere. */
#define TYPE_TABLE_PATH "/etc/mime.types"

/* A larger file is none. */
#define TYPE_TABLE_TEXT_MAX (1024u * 1024)

struct type_table {
    struct media_types types;
    struct media_type *slots;      /* NULL where there was no table, as the text */
    char *text;
};

/* Takes the operator's own types, the last one said of an ending, and reads the table at `path`. One that is missing, unreadable or too
 * large is as an empty one: the built-in types remain. 0, -ENOMEM, or -EINVAL where one of the own types is none (media_types_add_own). */
OS_RESULT int type_table_open(struct type_table *table, const struct static_type *own, size_t own_count, const char *path);

void type_table_close(struct type_table *table);

#endif
