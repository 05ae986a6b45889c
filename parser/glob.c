#include "parser/glob.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ------------------------------------------------------------------ a pattern is a row of items */

enum item {
    ITEM_BYTE,             /* itself; two bytes long behind a '\' */
    ITEM_ANY,              /* ? */
    ITEM_STAR,             /* * or, two bytes long, ** */
    ITEM_SET,              /* [...] */
    ITEM_OPEN, ITEM_COMMA, ITEM_CLOSE      /* a ',' outside of braces is a byte */
};

static const uint8_t items[256] = {
    ['?'] = ITEM_ANY, ['*'] = ITEM_STAR, ['['] = ITEM_SET, ['{'] = ITEM_OPEN, [','] = ITEM_COMMA, ['}'] = ITEM_CLOSE,
};

static enum item item_at(struct slice pattern, size_t at, bool in_braces)
{
    enum item item = items[(unsigned char)pattern.ptr[at]];
    return item == ITEM_COMMA && !in_braces ? ITEM_BYTE : item;
}

/* '\0' behind the end. */
static char byte_at(struct slice pattern, size_t at)
{
    return at < pattern.len ? pattern.ptr[at] : '\0';
}

/* ------------------------------------------------------------------ sets */

struct set {
    const char *fault;
    size_t len;                        /* from '[' to ']'; valid without a fault */
    bool has;                          /* the byte asked for */
};

/* Takes one byte of a set, which `*at` is before the end of. */
static unsigned char set_byte(struct slice pattern, size_t *at)
{
    if (pattern.ptr[*at] == '\\' && *at + 1 < pattern.len)
        ++*at;
    return (unsigned char)pattern.ptr[(*at)++];
}

static const char *range_fault(unsigned char from, unsigned char to)
{
    if (from == '/' || to == '/')
        return "a / within [ ]; a set is one byte within a name, write / outside of it";
    return from > to ? "a range that runs backwards, such as [z-a]; write [a-z]" : NULL;
}

/* The set whose '[' is at `at`. A ']' right at its beginning is one of its bytes, and so is a '-' at one of its ends (glob(7)). */
static struct set set_read(struct slice pattern, size_t at, char byte)
{
    struct set set = { .fault = "a [ without a ]; write \\[ for the byte" };
    bool negated = byte_at(pattern, at + 1) == '!' || byte_at(pattern, at + 1) == '^';
    size_t first = at + 1 + negated, p = first;
    bool found = false;
    while (p < pattern.len && (p == first || pattern.ptr[p] != ']')) {
        if (pattern.ptr[p] == '[' && byte_at(pattern, p + 1) == ':')
            return (struct set){ .fault = "a class, such as [:alpha:]; write a range, such as [a-z], or \\[ for the byte" };
        unsigned char from = set_byte(pattern, &p), to = from;
        if (p + 1 < pattern.len && pattern.ptr[p] == '-' && pattern.ptr[p + 1] != ']') {
            p++;
            to = set_byte(pattern, &p);
        }
        const char *fault = range_fault(from, to);
        if (fault != NULL)
            return (struct set){ .fault = fault };
        found = found || (from <= (unsigned char)byte && (unsigned char)byte <= to);
    }
    if (p < pattern.len)
        set = (struct set){ NULL, p + 1 - at, found != negated };
    return set;
}

/* ------------------------------------------------------------------ what may be wrong */

/* The length of the item at `at`; where it is faulty, `*fault` is written. */
static size_t item_check(struct slice pattern, size_t at, bool *in_braces, const char **fault)
{
    enum item item = item_at(pattern, at, *in_braces);
    if (item == ITEM_SET) {
        struct set set = set_read(pattern, at, '\0');
        *fault = set.fault;
        return set.len;
    }
    if (item == ITEM_OPEN && *in_braces)
        *fault = "a { within { }; write each alternative out, or \\{ for the byte";
    if (item == ITEM_CLOSE && !*in_braces)
        *fault = "a } without a {; write \\} for the byte";
    if (item == ITEM_OPEN || item == ITEM_CLOSE)
        *in_braces = item == ITEM_OPEN;
    if (pattern.ptr[at] != '\\')
        return 1;
    if (at + 1 == pattern.len)
        *fault = "a \\ at the end; write \\\\ for the byte";
    return 2;
}

static bool begins_with_dots(struct slice pattern)
{
    size_t at = byte_at(pattern, 0) == '/';
    size_t start = at;
    while (byte_at(pattern, at) == '.')
        at++;
    return (at - start == 1 || at - start == 2) && byte_at(pattern, at) == '/';
}

