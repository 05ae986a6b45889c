#include "parser/conditional.h"

#include "parser/byte.h"
#include "parser/http_date.h"

/* ------------------------------------------------------------------ entity tags */

/* etagc of RFC 9110 §8.8.3, where a backslash is a byte as any other; and blanks, which RFC 2616 allowed: such a tag is passed over. */
static bool is_tag_byte(char byte)
{
    return byte_is(byte, BYTE_VALUE) && byte != '"';
}

static bool is_weak(struct slice tag)
{
    return slice_starts_with(tag, SLICE("W/"));
}

/* Strong: the same, and neither is weak. Weak: what stands in quotes is the same (RFC 9110 §8.8.3.2). */
static bool tags_are_same(struct slice tag, struct slice own, bool strong)
{
    if (strong)
        return !is_weak(tag) && slice_equals(tag, own);
    return slice_equals(slice_from(tag, is_weak(tag) ? 2 : 0), slice_from(own, is_weak(own) ? 2 : 0));
}

/* Takes an entity tag off the front of `*rest`. false where none begins there. */
static bool take_tag(struct slice *rest, struct slice *tag)
{
    size_t start = is_weak(*rest) ? 2 : 0;
    if (start == rest->len || rest->ptr[start] != '"')
        return false;
    size_t end = start + 1;
    while (end < rest->len && is_tag_byte(rest->ptr[end]))
        end++;
    if (end == rest->len || rest->ptr[end] != '"')
        return false;
    *tag = (struct slice){ rest->ptr, end + 1 };
    *rest = slice_from(*rest, end + 1);
    return true;
}

/* Takes the next member of a list, where commas may stand in quotes: slice_next_member() would cut there. false at the end of the list, and
 * at its first fault. */
static bool next_tag(struct slice *rest, struct slice *tag)
{
    while (rest->len > 0 && (rest->ptr[0] == ',' || rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
        *rest = slice_from(*rest, 1);
    if (!take_tag(rest, tag))
        return false;
    *rest = slice_trimmed(*rest);
    return rest->len == 0 || rest->ptr[0] == ',';
}

static enum condition_tags line_tags(struct slice line, struct slice own, bool strong)
{
    struct slice tag;
    if (slice_equals(line, SLICE("*")))
        return CONDITION_TAGS_ANY;
    while (next_tag(&line, &tag))
        if (tags_are_same(tag, own, strong))
            return CONDITION_TAGS_MATCH;
    return CONDITION_TAGS_DIFFER;
}

/* Several lines are one list, in which "*" has no place. */
static enum condition_tags lines_joined(enum condition_tags before, enum condition_tags line)
{
    if (before == CONDITION_TAGS_ABSENT)
        return line;
    return before == CONDITION_TAGS_MATCH || line == CONDITION_TAGS_MATCH ? CONDITION_TAGS_MATCH : CONDITION_TAGS_DIFFER;
}

/* ------------------------------------------------------------------ the fields */

static void see_match(struct conditional *c, struct slice value)
{
    c->match = lines_joined(c->match, line_tags(value, c->validators->tag, true));
}

static void see_none_match(struct conditional *c, struct slice value)
{
    c->none_match = lines_joined(c->none_match, line_tags(value, c->validators->tag, false));
}

/* `before`: what an earlier line of the same field said. */
static enum condition_date date_seen(const struct conditional *c, enum condition_date before, struct slice value, int64_t latest)
{
    int64_t date = 0;
    if (before != CONDITION_DATE_ABSENT || !c->validators->has_modified || !http_date_parse(value, c->now, &date) || date > latest)
        return CONDITION_DATE_IGNORED;
    return c->validators->modified > date ? CONDITION_DATE_MODIFIED : CONDITION_DATE_UNMODIFIED;
}

/* Browsers send it behind If-None-Match, where it means nothing: not to read the date saves most of the cost of both. */
static void see_modified_since(struct conditional *c, struct slice value)
{
    if (c->none_match == CONDITION_TAGS_ABSENT)
        c->modified = date_seen(c, c->modified, value, c->now);
}

static void see_unmodified_since(struct conditional *c, struct slice value)
{
    c->unmodified = date_seen(c, c->unmodified, value, INT64_MAX);
}

static bool if_range_holds(const struct conditional *c, struct slice value)
{
    const struct validators *own = c->validators;
    struct slice tag, rest = value;
    int64_t date = 0;
    if (take_tag(&rest, &tag))
        return rest.len == 0 && tags_are_same(tag, own->tag, true);
    return own->has_modified && own->modified_is_strong && http_date_parse(value, c->now, &date) && date == own->modified;
}

static void see_if_range(struct conditional *c, struct slice value)
{
    c->range_applies = c->range_applies && !c->has_if_range && if_range_holds(c, value);
    c->has_if_range = true;
}

static void see_range(struct conditional *c, struct slice value)
{
    c->range_applies = c->range_applies && !c->has_range;
    c->has_range = true;
    c->range = value;
}

static const struct {
    struct slice name;
    void (*see)(struct conditional *c, struct slice value);
} fields[] = {
    { SLICE_INIT("Range"), see_range },
    { SLICE_INIT("If-Range"), see_if_range },
    { SLICE_INIT("If-Match"), see_match },
    { SLICE_INIT("If-None-Match"), see_none_match },
    { SLICE_INIT("If-Modified-Since"), see_modified_since },
    { SLICE_INIT("If-Unmodified-Since"), see_unmodified_since },
};

void conditional_init(struct conditional *c, const struct validators *validators, int64_t now)
{
    *c = (struct conditional){ .validators = validators, .now = now, .range_applies = true };
}

/* Each field of each request for a file comes here, and almost all begin with other letters. */
void conditional_field(struct conditional *c, struct slice name, struct slice value)
{
    if (name.len < 5 || (byte_lower(name.ptr[0]) != 'i' && byte_lower(name.ptr[0]) != 'r'))
        return;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (slice_equals_ignoring_case(name, fields[i].name))
            fields[i].see(c, slice_trimmed(value));
}

/* ------------------------------------------------------------------ what they come to */

enum conditional_verdict conditional_verdict(const struct conditional *c)
{
    if (c->match == CONDITION_TAGS_DIFFER)
        return CONDITIONAL_FAILED;
    if (c->match == CONDITION_TAGS_ABSENT && c->unmodified == CONDITION_DATE_MODIFIED)
        return CONDITIONAL_FAILED;
    if (c->none_match >= CONDITION_TAGS_MATCH)
        return CONDITIONAL_NOT_MODIFIED;
    if (c->none_match == CONDITION_TAGS_ABSENT && c->modified == CONDITION_DATE_UNMODIFIED)
        return CONDITIONAL_NOT_MODIFIED;
    return CONDITIONAL_PROCEED;
}

bool conditional_range(const struct conditional *c, struct slice *range)
{
    if (!c->has_range || !c->range_applies)
        return false;
    *range = c->range;
    return true;
}
