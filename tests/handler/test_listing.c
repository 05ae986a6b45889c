/* The listing of folders against an engine in the test's hands: work is done when the test says so, and what pull() gives is kept. Rosters are
 * small here, so that a folder of a few hundred entries takes several passes. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handler/roster.h"
#include "os/os.h"
#include "tests/check_support.h"
#include "tests/handler/folder.h"

/* ---- the kernel seam ---- */

static struct {
    size_t held;               /* pieces of memory */
    unsigned allocations_left; /* before one fails */
    int getdents_error;
    unsigned interruptions;    /* of getdents(), to come */
    int openat_error;
    uint64_t now_ms;
} seam;

static void *seam_alloc(size_t size)
{
    void *memory = os_alloc(size);
    seam.held += memory != NULL;
    return memory;
}

static void *seam_alloc_raw(size_t size)
{
    if (seam.allocations_left == 0)
        return NULL;
    seam.allocations_left--;
    void *memory = os_alloc_raw(size);
    seam.held += memory != NULL;
    return memory;
}

static void seam_free(void *memory)
{
    seam.held -= memory != NULL;
    os_free(memory);
}

static ssize_t seam_getdents(int folder, void *entries, size_t size)
{
    if (seam.interruptions > 0) {
        seam.interruptions--;
        return -EINTR;
    }
    if (seam.getdents_error != 0)
        return -seam.getdents_error;
    return os_getdents(folder, entries, size < 2048 ? size : 2048);    /* few at a time */
}

static int seam_openat(int folder, const char *path, int flags)
{
    return seam.openat_error != 0 ? -seam.openat_error : os_openat(folder, path, flags);
}

static uint64_t seam_now_ms(void)
{
    return seam.now_ms;
}

#define os_now_ms seam_now_ms
#define os_alloc seam_alloc
#define os_alloc_raw seam_alloc_raw
#define os_free seam_free
#define os_getdents seam_getdents
#define os_openat seam_openat
#include "handler/file_cache.c"
#include "handler/roster.c"
#undef ROSTER_SIZE_MAX
#define ROSTER_SIZE_MAX (4 * ROSTER_SIZE_MIN)
#include "handler/listing.c"
#undef os_now_ms
#undef os_alloc
#undef os_alloc_raw
#undef os_free
#undef os_getdents
#undef os_openat

/* ---- the engine ---- */

static struct {
    struct weir_request request;
    const char *accept;        /* NULL: there is none */
    void (*work)(void *job);
    void (*done)(void *job);
    void *job;
    unsigned jobs;             /* so far */
    unsigned jobs_max;         /* then weir_offload() says no */
    bool dot_files;
    bool has_left;             /* the client */
    bool is_resumed;
    int status;                /* of the answer; 0: there is none yet */
    bool is_page;
    struct weir_response response;
    char type[40];
    size_t line_count;
    char body[1 << 20];
    size_t len;
    bool is_cut;
    bool is_whole;
} engine;

bool weir_request_field_at(const struct weir_request *request, size_t index, struct weir_slice *name, struct weir_slice *value)
{
    ck_assert_ptr_eq(request, &engine.request);
    if (index > 0 || engine.accept == NULL)
        return false;
    *name = (struct weir_slice){ "accepT", 6 };
    *value = (struct weir_slice){ engine.accept, strlen(engine.accept) };
    return true;
}

struct weir_ticket weir_defer(struct weir_request *request)
{
    ck_assert_ptr_eq(request, &engine.request);
    return (struct weir_ticket){ .serial = 7 };
}

bool weir_offload(struct weir_host *host, void (*work)(void *job), void (*done)(void *job), void *job)
{
    (void)host;
    ck_assert_ptr_null(engine.job);
    if (engine.jobs == engine.jobs_max)
        return false;
    engine.jobs++;
    engine.work = work;
    engine.done = done;
    engine.job = job;
    return true;
}

struct weir_request *weir_claim(struct weir_ticket ticket)
{
    ck_assert_uint_eq(ticket.serial, 7);
    return engine.has_left || engine.status != 0 ? NULL : &engine.request;
}

