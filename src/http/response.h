/* The head of a response, from the version to the empty line (RFC 9112 §4, §5), composed at the end of a buffer without formatting functions.
 * Framing is decided here and nowhere else. Pure. */
#ifndef WEIR_HTTP_RESPONSE_H
#define WEIR_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/slice.h"
#include "weir.h"

/* Room that a composer may count on: no head is longer, or it is not composed. */
#define RESPONSE_HEAD_MAX 16384

/* Text is appended at `at`, never at or beyond `end`; `overflowed` is set instead, and stays set. */
struct writer {
    char *at;
    char *end;
    bool overflowed;
};

void writer_text(struct writer *w, struct slice text);
void writer_number(struct writer *w, uint64_t number);

/* How the end of the content is told (RFC 9112 §6). */
enum response_framing {
    RESPONSE_LENGTH,
    RESPONSE_CHUNKED,                  /* HTTP/1.1 alone */
    RESPONSE_UNTIL_CLOSE               /* `close` is set */
};

/* What the head says beyond the fields that a handler gives. */
struct response_head {
    int status;                        /* 200 to 599 */
    struct slice common;               /* field lines that all answers of a server begin with */
    const struct weir_field *fields;   /* checked: response_field_is_safe() */
    size_t field_count;
    struct slice lines;                /* field lines, checked when they were written: weir_lines_write() */
    struct slice type;                 /* value of Content-Type, for pages; empty: none */
    struct slice date;                 /* value of Date; empty: none */
    struct slice allow;                /* value of Allow; empty: none */
    enum response_framing framing;
    uint64_t length;                   /* RESPONSE_LENGTH: of the content; for HEAD, of what GET would get */
    bool close;                        /* says `Connection: close` */
    bool keep_alive;                   /* says `Connection: keep-alive`: to an HTTP/1.0 client that asked for it */
};

/* Whether a response with this status never has content, and says no length (RFC 9110 §8.6): 204 and 304. */
bool response_has_no_content(int status);

/* A token for a name, no control character but HT in the value, and none of the fields that weir writes itself. */
bool response_field_is_safe(const struct weir_field *field);

/* Whether it may stand on every answer of a server: the same, and none of those that the pages for errors have of their own. */
bool response_common_field_is_safe(const struct weir_field *field);

/* `Name: value` and a line end for each. */
void response_write_fields(struct writer *w, const struct weir_field *fields, size_t count);

void response_write_head(struct writer *w, const struct response_head *head);

/* Room that the framing of a chunk takes beside its content, and the last chunk behind it. */
#define RESPONSE_CHUNK_MAX 32

/* What stands before the content of a chunk. */
void response_write_chunk_size(struct writer *w, size_t size);

/* One chunk (RFC 9112 §7.1), of at least one byte. */
void response_write_chunk(struct writer *w, struct slice content);

/* "0" and two line ends. */
extern const struct slice response_last_chunk;

/* "HTTP/1.1 100 Continue" and the empty line. */
extern const struct slice response_continue;

#endif
