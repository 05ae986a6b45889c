/* Three phases, each a bit of work on another thread at a time, so that a folder of a million entries leaves these threads to others in between:
 *
 *     OPEN   the folder is opened; for HEAD that is all
 *     SCAN   a pass over the folder: the roster keeps what comes next in order
 *     EMIT   rows are composed into the block, which pull() hands out; when the roster is used up and had let entries go: the next SCAN
 *     OVER   all is composed
 *
 * The listing belongs to the thread while `runs`, to the worker otherwise. A page that fits one block is answered whole, and cached. */
#include "handler/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "core/assert.h"
#include "handler/roster.h"
#include "http/listing_page.h"
#include "os/os.h"
#include "parser/accept.h"

enum phase { PHASE_OPEN, PHASE_SCAN, PHASE_EMIT, PHASE_OVER };

#define BLOCK_SIZE 65536u

/* Readings of the folder, each of as many entries as the block holds, before the thread is given back. */
#define READINGS_MAX 8

/* Rosters that are larger than this count as large, and no more of these are allowed in the process. */
#define ROSTER_LARGE (64u << 10)
#define LARGE_MAX 32u

_Static_assert(LISTING_HEAD_MAX + LISTING_ROW_MAX <= BLOCK_SIZE, "a block takes the head and a row");
_Static_assert(LISTING_FOOT_MAX <= LISTING_ROW_MAX, "where there is room for a row there is room for the foot");

struct listing {
    struct weir_ticket ticket;
    const struct beneath *beneath;
    struct file_cache *cache;
    uint64_t looked_ms;
    struct listing_view view;
    bool is_head;
    bool dot_files;
    bool runs;                         /* compose_some() is under way: nothing but `released` is the worker's */
    bool is_answered;
    bool released;                     /* the response needs it no more */
    bool is_large;                     /* counted in `large` */
    bool has_head;                     /* the head of the page is composed */
    enum phase phase;
    int error;                         /* a negated errno: the page cannot be completed */
    int folder;                        /* a descriptor in SCAN and EMIT, else -1 */
    struct roster roster;
    uint32_t next;                     /* of the roster, in EMIT */
    struct listing_totals totals;
    struct slice name, path;           /* in `text`; the name has a NUL behind it */
    size_t block_len, block_at;        /* composed, and taken by pull() */
    char look[PATH_MAX];               /* the path of an entry */
    char block[BLOCK_SIZE];            /* rows in EMIT; entries as the kernel tells them in SCAN */
    char text[];
};

static atomic_uint large;

/* ---- on the other thread ---- */

/* What there is of it is given back as soon as all is composed. */
static void let_folder_go(struct listing *l)
{
    if (l->folder >= 0)
        os_close(l->folder);
    l->folder = -1;
    roster_free(&l->roster);
    if (l->is_large)
        atomic_fetch_sub(&large, 1);
    l->is_large = false;
}

/* `name` in the folder; a link is what it leads to, as far as links may lead. */
static int look_at(struct listing *l, struct slice name, struct stat *status)
{
    char text[LISTING_NAME_MAX + 1];
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    int rc = os_fstatat(l->folder, text, status, false);
    if (rc < 0 || !S_ISLNK(status->st_mode))
        return rc;
    size_t at = 0;
    if (!slice_equals(l->name, SLICE("."))) {
        if (l->name.len + 1 + name.len >= sizeof(l->look))
            return -ENAMETOOLONG;
        memcpy(l->look, l->name.ptr, l->name.len);
        at = l->name.len;
        l->look[at++] = '/';
    }
    memcpy(l->look + at, text, name.len + 1);
    return beneath_look(l->beneath, l->look, status);
}

static uint64_t rank_of(const struct listing *l, const struct stat *status)
{
    if (l->view.sort == LISTING_BY_TIME)
        return (uint64_t)status->st_mtim.tv_sec ^ UINT64_C(1) << 63;       /* the order of signed numbers */
    return S_ISREG(status->st_mode) ? (uint64_t)status->st_size : 0;
}

