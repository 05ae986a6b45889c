#include "core/buffer.h"

#include <string.h>

#include "core/assert.h"

void buffer_init(struct buffer *b, char *data, uint32_t cap)
{
    *b = (struct buffer){ .data = data, .cap = cap };
}

void buffer_added(struct buffer *b, uint32_t count)
{
    weir_assert(count <= buffer_room(b));
    b->end += count;
}

void buffer_consume(struct buffer *b, uint32_t count)
{
    weir_assert(count <= buffer_len(b));
    b->start += count;
    if (b->start == b->end)
        b->start = b->end = 0;
}

void buffer_move_down(struct buffer *b, uint32_t from, uint32_t to)
{
    weir_assert(to <= from);
    weir_assert(from <= b->end);
    weir_assert(b->start <= to || b->start >= from);
    memmove(b->data + to, b->data + from, b->end - from);
    b->end -= from - to;
    if (b->start >= from)
        b->start -= from - to;
}
