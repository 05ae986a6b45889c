/* What RFC 9112 requires of the bytes of a message beyond what llhttp checks: G1 to G6, G13 and the sizes of G12. It stands before
 * llhttp in the head, which must pass here first, byte for byte, so that the same bytes get the same answer whichever release
 * of llhttp is linked; and behind it in a chunked body, where llhttp tells which bytes are content and which are framing.
 * It never decides where a message ends: it says where it believes the end to be, and llhttp has to agree. Pure. */
#ifndef WEIR_PARSER_FRAMING_H
#define WEIR_PARSER_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/method.h"
#include "parser/slice.h"

struct request;

/* The longest name that may not stand in a trailer is shorter than this. */
#define FRAMING_NAME_CAP 24

/* G5: bytes of extensions, with their ';', of one chunk and of all chunks of a message. */
#define FRAMING_CHUNK_EXTENSIONS_MAX 256
#define FRAMING_MESSAGE_EXTENSIONS_MAX 4096

/* Why a request is refused. The same bytes get the same status and the same rule, however they were cut. */
struct framing_refusal {
    uint16_t status;       /* of the answer: 400, 413, 414, 417, 431, 501 or 505; written when a request is refused, as is all of this */
    uint8_t rule;          /* the rule of the guard, 1 to 14; 0 where llhttp said no */
    const char *reason;    /* a few static words for logs and tests; never NULL */
};

/* Where the guard stands in one message. Nothing but framing.c and request.c looks inside. */
struct framing {
    uint8_t state;                     /* enum framing_state of framing.c */
    uint8_t size_digits;               /* of the chunk now read */
    uint8_t name_len;                  /* of the trailer now read; FRAMING_NAME_CAP: longer than any name that is looked for */
    char version[2];                   /* the digits of "HTTP/1.1", until the request line ends */
    uint16_t trailer_count;            /* trailers begun */
    uint32_t head_taken;               /* bytes of the head that were accepted; trailers are added to it: what head_max bounds */
    uint32_t line_start;               /* of the request line, from the head's first byte: 0, or 2 behind an empty line */
    uint32_t chunk_extensions;         /* bytes, of the chunk now read */
    uint32_t message_extensions;       /* bytes, of all chunks */
    uint64_t chunk_size;               /* of the chunk now read */
    uint64_t content_announced;        /* the sum of the sizes of all chunks */
    char name[FRAMING_NAME_CAP];       /* the first name_len bytes of the trailer's name, in lower case */
};

enum framing_verdict {
    FRAMING_MORE,          /* all bytes were accepted */
    FRAMING_END,           /* so they were, and the guard believes that the head, or the trailer section, ends with the last of them */
    FRAMING_REFUSED        /* r->refusal was written */
};

void framing_reset(struct framing *f);

/* Checks a head. `head` is all of it that there is, from its first byte; the first r->framing.head_taken bytes were found good before and
 * still have to be there. Bytes
 * behind the end of the head are left alone. After FRAMING_END head_taken tells where that is, and of `r` the request line's parts are set (but
 * for what is in the target), the fields and their count. */
__attribute__((warn_unused_result))
enum framing_verdict framing_check_head(struct request *r, struct slice head);

/* Checks the bytes of a chunked body that are not content: chunk sizes, extensions, line ends, trailers (G1, G2, G4, G5, G12), in order, in
 * pieces of any size. Begins where framing_check_head() ended. Nothing is accepted behind FRAMING_END. */
__attribute__((warn_unused_result))
enum framing_verdict framing_check_chunked(struct request *r, struct slice bytes);

/* True from the first byte that is not part of an empty line before the request line. */
bool framing_has_begun(const struct framing *f);

#endif
