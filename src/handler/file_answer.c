#include "handler/file_answer.h"

#include <string.h>

#include "os/os.h"
#include "parser/conditional.h"
#include "parser/range.h"

/* "bytes 18446744073709551615-18446744073709551615/18446744073709551615" */
#define CONTENT_RANGE_SIZE 72

static struct weir_field field_of(struct slice name, struct slice value)
{
    return (struct weir_field){ { name.ptr, name.len }, { value.ptr, value.len } };
}

static struct weir_slice api_slice(struct slice s)
{
    return (struct weir_slice){ s.ptr, s.len };
}

/* ---- answers ---- */

/* Up to so many bytes of an open file are read into memory: one call less than to send them from the file, and less work. */
#define COPY_MAX 4096

/* The same as respond_bytes(), where a few bytes of an open file are in memory. false, and nothing is answered: they are not. */
static bool respond_copy(struct weir_request *request, struct file_entry *entry, struct weir_response *response, uint64_t offset, uint64_t length)
{
    char bytes[COPY_MAX];
    if (request->method != WEIR_GET || length > sizeof(bytes) || os_pread_cached(entry->fd, bytes, (size_t)length, offset) != (ssize_t)length)
        return false;
    response->data = bytes;
    weir_respond(request, response);
    file_entry_release(entry);
    return true;
}

/* `length` bytes of the representation from `offset` on; takes over the hold. */
static void respond_bytes(struct weir_request *request, struct file_entry *entry, struct weir_response *response, uint64_t offset, uint64_t length)
{
    response->lines = api_slice(entry->lines);
    response->length = length;
    if (entry->fd >= 0 && respond_copy(request, entry, response, offset, length))
        return;
    response->release = file_entry_release;
    response->release_context = entry;
    if (entry->fd < 0) {
        response->body = WEIR_BORROW;
        response->data = entry->body.ptr + offset;
    } else {
        response->body = WEIR_FILE;
        response->fd = entry->fd;
        response->offset = offset;
        response->warmth = &entry->warmth;
    }
    weir_respond(request, response);
}

static void respond_whole(struct weir_request *request, struct file_entry *entry)
{
    struct weir_response response = { .status = 200 };
    respond_bytes(request, entry, &response, 0, entry->size);
}

static void respond_not_modified(struct weir_request *request, struct file_entry *entry)
{
    const struct weir_response response = { .status = 304, .lines = api_slice(entry->version) };
    weir_respond(request, &response);
    file_entry_release(entry);
}

static bool varies(const struct file_entry *entry)
{
    return entry->siblings != 0 || entry->variant != CODING_IDENTITY;
}

/* Every answer for one resource says the same Vary, the refusals too. */
static void respond_failed(struct weir_request *request, struct file_entry *entry)
{
    const struct weir_field vary = field_of(SLICE("Vary"), SLICE("Accept-Encoding"));
    weir_respond_page(request, 412, &vary, varies(entry) ? 1 : 0);
    file_entry_release(entry);
}

static char *number_before(char *end, uint64_t number)
{
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return end;
}

static char *text_before(char *end, struct slice text)
{
    return memcpy(end - text.len, text.ptr, text.len);
}

/* "bytes 0-9/10", at the end of `out`; without a range, a star stands in its place. */
static struct slice write_content_range(const struct byte_range *range, uint64_t size, char out[CONTENT_RANGE_SIZE])
{
    char *const end = out + CONTENT_RANGE_SIZE;
    char *at = text_before(number_before(end, size), SLICE("/"));
    if (range != NULL) {
        at = text_before(number_before(at, range->last), SLICE("-"));
        at = number_before(at, range->first);
    } else {
        at = text_before(at, SLICE("*"));
    }
    at = text_before(at, SLICE("bytes "));
    return (struct slice){ at, (size_t)(end - at) };
}

