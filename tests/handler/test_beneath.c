#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "handler/beneath.h"
#include "tests/check_support.h"
#include "tests/handler/folder.h"

static char folder[FOLDER_PATH_SIZE];
static int root;
static struct beneath ways[2];             /* the kernel's, and the walk */

static void enter(void)
{
    folder_enter(folder);
    folder_make("inside");
    folder_make("inside/deep");
    folder_make("outside");
    folder_text("outside/secret", "secret");
    folder_text("inside/file", "file");
    folder_text("inside/deep/file", "deep");
    root = open("inside", O_PATH | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(root, 0);
    ck_assert_int_eq(beneath_init(&ways[0], root, BENEATH_LINKS_INSIDE), 0);
    ways[1] = (struct beneath){ .root = root, .walks = true };
}

static void leave(void)
{
    ck_assert_int_eq(close(root), 0);
    folder_leave(folder);
}

/* The result of an open; what was opened is read into `text` and closed. */
static int open_text(struct beneath *b, const char *path, char text[64])
{
    struct stat status;
    int fd = beneath_open(b, path, &status);
    if (fd < 0)
        return fd;
    ssize_t len = read(fd, text, 63);
    ck_assert_int_ge(len, 0);
    text[len] = '\0';
    ck_assert_int_eq(status.st_size, len);
    ck_assert(S_ISREG(status.st_mode));
    ck_assert_int_eq(close(fd), 0);
    return 0;
}

static int descriptors_open(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

START_TEST(a_file_is_opened_wherever_it_stands_below)
{
    char text[64];
    ck_assert_int_eq(open_text(&ways[_i], "file", text), 0);
    ck_assert_str_eq(text, "file");
    ck_assert_int_eq(open_text(&ways[_i], "deep/file", text), 0);
    ck_assert_str_eq(text, "deep");
}
END_TEST

START_TEST(names_may_hold_any_bytes)
{
    static const char *const names[] = { "a b", "\xff\xfe", "line\nline", "\\", "...", "..a", "a..", "%2e%2e", "-", "~" };
    char text[64], path[128];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof(path), "inside/%s", names[i]);
        folder_text(path, "odd");
        ck_assert_int_eq(open_text(&ways[_i], names[i], text), 0);
    }
}
END_TEST

struct refusal_case {
    const char *path;
    int error;             /* of the kernel's way */
    int walking;           /* of the walk */
};

static const struct refusal_case refusal_cases[] = {
    { "nothing", -ENOENT, -ENOENT },
    { "nothing/file", -ENOENT, -ENOENT },
    { "file/x", -ENOTDIR, -ENOTDIR },
    { "file/x/y", -ENOTDIR, -ENOTDIR },
    { "deep", -EISDIR, -EISDIR },
    { "fifo", -ENXIO, -ENXIO },
    { "socket", -ENXIO, -ENXIO },
    { "../outside/secret", -EXDEV, -EXDEV },
    { "deep/../../outside/secret", -EXDEV, -EXDEV },
    { "..", -EXDEV, -EXDEV },
    { "/etc/passwd", -EXDEV, -EXDEV },
    { "to-secret", -EXDEV, -ELOOP },
    { "to-secret-absolute", -EXDEV, -ELOOP },
    { "to-outside/secret", -EXDEV, -ELOOP },
    { "to-root/etc/passwd", -EXDEV, -ELOOP },
    { "to-proc/self/cwd/outside/secret", -EXDEV, -ELOOP },
    { "to-itself", -ELOOP, -ELOOP },
    { "to-itself/file", -ELOOP, -ELOOP },
    { "to-nothing", -ENOENT, -ELOOP },
};

