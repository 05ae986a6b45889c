/* Text that others chose, such as the names of files, put where it can do no harm: into HTML, JSON, URIs and lines of plain text. What a
 * reader would not see, or what would make him see something else, is spelled out: control characters, those that turn the direction of
 * writing (U+202A to U+202E, U+2066 to U+2069, U+200E, U+200F, U+061C), line and paragraph separators, and bytes that are no UTF-8. Pure. */
#ifndef WEIR_HTTP_ESCAPE_H
#define WEIR_HTTP_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

#include "parser/slice.h"

/* Text that is being written into a buffer of the caller's. */
struct text {
    char *ptr;
    size_t len;
    size_t cap;                        /* what would go beyond is left out, and aborts in a debug build: callers know their bounds */
};

void text_add(struct text *t, struct slice s);
void text_add_number(struct text *t, uint64_t number);

enum escape {
    ESCAPE_HTML,                       /* for an element: what is spelled out stands in <i> */
    ESCAPE_HTML_BARE,                  /* for <title> and for an attribute in quotes: the same without the element */
    ESCAPE_LINE,                       /* for a line of plain text: a backslash is doubled, so that all can be read back */
    ESCAPE_JSON,                       /* for a string, without its quotes: what is no UTF-8 becomes U+FFFD, all else stays what it was */
    ESCAPE_URI,                        /* for one segment of a path: all but unreserved characters (RFC 3986 §2.3), byte by byte */
    ESCAPE_COUNT
};

/* No byte becomes more bytes than this. */
#define ESCAPE_GROWTH 11

/* Adds `s`, escaped. */
void text_add_escaped(struct text *t, struct slice s, enum escape escape);

/* The code point at the front of `s` (RFC 3629: no surrogates, nothing longer than need be) and how many bytes it takes; 0: there is none. */
size_t utf8_next(struct slice s, uint32_t *code);

#endif
