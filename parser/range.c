#include "parser/range.h"

#include "parser/byte.h"

/* One member, as it is written: digits alone, any number of them, leading zeros left out. */
struct spec {
    struct slice first;                /* valid unless is_suffix */
    struct slice last;                 /* of a suffix, its length; valid unless is_open */
    bool is_suffix;                    /* "-5" */
    bool is_open;                      /* "5-" */
};

static struct slice without_zeros(struct slice digits)
{
    size_t zeros = 0;
    while (zeros < digits.len && digits.ptr[zeros] == '0')
        zeros++;
    return slice_from(digits, zeros);
}

/* Exact, however long they are. */
static bool is_less(struct slice digits, struct slice others)
{
    if (digits.len != others.len)
        return digits.len < others.len;
    return digits.len > 0 && memcmp(digits.ptr, others.ptr, digits.len) < 0;
}

/* UINT64_MAX where it does not fit: no representation has a byte there. */
static uint64_t value_of(struct slice digits)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits.len; i++)
        if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, (unsigned)(digits.ptr[i] - '0'), &value))
            return UINT64_MAX;
    return value;
}

/* RFC 9110 §14.1.1; false also where the last byte lies before the first, which makes it as invalid as any other fault. */
static bool spec_parse(struct slice member, struct spec *spec)
{
    const char *end = member.ptr + member.len;
    size_t dash = byte_run(member.ptr, end, BYTE_DIGIT);
    if (dash == member.len || member.ptr[dash] != '-')
        return false;
    struct slice behind = slice_from(member, dash + 1);
    if (byte_run(behind.ptr, end, BYTE_DIGIT) != behind.len)
        return false;
    *spec = (struct spec){
        .first = without_zeros((struct slice){ member.ptr, dash }),
        .last = without_zeros(behind),
        .is_suffix = dash == 0,
        .is_open = behind.len == 0,
    };
    if (spec->is_suffix || spec->is_open)
        return !(spec->is_suffix && spec->is_open);
    return !is_less(spec->last, spec->first);
}

/* The bytes that it means, of `size`, which is at least 1; false where there are none. */
static bool spec_resolve(const struct spec *spec, uint64_t size, struct byte_range *range)
{
    uint64_t last = spec->is_open ? UINT64_MAX : value_of(spec->last);
    if (spec->is_suffix) {
        *range = (struct byte_range){ last < size ? size - last : 0, size - 1 };
        return last > 0;
    }
    *range = (struct byte_range){ value_of(spec->first), last < size ? last : size - 1 };
    return range->first < size;
}

static bool are_near(struct byte_range a, struct byte_range b)
{
    struct byte_range lower = a.first <= b.first ? a : b, upper = a.first <= b.first ? b : a;
    return upper.first <= lower.last || upper.first - lower.last - 1 < RANGE_PART_COST;
}

/* What is in the set already keeps its distance from one another, and what the range grows to is near to nothing that it was not near to
 * before: one pass finds all that becomes one with it. That takes the place of the first of them. */
static void set_add(struct range_set *set, struct byte_range range)
{
    uint32_t kept = 0, place = RANGES_MAX;
    for (uint32_t i = 0; i < set->count; i++) {
        struct byte_range other = set->ranges[i];
        if (!are_near(other, range)) {
            set->ranges[kept++] = other;
            continue;
        }
        range.first = other.first < range.first ? other.first : range.first;
        range.last = other.last > range.last ? other.last : range.last;
        if (place == RANGES_MAX)
            place = kept++;
    }
    if (place == RANGES_MAX)
        place = kept++;
    set->ranges[place] = range;
    set->count = kept;
}

/* The parts do not overlap: together they are at most `size`, and nothing overflows. One part alone has no cost. */
static bool is_worth_it(const struct range_set *set, uint64_t size)
{
    uint64_t spared = size;
    for (uint32_t i = 0; i < set->count; i++)
        spared -= set->ranges[i].last - set->ranges[i].first + 1;
    return set->count == 1 || spared > (uint64_t)set->count * RANGE_PART_COST;
}

/* Adds what `spec` means. RANGE_SATISFIABLE says nothing of the set where there is no byte at all: a suffix is satisfiable even then. */
static bool set_add_spec(struct range_set *set, const struct spec *spec, uint64_t size)
{
    struct byte_range range;
    if (size == 0)
        return spec->is_suffix && spec->last.len > 0;
    if (!spec_resolve(spec, size, &range))
        return false;
    set_add(set, range);
    return true;
}

enum range_verdict range_parse(struct slice field, uint64_t size, struct range_set *out)
{
    static const struct slice unit = SLICE_INIT("bytes=");
    if (field.len < unit.len || !slice_equals_ignoring_case((struct slice){ field.ptr, unit.len }, unit))
        return RANGE_IGNORED;
    struct slice rest = slice_from(field, unit.len), member;
    struct range_set set = { .count = 0 };
    uint32_t specs = 0, satisfiable = 0;
    for (; slice_next_member(&rest, &member); specs++) {
        struct spec spec;
        if (specs == RANGES_MAX || !spec_parse(member, &spec))
            return RANGE_IGNORED;
        satisfiable += set_add_spec(&set, &spec, size);
    }
    if (specs > 0 && satisfiable == 0)
        return RANGE_UNSATISFIABLE;
    if (set.count == 0 || !is_worth_it(&set, size))
        return RANGE_IGNORED;
    *out = set;
    return RANGE_SATISFIABLE;
}