START_TEST(what_is_no_file_below_is_refused)
{
    const struct refusal_case *c = &refusal_cases[_i];
    char text[64];
    ck_assert_int_eq(mkfifo("inside/fifo", 0644), 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "inside/socket" };
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(symlink("../outside/secret", "inside/to-secret"), 0);
    char absolute[FOLDER_PATH_SIZE + 32];
    snprintf(absolute, sizeof(absolute), "%s/outside/secret", folder);
    ck_assert_int_eq(symlink(absolute, "inside/to-secret-absolute"), 0);
    ck_assert_int_eq(symlink("../outside", "inside/to-outside"), 0);
    ck_assert_int_eq(symlink("/", "inside/to-root"), 0);
    ck_assert_int_eq(symlink("/proc", "inside/to-proc"), 0);
    ck_assert_int_eq(symlink("to-itself", "inside/to-itself"), 0);
    ck_assert_int_eq(symlink("nothing", "inside/to-nothing"), 0);

    int before = descriptors_open();
    int rc = open_text(&ways[0], c->path, text);
    ck_assert_msg(rc == c->error, "%s: %d", c->path, rc);
    rc = open_text(&ways[1], c->path, text);
    ck_assert_msg(rc == c->walking, "walking %s: %d", c->path, rc);
    ck_assert_int_eq(descriptors_open(), before);
    ck_assert_int_eq(close(listener), 0);
}
END_TEST

START_TEST(links_that_stay_inside_are_followed_by_the_kernel_and_refused_by_the_walk)
{
    char text[64];
    ck_assert_int_eq(symlink("deep", "inside/link"), 0);
    ck_assert_int_eq(symlink("link/file", "inside/link-file"), 0);
    ck_assert_int_eq(open_text(&ways[0], "link/file", text), 0);
    ck_assert_str_eq(text, "deep");
    ck_assert_int_eq(open_text(&ways[0], "link-file", text), 0);
    ck_assert_int_eq(open_text(&ways[1], "link/file", text), -ELOOP);
    ck_assert_int_eq(open_text(&ways[1], "link-file", text), -ELOOP);
}
END_TEST

START_TEST(a_path_that_is_not_normal_does_not_leave_by_the_walk)
{
    struct stat status;
    static const char *const paths[] = { "", ".", "./file", "deep//file", "deep/./file", "deep/..", "/file" };
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        ck_assert_int_eq(beneath_look(&ways[1], paths[i], &status), -EXDEV);
}
END_TEST

START_TEST(a_name_that_no_file_can_have_is_too_long)
{
    char path[PATH_MAX + 64], text[64];
    memset(path, 'x', sizeof(path));
    path[256] = '\0';
    ck_assert_int_eq(open_text(&ways[_i], path, text), -ENAMETOOLONG);
    path[255] = '\0';
    ck_assert_int_eq(open_text(&ways[_i], path, text), -ENOENT);
    memset(path, 'x', sizeof(path));
    path[256] = '/';
    path[300] = '\0';
    ck_assert_int_eq(open_text(&ways[_i], path, text), -ENAMETOOLONG);
}
END_TEST

/* A reader of a FIFO would wake its writer; the writer must never see one. */
START_TEST(a_fifo_is_never_opened_for_reading)
{
    char text[64];
    ck_assert_int_eq(mkfifo("inside/fifo", 0644), 0);
    ck_assert_int_eq(open_text(&ways[_i], "fifo", text), -ENXIO);
    ck_assert_int_eq(open("inside/fifo", O_WRONLY | O_NONBLOCK), -1);
    ck_assert_int_eq(errno, ENXIO);
}
END_TEST

