#include "handler/file_fetch.h"

#include <errno.h>

void file_fetch_init(struct file_fetch *f, const struct file_place *place, struct file_cache *cache, struct slice path,
                     const struct accept_encoding *accept)
{
    *f = (struct file_fetch){ .place = place, .path = path, .accept = *accept, .body_max = file_cache_body_max(cache) };
    for (unsigned coding = 0; coding < CODING_COUNT; coding++) {
        f->former[coding] = file_cache_find(cache, coding, path);
        if (f->former[coding] != NULL)
            file_entry_hold(f->former[coding]);
    }
}

static enum coding choose(const struct file_fetch *f)
{
    unsigned siblings = f->found[CODING_IDENTITY]->siblings;
    return siblings == 0 ? CODING_IDENTITY : accept_encoding_choose(&f->accept, siblings | CODING_BIT(CODING_IDENTITY));
}

/* Loads one representation, unless that is done. */
static int load_one(struct file_fetch *f, enum coding coding)
{
    const struct file_order order = {
        .path = f->path,
        .coding = coding,
        .identity = f->found[CODING_IDENTITY],
        .former = f->former[coding],
        .body_max = f->body_max,
        .may_wait = f->may_wait,
    };
    return f->found[coding] != NULL ? 0 : file_load(f->place, &order, &f->found[coding]);
}

/* Failures that say nothing of the file. */
static bool is_passing(int rc)
{
    return rc == -EAGAIN || rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM;
}

int file_fetch_run(struct file_fetch *f)
{
    if (f->found[CODING_IDENTITY] == NULL)
        f->looked_ms = os_now_ms();
    int rc = load_one(f, CODING_IDENTITY);
    if (rc < 0)
        return rc;
    rc = load_one(f, choose(f));
    return is_passing(rc) ? rc : 0;                /* a sibling that is gone since: the file itself is as good */
}

/* Of one coding: the cache has what was found, or nothing. */
static void settle_one(struct file_fetch *f, struct file_cache *cache, enum coding coding)
{
    struct file_entry *found = f->found[coding], *former = f->former[coding];
    if (found == former) {
        file_entry_hold(found);                    /* file_load() added none */
        if (found->checked_ms < f->looked_ms)
            found->checked_ms = f->looked_ms;
    } else if (found->settled) {
        found->checked_ms = f->looked_ms;
        file_cache_put(cache, found);
    } else {
        struct file_entry *cached = file_cache_find(cache, coding, f->path);
        if (cached != NULL)
            file_cache_drop(cache, cached);
    }
}

static void forget(struct file_fetch *f, struct file_cache *cache)
{
    for (unsigned coding = 0; coding < CODING_COUNT; coding++) {
        struct file_entry *cached = file_cache_find(cache, coding, f->path);
        if (cached != NULL)
            file_cache_drop(cache, cached);
    }
}

struct file_entry *file_fetch_settle(struct file_fetch *f, struct file_cache *cache, int rc)
{
    struct file_entry *chosen = NULL;
    for (unsigned coding = 0; coding < CODING_COUNT; coding++)
        if (f->found[coding] != NULL)
            settle_one(f, cache, (enum coding)coding);
    if (rc == 0) {
        chosen = f->found[choose(f)];
        if (chosen == NULL)
            chosen = f->found[CODING_IDENTITY];
        file_entry_hold(chosen);
    } else if (!is_passing(rc)) {
        forget(f, cache);
    }
    for (unsigned coding = 0; coding < CODING_COUNT; coding++) {
        if (f->found[coding] != NULL)
            file_entry_release(f->found[coding]);
        if (f->former[coding] != NULL)
            file_entry_release(f->former[coding]);
    }
    return chosen;
}
