#include "handler/file_load.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "os/os.h"
#include "parser/glob.h"

/* A file that changes under every reading is given up for memory after so many. */
#define READINGS_MAX 3

const char *const file_endings[CODING_COUNT] = { [CODING_BR] = ".br", [CODING_ZSTD] = ".zst", [CODING_GZIP] = ".gz", [CODING_IDENTITY] = "" };

/* What a path was found to mean. */
struct finding {
    char name[PATH_MAX];       /* relative, NUL-terminated */
    size_t len;
    struct stat status;
    unsigned siblings;         /* CODING_BITs */
};

/* ---- names ---- */

static int look_at(const struct file_place *place, bool may_wait, const char *name, struct stat *status)
{
    return may_wait ? beneath_look(&place->beneath, name, status) : beneath_look_cached(&place->beneath, name, status);
}

/* The name is `start` and `end`. false: no name can be that long. */
static bool name_make(struct finding *f, struct slice start, struct slice end)
{
    if (start.len + end.len >= sizeof(f->name))
        return false;
    memcpy(f->name, start.ptr, start.len);
    memcpy(f->name + start.len, end.ptr, end.len);
    f->len = start.len + end.len;
    f->name[f->len] = '\0';
    return true;
}

static bool is_absence(int rc)
{
    return rc == -ENOENT || rc == -ENOTDIR || rc == -ENAMETOOLONG;
}

static int look_for_name(const struct file_place *place, bool may_wait, struct finding *f, struct slice start, struct slice end)
{
    if (!name_make(f, start, end))
        return -ENAMETOOLONG;
    int rc = look_at(place, may_wait, f->name, &f->status);
    if (rc < 0)
        return rc;
    if (S_ISDIR(f->status.st_mode))
        return -EISDIR;
    return S_ISREG(f->status.st_mode) ? 0 : -ENXIO;
}

/* The first index that is there; without one, whether the folder is. `folder` has its slash; empty is the root. */
static int find_index(const struct file_place *place, bool may_wait, struct slice folder, struct finding *f)
{
    for (size_t i = 0; i < place->index_count; i++) {
        int rc = look_for_name(place, may_wait, f, folder, slice_of(place->indexes[i]));
        if (!is_absence(rc) && rc != -EISDIR)
            return rc;
    }
    if (folder.len == 0)
        return -EISDIR;
    int rc = look_for_name(place, may_wait, f, (struct slice){ folder.ptr, folder.len - 1 }, SLICE(""));
    return rc == 0 ? -ENOTDIR : rc;
}

static bool is_older(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec < b->st_mtim.tv_sec || (a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec < b->st_mtim.tv_nsec);
}

/* Which siblings can stand for the file: regular ones, not older than itself. */
static int find_siblings(const struct file_place *place, bool may_wait, struct finding *f)
{
    f->siblings = 0;
    if (!place->precompressed)
        return 0;
    for (unsigned coding = 0; coding < CODING_IDENTITY; coding++) {
        struct stat status;
        size_t len = strlen(file_endings[coding]);
        if (f->len + len >= sizeof(f->name))
            return 0;
        memcpy(f->name + f->len, file_endings[coding], len + 1);
        int rc = look_at(place, may_wait, f->name, &status);
        f->name[f->len] = '\0';
        if (rc == -EAGAIN || rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM)      /* not to be mistaken for "not there" */
            return rc;
        if (rc == 0 && S_ISREG(status.st_mode) && !is_older(&status, &f->status))
            f->siblings |= CODING_BIT(coding);
    }
    return 0;
}

static int find(const struct file_place *place, const struct file_order *order, struct finding *f)
{
    struct slice path = slice_from(order->path, 1);
    f->siblings = 0;
    if (order->coding != CODING_IDENTITY)
        return look_for_name(place, order->may_wait, f, slice_of(order->identity->name), slice_of(file_endings[order->coding]));
    bool is_folder = path.len == 0 || path.ptr[path.len - 1] == '/';
    int rc = is_folder ? find_index(place, order->may_wait, path, f) : look_for_name(place, order->may_wait, f, path, SLICE(""));
    return rc == 0 ? find_siblings(place, order->may_wait, f) : rc;
}

/* ---- heads ---- */

/* The value of Cache-Control for the file called `name`. */
static struct slice cache_control_of(const struct file_place *place, struct slice name)
{
    char path[1 + PATH_MAX] = "/";
    memcpy(path + 1, name.ptr, name.len);
    for (size_t i = 0; i < place->rule_count; i++)
        if (glob_match(slice_of(place->rules[i].glob), (struct slice){ path, name.len + 1 }))
            return slice_of(place->rules[i].value);
    return (struct slice){ NULL, 0 };
}

