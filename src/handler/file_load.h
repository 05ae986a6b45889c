/* From a path to an open file: which file it means, whether it is there, what stands beside it, its head, and its body where that is small.
 * All that can wait for a disk is here, and nothing here belongs to one thread: it is tried on the worker's thread without waiting, and
 * else done on another. */
#ifndef WEIR_HANDLER_FILE_LOAD_H
#define WEIR_HANDLER_FILE_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "handler/beneath.h"
#include "handler/file_cache.h"
#include "handler/static.h"
#include "http/media_type.h"
#include "parser/accept.h"
#include "parser/slice.h"

/* What is served, and how. Unchanged once it is made: threads share it. */
struct file_place {
    struct beneath beneath;
    const struct media_types *types;
    struct slice charset;
    bool precompressed;
    const char *const *indexes;
    size_t index_count;
    const struct static_cache_rule *rules;
    size_t rule_count;
};

/* What a name is given for each coding: ".br"; "" for the identity. */
extern const char *const file_endings[CODING_COUNT];

/* What is asked for: the file of `path`, or the sibling that stands for it. */
struct file_order {
    struct slice path;                     /* begins with a slash, normal (target_decode_path) */
    enum coding coding;
    const struct file_entry *identity;     /* where coding is another: the file that the sibling stands for */
    struct file_entry *former;             /* what was cached; NULL: nothing */
    size_t body_max;                       /* larger ones are not read, but kept open */
    bool may_wait;
};

/* Loads it. 0: `*entry` is a new one, held once, or `former`, where that is still so (no hold is added). Else a negated errno:
 *
 *     -EAGAIN     it would have to wait, and may not
 *     -EISDIR     a folder; of a path with a slash at its end: one without an index
 *     -ENOENT, -ENOTDIR, -ENAMETOOLONG    nothing is there
 *     and whatever else the kernel says. */
OS_RESULT int file_load(const struct file_place *place, const struct file_order *order, struct file_entry **entry);

#endif
