/* The page of a listing, whatever the names: what comes out is markup of weir's own and text, a link leads to exactly the name, JSON is well
 * formed, a line is one entry. Input: a byte of choices, then the folder's name, which is the query too, and names, each up to the next slash. */
#include <stdint.h>
#include <string.h>

#include "fuzz/require.h"
#include "http/escape.h"
#include "http/listing_page.h"
#include "parser/byte.h"

static char out[LISTING_HEAD_MAX];

/* ---- what may come out ---- */

/* UTF-8 without a character that is not seen. `lines`: line ends may stand there. */
static void check_visible(struct slice s, bool lines)
{
    while (s.len > 0) {
        uint32_t code = 0;
        size_t len = utf8_next(s, &code);
        require(len > 0);
        require(code >= 0x20 || (lines && code == '\n'));
        require(!(code >= 0x7f && code <= 0x9f) && code != 0x61c && code != 0x200e && code != 0x200f);
        require(!(code >= 0x202a && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069));
        s = slice_from(s, len);
    }
}

static size_t find(struct slice s, size_t from, const char *text)
{
    const char *at = memmem(s.ptr + from, s.len - from, text, strlen(text));
    require(at != NULL);
    return (size_t)(at - s.ptr);
}

/* Percent-decoded, it is the name, and a slash where it is a folder. */
static void check_link(struct slice href, const struct listing_entry *entry)
{
    char name[LISTING_NAME_MAX + 1];
    size_t len = 0;
    if (entry->kind == LISTING_FOLDER) {
        require(href.len > 0 && href.ptr[href.len - 1] == '/');
        href.len--;
    }
    for (size_t i = 0; i < href.len; i++) {
        require(len < sizeof(name));
        char byte = href.ptr[i];
        if (byte == '%') {
            require(i + 2 < href.len && byte_is(href.ptr[i + 1], BYTE_HEX) && byte_is(href.ptr[i + 2], BYTE_HEX));
            byte = (char)(byte_hex_value(href.ptr[i + 1]) << 4 | byte_hex_value(href.ptr[i + 2]));
            i += 2;
        } else {
            require(byte_is(byte, BYTE_PCHAR) && byte != '\'' && byte != '&' && byte != ':');
        }
        name[len++] = byte;
    }
    require(slice_equals((struct slice){ name, len }, entry->name));
}

/* ---- HTML ---- */