static bool compose(const struct file_place *place, const struct file_order *order, const struct finding *f, struct file_head *head)
{
    bool is_identity = order->coding == CODING_IDENTITY;
    struct slice name = is_identity ? (struct slice){ f->name, f->len } : slice_of(order->identity->name);
    const struct file_facts facts = {
        .types = place->types,
        .charset = place->charset,
        .name = name,
        .status = &f->status,
        .coding = order->coding,
        .varies = !is_identity || f->siblings != 0,
        .cache_control = cache_control_of(place, name),
        .now = os_wall_clock(),
    };
    return file_head_compose(head, &facts);
}

/* ---- bodies ---- */

/* Reads exactly `size` bytes. 0; -ESTALE where it is to be tried again, for the file ends before; -EAGAIN where it would wait; or a negated errno. */
static int read_whole(int fd, bool may_wait, char *out, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = may_wait ? os_pread(fd, out + done, size - done, done) : os_pread_cached(fd, out + done, size - done, done);
        if (count == -EOPNOTSUPP && os_is_in_memory(fd) > 0) {
            may_wait = true;                       /* it never does */
            continue;
        }
        if (count < 0)
            return count == -EINTR ? -ESTALE : count == -EOPNOTSUPP ? -EAGAIN : (int)count;     /* who cannot tell may have to wait */
        if (count == 0)
            return -ESTALE;
        done += (size_t)count;
    }
    return 0;
}

/* One reading of a file into memory: whole and of one piece, the same before and after, or -ESTALE. f->status is brought up to date. */
static int read_entry(const struct file_place *place, const struct file_order *order, int fd, struct finding *f, struct file_entry **out)
{
    struct file_head head;
    struct stat after;
    if (!compose(place, order, f, &head))
        return -EINVAL;
    struct file_entry *entry = file_entry_new(order->coding, order->path, (struct slice){ f->name, f->len }, &head, (size_t)f->status.st_size);
    if (entry == NULL)
        return -ENOMEM;
    int rc = read_whole(fd, order->may_wait || !place->beneath.tells, (char *)(uintptr_t)entry->body.ptr, entry->body.len);
    if (rc == 0 || rc == -ESTALE) {
        int looked = os_fstat(fd, &after);
        if (looked < 0)
            rc = looked;
        else if (rc == 0 && !file_status_same(&f->status, &after))
            rc = -ESTALE;
        if (looked == 0)
            f->status = after;
    }
    if (rc < 0) {
        file_entry_release(entry);
        return rc;
    }
    *out = entry;
    return 0;
}

/* An entry that keeps the descriptor. */
static int keep_open(const struct file_place *place, const struct file_order *order, int fd, const struct finding *f, struct file_entry **out)
{
    struct file_head head;
    if (!compose(place, order, f, &head))
        return -EINVAL;
    struct file_entry *entry = file_entry_new(order->coding, order->path, (struct slice){ f->name, f->len }, &head, 0);
    if (entry == NULL)
        return -ENOMEM;
    entry->fd = fd;
    entry->size = (uint64_t)f->status.st_size;
    *out = entry;
    return 0;
}

/* Through memory where the file is small; one that is too restless for it keeps its descriptor, as large ones do. */
static int open_entry(const struct file_place *place, const struct file_order *order, struct finding *f, struct file_entry **out)
{
    struct file_entry *entry = NULL;
    int fd = order->may_wait ? beneath_open(&place->beneath, f->name, &f->status) : beneath_open_cached(&place->beneath, f->name, &f->status);
    if (fd < 0)
        return fd;
    int rc = -ESTALE;
    for (int i = 0; i < READINGS_MAX && rc == -ESTALE && f->status.st_size <= (off_t)order->body_max; i++)
        rc = read_entry(place, order, fd, f, &entry);
    if (rc == -ESTALE)
        rc = keep_open(place, order, fd, f, &entry);
    if (rc < 0 || entry->fd < 0)
        os_close(fd);
    if (rc < 0)
        return rc;
    entry->status = f->status;
    entry->siblings = (uint8_t)f->siblings;
    *out = entry;
    return 0;
}

static bool is_same(const struct file_entry *former, const struct finding *f)
{
    return former->siblings == f->siblings && file_status_same(&former->status, &f->status) && strcmp(former->name, f->name) == 0;
}

int file_load(const struct file_place *place, const struct file_order *order, struct file_entry **entry)
{
    struct finding f;
    int rc = find(place, order, &f);
    if (rc < 0)
        return rc;
    if (order->former != NULL && is_same(order->former, &f)) {
        *entry = order->former;
        return 0;
    }
    return open_entry(place, order, &f, entry);
}
