#include "handler/file_cache.h"

#include <string.h>

#define BUCKETS 512u       /* as many as entries; a power of two */
_Static_assert((BUCKETS & (BUCKETS - 1)) == 0, "a bucket is found with a mask");
_Static_assert(FILE_CACHE_BYTES_MAX > FILE_CACHE_BODY_MAX, "the largest body fits");

/* FNV-1a, 32 bits. Who crafts paths that collide must have made files of these names first. */
static uint32_t hash_of(struct slice key)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.ptr[i]) * 16777619u;
    return hash;
}

static size_t weight_of(const struct file_entry *entry)
{
    return entry->key.len + entry->body.len;
}

struct file_entry *file_cache_find(struct file_cache *cache, struct slice key)
{
    if (cache->count == 0)
        return NULL;
    uint32_t hash = hash_of(key);
    struct file_entry *entry = cache->buckets[hash & (BUCKETS - 1)];
    while (entry != NULL && (entry->hash != hash || !slice_equals(entry->key, key)))
        entry = entry->next;
    if (entry != NULL)
        entry->used = true;
    return entry;
}

bool file_entry_is_trusted(const struct file_entry *entry, uint64_t now_ms)
{
    return now_ms - entry->checked_ms < FILE_CACHE_TRUST_MS;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool file_status_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_mode == b->st_mode && a->st_size == b->st_size
           && same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

struct file_entry *file_entry_new(struct slice key, size_t size, char **body)
{
    struct file_entry *entry = os_alloc(sizeof(*entry) + key.len + size);
    if (entry == NULL)
        return NULL;
    char *key_copy = (char *)(entry + 1);
    memcpy(key_copy, key.ptr, key.len);
    *body = key_copy + key.len;
    entry->hash = hash_of(key);
    entry->holders = 1;
    entry->key = (struct slice){ key_copy, key.len };
    entry->body = (struct slice){ *body, size };
    return entry;
}

void file_entry_hold(struct file_entry *entry)
{
    entry->holders++;
}

void file_entry_release(void *held)
{
    struct file_entry *entry = held;
    if (--entry->holders == 0)
        os_free(entry);
}

/* Puts an entry at the young end of the queue. */
static void queue_join(struct file_cache *cache, struct file_entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    if (cache->newest != NULL)
        cache->newest->newer = entry;
    else
        cache->oldest = entry;
    cache->newest = entry;
}

static void queue_leave(struct file_cache *cache, struct file_entry *entry)
{
    *(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
    *(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
}

void file_cache_drop(struct file_cache *cache, struct file_entry *entry)
{
    struct file_entry **link = &cache->buckets[entry->hash & (BUCKETS - 1)];
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    queue_leave(cache, entry);
    cache->count--;
    cache->bytes -= weight_of(entry);
    file_entry_release(entry);
}

/* Second chance: the oldest goes, unless it was asked for since it joined the queue; then it joins anew. A sweep over many files that
 * nobody asks for twice thus pushes out itself, not what is in use. */
static void evict_one(struct file_cache *cache)
{
    while (cache->oldest->used) {
        struct file_entry *entry = cache->oldest;
        entry->used = false;
        queue_leave(cache, entry);
        queue_join(cache, entry);
    }
    file_cache_drop(cache, cache->oldest);
}

void file_cache_put(struct file_cache *cache, struct file_entry *entry)
{
    if (cache->buckets == NULL)
        cache->buckets = os_alloc(BUCKETS * sizeof(struct file_entry *));
    if (cache->buckets == NULL)
        return;
    struct file_entry *former = file_cache_find(cache, entry->key);
    if (former != NULL)
        file_cache_drop(cache, former);
    while (cache->count >= FILE_CACHE_ENTRIES_MAX || (cache->count > 0 && cache->bytes + weight_of(entry) > FILE_CACHE_BYTES_MAX))
        evict_one(cache);
    struct file_entry **bucket = &cache->buckets[entry->hash & (BUCKETS - 1)];
    entry->next = *bucket;
    *bucket = entry;
    queue_join(cache, entry);
    cache->count++;
    cache->bytes += weight_of(entry);
    file_entry_hold(entry);
}

void file_cache_clear(struct file_cache *cache)
{
    while (cache->oldest != NULL)
        file_cache_drop(cache, cache->oldest);
    os_free(cache->buckets);
    *cache = (struct file_cache){ 0 };
}
