/* The simulated kernel: files. A flat list of names is the whole tree; content is tags, so that each byte tells where it came from. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>

#include "os_sim.h"

enum { PATH_SIZE = 1024, LINKS_MAX = 40, NAME_LONGEST = 255 };

void sim_add_file(struct sim_inode *inode)
{
    if (sim.inode_count == sizeof(sim.inodes) / sizeof(sim.inodes[0]))
        sim_broken("no room for another file");
    sim.inodes[sim.inode_count++] = inode;
}

/* ------------------------------------------------------------------ states */

static bool is_gone(const struct sim_inode *inode)
{
    return strcmp(inode->path, SIM_PATH_GONE) == 0;
}

static const mode_t modes[] = {
    [SIM_REGULAR] = S_IFREG | 0644, [SIM_FOLDER] = S_IFDIR | 0755, [SIM_LINK] = S_IFLNK | 0777, [SIM_FIFO] = S_IFIFO | 0644,
    [SIM_DEVICE] = S_IFCHR | 0666,
};

static void tell_status(const struct sim_inode *inode, struct stat *status)
{
    *status = (struct stat){ .st_mode = modes[inode->kind], .st_size = (off_t)inode->size, .st_ino = (ino_t)inode->ino,
                             .st_nlink = !is_gone(inode), .st_mtim = { inode->mtime, inode->mtime_nanoseconds },
                             .st_ctim = { inode->ctime, inode->nanoseconds } };
}

void sim_file_ends(struct sim_inode *inode)
{
    for (uint32_t i = sim.version_count; i-- > 0;)
        if (sim.versions[i].inode == inode) {
            if (sim.versions[i].until == UINT64_MAX)
                sim.versions[i].until = sim.now;
            return;
        }
}

void sim_file_stands(struct sim_inode *inode)
{
    if (!inode->is_watched)
        return;
    if (sim.version_count == sim.version_cap) {
        sim.version_cap = sim.version_cap == 0 ? 64 : sim.version_cap * 2;
        sim.versions = realloc(sim.versions, sim.version_cap * sizeof(sim.versions[0]));
        if (sim.versions == NULL)
            abort();
    }
    inode->nanoseconds = 1 + sim.version_count;
    if (!inode->keeps_mtime)
        inode->mtime_nanoseconds = inode->nanoseconds;
    inode->keeps_mtime = false;
    sim.versions[sim.version_count++] = (struct sim_version){ .inode = inode, .size = inode->size, .tag = inode->tag, .row = inode->row,
                                                              .until = UINT64_MAX };
    tell_status(inode, &sim.versions[sim.version_count - 1].status);
}

/* Long ones, so that many do not fit into a block. */
size_t sim_entry_name(uint32_t number, char name[256])
{
    const size_t len = (size_t)snprintf(name, 256, "e%04u", number);
    const size_t more = number % 7 * 11;
    memset(name + len, 'x', more);
    name[len + more] = '\0';
    return len + more;
}

/* The file that stands for entry `name` of `folder`, until the next is asked for; NULL: it has no such. */
static struct sim_inode *entry_find(const struct sim_inode *folder, const char *name)
{
    static struct sim_inode entry;
    char right[256];
    unsigned number;
    if (sscanf(name, "e%4u", &number) != 1 || number >= folder->entries)
        return NULL;
    sim_entry_name(number, right);
    entry = (struct sim_inode){ .path = "(entry)", .kind = SIM_REGULAR, .size = number, .mtime = 1600000000, .ctime = 1600000000, .secret = true };
    return strcmp(right, name) == 0 ? &entry : NULL;
}

static struct sim_inode *inode_find(const char *path)
{
    for (uint32_t i = 0; i < sim.inode_count; i++)
        if (strcmp(sim.inodes[i]->path, path) == 0)
            return sim.inodes[i];
    const char *slash = strrchr(path, '/');
    for (uint32_t i = 0; slash != NULL && i < sim.inode_count; i++) {
        const struct sim_inode *folder = sim.inodes[i];
        if (folder->entries > 0 && strlen(folder->path) == (size_t)(slash - path) && strncmp(folder->path, path, (size_t)(slash - path)) == 0)
            return entry_find(folder, slash + 1);
    }
    return NULL;
}

