/* What HANDLER_FILES answers: each answer names by its tag the state of a file, and it is that state, whole and nothing else, whatever became of the
 * file meanwhile. A file that is not held in memory may show two of its states in one answer, where it was changed in its place. */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "handler/file_cache.h"
#include "world.h"

enum { STALE_MS = FILE_CACHE_TRUST_MS + 20 };

static const char *opaque(const char *tag)
{
    return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

static bool is_weak(const char *tag)
{
    return tag[0] == 'W';
}

static bool was_asked(const struct expect *e)
{
    return e->file.row > 0 || e->file.lists;
}

/* The bytes that were asked for, of a file of `size`. false: there are none. */
static bool wanted_range(const struct file_wish *file, uint64_t size, uint64_t *first, uint64_t *last)
{
    if (size == 0)
        return false;
    if (file->first < 0) {
        const uint64_t count = (uint64_t)-file->first;
        *first = count < size ? size - count : 0;
        *last = size - 1;
        return true;
    }
    *first = (uint64_t)file->first;
    *last = file->last == INT64_MAX || (uint64_t)file->last >= size ? size - 1 : (uint64_t)file->last;
    return *first < size;
}

/* Which state it is, and that it may be that one. */
static void find_version(struct client *client, const struct expect *e)
{
    const struct reply *r = &client->reply;
    enum coding coding;
    const struct sim_version *version = disk_version(r->etag, &coding);
    if (version == NULL)
        client_heard_wrong(client, "a tag of something that never was");
    if (disk_sibling(e->file.row - 1, coding) != version->row)
        client_heard_wrong(client, "the tag is that of another file");
    if (coding != CODING_IDENTITY && !(e->file.codings & CODING_BIT(coding)))
        client_heard_wrong(client, "a coding that was not asked for");
    static const char *const names[CODING_COUNT] = { [CODING_BR] = "br", [CODING_ZSTD] = "zstd", [CODING_GZIP] = "gzip", [CODING_IDENTITY] = "" };
    if (r->status != 304 && r->has_range + (r->status == 200) > 0 && strcmp(r->encoding, names[coding]) != 0)
        client_heard_wrong(client, "the tag is that of another coding");
    if (version->until != UINT64_MAX && version->until + STALE_MS < e->said_at && e->said_at > 0 && !sim_may_fail(SIM_CLOCK))
        sim_broken("6: client %u, answer %u: a state of the file that had ended %llu ms before it was asked for", client->number, client->answers,
                   (unsigned long long)(e->said_at - version->until));
    if (version->until != UINT64_MAX)
        sim_count(ORDER_STATE_HAD_ENDED);
    if (coding != CODING_IDENTITY)
        sim_count(ORDER_CODING);
    if (r->status == 304)
        sim_count(ORDER_NOT_MODIFIED);
    client->version = *version;
}

/* The conditions of the request, against what the answer itself says. */
static void check_conditions(const struct client *client, const struct expect *e)
{
    const struct reply *r = &client->reply;
    const struct file_wish *file = &e->file;
    const bool matches = file->none_match[0] != '\0' && strcmp(opaque(file->none_match), opaque(r->etag)) == 0;
    if (matches != (r->status == 304))
        client_heard_wrong(client, matches ? "the client has that already: a 304 is right" : "a 304 for what the client does not have");
    if (r->status == 304)
        return;
    if (r->status == 206 && (e->head || file->asked == ASKED_ALL))
        client_heard_wrong(client, "a part that nobody asked for");
    if (file->if_range[0] == '\0')
        return;
    const bool same = !is_weak(r->etag) && strcmp(file->if_range, r->etag) == 0;
    if (r->status == 206 && !same)
        client_heard_wrong(client, "a part of something else than the client has");
    uint64_t first, last;
    if (r->status == 200 && same && !e->head && file->asked == ASKED_PART && wanted_range(file, client->version.size, &first, &last))
        client_heard_wrong(client, "all of it, and a part is right");
}

static void check_length(const struct client *client, const struct expect *e)
{
    const struct reply *r = &client->reply;
    uint64_t first = 0, last = 0;
    if (r->status == 200 && r->length != client->version.size)
        client_heard_wrong(client, "a length that is not that of the tag's state");
    if (r->has_range && r->total != client->version.size)
        client_heard_wrong(client, "a part of a length that is not that of the tag's state");
    if (e->file.asked != ASKED_PART || e->head)
        return;
    const bool has = wanted_range(&e->file, client->version.size, &first, &last);
    if (r->status == 206 && (!has || !r->has_range || r->first != first || r->last != last))
        client_heard_wrong(client, "another part than was asked for");
    if (r->status == 200 && has && e->file.if_range[0] == '\0')
        client_heard_wrong(client, "all of it, and a part was asked for");
}

/* A file whose answers may be refused, too: where it may vanish, where faults strike. */
static void check_status(const struct client *client, const struct expect *e)
{
    const struct script_rules rules = world_rules();
    const int status = client->reply.status;
    const bool is_right = status == 200 || (status == 304 && e->file.none_match[0] != '\0') || (status == 404 && rules.files_change) ||
                          (!e->head && e->file.asked != ASKED_ALL && (status == 206 || status == 416));
    if (!is_right && !rules.files_may_fail && !client->stream->excused && !(status == 408 && client->timed_out) && e->or_status != status)
        sim_broken("4: client %u, answer %u: status %d for a file that is there", client->number, client->answers, status);
}

void files_heard_head(struct client *client, const struct expect *e)
{
    const struct reply *r = &client->reply;
    client->version = (struct sim_version){ .inode = NULL };
    bytes_drop(&client->whole, bytes_len(&client->whole));
    if (!was_asked(e))
        return;
    if (e->file.row > 0)
        check_status(client, e);
    if (r->status != 200 && r->status != 206 && r->status != 304)
        return;
    if (r->etag[0] == '\0') {                      /* a listing, maybe in the place of an index that has vanished */
        if (!world_rules().lists || r->status != 200)
            client_heard_wrong(client, "a file without a tag");
        return;
    }
    if (e->file.row == 0)
        client_heard_wrong(client, "a file where there is a folder");
    if (r->chunked)
        client_heard_wrong(client, "a file in chunks");
    find_version(client, e);
    check_conditions(client, e);
    if (r->status != 304)
        check_length(client, e);
}

/* May it show two states? */
static bool may_mix(const struct client *client)
{
    return client->version.size > FILE_CACHE_BODY_MAX || sim_may_fail(SIM_FSTAT) || sim_may_fail(SIM_PREAD);
}

static void check_stretch(const struct client *client, uint64_t at, const uint8_t *data, size_t len)
{
    const struct sim_version *version = &client->version;
    bool mixed = false;
    for (size_t i = 0; i < len; i++) {
        if (data[i] == sim_tag(version->tag, at + i))
            continue;
        if (!may_mix(client) || !disk_was_there(version, at + i, data[i]))
            sim_broken("5: client %u, answer %u: byte %llu is not one of what its tag names", client->number, client->answers,
                       (unsigned long long)(at + i));
        mixed = true;
    }
    if (mixed)
        sim_count(ORDER_TWO_STATES);
}

void files_heard_content(struct client *client, const struct expect *e)
{
    const struct reply *r = &client->reply;
    if (!was_asked(e) || (r->status != 200 && r->status != 206))
        return;
    if (client->version.inode == NULL || (r->status == 206 && !r->has_range))
        bytes_append(&client->whole, r->content, r->content_len);
    else
        check_stretch(client, r->first + client->content_at, r->content, r->content_len);
}

/* ------------------------------------------------------------------ several parts */

/* The end of the head of a part at `at`, which says which bytes come. */
static const uint8_t *part_head(const struct client *client, const uint8_t *at, const uint8_t *end, uint64_t *first, uint64_t *last)
{
    unsigned long long from = 0, to = 0, total = 0;
    const uint8_t *content = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
    const uint8_t *range = content == NULL ? NULL : memmem(at, (size_t)(content - at), "Content-Range: bytes ", 21);
    char text[80];
    if (range == NULL)
        client_heard_wrong(client, "a part without a range");
    snprintf(text, sizeof(text), "%.*s", (int)(content - range < 79 ? content - range : 79), (const char *)range);
    if (sscanf(text, "Content-Range: bytes %llu-%llu/%llu", &from, &to, &total) != 3 || from > to || to >= total || total != client->version.size)
        client_heard_wrong(client, "a part with a range that is none of its file");
    *first = from;
    *last = to;
    return content + 4;
}

static void check_parts(const struct client *client)
{
    char line[160];
    const int len = snprintf(line, sizeof(line), "--%s\r\n", strchr(client->reply.type, '=') + 1);
    const uint8_t *at = bytes_at(&client->whole), *end = at + bytes_len(&client->whole);
    uint32_t parts = 0;
    while ((size_t)(end - at) >= (size_t)len && memcmp(at, line, (size_t)len) == 0) {
        uint64_t first, last;
        at = part_head(client, at, end, &first, &last);
        if ((uint64_t)(end - at) < last - first + 3)
            client_heard_wrong(client, "a part that is not whole");
        check_stretch(client, first, at, (size_t)(last - first + 1));
        at += last - first + 1 + 2;
        parts++;
    }
    const bool closed = (size_t)(end - at) == (size_t)len + 2 && memcmp(at, line, (size_t)len - 2) == 0 && memcmp(end - 4, "--\r\n", 4) == 0;
    if (parts < 2 || !closed)
        client_heard_wrong(client, "parts that do not end, or only one");
    sim_count(ORDER_PARTS);
}

/* ------------------------------------------------------------------ listings */

/* Every entry, when nothing befell the folder. */
static void check_entries(const struct client *client, const char *page, size_t len)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < disk_listed(); i++) {
        char name[256 + 2];
        const size_t name_len = disk_entry_name(i, name);
        const char *found = memmem(page, len, name, name_len);
        missing += found == NULL;
    }
    const bool may_miss = sim_may_fail(SIM_LOOK) || sim_may_fail(SIM_LIST) || sim_may_fail(SIM_OPEN) || sim_may_fail(SIM_FSTAT);
    if (missing > 0 && !may_miss && disk_list_is_whole())
        sim_broken("6: client %u, answer %u: a listing without %u of its entries", client->number, client->answers, missing);
}

static void check_listing(const struct client *client, const struct expect *e)
{
    const char *page = (const char *)bytes_at(&client->whole);
    const size_t len = bytes_len(&client->whole);
    sim_count(len > 70000 ? ORDER_LISTING_LARGE : ORDER_LISTING);
    if (e->file.plain || e->file.row > 0)
        return;
    if (len < 40 || memmem(page, len < 40 ? len : 40, "<!", 2) == NULL || memmem(page + len - 20, 20, "</html>", 7) == NULL)
        client_heard_wrong(client, "a page that is not whole");
    if (memmem(page, len, "e0000", 5) != NULL)
        check_entries(client, page, len);
}

void files_heard_end(struct client *client, const struct expect *e)
{
    const struct reply *r = &client->reply;
    if (!was_asked(e) || e->head || (r->status != 200 && r->status != 206))
        return;
    if (r->has_range)
        sim_count(ORDER_PART);
    if (r->status == 206 && !r->has_range)
        check_parts(client);
    else if (client->version.inode == NULL)
        check_listing(client, e);
}
