/* What a client makes of the bytes that it gets: a small parser of HTTP/1.1 responses, strict, and independent of everything under parser/. */
#ifndef WEIR_SIM_REPLY_H
#define WEIR_SIM_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reply_event {
    REPLY_MORE,            /* all was taken, more is needed */
    REPLY_HEAD,            /* a head is complete: say in `no_content` whether the request was a HEAD, then go on */
    REPLY_CONTENT,         /* `content`, `content_len`: the next bytes of the content */
    REPLY_DONE,            /* the response is complete */
    REPLY_WRONG            /* not HTTP/1.1: `wrong` says why */
};

enum { REPLY_LINE_MAX = 8192 };

struct reply {
    enum reply_step { AT_STATUS, AT_FIELD, AT_HEAD_END, AT_CHUNK_SIZE, AT_CONTENT, AT_CHUNK_END, AT_LAST_CHUNK, AT_END } step;
    char line[REPLY_LINE_MAX];
    size_t line_len;
    const char *wrong;

    /* of the response that is being read; valid from REPLY_HEAD */
    int status;
    bool says_close;
    bool says_keep_alive;
    bool has_date;
    bool has_length;
    bool chunked;
    bool has_allow;
    bool has_server;
    bool no_content;
    bool ends_with_close;  /* its content has no other end */
    uint64_t length;
    char tag[32];          /* value of X-Tag */
    char location[256];
    char etag[80];
    char encoding[16];
    char type[96];
    bool has_range;        /* Content-Range: bytes first-last/total */
    bool has_refused_range;    /* Content-Range: bytes then slash and total */
    uint64_t first, last, total;
    uint64_t left;         /* of the content, or of its current chunk */

    const uint8_t *content;    /* into the input of this call */
    size_t content_len;
};

void reply_reset(struct reply *r);

/* Takes bytes off the front of `*data`, up to the next thing worth telling. */
enum reply_event reply_parse(struct reply *r, const uint8_t **data, size_t *len);

/* The connection has ended. Was that the end of the response? */
bool reply_ends(struct reply *r);

/* Between two responses: no byte of a next one was taken. */
bool reply_is_between(const struct reply *r);

#endif
