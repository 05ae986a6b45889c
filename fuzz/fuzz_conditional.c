/* Conditional requests: the verdict is that of a naive model, which takes lists of tags apart byte by byte; neither the order of the
 * fields nor the case of their names matters.
 *
 * Input: a byte that chooses the validators, one for the date of modification around a date of the dictionary, then lines. The first byte of
 * a line chooses the field (R, I, M, N, S, U, as in `letters`), any other begins a field of its own, up to a ':'. */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fuzz/require.h"
#include "parser/conditional.h"
#include "parser/http_date.h"

enum { LINES_MAX = 16 };

enum kind { RANGE, IF_RANGE, MATCH, NONE_MATCH, SINCE, NOT_SINCE, OTHER, KIND_COUNT };

static const char letters[] = "RIMNSU";
static const struct slice names[] = {
    { "Range", 5 }, { "If-Range", 8 }, { "If-Match", 8 }, { "If-None-Match", 13 }, { "If-Modified-Since", 17 }, { "If-Unmodified-Since", 19 },
};

static const int64_t now = 1800000000;

struct request {
    struct {
        enum kind kind;
        struct slice name, value;
    } lines[LINES_MAX];
    size_t count;
    size_t counts[KIND_COUNT];         /* lines of each kind */
};

/* ------------------------------------------------------------------ reading the input */

static struct validators validators_of(uint8_t choice, uint8_t second)
{
    static const struct slice tags[] = { { "", 0 }, { "\"x\"", 3 }, { "W/\"x\"", 5 }, { "\"a,\\b\"", 6 } };
    return (struct validators){
        .tag = tags[choice % 4],
        .modified = choice & 16 ? now + 2 - second % 4 : 784111777 + 2 - second % 4,
        .has_modified = (choice & 4) != 0,
        .modified_is_strong = (choice & 8) != 0,
    };
}

static void add_line(struct request *r, struct slice line)
{
    const char *letter = line.len > 0 && line.ptr[0] != 0 ? strchr(letters, line.ptr[0]) : NULL;
    size_t i = r->count++, colon = 0;
    enum kind kind = letter != NULL ? (enum kind)(letter - letters) : OTHER;
    while (colon < line.len && line.ptr[colon] != ':')
        colon++;
    r->lines[i].kind = kind;
    r->lines[i].name = letter != NULL ? names[kind] : (struct slice){ line.ptr, colon };
    r->lines[i].value = slice_from(line, letter != NULL ? 1 : colon + 1);
    for (size_t known = 0; kind == OTHER && known < OTHER; known++)
        if (slice_equals_ignoring_case(r->lines[i].name, names[known]))
            r->lines[i].kind = (enum kind)known;
    r->counts[r->lines[i].kind]++;
}

static void read_lines(struct request *r, const char *bytes, size_t len)
{
    *r = (struct request){ .count = 0 };
    for (size_t at = 0, end; at < len && r->count < LINES_MAX; at = end + 1) {
        for (end = at; end < len && bytes[end] != '\n';)
            end++;
        add_line(r, (struct slice){ bytes + at, end - at });
    }
}

/* ------------------------------------------------------------------ the model */

/* One byte after the other; a tag counts when what follows it shows that it is whole. */
static bool model_line_matches(struct slice line, struct slice own, bool strong)
{
    enum { BETWEEN, BEHIND_W, BEHIND_SLASH, INSIDE, BEHIND_TAG } state = BETWEEN;
    bool own_is_weak = own.len > 0 && own.ptr[0] == 'W', tag_is_weak = false, same = false;
    struct slice opaque = slice_from(own, own_is_weak ? 2 : 0);
    size_t start = 0;
    for (size_t i = 0; i <= line.len; i++) {
        int byte = i < line.len ? (unsigned char)line.ptr[i] : ',';
        bool is_blank = byte == ' ' || byte == '\t';
        switch (state) {
        case BETWEEN:
            if (is_blank || byte == ',')
                break;
            if (byte != 'W' && byte != '"')
                return false;
            state = byte == 'W' ? BEHIND_W : INSIDE;
            tag_is_weak = byte == 'W';
            start = i;
            break;
        case BEHIND_W:
            if (byte != '/')
                return false;
            state = BEHIND_SLASH;
            break;
        case BEHIND_SLASH:
            if (byte != '"')
                return false;
            state = INSIDE;
            start = i;
            break;
        case INSIDE:
            if (i == line.len || (byte < ' ' && byte != '\t') || byte == 0x7f)
                return false;
            if (byte != '"')
                break;
            same = i + 1 - start == opaque.len && memcmp(line.ptr + start, opaque.ptr, opaque.len) == 0;
            same = same && !(strong && (tag_is_weak || own_is_weak));
            state = BEHIND_TAG;
            break;
        case BEHIND_TAG:
            if (!is_blank && byte != ',')
                return false;
            if (byte == ',' && same)
                return true;
            state = byte == ',' ? BETWEEN : BEHIND_TAG;
            break;
        }
    }
    return false;
}

