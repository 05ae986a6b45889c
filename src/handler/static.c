#include "handler/static.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/assert.h"
#include "handler/file_answer.h"
#include "handler/file_cache.h"
#include "handler/file_fetch.h"
#include "handler/listing.h"
#include "handler/preflight.h"
#include "handler/type_table.h"
#include "os/os.h"
#include "parser/glob.h"
#include "parser/target.h"

#define WORKERS_MAX 256u

/* A longer Location would not leave the head of the answer enough room. */
#define LOCATION_MAX 12288

/* The share of the process's descriptors that all caches together may hold: one in so many, half of what connections leave to others. */
#define DESCRIPTORS_SHARE 64

/* What one worker has for itself. */
struct static_worker {
    struct file_cache cache;
    struct boundaries boundaries;
    char apart[64];                    /* no two workers write to one cache line */
};

struct static_files {
    int root;
    bool dot_files;
    bool listing;
    struct slice fallback;             /* the path of the file that answers where there is none: "/app.html"; empty: there is no such */
    struct file_place place;
    struct type_table types;
    uint32_t worker_count;
    struct static_worker workers[];    /* worker_count of them */
};

/* One request on its way to its answer. */
struct visit {
    struct static_files *files;
    struct static_worker *worker;
    struct weir_request *request;
    struct slice path;                 /* of what is to answer: the request's own, "/folder/", or the fallback's */
    const struct weir_ticket *ticket;  /* NULL: the answer was not put off yet */
    uint64_t looked_ms;                /* before the disk was asked; valid after a fetch */
    bool is_fallback;
    bool is_retried;                   /* descriptors ran out, and those of the cache were given up */
};

/* A visit that waits for another thread. */
struct absence {
    struct static_files *files;
    struct weir_ticket ticket;
    struct file_fetch fetch;
    int rc;
    bool is_fallback;
    bool is_retried;
    char path[];                       /* fetch.path */
};

static void visit_begin(struct visit *v);

/* ---- refusals ---- */

static const struct { int error; int status; } statuses[] = {
    { ENOENT, 404 }, { ENOTDIR, 404 }, { ENAMETOOLONG, 404 }, { EISDIR, 404 },
    { EACCES, 403 }, { EPERM, 403 }, { EXDEV, 403 }, { ELOOP, 403 },
    { ENXIO, 403 },                    /* neither file nor folder */
    { EMFILE, 503 }, { ENFILE, 503 }, { ENOMEM, 503 }, { EAGAIN, 503 }, { EINTR, 503 },
};

static int status_of(int error)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i].error == error)
            return statuses[i].status;
    return 500;
}

/* To the same path with a slash behind it, the query kept. A path alone, which target_encode_path() never lets begin with two slashes: it cannot
 * lead to another host. */
static void redirect_to_folder(const struct visit *v)
{
    char location[LOCATION_MAX];
    struct weir_slice query = v->request->query;
    size_t len = target_encode_path(v->path, location, sizeof(location));
    if (len == 0 || len + 1 + (v->request->has_query ? 1 + query.len : 0) > sizeof(location)) {
        weir_respond_page(v->request, 414, NULL, 0);
        return;
    }
    location[len++] = '/';
    if (v->request->has_query) {
        location[len++] = '?';
        memcpy(location + len, query.ptr, query.len);
        len += query.len;
    }
    const struct weir_field field = { { "Location", sizeof("Location") - 1 }, { location, len } };
    weir_respond_page(v->request, 301, &field, 1);
}

static void list_folder(const struct visit *v)
{
    const struct slice name = { v->path.ptr + 1, v->path.len - 2 };
    const struct listing_folder folder = {
        .beneath = &v->files->place.beneath,
        .cache = &v->worker->cache,
        .name = v->path.len == 1 ? SLICE(".") : name,
        .path = v->path,
        .looked_ms = v->looked_ms,
        .dot_files = v->files->dot_files,
    };
    listing_respond(v->request, &folder);
}

static bool names_folder(const struct visit *v)
{
    return v->path.ptr[v->path.len - 1] == '/';
}

/* There is no file to answer with, for the reason `error`. */
static void visit_fail(struct visit *v, int error)
{
    if (error == EISDIR && !names_folder(v) && !v->is_fallback) {
        redirect_to_folder(v);
    } else if (error == EISDIR && names_folder(v) && v->files->listing) {
        list_folder(v);
    } else if (status_of(error) == 404 && v->files->fallback.len > 0 && !v->is_fallback) {
        v->path = v->files->fallback;
        v->is_fallback = true;
        visit_begin(v);
    } else {
        weir_respond_page(v->request, status_of(error), NULL, 0);
    }
}

