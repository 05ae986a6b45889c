/* One HTTP/1 request, from bytes to meaning: llhttp finds its end (this is the only module that sees llhttp), framing.h and
 * target.h refuse what llhttp lets pass and RFC 9112 and 9110 forbid (the guard, G1 to G14).
 *
 * The parser is pulled, not called back: each request_parse() takes bytes up to the next thing worth telling. The bytes of a
 * head must lie in one piece in the caller's buffer; views into it are kept as offsets from the head's first byte, so that the
 * buffer may be moved between two calls. The bytes of a body need not be kept. No allocation, no input or output, no clock.
 * The answer never depends on how the input was cut. */
#ifndef WEIR_PARSER_REQUEST_H
#define WEIR_PARSER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/framing.h"
#include "parser/method.h"
#include "parser/slice.h"
#include "parser/target.h"

/* The size of the table of fields; request_limits.fields_max may not be above it. */
#define REQUEST_FIELDS_CAP 200

/* What a request may cost (design: "promises to a hostile world"). Bytes of the wire, counted by weir, not by llhttp. */
struct request_limits {
    uint32_t line_max;     /* request line without its CRLF; over it 414 */
    uint32_t head_max;     /* all of the head with its CRLFs, an empty line before it and field lines of trailers too; at most 65,535; over it 431 */
    uint32_t fields_max;   /* field lines, trailers counted with them; at most REQUEST_FIELDS_CAP; over it 431 */
    uint64_t body_max;     /* content, told by Content-Length or by the sizes of the chunks; over it 413 */
};

enum request_outcome {
    REQUEST_INCOMPLETE,    /* all bytes were taken, more are needed */
    REQUEST_HEAD,          /* the head is complete and accepted: everything below "valid from REQUEST_HEAD" may be read */
    REQUEST_BODY,          /* `piece` holds the next bytes of the content, a view into the input of this call */
    REQUEST_COMPLETE,      /* the request ended with the last byte taken; request_reset() before the next one */
    REQUEST_REFUSED        /* `refusal` says why; nothing else of the request may be read; stays refused */
};

/* A stretch of the head: an offset from its first byte, and a length. */
struct request_span {
    uint16_t start;
    uint16_t len;
};

struct request_field {
    struct request_span name;
    struct request_span value;     /* trimmed of blanks at both ends */
};

struct request {
    /* llhttp's own state, kept opaque here; request.c asserts that it fits. */
    union {
        uint64_t align;
        unsigned char bytes[128];
    } llhttp;
    struct framing framing;
    uint8_t phase;                     /* enum request_phase of request.c */
    const struct request_limits *limits;
    struct framing_refusal refusal;    /* valid from REQUEST_REFUSED */
    struct slice piece;                /* valid after REQUEST_BODY, until the next call */
    uint64_t content_taken;            /* bytes of content seen so far */

    /* valid from REQUEST_HEAD */
    enum request_method method;
    struct request_span method_name;
    struct request_span raw_target;    /* as it came */
    struct target target;              /* its parts; spans into the head too */
    struct request_span authority;     /* host[:port]: of the target where it has one, else of `Host`; empty where neither came */
    uint64_t content_length;           /* 0 where there is none, or chunked, and with CONNECT */
    uint32_t head_len;                 /* bytes of the head, any empty line before it included */
    uint16_t field_count;
    uint8_t minor_version;             /* 0 or 1, of HTTP/1 */
    bool chunked;
    bool keep_alive;                   /* what the client asked for, by RFC 9112 §9.3 */
    bool expects_continue;             /* `Expect: 100-continue` on HTTP/1.1, and content is to come */
    struct request_field fields[REQUEST_FIELDS_CAP];   /* the first field_count are set; trailers never join them */
};

/* Makes `r` ready for the first request of a connection, or for the next one. `limits` is borrowed and must outlive `r`. */
void request_reset(struct request *r, const struct request_limits *limits);

/* Offers `input`, the bytes that follow those taken before. `*taken` becomes the count of bytes used up, at most input.len;
 * offer the rest again, with what has come since. While the head is incomplete, the head's bytes taken so far must stand
 * directly before input.ptr in memory. After REQUEST_HEAD and REQUEST_BODY the next step may need no bytes: ask again, even with none.
 *
 * Which rule refuses, where several are broken: while the head comes, the first byte that cannot be part of a good head; of a whole head,
 * first what is malformed (400: llhttp, then G7 to G10 in this order), then what is merely not done (501, 413, 417, in this order). */
__attribute__((warn_unused_result))
enum request_outcome request_parse(struct request *r, struct slice input, size_t *taken);

/* True from the first byte of a request that is not an empty line before it, until REQUEST_COMPLETE. */
bool request_has_begun(const struct request *r);

/* True from REQUEST_HEAD until REQUEST_COMPLETE, where content is to come. */
bool request_in_body(const struct request *r);

/* The text of a span; `head` is where the head's first byte lies now. */
struct slice request_text(const char *head, struct request_span span);

/* The value of the first field with this name (any case); false where there is none, `*value` then not written. */
bool request_field(const struct request *r, const char *head, struct slice name, struct slice *value);

#endif