void sim_inode_bytes(const struct sim_inode *inode, uint64_t at, uint8_t *out, size_t len)
{
    if (inode->content != NULL)
        memcpy(out, inode->content + at, len);
    else
        sim_tag_bytes(inode->tag, at, out, len);
}

/* ------------------------------------------------------------------ from a path to a file */

struct walk {
    char at[PATH_SIZE];        /* absolute, of what was reached; "" is the root of all */
    char rest[PATH_SIZE];      /* still to be walked */
    const char *beneath;       /* not to be left; NULL: anywhere */
    uint64_t resolve;
    int flags;
    int links;
};

static int walk_up(struct walk *w)
{
    if (w->beneath != NULL && strcmp(w->at, w->beneath) == 0)
        return -EXDEV;
    char *slash = strrchr(w->at, '/');
    if (slash != NULL)
        *slash = '\0';
    return 0;
}

/* Puts what a link names in front of the rest. */
static int walk_link(struct walk *w, const struct sim_inode *link)
{
    char joined[2 * PATH_SIZE];
    if (w->resolve & RESOLVE_NO_SYMLINKS || ++w->links > LINKS_MAX)
        return -ELOOP;
    const char *target = link->target;
    if (target[0] == '/') {
        if (w->beneath != NULL)
            return -EXDEV;
        w->at[0] = '\0';
        target++;
    } else {
        *strrchr(w->at, '/') = '\0';
    }
    const int len = snprintf(joined, sizeof(joined), "%s%s%s", target, w->rest[0] != '\0' ? "/" : "", w->rest);
    if (len >= PATH_SIZE)
        return -ENAMETOOLONG;
    memcpy(w->rest, joined, (size_t)len + 1);
    return 0;
}

/* Takes one segment off the rest. 0 or a negated errno. */
static int walk_step(struct walk *w)
{
    const size_t len = strcspn(w->rest, "/");
    const bool last = w->rest[len + strspn(w->rest + len, "/")] == '\0';
    char name[NAME_LONGEST + 1];
    if (len > NAME_LONGEST || strlen(w->at) + len + 2 > PATH_SIZE)
        return -ENAMETOOLONG;
    memcpy(name, w->rest, len);
    name[len] = '\0';
    memmove(w->rest, w->rest + len, strlen(w->rest + len) + 1);
    memmove(w->rest, w->rest + strspn(w->rest, "/"), strlen(w->rest + strspn(w->rest, "/")) + 1);
    if (len == 0 || strcmp(name, ".") == 0)
        return 0;
    if (strcmp(name, "..") == 0)
        return walk_up(w);
    strcat(strcat(w->at, "/"), name);
    const struct sim_inode *inode = inode_find(w->at);
    if (inode == NULL)
        return -ENOENT;
    if (inode->kind == SIM_LINK && !(last && (w->flags & O_NOFOLLOW)))
        return walk_link(w, inode);
    return !last && inode->kind != SIM_FOLDER && inode->kind != SIM_LINK ? -ENOTDIR : 0;
}

/* What open(2) thinks of the flags for this file. */
static int may_open(const struct sim_inode *inode, int flags)
{
    if ((flags & O_DIRECTORY) && inode->kind != SIM_FOLDER)
        return -ENOTDIR;
    if (flags & O_PATH)
        return 0;
    if (inode->kind == SIM_LINK)
        return -ELOOP;
    if (inode->kind == SIM_FIFO && !(flags & O_NONBLOCK))
        sim_broken("open(\"%s\") of a FIFO waits for ever", inode->path);
    if (inode->kind == SIM_DEVICE || inode->kind == SIM_FIFO)
        sim_broken("open(\"%s\"): a %s was opened", inode->path, inode->kind == SIM_FIFO ? "FIFO" : "device");
    if (inode->outside)
        sim_broken("open(\"%s\"): outside of the folder", inode->path);
    if ((flags & O_ACCMODE) != O_RDONLY && inode->kind == SIM_FOLDER)
        return -EISDIR;
    return inode->secret || (flags & O_ACCMODE) != O_RDONLY ? -EACCES : 0;
}

