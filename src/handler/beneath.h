/* Containment: opens what stands below a folder, and nothing else, whatever links and renames do meanwhile. The kernel enforces it
 * (openat2(2), RESOLVE_BENEATH: links that stay inside are followed). Where it has no such call, the path is walked segment by
 * segment and every symbolic link is refused. Only where the operator wants it so (BENEATH_LINKS_FOLLOW) do links lead out.
 *
 * Nothing but a regular file is ever opened for reading: what a path names is looked at first through a descriptor that
 * cannot read (O_PATH), so that asking for a FIFO or a device has no effect on it. */
#ifndef WEIR_HANDLER_BENEATH_H
#define WEIR_HANDLER_BENEATH_H

#include <stdbool.h>

#include "os/os.h"

enum beneath_links {
    BENEATH_LINKS_INSIDE,  /* those that stay below the folder are followed */
    BENEATH_LINKS_DENY,    /* none is */
    BENEATH_LINKS_FOLLOW   /* all are */
};

/* Written by beneath_init() alone: threads may share it. */
struct beneath {
    int root;              /* the folder; O_PATH suffices; borrowed */
    enum beneath_links links;
    bool walks;            /* openat2 is not to be had: walk */
    bool tells;            /* the kernel can tell whether it would wait for a disk (RESOLVE_CACHED, Linux 5.12) */
};

/* Finds out what the kernel can do. 0, or a negated errno where `root` cannot be used at all. */
OS_RESULT int beneath_init(struct beneath *b, int root, enum beneath_links links);

/* What stands at `path`: relative, segments parted by single slashes, none of them empty, "." or "..", no slash at the end. 0, or a
 * negated errno: -ELOOP or -EXDEV where the path would leave the folder, else what the kernel says. */
OS_RESULT int beneath_look(const struct beneath *b, const char *path, struct stat *status);

/* Opens the regular file at `path` (as for beneath_look) for reading; `*status` is what the descriptor itself says. A descriptor, or a
 * negated errno: -EISDIR for a folder, -ENXIO for what is neither file nor folder, else as beneath_look. `*status` is
 * written on success alone. */
OS_RESULT int beneath_open(const struct beneath *b, const char *path, struct stat *status);

/* The same two without waiting for a disk: -EAGAIN where that would be needed. Where the kernel cannot tell (`tells`), they may wait. */
OS_RESULT int beneath_look_cached(const struct beneath *b, const char *path, struct stat *status);
OS_RESULT int beneath_open_cached(const struct beneath *b, const char *path, struct stat *status);

/* Opens the folder at `path` (as for beneath_look, or "." for the root) so that its entries can be read. A descriptor, or a negated errno:
 * -ENOTDIR for what is no folder. */
OS_RESULT int beneath_open_folder(const struct beneath *b, const char *path);

#endif
