/* The field `Range` (RFC 9110 §14): which bytes of a representation a client asks for. Pure. */
#ifndef WEIR_PARSER_RANGE_H
#define WEIR_PARSER_RANGE_H

#include <stdint.h>

#include "parser/slice.h"

/* No answer has more parts. Who asks for more gets the whole: it is cheaper for both. */
#define RANGES_MAX 16

/* What a part of a multipart answer costs beside its bytes. A gap that is smaller is not worth a part of its own, and parts that cost more
 * than the whole are not worth it either. */
#define RANGE_PART_COST 128

/* Both inclusive, first <= last < size. */
struct byte_range {
    uint64_t first;
    uint64_t last;
};

struct range_set {
    struct byte_range ranges[RANGES_MAX];      /* `count` of them, in the order in which they were asked for; what overlaps or nearly
                                                  touches is merged */
    uint32_t count;
};

enum range_verdict {
    RANGE_IGNORED,             /* send the whole: another unit, malformed (RFC 9110 §14.2), too many, or nothing to gain */
    RANGE_SATISFIABLE,         /* 206 */
    RANGE_UNSATISFIABLE        /* 416 */
};

/* Resolves the value of `Range` against a representation of `size` bytes. `*out` is written only on RANGE_SATISFIABLE; its count is
 * then 1 or more. Numbers of any length are understood: what does not fit into 64 bits lies beyond every end. Borrows nothing. */
__attribute__((warn_unused_result))
enum range_verdict range_parse(struct slice field, uint64_t size, struct range_set *out);

#endif
