#include "http/response.h"

#include <string.h>

#include "http/status.h"
#include "parser/byte.h"

const struct slice response_last_chunk = SLICE_INIT("0\r\n\r\n");
const struct slice response_continue = SLICE_INIT("HTTP/1.1 100 Continue\r\n\r\n");

static bool writer_has_room(struct writer *w, size_t size)
{
    if (size <= (size_t)(w->end - w->at))
        return true;
    w->overflowed = true;
    return false;
}

static char *put(char *at, const char *text, size_t len)
{
    if (len > 0)                   /* else `text` may be NULL */
        memcpy(at, text, len);
    return at + len;
}

void writer_text(struct writer *w, struct slice text)
{
    if (writer_has_room(w, text.len))
        w->at = put(w->at, text.ptr, text.len);
}

bool response_has_no_content(int status)
{
    return status == 204 || status == 304;
}

static bool is_made_of(struct weir_slice text, unsigned classes)
{
    for (size_t i = 0; i < text.len; i++)
        if (!byte_is(text.ptr[i], classes))
            return false;
    return true;
}

static bool is_one_of(struct weir_slice name, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equals_ignoring_case((struct slice){ name.ptr, name.len }, names[i]))
            return true;
    return false;
}

/* Framing and what weir alone knows: a second one would contradict it. */
static bool is_written_by_weir(struct weir_slice name)
{
    static const struct slice own[] = {
        SLICE_INIT("Date"), SLICE_INIT("Server"), SLICE_INIT("Connection"), SLICE_INIT("Content-Length"), SLICE_INIT("Transfer-Encoding"),
    };
    return is_one_of(name, own, sizeof own / sizeof own[0]);
}

bool response_field_is_safe(const struct weir_field *field)
{
    return field->name.len > 0 && is_made_of(field->name, BYTE_TOKEN) && is_made_of(field->value, BYTE_VALUE) &&
           !is_written_by_weir(field->name);
}

bool response_common_field_is_safe(const struct weir_field *field)
{
    static const struct slice of_pages[] = { SLICE_INIT("Content-Type"), SLICE_INIT("Allow") };
    return response_field_is_safe(field) && !is_one_of(field->name, of_pages, sizeof of_pages / sizeof of_pages[0]);
}

/* What stands behind the fields is composed from its end, so that no length has to be known before it is there. */
#define ENDING_MAX (sizeof "Content-Length: 18446744073709551615\r\nConnection: keep-alive\r\n\r\n" - 1)

static char *put_before(char *start, struct slice text)
{
    return memcpy(start - text.len, text.ptr, text.len);
}

static char *put_number_before(char *start, uint64_t number)
{
    do {
        *--start = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return start;
}

/* Framing, Connection, and the empty line. */
static struct slice write_ending(char room[ENDING_MAX], const struct response_head *head)
{
    char *const end = room + ENDING_MAX;
    char *start = put_before(end, SLICE("\r\n"));
    if (head->connection == RESPONSE_CLOSE)
        start = put_before(start, SLICE("Connection: close\r\n"));
    else if (head->connection == RESPONSE_KEEP_ALIVE)
        start = put_before(start, SLICE("Connection: keep-alive\r\n"));
    if (response_has_no_content(head->response->status))
        return (struct slice){ start, (size_t)(end - start) };
    if (head->framing == RESPONSE_LENGTH) {
        start = put_before(start, SLICE("\r\n"));
        start = put_number_before(start, head->response->length);
        start = put_before(start, SLICE("Content-Length: "));
    } else if (head->framing == RESPONSE_CHUNKED) {
        start = put_before(start, SLICE("Transfer-Encoding: chunked\r\n"));
    }
    return (struct slice){ start, (size_t)(end - start) };
}

#define UNNAMED_STATUS "HTTP/1.1 000 \r\n"      /* RFC 9112 §4: the reason may be empty, the space may not */

static struct slice write_status_line(char room[sizeof UNNAMED_STATUS], int status)
{
    const struct slice known = status_line(status);
    if (known.len > 0)
        return known;
    memcpy(room, UNNAMED_STATUS, sizeof UNNAMED_STATUS);
    put_number_before(room + sizeof "HTTP/1.1 000" - 1, (uint64_t)status);
    return (struct slice){ room, sizeof UNNAMED_STATUS - 1 };
}

static size_t fields_size(const struct weir_field *fields, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += fields[i].name.len + fields[i].value.len + sizeof ": \r\n" - 1;
    return size;
}

static char *put_fields(char *at, const struct weir_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        at = put(at, fields[i].name.ptr, fields[i].name.len);
        at = put(at, ": ", 2);
        at = put(at, fields[i].value.ptr, fields[i].value.len);
        at = put(at, "\r\n", 2);
    }
    return at;
}

void response_write_fields(struct writer *w, const struct weir_field *fields, size_t count)
{
    if (writer_has_room(w, fields_size(fields, count)))
        w->at = put_fields(w->at, fields, count);
}

size_t weir_lines_write(const struct weir_field *fields, size_t count, char *out, size_t size)
{
    struct writer w = { out, out + size, false };
    for (size_t i = 0; i < count; i++)
        if (!response_field_is_safe(&fields[i]))
            return 0;
    response_write_fields(&w, fields, count);
    return w.overflowed ? 0 : (size_t)(w.at - out);
}

void response_write_head(struct writer *w, const struct response_head *head)
{
    char unnamed[sizeof UNNAMED_STATUS], room[ENDING_MAX];
    const struct weir_response *response = head->response;
    const struct slice status = write_status_line(unnamed, response->status);
    const struct slice ending = write_ending(room, head);
    if (!writer_has_room(w, status.len + head->common.len + fields_size(response->fields, response->field_count) + response->lines.len +
                            fields_size(head->own, head->own_count) + ending.len))
        return;
    char *at = put(w->at, status.ptr, status.len);
    at = put(at, head->common.ptr, head->common.len);
    at = put_fields(at, response->fields, response->field_count);
    at = put(at, response->lines.ptr, response->lines.len);
    at = put_fields(at, head->own, head->own_count);
    w->at = put(at, ending.ptr, ending.len);
}

void response_write_chunk_size(struct writer *w, size_t size)
{
    char digits[sizeof size * 2];
    size_t start = sizeof digits;
    for (size_t left = size; left > 0; left >>= 4)
        digits[--start] = "0123456789abcdef"[left & 15];
    writer_text(w, (struct slice){ digits + start, sizeof digits - start });
    writer_text(w, SLICE("\r\n"));
}

void response_write_chunk(struct writer *w, struct slice content)
{
    response_write_chunk_size(w, content.len);
    writer_text(w, content);
    writer_text(w, SLICE("\r\n"));
}
