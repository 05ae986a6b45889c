#include "http/listing_page.h"

#include <string.h>

#include "core/assert.h"
#include "http/escape.h"
#include "http/page_style.h"
#include "parser/http_date.h"

/* Folders above that are named; further ones are told by an ellipsis. */
#define CRUMBS_MAX 8u

/* Glyphs are cut out of a plain background: nothing is loaded for them, not even from a data: URI. */
#define STYLE \
    PAGE_STYLE \
    "header,main,footer{max-width:60rem;margin:auto;padding:0 1rem}" \
    "header{padding-top:2.5rem}" \
    "ol{display:flex;flex-wrap:wrap;list-style:none;margin:0 0 1.25rem;padding:0 .75rem;font-size:1.25rem;color:var(--soft)}" \
    "li{min-width:0;overflow-wrap:anywhere}" \
    "li+li::before{content:\"/\";padding:0 .4em}" \
    "h1{display:inline;margin:0;font-size:1em;font-weight:600;color:var(--ink);unicode-bidi:isolate}" \
    "a{color:var(--link);text-decoration:none;border-radius:.2em;unicode-bidi:isolate}" \
    "a:hover{text-decoration:underline}" \
    ":focus-visible{outline:2px solid var(--link);outline-offset:2px}" \
    "table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}" \
    "caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}" \
    "th,td{padding:.5rem .75rem;border-bottom:1px solid var(--line);color:var(--soft);font-weight:400;text-align:right;white-space:nowrap;" \
    "vertical-align:top}" \
    "th:first-child{width:100%;text-align:left;white-space:normal;overflow-wrap:anywhere;color:var(--ink)}" \
    "thead th{font-size:.875em}" \
    "thead a,thead th:first-child{color:var(--soft)}" \
    "[aria-sort] a{color:var(--ink);font-weight:600}" \
    "[aria-sort=ascending] a::after{content:\" \\2191\"}" \
    "[aria-sort=descending] a::after{content:\" \\2193\"}" \
    "tbody th{position:relative;padding-left:2.6rem}" \
    "tbody a{color:var(--ink)}" \
    "tbody .folder{color:var(--link)}" \
    "tbody th>::before{content:\"\";position:absolute;left:.8rem;top:.8rem;width:1.1rem;height:.95rem;background:var(--soft);opacity:.7;" \
    "clip-path:polygon(18% 0,62% 0,82% 22%,82% 100%,18% 100%)}" \
    "tbody .folder::before{background:var(--link);clip-path:polygon(0 5%,38% 5%,48% 20%,100% 20%,100% 95%,0 95%)}" \
    "tbody .up::before{clip-path:polygon(50% 5%,92% 50%,62% 50%,62% 95%,38% 95%,38% 50%,8% 50%)}" \
    "tbody span::before{clip-path:circle(28%)}" \
    "tbody tr:hover{background:var(--hover)}" \
    "i{padding:0 .25em;border:1px solid var(--line);border-radius:.25em;color:var(--soft);font:.8em ui-monospace,monospace}" \
    ".none{padding:3rem;text-align:center}" \
    "footer{padding-top:1rem;padding-bottom:3rem;text-indent:.75rem;color:var(--soft);font-size:.875em}" \
    "@media(max-width:36rem){header,main,footer{padding-left:0;padding-right:0}header{padding-top:1.25rem}td,thead th+th{padding-left:0}" \
    "time span{display:none}}"

/* The hash of STYLE: a browser takes no other style than this one. A test says what it has to be. */
#define STYLE_HASH "sha256-G4HJE4OI+zVaxTW/06HvC2T+TbJXc/lbYcuA9KjHhW0="

const struct slice listing_media_types[LISTING_FORM_COUNT] = {
    [LISTING_HTML] = SLICE_INIT("text/html"),
    [LISTING_JSON] = SLICE_INIT("application/json"),
    [LISTING_TEXT] = SLICE_INIT("text/plain"),
};

static const struct slice content_types[LISTING_FORM_COUNT] = {
    [LISTING_HTML] = SLICE_INIT("text/html; charset=utf-8"),
    [LISTING_JSON] = SLICE_INIT("application/json"),
    [LISTING_TEXT] = SLICE_INIT("text/plain; charset=utf-8"),
};

/* As the query and the header of the table name them. */
static const struct { struct slice key, title; } sorts[LISTING_SORT_COUNT] = {
    [LISTING_BY_NAME] = { SLICE_INIT("name"), SLICE_INIT("Name") },
    [LISTING_BY_SIZE] = { SLICE_INIT("size"), SLICE_INIT("Size") },
    [LISTING_BY_TIME] = { SLICE_INIT("time"), SLICE_INIT("Modified") },
};

