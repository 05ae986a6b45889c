#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tests/check_support.h"
#include "tests/handler/capture.h"
#include "tests/handler/folder.h"
#include "tests/handler/seam.h"

#define KIB 1024u

/* ---- a folder and its server ---- */

static struct answer before;
static char folder[FOLDER_PATH_SIZE];
static char large[200 * KIB];
static struct static_files *files;
static struct weir_handler handler;
static char error_line[WEIR_ERROR_SIZE];

static void make_files(void)
{
    folder_enter(folder);
    memset(large, 'L', sizeof(large));
    folder_text("secret", "secret");
    folder_make("www");
    folder_text("www/index.html", "<p>home");
    folder_text("www/a.txt", "text");
    folder_text("www/empty.css", "");
    folder_text("www/sp ace", "space");
    folder_text("www/line\nbreak", "line");
    folder_text("www/\xff\x80", "bytes");
    folder_text("www/.hidden", "hidden");
    folder_write("www/8k", large, 8 * KIB);
    folder_write("www/8k-and-1.png", large, 8 * KIB + 1);
    folder_write("www/64k", large, 64 * KIB);
    folder_write("www/64k-and-1", large, 64 * KIB + 1);
    folder_write("www/large.zip", large, sizeof(large));
    static const char *const folders[] = { "folder", "empty", "odd", "odd/index.html", "odd2", "sp ace folder", "\\evil.example", "http:",
                                           ".git", ".well-known", ".well-known/more", "folder/.well-known", ".well-known.not", "a..b" };
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        char path[64];
        snprintf(path, sizeof(path), "www/%s", folders[i]);
        folder_make(path);
    }
    folder_text("www/folder/index.html", "<p>folder");
    folder_text("www/folder/.hidden", "hidden");
    folder_text("www/folder/.well-known/x", "hidden");
    folder_text("www/.git/config", "hidden");
    folder_text("www/.well-known/x", "known");
    folder_text("www/.well-known/.x", "hidden");
    folder_text("www/.well-known/more/x", "known");
    folder_text("www/.well-known.not/x", "hidden");
    folder_text("www/a..b/x", "dots");
    ck_assert_int_eq(mkfifo("www/fifo", 0644), 0);
    ck_assert_int_eq(mkfifo("www/odd2/index.html", 0644), 0);
    ck_assert_int_eq(symlink("../secret", "www/out"), 0);
    ck_assert_int_eq(symlink("a.txt", "www/in"), 0);
    static const char *const changing[] = { "edited", "replaced", "deleted", "cut", "grown", "raced", "kept", "touched", "turned", "two" };
    for (size_t i = 0; i < COUNT_OF(changing); i++) {
        char path[64];
        snprintf(path, sizeof(path), "www/%s", changing[i]);
        folder_text(path, "old text");
    }
    nanosleep(&(struct timespec){ 0, 20000000 }, NULL);        /* what changes from here on does so in another tick of the clock */
}

static void forget_files(void)
{
    folder_leave(folder);
}

static void open_files(void)
{
    struct static_options options = static_defaults();
    options.dir = "www";
    options.workers = 2;
    ck_assert_int_eq(chdir(folder), 0);
    seam.ahead_ms = 10000;                         /* all files have settled: what changed a moment ago is not kept in memory */
    ck_assert_int_eq(static_files_open(&files, &options, &handler, error_line), 0);
}

static void close_files(void)
{
    static_files_close(files);
    ck_assert_uint_eq(seam.held, 0);
}

static void ask_for(const char *path, const char *query, uint32_t worker)
{
    ask_handler(&handler, path, query, worker);
}

/* Asks, and lets the body go at once. */
static void ask(const char *path)
{
    ask_for(path, NULL, 0);
    let_go(&last);
}

static void expect_body(const char *path, const char *body)
{
    ask(path);
    ck_assert_int_eq(last.status, 200);
    ck_assert_str_eq(last.body, body);
    ck_assert_uint_eq(last.len, strlen(body));
}

/* Until entries are no longer believed. */
static void wait_a_second(void)
{
    seam.ahead_ms += FILE_CACHE_TRUST_MS;
}

