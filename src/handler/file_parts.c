#include "handler/file_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "os/os.h"

#define BOUNDARY_LEN 32

/* Of what stands in front of a part's bytes: the boundary, Content-Type, Content-Encoding, Content-Range. */
#define PART_HEAD_MAX 512
_Static_assert(PART_HEAD_MAX <= 4096, "pull() has room for one at any time");
_Static_assert(BOUNDARY_LEN + MEDIA_TYPE_MAX + 200 <= PART_HEAD_MAX, "the longest head fits");

/* What is read at once on another thread. */
#define AHEAD_SIZE (64u * 1024)

/* One answer under way. `is_loading` tells whose the last three are: the other thread's, or the worker's. */
struct file_parts {
    struct file_entry *entry;          /* held */
    struct range_set set;
    char boundary[BOUNDARY_LEN];
    uint32_t part;                     /* the one that is being sent; set.count: the closing boundary; beyond: nothing */
    bool in_bytes;                     /* its head was sent */
    bool is_loading;                   /* a job reads ahead */
    bool is_released;                  /* nobody waits for it: it is only to be freed */
    uint64_t at;                       /* the next of the part's bytes; valid while in_bytes */
    struct weir_ticket ticket;         /* valid where the body is a file, as the next three */
    uint64_t ahead_at;                 /* where what was read ahead stands in the file; UINT64_MAX: nothing was asked for */
    ssize_t ahead_len;                 /* how much there is; 0 or less where nothing could be read */
    char ahead[];                      /* AHEAD_SIZE bytes */
};

/* ---- boundaries ---- */

