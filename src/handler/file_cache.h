/* Small files in memory: path → body, and the fields that go with it, already composed. One cache for each worker, without locks.
 *
 * An entry is one stretch of memory, made on demand and counted: the cache holds it, and so does each response that borrows its
 * body. What is evicted while borrowed lives until the last borrower lets go. At rest an empty cache holds nothing. */
#ifndef WEIR_HANDLER_FILE_CACHE_H
#define WEIR_HANDLER_FILE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handler/file_head.h"
#include "os/os.h"
#include "parser/slice.h"

/* Larger bodies are not for memory: sendfile(2) is cheaper from about here on. */
#define FILE_CACHE_BODY_MAX (64u * 1024)

/* Bounds of one worker's cache. */
#define FILE_CACHE_ENTRIES_MAX 512u
#define FILE_CACHE_BYTES_MAX (16u * 1024 * 1024)

/* An entry is believed for so long after it was compared with the disk. */
#define FILE_CACHE_TRUST_MS 1000u

struct file_entry {
    struct file_entry *next;       /* in its bucket; valid while cached, as the two below */
    struct file_entry *older;      /* in the order of arrival */
    struct file_entry *newer;
    uint64_t checked_ms;           /* when it last agreed with the disk */
    uint32_t hash;                 /* of the key */
    uint32_t holders;              /* the cache, and the responses that borrow the body */
    bool used;                     /* asked for since it last had to fear eviction */
    struct stat status;            /* of the file that the body was read from */
    struct file_head head;
    struct slice key;              /* key and body lie behind the entry, in the same stretch of memory */
    struct slice body;
};

struct file_cache {
    struct file_entry **buckets;   /* NULL until the first entry comes */
    struct file_entry *oldest;
    struct file_entry *newest;
    uint32_t count;
    size_t bytes;                  /* of the bodies and keys that are cached */
};

/* The entry of `key`, or NULL. It stays the cache's. */
struct file_entry *file_cache_find(struct file_cache *cache, struct slice key);

/* Whether an entry may be used at this time without a look at the disk. */
bool file_entry_is_trusted(const struct file_entry *entry, uint64_t now_ms);

/* Whether both tell of one file in one state: nothing was written to it in between, as far as its times can tell. */
bool file_status_same(const struct stat *a, const struct stat *b);

/* A new entry of `key`, which is copied, with room for a body of `size` bytes at `*body`. Not cached yet, held once, by the caller; NULL without
 * memory. The caller fills in the body, checked_ms, status and head. */
struct file_entry *file_entry_new(struct slice key, size_t size, char **body) OS_RESULT;

/* Takes an entry in; an older one of the same key goes, and others as the bounds demand. Without memory for its buckets the cache
 * stays empty. The caller keeps his hold in both cases. */
void file_cache_put(struct file_cache *cache, struct file_entry *entry);

/* Takes an entry that is cached out. */
void file_cache_drop(struct file_cache *cache, struct file_entry *entry);

/* One more holder, and one less; the last one frees it. The second has the shape of weir_response.release. */
void file_entry_hold(struct file_entry *entry);
void file_entry_release(void *entry);

/* Drops everything. The cache is empty then, and may be used again. */
void file_cache_clear(struct file_cache *cache);

#endif
