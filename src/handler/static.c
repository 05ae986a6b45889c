#include "handler/static.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/assert.h"
#include "handler/beneath.h"
#include "handler/file_cache.h"
#include "handler/file_head.h"
#include "handler/type_table.h"
#include "http/error_page.h"
#include "os/os.h"
#include "parser/target.h"

#define INDEX_NAME "index.html"
#define WORKERS_MAX 256u

/* A longer Location would not leave the head of the answer enough room. */
#define LOCATION_MAX 12288

/* A file that changes under every reading is given up for memory after so many. */
#define READINGS_MAX 3

/* What one worker has for itself. */
struct static_worker {
    struct beneath beneath;
    struct file_cache cache;
    char apart[64];                    /* no two workers write to one cache line */
};

struct static_files {
    int root;
    bool dot_files;
    uint32_t worker_count;
    struct type_table types;
    struct static_worker workers[];    /* worker_count of them */
};

/* One request on its way to its answer. */
struct visit {
    struct static_files *files;
    struct static_worker *worker;
    struct weir_request *request;
    struct slice path;                 /* as it stands in the request: "/folder/" */
    struct slice name;                 /* of the file, relative: "folder/index.html" */
    char text[PATH_MAX];               /* name, NUL-terminated */
};

/* ---- refusals ---- */

static const struct { int error; int status; } statuses[] = {
    { ENOENT, 404 }, { ENOTDIR, 404 }, { ENAMETOOLONG, 404 },
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

static struct weir_slice api_slice(struct slice s)
{
    return (struct weir_slice){ s.ptr, s.len };
}

/* Answers with the page of `status`; `location`, if it is not empty, is where to go instead. */
static void respond_page(struct weir_request *request, int status, struct slice location)
{
    struct slice page = error_page(status);
    const struct weir_field fields[] = {
        { api_slice(SLICE("Content-Type")), api_slice(SLICE(ERROR_PAGE_TYPE)) },
        { api_slice(SLICE("Location")), api_slice(location) },
    };
    struct weir_response response = {
        .status = status,
        .fields = fields,
        .field_count = location.len > 0 ? 2 : 1,
        .body = WEIR_COPY,
        .data = page.ptr,
        .length = page.len,
    };
    weir_respond(request, &response);
}

static void respond_status(struct weir_request *request, int status)
{
    respond_page(request, status, (struct slice){ NULL, 0 });
}

/* To the same path with a slash behind it, the query kept. A path alone, which target_encode_path() never lets begin with two slashes: it cannot
 * lead to another host. */
static void redirect_to_folder(const struct visit *v)
{
    char location[LOCATION_MAX];
    struct weir_slice query = v->request->query;
    size_t len = target_encode_path(v->path, location, sizeof(location));
    if (len == 0 || len + 1 + (v->request->has_query ? 1 + query.len : 0) > sizeof(location)) {
        respond_status(v->request, 414);
        return;
    }
    location[len++] = '/';
    if (v->request->has_query) {
        location[len++] = '?';
        memcpy(location + len, query.ptr, query.len);
        len += query.len;
    }
    respond_page(v->request, 301, (struct slice){ location, len });
}

/* ---- files ---- */

/* Answers from memory; takes over the caller's hold. */
static void respond_entry(struct weir_request *request, struct file_entry *entry)
{
    struct weir_response response = {
        .status = 200,
        .fields = entry->head.fields,
        .field_count = entry->head.field_count,
        .body = WEIR_BORROW,
        .data = entry->body.ptr,
        .length = entry->body.len,
        .release = file_entry_release,
        .release_context = entry,
    };
    weir_respond(request, &response);
}

static void release_descriptor(void *context)
{
    os_close((int)(intptr_t)context);
}

/* Answers from the descriptor, which is closed when its bytes have left. */
static void respond_file(const struct visit *v, int fd, const struct stat *status)
{
    struct file_head head;
    file_head_compose(&head, &v->files->types.types, v->name, status, os_wall_clock());
    struct weir_response response = {
        .status = 200,
        .fields = head.fields,
        .field_count = head.field_count,
        .body = WEIR_FILE,
        .fd = fd,
        .length = (uint64_t)status->st_size,
        .release = release_descriptor,
        .release_context = (void *)(intptr_t)fd,   /* a descriptor needs no memory to be remembered */
    };
    weir_respond(v->request, &response);
}

/* Reads exactly `size` bytes. 0, -EAGAIN where the file ends before, or a negated errno. */
static int read_whole(int fd, char *out, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = os_pread(fd, out + done, size - done, done);
        if (count < 0)
            return (int)count;
        if (count == 0)
            return -EAGAIN;
        done += (size_t)count;
    }
    return 0;
}

/* One reading of a file into memory: whole and of one piece, the same before and after, or -EAGAIN. `*status` is brought up to date. */
static int read_entry(const struct visit *v, int fd, struct stat *status, struct file_entry **out)
{
    char *body;
    struct stat after = *status;
    struct file_entry *entry = file_entry_new(v->path, (size_t)status->st_size, &body);
    if (entry == NULL)
        return -ENOMEM;
    int rc = read_whole(fd, body, (size_t)status->st_size);
    if (rc == 0 || rc == -EAGAIN) {
        int looked = os_fstat(fd, &after);
        rc = looked < 0 ? looked : rc;
    }
    if (rc == 0 && !file_status_same(status, &after))
        rc = -EAGAIN;
    *status = after;
    if (rc < 0) {
        file_entry_release(entry);
        return rc;
    }
    entry->checked_ms = os_now_ms();
    entry->status = after;
    file_head_compose(&entry->head, &v->files->types.types, v->name, &after, os_wall_clock());
    *out = entry;
    return 0;
}

