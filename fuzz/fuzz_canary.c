/* The canary: the target's oracle watches a decoder with a known bug, the oldest of all: it decodes twice. A rig that does not find it, from
 * nothing and within a minute, would find nothing else. */
#define target_decode_path decode_once
#include "parser/target.c"
#undef target_decode_path

static size_t target_decode_path(struct slice path, char *out)
{
    size_t len = decode_once(path, out);
    if (len == 0)
        return 0;
    char *once = __builtin_alloca(len);
    memcpy(once, out, len);
    return decode_once((struct slice){ once, len }, out);
}

#include "fuzz/fuzz_target.c"