const char *glob_fault(struct slice pattern)
{
    const char *fault = NULL;
    bool in_braces = false;
    if (pattern.len == 0)
        return "it is empty; write * for every file";
    if (pattern.len > GLOB_MAX)
        return "it is too long; at most 256 bytes";
    if (begins_with_dots(pattern))
        return "a path begins at the folder that is served; write it without ./ and ../";
    for (size_t at = 0; at < pattern.len && fault == NULL;)
        at += item_check(pattern, at, &in_braces, &fault);
    if (fault == NULL && in_braces)
        return "a { without a }; write \\{ for the byte";
    return fault;
}

_Static_assert(GLOB_MAX == 256, "as the text of the fault says");

/* ------------------------------------------------------------------ matching: all ways through the pattern at once */

/* Where in the pattern one may stand. Each byte of the path is held against all these places in one pass from left to right; what takes no byte
 * ("**" as nothing, into braces, out of them) only ever leads to the right, so that the same pass reaches it. Hence the bound on the time. */
struct places {
    bool at[GLOB_MAX + 1];
};

/* The pass, between two items. */
struct pass {
    struct slice pattern;
    struct places *now;
    struct places *next;
    bool end;                          /* behind the path: no byte to take */
    char byte;                         /* valid unless `end` */
    bool segment_begins;               /* the byte is the first of the path, or behind a '/' */
    bool in_braces;
    bool entered;                      /* the braces; valid within them */
    bool left;                         /* one of the alternatives so far, by its end; valid within braces */
    bool alive;                        /* `next` has a place */
};

static void pass_take(struct pass *p, size_t to)
{
    p->next->at[to] = true;
    p->alive = true;
}

/* "*" and "**" are left by nothing, and are where one stays. "**" followed by '/' is also no segment at all: a place for "**" is also one
 * behind that '/', where a segment begins. */
static size_t pass_star(struct pass *p, size_t at)
{
    bool any = byte_at(p->pattern, at + 1) == '*';
    size_t behind = at + 1 + any;
    if (!p->now->at[at])
        return behind;
    p->now->at[behind] = true;
    if (any && p->segment_begins && byte_at(p->pattern, behind) == '/')
        p->now->at[behind + 1] = true;
    if (!p->end && (any || p->byte != '/'))
        pass_take(p, at);
    return behind;
}

static size_t pass_brace(struct pass *p, size_t at, enum item item)
{
    bool here = p->now->at[at];
    if (item == ITEM_OPEN) {
        p->entered = here;
        p->left = false;
    } else {
        p->left = p->left || here;
    }
    p->in_braces = item != ITEM_CLOSE;
    if (item == ITEM_CLOSE ? p->left : p->entered)
        p->now->at[at + 1] = true;
    return at + 1;
}

/* Bytes, "?" and sets. */
static size_t pass_byte(struct pass *p, size_t at, enum item item)
{
    bool escaped = p->pattern.ptr[at] == '\\';
    size_t behind = at + 1 + escaped;
    bool takes = item == ITEM_BYTE ? p->pattern.ptr[at + escaped] == p->byte : p->byte != '/';
    if (item == ITEM_SET) {
        struct set set = set_read(p->pattern, at, p->byte);
        behind = at + set.len;
        takes = takes && set.has;
    }
    if (p->now->at[at] && !p->end && takes)
        pass_take(p, behind);
    return behind;
}

/* False where no way leads on. */
static bool pass_run(struct pass *p)
{
    memset(p->next, 0, sizeof(*p->next));
    p->alive = false;
    p->in_braces = false;
    for (size_t at = 0; at < p->pattern.len;) {
        enum item item = item_at(p->pattern, at, p->in_braces);
        if (item == ITEM_STAR)
            at = pass_star(p, at);
        else if (item >= ITEM_OPEN)
            at = pass_brace(p, at, item);
        else
            at = pass_byte(p, at, item);
    }
    return p->alive;
}

static struct slice last_segment(struct slice path)
{
    size_t start = path.len;
    while (start > 0 && path.ptr[start - 1] != '/')
        start--;
    return slice_from(path, start);
}

bool glob_match(struct slice pattern, struct slice path)
{
    struct places places[2] = { { { true } } };
    struct pass p = { .pattern = pattern, .segment_begins = true };
    if (glob_fault(pattern) != NULL)
        return false;
    bool whole = memchr(pattern.ptr, '/', pattern.len) != NULL;
    bool relative = whole && pattern.ptr[0] != '/' && slice_starts_with(path, SLICE("/"));
    struct slice text = whole ? path : last_segment(path);
    for (size_t i = 0; i < text.len; i++) {
        p.now = &places[i % 2];
        p.next = &places[(i + 1) % 2];
        p.byte = text.ptr[i];
        bool alive = pass_run(&p);
        if (i == 0 && relative)
            p.next->at[0] = alive = true;      /* the pattern may begin behind the '/' */
        if (!alive)
            return false;
        p.segment_begins = p.byte == '/';
    }
    p.now = &places[text.len % 2];
    p.next = &places[(text.len + 1) % 2];
    p.end = true;
    (void)pass_run(&p);
    return p.now->at[pattern.len];
}
