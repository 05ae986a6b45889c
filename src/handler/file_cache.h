/* Open files, small bodies, and pages that list a folder: (path, variant) → one representation, with the field lines that go with it, already
 * composed. One cache for each worker, without locks.
 *
 * An entry is one stretch of memory, and maybe one descriptor, made on demand and counted: the cache holds it, and so does each response that borrows
 * from it. What is evicted while borrowed lives until the last borrower lets go. At rest an empty cache holds nothing. */
#ifndef WEIR_HANDLER_FILE_CACHE_H
#define WEIR_HANDLER_FILE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handler/file_head.h"
#include "os/os.h"
#include "parser/accept.h"
#include "parser/conditional.h"
#include "parser/slice.h"
#include "weir.h"

/* Larger bodies are not for memory: sendfile(2) is cheaper from about here on. */
#define FILE_CACHE_BODY_MAX (8u * 1024)

/* But for those up to this size, where the cache has no descriptor to spare. */
#define FILE_CACHE_CRAMPED_BODY_MAX (64u * 1024)

/* Bounds of one worker's cache, where nobody says otherwise. */
#define FILE_CACHE_FILES 4096u
#define FILE_CACHE_BYTES (64u * 1024 * 1024)

/* The most entries with an open descriptor, whatever the bounds. */
#define FILE_CACHE_DESCRIPTORS_MAX 512u

/* An entry is believed for so long after it was compared with the disk. */
#define FILE_CACHE_TRUST_MS 1000u

/* What of a path it is: one of enum coding, or, from here on, one of the pages that list a folder. */
#define FILE_CACHE_PAGES CODING_COUNT

struct file_entry {
    struct file_entry *next;       /* in its bucket; valid while cached, as the two below */
    struct file_entry *older;      /* in the order of arrival */
    struct file_entry *newer;
    uint64_t checked_ms;           /* when it last agreed with the disk; of the worker's thread, as the links, holders and used */
    uint32_t hash;                 /* of path and variant */
    uint32_t holders;              /* the cache, and whoever borrows from it */
    bool used;                     /* asked for since it last had to fear eviction */
    bool settled;                  /* file_head.settled: only such an entry can be compared with the disk */
    uint8_t variant;               /* enum coding, or FILE_CACHE_PAGES and on */
    uint8_t siblings;              /* CODING_BITs of those that stand beside it; of the identity alone */
    int fd;                        /* of a body that is not in memory; else -1 */
    struct slice body;             /* valid where fd < 0 */
    uint64_t size;                 /* of the body, wherever it is */
    struct slice lines;            /* all field lines: the three stretches of file_head.h */
    struct slice rest;             /* from the second stretch on */
    struct slice version;          /* the third */
    struct validators validators;
    struct slice path;             /* as it was asked for; text and body lie behind the entry, in the same stretch of memory */
    const char *name;              /* of the file that it is, relative, NUL-terminated */
    struct weir_warmth warmth;     /* of the descriptor */
    struct stat status;            /* of the file that the body was read from */
};

struct file_cache {
    struct file_entry **buckets;   /* NULL until the first entry comes */
    struct file_entry *oldest;
    struct file_entry *newest;
    uint32_t count;
    uint32_t descriptors;          /* of the entries that are cached */
    size_t bytes;                  /* of what lies behind the entries that are cached */
    uint32_t count_max;
    uint32_t descriptors_max;
    size_t bytes_max;
    uint32_t bucket_count;         /* a power of two */
};

/* An empty cache. `files` 0: nothing is ever cached. `descriptors` is cut to FILE_CACHE_DESCRIPTORS_MAX. */
void file_cache_init(struct file_cache *cache, uint32_t files, size_t bytes, uint32_t descriptors);

/* Up to which size a body that is not cached yet is to be in memory. */
size_t file_cache_body_max(const struct file_cache *cache);

/* The entry, or NULL. It stays the cache's. */
struct file_entry *file_cache_find(struct file_cache *cache, unsigned variant, struct slice path);

/* Whether an entry may be used at this time without a look at the disk. */
bool file_entry_is_trusted(const struct file_entry *entry, uint64_t now_ms);

/* Whether both tell of one file in one state: nothing was written to it in between, as far as its times can tell. */
bool file_status_same(const struct stat *a, const struct stat *b);

/* A new entry with copies of `path` and `name`, and with room for `size` bytes of a body. Any thread. Not cached yet, held once, by the
 * caller; NULL without memory. The caller fills in what is read into body.ptr, or fd and size, and siblings, status and checked_ms. */
struct file_entry *file_entry_new(unsigned variant, struct slice path, struct slice name, const struct file_head *head, size_t size) OS_RESULT;

/* Takes an entry in; an older one of the same key goes, and others as the bounds demand. What does not fit at all is not taken, and without
 * memory for its buckets the cache stays empty. The caller keeps his hold in any case. */
void file_cache_put(struct file_cache *cache, struct file_entry *entry);

/* Takes an entry that is cached out. */
void file_cache_drop(struct file_cache *cache, struct file_entry *entry);

/* Takes out all entries with a descriptor: the process has run out of them. false: there was none. */
bool file_cache_drop_descriptors(struct file_cache *cache);

/* One more holder, and one less; the last one frees it. The second has the shape of weir_response.release. */
void file_entry_hold(struct file_entry *entry);
void file_entry_release(void *entry);

/* Drops everything. The cache is empty then, and may be used again. */
void file_cache_clear(struct file_cache *cache);

#endif