void weir_resume(struct weir_ticket ticket)
{
    ck_assert_uint_eq(ticket.serial, 7);
    engine.is_resumed = true;
}

void weir_respond(struct weir_request *request, const struct weir_response *response)
{
    ck_assert_ptr_eq(request, &engine.request);
    ck_assert_int_eq(engine.status, 0);
    engine.status = response->status;
    engine.response = *response;
    const struct slice name = SLICE("Content-Type: ");
    const size_t len = (size_t)((const char *)memchr(response->lines.ptr, '\r', response->lines.len) - response->lines.ptr) - name.len;
    ck_assert_int_eq(memcmp(response->lines.ptr, name.ptr, name.len), 0);
    ck_assert_uint_lt(len, sizeof(engine.type));
    memcpy(engine.type, response->lines.ptr + name.len, len);
    engine.type[len] = '\0';
    engine.line_count = 0;
    for (size_t i = 0; i < response->lines.len; i++)
        engine.line_count += response->lines.ptr[i] == '\n';
}

void weir_respond_page(struct weir_request *request, int status, const struct weir_field *fields, size_t field_count)
{
    ck_assert_ptr_eq(request, &engine.request);
    ck_assert_int_eq(engine.status, 0);
    ck_assert(fields == NULL && field_count == 0);
    engine.status = status;
    engine.is_page = true;
}

/* Runs one job, as a thread would, and tells the worker. */
static void run_job(void)
{
    void *job = engine.job;
    ck_assert_ptr_nonnull(job);
    engine.work(job);
    engine.job = NULL;
    engine.done(job);
}

/* Takes what there is, until the content is complete or cut; `room` bytes at a time. */
static void take_all(size_t room)
{
    if (engine.response.body == WEIR_BORROW) {
        ck_assert_uint_lt(engine.response.length, sizeof(engine.body));
        memcpy(engine.body, engine.response.data, engine.response.length);
        engine.len = engine.response.length;
        engine.is_whole = true;
    }
    while (!engine.is_whole && !engine.is_cut) {
        ck_assert_uint_le(room, sizeof(engine.body) - engine.len);
        size_t count = engine.response.pull(engine.response.release_context, engine.body + engine.len, room);
        if (count == WEIR_PULL_LATER) {
            engine.is_resumed = false;
            while (!engine.is_resumed)
                run_job();
        } else if (count == WEIR_PULL_CUT) {
            engine.is_cut = true;
        } else {
            ck_assert_uint_le(count, room);
            engine.len += count;
            engine.is_whole = count == 0;
        }
    }
    engine.body[engine.len] = '\0';
}

static void let_go(void)
{
    if (engine.response.release != NULL)
        engine.response.release(engine.response.release_context);
    engine.response.release = NULL;
}

/* ---- the folder ---- */

static struct beneath beneath;
static struct file_cache cache;        /* of nothing, but where a test wants one */
static char top[FOLDER_PATH_SIZE];
static int root;

static void begin(void)
{
    folder_enter(top);
    root = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(root, 0);
    ck_assert_int_eq(beneath_init(&beneath, root, BENEATH_LINKS_INSIDE), 0);
    memset(&engine, 0, sizeof(engine));
    memset(&seam, 0, sizeof(seam));
    engine.jobs_max = seam.allocations_left = 1000000;
    file_cache_init(&cache, 0, 0, 0);
}

