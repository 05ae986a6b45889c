#include "handler/type_table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "parser/mime_types.h"

/* Adds all that the text says to `types`, or, where that is NULL, only counts the endings. */
static size_t add_all(struct media_types *types, struct slice text)
{
    size_t count = 0;
    while (text.len > 0) {
        const char *newline = memchr(text.ptr, '\n', text.len);
        size_t len = newline != NULL ? (size_t)(newline - text.ptr) : text.len;
        struct slice type, endings, ending;
        if (mime_types_line((struct slice){ text.ptr, len }, &type, &endings))
            for (; mime_types_next(&endings, &ending); count++)
                if (types != NULL)
                    media_types_add(types, type, ending);
        text = slice_from(text, len + 1);
    }
    return count;
}

/* Reads what can be read of the file, up to `size` bytes. */
static size_t read_text(int fd, char *out, size_t size)
{
    size_t len = 0;
    ssize_t count = 1;
    while (len < size && (count > 0 || count == -EINTR)) {
        count = os_pread(fd, out + len, size - len, len);
        if (count > 0)
            len += (size_t)count;
    }
    return len;
}

/* Reads the file's text; where it cannot be had, there is none. 0, or -ENOMEM. */
static int load(struct type_table *table, int fd, struct slice *out)
{
    struct stat status;
    if (os_fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size <= 0 || status.st_size > TYPE_TABLE_TEXT_MAX)
        return 0;
    table->text = os_alloc((size_t)status.st_size);
    if (table->text == NULL)
        return -ENOMEM;
    *out = (struct slice){ table->text, read_text(fd, table->text, (size_t)status.st_size) };
    return 0;
}

/* The operator's own come first, from the last to the first: the first one that a table is told of an ending stays. */
static int fill(struct type_table *table, const struct static_type *own, size_t own_count, struct slice text)
{
    size_t count = own_count + add_all(NULL, text), slot_count = 1;
    if (count == 0)
        return 0;
    while (slot_count < count + count / 2 + 1)     /* at most two thirds full: a search is short */
        slot_count *= 2;
    table->slots = os_alloc(slot_count * sizeof(table->slots[0]));
    if (table->slots == NULL)
        return -ENOMEM;
    media_types_init(&table->types, table->slots, slot_count);
    for (size_t i = own_count; i > 0; i--)
        if (!media_types_add_own(&table->types, slice_of(own[i - 1].type), slice_of(own[i - 1].ending)))
            return -EINVAL;
    add_all(&table->types, text);
    return 0;
}

int type_table_open(struct type_table *table, const struct static_type *own, size_t own_count, const char *path)
{
    *table = (struct type_table){ 0 };
    struct slice text = { NULL, 0 };
    int rc = 0, fd = os_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0) {
        rc = load(table, fd, &text);
        os_close(fd);
    }
    if (rc == 0)
        rc = fill(table, own, own_count, text);
    if (rc < 0)
        type_table_close(table);
    return rc;
}

void type_table_close(struct type_table *table)
{
    os_free(table->slots);
    os_free(table->text);
    *table = (struct type_table){ 0 };
}
