#include "http/escape.h"

#include <string.h>

#include "core/assert.h"
#include "parser/byte.h"

void text_add(struct text *t, struct slice s)
{
    weir_assert(s.len <= t->cap - t->len);
    size_t len = s.len <= t->cap - t->len ? s.len : t->cap - t->len;
    if (len > 0)
        memcpy(t->ptr + t->len, s.ptr, len);
    t->len += len;
}

void text_add_number(struct text *t, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    text_add(t, (struct slice){ digits + at, sizeof(digits) - at });
}

/* ---- UTF-8 ---- */

size_t utf8_next(struct slice s, uint32_t *code)
{
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (s.len == 0)
        return 0;
    unsigned char lead = (unsigned char)s.ptr[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
    if (len == 0 || len > s.len)
        return 0;
    uint32_t found = len == 1 ? lead : lead & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)s.ptr[i];
        if ((next & 0xc0) != 0x80)
            return 0;
        found = found << 6 | (next & 0x3f);
    }
    if (found < least[len] || found > 0x10ffff || (found >= 0xd800 && found <= 0xdfff))
        return 0;
    *code = found;
    return len;
}

/* What shows as nothing, or changes how the rest shows. The last two of each plane are no characters at all. */
static const struct { uint32_t first, last; } unseen[] = {
    { 0x00, 0x1f }, { 0x7f, 0x9f },        /* control characters */
    { 0xad, 0xad },                        /* soft hyphen */
    { 0x61c, 0x61c },                      /* arabic letter mark */
    { 0x200b, 0x200b },                    /* zero width space */
    { 0x200e, 0x200f },                    /* left-to-right and right-to-left mark */
    { 0x2028, 0x202e },                    /* separators; embeddings and overrides */
    { 0x2060, 0x206f },                    /* word joiner, invisible operators, isolates, deprecated ones */
    { 0xfdd0, 0xfdef },                    /* no characters */
    { 0xfeff, 0xfeff },                    /* byte order mark */
    { 0xfff9, 0xfffb },                    /* interlinear annotation */
    { 0xe0000, 0xe007f },                  /* tags */
};

static bool is_unseen(uint32_t code)
{
    for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]) && code >= unseen[i].first; i++)
        if (code <= unseen[i].last)
            return true;
    return (code & 0xfffe) == 0xfffe;
}

/* ---- escapes ---- */

static void add_hex(struct text *t, uint32_t number, unsigned digits)
{
    char hex[8];
    for (unsigned i = 0; i < digits; i++)
        hex[i] = "0123456789ABCDEF"[number >> 4 * (digits - 1 - i) & 15];
    text_add(t, (struct slice){ hex, digits });
}

/* A character of ASCII that means something in the form; NULL: none. */
static const char *meaning_of(char byte, enum escape escape)
{
    if (escape == ESCAPE_JSON)
        return byte == '"' ? "\\\"" : byte == '\\' ? "\\\\" : NULL;
    if (escape == ESCAPE_LINE)
        return byte == '\\' ? "\\\\" : NULL;
    switch (byte) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

/* A character that would not be seen. JSON knows it by its units of UTF-16. */
static void add_spelled(struct text *t, uint32_t code, enum escape escape)
{
    if (escape == ESCAPE_JSON && code > 0xffff) {
        code -= 0x10000;
        text_add(t, SLICE("\\u"));
        add_hex(t, 0xd800 | code >> 10, 4);
        code = 0xdc00 | (code & 0x3ff);
    }
    if (escape == ESCAPE_JSON)
        text_add(t, SLICE("\\u"));
    else if (code <= 0x7f)
        text_add(t, SLICE("\\x"));
    else
        text_add(t, escape == ESCAPE_LINE ? (code > 0xffff ? SLICE("\\U") : SLICE("\\u")) : SLICE("U+"));
    bool is_short = code <= 0x7f && escape != ESCAPE_JSON;
    add_hex(t, code, is_short ? 2 : code <= 0xffff ? 4 : escape == ESCAPE_LINE ? 8 : 6);
}

/* A byte that is no UTF-8. */
static void add_byte(struct text *t, char byte, enum escape escape)
{
    if (escape == ESCAPE_JSON) {
        text_add(t, SLICE("\xef\xbf\xbd"));
        return;
    }
    text_add(t, SLICE("\\x"));
    add_hex(t, (unsigned char)byte, 2);
}

/* RFC 3986 §2.3. Such a byte stands for itself in every form, and most names are made of them. */
static bool is_unreserved(char byte)
{
    const char letter = byte_lower(byte);
    return (letter >= 'a' && letter <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

/* Takes as many of them as there are off the front of `*s`. */
static void add_unreserved(struct text *t, struct slice *s)
{
    size_t len = 0;
    while (len < s->len && is_unreserved(s->ptr[len]))
        len++;
    text_add(t, (struct slice){ s->ptr, len });
    *s = slice_from(*s, len);
}

static void add_uri(struct text *t, struct slice s)
{
    for (add_unreserved(t, &s); s.len > 0; add_unreserved(t, &s)) {
        text_add(t, SLICE("%"));
        add_hex(t, (unsigned char)s.ptr[0], 2);
        s = slice_from(s, 1);
    }
}

void text_add_escaped(struct text *t, struct slice s, enum escape escape)
{
    if (escape == ESCAPE_URI) {
        add_uri(t, s);
        return;
    }
    for (add_unreserved(t, &s); s.len > 0; add_unreserved(t, &s)) {
        uint32_t code = 0;
        size_t len = utf8_next(s, &code);
        const char *meaning = len == 1 ? meaning_of(*s.ptr, escape) : NULL;
        bool is_marked = (len == 0 || is_unseen(code)) && escape == ESCAPE_HTML;
        if (is_marked)
            text_add(t, SLICE("<i>"));
        if (len == 0)
            add_byte(t, *s.ptr, escape);
        else if (is_unseen(code))
            add_spelled(t, code, escape);
        else
            text_add(t, meaning != NULL ? slice_of(meaning) : (struct slice){ s.ptr, len });
        if (is_marked)
            text_add(t, SLICE("</i>"));
        s = slice_from(s, len > 0 ? len : 1);
    }
}