/* Answers with the open file: through memory where it is small, and then it stays there for the next one who asks. */
static void respond_open(const struct visit *v, int fd, struct stat *status)
{
    struct file_entry *entry = NULL;
    int rc = -EAGAIN;
    for (int i = 0; i < READINGS_MAX && (rc == -EAGAIN || rc == -EINTR) && status->st_size <= FILE_CACHE_BODY_MAX; i++)
        rc = read_entry(v, fd, status, &entry);
    if (rc == -EAGAIN || rc == -EINTR || rc == -ENOMEM) {      /* too large, too restless, or no room: the descriptor does without */
        respond_file(v, fd, status);
        return;
    }
    os_close(fd);
    if (rc < 0) {
        respond_status(v->request, status_of(-rc));
        return;
    }
    if (entry->head.settled)                       /* else a change within the same tick would not show when it is checked again */
        file_cache_put(&v->worker->cache, entry);
    respond_entry(v->request, entry);
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

/* The file that a path means, as a name below the root. false: no name can be that long. */
static bool visit_name_file(struct visit *v)
{
    const struct slice index = SLICE(INDEX_NAME);
    bool is_folder = v->path.ptr[v->path.len - 1] == '/';
    size_t len = v->path.len - 1;
    if (len + (is_folder ? index.len : 0) >= sizeof(v->text))
        return false;
    memcpy(v->text, v->path.ptr + 1, len);
    if (is_folder) {
        memcpy(v->text + len, index.ptr, index.len);
        len += index.len;
    }
    v->text[len] = '\0';
    v->name = (struct slice){ v->text, len };
    return true;
}

/* The entry of the path, as long as it is what the disk says, give or take a second. */
static struct file_entry *entry_current(struct visit *v, uint64_t now_ms)
{
    struct file_entry *entry = file_cache_find(&v->worker->cache, v->path);
    if (entry == NULL || file_entry_is_trusted(entry, now_ms))
        return entry;
    struct stat status;
    if (visit_name_file(v) && beneath_look(&v->worker->beneath, v->text, &status) == 0 && file_status_same(&entry->status, &status)) {
        entry->checked_ms = now_ms;
        return entry;
    }
    file_cache_drop(&v->worker->cache, entry);
    return NULL;
}

static void answer(struct weir_request *request, void *context)
{
    struct static_files *files = context;
    struct visit v;
    weir_assert(request->worker < files->worker_count);
    v.files = files;
    v.worker = &files->workers[request->worker];
    v.request = request;
    v.path = (struct slice){ request->path.ptr, request->path.len };

    struct file_entry *entry = entry_current(&v, os_now_ms());
    if (entry != NULL) {
        file_entry_hold(entry);
        respond_entry(request, entry);
        return;
    }
    struct stat status;
    int fd = -ENOENT;
    if ((files->dot_files || !path_is_hidden(v.path)) && visit_name_file(&v))
        fd = beneath_open(&v.worker->beneath, v.text, &status);
    if (fd >= 0)
        respond_open(&v, fd, &status);
    else if (fd == -EISDIR && v.path.ptr[v.path.len - 1] != '/')
        redirect_to_folder(&v);
    else
        respond_status(request, fd == -EISDIR ? 404 : status_of(-fd));
}

/* ---- opening and closing ---- */

static int refuse(char error[WEIR_ERROR_SIZE], const char *dir, int rc)
{
    snprintf(error, WEIR_ERROR_SIZE, "cannot serve the folder '%.180s': %s", dir, strerrordesc_np(-rc));
    return rc;
}

int static_files_open(struct static_files **out, const struct static_options *options, struct weir_handler *handler,
                      char error[WEIR_ERROR_SIZE])
{
    const char *dir = options->dir != NULL ? options->dir : ".";
    uint32_t workers = options->workers != 0 ? options->workers : os_cpu_count();
    if (workers > WORKERS_MAX)
        workers = WORKERS_MAX;
    int rc = -ENOMEM;
    struct static_files *files = os_alloc(sizeof(*files) + workers * sizeof(files->workers[0]));
    if (files == NULL)
        goto out;
    files->dot_files = options->dot_files;
    files->worker_count = workers;
    files->root = rc = os_openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY);
    if (rc < 0)
        goto free_files;
    for (uint32_t i = 0; i < workers && rc >= 0; i++)
        rc = beneath_init(&files->workers[i].beneath, files->root);
    if (rc < 0)
        goto close_root;
    rc = type_table_open(&files->types, TYPE_TABLE_PATH);
    if (rc < 0)
        goto close_root;
    *handler = (struct weir_handler){ .answer = answer, .context = files };
    *out = files;
    return 0;

close_root:
    os_close(files->root);
free_files:
    os_free(files);
out:
    return refuse(error, dir, rc);
}

void static_files_close(struct static_files *files)
{
    if (files == NULL)
        return;
    for (uint32_t i = 0; i < files->worker_count; i++)
        file_cache_clear(&files->workers[i].cache);
    type_table_close(&files->types);
    os_close(files->root);
    os_free(files);
}
