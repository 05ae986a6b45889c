#include "chance.h"

/* splitmix64: spreads a seed over the state, and makes tags. */
uint64_t chance_mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

void chance_seed(struct chance *c, uint64_t seed)
{
    *c = (struct chance){ .script = NULL };
    for (int i = 0; i < 4; i++)
        c->state[i] = seed = chance_mix(seed);
}

void chance_script(struct chance *c, const uint8_t *script, size_t len)
{
    chance_seed(c, 1);
    c->script = script;
    c->left = len;
    c->scripted = true;
}

bool chance_is_exhausted(const struct chance *c)
{
    return c->scripted && c->left == 0;
}

static uint64_t rotate_left(uint64_t value, int count)
{
    return (value << count) | (value >> (64 - count));
}

/* xoshiro256**. */
static uint64_t generator_next(struct chance *c)
{
    uint64_t *s = c->state;
    const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    const uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* As many bytes of the script as the bound needs, so that a short script decides much. */
static uint32_t script_below(struct chance *c, uint32_t bound)
{
    uint32_t value = 0;
    for (uint32_t range = bound - 1; range > 0 && c->left > 0; range >>= 8) {
        value = (value << 8) | *c->script++;
        c->left--;
    }
    return value % bound;
}

uint32_t chance_below(struct chance *c, uint32_t bound)
{
    if (c->left > 0)
        return script_below(c, bound);
    return (uint32_t)(((generator_next(c) >> 32) * bound) >> 32);
}

uint32_t chance_between(struct chance *c, uint32_t low, uint32_t high)
{
    return low + chance_below(c, high - low + 1);
}

bool chance_one_in(struct chance *c, uint32_t n)
{
    return n != 0 && chance_below(c, n) == n - 1;
}
