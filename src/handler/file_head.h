/* The fields that tell of a file: Content-Type, Last-Modified and ETag (RFC 9110 §8.3, §8.8), composed once, when it is opened. */
#ifndef WEIR_HANDLER_FILE_HEAD_H
#define WEIR_HANDLER_FILE_HEAD_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "http/media_type.h"
#include "parser/http_date.h"
#include "parser/slice.h"
#include "weir.h"

/* W/"time-size-inode", each up to 16 hex digits. */
#define FILE_TAG_MAX (sizeof("W/\"--\"") - 1 + 3 * 16)

#define FILE_FIELDS_MAX 3

/* The fields point into the struct itself: it is not to be copied or moved. */
struct file_head {
    struct weir_field fields[FILE_FIELDS_MAX];
    size_t field_count;
    bool settled;                      /* last changed long enough ago that the next change is sure to show in its times */
    char type[MEDIA_TYPE_MAX];
    char modified[HTTP_DATE_LEN];
    char tag[FILE_TAG_MAX];
};

/* Composes the fields of the file called `name` (its last segment tells the type) that `status` tells of, at the time `now` of the wall
 * clock. The tag is strong, but for a file that is not settled: times on disk are coarse, and a second change within the same tick
 * would leave them as they are. Last-Modified is never later than `now`, and left out where the date cannot be written. */
void file_head_compose(struct file_head *head, const struct media_types *types, struct slice name, const struct stat *status,
                       struct timespec now);

#endif