static int open_inode(struct sim_inode *inode, int flags, bool owned)
{
    const int fd = sim_fd_take(SIM_FILE);
    if (fd < 0)
        return fd;
    sim.fds[fd].inode = inode;
    sim.fds[fd].value = (uint64_t)(unsigned)flags;
    sim.fds[fd].owned_inode = owned;
    return fd;
}

/* What a path leads to. 0 or a negated errno. */
static int find_path(int root, const char *path, int flags, uint64_t resolve, struct sim_inode **inode)
{
    struct walk w = { .resolve = resolve, .flags = flags };
    if (strlen(path) >= PATH_SIZE)
        return -ENAMETOOLONG;
    strcpy(w.rest, path);
    const char *start = root == AT_FDCWD || path[0] == '/' ? "" : sim_fd_get(root, SIM_FILE, "openat")->inode->path;
    if ((resolve & RESOLVE_BENEATH) && path[0] == '/')
        return -EXDEV;
    strcpy(w.at, start);
    w.beneath = resolve & RESOLVE_BENEATH ? start : NULL;
    while (w.rest[0] != '\0') {
        const int rc = walk_step(&w);
        if (rc < 0)
            return rc;
    }
    *inode = inode_find(w.at);
    return *inode == NULL ? -ENOENT : 0;
}

static int open_path(int root, const char *path, int flags, uint64_t resolve)
{
    struct sim_inode *inode;
    int rc = find_path(root, path, flags, resolve, &inode);
    if (rc == 0)
        rc = may_open(inode, flags);
    return rc < 0 ? rc : open_inode(inode, flags, false);
}

/* openat has not every errno that openat2 has. */
static int open_strike(bool is_openat2)
{
    const int fault = sim_strike(SIM_OPEN);
    if (fault < 0)
        return 0;
    const int error = sim_fault_errno(fault);
    if (!is_openat2 && (error == ENOSYS || error == EXDEV || error == EAGAIN))
        return 0;
    sim_count((enum sim_fault)fault);
    return -error;
}

int os_openat2(int root, const char *path, int flags, uint64_t resolve)
{
    sim_enter();
    int result = open_strike(true);
    if ((resolve & RESOLVE_CACHED) && sim_strike(SIM_COLD) == FAULT_COLD_PATH) {
        sim_count(FAULT_COLD_PATH);
        result = -EAGAIN;
    }
    if (result == 0)
        result = open_path(root, path, flags, resolve);
    sim_trace("   openat2(%d, \"%s\", %#o) = %d", root, path, (unsigned)flags, result);
    return result;
}

int os_openat(int root, const char *path, int flags)
{
    sim_enter();
    int result = open_strike(false);
    if (result == 0)
        result = open_path(root, path, flags, 0);
    sim_trace("   openat(%d, \"%s\", %#o) = %d", root, path, (unsigned)flags, result);
    return result;
}

int sim_open_tagged(uint64_t tag, uint64_t size)
{
    struct sim_inode *inode = calloc(1, sizeof(*inode));
    if (inode == NULL)
        abort();
    *inode = (struct sim_inode){ .path = "(tagged)", .kind = SIM_REGULAR, .tag = tag, .size = size, .holders = 1 };
    const int fd = open_inode(inode, O_RDONLY, true);
    if (fd < 0)
        free(inode);
    return fd;
}

/* ------------------------------------------------------------------ what is asked of an open file */

static void change_file(struct sim_inode *inode, int fault)
{
    sim_count((enum sim_fault)fault);
    sim_file_ends(inode);
    sim.file_changed = true;
    if (fault == FAULT_FSTAT_FUTURE)
        inode->mtime = 4000000000 + chance_below(sim.chance, 1000000);
    else if (fault == FAULT_FSTAT_ANCIENT)
        inode->mtime = -(int64_t)chance_below(sim.chance, 1000000000);
    else if (inode->content == NULL && inode->kind == SIM_REGULAR)
        inode->size = chance_below(sim.chance, (uint32_t)(inode->size < 100000 ? inode->size + 3 : inode->size));
    sim_file_stands(inode);
}

