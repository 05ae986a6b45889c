/* Containment: opens what stands below a folder, and nothing else, whatever links and renames do meanwhile. The kernel enforces it
 * (openat2(2), RESOLVE_BENEATH: links that stay inside are followed). Where it has no such call, the path is walked segment by
 * segment and every symbolic link is refused.
 *
 * Nothing but a regular file is ever opened for reading: what a path names is looked at first through a descriptor that
 * cannot read (O_PATH), so that asking for a FIFO or a device has no effect on it. */
#ifndef WEIR_HANDLER_BENEATH_H
#define WEIR_HANDLER_BENEATH_H

#include <stdbool.h>

#include "os/os.h"

/* One for each thread: `walks` changes. The root may be shared. */
struct beneath {
    int root;              /* the folder; O_PATH suffices; borrowed */
    bool walks;            /* openat2 is not to be had: walk */
};

/* Finds out whether openat2 is to be had. 0, or a negated errno where `root` cannot be used at all. */
OS_RESULT int beneath_init(struct beneath *b, int root);

/* What stands at `path`: relative, segments parted by single slashes, none of them empty, "." or "..", no slash at the end. 0, or a
 * negated errno: -ELOOP or -EXDEV where the path would leave the folder, else what the kernel says. */
OS_RESULT int beneath_look(struct beneath *b, const char *path, struct stat *status);

/* Opens the regular file at `path` (as for beneath_look) for reading; `*status` is what the descriptor itself says. A descriptor, or a
 * negated errno: -EISDIR for a folder, -ENXIO for what is neither file nor folder, else as beneath_look. `*status` is
 * written on success alone. */
OS_RESULT int beneath_open(struct beneath *b, const char *path, struct stat *status);

#endif
