/* A stretch of memory that is filled at its end and consumed at its start. The memory is the caller's. Pure. */
#ifndef WEIR_CORE_BUFFER_H
#define WEIR_CORE_BUFFER_H

#include <stdint.h>

/* 0 <= start <= end <= cap; data[start, end) is what it holds. */
struct buffer {
    char *data;
    uint32_t start;
    uint32_t end;
    uint32_t cap;
};

void buffer_init(struct buffer *b, char *data, uint32_t cap);

static inline uint32_t buffer_len(const struct buffer *b)
{
    return b->end - b->start;
}

/* Bytes that can be added without moving anything. */
static inline uint32_t buffer_room(const struct buffer *b)
{
    return b->cap - b->end;
}

static inline char *buffer_head(const struct buffer *b)
{
    return b->data + b->start;
}

static inline char *buffer_tail(const struct buffer *b)
{
    return b->data + b->end;
}

/* `count` bytes were written at buffer_tail(): at most buffer_room(). */
void buffer_added(struct buffer *b, uint32_t count);

/* Drops `count` bytes, at most buffer_len(), from the front; an empty buffer starts at its beginning again. */
void buffer_consume(struct buffer *b, uint32_t count);

/* Moves what lies in [from, end) down to `to` (<= from): the room behind grows by the difference. `start`, where it is at or above `from`, moves
 * with it; it must not lie strictly between. */
void buffer_move_down(struct buffer *b, uint32_t from, uint32_t to);

#endif
