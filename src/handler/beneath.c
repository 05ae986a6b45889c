#include "handler/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

static const uint64_t resolve_of[] = {
    [BENEATH_LINKS_INSIDE] = RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH,
    [BENEATH_LINKS_DENY] = RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    [BENEATH_LINKS_FOLLOW] = RESOLVE_NO_MAGICLINKS,
};

/* openat2 gives EAGAIN where a rename elsewhere made it lose its way: rare, and worth another try, not an endless one. */
#define TRIES_MAX 8

#define NAME_SIZE 256      /* NAME_MAX and a NUL: no file system that Linux knows has longer names */

static int open_enforced(const struct beneath *b, const char *path, int flags, bool cached)
{
    uint64_t resolve = resolve_of[b->links] | (cached ? RESOLVE_CACHED : 0);
    int fd = -EINTR;
    for (int tries = 0; tries < TRIES_MAX && (fd == -EINTR || (fd == -EAGAIN && !cached)); tries++)
        fd = os_openat2(b->root, path, flags, resolve);
    return fd;
}

static int open_patiently(int folder, const char *name, int flags)
{
    int fd = -EINTR;
    for (int tries = 0; tries < TRIES_MAX && fd == -EINTR; tries++)
        fd = os_openat(folder, name, flags);
    return fd;
}

static int open_here(int folder, const char *name, int flags)
{
    return open_patiently(folder, name, flags | O_NOFOLLOW);
}

/* Opens the folder `name` in `folder` for further steps. O_DIRECTORY alone would call a symbolic link ENOTDIR: no telling it apart. */
static int open_step(int folder, const char *name)
{
    struct stat status;
    int fd = open_here(folder, name, O_PATH);
    if (fd < 0)
        return fd;
    int rc = os_fstat(fd, &status);
    if (rc == 0 && S_ISLNK(status.st_mode))
        rc = -ELOOP;
    else if (rc == 0 && !S_ISDIR(status.st_mode))
        rc = -ENOTDIR;
    if (rc == 0)
        return fd;
    os_close(fd);
    return rc;
}

/* Copies the segment at `*path` into `name` and moves `*path` behind it and its slash. */
static int take_segment(const char **path, char name[NAME_SIZE])
{
    size_t len = strcspn(*path, "/");
    if (len >= NAME_SIZE)
        return -ENAMETOOLONG;
    memcpy(name, *path, len);
    name[len] = '\0';
    *path += len;
    if (**path == '/')
        (*path)++;
    bool leaves = len == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
    return leaves ? -EXDEV : 0;    /* the caller's contract excludes it; containment does not rest on that */
}

/* The way without openat2: no step of it follows a link or goes up, so it cannot leave the folder. */
static int open_walking(int root, const char *path, int flags)
{
    char name[NAME_SIZE];
    int folder = root, rc = take_segment(&path, name);
    while (rc == 0 && *path != '\0') {
        int step = open_step(folder, name);
        if (folder != root)
            os_close(folder);
        folder = step;
        if (step < 0)
            return step;
        rc = take_segment(&path, name);
    }
    if (rc == 0)
        rc = open_here(folder, name, flags);
    if (folder != root)
        os_close(folder);
    return rc;
}

static int open_below(const struct beneath *b, const char *path, int flags, bool cached)
{
    if (!b->walks) {
        int fd = open_enforced(b, path, flags, cached && b->tells);
        if (fd != -ENOSYS)
            return fd;
    }
    return b->links == BENEATH_LINKS_FOLLOW ? open_patiently(b->root, path, flags) : open_walking(b->root, path, flags);
}

int beneath_init(struct beneath *b, int root, enum beneath_links links)
{
    *b = (struct beneath){ .root = root, .links = links };
    int fd = open_enforced(b, ".", O_PATH | O_DIRECTORY, false);
    if (fd == -EPERM || fd == -ENOSYS) {           /* containers of some years ago say EPERM for every call that they do not know */
        b->walks = true;
        fd = open_here(root, ".", O_PATH | O_DIRECTORY);
    }
    if (fd < 0)
        return fd;
    os_close(fd);
    if (b->walks)
        return 0;
    fd = open_enforced(b, ".", O_PATH | O_DIRECTORY, true);
    b->tells = fd >= 0 || fd == -EAGAIN;           /* EINVAL: not known */
    if (fd >= 0)
        os_close(fd);
    return 0;
}

static int look(const struct beneath *b, const char *path, bool cached, struct stat *status)
{
    struct stat found;
    int fd = open_below(b, path, O_PATH, cached);
    if (fd < 0)
        return fd;
    int rc = os_fstat(fd, &found);
    os_close(fd);
    if (rc < 0)
        return rc;
    if (S_ISLNK(found.st_mode))                    /* the walk opens the link itself */
        return -ELOOP;
    *status = found;
    return 0;
}

static int as_regular(const struct stat *status)
{
    if (S_ISDIR(status->st_mode))
        return -EISDIR;
    return S_ISREG(status->st_mode) ? 0 : -ENXIO;
}

static int open_regular(const struct beneath *b, const char *path, bool cached, struct stat *status)
{
    struct stat found;
    int rc = look(b, path, cached, &found);
    if (rc == 0)
        rc = as_regular(&found);
    if (rc < 0)
        return rc;

    /* What was looked at may have been replaced since: the flags keep a FIFO or a terminal from doing harm, and the
     * descriptor is asked again. */
    int fd = open_below(b, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, cached);
    if (fd < 0)
        return fd;
    rc = os_fstat(fd, &found);
    if (rc == 0)
        rc = as_regular(&found);
    if (rc < 0) {
        os_close(fd);
        return rc;
    }
    *status = found;
    return fd;
}

int beneath_look(const struct beneath *b, const char *path, struct stat *status)
{
    return look(b, path, false, status);
}

int beneath_look_cached(const struct beneath *b, const char *path, struct stat *status)
{
    return look(b, path, true, status);
}

int beneath_open(const struct beneath *b, const char *path, struct stat *status)
{
    return open_regular(b, path, false, status);
}

int beneath_open_cached(const struct beneath *b, const char *path, struct stat *status)
{
    return open_regular(b, path, true, status);
}

int beneath_open_folder(const struct beneath *b, const char *path)
{
    bool is_root = path[0] == '.' && path[1] == '\0';
    if (is_root)
        return open_patiently(b->root, path, O_RDONLY | O_DIRECTORY);
    return open_below(b, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK, false);
}
