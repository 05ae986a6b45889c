#include "cli/page_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reading does not wait for the writer of a FIFO, which is no page anyway. */
enum { PAGE_OPEN = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/* A descriptor, or -1. */
static int open_below(const char *folder, const char *path)
{
    const int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return -1;
    const int fd = openat(dir, path, PAGE_OPEN);
    close(dir);
    return fd;
}

/* A descriptor, or a negated errno. */
static int page_open(const struct cli_options *options, const char *path)
{
    const bool is_relative = options->command == CLI_SERVE && path[0] != '/';
    const int found = is_relative ? open_below(options->files.dir, path) : -1;
    if (found >= 0)
        return found;
    const int fd = open(path, PAGE_OPEN);
    if (fd < 0)
        return -errno;
    return fd;
}

/* Reads `size` bytes. 0, or a negated errno; a file that has become shorter is -EIO. */
static int read_whole(int fd, char *out, size_t size)
{
    size_t len = 0;
    while (len < size) {
        const ssize_t count = read(fd, out + len, size - len);
        if (count < 0 && errno != EINTR)
            return -errno;
        if (count == 0)
            return -EIO;
        len += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

/* NULL, and `*body` is to be freed; or what is wrong with the file. */
static const char *page_read(int fd, struct weir_slice *body)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "must be a regular file";
    if (status.st_size > PAGE_FILE_MAX)
        return "must be at most 1 MiB long";
    const size_t size = (size_t)status.st_size;
    char *const text = malloc(size + 1);           /* an empty file is a page, too */
    if (text == NULL)
        return strerror(ENOMEM);
    const int rc = read_whole(fd, text, size);
    if (rc < 0) {
        free(text);
        return strerror(-rc);
    }
    *body = (struct weir_slice){ text, size };
    return NULL;
}

/* The types that --mime tells of, in `slots`: more than there can be of them. */
enum { TYPE_SLOTS = 2 * CLI_AGAIN_MAX };

static struct media_types own_types(const struct cli_options *options, struct media_type slots[TYPE_SLOTS])
{
    struct media_types types;
    media_types_init(&types, slots, TYPE_SLOTS);
    for (size_t i = 0; i < options->files.type_count; i++)     /* they were checked: one that is refused has been said before */
        (void)media_types_add_own(&types, slice_of(options->files.types[i].type), slice_of(options->files.types[i].ending));
    return types;
}

/* Adds the page, whose type is written to its place in `types`. */
static void page_add(struct page_files *files, const struct cli_options *options, const struct cli_page *page, struct weir_slice body)
{
    struct media_type slots[TYPE_SLOTS];
    const struct media_types types = own_types(options, slots);
    const char *const charset = options->files.charset;
    char *const type = files->types[files->count];
    const size_t len = media_type_write(&types, slice_of(page->file), charset == NULL ? SLICE("") : slice_of(charset), type);
    files->pages[files->count++] = (struct weir_page){ .status = page->status, .type = { type, len }, .body = body };
}

bool page_files_open(struct page_files *files, const struct cli_options *options, char error[CLI_ERROR_SIZE])
{
    files->count = 0;
    for (size_t i = 0; i < options->page_count; i++) {
        const struct cli_page *const page = &options->pages[i];
        struct weir_slice body = { NULL, 0 };
        const int fd = page_open(options, page->file);
        const char *const fault = fd < 0 ? strerror(-fd) : page_read(fd, &body);
        if (fd >= 0)
            close(fd);
        if (fault != NULL) {
            snprintf(error, CLI_ERROR_SIZE, "--error-page %d=%.120s: %s", page->status, page->file, fault);
            page_files_close(files);
            return false;
        }
        page_add(files, options, page, body);
    }
    return true;
}

void page_files_close(struct page_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free((void *)(uintptr_t)files->pages[i].body.ptr);
    files->count = 0;
}