/* Links that lead out or nowhere, and what has just gone, are passed over. */
static int scan_entry(struct listing *l, struct slice name, unsigned char type)
{
    if (name.len == 0 || name.len > LISTING_NAME_MAX || slice_equals(name, SLICE(".")) || slice_equals(name, SLICE("..")))
        return 0;
    if (name.ptr[0] == '.' && !l->dot_files)
        return 0;
    struct roster_entry entry = { .name = name, .is_folder = type == DT_DIR };
    struct stat status;
    if (l->roster.by_rank || type == DT_LNK || type == DT_UNKNOWN) {
        if (look_at(l, name, &status) < 0)
            return 0;
        entry.is_folder = S_ISDIR(status.st_mode);
        entry.rank = rank_of(l, &status);
    }
    return roster_offer(&l->roster, &entry);
}

/* Is there room in the process for this one to grow large? */
static bool may_grow(struct listing *l)
{
    if (l->is_large || l->roster.size < ROSTER_LARGE)
        return true;
    l->is_large = atomic_fetch_add(&large, 1) < LARGE_MAX;
    if (!l->is_large)
        atomic_fetch_sub(&large, 1);
    return l->is_large;
}

/* One reading of the folder. 1: there is more; 0: the pass is over; or a negated errno. */
static int scan_some(struct listing *l)
{
    ssize_t count = os_getdents(l->folder, l->block, sizeof(l->block));
    if (count <= 0)
        return count == -EINTR ? 1 : (int)count;
    if (!may_grow(l))
        return -EAGAIN;
    for (size_t at = 0; at < (size_t)count;) {
        unsigned short len;
        memcpy(&len, l->block + at + offsetof(struct dirent64, d_reclen), sizeof(len));
        const char *name = l->block + at + offsetof(struct dirent64, d_name);
        unsigned char type = (unsigned char)l->block[at + offsetof(struct dirent64, d_type)];
        int rc = scan_entry(l, slice_of(name), type);
        if (rc < 0)
            return rc;
        at += len;
    }
    return 1;
}

static int scan(struct listing *l)
{
    int rc = 1;
    for (int i = 0; i < READINGS_MAX && rc > 0; i++)
        rc = scan_some(l);
    if (rc == 0) {
        roster_end(&l->roster);
        l->next = 0;
        l->phase = PHASE_EMIT;
    }
    return rc < 0 ? rc : 0;
}

/* The same folder, from its first entry, whatever it is called by now. */
static int begin_again(struct listing *l)
{
    int folder = os_openat(l->folder, ".", O_RDONLY | O_DIRECTORY);
    if (folder < 0)
        return folder;
    os_close(l->folder);
    l->folder = folder;
    roster_begin(&l->roster);
    l->phase = PHASE_SCAN;
    return 0;
}

static void emit_row(struct listing *l, const struct roster_entry *kept)
{
    struct stat status;
    if (look_at(l, kept->name, &status) < 0)
        return;
    struct listing_entry entry = { kept->name, LISTING_OTHER, 0, status.st_mtim.tv_sec };
    if (S_ISDIR(status.st_mode))
        entry.kind = LISTING_FOLDER;
    else if (S_ISREG(status.st_mode))
        entry.kind = LISTING_FILE;
    entry.size = (uint64_t)status.st_size;
    l->block_len += listing_page_row(&l->view, &entry, &l->totals, l->block + l->block_len);
}

/* The page ends as a whole one, unless its folder is there no more: then nothing that it still says would be so. */
static int finish(struct listing *l)
{
    struct stat status;
    int rc = os_fstat(l->folder, &status);
    if (rc == 0 && status.st_nlink == 0)
        rc = -ENOENT;
    if (rc < 0)
        return rc;
    l->block_len += listing_page_foot(&l->view, &l->totals, l->block + l->block_len);
    l->phase = PHASE_OVER;
    let_folder_go(l);
    return 0;
}

static int emit(struct listing *l)
{
    if (!l->has_head)
        l->block_len = listing_page_head(&l->view, l->path, l->block);
    l->has_head = true;
    while (l->next < l->roster.count && sizeof(l->block) - l->block_len >= LISTING_ROW_MAX) {
        struct roster_entry entry = roster_at(&l->roster, l->next++);
        emit_row(l, &entry);
    }
    if (l->next < l->roster.count || sizeof(l->block) - l->block_len < LISTING_ROW_MAX)
        return 0;
    return l->roster.has_dropped ? begin_again(l) : finish(l);
}

static int open_folder(struct listing *l)
{
    l->folder = beneath_open_folder(l->beneath, l->name.ptr);
    if (l->folder < 0)
        return l->folder;
    l->phase = PHASE_SCAN;
    if (l->is_head) {
        l->phase = PHASE_OVER;
        let_folder_go(l);
    }
    return 0;
}

