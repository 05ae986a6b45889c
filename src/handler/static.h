/* The file server: GET and HEAD of the regular files below a folder.
 *
 *     struct static_options options = { .dir = "/srv/www" };
 *     struct weir_handler handler;
 *     struct static_files *files;
 *     if (static_files_open(&files, &options, &handler, error) < 0) ...    // error says why
 *     ... weir_open(&server_options, &handler, error), weir_run(), weir_close() ...
 *     static_files_close(files);
 *
 * "/folder/" is its index.html, "/folder" leads to "/folder/". Names that begin with a dot are not there, except what is below
 * "/.well-known/". Nothing outside the folder is served (beneath.h). Small files come from memory (file_cache.h), where a
 * change on the disk is seen within a second; larger ones from their descriptor. */
#ifndef WEIR_HANDLER_STATIC_H
#define WEIR_HANDLER_STATIC_H

#include <stdbool.h>
#include <stdint.h>

#include "weir.h"

struct static_options {
    const char *dir;       /* borrowed until static_files_open() returns; NULL: the current folder */
    bool dot_files;        /* serve names that begin with a dot, too */
    uint32_t workers;      /* as weir_options.workers of the server that it is for */
};

struct static_files;

/* Opens the folder and fills in `*handler`, whose context it becomes. 0, or a negated errno; `error` then says in one line what is wrong. */
__attribute__((warn_unused_result))
int static_files_open(struct static_files **out, const struct static_options *options, struct weir_handler *handler,
                      char error[WEIR_ERROR_SIZE]);

/* Releases everything; after weir_close(), when no answer borrows from it any more. NULL does nothing. */
void static_files_close(struct static_files *files);

#endif
