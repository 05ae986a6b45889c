/* What a client would rather have: Accept-Encoding and Accept, with their weights (RFC 9110 §12.4.2, §12.5.1, §12.5.3). Pure.
 *
 * A field may come in several lines: each is added, then there is one choice. A malformed member is passed over, the others count: so is one with a
 * weight that is none (0 to 1, at most three decimals) or with two. Blanks may stand around ';' and '=', empty members and parameters count for
 * nothing. Where a member comes twice, its highest weight counts: the order of members never matters. */
#ifndef WEIR_PARSER_ACCEPT_H
#define WEIR_PARSER_ACCEPT_H

#include <stddef.h>
#include <stdint.h>

#include "parser/slice.h"

/* ---- Accept-Encoding ---- */

/* In the order in which the server would rather send them, where the client does not mind. */
enum coding { CODING_BR, CODING_ZSTD, CODING_GZIP, CODING_IDENTITY, CODING_COUNT };

#define CODING_BIT(coding) (1u << (coding))

struct accept_encoding {
    int16_t weights[CODING_COUNT];     /* thousandths; -1: not named */
    int16_t others;                    /* of `*`; -1: not named */
};

void accept_encoding_init(struct accept_encoding *a);
void accept_encoding_add(struct accept_encoding *a, struct slice value);

/* The best of `available` (CODING_BITs). Identity, where nothing better is both available and accepted: even where the client refuses it, for
 * RFC 9110 §12.5.3 lets a server send what it has. Where identity is not named, all that is accepted is better, however small its weight; `*`
 * does not speak for identity. "x-gzip" is gzip. Without a field, identity. */
enum coding accept_encoding_choose(const struct accept_encoding *a, unsigned available);

/* As the field Content-Encoding says it: "br", "zstd", "gzip"; "identity". */
struct slice coding_name(enum coding coding);

/* ---- Accept ---- */

#define ACCEPT_TYPES_MAX 8

/* A choice among a few media types, in the order in which the server would rather send them. */
struct accept {
    const struct slice *types;         /* "text/html", lower case, without parameters; borrowed */
    size_t count;                      /* at most ACCEPT_TYPES_MAX */
    int16_t weights[ACCEPT_TYPES_MAX]; /* thousandths; -1: no member of the field is for it */
    uint8_t precision[ACCEPT_TYPES_MAX];   /* of that member: 1 is any type, 2 is any of text/, 3 is the type itself */
};

/* A member with a parameter asks for a variant that weir has not, and is passed over; `charset=utf-8`, which all its text is in, asks for nothing.
 * A quoted string that never ends takes the rest of its line with it. */
void accept_init(struct accept *a, const struct slice *types, size_t count);
void accept_add(struct accept *a, struct slice value);

/* The index of the best type; of several with one weight the most precisely named one, so that JSON wins where a client names JSON and takes anything
 * else too; of those the first. 0 where the field is absent or accepts none: a page that was not asked for is better than none. */
size_t accept_choose(const struct accept *a);

#endif
