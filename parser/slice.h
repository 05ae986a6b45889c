/* Text is a borrowed view, passed by value: a pointer and a length, no NUL. It lives as long as what it points into.
 * Everything in parser/ and above speaks of text this way. Nothing here allocates. */
#ifndef WEIR_PARSER_SLICE_H
#define WEIR_PARSER_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* `ptr` may be NULL only where `len` is 0. */
struct slice {
    const char *ptr;
    size_t len;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

/* The same where C wants an initialiser: in the tables of a file. */
#define SLICE_INIT(literal) { (literal), sizeof(literal) - 1 }

/* A view of a NUL-terminated string, without its NUL. */
struct slice slice_of(const char *text);

/* The bytes from `start` (clamped) to the end. */
struct slice slice_from(struct slice s, size_t start);

bool slice_equals(struct slice a, struct slice b);

/* Two texts of `len` bytes each: the slow half of the next. */
bool slice_equals_but_for_case(const char *a, const char *b, size_t len);

/* Equal but for the case of ASCII letters: what RFC 9110 calls case-insensitive. Never looks at the locale. Fastest where `b` is a literal,
 * spelled as most senders spell it. */
static inline bool slice_equals_ignoring_case(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    if (a.len > 0 && ((a.ptr[0] ^ b.ptr[0]) & ~('a' ^ 'A')) != 0)      /* where most that differ do so */
        return false;
    return a.len == 0 || memcmp(a.ptr, b.ptr, b.len) == 0 || slice_equals_but_for_case(a.ptr, b.ptr, a.len);
}

bool slice_starts_with(struct slice s, struct slice prefix);

static inline bool slice_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Without the blanks at both ends; a blank is SP or HT: OWS of RFC 9110 §5.6.3. */
static inline struct slice slice_trimmed(struct slice s)
{
    while (s.len > 0 && slice_blank(s.ptr[s.len - 1]))
        s.len--;
    while (s.len > 0 && slice_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    return s;
}

/* Takes the next member of a comma-separated list (RFC 9110 §5.6.1) off the front of `*rest`, trimmed, into `*member`. Empty
 * members are skipped, quoted strings are not understood. false when the list is at its end; `*member` is then not written. */
bool slice_next_member(struct slice *rest, struct slice *member);

/* 1 to 19 decimal digits, nothing else, into `*value`: every such number fits. false otherwise; `*value` is then not written. */
bool slice_to_number(struct slice digits, unsigned long long *value);

#endif
