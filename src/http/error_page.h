/* The page that a person sees when a request went wrong: short, readable in light and dark, and silent about the inside of the
 * server. Static text, one page for each status that weir or a handler is likely to send. Pure. */
#ifndef WEIR_HTTP_ERROR_PAGE_H
#define WEIR_HTTP_ERROR_PAGE_H

#include "parser/slice.h"

/* No page is longer. */
#define ERROR_PAGE_MAX 950

#define ERROR_PAGE_TYPE "text/html; charset=utf-8"

/* The page for `status` (300 to 599), an HTML document of ERROR_PAGE_TYPE. A status without a page of its own gets a general one,
 * which does not name it. Never empty; lives for ever. */
struct slice error_page(int status);

#endif
