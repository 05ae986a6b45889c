/* The file server on a kernel seam that a test can bend: its clock moves when the test says so, and its calls fail when the test says so. The
 * sources are included here, under other names for what they call; the calls that are not struck go on to the real kernel. */
#ifndef WEIR_TESTS_HANDLER_SEAM_H
#define WEIR_TESTS_HANDLER_SEAM_H

#include <errno.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdint.h>

#include "os/os.h"

static struct {
    uint64_t ahead_ms;         /* of both clocks */
    unsigned calls;            /* made so far; those that cannot fail are not counted */
    unsigned strike_from;      /* the first call that fails, counted from 1; 0: none */
    unsigned strike_count;     /* how many fail, from there on */
    int error;                 /* an errno; 0: a reading is short, a status tells of another size */
    size_t held;               /* pieces of memory */
    bool is_memory;            /* the file system is one that lives in memory alone */
    int cold;                  /* an errno: what a reading from memory alone gives, and with EAGAIN a look with RESOLVE_CACHED; 0: all is there */
} seam;

/* The next calls count from 1 again; from call `from` on, `count` of them fail with `error`. */
static inline void seam_strike(unsigned from, unsigned count, int error)
{
    seam.calls = 0;
    seam.strike_from = from;
    seam.strike_count = count;
    seam.error = error;
}

static inline void seam_spare(void)
{
    seam_strike(0, 0, 0);
}

static inline bool seam_strikes(void)
{
    seam.calls++;
    return seam.strike_from > 0 && seam.calls >= seam.strike_from && seam.calls - seam.strike_from < seam.strike_count;
}

static inline uint64_t seam_now_ms(void)
{
    return os_now_ms() + seam.ahead_ms;
}

static inline struct timespec seam_wall_clock(void)
{
    struct timespec now = os_wall_clock();
    now.tv_sec += (time_t)(seam.ahead_ms / 1000);
    return now;
}

static inline void *seam_alloc(size_t size)
{
    void *memory = seam_strikes() && seam.error != 0 ? NULL : os_alloc(size);
    seam.held += memory != NULL;
    return memory;
}

static inline void *seam_alloc_raw(size_t size)
{
    void *memory = seam_strikes() && seam.error != 0 ? NULL : os_alloc_raw(size);
    seam.held += memory != NULL;
    return memory;
}

static inline void seam_free(void *memory)
{
    seam.held -= memory != NULL;
    os_free(memory);
}

static inline int seam_openat2(int root, const char *path, int flags, uint64_t resolve)
{
    if ((resolve & RESOLVE_CACHED) != 0) {
        if (seam.cold == EAGAIN)
            return -EAGAIN;
        resolve &= ~(uint64_t)RESOLVE_CACHED;
    }
    return seam_strikes() && seam.error != 0 ? -seam.error : os_openat2(root, path, flags, resolve);
}

static inline int seam_openat(int root, const char *path, int flags)
{
    return seam_strikes() && seam.error != 0 ? -seam.error : os_openat(root, path, flags);
}

static inline int seam_fstat(int fd, struct stat *status)
{
    bool struck = seam_strikes();
    if (struck && seam.error != 0)
        return -seam.error;
    int rc = os_fstat(fd, status);
    if (struck && rc == 0)
        status->st_size += seam.calls;     /* another one each time */
    return rc;
}

static inline ssize_t seam_pread(int fd, void *data, size_t size, uint64_t offset)
{
    if (!seam_strikes())
        return os_pread(fd, data, size, offset);
    return seam.error != 0 ? -seam.error : os_pread(fd, data, (size + 1) / 2, offset);
}

/* A test that has it wait for a disk: nothing is in memory. */
static inline ssize_t seam_pread_cached(int fd, void *data, size_t size, uint64_t offset)
{
    if (seam.cold != 0)
        return -seam.cold;
    if (!seam_strikes())
        return os_pread(fd, data, size, offset);       /* whatever the file system of the tests can tell */
    return seam.error != 0 ? -seam.error : os_pread(fd, data, (size + 1) / 2, offset);
}

static inline int seam_is_in_memory(int fd)
{
    return seam.is_memory ? 1 : os_is_in_memory(fd);
}

#define os_now_ms seam_now_ms
#define os_wall_clock seam_wall_clock
#define os_alloc seam_alloc
#define os_alloc_raw seam_alloc_raw
#define os_free seam_free
#define os_openat2 seam_openat2
#define os_openat seam_openat
#define os_fstat seam_fstat
#define os_pread seam_pread
#define os_pread_cached seam_pread_cached
#define os_is_in_memory seam_is_in_memory
#include "handler/beneath.c"
#include "handler/file_answer.c"
#include "handler/file_cache.c"
#include "handler/file_fetch.c"
#include "handler/file_load.c"
#include "handler/file_parts.c"
#include "handler/static.c"
#include "handler/type_table.c"
#undef os_now_ms
#undef os_wall_clock
#undef os_alloc
#undef os_alloc_raw
#undef os_free
#undef os_openat2
#undef os_openat
#undef os_fstat
#undef os_pread
#undef os_pread_cached
#undef os_is_in_memory

#endif
