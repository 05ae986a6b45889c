#include "server/fetch.h"

#include <errno.h>

#include "core/assert.h"
#include "os/os.h"
#include "server/slots.h"

/* So much is looked for in memory, and fetched, at once: looking costs a call or two for each. */
#define FETCH_SIZE (UINT64_C(2) * 1024 * 1024)

/* What was in memory is taken to be there for so long. */
#define WARM_MS 1000

/* What one read of a thread takes: on its stack. */
#define SCRATCH_SIZE 65536

/* A stretch that a thread brings into memory, on a descriptor of its own: the connection may end meanwhile. */
struct fetch_job {
    struct worker *worker;
    uint64_t token;                        /* of the connection */
    int file;
    uint64_t offset;
    uint64_t end;
};

/* ---- on a thread ---- */

/* What it reads is in the page cache then, and that is all that it is for. An error is met again, and told, when the stretch is sent. */
static void fetch_work(void *argument)
{
    char scratch[SCRATCH_SIZE];
    const struct fetch_job *job = argument;
    for (uint64_t at = job->offset; at < job->end;) {
        const size_t size = job->end - at < sizeof scratch ? (size_t)(job->end - at) : sizeof scratch;
        const ssize_t got = os_pread(job->file, scratch, size, at);
        if (got <= 0 && got != -EINTR)
            return;
        at += got > 0 ? (uint64_t)got : 0;
    }
}

/* ---- on the worker ---- */

static void fetch_done(void *argument)
{
    const struct fetch_job job = *(struct fetch_job *)argument;
    struct worker *w = job.worker;
    os_free(argument);
    os_close(job.file);
    const struct conn *c = slots_of_token(w, job.token);
    if (c == NULL)
        return;
    weir_assert(c->exchange != NULL && c->exchange->tail.look.fetching);
    c->exchange->tail.look.fetching = false;
    c->exchange->tail.look.near = job.end;
    w->http1.resume(w, job.token);
}

/* false: the worker will have to wait for the disk itself. */
static bool fetch_begin(struct worker *w, const struct conn *c, uint64_t end)
{
    const struct tail *tail = &c->exchange->tail;
    struct fetch_job *job = w->http1.offload != NULL ? os_alloc(sizeof *job) : NULL;
    if (job == NULL)
        return false;
    *job = (struct fetch_job){ .worker = w, .token = slots_token(w, c), .file = os_dup(tail->file), .offset = tail->offset, .end = end };
    if (job->file >= 0 && w->http1.offload(w, fetch_work, fetch_done, job))
        return true;
    if (job->file >= 0)
        os_close(job->file);
    os_free(job);
    return false;
}

/* One byte tells of its page. What else may fail is told when the stretch is sent. */
static bool is_cached(struct tail *tail, uint64_t offset)
{
    char byte;
    const ssize_t got = os_pread_cached(tail->file, &byte, 1, offset);
    if (got == -EOPNOTSUPP)
        tail->look.nearness = os_is_in_memory(tail->file) > 0 ? NEAR_ALWAYS : NEAR_NEVER;
    return got != -EAGAIN && tail->look.nearness != NEAR_NEVER;
}

/* Its first page and its last: files are read, and forgotten, in larger runs than this. The first was the next to the last of the stretch before. */
static bool is_near(struct tail *tail, uint64_t end)
{
    const bool first = tail->look.nearness == NEAR_UNKNOWN;
    if (first)
        tail->look.nearness = NEAR_IF_CACHED;
    if (first && !is_cached(tail, tail->offset))
        return false;
    if (tail->look.nearness != NEAR_IF_CACHED)
        return tail->look.nearness == NEAR_ALWAYS;
    return is_cached(tail, end - 1);
}

/* Was all up to `end` there, a moment ago? */
static bool is_warm(const struct tail *tail, uint64_t end, uint64_t now)
{
    const struct weir_warmth *warmth = tail->warmth;
    return warmth != NULL && now < warmth->until_ms && warmth->from <= tail->offset && end <= warmth->to;
}

/* It is, up to `end`: stretches that follow one another become one, which is believed as long as its beginning. `before`: where the one before ended
 * that was looked for; a piece may have left from beyond. */
static void keep_warm(struct tail *tail, uint64_t before, uint64_t end, uint64_t now)
{
    struct weir_warmth *warmth = tail->warmth;
    if (warmth == NULL)
        return;
    const bool goes_on = warmth->to == before || (warmth->from <= tail->offset && tail->offset <= warmth->to);
    if (now >= warmth->until_ms || !goes_on)
        *warmth = (struct weir_warmth){ .from = tail->offset, .until_ms = now + WARM_MS };
    warmth->to = end;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Looks at the file, and whether it changed since it was last looked at. One that became longer was appended to, and what was announced is still
 * there. */
static bool has_changed(struct tail *tail)
{
    struct stat now;
    struct tail_look *look = &tail->look;
    if (os_fstat(tail->file, &now) < 0)
        return false;
    const uint64_t size = (uint64_t)now.st_size;
    const bool changed = look->watched && (size < look->size || (size == look->size && !same_time(now.st_mtim, look->changed)));
    look->watched = true;
    look->size = size;
    look->changed = now.st_mtim;
    return changed;
}

void fetch_watch(struct tail *tail)
{
    if (!tail->look.watched)
        (void)has_changed(tail);               /* the first look */
}

enum fetch fetch_next(struct worker *w, const struct conn *c)
{
    struct tail *tail = &c->exchange->tail;
    struct tail_look *look = &tail->look;
    weir_assert(tail->kind == TAIL_FILE && tail->left > 0);
    if (look->fetching)
        return FETCH_UNDER_WAY;
    if (look->watched && has_changed(tail))
        return FETCH_CHANGED;
    if (tail->offset < look->near)
        return FETCH_READY;
    const uint64_t size = tail->left < FETCH_SIZE ? tail->left : FETCH_SIZE;
    const uint64_t before = look->near;
    look->near = tail->offset + size;
    if (is_warm(tail, look->near, w->now))
        return FETCH_READY;
    const bool near = is_near(tail, look->near);
    if (near)
        keep_warm(tail, before, look->near, w->now);
    else
        fetch_watch(tail);
    look->fetching = !near && fetch_begin(w, c, look->near);
    return look->fetching ? FETCH_UNDER_WAY : FETCH_READY;
}