int os_fstat(int fd, struct stat *status)
{
    sim_enter();
    if (fd >= 0 && fd < SIM_FDS_MAX && sim.fds[fd].kind == SIM_LOG_FILE) {
        *status = (struct stat){ .st_mode = sim.fds[fd].value ? S_IFIFO | 0644 : S_IFREG | 0644 };
        return 0;
    }
    struct sim_inode *inode = sim_fd_get(fd, SIM_FILE, "fstat")->inode;
    const int fault = sim_strike(SIM_FSTAT);
    if (fault >= 0 && sim_fault_errno(fault) != 0) {
        sim_count((enum sim_fault)fault);
        return -sim_fault_errno(fault);
    }
    if (fault >= 0)
        change_file(inode, fault);
    tell_status(inode, status);
    return 0;
}

int os_fstatat(int folder, const char *name, struct stat *status, bool follow)
{
    sim_enter();
    struct sim_inode *inode;
    const int fault = sim_strike(SIM_LOOK);
    if (fault >= 0) {
        sim_count((enum sim_fault)fault);
        return -sim_fault_errno(fault);
    }
    const int rc = find_path(folder, name, follow ? O_PATH : O_PATH | O_NOFOLLOW, 0, &inode);
    if (rc == 0)
        tell_status(inode, status);
    return rc;
}

/* The name of an entry of `folder`, or NULL: it stands elsewhere. */
static const char *entry_name(const struct sim_inode *folder, const struct sim_inode *inode)
{
    const size_t len = strlen(folder->path);
    if (strncmp(inode->path, folder->path, len) != 0 || inode->path[len] != '/' || strchr(inode->path + len + 1, '/') != NULL)
        return NULL;
    return inode->path + len + 1;
}

/* One entry at `out`, where there is room. Its length, or 0. */
static size_t put_entry(const struct sim_inode *inode, const char *name, uint32_t next, char *out, size_t room)
{
    static const unsigned char types[] = { [SIM_REGULAR] = DT_REG, [SIM_FOLDER] = DT_DIR, [SIM_LINK] = DT_LNK, [SIM_FIFO] = DT_FIFO,
                                           [SIM_DEVICE] = DT_CHR };
    struct dirent64 entry = { .d_ino = 1, .d_off = next, .d_type = chance_one_in(sim.chance, 8) ? DT_UNKNOWN : types[inode->kind] };
    const size_t used = offsetof(struct dirent64, d_name) + strlen(name) + 1;
    const size_t len = (used + 7) / 8 * 8;
    if (len > room)
        return 0;
    entry.d_reclen = (unsigned short)len;
    strcpy(entry.d_name, name);
    memcpy(out, &entry, len);
    return len;
}

static int list_strike(void)
{
    const int fault = sim_strike(SIM_LIST);
    if (fault >= 0)
        sim_count((enum sim_fault)fault);
    return fault;
}

ssize_t os_getdents(int folder, void *entries, size_t size)
{
    sim_enter();
    struct sim_fd *f = sim_fd_get(folder, SIM_FILE, "getdents");
    if ((f->value & O_PATH) || f->inode->kind != SIM_FOLDER)
        sim_broken("getdents on descriptor %d, which is not open for that", folder);
    const int fault = list_strike();
    if (fault >= 0 && sim_fault_errno(fault) != 0)
        return -sim_fault_errno(fault);
    size_t len = 0;
    if (is_gone(f->inode))
        return -ENOENT;
    while (f->next_entry < sim.inode_count + f->inode->entries && (len == 0 || fault != FAULT_LIST_SHORT)) {
        char made[256];
        const bool has_inode = f->next_entry < sim.inode_count;
        if (!has_inode)
            sim_entry_name(f->next_entry - sim.inode_count, made);
        const struct sim_inode *inode = has_inode ? sim.inodes[f->next_entry] : entry_find(f->inode, made);
        const char *name = has_inode ? entry_name(f->inode, inode) : made;
        const size_t part = name == NULL ? 0 : put_entry(inode, name, f->next_entry + 1, (char *)entries + len, size - len);
        if (name != NULL && part == 0)
            break;
        len += part;
        f->next_entry++;
    }
    sim_trace("   getdents(%d) = %zu", folder, len);
    return (ssize_t)len;
}

