/* Several ranges in one answer: multipart/byteranges (RFC 9110 §14.6), composed piece by piece as the client takes it. */
#ifndef WEIR_HANDLER_FILE_PARTS_H
#define WEIR_HANDLER_FILE_PARTS_H

#include <stdint.h>

#include "handler/file_cache.h"
#include "parser/range.h"
#include "weir.h"

/* Where boundaries come from: no content can hold one but by chance, for nobody outside can tell the next. One for each worker. */
struct boundaries {
    uint64_t secret[2];
    uint64_t count;
};

/* Draws the secret. Never fails: without the system's source of chance, the clocks have to do. */
void boundaries_init(struct boundaries *boundaries);

/* Answers a GET with the ranges of `set`, two or more, as parts; takes over the caller's hold on `entry`. 503 without memory. */
void file_parts_respond(struct weir_request *request, struct file_entry *entry, const struct range_set *set, struct boundaries *boundaries);

#endif