static unsigned descriptors_open(void)
{
    unsigned count = 0;
    for (int fd = 3; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static unsigned descriptors_before;

/* Nothing may be left: no memory, no descriptor, no job, no place among the large ones. */
static void end(void)
{
    let_go();
    file_cache_clear(&cache);
    ck_assert_ptr_null(engine.job);
    ck_assert_uint_eq(seam.held, 0);
    ck_assert_uint_eq(atomic_load(&large), 0);
    if (descriptors_before > 0)
        ck_assert_uint_eq(descriptors_open(), descriptors_before);
    close(root);
    folder_leave(top);
}

static void wish(const char *query, const char *accept)
{
    engine.request.method = engine.request.method != 0 ? engine.request.method : WEIR_GET;
    engine.request.query = (struct weir_slice){ query, strlen(query) };
    engine.accept = accept;
}

static void ask(const char *name, const char *path, const char *query, const char *accept)
{
    const struct listing_folder folder = {
        .beneath = &beneath,
        .cache = &cache,
        .name = slice_of(name),
        .path = slice_of(path),
        .looked_ms = seam.now_ms,
        .dot_files = engine.dot_files,
    };
    descriptors_before = descriptors_open();
    wish(query, accept);
    listing_respond(&engine.request, &folder);
}

/* Asks, has all work done, and takes all there is. */
static void ask_whole(const char *name, const char *path, const char *query, const char *accept)
{
    ask(name, path, query, accept);
    while (engine.status == 0)
        run_job();
    if (!engine.is_page)
        take_all(4096);
}

static void make_files(unsigned count)
{
    char name[32];
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "file %u", i);
        folder_text(name, "");
    }
}

/* ---- tests ---- */

START_TEST(folders_come_first_then_files_in_natural_order)
{
    begin();
    folder_text("b10", "0123456789");
    folder_text("b9", "0");
    folder_text(".hidden", "");
    folder_make("zoo");
    folder_make("Ape");
    ask_whole(".", "/", "", "text/plain");
    ck_assert_int_eq(engine.status, 200);
    ck_assert_str_eq(engine.type, "text/plain; charset=utf-8");
    ck_assert_str_eq(engine.body, "Ape/\nzoo/\nb9\nb10\n");
    ck_assert_int_eq(engine.response.body, WEIR_BORROW);
    end();
}
END_TEST