struct slice listing_content_type(enum listing_form form)
{
    return content_types[form];
}

struct slice listing_security_policy(void)
{
    return SLICE("default-src 'none'; style-src '" STYLE_HASH "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
}

/* ---- what is asked for ---- */

static void take_wish(struct slice key, struct slice value, struct listing_view *view)
{
    if (slice_equals(key, SLICE("sort"))) {
        for (int i = 0; i < LISTING_SORT_COUNT; i++)
            if (slice_equals(value, sorts[i].key))
                view->sort = (enum listing_sort)i;
    } else if (slice_equals(key, SLICE("order"))) {
        if (slice_equals(value, SLICE("asc")) || slice_equals(value, SLICE("desc")))
            view->descending = value.len == 4;
    }
}

void listing_view_parse(struct slice query, struct listing_view *view)
{
    view->sort = LISTING_BY_NAME;
    view->descending = false;
    while (query.len > 0) {
        const char *end = memchr(query.ptr, '&', query.len);
        struct slice wish = { query.ptr, end != NULL ? (size_t)(end - query.ptr) : query.len };
        const char *equals = wish.len > 0 ? memchr(wish.ptr, '=', wish.len) : NULL;
        if (equals != NULL) {
            size_t at = (size_t)(equals - wish.ptr);
            take_wish((struct slice){ wish.ptr, at }, slice_from(wish, at + 1), view);
        }
        query = slice_from(query, wish.len + 1);
    }
}

/* ---- figures ---- */

#define TIME_LEN 20

/* "1994-11-06T08:49:37Z" (RFC 3339). false where the year has not four digits. */
static bool write_time(int64_t seconds, char out[TIME_LEN])
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char date[HTTP_DATE_LEN];          /* "Sun, 06 Nov 1994 08:49:37 GMT" */
    if (!http_date_write(seconds, date))
        return false;
    unsigned month = 1;
    while (memcmp(months + 3 * (month - 1), date + 8, 3) != 0)
        month++;
    memcpy(out, date + 12, 4);
    out[4] = out[7] = '-';
    out[5] = (char)('0' + month / 10);
    out[6] = (char)('0' + month % 10);
    memcpy(out + 8, date + 5, 2);
    out[10] = 'T';
    memcpy(out + 11, date + 17, 8);
    out[19] = 'Z';
    return true;
}

/* "1,234,567" */
static void add_grouped(struct text *t, uint64_t number)
{
    if (number >= 1000) {
        add_grouped(t, number / 1000);
        const char digits[] = { ',', (char)('0' + number / 100 % 10), (char)('0' + number / 10 % 10), (char)('0' + number % 10) };
        text_add(t, (struct slice){ digits, sizeof(digits) });
        return;
    }
    text_add_number(t, number);
}

static uint64_t rounded(uint64_t size, uint64_t unit)
{
    return size / unit + (size % unit >= unit / 2);
}

/* "0 B", "999 B", "1.0 kB", "12 kB": two digits at least, three at most, rounded. */
static void add_human(struct text *t, uint64_t size)
{
    static const char prefixes[] = "kMGTPE";
    uint64_t unit = 1000;
    size_t prefix = 0;
    if (size < 1000) {
        text_add_number(t, size);
        text_add(t, SLICE(" B"));
        return;
    }
    for (; rounded(size, unit) >= 1000; unit *= 1000)
        prefix++;
    uint64_t tenths = rounded(size, unit / 10);
    text_add_number(t, tenths < 100 ? tenths / 10 : rounded(size, unit));
    if (tenths < 100) {
        text_add(t, SLICE("."));
        text_add_number(t, tenths % 10);
    }
    text_add(t, SLICE(" "));
    text_add(t, (struct slice){ &prefixes[prefix], 1 });
    text_add(t, SLICE("B"));
}

/* "1 file", "2 files" */
static void add_count(struct text *t, uint64_t count, struct slice noun)
{
    add_grouped(t, count);
    text_add(t, SLICE(" "));
    text_add(t, noun);
    if (count != 1)
        text_add(t, SLICE("s"));
}

/* ---- the head ---- */

/* The last segment of the path, taken off it: "/a/b/" gives "b" and leaves "/a/". Empty for the root. */
static struct slice take_last(struct slice *path)
{
    size_t end = path->len > 0 ? path->len - 1 : 0, start = end;
    while (start > 0 && path->ptr[start - 1] != '/')
        start--;
    struct slice name = { path->ptr + start, end - start };
    path->len = start;
    if (name.len > LISTING_NAME_MAX)   /* no folder has such a name */
        name.len = LISTING_NAME_MAX;
    return name;
}

