/* Counters that one thread writes and any thread reads: exact, and without the cost of a locked instruction. */
#ifndef WEIR_CORE_COUNTER_H
#define WEIR_CORE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/* By the one writer alone. */
static inline void counter_add(_Atomic uint64_t *counter, uint64_t count)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + count, memory_order_relaxed);
}

static inline uint64_t counter_read(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