ssize_t os_pread(int fd, void *data, size_t size, uint64_t offset)
{
    sim_enter();
    const struct sim_fd *f = sim_fd_get(fd, SIM_FILE, "pread");
    if (f->value & O_PATH)
        return -EBADF;
    const int fault = sim_strike(SIM_PREAD);
    if (fault >= 0 && sim_fault_errno(fault) != 0) {
        sim_count((enum sim_fault)fault);
        return -sim_fault_errno(fault);
    }
    if (fault == FAULT_PREAD_SHRUNK && f->inode->content == NULL) {
        sim_count(FAULT_PREAD_SHRUNK);
        sim_file_ends(f->inode);
        f->inode->size /= 2;
        sim.file_changed = true;
        sim_file_stands(f->inode);
    }
    const uint64_t rest = offset < f->inode->size ? f->inode->size - offset : 0;
    size_t count = size < rest ? size : (size_t)rest;
    if (fault == FAULT_PREAD_SHORT && count > 1) {
        sim_count(FAULT_PREAD_SHORT);
        count = chance_between(sim.chance, 1, (uint32_t)count - 1);
    }
    sim_inode_bytes(f->inode, offset, data, count);
    return (ssize_t)count;
}

ssize_t os_pread_cached(int fd, void *data, size_t size, uint64_t offset)
{
    const int fault = sim_strike(SIM_COLD);
    if (fault != FAULT_COLD_PAGE && fault != FAULT_COLD_CANNOT_TELL)
        return os_pread(fd, data, size, offset);
    sim_enter();
    sim_fd_get(fd, SIM_FILE, "preadv2");
    sim_count((enum sim_fault)fault);
    return -sim_fault_errno(fault);
}

int os_is_in_memory(int fd)
{
    sim_enter();
    sim_fd_get(fd, SIM_FILE, "fstatfs");
    return chance_one_in(sim.chance, 2);
}

int os_dup(int fd)
{
    sim_enter();
    const struct sim_fd *f = sim_fd_get(fd, SIM_FILE, "dup");
    if (f->owned_inode)
        f->inode->holders++;
    const int copy = open_inode(f->inode, (int)f->value, f->owned_inode);
    if (copy < 0) {
        f->inode->holders -= f->owned_inode;
        return copy;
    }
    sim.fds[copy].is_copy = true;
    sim.copies++;
    return copy;
}

int os_unlink(const char *path)
{
    (void)path;
    sim_enter();
    return 0;
}

/* ------------------------------------------------------------------ the log */

int sim_open_log(bool pipe)
{
    const int fd = sim_fd_take(SIM_LOG_FILE);
    if (fd >= 0)
        sim.fds[fd].value = pipe;
    return fd;
}

ssize_t os_write(int fd, const void *data, size_t size)
{
    sim_enter();
    if (fd == 1 || fd == 2) {
        sim.told++;
        sim_trace("   write(%d): %.*s", fd, (int)size - 1, (const char *)data);
        return (ssize_t)size;
    }
    sim_fd_get(fd, SIM_LOG_FILE, "write");
    int fault = sim_strike(SIM_LOG);
    if (fault == FAULT_LOG_SHORT && size < 2)
        fault = -1;
    if (fault >= 0) {
        sim_count((enum sim_fault)fault);
        sim.log_struck = true;
    }
    if (fault >= 0 && fault != FAULT_LOG_SHORT)
        return -sim_fault_errno(fault);
    const size_t count = fault == FAULT_LOG_SHORT ? chance_between(sim.chance, 1, (uint32_t)size - 1) : size;
    bytes_append(&sim.log, data, count);
    sim.progress++;
    sim_trace("   write(%d, %zu) = %zu", fd, size, count);
    return (ssize_t)count;
}

/* Log rotation: the log's descriptor becomes another file's. */
int os_dup3(int from, int to)
{
    sim_enter();
    sim_fd_get(from, SIM_LOG_FILE, "dup3");
    sim_fd_get(to, SIM_LOG_FILE, "dup3");
    return to;
}
