/* Ranges: the parts are those of a naive model, which reads the field in its own way and counts small files byte by byte, large ones in 128
 * bits; and, whatever the model says, they lie within the file, in keeping with one another, and cost less than the whole.
 *
 * Input: two bytes for the size, a mantissa, and an exponent with -1 to 2 to be added: near to every power of two; then the field. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fuzz/require.h"
#include "parser/range.h"

__extension__ typedef __int128 wide;           /* no sum of this file overflows it */

enum { COUNTED_MAX = 4096 };                   /* files of up to so many bytes are counted byte by byte */

/* What one member asks for, within the file, or what becomes one part; `order`: of the first member that wants it. */
struct piece {
    wide first, last;
    uint32_t order;
};

struct model {
    enum range_verdict verdict;
    struct piece pieces[RANGES_MAX];
    uint32_t count;
};

/* ------------------------------------------------------------------ the model reads */

static wide number_of(const char *digits, size_t len)
{
    const wide huge = (wide)1 << 100;
    wide value = 0;
    for (size_t i = 0; i < len; i++)
        value = value > huge ? huge : value * 10 + (digits[i] - '0');
    return value;
}

/* Is a less than b? As at school: what a - b borrows in the end. */
static bool borrows(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int borrow = 0;
    for (size_t i = 0; i < a_len || i < b_len; i++) {
        int above = i < a_len ? a[a_len - 1 - i] - '0' : 0;
        int below = i < b_len ? b[b_len - 1 - i] - '0' : 0;
        borrow = above - below - borrow < 0;
    }
    return borrow;
}

/* false: malformed. `*wanted` tells whether it can be satisfied, `*piece` what with where there is a byte at all. */
static bool read_member(const char *p, size_t len, uint64_t size, struct piece *piece, bool *wanted)
{
    size_t dash = len;
    for (size_t i = 0; i < len; i++) {
        bool is_dash = p[i] == '-';
        if ((is_dash && dash != len) || (!is_dash && (p[i] < '0' || p[i] > '9')))
            return false;
        dash = is_dash ? i : dash;
    }
    if (dash == len || len == 1)
        return false;
    const char *behind = p + dash + 1;
    size_t behind_len = len - dash - 1;
    if (dash > 0 && behind_len > 0 && borrows(behind, behind_len, p, dash))
        return false;
    wide end = size, from = number_of(p, dash), to = number_of(behind, behind_len);
    if (dash == 0) {
        *wanted = to > 0;
        *piece = (struct piece){ .first = to > end ? 0 : end - to, .last = end - 1 };
    } else {
        *wanted = from < end;
        *piece = (struct piece){ .first = from, .last = behind_len == 0 || to >= end ? end - 1 : to };
    }
    return true;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Reads all members into m->pieces, those that have bytes. The verdict is RANGE_SATISFIABLE where there are any. */
static void read_field(struct slice field, uint64_t size, struct model *m)
{
    static const char lower[] = "bytes=", upper[] = "BYTES=";
    uint32_t members = 0;
    bool any_wanted = false;
    m->verdict = RANGE_IGNORED;
    for (size_t i = 0; i < 6; i++)
        if (i >= field.len || (field.ptr[i] != lower[i] && field.ptr[i] != upper[i]))
            return;
    for (size_t at = 6, end; at <= field.len; at = end + 1) {
        for (end = at; end < field.len && field.ptr[end] != ',';)
            end++;
        size_t from = at, to = end;
        while (from < to && is_blank(field.ptr[from]))
            from++;
        while (from < to && is_blank(field.ptr[to - 1]))
            to--;
        struct piece piece = { .order = members };
        bool wanted = false;
        if (from == to)
            continue;
        if (members++ == RANGES_MAX || !read_member(field.ptr + from, to - from, size, &piece, &wanted))
            return;
        any_wanted |= wanted;
        if (wanted && size > 0) {
            piece.order = members - 1;
            m->pieces[m->count++] = piece;
        }
    }
    if (members > 0 && !any_wanted)
        m->verdict = RANGE_UNSATISFIABLE;
    else if (m->count > 0)
        m->verdict = RANGE_SATISFIABLE;
}

/* ------------------------------------------------------------------ the model joins */

/* By the first byte, or by the order in which they were asked for. */
static void sort(struct piece *pieces, uint32_t count, bool by_order)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = i + 1; k < count; k++)
            if (by_order ? pieces[k].order < pieces[i].order : pieces[k].first < pieces[i].first) {
                struct piece swapped = pieces[i];
                pieces[i] = pieces[k];
                pieces[k] = swapped;
            }
}

