#include "handler/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "http/natural.h"
#include "os/os.h"

/* A record: whether it is a folder, its rank, the length of its name, its name. Unaligned. */
enum { AT_RANK = 1, AT_LEN = 9, AT_NAME = 10 };

/* The place of a record in the arena. */
typedef uint32_t place;

_Static_assert(AT_NAME + LISTING_NAME_MAX == sizeof(((struct roster *)0)->floor), "a record fits the floor");
_Static_assert(2 * (AT_NAME + LISTING_NAME_MAX + sizeof(place)) <= ROSTER_SIZE_MIN, "an arena that is full holds two records at least");

static size_t record_len(const char *record)
{
    return AT_NAME + (size_t)(unsigned char)record[AT_LEN];
}

static struct roster_entry read_record(const char *record)
{
    struct roster_entry e = { { record + AT_NAME, (unsigned char)record[AT_LEN] }, 0, record[0] != 0 };
    memcpy(&e.rank, record + AT_RANK, sizeof(e.rank));
    return e;
}

/* Folders first, then by rank, then by name. Names run backwards only where they are what was asked for. */
static int compare_entries(const struct roster *r, const struct roster_entry *a, const struct roster_entry *b)
{
    if (a->is_folder != b->is_folder)
        return a->is_folder ? -1 : 1;
    if (a->rank != b->rank)
        return (a->rank < b->rank) == r->descending ? 1 : -1;
    int order = natural_compare(a->name, b->name);
    return r->descending && !r->by_rank ? -order : order;
}

/* ---- places, which grow from the back ---- */

static place *places(const struct roster *r)
{
    return (place *)(void *)(r->arena + r->size) - r->count;
}

static int compare_places(const void *a, const void *b, void *roster)
{
    const struct roster *r = roster;
    struct roster_entry first = read_record(r->arena + *(const place *)a), second = read_record(r->arena + *(const place *)b);
    return compare_entries(r, &first, &second);
}

static int compare_numbers(const void *a, const void *b)
{
    place first = *(const place *)a, second = *(const place *)b;
    return (first > second) - (first < second);
}

static void sort_places(struct roster *r)
{
    if (r->count > 1)
        qsort_r(places(r), r->count, sizeof(place), compare_places, r);
}

/* ---- room ---- */

static size_t room(const struct roster *r)
{
    return r->size - r->used - r->count * sizeof(place);
}

static int grow(struct roster *r)
{
    uint32_t size = r->size > 0 ? r->size * 2 : ROSTER_SIZE_MIN;
    char *arena = os_alloc_raw(size);
    if (arena == NULL)
        return -ENOMEM;
    if (r->arena != NULL) {
        memcpy(arena, r->arena, r->used);
        memcpy(arena + size - r->count * sizeof(place), places(r), r->count * sizeof(place));
        os_free(r->arena);
    }
    r->arena = arena;
    r->size = size;
    return 0;
}

/* Lets the later half go, and draws what is kept together at the front. */
static void halve(struct roster *r)
{
    sort_places(r);
    place *all = places(r);
    uint32_t kept = r->count / 2;
    memcpy(r->ceiling, r->arena + all[kept], record_len(r->arena + all[kept]));
    r->has_ceiling = r->has_dropped = true;

    memmove(all + r->count - kept, all, kept * sizeof(place));
    r->count = kept;
    all = places(r);
    qsort(all, kept, sizeof(place), compare_numbers);
    r->used = 0;
    for (uint32_t i = 0; i < kept; i++) {
        size_t len = record_len(r->arena + all[i]);
        memmove(r->arena + r->used, r->arena + all[i], len);
        all[i] = r->used;
        r->used += (uint32_t)len;
    }
}

/* ---- passes ---- */

void roster_init(struct roster *r, bool by_rank, bool descending, uint32_t size_max)
{
    weir_assert(size_max >= ROSTER_SIZE_MIN);
    *r = (struct roster){ .by_rank = by_rank, .descending = descending, .size_max = size_max };
}

void roster_free(struct roster *r)
{
    os_free(r->arena);
    r->arena = NULL;
    r->size = r->used = r->count = 0;
}

void roster_begin(struct roster *r)
{
    r->used = r->count = 0;
    r->has_ceiling = r->has_dropped = false;
}

/* Does it stand behind what was shown and before what was let go? Of the latter, another pass is sure to come. */
static bool is_wanted(struct roster *r, const struct roster_entry *entry)
{
    if (r->has_floor) {
        struct roster_entry floor = read_record(r->floor);
        if (compare_entries(r, entry, &floor) <= 0)
            return false;
    }
    if (r->has_ceiling) {
        struct roster_entry ceiling = read_record(r->ceiling);
        return compare_entries(r, entry, &ceiling) < 0;
    }
    return true;
}

int roster_offer(struct roster *r, const struct roster_entry *entry)
{
    weir_assert(entry->name.len >= 1);
    weir_assert(entry->name.len <= LISTING_NAME_MAX);
    size_t len = AT_NAME + entry->name.len;
    while (is_wanted(r, entry)) {
        if (r->size > 0 && room(r) >= len + sizeof(place)) {
            char *record = r->arena + r->used;
            record[0] = (char)entry->is_folder;
            record[AT_LEN] = (char)entry->name.len;
            memcpy(record + AT_RANK, &entry->rank, sizeof(entry->rank));
            memcpy(record + AT_NAME, entry->name.ptr, entry->name.len);
            r->count++;
            *places(r) = r->used;
            r->used += (uint32_t)len;
            return 0;
        }
        if (r->size >= r->size_max)
            halve(r);                  /* the ceiling may now stand before the entry */
        else if (grow(r) < 0)
            return -ENOMEM;
    }
    return 0;
}

void roster_end(struct roster *r)
{
    sort_places(r);
    if (r->count > 0) {
        const char *last = r->arena + places(r)[r->count - 1];
        memcpy(r->floor, last, record_len(last));
        r->has_floor = true;
    }
}

struct roster_entry roster_at(const struct roster *r, uint32_t index)
{
    weir_assert(index < r->count);
    return read_record(r->arena + places(r)[index]);
}