static bool model_matches(const struct request *r, enum kind kind, struct slice own)
{
    for (size_t i = 0; i < r->count; i++) {
        struct slice value = slice_trimmed(r->lines[i].value);
        if (r->lines[i].kind != kind)
            continue;
        if (r->counts[kind] == 1 && value.len == 1 && value.ptr[0] == '*')
            return true;
        if (model_line_matches(value, own, kind == MATCH))
            return true;
    }
    return false;
}

/* The date of a field that came once and has one. */
static bool model_date(const struct request *r, enum kind kind, int64_t *date)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->lines[i].kind == kind && r->counts[kind] == 1)
            return http_date_parse(slice_trimmed(r->lines[i].value), now, date);
    return false;
}

static enum conditional_verdict model_verdict(const struct request *r, const struct validators *own)
{
    int64_t date = 0;
    bool fails, is_same;
    if (r->counts[MATCH] > 0)
        fails = !model_matches(r, MATCH, own->tag);
    else
        fails = own->has_modified && model_date(r, NOT_SINCE, &date) && own->modified > date;
    if (r->counts[NONE_MATCH] > 0)
        is_same = model_matches(r, NONE_MATCH, own->tag);
    else
        is_same = own->has_modified && model_date(r, SINCE, &date) && date <= now && own->modified <= date;
    return fails ? CONDITIONAL_FAILED : is_same ? CONDITIONAL_NOT_MODIFIED : CONDITIONAL_PROCEED;
}

static bool model_has_range(const struct request *r, const struct validators *own)
{
    int64_t date = 0;
    if (r->counts[RANGE] != 1 || r->counts[IF_RANGE] > 1)
        return false;
    for (size_t i = 0; i < r->count; i++) {
        struct slice value = slice_trimmed(r->lines[i].value);
        if (r->lines[i].kind == IF_RANGE)
            return (own->tag.len > 0 && own->tag.ptr[0] == '"' && slice_equals(value, own->tag))
                || (own->has_modified && own->modified_is_strong && model_date(r, IF_RANGE, &date) && date == own->modified);
    }
    return true;
}

/* ------------------------------------------------------------------ what must hold */

static void offer(struct conditional *c, const struct request *r, size_t i, bool change_case)
{
    char name[32];
    struct slice given = r->lines[i].name;
    if (change_case && given.len <= sizeof(name)) {
        for (size_t k = 0; k < given.len; k++)
            name[k] = (char)((unsigned char)given.ptr[k] < 0x80 && isalpha(given.ptr[k]) ? given.ptr[k] ^ 0x20 : given.ptr[k]);
        given.ptr = name;
    }
    conditional_field(c, given, r->lines[i].value);
}

static void require_as_modelled(const struct conditional *c, const struct request *r, const struct validators *own)
{
    struct slice range = { NULL, 1 };
    require(conditional_verdict(c) == model_verdict(r, own));
    require(conditional_range(c, &range) == model_has_range(r, own));
    if (!model_has_range(r, own)) {
        require(range.ptr == NULL && range.len == 1);
        return;
    }
    for (size_t i = 0; i < r->count; i++)
        if (r->lines[i].kind == RANGE)
            require(slice_equals(range, slice_trimmed(r->lines[i].value)) && range.ptr >= r->lines[i].value.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conditional c, backwards;
    struct request r;
    if (size < 2)
        return 0;
    struct validators own = validators_of(data[0], data[1]);
    read_lines(&r, (const char *)data + 2, size - 2);
    conditional_init(&c, &own, now);
    conditional_init(&backwards, &own, now);
    for (size_t i = 0; i < r.count; i++) {
        offer(&c, &r, i, false);
        offer(&backwards, &r, r.count - 1 - i, true);
    }
    require_as_modelled(&c, &r, &own);
    require_as_modelled(&backwards, &r, &own);
    return 0;
}
