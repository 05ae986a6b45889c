/* Temporary folders for the tests of handlers. A step that fails ends the test. */
#ifndef WEIR_TESTS_HANDLER_FOLDER_H
#define WEIR_TESTS_HANDLER_FOLDER_H

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_PATH_SIZE 64

/* Makes an empty folder, which becomes the current one. */
static inline void folder_enter(char path[FOLDER_PATH_SIZE])
{
    memcpy(path, "/tmp/weir-test-XXXXXX", sizeof("/tmp/weir-test-XXXXXX"));
    ck_assert_ptr_nonnull(mkdtemp(path));
    ck_assert_int_eq(chmod(path, 0755), 0);
    ck_assert_int_eq(chdir(path), 0);
}

static inline int folder_forget(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void folder_leave(const char *path)
{
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(nftw(path, folder_forget, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* Writes a file of `len` bytes, over what is there. */
static inline void folder_write(const char *path, const void *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
    ck_assert_int_eq(close(fd), 0);
}

static inline void folder_text(const char *path, const char *text)
{
    folder_write(path, text, strlen(text));
}

static inline void folder_make(const char *path)
{
    ck_assert_int_eq(mkdir(path, 0755), 0);
}

#endif