/* ---- files that are not at hand ---- */

static void read_accept(struct weir_request *request, struct accept_encoding *accept)
{
    const struct slice wanted = SLICE("Accept-Encoding");
    struct weir_slice name, value;
    accept_encoding_init(accept);
    for (size_t i = 0; weir_request_field_at(request, i, &name, &value); i++)
        if (name.len == wanted.len && slice_equals_ignoring_case((struct slice){ name.ptr, name.len }, wanted))
            accept_encoding_add(accept, (struct slice){ value.ptr, value.len });
}

/* The fetch has ended. */
static void visit_end(struct visit *v, struct file_fetch *fetch, int rc)
{
    struct file_entry *entry = file_fetch_settle(fetch, &v->worker->cache, rc);
    v->looked_ms = fetch->looked_ms;
    bool is_short = rc == -EMFILE || rc == -ENFILE;
    if (entry != NULL) {
        file_answer(v->request, entry, &v->worker->boundaries);
    } else if (is_short && !v->is_retried && file_cache_drop_descriptors(&v->worker->cache)) {
        v->is_retried = true;
        visit_begin(v);
    } else {
        visit_fail(v, -rc);
    }
}

static void absence_work(void *job)
{
    struct absence *a = job;
    a->rc = file_fetch_run(&a->fetch);
}

/* Back on the worker's thread. */
static void absence_end(void *job)
{
    struct absence *a = job;
    struct visit v = {
        .files = a->files,
        .worker = &a->files->workers[a->ticket.worker],
        .request = weir_claim(a->ticket),
        .path = a->fetch.path,
        .ticket = &a->ticket,
        .is_fallback = a->is_fallback,
        .is_retried = a->is_retried,
    };
    if (v.request != NULL) {
        visit_end(&v, &a->fetch, a->rc);
    } else {                                       /* the client has left; what was read for it may serve the next one */
        struct file_entry *entry = file_fetch_settle(&a->fetch, &v.worker->cache, a->rc);
        if (entry != NULL)
            file_entry_release(entry);
    }
    os_free(a);
}

/* The fetch would wait for a disk: it goes on where that holds nobody up. Takes over its holds. */
static void visit_leave(struct visit *v, struct file_fetch *fetch)
{
    struct absence *a = os_alloc_raw(sizeof(*a) + v->path.len);
    if (a == NULL) {
        visit_end(v, fetch, -ENOMEM);
        return;
    }
    struct weir_ticket ticket = v->ticket != NULL ? *v->ticket : weir_defer(v->request);
    *a = (struct absence){ .files = v->files, .ticket = ticket, .fetch = *fetch, .is_fallback = v->is_fallback, .is_retried = v->is_retried };
    memcpy(a->path, v->path.ptr, v->path.len);
    a->fetch.path.ptr = a->path;
    a->fetch.may_wait = true;
    if (weir_offload(ticket.host, absence_work, absence_end, a))
        return;
    os_free(a);
    v->is_retried = true;                          /* too much is under way: no second try */
    visit_end(v, fetch, -EAGAIN);
}

static void visit_fetch(struct visit *v)
{
    struct accept_encoding accept;
    struct file_fetch fetch;
    read_accept(v->request, &accept);
    file_fetch_init(&fetch, &v->files->place, &v->worker->cache, v->path, &accept);
    int rc = file_fetch_run(&fetch);
    if (rc == -EAGAIN && v->files->place.beneath.tells)
        visit_leave(v, &fetch);
    else
        visit_end(v, &fetch, rc);
}

/* ---- requests ---- */

/* True where a segment begins with a dot; the first may be ".well-known" (RFC 8615). */
static bool path_is_hidden(struct slice path)
{
    const struct slice known = SLICE("/.well-known/");
    bool is_known = slice_starts_with(path, known) || slice_equals(path, (struct slice){ known.ptr, known.len - 1 });
    for (size_t i = is_known ? known.len - 1 : 1; i < path.len; i++)
        if (path.ptr[i] == '.' && path.ptr[i - 1] == '/')
            return true;
    return false;
}