static void compose_some(void *context)
{
    struct listing *l = context;
    l->block_len = l->block_at = 0;
    if (l->phase == PHASE_OPEN)
        l->error = open_folder(l);
    if (l->error == 0 && l->phase == PHASE_SCAN)
        l->error = scan(l);
    if (l->error == 0 && l->phase == PHASE_EMIT)
        l->error = emit(l);
    if (l->error < 0)
        let_folder_go(l);
}

/* ---- on the worker ---- */

static void composed(void *context);

static void listing_free(struct listing *l)
{
    let_folder_go(l);
    os_free(l);
}

/* Has the next bit of work done. */
static void send_off(struct listing *l)
{
    l->runs = weir_offload(l->ticket.host, compose_some, composed, l);
    if (!l->runs)
        l->error = -EAGAIN;
}

static size_t pull(void *context, void *out, size_t room)
{
    struct listing *l = context;
    if (l->runs)
        return WEIR_PULL_LATER;
    if (l->error < 0)
        return WEIR_PULL_CUT;
    size_t len = l->block_len - l->block_at;
    if (len > room)
        len = room;
    memcpy(out, l->block + l->block_at, len);
    l->block_at += len;
    if (l->block_at == l->block_len && l->phase != PHASE_OVER)
        send_off(l);
    weir_assert(len > 0 || l->phase == PHASE_OVER);    /* what rests is never empty: composed() goes on until it is not */
    return len;
}

static void release(void *context)
{
    struct listing *l = context;
    l->released = true;
    if (!l->runs)
        listing_free(l);
}

static struct weir_slice api_slice(struct slice s)
{
    return (struct weir_slice){ s.ptr, s.len };
}

static int status_of(int error)
{
    static const struct { int error, status; } statuses[] = {
        { ENOENT, 404 }, { ENOTDIR, 404 }, { ENAMETOOLONG, 404 }, { EACCES, 403 }, { EPERM, 403 }, { EXDEV, 403 }, { ELOOP, 403 },
        { EMFILE, 503 }, { ENFILE, 503 }, { ENOMEM, 503 }, { EAGAIN, 503 }, { EINTR, 503 },
    };
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i].error == error)
            return statuses[i].status;
    return 500;
}

/* The field lines of an answer. */
static size_t write_lines(enum listing_form form, char out[FILE_LINES_MAX])
{
    const struct weir_field fields[] = {
        { api_slice(SLICE("Content-Type")), api_slice(listing_content_type(form)) },
        { api_slice(SLICE("Cache-Control")), api_slice(SLICE("no-cache")) },
        { api_slice(SLICE("Vary")), api_slice(SLICE("Accept")) },
        { api_slice(SLICE("Content-Security-Policy")), api_slice(listing_security_policy()) },
        { api_slice(SLICE("Referrer-Policy")), api_slice(SLICE("no-referrer")) },
    };
    const size_t len = weir_lines_write(fields, form == LISTING_HTML ? 5 : 3, out, FILE_LINES_MAX);
    weir_assert(len > 0);
    return len;
}

/* Which of the pages of a folder it is, as the cache tells them apart. */
static unsigned variant_of(const struct listing_view *view)
{
    return FILE_CACHE_PAGES + ((unsigned)view->form * LISTING_SORT_COUNT + view->sort) * 2 + view->descending;
}

_Static_assert(FILE_CACHE_PAGES + LISTING_FORM_COUNT * LISTING_SORT_COUNT * 2 <= UINT8_MAX + 1, "each variant has a number");

/* Takes over the hold. */
static void respond_page(struct weir_request *request, struct file_entry *page)
{
    const struct weir_response response = {
        .status = 200,
        .lines = api_slice(page->lines),
        .body = WEIR_BORROW,
        .data = page->body.ptr,
        .length = page->size,
        .release = file_entry_release,
        .release_context = page,
    };
    weir_respond(request, &response);
}

/* A page that is complete, in a memory of its size: a slow client holds no more of it, and others may have it, too. NULL: no memory. */
static struct file_entry *page_of(const struct listing *l)
{
    struct file_head head = { .len = 0 };
    head.len = (uint16_t)write_lines(l->view.form, head.text);
    struct file_entry *page = file_entry_new(variant_of(&l->view), l->path, SLICE(""), &head, l->block_len);
    if (page == NULL)
        return NULL;
    memcpy((char *)(uintptr_t)page->body.ptr, l->block, l->block_len);
    page->checked_ms = l->looked_ms;
    file_cache_put(l->cache, page);
    return page;
}