static void respond_unsatisfiable(struct weir_request *request, struct file_entry *entry)
{
    char text[CONTENT_RANGE_SIZE];
    const struct weir_field fields[] = {
        field_of(SLICE("Content-Range"), write_content_range(NULL, entry->size, text)),
        field_of(SLICE("Accept-Ranges"), SLICE("bytes")),
        field_of(SLICE("Vary"), SLICE("Accept-Encoding")),
    };
    weir_respond_page(request, 416, fields, varies(entry) ? 3 : 2);
    file_entry_release(entry);
}

static void respond_range(struct weir_request *request, struct file_entry *entry, const struct byte_range *range)
{
    char text[CONTENT_RANGE_SIZE];
    const struct weir_field field = field_of(SLICE("Content-Range"), write_content_range(range, entry->size, text));
    struct weir_response response = { .status = 206, .fields = &field, .field_count = 1 };
    respond_bytes(request, entry, &response, range->first, range->last - range->first + 1);
}

/* ---- decisions ---- */

/* Most fields of a request are none of ours: one look at a letter or two tells. */
static bool may_matter(struct weir_slice name)
{
    char first = (char)(name.ptr[0] | 0x20);
    return (first == 'i' && name.len > 3 && name.ptr[2] == '-') || (first == 'r' && name.len == 5);
}

/* What the request's fields ask for. false: nothing that matters here. */
static bool read_conditions(struct weir_request *request, const struct file_entry *entry, struct conditional *c)
{
    struct weir_slice name, value;
    bool any = false;
    for (size_t i = 0; weir_request_field_at(request, i, &name, &value); i++) {
        if (!may_matter(name))
            continue;
        if (!any)                              /* the clock is asked only where a date may come */
            conditional_init(c, &entry->validators, os_wall_clock().tv_sec);
        any = true;
        conditional_field(c, (struct slice){ name.ptr, name.len }, (struct slice){ value.ptr, value.len });
    }
    return any;
}

/* A range is for GET alone (RFC 9110 §14.2). */
static void answer_range(struct weir_request *request, struct file_entry *entry, struct boundaries *boundaries, const struct conditional *c)
{
    struct slice field;
    struct range_set set;
    enum range_verdict verdict = RANGE_IGNORED;
    if (request->method == WEIR_GET && conditional_range(c, &field))
        verdict = range_parse(field, entry->size, &set);
    if (verdict == RANGE_IGNORED)
        respond_whole(request, entry);
    else if (verdict == RANGE_UNSATISFIABLE)
        respond_unsatisfiable(request, entry);
    else if (set.count == 1)
        respond_range(request, entry, &set.ranges[0]);
    else
        file_parts_respond(request, entry, &set, boundaries);
}

/* What is sent from a descriptor is read only now: what was written to the file since it was looked at must not go out under its old tag. */
static bool is_intact(const struct file_entry *entry)
{
    struct stat now;
    return entry->fd < 0 || (os_fstat(entry->fd, &now) == 0 && file_status_same(&entry->status, &now));
}

static bool answer_with(struct weir_request *request, struct file_entry *entry, struct boundaries *boundaries, bool may_differ)
{
    struct conditional c;
    bool any = read_conditions(request, entry, &c);
    enum conditional_verdict verdict = any ? conditional_verdict(&c) : CONDITIONAL_PROCEED;
    if (verdict == CONDITIONAL_NOT_MODIFIED)
        respond_not_modified(request, entry);
    else if (verdict == CONDITIONAL_FAILED)
        respond_failed(request, entry);
    else if (may_differ && request->method == WEIR_GET && !is_intact(entry))
        return false;
    else if (any)
        answer_range(request, entry, boundaries, &c);
    else
        respond_whole(request, entry);
    return true;
}

void file_answer(struct weir_request *request, struct file_entry *entry, struct boundaries *boundaries)
{
    (void)answer_with(request, entry, boundaries, false);      /* which cannot say no */
}

bool file_answer_cached(struct weir_request *request, struct file_entry *entry, struct boundaries *boundaries)
{
    return answer_with(request, entry, boundaries, true);
}