/* Links lead up step by step, so that they work below any prefix that a proxy has put before them. */
static void add_crumb(struct text *t, struct slice name, size_t up)
{
    text_add(t, SLICE("<li><a href=\""));
    for (size_t i = 0; i < up; i++)
        text_add(t, SLICE("../"));
    text_add(t, SLICE("\">"));
    text_add_escaped(t, name, ESCAPE_HTML);
    text_add(t, SLICE("</a></li>\n"));
}

static void add_crumbs(struct text *t, struct slice path)
{
    struct slice above[CRUMBS_MAX], rest = path, here = take_last(&rest);
    size_t shown = 0, depth = 0;
    for (struct slice name; (name = take_last(&rest)).len > 0; depth++)
        if (shown < CRUMBS_MAX)
            above[shown++] = name;
    text_add(t, SLICE("<header>\n<nav aria-label=\"Breadcrumb\">\n<ol>\n"));
    if (here.len > 0)
        add_crumb(t, SLICE("Home"), depth + 1);
    if (depth > shown)
        add_crumb(t, SLICE("\xe2\x80\xa6"), shown + 1);
    for (size_t i = shown; i > 0; i--)
        add_crumb(t, above[i - 1], i);
    text_add(t, SLICE("<li><h1>"));
    text_add_escaped(t, here.len > 0 ? here : SLICE("Home"), ESCAPE_HTML);
    text_add(t, SLICE("</h1></li>\n</ol>\n</nav>\n</header>\n"));
}

/* A header leads to its column in order, and where it is, to the other order. */
static void add_column(struct text *t, const struct listing_view *view, enum listing_sort sort)
{
    bool is_sorted = view->sort == sort, turns = is_sorted && !view->descending;
    text_add(t, SLICE("<th scope=\"col\""));
    if (is_sorted)
        text_add(t, view->descending ? SLICE(" aria-sort=\"descending\"") : SLICE(" aria-sort=\"ascending\""));
    text_add(t, SLICE("><a href=\"?sort="));
    text_add(t, sorts[sort].key);
    text_add(t, turns ? SLICE("&amp;order=desc\">") : SLICE("&amp;order=asc\">"));
    text_add(t, sorts[sort].title);
    text_add(t, SLICE("</a></th>\n"));
}

static void add_html_head(struct text *t, const struct listing_view *view, struct slice path)
{
    struct slice rest = path, here = take_last(&rest);
    text_add(t, SLICE(PAGE_BEGIN "<title>"));
    text_add_escaped(t, here, ESCAPE_HTML_BARE);
    text_add(t, SLICE("/</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>" STYLE "</style>\n</head>\n<body>\n"));
    add_crumbs(t, path);
    text_add(t, SLICE("<main>\n<table>\n<caption>Folders and files, sorted by "));
    text_add(t, sorts[view->sort].key);
    text_add(t, view->descending ? SLICE(", descending") : SLICE(", ascending"));
    text_add(t, SLICE("</caption>\n<thead>\n<tr>\n"));
    for (int i = 0; i < LISTING_SORT_COUNT; i++)
        add_column(t, view, (enum listing_sort)i);
    text_add(t, SLICE("</tr>\n</thead>\n<tbody>\n"));
    if (here.len > 0)
        text_add(t, SLICE("<tr><th scope=\"row\"><a class=\"up\" href=\"../\">Parent folder</a></th><td></td><td></td></tr>\n"));
}

size_t listing_page_head(const struct listing_view *view, struct slice path, char *out)
{
    struct text t = { out, 0, LISTING_HEAD_MAX };
    if (view->form == LISTING_HTML)
        add_html_head(&t, view, path);
    else if (view->form == LISTING_JSON)
        text_add(&t, SLICE("["));
    return t.len;
}

/* ---- rows ---- */

static void add_html_link(struct text *t, const struct listing_entry *entry)
{
    if (entry->kind == LISTING_OTHER) {
        text_add(t, SLICE("<span>"));
        text_add_escaped(t, entry->name, ESCAPE_HTML);
        text_add(t, SLICE("</span>"));
        return;
    }
    bool is_folder = entry->kind == LISTING_FOLDER;
    text_add(t, is_folder ? SLICE("<a class=\"folder\" href=\"") : SLICE("<a href=\""));
    text_add_escaped(t, entry->name, ESCAPE_URI);
    text_add(t, is_folder ? SLICE("/\">") : SLICE("\">"));
    text_add_escaped(t, entry->name, ESCAPE_HTML);
    text_add(t, is_folder ? SLICE("/</a>") : SLICE("</a>"));
}