void boundaries_init(struct boundaries *boundaries)
{
    struct timespec now = os_wall_clock();
    *boundaries = (struct boundaries){ .secret = { (uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec, os_now_ms() } };
    int fd = os_openat(AT_FDCWD, "/dev/urandom", O_RDONLY);
    if (fd < 0)
        return;
    uint64_t drawn[2];
    if (os_pread(fd, drawn, sizeof(drawn), 0) == (ssize_t)sizeof(drawn))
        memcpy(boundaries->secret, drawn, sizeof(drawn));
    os_close(fd);
}

/* Each bit of the input changes each bit of the output with even chance (the finaliser of splitmix64). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* A secret before and one behind the mixing: one boundary does not tell the next. */
static void draw_boundary(struct boundaries *boundaries, char out[BOUNDARY_LEN])
{
    const uint64_t *secret = boundaries->secret;
    for (int half = 0; half < 2; half++) {
        uint64_t bits = mix(mix(secret[0] + ++boundaries->count) ^ secret[1]);
        for (int i = 0; i < BOUNDARY_LEN / 2; i++)
            out[half * BOUNDARY_LEN / 2 + i] = "0123456789abcdef"[bits >> (4 * i) & 15];
    }
}

/* ---- what is sent ---- */

static size_t write_part_head(const struct file_parts *p, uint32_t part, char out[PART_HEAD_MAX])
{
    const struct byte_range *range = &p->set.ranges[part];
    int content_len = (int)(p->entry->lines.len - p->entry->rest.len);     /* the first stretch of file_head.h */
    return (size_t)snprintf(out, PART_HEAD_MAX, "%s--%.*s\r\n%.*sContent-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n\r\n",
                            part == 0 ? "" : "\r\n", BOUNDARY_LEN, p->boundary, content_len, p->entry->lines.ptr, range->first, range->last,
                            p->entry->size);
}

static size_t write_end(const struct file_parts *p, char out[PART_HEAD_MAX])
{
    return (size_t)snprintf(out, PART_HEAD_MAX, "\r\n--%.*s--\r\n", BOUNDARY_LEN, p->boundary);
}

static uint64_t length_of(const struct file_parts *p)
{
    char text[PART_HEAD_MAX];
    uint64_t length = write_end(p, text);
    for (uint32_t i = 0; i < p->set.count; i++)
        length += write_part_head(p, i, text) + (p->set.ranges[i].last - p->set.ranges[i].first + 1);
    return length;
}

/* False where an open file is another one than its head says: cut, or written to in its place. What was appended does not matter. */
static bool is_whole(const struct file_entry *entry)
{
    struct stat now;
    if (entry->fd < 0)
        return true;
    if (os_fstat(entry->fd, &now) < 0 || (uint64_t)now.st_size < entry->size)
        return false;
    return (uint64_t)now.st_size > entry->size || (now.st_mtim.tv_sec == entry->status.st_mtim.tv_sec
                                                   && now.st_mtim.tv_nsec == entry->status.st_mtim.tv_nsec);
}

/* ---- bytes that are not in memory ---- */

static void free_parts(struct file_parts *p)
{
    file_entry_release(p->entry);
    os_free(p);
}

static void load_work(void *job)
{
    struct file_parts *p = job;
    p->ahead_len = os_pread(p->entry->fd, p->ahead, AHEAD_SIZE, p->ahead_at);
}

static void load_end(void *job)
{
    struct file_parts *p = job;
    p->is_loading = false;
    if (p->is_released)
        free_parts(p);
    else
        weir_resume(p->ticket);
}

/* Up to `size` bytes from p->at on. A count of bytes; WEIR_PULL_LATER; WEIR_PULL_CUT where they cannot be had. */
static size_t read_file(struct file_parts *p, char *out, size_t size)
{
    int fd = p->entry->fd;
    if (p->is_loading)
        return WEIR_PULL_LATER;
    if (p->ahead_len > 0 && p->at >= p->ahead_at && p->at - p->ahead_at < (uint64_t)p->ahead_len) {
        size_t start = (size_t)(p->at - p->ahead_at), there = (size_t)p->ahead_len - start;
        memcpy(out, p->ahead + start, size < there ? size : there);
        return size < there ? size : there;
    }
    if (p->at == p->ahead_at)
        return WEIR_PULL_CUT;                      /* asked for, and not to be had */
    ssize_t count = os_pread_cached(fd, out, size, p->at);
    if (count == -EOPNOTSUPP && os_is_in_memory(fd) > 0)
        count = os_pread(fd, out, size, p->at);
    if (count == -EAGAIN || count == -EOPNOTSUPP) {
        p->ahead_at = p->at;
        p->is_loading = weir_offload(p->ticket.host, load_work, load_end, p);
        if (p->is_loading)
            return WEIR_PULL_LATER;
        count = os_pread(fd, out, size, p->at);    /* no thread is to be had: better slow than cut */
    }
    return count > 0 ? (size_t)count : WEIR_PULL_CUT;
}

/* ---- one after the other ---- */

/* Some of the current part's bytes, at least one, or LATER, or CUT. */
static size_t write_bytes(struct file_parts *p, char *out, size_t room)
{
    uint64_t left = p->set.ranges[p->part].last - p->at + 1;
    size_t size = left < room ? (size_t)left : room, len = size;
    if (p->entry->fd < 0)
        memcpy(out, p->entry->body.ptr + p->at, size);
    else
        len = read_file(p, out, size);
    if (len == WEIR_PULL_LATER || len == WEIR_PULL_CUT)
        return len;
    p->at += len;
    if (p->at > p->set.ranges[p->part].last) {
        p->in_bytes = false;
        p->part++;
    }
    return len;
}

/* The head of a part, or the end. 0: there is no room for it, or nothing left. */
static size_t write_text(struct file_parts *p, char *out, size_t room)
{
    if (p->part > p->set.count || room < PART_HEAD_MAX)
        return 0;
    if (p->part == p->set.count) {
        p->part++;
        return write_end(p, out);
    }
    p->at = p->set.ranges[p->part].first;
    p->in_bytes = true;
    return write_part_head(p, p->part, out);
}

static size_t pull(void *context, void *out, size_t room)
{
    struct file_parts *p = context;
    size_t done = 0;
    if (!is_whole(p->entry))
        return WEIR_PULL_CUT;
    while (done < room) {
        char *to = (char *)out + done;
        size_t len = p->in_bytes ? write_bytes(p, to, room - done) : write_text(p, to, room - done);
        if (len == WEIR_PULL_CUT)
            return len;
        if (len == WEIR_PULL_LATER)                /* what is there is taken; the next call says LATER, or goes on */
            return done > 0 ? done : len;
        if (len == 0)
            break;
        done += len;
    }
    return done;
}

static void release(void *context)
{
    struct file_parts *p = context;
    p->is_released = true;
    if (!p->is_loading)
        free_parts(p);
}

void file_parts_respond(struct weir_request *request, struct file_entry *entry, const struct range_set *set, struct boundaries *boundaries)
{
    bool is_file = entry->fd >= 0;
    struct file_parts *p = os_alloc_raw(sizeof(*p) + (is_file ? AHEAD_SIZE : 0));
    if (p == NULL) {
        file_entry_release(entry);
        weir_respond_page(request, 503, NULL, 0);
        return;
    }
    *p = (struct file_parts){ .entry = entry, .set = *set, .ahead_at = UINT64_MAX };
    if (is_file)
        p->ticket = weir_defer(request);           /* for pull(), which may have to wait; the answer itself is given at once */
    draw_boundary(boundaries, p->boundary);
    char type[64];
    int type_len = snprintf(type, sizeof(type), "multipart/byteranges; boundary=%.*s", BOUNDARY_LEN, p->boundary);
    const struct weir_field field = { { "Content-Type", sizeof("Content-Type") - 1 }, { type, (size_t)type_len } };
    const struct weir_response response = {
        .status = 206,
        .fields = &field,
        .field_count = 1,
        .lines = { entry->rest.ptr, entry->rest.len },
        .body = WEIR_PULL,
        .length = length_of(p),
        .pull = pull,
        .release = release,
        .release_context = p,
    };
    weir_respond(request, &response);
}
