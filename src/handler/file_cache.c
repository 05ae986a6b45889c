#include "handler/file_cache.h"

#include <string.h>

#define BUCKETS_MAX 65536u

/* FNV-1a, 32 bits. Who crafts paths that collide must have made files of these names first. */
static uint32_t hash_of(unsigned variant, struct slice path)
{
    uint32_t hash = 2166136261u ^ variant;
    for (size_t i = 0; i < path.len; i++)
        hash = (hash ^ (unsigned char)path.ptr[i]) * 16777619u;
    return hash;
}

static size_t weight_of(const struct file_entry *entry)
{
    return entry->path.len + entry->lines.len + entry->body.len;
}

void file_cache_init(struct file_cache *cache, uint32_t files, size_t bytes, uint32_t descriptors)
{
    uint32_t buckets = 1;
    while (buckets < files && buckets < BUCKETS_MAX)
        buckets *= 2;
    *cache = (struct file_cache){
        .count_max = files,
        .bytes_max = bytes,
        .descriptors_max = descriptors < FILE_CACHE_DESCRIPTORS_MAX ? descriptors : FILE_CACHE_DESCRIPTORS_MAX,
        .bucket_count = buckets,
    };
}

size_t file_cache_body_max(const struct file_cache *cache)
{
    return cache->descriptors < cache->descriptors_max ? FILE_CACHE_BODY_MAX : FILE_CACHE_CRAMPED_BODY_MAX;
}

struct file_entry *file_cache_find(struct file_cache *cache, unsigned variant, struct slice path)
{
    if (cache->count == 0)
        return NULL;
    uint32_t hash = hash_of(variant, path);
    struct file_entry *entry = cache->buckets[hash & (cache->bucket_count - 1)];
    while (entry != NULL && (entry->hash != hash || entry->variant != variant || !slice_equals(entry->path, path)))
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

/* Copies `from` to `*to`, which moves behind it. */
static struct slice put_text(char **to, struct slice from)
{
    struct slice copy = { *to, from.len };
    memcpy(*to, from.ptr, from.len);
    *to += from.len;
    return copy;
}

struct file_entry *file_entry_new(unsigned variant, struct slice path, struct slice name, const struct file_head *head, size_t size)
{
    struct file_entry *entry = os_alloc_raw(sizeof(*entry) + path.len + head->len + name.len + 1 + size);
    if (entry == NULL)
        return NULL;
    char *to = (char *)(entry + 1);
    *entry = (struct file_entry){ .hash = hash_of(variant, path), .holders = 1, .variant = (uint8_t)variant, .settled = head->settled, .fd = -1 };
    entry->path = put_text(&to, path);
    entry->lines = put_text(&to, (struct slice){ head->text, head->len });
    entry->rest = slice_from(entry->lines, head->rest);
    entry->version = slice_from(entry->lines, head->version);
    entry->validators = (struct validators){
        .tag = { entry->version.ptr + FILE_TAG_OFFSET, head->tag_len },
        .modified = head->modified,
        .has_modified = head->has_modified,
        .modified_is_strong = head->settled,
    };
    entry->name = put_text(&to, name).ptr;
    *to++ = '\0';
    entry->body = (struct slice){ to, size };
    entry->size = size;
    return entry;
}

void file_entry_hold(struct file_entry *entry)
{
    entry->holders++;
}

void file_entry_release(void *held)
{
    struct file_entry *entry = held;
    if (--entry->holders > 0)
        return;
    if (entry->fd >= 0)
        os_close(entry->fd);
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
    struct file_entry **link = &cache->buckets[entry->hash & (cache->bucket_count - 1)];
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    queue_leave(cache, entry);
    cache->count--;
    cache->descriptors -= entry->fd >= 0;
    cache->bytes -= weight_of(entry);
    file_entry_release(entry);
}

/* Second chance: the oldest goes, unless it was asked for since it joined the queue; then it joins anew. A sweep over many files that
 * nobody asks for twice thus pushes out itself, not what is in use. `descriptors`: only entries that hold one count, of which there is one. */
static void evict_one(struct file_cache *cache, bool descriptors)
{
    for (struct file_entry *entry = cache->oldest, *newer;; entry = newer) {
        newer = entry->newer;
        bool counts = !descriptors || entry->fd >= 0;
        if (counts && !entry->used) {
            file_cache_drop(cache, entry);
            return;
        }
        if (counts) {
            entry->used = false;
            queue_leave(cache, entry);
            queue_join(cache, entry);
        }
        if (newer == NULL)
            newer = cache->oldest;
    }
}

void file_cache_put(struct file_cache *cache, struct file_entry *entry)
{
    struct file_entry *former = file_cache_find(cache, entry->variant, entry->path);
    if (former != NULL)
        file_cache_drop(cache, former);
    bool has_descriptor = entry->fd >= 0;
    if (cache->count_max == 0 || weight_of(entry) > cache->bytes_max || (has_descriptor && cache->descriptors_max == 0))
        return;
    if (cache->buckets == NULL)
        cache->buckets = os_alloc(cache->bucket_count * sizeof(struct file_entry *));
    if (cache->buckets == NULL)
        return;
    while (has_descriptor && cache->descriptors >= cache->descriptors_max)
        evict_one(cache, true);
    while (cache->count >= cache->count_max || cache->bytes + weight_of(entry) > cache->bytes_max)
        evict_one(cache, false);
    struct file_entry **bucket = &cache->buckets[entry->hash & (cache->bucket_count - 1)];
    entry->next = *bucket;
    *bucket = entry;
    queue_join(cache, entry);
    cache->count++;
    cache->descriptors += has_descriptor;
    cache->bytes += weight_of(entry);
    file_entry_hold(entry);
}

bool file_cache_drop_descriptors(struct file_cache *cache)
{
    bool any = cache->descriptors > 0;
    for (struct file_entry *entry = cache->oldest, *newer; entry != NULL; entry = newer) {
        newer = entry->newer;
        if (entry->fd >= 0)
            file_cache_drop(cache, entry);
    }
    return any;
}

void file_cache_clear(struct file_cache *cache)
{
    while (cache->oldest != NULL)
        file_cache_drop(cache, cache->oldest);
    os_free(cache->buckets);
    cache->buckets = NULL;
}
