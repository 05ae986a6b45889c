/* The file server: GET and HEAD of the regular files below a folder, as RFC 9110 wants it.
 *
 *     struct static_options options = static_defaults();
 *     struct weir_handler handler;
 *     struct static_files *files;
 *     options.dir = "/srv/www";
 *     if (static_files_open(&files, &options, &handler, error) < 0) ...    // error says why
 *     ... weir_open(&server_options, &handler, error), weir_run(), weir_close() ...
 *     static_files_close(files);
 *
 * "/folder/" is its index, else a listing where that is on; "/folder" leads to "/folder/". Names that begin with a dot are not there, except what is
 * below "/.well-known/". Nothing outside the folder is served (beneath.h). Open files and small bodies are cached (file_cache.h), where a
 * change on the disk is seen within a second. What would wait for a disk is done on another thread (weir_offload()). */
#ifndef WEIR_HANDLER_STATIC_H
#define WEIR_HANDLER_STATIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir.h"

enum static_symlinks {
    STATIC_SYMLINKS_INSIDE,            /* those that stay below the folder are followed */
    STATIC_SYMLINKS_DENY,              /* none is */
    STATIC_SYMLINKS_FOLLOW             /* all are: what they lead to is served, wherever it is */
};

/* A value of Cache-Control for the paths that match a glob (parser/glob.h). The first rule that matches counts. */
struct static_cache_rule {
    const char *glob;
    const char *value;
};

/* The media type of an ending, before all others. */
struct static_type {
    const char *ending;                /* without its dot, in any case */
    const char *type;                  /* "text/markdown"; with parameters it is sent as it stands */
};

/* All text is borrowed until static_files_close(). */
struct static_options {
    const char *dir;                   /* NULL: the current folder */
    uint32_t workers;                  /* as weir_options.workers of the server that it is for */
    bool dot_files;                    /* false: names that begin with a dot are not there */
    bool listing;                      /* false: a folder without an index is a 404 */
    bool precompressed;                /* true: `x.br`, `x.zst` and `x.gz` stand for `x` where the client takes them */
    enum static_symlinks symlinks;     /* STATIC_SYMLINKS_INSIDE */
    const char *const *indexes;        /* names tried in this order */
    size_t index_count;                /* 0: index.html */
    const char *fallback;              /* the file below the folder that answers where there is none; NULL: a 404 does */
    const char *charset;               /* of text types; "utf-8"; NULL: none is said */
    const char *cors_origin;           /* whose preflight requests are answered (OPTIONS); NULL: nobody's. The fields of ordinary
                                          answers are the server's (weir_options.fields) */
    const struct static_cache_rule *cache_rules;
    size_t cache_rule_count;
    const struct static_type *types;
    size_t type_count;
    uint32_t cache_files;              /* entries of each worker's cache: 4,096; 0: nothing is cached */
    size_t cache_bytes;                /* bytes of content in it: 64 MiB */
};

struct static_options static_defaults(void);

struct static_files;

/* Opens the folder and fills in `*handler`, whose context it becomes. 0, or a negated errno; `error` then says in one line what is wrong. */
__attribute__((warn_unused_result))
int static_files_open(struct static_files **out, const struct static_options *options, struct weir_handler *handler,
                      char error[WEIR_ERROR_SIZE]);

/* Releases everything; after weir_close(), when no answer borrows from it any more. NULL does nothing. */
void static_files_close(struct static_files *files);

#endif
