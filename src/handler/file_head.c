#include "handler/file_head.h"

#include <stdint.h>

#define SETTLED_AFTER_S 2

static size_t write_hex(uint64_t number, char *out)
{
    size_t len = 1;
    while (len < 16 && number >> (4 * len) != 0)
        len++;
    for (size_t i = 0; i < len; i++)
        out[i] = "0123456789abcdef"[number >> (4 * (len - 1 - i)) & 15];
    return len;
}

static size_t write_tag(const struct stat *status, bool strong, char *out)
{
    const uint64_t second = 1000000000;
    const uint64_t parts[] = { (uint64_t)status->st_mtim.tv_sec * second + (uint64_t)status->st_mtim.tv_nsec,
                               (uint64_t)status->st_size, (uint64_t)status->st_ino };
    size_t len = 0;
    if (!strong) {
        out[len++] = 'W';
        out[len++] = '/';
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        out[len++] = i == 0 ? '"' : '-';
        len += write_hex(parts[i], out + len);
    }
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

static void add_field(struct file_head *head, const char *name, const char *value, size_t len)
{
    struct slice text = slice_of(name);
    head->fields[head->field_count++] = (struct weir_field){ { text.ptr, text.len }, { value, len } };
}

void file_head_compose(struct file_head *head, const struct media_types *types, struct slice name, const struct stat *status,
                       struct timespec now)
{
    head->field_count = 0;
    head->settled = is_settled(status, now.tv_sec);
    add_field(head, "Content-Type", head->type, media_type_write(types, name, head->type));
    time_t modified = status->st_mtim.tv_sec < now.tv_sec ? status->st_mtim.tv_sec : now.tv_sec;
    if (http_date_write(modified, head->modified))
        add_field(head, "Last-Modified", head->modified, HTTP_DATE_LEN);
    add_field(head, "ETag", head->tag, write_tag(status, head->settled, head->tag));
}
