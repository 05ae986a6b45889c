/* The files that stand in for weir's pages of errors, read once, at start. */
#ifndef WEIR_CLI_PAGE_FILES_H
#define WEIR_CLI_PAGE_FILES_H

#include <stdbool.h>

#include "cli/options.h"
#include "http/media_type.h"

/* A longer file is no page. */
#define PAGE_FILE_MAX (1024 * 1024)

struct page_files {
    struct weir_page pages[CLI_AGAIN_MAX];         /* for weir_options.pages: as long as the server lives */
    size_t count;
    char types[CLI_AGAIN_MAX][MEDIA_TYPE_MAX];
};

/* Reads the files of options->pages: below options->files.dir where that is a command's folder and the file is there, else as their paths say. The
 * ending tells the type. false: one cannot be had; `error` says in one line which and why, and nothing is to be closed. */
__attribute__((warn_unused_result))
bool page_files_open(struct page_files *files, const struct cli_options *options, char error[CLI_ERROR_SIZE]);

/* After weir_close(). */
void page_files_close(struct page_files *files);

#endif