static void respond_pulled(struct listing *l, struct weir_request *request)
{
    char lines[FILE_LINES_MAX];
    const struct weir_response response = {
        .status = 200,
        .lines = { lines, write_lines(l->view.form, lines) },
        .body = WEIR_PULL,
        .length = UINT64_MAX,
        .pull = pull,
        .release = release,
        .release_context = l,
    };
    l->is_answered = true;
    weir_respond(request, &response);
}

static void respond(struct listing *l, struct weir_request *request)
{
    struct file_entry *page = l->phase == PHASE_OVER && l->block_len > 0 ? page_of(l) : NULL;
    if (page == NULL) {
        respond_pulled(l, request);
        return;
    }
    listing_free(l);
    respond_page(request, page);
}

/* The answer is begun when there is a first block, or the news that there will be none. */
static void answer_or_go_on(struct listing *l)
{
    struct weir_request *request = weir_claim(l->ticket);
    if (request == NULL) {
        listing_free(l);
        return;
    }
    if (l->error == 0 && l->phase != PHASE_OVER && l->block_len == 0)
        send_off(l);
    if (l->runs)
        return;
    if (l->error == 0) {
        respond(l, request);
        return;
    }
    int status = status_of(-l->error);
    listing_free(l);
    weir_respond_page(request, status, NULL, 0);
}

static void composed(void *context)
{
    struct listing *l = context;
    l->runs = false;
    if (!l->is_answered) {
        answer_or_go_on(l);
        return;
    }
    if (l->released) {
        listing_free(l);
        return;
    }
    if (l->error == 0 && l->phase != PHASE_OVER && l->block_len == 0)
        send_off(l);
    if (!l->runs)
        weir_resume(l->ticket);
}

/* ---- the request ---- */

static enum listing_form form_of(const struct weir_request *request)
{
    struct accept accept;
    struct weir_slice name, value;
    accept_init(&accept, listing_media_types, LISTING_FORM_COUNT);
    for (size_t i = 0; weir_request_field_at(request, i, &name, &value); i++)
        if (slice_equals_ignoring_case((struct slice){ name.ptr, name.len }, SLICE("accept")))
            accept_add(&accept, (struct slice){ value.ptr, value.len });
    return (enum listing_form)accept_choose(&accept);
}

static struct listing_view view_of(const struct weir_request *request)
{
    struct listing_view view = { .form = form_of(request) };
    listing_view_parse((struct slice){ request->query.ptr, request->query.len }, &view);
    return view;
}

/* NULL: no memory. */
static struct listing *listing_new(const struct weir_request *request, const struct listing_folder *folder)
{
    const struct slice name = folder->name, path = folder->path;
    struct listing *l = os_alloc_raw(sizeof(*l) + name.len + 1 + path.len);
    if (l == NULL)
        return NULL;
    memset(l, 0, offsetof(struct listing, look));
    l->beneath = folder->beneath;
    l->cache = folder->cache;
    l->looked_ms = folder->looked_ms;
    l->dot_files = folder->dot_files;
    l->folder = -1;
    l->is_head = request->method == WEIR_HEAD;
    l->view = view_of(request);
    roster_init(&l->roster, l->view.sort != LISTING_BY_NAME, l->view.descending, ROSTER_SIZE_MAX);
    memcpy(l->text, name.ptr, name.len);
    l->text[name.len] = '\0';
    memcpy(l->text + name.len + 1, path.ptr, path.len);
    l->name = (struct slice){ l->text, name.len };
    l->path = (struct slice){ l->text + name.len + 1, path.len };
    return l;
}

void listing_respond(struct weir_request *request, const struct listing_folder *folder)
{
    struct listing *l = listing_new(request, folder);
    if (l == NULL) {
        weir_respond_page(request, 503, NULL, 0);
        return;
    }
    l->ticket = weir_defer(request);
    send_off(l);
    if (!l->runs)
        answer_or_go_on(l);
}

bool listing_respond_cached(struct weir_request *request, struct file_cache *cache, struct slice path)
{
    const struct listing_view view = view_of(request);
    struct file_entry *page = file_cache_find(cache, variant_of(&view), path);
    if (page == NULL || !file_entry_is_trusted(page, os_now_ms()))
        return false;
    file_entry_hold(page);
    respond_page(request, page);
    return true;
}