START_TEST(what_may_not_be_read_is_refused_but_can_be_looked_at)
{
    char text[64];
    struct stat status;
    bool is_root = geteuid() == 0;                 /* who may read everything */
    ck_assert_int_eq(chmod("inside/deep/file", 0), 0);
    if (is_root)
        ck_assert_int_eq(seteuid(65534), 0);
    ck_assert_int_eq(beneath_look(&ways[_i], "deep/file", &status), 0);
    ck_assert_int_eq(open_text(&ways[_i], "deep/file", text), -EACCES);
    if (is_root)
        ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(a_root_that_is_no_folder_is_refused_at_once)
{
    struct beneath b;
    ck_assert_int_eq(beneath_init(&b, root, BENEATH_LINKS_INSIDE), 0);
    int bad = open("inside/file", O_PATH | O_CLOEXEC);
    ck_assert_int_eq(beneath_init(&b, bad, BENEATH_LINKS_INSIDE), -ENOTDIR);
    ck_assert_int_eq(close(bad), 0);
    ck_assert_int_eq(beneath_init(&b, bad, BENEATH_LINKS_INSIDE), -EBADF);
}
END_TEST

START_TEST(links_are_denied_or_followed_as_the_operator_wants)
{
    struct beneath denied, followed;
    struct stat status;
    char text[64];
    ck_assert_int_eq(beneath_init(&denied, root, BENEATH_LINKS_DENY), 0);
    ck_assert_int_eq(beneath_init(&followed, root, BENEATH_LINKS_FOLLOW), 0);
    ck_assert_int_eq(symlink("deep", "inside/link"), 0);
    ck_assert_int_eq(symlink("../outside", "inside/out"), 0);
    for (int walks = 0; walks < 2; walks++) {
        denied.walks = followed.walks = walks;
        ck_assert_int_eq(open_text(&denied, "link/file", text), -ELOOP);
        ck_assert_int_eq(open_text(&denied, "out/secret", text), -ELOOP);
        ck_assert_int_eq(open_text(&denied, "deep/file", text), 0);
        ck_assert_int_eq(open_text(&followed, "link/file", text), 0);
        ck_assert_str_eq(text, "deep");
        ck_assert_int_eq(open_text(&followed, "out/secret", text), 0);
        ck_assert_str_eq(text, "secret");
        ck_assert_int_eq(beneath_look(&followed, "out", &status), 0);
        ck_assert(S_ISDIR(status.st_mode));
    }
}
END_TEST

START_TEST(what_is_in_memory_is_opened_without_waiting)
{
    struct stat status;
    int rc = beneath_look(&ways[_i], "deep/file", &status);
    ck_assert_int_eq(rc, 0);
    status = (struct stat){ 0 };
    ck_assert_int_eq(beneath_look_cached(&ways[_i], "deep/file", &status), 0);
    ck_assert_int_eq(status.st_size, 4);
    rc = beneath_open_cached(&ways[_i], "deep/file", &status);
    ck_assert_int_ge(rc, 0);
    ck_assert_int_eq(close(rc), 0);
    ck_assert_int_eq(beneath_open_cached(&ways[_i], "deep", &status), -EISDIR);
    rc = beneath_look_cached(&ways[_i], "never-looked-for", &status);
    ck_assert(rc == -ENOENT || (rc == -EAGAIN && ways[_i].tells));
}
END_TEST

START_TEST(a_folder_is_opened_for_its_entries)
{
    char entries[4096];
    int fd = beneath_open_folder(&ways[_i], "deep");
    ck_assert_int_ge(fd, 0);
    ck_assert_int_gt(os_getdents(fd, entries, sizeof(entries)), 0);
    ck_assert_int_eq(close(fd), 0);
    fd = beneath_open_folder(&ways[_i], ".");
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(symlink("../outside", "inside/out"), 0);
    ck_assert_int_eq(beneath_open_folder(&ways[_i], "file"), -ENOTDIR);
    ck_assert_int_eq(beneath_open_folder(&ways[_i], "nothing"), -ENOENT);
    ck_assert_int_lt(beneath_open_folder(&ways[_i], "out"), 0);
    ck_assert_int_lt(beneath_open_folder(&ways[_i], ".."), 0);
}
END_TEST

/* ---- someone inside tries to get out ---- */

static atomic_bool racing;

static void quietly(int rc)
{
    (void)rc;                                      /* each step of a racer fails now and then: the other one was faster */
}

/* "door" is in turn a folder inside and a link to outside; "way" in turn a file and a link to the secret. */
static void *swap_links(void *unused)
{
    while (atomic_load(&racing)) {
        quietly(symlink("../outside", "inside/door.new"));
        quietly(renameat2(AT_FDCWD, "inside/door.new", AT_FDCWD, "inside/door", RENAME_EXCHANGE));
        quietly(renameat2(AT_FDCWD, "inside/door.new", AT_FDCWD, "inside/door", RENAME_EXCHANGE));
        quietly(unlink("inside/door.new"));
        quietly(symlink("../outside/secret", "inside/way.new"));
        quietly(rename("inside/way.new", "inside/way"));
        quietly(symlink("file", "inside/way.new"));
        quietly(rename("inside/way.new", "inside/way"));
        quietly(link("inside/file", "inside/way.new"));
        quietly(rename("inside/way.new", "inside/way"));
    }
    return unused;
}

/* A folder moves up and down the tree, so that ".." in a link means another place at each moment. */
static void *move_folders(void *unused)
{
    while (atomic_load(&racing)) {
        quietly(rename("inside/deep/er", "inside/er"));
        quietly(rename("inside/er", "inside/deep/er"));
    }
    return unused;
}

START_TEST(links_and_renames_that_race_do_not_lead_out)
{
    static const char *const paths[] = { "door/secret", "way", "deep/er/up/secret", "er/up/secret", "deep/er/upper/secret", "door/../way" };
    unsigned long tries = 0, inside = 0;
    pthread_t threads[2];
    char text[64];
    folder_make("inside/door");
    folder_text("inside/door/secret", "file");
    folder_make("inside/deep/er");
    ck_assert_int_eq(symlink("../../outside", "inside/deep/er/up"), 0);        /* inside/outside is not there; outside is from inside/er */
    ck_assert_int_eq(symlink("../../../outside", "inside/deep/er/upper"), 0);
    atomic_store(&racing, true);
    ck_assert_int_eq(pthread_create(&threads[0], NULL, swap_links, NULL), 0);
    ck_assert_int_eq(pthread_create(&threads[1], NULL, move_folders, NULL), 0);
    int before = descriptors_open();
    time_t end = time(NULL) + 3;
    while (time(NULL) < end) {
        const char *path = paths[tries++ % (COUNT_OF(paths))];
        if (open_text(&ways[_i], path, text) == 0) {
            ck_assert_str_ne(text, "secret");
            inside++;
        }
    }
    atomic_store(&racing, false);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    ck_assert_int_eq(descriptors_open(), before);
    ck_assert_uint_gt(inside, 100);                /* the race was on: what is inside was seen, too */
    ck_assert_uint_gt(tries, inside);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("beneath");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_loop_test(tests, a_file_is_opened_wherever_it_stands_below, 0, 2);
    tcase_add_loop_test(tests, names_may_hold_any_bytes, 0, 2);
    tcase_add_loop_test(tests, what_is_no_file_below_is_refused, 0, COUNT_OF(refusal_cases));
    tcase_add_test(tests, links_that_stay_inside_are_followed_by_the_kernel_and_refused_by_the_walk);
    tcase_add_test(tests, a_path_that_is_not_normal_does_not_leave_by_the_walk);
    tcase_add_loop_test(tests, a_name_that_no_file_can_have_is_too_long, 0, 2);
    tcase_add_loop_test(tests, a_fifo_is_never_opened_for_reading, 0, 2);
    tcase_add_loop_test(tests, what_may_not_be_read_is_refused_but_can_be_looked_at, 0, 2);
    tcase_add_test(tests, a_root_that_is_no_folder_is_refused_at_once);
    tcase_add_test(tests, links_are_denied_or_followed_as_the_operator_wants);
    tcase_add_loop_test(tests, what_is_in_memory_is_opened_without_waiting, 0, 2);
    tcase_add_loop_test(tests, a_folder_is_opened_for_its_entries, 0, 2);
    tcase_add_loop_test(tests, links_and_renames_that_race_do_not_lead_out, 0, 2);
    return check_run(tests);
}
