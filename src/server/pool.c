#include "server/pool.h"

#include "core/assert.h"
#include "os/os.h"

/* A free block keeps the way to the next one in its first bytes. */
struct pool_block {
    struct pool_block *next;
};

void pool_init(struct pool *p, size_t size, uint32_t free_max)
{
    weir_assert(size >= sizeof(struct pool_block));
    *p = (struct pool){ .size = size, .free_max = free_max };
}

void *pool_take(struct pool *p)
{
    struct pool_block *block = p->free;
    if (block == NULL) {
        block = os_alloc_raw(p->size);
        if (block == NULL)
            return NULL;
    } else {
        p->free = block->next;
        p->free_count--;
    }
    p->lent++;
    return block;
}

void pool_give(struct pool *p, void *memory)
{
    weir_assert(p->lent > 0);
    p->lent--;
    if (p->free_count == p->free_max) {
        os_free(memory);
        return;
    }
    struct pool_block *block = memory;
    block->next = p->free;
    p->free = block;
    p->free_count++;
}

void pool_close(struct pool *p)
{
    weir_assert(p->lent == 0);
    while (p->free != NULL) {
        struct pool_block *block = p->free;
        p->free = block->next;
        os_free(block);
    }
    p->free_count = 0;
}
