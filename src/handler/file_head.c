#include "handler/file_head.h"

#include <string.h>

#include "parser/http_date.h"
#include "weir.h"

#define SETTLED_AFTER_S 2
#define FIELDS_MAX 3       /* of one stretch */

/* What tells the tag of a representation from that of the others. */
static const char *const suffixes[CODING_COUNT] = { [CODING_BR] = "-br", [CODING_ZSTD] = "-zst", [CODING_GZIP] = "-gz", [CODING_IDENTITY] = "" };

static size_t write_hex(uint64_t number, char *out)
{
    size_t len = 1;
    while (len < 16 && number >> (4 * len) != 0)
        len++;
    for (size_t i = 0; i < len; i++)
        out[i] = "0123456789abcdef"[number >> (4 * (len - 1 - i)) & 15];
    return len;
}

static uint64_t nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Who edits a file and puts its mtime back, as archivers and rsync do, leaves a new ctime behind: both count, mixed so that no likely
 * changes of the two cancel (the constant is 2^64 divided by the golden ratio). */
static uint64_t times_of(const struct stat *status)
{
    return nanoseconds(status->st_mtim) + nanoseconds(status->st_ctim) * 0x9e3779b97f4a7c15;
}

static size_t write_tag(const struct stat *status, enum coding coding, bool strong, char out[FILE_TAG_MAX])
{
    const uint64_t parts[] = { times_of(status), (uint64_t)status->st_size, (uint64_t)status->st_ino };
    size_t len = 0;
    if (!strong) {
        out[len++] = 'W';
        out[len++] = '/';
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        out[len++] = i == 0 ? '"' : '-';
        len += write_hex(parts[i], out + len);
    }
    for (const char *suffix = suffixes[coding]; *suffix != '\0'; suffix++)
        out[len++] = *suffix;
    out[len++] = '"';
    return len;
}

/* A change of the content always shows in ctime, on file systems that keep one; mtime stands in where they do not, but anyone can set it
 * to any time: one that lies ahead says nothing. */
static bool is_settled(const struct stat *status, time_t now)
{
    time_t limit = now - SETTLED_AFTER_S;
    return status->st_ctim.tv_sec < limit && (status->st_mtim.tv_sec < limit || status->st_mtim.tv_sec > now);
}

static struct weir_field field_of(struct slice name, struct slice value)
{
    return (struct weir_field){ { name.ptr, name.len }, { value.ptr, value.len } };
}

/* One stretch of lines behind what is there. */
static bool append(struct file_head *head, const struct weir_field *fields, size_t count)
{
    size_t len = weir_lines_write(fields, count, head->text + head->len, sizeof(head->text) - head->len);
    head->len = (uint16_t)(head->len + len);
    return len > 0;
}

static bool append_content(struct file_head *head, const struct file_facts *facts)
{
    char type[MEDIA_TYPE_MAX];
    size_t type_len = media_type_write(facts->types, facts->name, facts->charset, type);
    const struct weir_field fields[] = {
        field_of(SLICE("Content-Type"), (struct slice){ type, type_len }),
        field_of(SLICE("Content-Encoding"), coding_name(facts->coding)),
    };
    return append(head, fields, facts->coding != CODING_IDENTITY ? 2 : 1);
}

static bool append_dates(struct file_head *head, const struct file_facts *facts)
{
    const struct stat *status = facts->status;
    char date[HTTP_DATE_LEN];
    head->modified = status->st_mtim.tv_sec < facts->now.tv_sec ? status->st_mtim.tv_sec : facts->now.tv_sec;
    head->has_modified = http_date_write(head->modified, date);
    const struct weir_field fields[] = {
        field_of(SLICE("Accept-Ranges"), SLICE("bytes")),
        field_of(SLICE("Last-Modified"), (struct slice){ date, sizeof(date) }),
    };
    return append(head, fields, head->has_modified ? 2 : 1);
}

static bool append_state(struct file_head *head, const struct file_facts *facts)
{
    char tag[FILE_TAG_MAX];
    head->tag_len = (uint16_t)write_tag(facts->status, facts->coding, head->settled, tag);
    struct weir_field fields[FIELDS_MAX] = { field_of(SLICE("ETag"), (struct slice){ tag, head->tag_len }) };
    size_t count = 1;
    if (facts->varies)
        fields[count++] = field_of(SLICE("Vary"), SLICE("Accept-Encoding"));
    if (facts->cache_control.len > 0)
        fields[count++] = field_of(SLICE("Cache-Control"), facts->cache_control);
    return append(head, fields, count);
}

bool file_head_compose(struct file_head *head, const struct file_facts *facts)
{
    head->len = 0;
    head->settled = is_settled(facts->status, facts->now.tv_sec);
    if (!append_content(head, facts))
        return false;
    head->rest = head->len;
    if (!append_dates(head, facts))
        return false;
    head->version = head->len;
    return append_state(head, facts);
}

bool file_head_can_say(struct slice cache_control)
{
    char line[FILE_CACHE_CONTROL_MAX + sizeof("Cache-Control: \r\n")];
    const struct weir_field field = field_of(SLICE("Cache-Control"), cache_control);
    return cache_control.len > 0 && cache_control.len <= FILE_CACHE_CONTROL_MAX && weir_lines_write(&field, 1, line, sizeof(line)) > 0;
}
