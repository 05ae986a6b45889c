/* What all of weir's own pages look like: colours in light and dark, and the type. Each page adds what only it needs. */
#ifndef WEIR_HTTP_PAGE_STYLE_H
#define WEIR_HTTP_PAGE_STYLE_H

#define PAGE_STYLE \
    ":root{--ink:#1c2128;--soft:#5f6873;--line:#e3e7ec;--paper:#fff;--hover:#f3f6f9;--link:#0a58ca}" \
    "@media(prefers-color-scheme:dark){" \
    ":root{--ink:#e4e7eb;--soft:#98a2ad;--line:#2a3037;--paper:#15181c;--hover:#1d2227;--link:#8ab8ff}}" \
    "body{margin:0;background:var(--paper);color:var(--ink);font:1em/1.5 system-ui,sans-serif}"

/* The beginning of a document, up to its title. The scheme stands in a <meta>, so that a dark page does not begin with a white flash. */
#define PAGE_BEGIN \
    "<!doctype html>\n" \
    "<html lang=\"en\">\n" \
    "<head>\n" \
    "<meta charset=\"utf-8\">\n" \
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" \
    "<meta name=\"color-scheme\" content=\"light dark\">\n"

#endif
