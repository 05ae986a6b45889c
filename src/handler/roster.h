/* The entries of a folder in order, in bounded memory however many there are: one pass over the folder offers each entry, the roster keeps the
 * smallest of those that stand beyond the last one that was shown, and says whether it had to let others go, which the next pass finds. So
 * a folder of any size is shown in order, by as many passes as it takes, and each pass ends further on. */
#ifndef WEIR_HANDLER_ROSTER_H
#define WEIR_HANDLER_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/listing_page.h"
#include "parser/slice.h"

#define ROSTER_SIZE_MIN 4096u
#define ROSTER_SIZE_MAX (8u << 20)

/* What the order rests on. The name is borrowed. */
struct roster_entry {
    struct slice name;                 /* 1 to LISTING_NAME_MAX bytes */
    uint64_t rank;                     /* what it is sorted by but for its name: size or time; of no meaning where it is sorted by name */
    bool is_folder;
};

struct roster {
    char *arena;                       /* records from its front, their places from its back; NULL: nothing is kept */
    uint32_t size;
    uint32_t size_max;
    uint32_t used;                     /* bytes of records */
    uint32_t count;                    /* of entries kept */
    bool by_rank;
    bool descending;
    bool has_dropped;                  /* this pass let entries go that stand behind those kept */
    bool has_floor, has_ceiling;
    char floor[9 + 1 + LISTING_NAME_MAX];      /* the last entry shown: what does not stand behind it is not taken */
    char ceiling[9 + 1 + LISTING_NAME_MAX];    /* the first entry that this pass let go: nor is what does not stand before it */
};

/* Folders come first, then the order is by name, or by rank and then by name; `descending` turns it. `size_max` is
 * ROSTER_SIZE_MAX, but for tests. Takes no memory yet. */
void roster_init(struct roster *r, bool by_rank, bool descending, uint32_t size_max);

/* Gives the memory back. It may be used again from roster_begin() on. */
void roster_free(struct roster *r);

/* A pass begins: nothing is kept. */
void roster_begin(struct roster *r);

/* 0, taken or not, or -ENOMEM. */
__attribute__((warn_unused_result))
int roster_offer(struct roster *r, const struct roster_entry *entry);

/* The pass is over: puts what was kept in order, and makes the last of it the floor of the next pass, which is needed where has_dropped says so. */
void roster_end(struct roster *r);

/* The entry at `index` below `count`, in order, after roster_end(); its name is valid until the next pass begins. */
struct roster_entry roster_at(const struct roster *r, uint32_t index);

#endif
