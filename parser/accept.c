#include "parser/accept.h"

#include "parser/byte.h"

enum { NOT_NAMED = -1, WEIGHT_MAX = 1000 };

/* ------------------------------------------------------------------ what both fields share: a name, parameters, a weight */

struct member {
    struct slice name;
    int16_t weight;                    /* 1000 where none is given */
    bool parameters;                   /* beside the weight there is another one: charset=utf-8 */
};

/* A qvalue (RFC 9110 §12.4.2) in thousandths; NOT_NAMED where it is none. */
static int16_t weight_parse(struct slice text)
{
    if (text.len == 0 || text.len > 5 || !byte_is(text.ptr[0], BYTE_DIGIT) || (text.len > 1 && text.ptr[1] != '.'))
        return NOT_NAMED;
    int weight = text.ptr[0] - '0';
    for (size_t i = 2; i < 5; i++) {
        if (i < text.len && !byte_is(text.ptr[i], BYTE_DIGIT))
            return NOT_NAMED;
        weight = weight * 10 + (i < text.len ? text.ptr[i] - '0' : 0);
    }
    return weight <= WEIGHT_MAX ? (int16_t)weight : NOT_NAMED;
}

/* Takes what stands before the first `stop` that is in no quoted string (RFC 9110 §5.6.4), and the stop, off the front of `*rest`. */
static struct slice take_until(struct slice *rest, char stop)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < rest->len && (quoted || rest->ptr[i] != stop); i++)
        if (rest->ptr[i] == '"')
            quoted = !quoted;
        else if (quoted && rest->ptr[i] == '\\' && i + 1 < rest->len)
            i++;
    struct slice taken = { rest->ptr, i };
    *rest = slice_from(*rest, i + 1);
    return slice_trimmed(taken);
}

static bool is_utf_8(struct slice text)
{
    return slice_equals_ignoring_case(text, SLICE("utf-8")) || slice_equals_ignoring_case(text, SLICE("\"utf-8\""));
}

/* One parameter of a member, `name=value`. false where it cannot be read, or asks for what weir has not. */
static bool parameter_read(struct slice text, struct member *m, bool *weighed)
{
    struct slice value = text;
    struct slice name = take_until(&value, '=');
    value = slice_trimmed(value);
    if (slice_equals_ignoring_case(name, SLICE("q")) && !*weighed) {
        m->weight = weight_parse(value);
        *weighed = true;
        return m->weight != NOT_NAMED;
    }
    m->parameters = true;
    return slice_equals_ignoring_case(name, SLICE("charset")) && is_utf_8(value);
}

/* Takes a member apart: `name`, `name;q=0.5`, `name ; charset=utf-8 ; q=0.5`, in any order; empty parameters are skipped (RFC 9110 §5.6.6).
 * false where it is to be passed over. */
static bool member_read(struct slice text, struct member *m)
{
    bool weighed = false;
    *m = (struct member){ .name = take_until(&text, ';'), .weight = WEIGHT_MAX };
    while (text.len > 0) {
        struct slice parameter = take_until(&text, ';');
        if (parameter.len > 0 && !parameter_read(parameter, m, &weighed))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ Accept-Encoding */

static const struct slice coding_names[CODING_COUNT] = {
    [CODING_BR] = SLICE_INIT("br"),
    [CODING_ZSTD] = SLICE_INIT("zstd"),
    [CODING_GZIP] = SLICE_INIT("gzip"),
    [CODING_IDENTITY] = SLICE_INIT("identity"),
};

struct slice coding_name(enum coding coding)
{
    return coding_names[coding];
}

void accept_encoding_init(struct accept_encoding *a)
{
    for (size_t i = 0; i < CODING_COUNT; i++)
        a->weights[i] = NOT_NAMED;
    a->others = NOT_NAMED;
}

/* Where the weight that `name` is given is kept; NULL: weir does not know that coding. */
static int16_t *weight_place(struct accept_encoding *a, struct slice name)
{
    if (slice_equals(name, SLICE("*")))
        return &a->others;
    if (slice_equals_ignoring_case(name, SLICE("x-gzip")))     /* RFC 9110 §8.4.1.3 */
        return &a->weights[CODING_GZIP];
    for (size_t i = 0; i < CODING_COUNT; i++)
        if (slice_equals_ignoring_case(name, coding_names[i]))
            return &a->weights[i];
    return NULL;
}

/* There are no quoted strings in this field: a '"' makes one member malformed, and hides no comma. */
void accept_encoding_add(struct accept_encoding *a, struct slice value)
{
    struct slice text;
    while (slice_next_member(&value, &text)) {
        struct member m;
        if (!member_read(text, &m) || m.parameters)
            continue;
        int16_t *weight = weight_place(a, m.name);
        if (weight != NULL && *weight < m.weight)
            *weight = m.weight;
    }
}

enum coding accept_encoding_choose(const struct accept_encoding *a, unsigned available)
{
    enum coding best = CODING_IDENTITY;
    int best_weight = 0;
    for (unsigned i = 0; i < CODING_COUNT; i++) {
        bool named = a->weights[i] != NOT_NAMED || i == CODING_IDENTITY;
        int weight = named ? a->weights[i] : a->others;
        bool here = (available & CODING_BIT(i)) != 0 || i == CODING_IDENTITY;
        if (here && weight > best_weight) {
            best = (enum coding)i;
            best_weight = weight;
        }
    }
    return best;
}

/* ------------------------------------------------------------------ Accept */

enum precision { NO_MATCH, ANY_TYPE, ANY_SUBTYPE, EXACT_TYPE };

void accept_init(struct accept *a, const struct slice *types, size_t count)
{
    *a = (struct accept){ .types = types, .count = count };
    for (size_t i = 0; i < count; i++)
        a->weights[i] = NOT_NAMED;
}

static enum precision range_match(struct slice range, struct slice type)
{
    if (slice_equals(range, SLICE("*/*")))
        return ANY_TYPE;
    if (slice_equals_ignoring_case(range, type))
        return EXACT_TYPE;
    if (range.len < 2 || range.ptr[range.len - 1] != '*' || range.ptr[range.len - 2] != '/' || range.len > type.len)
        return NO_MATCH;
    struct slice start = { range.ptr, range.len - 1 };         /* "text/": of a type, that is no type's beginning but its own */
    return slice_equals_ignoring_case(start, (struct slice){ type.ptr, start.len }) ? ANY_SUBTYPE : NO_MATCH;
}

static void member_count(struct accept *a, const struct member *m)
{
    for (size_t i = 0; i < a->count; i++) {
        uint8_t precision = (uint8_t)range_match(m->name, a->types[i]);
        bool counts = precision > a->precision[i] || (precision == a->precision[i] && m->weight > a->weights[i]);
        if (precision != NO_MATCH && counts) {
            a->precision[i] = precision;
            a->weights[i] = m->weight;
        }
    }
}

void accept_add(struct accept *a, struct slice value)
{
    while (value.len > 0) {
        struct member m;
        if (member_read(take_until(&value, ','), &m))
            member_count(a, &m);
    }
}

static bool is_better(const struct accept *a, size_t i, size_t best)
{
    return a->weights[i] > a->weights[best] || (a->weights[i] == a->weights[best] && a->precision[i] > a->precision[best]);
}

size_t accept_choose(const struct accept *a)
{
    size_t best = 0;
    for (size_t i = 1; i < a->count; i++)
        if (a->weights[i] > 0 && is_better(a, i, best))
            best = i;
    return best;
}
