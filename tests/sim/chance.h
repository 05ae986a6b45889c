/* All chance of a simulated run: one 64-bit seed, or the bytes of a script (for fuzzing). The same seed gives the same run. */
#ifndef WEIR_SIM_CHANCE_H
#define WEIR_SIM_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state[4];
    const uint8_t *script;     /* while `left` is above 0 the bytes here decide, after it the seed */
    size_t left;
    bool scripted;
};

void chance_seed(struct chance *c, uint64_t seed);

/* What follows the script is drawn from a seed that is always the same. `script` is borrowed. */
void chance_script(struct chance *c, const uint8_t *script, size_t len);

/* A script that has come to its end: the kernel then stops to make trouble. */
bool chance_is_exhausted(const struct chance *c);

/* 0 to `bound` - 1; `bound` >= 1. */
uint32_t chance_below(struct chance *c, uint32_t bound);

/* `low` to `high`, both included. */
uint32_t chance_between(struct chance *c, uint32_t low, uint32_t high);

/* True once in `n` times; 0: never. */
bool chance_one_in(struct chance *c, uint32_t n);

/* 64 bits mixed well: tags of bytes, seeds of parts. */
uint64_t chance_mix(uint64_t value);

#endif