static void join_in_order_of_place(struct model *m)
{
    uint32_t joined = 0;
    sort(m->pieces, m->count, false);
    for (uint32_t i = 1; i < m->count; i++) {
        struct piece *open = &m->pieces[joined], next = m->pieces[i];
        if (next.first - open->last - 1 >= RANGE_PART_COST) {
            m->pieces[++joined] = next;
            continue;
        }
        open->last = next.last > open->last ? next.last : open->last;
        open->order = next.order < open->order ? next.order : open->order;
    }
    m->count = joined + 1;
}

/* owners[byte]: 1 + the order of the first that wants it; 0: nobody does. */
static void join_byte_by_byte(struct model *m, size_t size)
{
    uint32_t owners[COUNTED_MAX] = { 0 };
    for (uint32_t i = 0; i < m->count; i++)
        for (size_t byte = (size_t)m->pieces[i].first; byte <= (size_t)m->pieces[i].last; byte++)
            if (owners[byte] == 0)
                owners[byte] = m->pieces[i].order + 1;
    m->count = 0;
    size_t gap = RANGE_PART_COST;
    for (size_t byte = 0; byte < size; byte++) {
        if (owners[byte] == 0) {
            gap++;
            continue;
        }
        if (gap >= RANGE_PART_COST)
            m->pieces[m->count++] = (struct piece){ .first = (wide)byte, .order = owners[byte] - 1 };
        struct piece *open = &m->pieces[m->count - 1];
        open->last = (wide)byte;
        open->order = owners[byte] - 1 < open->order ? owners[byte] - 1 : open->order;
        gap = 0;
    }
}

static void model_of(struct slice field, uint64_t size, struct model *m)
{
    m->count = 0;
    read_field(field, size, m);
    if (m->verdict != RANGE_SATISFIABLE)
        return;
    if (size <= COUNTED_MAX)
        join_byte_by_byte(m, (size_t)size);
    else
        join_in_order_of_place(m);
    sort(m->pieces, m->count, true);
    wide cost = 0;
    for (uint32_t i = 0; i < m->count; i++)
        cost += m->pieces[i].last - m->pieces[i].first + 1 + RANGE_PART_COST;
    if (m->count > 1 && cost >= (wide)size)
        m->verdict = RANGE_IGNORED;
}

/* ------------------------------------------------------------------ what must hold */

static void require_sound(const struct range_set *set, uint64_t size)
{
    wide cost = 0;
    require(set->count >= 1 && set->count <= RANGES_MAX);
    for (uint32_t i = 0; i < set->count; i++) {
        struct byte_range a = set->ranges[i];
        require(a.first <= a.last && a.last < size);
        cost += (wide)a.last - a.first + 1 + RANGE_PART_COST;
        for (uint32_t k = 0; k < i; k++) {
            struct byte_range b = set->ranges[k];
            require((wide)a.first - b.last > RANGE_PART_COST || (wide)b.first - a.last > RANGE_PART_COST);
        }
    }
    require(set->count == 1 || cost < (wide)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct range_set set, untouched;
    struct model m;
    if (size < 2)
        return 0;
    uint64_t file_size = ((uint64_t)data[0] << data[1] % 64) + data[1] / 64 - 1;
    struct slice field = { (const char *)data + 2, size - 2 };
    memset(&set, 0xa5, sizeof(set));
    memset(&untouched, 0xa5, sizeof(untouched));
    enum range_verdict verdict = range_parse(field, file_size, &set);
    model_of(field, file_size, &m);
    require(verdict == m.verdict);
    if (verdict != RANGE_SATISFIABLE) {
        require(memcmp(&set, &untouched, sizeof(set)) == 0);
        return 0;
    }
    require_sound(&set, file_size);
    require(set.count == m.count);
    for (uint32_t i = 0; i < set.count; i++)
        require(set.ranges[i].first == (uint64_t)m.pieces[i].first && set.ranges[i].last == (uint64_t)m.pieces[i].last);
    return 0;
}
