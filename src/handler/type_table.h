/* The system's table of media types, /etc/mime.types, read once at start. */
#ifndef WEIR_HANDLER_TYPE_TABLE_H
#define WEIR_HANDLER_TYPE_TABLE_H

#include "http/media_type.h"
#include "os/os.h"

struct type_table {
    struct media_types types;
    struct media_type *slots;      /* NULL where the system has no table, as the text */
    char *text;
};

/* Reads the table. One that is missing, unreadable or unreasonably large is as an empty one. 0, or -ENOMEM. */
OS_RESULT int type_table_open(struct type_table *table);

void type_table_close(struct type_table *table);

#endif
