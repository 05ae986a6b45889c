/* The head of a response, from the version to the empty line (RFC 9112 §4, §5), composed at the end of a buffer without formatting functions.
 * How it is framed is http1_framing()'s to decide. Pure. */
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

/* How the end of the content is told (RFC 9112 §6). */
enum response_framing {
    RESPONSE_LENGTH,
    RESPONSE_CHUNKED,                  /* HTTP/1.1 alone */
    RESPONSE_UNTIL_CLOSE               /* the connection is RESPONSE_CLOSE */
};

/* What the head says of the connection (RFC 9112 §9.3). */
enum response_connection {
    RESPONSE_PERSISTS,                 /* nothing: so it is with HTTP/1.1 */
    RESPONSE_KEEP_ALIVE,               /* to an HTTP/1.0 client that asked for it */
    RESPONSE_CLOSE
};

struct response_head {
    const struct weir_response *response;  /* status, fields (response_field_is_safe()), lines, and the length: for HEAD of what GET would get */
    struct slice common;               /* field lines on all answers of a server, its Date among them */
    enum response_framing framing;
    enum response_connection connection;
};

/* Whether a response with this status never has content, and says no length (RFC 9110 §8.6): 204 and 304. */
bool response_has_no_content(int status);

/* A token for a name, no control character but HT in the value, and none of the fields that weir writes itself. */
bool response_field_is_safe(const struct weir_field *field);

/* Whether it may stand on every answer of a server: the same, and none of those that the pages for errors have of their own. */
bool response_common_field_is_safe(const struct weir_field *field);

/* `Name: value` and a line end for each. */
void response_write_fields(struct writer *w, const struct weir_field *fields, size_t count);

/* Room that a head needs beside that for its fields: it is enough for the rest. */
#define RESPONSE_SPARE 128

/* All of it, or nothing and w->overflowed. */
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
