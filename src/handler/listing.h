/* The listing of a folder: read on another thread, in bounded memory however many entries there are, and sent as it is read. HTML for a person,
 * JSON or a plain list where `Accept` says so (RFC 9110 §12.5.1). What it looks like is http/listing_page.h's. */
#ifndef WEIR_HANDLER_LISTING_H
#define WEIR_HANDLER_LISTING_H

#include <stdbool.h>

#include "handler/beneath.h"
#include "parser/slice.h"
#include "weir.h"

/* Answers a GET or HEAD for the folder at `name` (relative, without a slash at its end; "." is the root), which `path` asks for: "/folder/".
 * The answer comes later. `beneath` outlives it; both slices are copied. 503 where too much is under way. */
void listing_respond(struct weir_request *request, const struct beneath *beneath, struct slice name, struct slice path, bool dot_files);

#endif