START_TEST(a_query_sorts_by_size_or_time)
{
    static const struct { const char *query, *body; } cases[] = {
        { "sort=size", "d/\ne/\nc\nb\na\n" },
        { "sort=size&order=desc", "d/\ne/\na\nb\nc\n" },
        { "sort=time", "d/\ne/\nb\na\nc\n" },
        { "sort=time&order=desc", "e/\nd/\nc\na\nb\n" },
        { "order=desc", "e/\nd/\nc\nb\na\n" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct timespec before_1970[2] = { { -1000, 0 }, { -1000, 0 } }, late[2] = { { 4000000000, 0 }, { 4000000000, 0 } };
        const struct timespec early[2] = { { 1000, 0 }, { 1000, 0 } };
        begin();
        folder_text("a", "333");
        folder_text("b", "22");
        folder_text("c", "1");
        folder_make("d");
        folder_make("e");
        ck_assert_int_eq(utimensat(AT_FDCWD, "b", before_1970, 0), 0);
        ck_assert_int_eq(utimensat(AT_FDCWD, "c", late, 0), 0);
        ck_assert_int_eq(utimensat(AT_FDCWD, "d", early, 0), 0);
        ask_whole(".", "/", cases[i].query, "text/plain");
        ck_assert_msg(strcmp(engine.body, cases[i].body) == 0, "'%s': %s", cases[i].query, engine.body);
        end();
    }
}
END_TEST

START_TEST(the_form_is_what_is_accepted)
{
    static const struct { const char *accept, *type, *begins; } cases[] = {
        { NULL, "text/html; charset=utf-8", "<!doctype html>" },
        { "*/*", "text/html; charset=utf-8", "<!doctype html>" },
        { "application/json", "application/json", "[" },
        { "text/html;q=0.5, text/plain", "text/plain; charset=utf-8", "a" },
        { "image/png", "text/html; charset=utf-8", "<!doctype html>" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        begin();
        folder_text("a", "");
        ask_whole(".", "/", "", cases[i].accept);
        ck_assert_str_eq(engine.type, cases[i].type);
        ck_assert(slice_starts_with(slice_of(engine.body), slice_of(cases[i].begins)));
        ck_assert_uint_eq(engine.line_count, i == 2 || i == 3 ? 3 : 5);
        end();
    }
}
END_TEST

START_TEST(a_link_is_what_it_leads_to_and_one_that_leads_out_is_not_there)
{
    begin();
    folder_make("sub");
    folder_make("other");
    folder_text("other/target", "12345");
    folder_text("plain", "1");
    ck_assert_int_eq(symlink("../other/target", "sub/file"), 0);
    ck_assert_int_eq(symlink("../other", "sub/folder"), 0);
    ck_assert_int_eq(symlink("nowhere", "sub/broken"), 0);
    ck_assert_int_eq(symlink("/etc/passwd", "sub/out"), 0);
    ck_assert_int_eq(symlink("../..", "sub/up"), 0);
    ck_assert_int_eq(symlink("loop", "sub/loop"), 0);
    ck_assert_int_eq(mkfifo("sub/pipe", 0600), 0);
    ask_whole("sub", "/sub/", "", "application/json");
    const char *folder = strstr(engine.body, "\"folder\",\"href\":\"folder/\",\"type\":\"folder\"");
    const char *file = strstr(engine.body, "\"file\",\"href\":\"file\"");
    const char *pipe = strstr(engine.body, "\"pipe\",\"href\":\"pipe\",\"type\":\"other\",\"size\":null");
    ck_assert_msg(folder != NULL && file != NULL && folder < file && pipe != NULL, "%s", engine.body);
    ck_assert(strstr(file, "\"size\":5,") != NULL);
    static const char *const absent[] = { "broken", "out", "up", "loop" };
    for (size_t i = 0; i < COUNT_OF(absent); i++)
        ck_assert(strstr(engine.body, absent[i]) == NULL);
    end();
}
END_TEST

START_TEST(a_folder_of_many_entries_is_shown_in_passes_each_entry_once)
{
    begin();
    make_files(1500);
    ask_whole(".", "/", "", "text/plain");
    ck_assert_uint_gt(engine.jobs, 10);
    const char *at = engine.body;
    for (unsigned i = 0; i < 1500; i++) {
        char line[32];
        int len = snprintf(line, sizeof(line), "file %u\n", i);
        ck_assert_msg(strncmp(at, line, (size_t)len) == 0, "line %u: %.20s", i, at);
        at += len;
    }
    ck_assert_str_eq(at, "");
    end();
}
END_TEST

START_TEST(a_page_is_the_same_in_pieces_of_any_size)
{
    static char whole[sizeof(engine.body)];
    static const size_t rooms[] = { 4096, 5000, 65536, 200000 };
    for (size_t i = 0; i < COUNT_OF(rooms); i++) {
        begin();
        folder_make("many");
        ck_assert_int_eq(chdir("many"), 0);
        make_files(700);
        for (unsigned k = 0; k < 700; k++) {
            char name[32];
            const struct timespec then[2] = { { 1000, 0 }, { 1000, 0 } };
            snprintf(name, sizeof(name), "file %u", k);
            ck_assert_int_eq(utimensat(AT_FDCWD, name, then, 0), 0);
        }
        ck_assert_int_eq(chdir(".."), 0);
        ask("many", "/many/", "sort=size", NULL);
        while (engine.status == 0)
            run_job();
        ck_assert_int_eq(engine.response.body, WEIR_PULL);
        ck_assert(engine.response.length == UINT64_MAX);
        take_all(rooms[i]);
        ck_assert(engine.is_whole);
        ck_assert(strstr(engine.body, "0 folders, 700 files, 0 B.") != NULL);
        ck_assert(i == 0 || strcmp(whole, engine.body) == 0);
        memcpy(whole, engine.body, engine.len + 1);
        end();
    }
}
END_TEST

START_TEST(head_opens_the_folder_and_reads_nothing)
{
    begin();
    engine.request.method = WEIR_HEAD;
    seam.getdents_error = EIO;
    ask_whole(".", "/", "", NULL);
    ck_assert_int_eq(engine.status, 200);
    ck_assert_int_eq(engine.response.body, WEIR_PULL);
    ck_assert_uint_eq(engine.jobs, 1);
    end();
    begin();
    engine.request.method = WEIR_HEAD;
    ask("gone", "/gone/", "", NULL);
    run_job();
    ck_assert_int_eq(engine.status, 404);
    end();
}
END_TEST

START_TEST(what_cannot_be_listed_is_answered_with_a_page)
{
    static const struct { int error, status; } cases[] = { { EIO, 500 }, { EACCES, 403 }, { ENOENT, 404 }, { ENOMEM, 503 } };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        begin();
        seam.getdents_error = cases[i].error;
        ask_whole(".", "/", "", NULL);
        ck_assert_int_eq(engine.status, cases[i].status);
        ck_assert(engine.is_page);
        end();
    }
    begin();
    folder_text("file", "");
    ask_whole("file", "/file/", "", NULL);
    ck_assert_int_eq(engine.status, 404);
    end();
}
END_TEST

START_TEST(where_memory_or_threads_are_short_the_answer_is_503_or_a_cut)
{
    for (unsigned count = 0; count < 2; count++) {
        begin();
        make_files(10);
        seam.allocations_left = count;
        ask_whole(".", "/", "", NULL);
        ck_assert_int_eq(engine.status, 503);
        end();
    }
    for (unsigned jobs = 0; jobs < 40; jobs++) {
        begin();
        make_files(700);
        engine.jobs_max = jobs;
        ask_whole(".", "/", "", NULL);
        ck_assert(engine.is_whole || engine.is_cut || engine.status == 503);
        ck_assert(jobs > 0 || engine.status == 503);
        end();
    }
}
END_TEST

START_TEST(a_page_is_sent_in_pieces_where_there_is_no_memory_for_a_copy)
{
    begin();
    folder_text("a", "");
    seam.allocations_left = 2;
    ask_whole(".", "/", "", "text/plain");
    ck_assert_int_eq(engine.response.body, WEIR_PULL);
    ck_assert_str_eq(engine.body, "a\n");
    end();
}
END_TEST

static bool answers_at_once(const char *path, const char *query, const char *accept)
{
    let_go();
    engine.status = 0;
    engine.is_whole = false;
    wish(query, accept);
    if (!listing_respond_cached(&engine.request, &cache, slice_of(path)))
        return false;
    take_all(4096);
    return true;
}

START_TEST(a_page_answers_for_a_second_whoever_asks_for_that_page_of_that_folder)
{
    begin();
    file_cache_init(&cache, 100, 1 << 20, 0);
    folder_text("a", "");
    ask_whole(".", "/", "sort=name", "text/plain");
    folder_text("b", "");
    ck_assert(answers_at_once("/", "", "text/plain"));
    ck_assert_str_eq(engine.body, "a\n");
    ck_assert_str_eq(engine.type, "text/plain; charset=utf-8");
    ck_assert_uint_eq(engine.jobs, 1);
    static const char *const others[][3] = {
        { "/", "", NULL }, { "/", "", "application/json" }, { "/", "order=desc", "text/plain" }, { "/", "sort=size", "text/plain" },
        { "/a/", "", "text/plain" },
    };
    for (size_t i = 0; i < COUNT_OF(others); i++)
        ck_assert(!answers_at_once(others[i][0], others[i][1], others[i][2]));
    seam.now_ms += FILE_CACHE_TRUST_MS - 1;
    ck_assert(answers_at_once("/", "", "text/plain"));
    seam.now_ms++;
    ck_assert(!answers_at_once("/", "", "text/plain"));
    ask_whole(".", "/", "", "text/plain");
    ck_assert_str_eq(engine.body, "a\nb\n");
    ck_assert(answers_at_once("/", "", "text/plain"));
    ck_assert_str_eq(engine.body, "a\nb\n");
    end();
}
END_TEST

START_TEST(no_two_pages_of_a_folder_are_one_in_the_cache)
{
    bool seen[UINT8_MAX + 1] = { false };
    for (int form = 0; form < LISTING_FORM_COUNT; form++)
        for (int sort = 0; sort < LISTING_SORT_COUNT; sort++)
            for (int descending = 0; descending < 2; descending++) {
                const unsigned variant = variant_of(&(struct listing_view){ (enum listing_form)form, (enum listing_sort)sort, descending != 0 });
                ck_assert_uint_ge(variant, CODING_COUNT);
                ck_assert_uint_le(variant, UINT8_MAX);
                ck_assert(!seen[variant]);
                seen[variant] = true;
            }
}
END_TEST

START_TEST(a_page_of_more_than_one_piece_is_not_cached)
{
    begin();
    file_cache_init(&cache, 100, 1 << 20, 0);
    make_files(1000);
    ask_whole(".", "/", "", NULL);
    ck_assert_int_eq(engine.response.body, WEIR_PULL);
    ck_assert(!answers_at_once("/", "", NULL));
    end();
}
END_TEST

START_TEST(a_client_that_leaves_takes_everything_with_it)
{
    for (unsigned jobs = 0; jobs < 4; jobs++) {        /* before it is answered */
        begin();
        make_files(700);
        ask(".", "/", "", NULL);
        for (unsigned i = 0; i < jobs && engine.status == 0; i++)
            run_job();
        engine.has_left = true;
        if (engine.status == 0)
            run_job();
        end();
    }
    for (int is_working = 0; is_working < 2; is_working++) {    /* while it is sent */
        char piece[65536];
        begin();
        make_files(1500);
        ask(".", "/", "", NULL);
        while (engine.status == 0)
            run_job();
        while (is_working && engine.response.pull(engine.response.release_context, piece, sizeof(piece)) != WEIR_PULL_LATER)
            ck_assert_uint_lt(engine.jobs, 1000);
        let_go();
        if (is_working) {
            ck_assert_uint_gt(seam.held, 0);
            run_job();
        }
        end();
    }
}
END_TEST

START_TEST(a_folder_that_is_removed_while_it_is_listed_cuts_the_page)
{
    static const unsigned counts[] = { 700, 1500 };            /* in one pass, and in several */
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        char command[128];
        begin();
        folder_make("many");
        ck_assert_int_eq(chdir("many"), 0);
        make_files(counts[i]);
        ck_assert_int_eq(chdir(".."), 0);
        ask("many", "/many/", "", NULL);
        while (engine.status == 0)
            run_job();
        snprintf(command, sizeof(command), "rm -r '%s/many'", top);
        ck_assert_int_eq(system(command), 0);
        take_all(4096);
        ck_assert(engine.is_cut);
        end();
    }
}
END_TEST

