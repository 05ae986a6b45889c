/* Conditional requests (RFC 9110 §13): entity tags, their lists, dates, and the order in which they count (§13.2.2). Pure.
 *
 * The fields of a request are offered one by one; a field may come in several lines. The validators of the representation are known
 * before, so that nothing has to be kept:
 *
 *     conditional_init(&c, &validators, now);
 *     for each field: conditional_field(&c, name, value);
 *     switch (conditional_verdict(&c)) ...
 *
 * What is malformed matches nothing:
 *
 *   - If-Match, If-None-Match: several lines add up. In each, the entity tags before its first fault count, and what stands behind does not;
 *     "*" is a fault where it is not alone in the field. A tag with blanks in it, as RFC 2616 allowed them, is no fault, but none of ours.
 *     The field was there in any case: where nothing in it matches, even where it is empty, If-Match fails (412), If-None-Match lets the
 *     whole be sent, and neither leaves the decision to a date.
 *   - If-Modified-Since, If-Unmodified-Since: what is no date, or comes twice, is ignored, as if it were not there (§13.1.3, §13.1.4); both
 *     are, where the representation has no date. So is an If-Modified-Since ahead of `now`: RFC 2616 §14.25 calls it invalid, RFC 9110
 *     does not forbid to, and it cannot be what a Last-Modified of ours said.
 *   - If-Range: what is malformed, or comes twice, does not hold: the whole is sent. A date holds where it is Last-Modified, to the second,
 *     and that is strong (§13.1.5). Without Range it says nothing. A second Range is a fault as well: the whole. */
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

/* What the lines of If-Match or If-None-Match said so far. */
enum condition_tags {
    CONDITION_TAGS_ABSENT,
    CONDITION_TAGS_DIFFER,     /* no tag in them is the representation's */
    CONDITION_TAGS_MATCH,
    CONDITION_TAGS_ANY         /* one line, and that is "*" */
};

/* If-Modified-Since or If-Unmodified-Since: read only where it decides. */
struct condition_date {
    struct slice value;        /* of its last line; valid where there was one */
    unsigned lines;
};

struct conditional {
    const struct validators *validators;       /* borrowed */
    int64_t now;               /* of the wall clock: for dates of two digits, and dates that lie ahead */
    struct slice range;        /* the value of Range; valid while has_range */
    bool has_range;
    bool has_if_range;
    bool range_applies;        /* no If-Range, or one that holds, and neither field came twice; once false, it stays so */
    enum condition_tags match, none_match;
    struct condition_date modified, unmodified;
};

enum conditional_verdict {
    CONDITIONAL_PROCEED,       /* as if there were no conditions; a range only where conditional_range() says so */
    CONDITIONAL_NOT_MODIFIED,  /* 304: for GET and HEAD */
    CONDITIONAL_FAILED         /* 412 */
};

void conditional_init(struct conditional *c, const struct validators *validators, int64_t now);

/* Looks at one field; all but If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range and Range are passed over. `value` is
 * borrowed until the verdict was given and conditional_range() asked. */
void conditional_field(struct conditional *c, struct slice name, struct slice value);

/* Of a GET or HEAD, in the order of RFC 9110 §13.2.2. */
__attribute__((warn_unused_result))
enum conditional_verdict conditional_verdict(const struct conditional *c);

/* The value of Range, where one came and If-Range does not forbid it; false: there is none to be looked at, and `*range` is not written. */
__attribute__((warn_unused_result))
bool conditional_range(const struct conditional *c, struct slice *range);

#endif