static int descriptors_open(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* ---- what is where ---- */

struct answer_case {
    const char *path;
    int status;
    const char *type;      /* or, for 301, the Location */
    const char *body;
};

#define PAGE "", NULL

static const struct answer_case answer_cases[] = {
    { "/", 200, "text/html; charset=utf-8", "<p>home" },
    { "/index.html", 200, "text/html; charset=utf-8", "<p>home" },
    { "/a.txt", 200, "text/plain; charset=utf-8", "text" },
    { "/empty.css", 200, "text/css; charset=utf-8", "" },
    { "/sp ace", 200, "application/octet-stream", "space" },
    { "/line\nbreak", 200, "application/octet-stream", "line" },
    { "/\xff\x80", 200, "application/octet-stream", "bytes" },
    { "/in", 200, "application/octet-stream", "text" },
    { "/a..b/x", 200, "application/octet-stream", "dots" },
    { "/folder/", 200, "text/html; charset=utf-8", "<p>folder" },
    { "/folder", 301, "/folder/", NULL },
    { "/sp ace folder", 301, "/sp%20ace%20folder/", NULL },
    { "/\\evil.example", 301, "/%5Cevil.example/", NULL },
    { "/http:", 301, "/http:/", NULL },
    { "/empty/", 404, PAGE },
    { "/odd/", 404, PAGE },
    { "/odd2/", 403, PAGE },
    { "/missing", 404, PAGE },
    { "/missing/", 404, PAGE },
    { "/a.txt/", 404, PAGE },
    { "/a.txt/x", 404, PAGE },
    { "/fifo", 403, PAGE },
    { "/out", 403, PAGE },
    { "/.hidden", 404, PAGE },
    { "/.missing", 404, PAGE },
    { "/folder/.hidden", 404, PAGE },
    { "/.git/config", 404, PAGE },
    { "/.git", 404, PAGE },
    { "/.well-known", 301, "/.well-known/", NULL },
    { "/.well-known/x", 200, "application/octet-stream", "known" },
    { "/.well-known/more/x", 200, "application/octet-stream", "known" },
    { "/.well-known/.x", 404, PAGE },
    { "/.well-known.not/x", 404, PAGE },
    { "/folder/.well-known/x", 404, PAGE },
};

START_TEST(each_path_has_its_answer)
{
    const struct answer_case *c = &answer_cases[_i];
    for (int turn = 0; turn < 2; turn++) {         /* from the disk, and once more: from memory, where it may */
        ask(c->path);
        ck_assert_msg(last.status == c->status, "%s: %d", c->path, last.status);
        if (c->status == 301)
            ck_assert_str_eq(value_of(&last, "Location"), c->type);
        else
            ck_assert_str_eq(value_of(&last, "Content-Type"), c->type);
        if (c->status == 200)
            ck_assert_str_eq(last.body, c->body);
        else
            ck_assert(last.is_page);
    }
}
END_TEST

START_TEST(dot_files_are_served_where_that_is_wanted)
{
    struct static_options options = static_defaults();
    options.dir = "www";
    options.workers = 1;
    options.dot_files = true;
    struct static_files *open;
    struct weir_handler all;
    ck_assert_int_eq(static_files_open(&open, &options, &all, error_line), 0);
    struct weir_handler other = handler;
    handler = all;
    expect_body("/.hidden", "hidden");
    expect_body("/.git/config", "hidden");
    expect_body("/.well-known/.x", "hidden");
    handler = other;
    static_files_close(open);
}
END_TEST

START_TEST(a_redirection_keeps_the_query_as_it_was_sent)
{
    ask_for("/folder", "a=b%20c&d=//x/?", 0);
    ck_assert_str_eq(value_of(&last, "Location"), "/folder/?a=b%20c&d=//x/?");
    ask_for("/folder", "", 0);
    ck_assert_str_eq(value_of(&last, "Location"), "/folder/?");
    ck_assert_int_eq(last.status, 301);
}
END_TEST

START_TEST(a_redirection_that_would_be_too_long_is_refused)
{
    static char query[16 * KIB];
    memset(query, 'q', sizeof(query) - 1);
    ask_for("/folder", query, 0);
    ck_assert_int_eq(last.status, 414);
    query[12288 - strlen("/folder/?")] = '\0';
    ask_for("/folder", query, 0);
    ck_assert_int_eq(last.status, 301);
    ck_assert_uint_eq(strlen(value_of(&last, "Location")), 12288);
    query[12288 - strlen("/folder/?")] = 'q';
    query[12288 - strlen("/folder/?") + 1] = '\0';
    ask_for("/folder", query, 0);
    ck_assert_int_eq(last.status, 414);
}
END_TEST

START_TEST(a_path_that_no_file_can_have_is_not_found)
{
    static char path[20 * KIB];
    static const size_t lengths[] = { 256, 257, 4084, 4085, 4086, 4094, 4095, 4096, 4097, 20 * KIB - 1 };
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (int is_folder = 0; is_folder < 2; is_folder++) {
            memset(path, 'x', sizeof(path));
            path[0] = '/';
            path[lengths[i]] = '\0';
            if (is_folder)
                path[lengths[i] - 1] = '/';
            ask(path);
            ck_assert_int_eq(last.status, 404);
        }
}
END_TEST

START_TEST(a_file_of_up_to_8_kib_is_sent_from_memory_a_larger_one_from_its_descriptor)
{
    int open = descriptors_open();
    ask_for("/8k", NULL, 0);
    ck_assert_int_eq(last.kind, WEIR_BORROW);
    ck_assert_uint_eq(last.len, 8 * KIB);
    ck_assert_int_eq(descriptors_open(), open);
    let_go(&last);

    ask_for("/8k-and-1.png", NULL, 0);
    ck_assert_int_eq(last.kind, WEIR_FILE);
    ck_assert_uint_eq(last.len, 8 * KIB + 1);
    ck_assert_str_eq(value_of(&last, "Content-Type"), "image/png");
    ck_assert_int_eq(descriptors_open(), open + 1);
    let_go(&last);
    ck_assert_int_eq(descriptors_open(), open + 1);            /* the cache keeps it */

    ask("/large.zip");
    ck_assert_uint_eq(last.len, sizeof(large));
    ck_assert_mem_eq(last.body, large, sizeof(large));
    ck_assert_int_eq(descriptors_open(), open + 2);
    int fd = last.fd;
    ask("/large.zip");
    ck_assert_int_eq(last.fd, fd);
    file_cache_clear(&files->workers[0].cache);
    ck_assert_int_eq(descriptors_open(), open);
}
END_TEST

START_TEST(without_a_descriptor_to_spare_one_of_up_to_64_kib_is_sent_from_memory)
{
    struct file_cache *cache = &files->workers[0].cache;
    cache->descriptors_max = 1;
    ask("/64k");
    ck_assert_int_eq(last.kind, WEIR_FILE);
    ask("/8k-and-1.png");
    ck_assert_int_eq(last.kind, WEIR_BORROW);
    ck_assert_uint_eq(last.len, 8 * KIB + 1);
    ask("/64k-and-1");                             /* pushes the other one out of the cache */
    ck_assert_int_eq(last.kind, WEIR_FILE);
    ck_assert_uint_eq(cache->descriptors, 1);
    ask("/64k");
    ck_assert_int_eq(last.kind, WEIR_BORROW);
    ck_assert_mem_eq(last.body, large, 64 * KIB);
}
END_TEST

START_TEST(a_settled_file_has_strong_validators)
{
    static const char *const paths[] = { "/a.txt", "/large.zip" };
    for (size_t i = 0; i < 2; i++) {
        ask(paths[i]);
        ck_assert_int_eq(value_of(&last, "ETag")[0], '"');
        ck_assert_uint_eq(strlen(value_of(&last, "Last-Modified")), 29);
        ck_assert_uint_eq(last.field_count, 4);
        ck_assert_str_eq(value_of(&last, "Accept-Ranges"), "bytes");
    }
}
END_TEST

START_TEST(running_out_of_descriptors_is_not_the_end)
{
    struct rlimit limit, none = { 0 };
    expect_body("/a.txt", "text");
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none.rlim_max = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ask("/empty.css");
    ck_assert_int_eq(last.status, 503);
    ask("/large.zip");
    ck_assert_int_eq(last.status, 503);
    expect_body("/a.txt", "text");                 /* in memory, and believed */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect_body("/empty.css", "");
}
END_TEST

/* ---- memory, and what changes on the disk ---- */

START_TEST(a_warm_file_is_sent_from_the_same_memory)
{
    ask("/a.txt");
    before = last;
    ask("/a.txt");
    ck_assert_ptr_eq(last.data, before.data);
    ck_assert_str_eq(value_of(&last, "ETag"), value_of(&before, "ETag"));
    wait_a_second();             /* looked at again, and found unchanged */
    ask("/a.txt");
    ck_assert_ptr_eq(last.data, before.data);
    ask_for("/a.txt", NULL, 1);                    /* another worker has memory of its own */
    let_go(&last);
    ck_assert_ptr_ne(last.data, before.data);
}
END_TEST

static void edit(void)
{
    folder_text("www/edited", "new text");
}

static void replace(void)
{
    folder_text("www/replacement", "new text, and longer");
    ck_assert_int_eq(rename("www/replacement", "www/replaced"), 0);
}

static void vanish(void)
{
    ck_assert_int_eq(unlink("www/deleted"), 0);
}

static void cut(void)
{
    ck_assert_int_eq(truncate("www/cut", 3), 0);
}

static void grow(void)
{
    folder_write("www/grown", large, sizeof(large));
}

static void touch(void)
{
    const struct timespec times[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
    ck_assert_int_eq(utimensat(AT_FDCWD, "www/touched", times, 0), 0);
}

static void become_folder(void)
{
    ck_assert_int_eq(unlink("www/turned"), 0);
    folder_make("www/turned");
}

struct change_case {
    const char *path;
    void (*change)(void);
    int status;
    size_t len;            /* of the body, for 200 */
    const char *start;     /* of the body, for 200 */
};

static const struct change_case change_cases[] = {
    { "/edited", edit, 200, 8, "new text" },
    { "/replaced", replace, 200, 20, "new text, and longer" },
    { "/deleted", vanish, 404, 0, "" },
    { "/cut", cut, 200, 3, "old" },
    { "/grown", grow, 200, sizeof(large), "LLLLLLLL" },
    { "/touched", touch, 200, 8, "old text" },
    { "/turned", become_folder, 301, 0, "" },
};

#define CHANGES (COUNT_OF(change_cases))

START_TEST(a_change_on_the_disk_is_seen_a_second_later)
{
    char tags[CHANGES][64];
    for (size_t i = 0; i < CHANGES; i++) {
        expect_body(change_cases[i].path, "old text");
        copy_text(tags[i], sizeof(tags[i]), value_of(&last, "ETag"), strlen(value_of(&last, "ETag")));
    }
    for (size_t i = 0; i < CHANGES; i++)
        change_cases[i].change();
    for (size_t i = 0; i < CHANGES; i++)
        expect_body(change_cases[i].path, "old text");             /* still believed, and whole */
    wait_a_second();
    for (size_t i = 0; i < CHANGES; i++) {
        const struct change_case *c = &change_cases[i];
        ask(c->path);
        ck_assert_msg(last.status == c->status, "%s: %d", c->path, last.status);
        ck_assert_str_ne(value_of(&last, "ETag"), tags[i]);
        if (c->status == 200) {
            ck_assert_uint_eq(last.len, c->len);
            ck_assert_int_eq(strncmp(last.body, c->start, strlen(c->start)), 0);
        }
    }
    ask("/touched");
    ck_assert_str_eq(value_of(&last, "Last-Modified"), "Sun, 09 Sep 2001 01:46:40 GMT");
}
END_TEST

/* Its bytes are read when they are sent: the head must be theirs. */
START_TEST(a_change_of_a_file_that_is_sent_from_its_descriptor_is_seen_at_once)
{
    char tag[64];
    static char other[200 * KIB];
    memset(other, 'M', sizeof(other));
    folder_write("www/written", large, sizeof(large));
    ask("/written");
    ck_assert_int_eq(last.kind, WEIR_FILE);
    copy_text(tag, sizeof(tag), value_of(&last, "ETag"), strlen(value_of(&last, "ETag")));
    nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
    int fd = open("www/written", O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(pwrite(fd, other, sizeof(other), 0), sizeof(other));
    ck_assert_int_eq(close(fd), 0);
    ask("/written");
    ck_assert_mem_eq(last.body, other, sizeof(other));
    ck_assert_str_ne(value_of(&last, "ETag"), tag);
    ck_assert_int_eq(truncate("www/written", 100 * KIB), 0);
    ask("/written");
    ck_assert_uint_eq(last.len, 100 * KIB);
}
END_TEST

/* However close they come: who saw the file change may be the very next to ask. */
START_TEST(each_answer_from_a_descriptor_looks_at_its_file_first)
{
    ask("/large.zip");
    ask("/large.zip");
    seam_spare();
    for (unsigned times = 1; times <= 3; times++) {
        ask("/large.zip");
        ck_assert_uint_eq(seam.calls, times);
    }
}
END_TEST

START_TEST(a_borrowed_body_stays_as_it_was_when_its_file_changes)
{
    ask_for("/kept", NULL, 0);
    before = last;
    folder_text("www/kept", "new text");
    wait_a_second();
    expect_body("/kept", "new text");
    ck_assert_mem_eq(before.data, "old text", 8);
    let_go(&before);
}
END_TEST

START_TEST(a_body_may_be_borrowed_many_times_at_once)
{
    ask_for("/two", NULL, 0);
    before = last;
    ask_for("/two", NULL, 0);
    ck_assert_ptr_eq(last.data, before.data);
    let_go(&before);
    ck_assert_mem_eq(last.data, "old text", 8);
    let_go(&last);
    expect_body("/two", "old text");
}
END_TEST

START_TEST(a_file_that_changed_a_moment_ago_is_never_believed)
{
    char text[32];
    seam.ahead_ms = 0;
    for (int i = 0; i < 200; i++) {                /* far more often than a clock tick: times alone could not tell */
        snprintf(text, sizeof(text), "text %05d", i);
        folder_text("www/fresh", text);
        expect_body("/fresh", text);
        ck_assert_int_eq(strncmp(value_of(&last, "ETag"), "W/\"", 3), 0);
    }
}
END_TEST

START_TEST(what_is_not_there_is_not_kept_in_memory)
{
    ask("/later");
    ck_assert_int_eq(last.status, 404);
    folder_text("www/later", "here");
    expect_body("/later", "here");
}
END_TEST

/* ---- races ---- */

static atomic_bool racing;

/* Renames a whole file of one letter over the other, of different lengths. */
static void *replace_all_the_time(void *unused)
{
    for (unsigned i = 0; atomic_load(&racing); i++) {
        static char text[8000];
        size_t len = i % 2 == 0 ? 8000 : 5000;
        memset(text, i % 2 == 0 ? 'a' : 'b', len);
        folder_write("www/raced.new", text, len);
        ck_assert_int_eq(rename("www/raced.new", "www/raced"), 0);
    }
    return unused;
}

/* A race is run until each outcome was seen often enough, on a machine with other things to do, too. */
enum { RACE_SECONDS_MAX = 10 };

START_TEST(a_body_is_one_state_of_its_file_while_it_is_replaced)
{
    unsigned seen[2] = { 0, 0 };
    pthread_t thread;
    seam.ahead_ms = 0;
    folder_text("www/raced", "b");
    atomic_store(&racing, true);
    ck_assert_int_eq(pthread_create(&thread, NULL, replace_all_the_time, NULL), 0);
    const time_t end = time(NULL) + RACE_SECONDS_MAX;
    while ((seen[0] < 200 || seen[1] < 200) && time(NULL) < end) {
        ask("/raced");
        ck_assert_int_eq(last.status, 200);
        if (last.len == 1)
            continue;
        char letter = last.body[0];
        ck_assert_uint_eq(last.len, letter == 'a' ? 8000 : 5000);
        ck_assert_uint_eq(strspn(last.body, letter == 'a' ? "a" : "b"), last.len);
        seen[letter - 'a']++;
    }
    atomic_store(&racing, false);
    pthread_join(thread, NULL);
    ck_assert_uint_gt(seen[0], 10);
    ck_assert_uint_gt(seen[1], 10);
}
END_TEST

/* Empties the file and writes it again, in its place. */
static void *rewrite_all_the_time(void *unused)
{
    static char text[8000];
    memset(text, 'a', sizeof(text));
    while (atomic_load(&racing))
        folder_write("www/raced", text, sizeof(text));
    return unused;
}

START_TEST(a_file_that_is_cut_while_it_is_read_is_never_padded)
{
    unsigned whole = 0, parts = 0;
    pthread_t thread;
    seam.ahead_ms = 0;
    files_may_shrink = true;
    folder_text("www/raced", "a");
    atomic_store(&racing, true);
    ck_assert_int_eq(pthread_create(&thread, NULL, rewrite_all_the_time, NULL), 0);
    const time_t end = time(NULL) + RACE_SECONDS_MAX;
    while ((whole < 200 || parts < 200) && time(NULL) < end) {
        ask("/raced");
        ck_assert_int_eq(last.status, 200);
        if (last.kind == WEIR_FILE)                /* the engine ends the connection where such a file shrinks */
            continue;
        ck_assert_uint_eq(strspn(last.body, "a"), last.len);
        (*(last.len == 8000 ? &whole : &parts))++;
    }
    atomic_store(&racing, false);
    pthread_join(thread, NULL);
    ck_assert_uint_gt(whole, 10);
    ck_assert_uint_gt(parts, 10);
}
END_TEST

/* ---- opening ---- */

START_TEST(a_folder_that_is_not_there_is_an_error_in_one_line)
{
    struct static_options options = static_defaults();
    options.dir = "nowhere";
    struct static_files *none;
    struct weir_handler unused;
    int open = descriptors_open();
    ck_assert_int_eq(static_files_open(&none, &options, &unused, error_line), -ENOENT);
    ck_assert_str_eq(error_line, "cannot serve the folder 'nowhere': No such file or directory");
    options.dir = "www/a.txt";
    ck_assert_int_eq(static_files_open(&none, &options, &unused, error_line), -ENOTDIR);
    ck_assert_str_eq(error_line, "cannot serve the folder 'www/a.txt': Not a directory");
    ck_assert_int_eq(descriptors_open(), open);
    static_files_close(NULL);
}
END_TEST

START_TEST(without_a_name_it_is_the_current_folder)
{
    struct static_options options = static_defaults();
    struct static_files *open;
    struct weir_handler here, other = handler;
    ck_assert_int_eq(static_files_open(&open, &options, &here, error_line), 0);
    handler = here;
    expect_body("/www/a.txt", "text");
    handler = other;
    static_files_close(open);
}
END_TEST

START_TEST(more_workers_than_a_server_has_are_not_made)
{
    struct static_options options = static_defaults();
    options.dir = "www";
    options.workers = 100000;
    struct static_files *open;
    struct weir_handler many;
    ck_assert_int_eq(static_files_open(&open, &options, &many, error_line), 0);
    ck_assert_uint_eq(open->worker_count, 256);
    ask_handler(&many, "/a.txt", NULL, 255);
    let_go(&last);
    ck_assert_int_eq(last.status, 200);
    static_files_close(open);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("static");
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, make_files, forget_files);
    tcase_add_checked_fixture(tests, open_files, close_files);
    tcase_add_loop_test(tests, each_path_has_its_answer, 0, COUNT_OF(answer_cases));
    tcase_add_test(tests, dot_files_are_served_where_that_is_wanted);
    tcase_add_test(tests, a_redirection_keeps_the_query_as_it_was_sent);
    tcase_add_test(tests, a_redirection_that_would_be_too_long_is_refused);
    tcase_add_test(tests, a_path_that_no_file_can_have_is_not_found);
    tcase_add_test(tests, a_file_of_up_to_8_kib_is_sent_from_memory_a_larger_one_from_its_descriptor);
    tcase_add_test(tests, without_a_descriptor_to_spare_one_of_up_to_64_kib_is_sent_from_memory);
    tcase_add_test(tests, a_settled_file_has_strong_validators);
    tcase_add_test(tests, running_out_of_descriptors_is_not_the_end);
    tcase_add_test(tests, a_warm_file_is_sent_from_the_same_memory);
    tcase_add_test(tests, a_change_on_the_disk_is_seen_a_second_later);
    tcase_add_test(tests, a_change_of_a_file_that_is_sent_from_its_descriptor_is_seen_at_once);
    tcase_add_test(tests, each_answer_from_a_descriptor_looks_at_its_file_first);
    tcase_add_test(tests, a_borrowed_body_stays_as_it_was_when_its_file_changes);
    tcase_add_test(tests, a_body_may_be_borrowed_many_times_at_once);
    tcase_add_test(tests, a_file_that_changed_a_moment_ago_is_never_believed);
    tcase_add_test(tests, what_is_not_there_is_not_kept_in_memory);
    tcase_add_test(tests, a_body_is_one_state_of_its_file_while_it_is_replaced);
    tcase_add_test(tests, a_file_that_is_cut_while_it_is_read_is_never_padded);
    tcase_add_test(tests, a_folder_that_is_not_there_is_an_error_in_one_line);
    tcase_add_test(tests, without_a_name_it_is_the_current_folder);
    tcase_add_test(tests, more_workers_than_a_server_has_are_not_made);
    return check_run(tests);
}