static void add_html_row(struct text *t, const struct listing_entry *entry)
{
    char time[TIME_LEN];
    text_add(t, SLICE("<tr><th scope=\"row\">"));
    add_html_link(t, entry);
    if (entry->kind == LISTING_FILE) {
        text_add(t, SLICE("</th><td title=\""));
        add_grouped(t, entry->size);
        text_add(t, entry->size == 1 ? SLICE(" byte\">") : SLICE(" bytes\">"));
        add_human(t, entry->size);
        text_add(t, SLICE("</td><td>"));
    } else {
        text_add(t, SLICE("</th><td></td><td>"));
    }
    if (write_time(entry->modified, time)) {
        text_add(t, SLICE("<time datetime=\""));
        text_add(t, (struct slice){ time, TIME_LEN });
        text_add(t, SLICE("\">"));
        text_add(t, (struct slice){ time, 10 });
        text_add(t, SLICE("<span> "));
        text_add(t, (struct slice){ time + 11, 5 });
        text_add(t, SLICE("</span></time>"));
    }
    text_add(t, SLICE("</td></tr>\n"));
}

static void add_json_row(struct text *t, const struct listing_entry *entry, bool is_first)
{
    static const struct slice types[] = { SLICE_INIT("folder"), SLICE_INIT("file"), SLICE_INIT("other") };
    char time[TIME_LEN];
    text_add(t, is_first ? SLICE("\n{\"name\":\"") : SLICE(",\n{\"name\":\""));
    text_add_escaped(t, entry->name, ESCAPE_JSON);
    text_add(t, SLICE("\",\"href\":\""));
    text_add_escaped(t, entry->name, ESCAPE_URI);
    text_add(t, entry->kind == LISTING_FOLDER ? SLICE("/\",\"type\":\"") : SLICE("\",\"type\":\""));
    text_add(t, types[entry->kind]);
    text_add(t, SLICE("\",\"size\":"));
    if (entry->kind == LISTING_FILE)
        text_add_number(t, entry->size);
    else
        text_add(t, SLICE("null"));
    text_add(t, SLICE(",\"modified\":"));
    if (write_time(entry->modified, time)) {
        text_add(t, SLICE("\""));
        text_add(t, (struct slice){ time, TIME_LEN });
        text_add(t, SLICE("\"}"));
    } else {
        text_add(t, SLICE("null}"));
    }
}

static void add_text_row(struct text *t, const struct listing_entry *entry)
{
    text_add_escaped(t, entry->name, ESCAPE_LINE);
    text_add(t, entry->kind == LISTING_FOLDER ? SLICE("/\n") : SLICE("\n"));
}

static uint64_t entry_count(const struct listing_totals *totals)
{
    return totals->folders + totals->files + totals->others;
}

size_t listing_page_row(const struct listing_view *view, const struct listing_entry *entry, struct listing_totals *totals, char *out)
{
    struct text t = { out, 0, LISTING_ROW_MAX };
    weir_assert(entry->name.len >= 1);
    weir_assert(entry->name.len <= LISTING_NAME_MAX);
    switch (view->form) {
    case LISTING_JSON: add_json_row(&t, entry, entry_count(totals) == 0); break;
    case LISTING_TEXT: add_text_row(&t, entry); break;
    default: add_html_row(&t, entry); break;
    }
    switch (entry->kind) {
    case LISTING_FOLDER: totals->folders++; break;
    case LISTING_FILE:
        totals->files++;
        totals->bytes += entry->size;
        break;
    case LISTING_OTHER: totals->others++; break;
    }
    return t.len;
}

/* ---- the foot ---- */

static void add_html_foot(struct text *t, const struct listing_totals *totals)
{
    if (entry_count(totals) == 0)
        text_add(t, SLICE("<tr><td class=\"none\" colspan=\"3\">This folder is empty.</td></tr>\n"));
    text_add(t, SLICE("</tbody>\n</table>\n</main>\n<footer>\n"));
    if (entry_count(totals) > 0) {
        add_count(t, totals->folders, SLICE("folder"));
        text_add(t, SLICE(", "));
        add_count(t, totals->files, SLICE("file"));
        if (totals->others > 0) {
            text_add(t, SLICE(", "));
            add_grouped(t, totals->others);
            text_add(t, SLICE(" other"));
        }
        if (totals->files > 0) {
            text_add(t, SLICE(", "));
            add_human(t, totals->bytes);
        }
        text_add(t, SLICE(". Times are UTC.\n"));
    }
    text_add(t, SLICE("</footer>\n</body>\n</html>\n"));
}

size_t listing_page_foot(const struct listing_view *view, const struct listing_totals *totals, char *out)
{
    struct text t = { out, 0, LISTING_FOOT_MAX };
    if (view->form == LISTING_HTML)
        add_html_foot(&t, totals);
    else if (view->form == LISTING_JSON)
        text_add(&t, entry_count(totals) > 0 ? SLICE("\n]\n") : SLICE("]\n"));
    return t.len;
}
