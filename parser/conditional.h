/* Conditional requests (RFC 9110 §13): entity tags, their lists, dates, and the order in which they count (§13.2.2). Pure.
 *
 * The fields of a request are offered one by one; a field may come in several lines. The validators of the representation are known
 * before, so that nothing has to be kept:
 *
 *     conditional_init(&c, &validators, now);
 *     for each field: conditional_field(&c, name, value);
 *     switch (conditional_verdict(&c)) ...
 */
#ifndef WEIR_PARSER_CONDITIONAL_H
#define WEIR_PARSER_CONDITIONAL_H

#include <stdbool.h>
#include <stdint.h>

#include "parser/slice.h"

/* What identifies the current state of a representation. */
struct validators {
    struct slice tag;          /* as the field ETag says it: "x" or W/"x"; empty: it has none */
    int64_t modified;          /* seconds since 1970, as Last-Modified says it */
    bool has_modified;
    bool modified_is_strong;   /* RFC 9110 §8.8.2.2: it cannot have changed twice within that second, so far as the server can tell */
};

struct conditional {
    const struct validators *validators;       /* borrowed */
    int64_t now;               /* of the wall clock: for dates of two digits, and dates that lie ahead (RFC 9110 §13.1.3) */
    struct slice range;        /* the value of Range; valid while has_range */
    bool has_range;
    bool range_applies;        /* no If-Range, or one that holds */
    /* One pair for each of the four fields: was it there, and does it hold. */
    bool has_match, match;
    bool has_none_match, none_match;
    bool has_unmodified, unmodified;
    bool has_modified, modified;
};

enum conditional_verdict {
    CONDITIONAL_PROCEED,       /* as if there were no conditions; a range only where conditional_range() says so */
    CONDITIONAL_NOT_MODIFIED,  /* 304: for GET and HEAD */
    CONDITIONAL_FAILED         /* 412 */
};

void conditional_init(struct conditional *c, const struct validators *validators, int64_t now);

/* Looks at one field; all but If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range and Range are passed over. What is
 * malformed is ignored, as if it were not there. A second Range or If-Range line makes the range be ignored. */
void conditional_field(struct conditional *c, struct slice name, struct slice value);

/* Of a GET or HEAD, in the order of RFC 9110 §13.2.2. */
__attribute__((warn_unused_result))
enum conditional_verdict conditional_verdict(const struct conditional *c);

/* The value of Range, where one came and If-Range does not forbid it; false: there is none to be looked at. */
bool conditional_range(const struct conditional *c, struct slice *range);

#endif
