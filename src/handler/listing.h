/* The listing of a folder: read on another thread, in bounded memory however many entries there are, and sent as it is read. HTML for a person,
 * JSON or a plain list where `Accept` says so (RFC 9110 §12.5.1). What it looks like is http/listing_page.h's. A page that is composed in one piece
 * is cached, and answers for a second. */
#ifndef WEIR_HANDLER_LISTING_H
#define WEIR_HANDLER_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "handler/beneath.h"
#include "handler/file_cache.h"
#include "parser/slice.h"
#include "weir.h"

/* The folder to be listed. */
struct listing_folder {
    const struct beneath *beneath;     /* outlives the answer, as the cache does */
    struct file_cache *cache;          /* of the worker */
    struct slice name;                 /* relative, without a slash at its end; "." is the root; copied, as the next */
    struct slice path;                 /* as it is asked for: "/folder/" */
    uint64_t looked_ms;                /* when it was seen to have no index */
    bool dot_files;                    /* names that begin with a dot are listed, too */
};

/* Answers a GET or HEAD. The answer comes later. 503 where too much is under way. */
void listing_respond(struct weir_request *request, const struct listing_folder *folder);

/* Answers with the page that is cached of the folder at `path`, as in listing_folder. false, and nothing is answered: there is none, or it is too
 * old. */
__attribute__((warn_unused_result))
bool listing_respond_cached(struct weir_request *request, struct file_cache *cache, struct slice path);

#endif