/* Text and <i> alone: no other element, no quote, no bare ampersand. */
static void check_text(struct slice s)
{
    static const char *const allowed[] = { "<i>", "</i>", "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
    check_visible(s, false);
    while (s.len > 0) {
        size_t len = 1;
        for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
            if (slice_starts_with(s, slice_of(allowed[i])))
                len = strlen(allowed[i]);
        require(len > 1 || memchr("<>&\"'", *s.ptr, 5) == NULL);
        s = slice_from(s, len);
    }
}

static void check_html_row(struct slice row, const struct listing_entry *entry)
{
    check_visible(slice_from(row, 0), true);
    require(row.ptr[row.len - 1] == '\n' && memchr(row.ptr, '\n', row.len) == row.ptr + row.len - 1);
    size_t start, end;
    if (entry->kind == LISTING_OTHER) {
        start = find(row, 0, "<span>") + 6;
        end = find(row, start, "</span></th><td></td>");
    } else {
        size_t href = find(row, 0, "href=\"") + 6, quote = find(row, href, "\"");
        check_link((struct slice){ row.ptr + href, quote - href }, entry);
        start = quote + 2;
        end = find(row, start, "</a></th><td");
    }
    check_text((struct slice){ row.ptr + start, end - start });
}

/* Every element that is opened in the head of the page is one of weir's own. */
static void check_html_head(struct slice head)
{
    check_visible(head, true);
    size_t title = find(head, 0, "<title>") + 7, end = find(head, title, "</title>");
    require(memchr(head.ptr + title, '<', end - title) == NULL);
    size_t crumbs = find(head, end, "<ol>"), last = find(head, crumbs, "</ol>");
    for (size_t i = crumbs; i < last; i++) {
        static const char *const allowed[] = { "<ol>", "<li>", "</li>", "<a href=\"../", "</a>", "<h1>", "</h1>", "<i>", "</i>" };
        bool is_allowed = head.ptr[i] != '<';
        for (size_t k = 0; k < sizeof(allowed) / sizeof(allowed[0]); k++)
            is_allowed = is_allowed || slice_starts_with(slice_from(head, i), slice_of(allowed[k]));
        require(is_allowed);
    }
}

/* ---- JSON ---- */

/* A string of JSON from behind its quote on; returns the place behind the quote at its end. */
static size_t check_string(struct slice s, size_t at)
{
    while (at < s.len && s.ptr[at] != '"') {
        if (s.ptr[at] == '\\') {
            require(at + 1 < s.len && memchr("\"\\u", s.ptr[at + 1], 3) != NULL);
            if (s.ptr[at + 1] == 'u')
                for (size_t i = 2; i < 6; i++)
                    require(at + i < s.len && byte_is(s.ptr[at + i], BYTE_HEX));
            at++;
        }
        at++;
    }
    require(at < s.len);
    return at + 1;
}

static size_t expect(struct slice s, size_t at, const char *text)
{
    require(slice_starts_with(slice_from(s, at), slice_of(text)));
    return at + strlen(text);
}

static void check_json_row(struct slice row, const struct listing_entry *entry, bool is_first)
{
    static const char *const types[] = { "folder\",\"size\":null", "file\",\"size\":", "other\",\"size\":null" };
    check_visible(row, true);
    size_t at = expect(row, 0, is_first ? "\n{\"name\":\"" : ",\n{\"name\":\"");
    at = check_string(row, at);
    at = expect(row, at, ",\"href\":\"");
    size_t end = find(row, at, "\"");
    check_link((struct slice){ row.ptr + at, end - at }, entry);
    at = expect(row, end, "\",\"type\":\"");
    at = expect(row, at, types[entry->kind]);
    at += byte_run(row.ptr + at, row.ptr + row.len, BYTE_DIGIT);
    at = expect(row, at, ",\"modified\":");
    require(row.ptr[row.len - 1] == '}' && memchr(row.ptr + at, '}', row.len - at) == row.ptr + row.len - 1);
}

/* ---- plain text ---- */

static void check_line(struct slice row, const struct listing_entry *entry)
{
    require(row.len > 0 && row.ptr[row.len - 1] == '\n');
    check_visible((struct slice){ row.ptr, row.len - 1 }, false);
    if (entry->kind == LISTING_FOLDER)
        require(row.len > 1 && row.ptr[row.len - 2] == '/');
}

/* ---- the input ---- */

static struct slice take_part(struct slice *rest, size_t max)
{
    const char *end = rest->len > 0 ? memchr(rest->ptr, '/', rest->len) : NULL;
    struct slice part = { rest->ptr, end != NULL ? (size_t)(end - rest->ptr) : rest->len };
    *rest = slice_from(*rest, part.len + 1);
    if (part.len > max)
        part.len = max;
    return part;
}

static void check_row(const struct listing_view *view, const struct listing_entry *entry, struct listing_totals *totals)
{
    bool is_first = totals->folders + totals->files + totals->others == 0;
    struct slice row = { out, listing_page_row(view, entry, totals, out) };
    require(row.len <= LISTING_ROW_MAX);
    switch (view->form) {
    case LISTING_HTML: check_html_row(row, entry); break;
    case LISTING_JSON: check_json_row(row, entry, is_first); break;
    default: check_line(row, entry); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[LISTING_NAME_MAX + 2] = "/";
    struct listing_totals totals = { 0, 0, 0, 0 };
    if (size == 0)
        return 0;
    struct slice rest = { (const char *)data + 1, size - 1 };
    struct listing_view view = { .form = (enum listing_form)(data[0] % LISTING_FORM_COUNT) };
    struct slice folder = take_part(&rest, LISTING_NAME_MAX);
    listing_view_parse(folder, &view);
    if (folder.len > 0)
        memcpy(path + 1, folder.ptr, folder.len);
    path[1 + folder.len] = '/';
    struct slice head = { out, listing_page_head(&view, (struct slice){ path, folder.len > 0 ? folder.len + 2 : 1 }, out) };
    require(head.len <= LISTING_HEAD_MAX);
    if (view.form == LISTING_HTML)
        check_html_head(head);
    for (unsigned i = 0; rest.len > 0; i++) {
        struct slice name = take_part(&rest, LISTING_NAME_MAX);
        if (name.len == 0)
            continue;
        unsigned choice = (unsigned char)name.ptr[0] ^ i;
        struct listing_entry entry = { name, (enum listing_kind)(choice % 3), (uint64_t)choice << choice % 56, (int64_t)choice << 29 };
        check_row(&view, &entry, &totals);
    }
    require(listing_page_foot(&view, &totals, out) <= LISTING_FOOT_MAX);
    return 0;
}
