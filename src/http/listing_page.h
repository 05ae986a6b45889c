/* What the listing of a folder looks like: as a page for a person, as JSON, as plain text. Composed in parts, head, rows and foot, each into a
 * buffer of the caller's that is large enough by contract: a folder may have a million entries. Pure; what the entries are, and in which
 * order, is the caller's affair. Names may be any bytes but a slash: they come out escaped (escape.h). */
#ifndef WEIR_HTTP_LISTING_PAGE_H
#define WEIR_HTTP_LISTING_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/slice.h"

enum listing_form { LISTING_HTML, LISTING_JSON, LISTING_TEXT, LISTING_FORM_COUNT };
enum listing_sort { LISTING_BY_NAME, LISTING_BY_SIZE, LISTING_BY_TIME, LISTING_SORT_COUNT };
enum listing_kind { LISTING_FOLDER, LISTING_FILE, LISTING_OTHER };

/* What was asked for. Folders come first, whichever way the rest is sorted. */
struct listing_view {
    enum listing_form form;
    enum listing_sort sort;
    bool descending;
};

#define LISTING_NAME_MAX 255

struct listing_entry {
    struct slice name;                 /* 1 to LISTING_NAME_MAX bytes */
    enum listing_kind kind;
    uint64_t size;                     /* of a file; else of no meaning */
    int64_t modified;                  /* seconds since 1970 */
};

/* What the rows so far have shown. */
struct listing_totals {
    uint64_t folders, files, others;
    uint64_t bytes;                    /* of the files */
};

/* No part is longer. */
#define LISTING_HEAD_MAX 49152u
#define LISTING_ROW_MAX 4096u
#define LISTING_FOOT_MAX 512u

/* Content-Type of a form, and the media type alone, for a choice by `Accept`. */
struct slice listing_content_type(enum listing_form form);
extern const struct slice listing_media_types[LISTING_FORM_COUNT];

/* Content-Security-Policy of the page: it runs nothing, loads nothing, is framed nowhere; its one style is named by its hash. */
struct slice listing_security_policy(void);

/* Sort and order as a query asks for them: "sort=size&order=desc". What is unknown is passed over. Writes nothing but `sort` and `descending`. */
void listing_view_parse(struct slice query, struct listing_view *view);

/* Each returns how many bytes it wrote to `out`, where there is room for the maximum of its part. `path` is that of the folder, decoded, with a
 * slash at both ends. A row is counted in `*totals`, zeroed before the first; one for an entry that is neither file nor folder leads nowhere. */
size_t listing_page_head(const struct listing_view *view, struct slice path, char *out);
size_t listing_page_row(const struct listing_view *view, const struct listing_entry *entry, struct listing_totals *totals, char *out);
size_t listing_page_foot(const struct listing_view *view, const struct listing_totals *totals, char *out);

#endif
