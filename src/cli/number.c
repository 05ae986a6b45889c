#include "cli/number.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The one without a suffix stands last: it is what a zero is shown in. */
static const struct number_unit count_units[] = { { "", 1 } };
static const struct number_unit byte_units[] = { { "k", 1 << 10 }, { "m", 1 << 20 }, { "g", 1 << 30 }, { "", 1 } };
static const struct number_unit time_units[] = {
    { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { "", 1000 },
};

const struct number_kind number_count = { count_units, COUNT(count_units), true, "a number" };
const struct number_kind number_bytes = { byte_units, COUNT(byte_units), true, "a size such as 8192, 8k or 1m" };
const struct number_kind number_time = { time_units, COUNT(time_units), false, "a time such as 10s, 250ms or 2m" };

bool number_read(const struct number_kind *kind, const char *text, uint64_t *value)
{
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
            return false;
    if (at == text)
        return false;
    for (size_t i = 0; i < kind->unit_count; i++)
        if (strcmp(at, kind->units[i].suffix) == 0)
            return !__builtin_mul_overflow(number, kind->units[i].factor, value);
    return false;
}

void number_show(const struct number_kind *kind, uint64_t value, char text[NUMBER_SHOWN_MAX])
{
    const struct number_unit *best = &kind->units[kind->unit_count - 1];
    uint64_t largest = 0;
    for (size_t i = 0; i < kind->unit_count && value != 0; i++) {
        const struct number_unit *const unit = &kind->units[i];
        if (value % unit->factor == 0 && unit->factor > largest && (kind->shows_bare || unit->suffix[0] != '\0')) {
            best = unit;
            largest = unit->factor;
        }
    }
    snprintf(text, NUMBER_SHOWN_MAX, "%llu%s", (unsigned long long)(value / best->factor), best->suffix);
}