START_TEST(a_folder_that_cannot_be_read_again_cuts_the_page)
{
    begin();
    make_files(1500);
    ask(".", "/", "", NULL);
    while (engine.status == 0)
        run_job();
    seam.openat_error = EMFILE;
    take_all(4096);
    ck_assert(engine.is_cut);
    end();
}
END_TEST

START_TEST(an_interruption_is_no_end)
{
    begin();
    folder_text("a", "");
    seam.interruptions = 20;
    ask_whole(".", "/", "", "text/plain");
    ck_assert_str_eq(engine.body, "a\n");
    end();
}
END_TEST

START_TEST(hidden_names_are_shown_where_that_is_wanted)
{
    begin();
    folder_text(".hidden", "");
    folder_text("shown", "");
    engine.dot_files = true;
    ask_whole(".", "/", "", "text/plain");
    ck_assert_str_eq(engine.body, ".hidden\nshown\n");
    end();
}
END_TEST

/* Their rows are as long as can be, so that the end of a block falls everywhere between two of them, and behind the last. */
START_TEST(a_page_of_the_worst_names_is_whole_however_many_they_are)
{
    char name[LISTING_NAME_MAX + 1];
    memset(name, '\x01', LISTING_NAME_MAX);
    name[LISTING_NAME_MAX] = '\0';
    for (unsigned count = 1; count <= 40; count++) {
        begin();
        for (unsigned i = 0; i < count; i++) {
            name[0] = (char)('A' + i);
            folder_text(name, "");
        }
        ask_whole(".", "/", "", NULL);
        ck_assert(engine.is_whole);
        ck_assert_int_eq(engine.response.body, count < 15 ? WEIR_BORROW : count > 17 ? WEIR_PULL : engine.response.body);
        ck_assert_str_eq(engine.body + engine.len - 8, "</html>\n");
        unsigned rows = 0;
        for (const char *at = engine.body; (at = strstr(at, "<tr><th scope=\"row\">")) != NULL; at++)
            rows++;
        ck_assert_uint_eq(rows, count);
        end();
    }
}
END_TEST