/* What the client is to have, where it is cached and believed: it is what the disk says, give or take a second. */
static struct file_entry *entry_at_hand(const struct visit *v)
{
    uint64_t now_ms = os_now_ms();
    struct file_entry *entry = file_cache_find(&v->worker->cache, CODING_IDENTITY, v->path);
    if (entry != NULL && !file_entry_is_trusted(entry, now_ms))
        return NULL;
    if (entry != NULL && entry->siblings != 0) {
        struct accept_encoding accept;
        read_accept(v->request, &accept);
        enum coding coding = accept_encoding_choose(&accept, entry->siblings | CODING_BIT(CODING_IDENTITY));
        if (coding != CODING_IDENTITY)
            entry = file_cache_find(&v->worker->cache, coding, v->path);
    }
    return entry != NULL && file_entry_is_trusted(entry, now_ms) ? entry : NULL;
}

static void visit_begin(struct visit *v)
{
    struct file_entry *entry = entry_at_hand(v);
    if (entry != NULL) {
        file_entry_hold(entry);
        if (file_answer_cached(v->request, entry, &v->worker->boundaries))
            return;
        file_entry_release(entry);
    }
    if (entry == NULL && v->files->listing && names_folder(v) && listing_respond_cached(v->request, &v->worker->cache, v->path))
        return;
    if (!v->files->dot_files && !v->is_fallback && path_is_hidden(v->path))
        visit_fail(v, ENOENT);
    else
        visit_fetch(v);
}

static void answer(struct weir_request *request, void *context)
{
    struct static_files *files = context;
    weir_assert(request->worker < files->worker_count);
    if (request->method == WEIR_OPTIONS) {
        preflight_respond(request);
        return;
    }
    struct visit v = {
        .files = files,
        .worker = &files->workers[request->worker],
        .request = request,
        .path = { request->path.ptr, request->path.len },
    };
    visit_begin(&v);
}

/* ---- opening and closing ---- */

struct static_options static_defaults(void)
{
    return (struct static_options){
        .precompressed = true,
        .charset = "utf-8",
        .cache_files = FILE_CACHE_FILES,
        .cache_bytes = FILE_CACHE_BYTES,
    };
}

__attribute__((format(printf, 3, 4)))
static int refuse(char error[WEIR_ERROR_SIZE], int rc, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(error, WEIR_ERROR_SIZE, format, values);
    va_end(values);
    return rc;
}

