/* The field lines that tell of a file: Content-Type, Content-Encoding, Last-Modified, Accept-Ranges, ETag, Vary and Cache-Control (RFC 9110
 * §8, §12.5.5, §14.3; RFC 9111 §5.2), composed once, when it is opened. */
#ifndef WEIR_HANDLER_FILE_HEAD_H
#define WEIR_HANDLER_FILE_HEAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "http/media_type.h"
#include "parser/accept.h"
#include "parser/slice.h"

/* W/"times-size-inode-zst", each number up to 16 hex digits. */
#define FILE_TAG_MAX (sizeof("W/\"---zst\"") - 1 + 3 * 16)

/* Of a value of Cache-Control. */
#define FILE_CACHE_CONTROL_MAX 512

/* Room for all lines. */
#define FILE_LINES_MAX 1024

/* What a head is composed from. */
struct file_facts {
    const struct media_types *types;
    struct slice charset;              /* of text types; empty: none is said */
    struct slice name;                 /* of the file itself, not of a sibling that stands for it: its last segment tells the type */
    const struct stat *status;         /* of the file that is sent: a sibling's own */
    enum coding coding;
    bool varies;                       /* siblings exist: every answer says Vary */
    struct slice cache_control;        /* empty: none is said */
    struct timespec now;               /* of the wall clock */
};

/* Offsets, so that it can be copied. The three stretches of lines follow one another:
 *
 *     Content-Type, Content-Encoding      of the content as it is sent whole: a multipart answer says them in its parts
 *     Last-Modified, Accept-Ranges        what else a 200 and a 206 say
 *     ETag, Vary, Cache-Control           what a 304 says, too (RFC 9110 §15.4.5) */
struct file_head {
    bool settled;                      /* last changed long enough ago that the next change is sure to show in its times */
    bool has_modified;
    int64_t modified;                  /* what Last-Modified says */
    uint16_t rest;                     /* where the second stretch begins */
    uint16_t version;                  /* and the third */
    uint16_t len;
    uint16_t tag_len;                  /* of the value of ETag, the first line of the third stretch */
    char text[FILE_LINES_MAX];
};

#define FILE_TAG_OFFSET (sizeof("ETag: ") - 1)

/* Composes the lines. The tag is strong, but for a file that is not settled: times on disk are coarse, and a second change within the same tick
 * would leave them as they are. Last-Modified is never later than `now`, and left out where the date cannot be written. false: a field could break
 * the head (cache_control was not checked). */
__attribute__((warn_unused_result))
bool file_head_compose(struct file_head *head, const struct file_facts *facts);

/* Whether a value of Cache-Control can be sent. */
bool file_head_can_say(struct slice cache_control);

#endif
