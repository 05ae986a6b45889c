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
    if (slice_equals(line, own) && own.len > 0)        /* what a browser sends that has the file: nothing to take apart */
        return tags_are_same(line, own, strong) ? CONDITION_TAGS_MATCH : CONDITION_TAGS_DIFFER;
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

static void see_date(struct condition_date *date, struct slice value)
{
    date->value = value;
    date->lines++;
}

static void see_modified_since(struct conditional *c, struct slice value)
{
    see_date(&c->modified, value);
}

static void see_unmodified_since(struct conditional *c, struct slice value)
{
    see_date(&c->unmodified, value);
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

/* Whether a field says something, a date not after `latest`; `*modified`: the representation was modified behind it. */
static bool date_counts(const struct conditional *c, const struct condition_date *said, int64_t latest, bool *modified)
{
    int64_t date = 0;
    if (said->lines != 1 || !c->validators->has_modified || !http_date_parse(said->value, c->now, &date) || date > latest)
        return false;
    *modified = c->validators->modified > date;
    return true;
}

/* Browsers send a date beside their tag, which wins: not to read it saves most of the cost of both. */
enum conditional_verdict conditional_verdict(const struct conditional *c)
{
    bool modified = false;
    if (c->match == CONDITION_TAGS_DIFFER)
        return CONDITIONAL_FAILED;
    if (c->match == CONDITION_TAGS_ABSENT && date_counts(c, &c->unmodified, INT64_MAX, &modified) && modified)
        return CONDITIONAL_FAILED;
    if (c->none_match >= CONDITION_TAGS_MATCH)
        return CONDITIONAL_NOT_MODIFIED;
    if (c->none_match == CONDITION_TAGS_ABSENT && date_counts(c, &c->modified, c->now, &modified) && !modified)
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