static int check_indexes(const struct static_options *options, char error[WEIR_ERROR_SIZE])
{
    for (size_t i = 0; i < options->index_count; i++) {
        const char *name = options->indexes[i];
        if (name[0] == '\0' || strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            return refuse(error, -EINVAL, "'%.100s' cannot be an index: it takes the name of a file, like 'index.html'", name);
    }
    return 0;
}

static int check_rules(const struct static_options *options, char error[WEIR_ERROR_SIZE])
{
    for (size_t i = 0; i < options->cache_rule_count; i++) {
        const struct static_cache_rule *rule = &options->cache_rules[i];
        const char *fault = glob_fault(slice_of(rule->glob));
        if (fault != NULL)
            return refuse(error, -EINVAL, "'%.80s' is no pattern for paths: %s", rule->glob, fault);
        if (!file_head_can_say(slice_of(rule->value)))
            return refuse(error, -EINVAL, "'%.80s' cannot be a value of Cache-Control: it takes one line, like 'max-age=3600', of up to %d bytes",
                          rule->value, FILE_CACHE_CONTROL_MAX);
    }
    return 0;
}

static int check_types(const struct static_options *options, char error[WEIR_ERROR_SIZE])
{
    for (size_t i = 0; i < options->type_count; i++) {
        struct media_type slots[2];
        struct media_types types;
        media_types_init(&types, slots, 2);
        if (!media_types_add_own(&types, slice_of(options->types[i].type), slice_of(options->types[i].ending)))
            return refuse(error, -EINVAL, "'%.80s' cannot be the type of '%.40s': it takes one like 'text/markdown'", options->types[i].type,
                          options->types[i].ending);
    }
    if (options->charset != NULL && !media_type_is_charset(slice_of(options->charset)))
        return refuse(error, -EINVAL, "'%.80s' is no charset: it takes a name, like 'utf-8'", options->charset);
    return 0;
}

/* Where the fallback is, as a path; it has to be there at the start. */
static int open_fallback(struct static_files *files, const char *name, char error[WEIR_ERROR_SIZE])
{
    if (name == NULL)
        return 0;
    const char *given = name;
    name += strncmp(name, "./", 2) == 0 ? 2 : name[0] == '/';
    struct stat status;
    int fd = beneath_open(&files->place.beneath, name, &status);
    if (fd < 0)
        return refuse(error, fd, "cannot serve '%.160s' as the fallback, a file below the folder: %s", given, strerrordesc_np(-fd));
    os_close(fd);
    size_t len = strlen(name);
    char *path = os_alloc(1 + len + 1);
    if (path == NULL)
        return refuse(error, -ENOMEM, "cannot serve files: %s", strerrordesc_np(ENOMEM));
    path[0] = '/';
    memcpy(path + 1, name, len + 1);
    files->fallback = (struct slice){ path, 1 + len };
    return 0;
}

/* All that comes from the disk at the start, but for the folder itself. */
static int open_contents(struct static_files *files, const struct static_options *options, char error[WEIR_ERROR_SIZE])
{
    int rc = open_fallback(files, options->fallback, error);
    if (rc < 0)
        return rc;
    rc = type_table_open(&files->types, options->types, options->type_count, TYPE_TABLE_PATH);
    if (rc < 0) {
        os_free((void *)(uintptr_t)files->fallback.ptr);
        return refuse(error, rc, "cannot serve files: %s", strerrordesc_np(-rc));
    }
    files->place.types = &files->types.types;
    return 0;
}

static const enum beneath_links links_of[] = {
    [STATIC_SYMLINKS_INSIDE] = BENEATH_LINKS_INSIDE,
    [STATIC_SYMLINKS_DENY] = BENEATH_LINKS_DENY,
    [STATIC_SYMLINKS_FOLLOW] = BENEATH_LINKS_FOLLOW,
};

static void set_up(struct static_files *files, const struct static_options *options)
{
    static const char *const index = "index.html";
    files->dot_files = options->dot_files;
    files->listing = options->listing;
    files->place.charset = options->charset != NULL ? slice_of(options->charset) : (struct slice){ NULL, 0 };
    files->place.precompressed = options->precompressed;
    files->place.indexes = options->index_count > 0 ? options->indexes : &index;
    files->place.index_count = options->index_count > 0 ? options->index_count : 1;
    files->place.rules = options->cache_rules;
    files->place.rule_count = options->cache_rule_count;
    for (uint32_t i = 0; i < files->worker_count; i++) {
        file_cache_init(&files->workers[i].cache, options->cache_files, options->cache_bytes,
                        os_descriptors_max() / DESCRIPTORS_SHARE / files->worker_count);
        boundaries_init(&files->workers[i].boundaries);
    }
}

int static_files_open(struct static_files **out, const struct static_options *options, struct weir_handler *handler,
                      char error[WEIR_ERROR_SIZE])
{
    const char *dir = options->dir != NULL ? options->dir : ".";
    uint32_t workers = options->workers != 0 ? options->workers : os_cpu_count();
    if (workers > WORKERS_MAX)
        workers = WORKERS_MAX;
    int rc = check_indexes(options, error);
    if (rc == 0)
        rc = check_rules(options, error);
    if (rc == 0)
        rc = check_types(options, error);
    if (rc < 0)
        return rc;
    struct static_files *files = os_alloc(sizeof(*files) + workers * sizeof(files->workers[0]));
    if (files == NULL)
        return refuse(error, -ENOMEM, "cannot serve the folder '%.180s': %s", dir, strerrordesc_np(ENOMEM));
    files->worker_count = workers;
    files->root = rc = os_openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY);
    if (rc >= 0)
        rc = beneath_init(&files->place.beneath, files->root, links_of[options->symlinks]);
    if (rc < 0)
        refuse(error, rc, "cannot serve the folder '%.180s': %s", dir, strerrordesc_np(-rc));
    else
        rc = open_contents(files, options, error);
    if (rc < 0)
        goto close_root;
    set_up(files, options);
    *handler = (struct weir_handler){ .answer = answer, .context = files };
    if (options->cors_origin != NULL)
        handler->methods = WEIR_GET | WEIR_HEAD | WEIR_OPTIONS;
    *out = files;
    return 0;

close_root:
    if (files->root >= 0)
        os_close(files->root);
    os_free(files);
    return rc;
}

void static_files_close(struct static_files *files)
{
    if (files == NULL)
        return;
    for (uint32_t i = 0; i < files->worker_count; i++)
        file_cache_clear(&files->workers[i].cache);
    type_table_close(&files->types);
    os_free((void *)(uintptr_t)files->fallback.ptr);
    os_close(files->root);
    os_free(files);
}
