/* Blocks of one size, kept for reuse: the last one given back is the first one lent, while it is still in the processor's cache. */
#ifndef WEIR_SERVER_POOL_H
#define WEIR_SERVER_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool_block;

struct pool {
    struct pool_block *free;
    size_t size;               /* of a block */
    uint32_t free_count;
    uint32_t free_max;         /* more than these go back to the system */
    uint32_t lent;
};

void pool_init(struct pool *p, size_t size, uint32_t free_max);

/* A block, its content undefined; NULL: no memory. */
void *pool_take(struct pool *p);
void pool_give(struct pool *p, void *block);

/* Frees what is not lent; nothing may be lent. */
void pool_close(struct pool *p);

#endif
