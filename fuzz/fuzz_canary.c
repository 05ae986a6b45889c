/* The canary: the target's oracle watches a parser with a known bug, which takes a path with percent-encodings for a plain one, so that it would
 * never be decoded. A rig that does not find it, from nothing and within a minute, would find nothing else. */
#define target_parse parse_well
#include "parser/target.c"
#undef target_parse

static bool target_parse(struct slice raw, enum target_use use, struct target *out)
{
    if (!parse_well(raw, use, out))
        return false;
    out->is_plain |= memchr(raw.ptr, '%', raw.len) != NULL;
    return true;
}

#include "fuzz/fuzz_target.c"