START_TEST(a_folder_that_changes_while_it_is_listed_gives_a_whole_page)
{
    begin();
    make_files(1500);
    ask(".", "/", "", "text/plain");
    while (engine.status == 0)
        run_job();
    for (unsigned i = 0; !engine.is_whole; i++) {
        char name[32];
        snprintf(name, sizeof(name), "file %u", 1400 - i % 700);
        unlink(name);
        snprintf(name, sizeof(name), "later %u", i);
        if (i < 200)
            folder_text(name, "");
        size_t count = engine.response.pull(engine.response.release_context, engine.body, 4096);
        ck_assert(count != WEIR_PULL_CUT);
        engine.is_whole = count == 0;
        if (count == WEIR_PULL_LATER)
            run_job();
        ck_assert_uint_lt(i, 10000);
    }
    end();
}
END_TEST

START_TEST(no_more_than_so_many_large_rosters_are_allowed)
{
    begin();
    const struct listing_folder folder = { .beneath = &beneath, .cache = &cache, .name = SLICE("."), .path = SLICE("/") };
    struct listing *l = listing_new(&engine.request, &folder);
    ck_assert_ptr_nonnull(l);
    l->roster.size = ROSTER_LARGE / 2;
    ck_assert(may_grow(l));
    ck_assert_uint_eq(atomic_load(&large), 0);
    l->roster.size = ROSTER_LARGE;
    atomic_store(&large, LARGE_MAX);
    ck_assert(!may_grow(l));
    ck_assert_uint_eq(atomic_load(&large), LARGE_MAX);
    atomic_store(&large, LARGE_MAX - 1);
    ck_assert(may_grow(l));
    ck_assert(may_grow(l));
    ck_assert_uint_eq(atomic_load(&large), LARGE_MAX);
    atomic_store(&large, 1);
    listing_free(l);
    end();
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("listing");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, folders_come_first_then_files_in_natural_order);
    tcase_add_test(tests, a_query_sorts_by_size_or_time);
    tcase_add_test(tests, the_form_is_what_is_accepted);
    tcase_add_test(tests, a_link_is_what_it_leads_to_and_one_that_leads_out_is_not_there);
    tcase_add_test(tests, a_folder_of_many_entries_is_shown_in_passes_each_entry_once);
    tcase_add_test(tests, a_page_is_the_same_in_pieces_of_any_size);
    tcase_add_test(tests, head_opens_the_folder_and_reads_nothing);
    tcase_add_test(tests, what_cannot_be_listed_is_answered_with_a_page);
    tcase_add_test(tests, where_memory_or_threads_are_short_the_answer_is_503_or_a_cut);
    tcase_add_test(tests, a_page_is_sent_in_pieces_where_there_is_no_memory_for_a_copy);
    tcase_add_test(tests, a_page_answers_for_a_second_whoever_asks_for_that_page_of_that_folder);
    tcase_add_test(tests, no_two_pages_of_a_folder_are_one_in_the_cache);
    tcase_add_test(tests, a_page_of_more_than_one_piece_is_not_cached);
    tcase_add_test(tests, a_client_that_leaves_takes_everything_with_it);
    tcase_add_test(tests, a_folder_that_is_removed_while_it_is_listed_cuts_the_page);
    tcase_add_test(tests, a_folder_that_cannot_be_read_again_cuts_the_page);
    tcase_add_test(tests, an_interruption_is_no_end);
    tcase_add_test(tests, hidden_names_are_shown_where_that_is_wanted);
    tcase_add_test(tests, a_page_of_the_worst_names_is_whole_however_many_they_are);
    tcase_add_test(tests, a_folder_that_changes_while_it_is_listed_gives_a_whole_page);
    tcase_add_test(tests, no_more_than_so_many_large_rosters_are_allowed);
    return check_run(tests);
}
