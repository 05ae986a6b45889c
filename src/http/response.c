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

static char *put(char *at, struct slice text)
{
    if (text.len > 0)              /* else `ptr` may be NULL */
        memcpy(at, text.ptr, text.len);
    return at + text.len;
}

void writer_text(struct writer *w, struct slice text)
{
    if (writer_has_room(w, text.len))
        w->at = put(w->at, text);
}

static struct slice text_of(struct weir_slice s)
{
    return (struct slice){ s.ptr, s.len };
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
        if (slice_equals_ignoring_case(text_of(name), names[i]))
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

/* What a head may hold beside its fields. */
#define STATUS_LINE_MAX 64
#define ENDING_MAX (sizeof "Content-Length: 18446744073709551615\r\nConnection: keep-alive\r\n\r\n" - 1)

#define STATUS_LINE_FITS(code, reason) _Static_assert(sizeof("HTTP/1.1 " #code " " reason "\r\n") - 1 <= STATUS_LINE_MAX, reason);
STATUS_LIST(STATUS_LINE_FITS)
_Static_assert(STATUS_LINE_MAX + ENDING_MAX <= RESPONSE_SPARE, "what a head needs beside its fields is what it asks for");

/* Two digits at a time: half of what one by one costs. */
static char *put_number(char *at, uint64_t number)
{
    static const char pairs[] =
        "0001020304050607080910111213141516171819"
        "2021222324252627282930313233343536373839"
        "4041424344454647484950515253545556575859"
        "6061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    if (number < 10) {
        *at = pairs[2 * number + 1];
        return at + 1;
    }
    if (number >= 100)
        at = put_number(at, number / 100);
    return put(at, (struct slice){ pairs + 2 * (number % 100), 2 });
}

static char *put_status_line(char *at, int status)
{
    const struct slice known = status_line(status);
    if (known.len > 0)
        return put(at, known);
    at = put(at, SLICE("HTTP/1.1 "));
    at = put_number(at, (uint64_t)status);
    return put(at, SLICE(" \r\n"));      /* RFC 9112 §4: the reason may be empty, the space may not */
}

static char *put_framing(char *at, const struct response_head *head)
{
    if (head->framing == RESPONSE_CHUNKED)
        return put(at, SLICE("Transfer-Encoding: chunked\r\n"));
    if (head->framing != RESPONSE_LENGTH)
        return at;
    at = put(at, SLICE("Content-Length: "));
    at = put_number(at, head->response->length);
    return put(at, SLICE("\r\n"));
}

/* Framing, Connection, and the empty line. */
static char *put_ending(char *at, const struct response_head *head)
{
    if (!response_has_no_content(head->response->status))
        at = put_framing(at, head);
    if (head->connection == RESPONSE_CLOSE)
        at = put(at, SLICE("Connection: close\r\n"));
    else if (head->connection == RESPONSE_KEEP_ALIVE)
        at = put(at, SLICE("Connection: keep-alive\r\n"));
    return put(at, SLICE("\r\n"));
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
        at = put(at, text_of(fields[i].name));
        at = put(at, SLICE(": "));
        at = put(at, text_of(fields[i].value));
        at = put(at, SLICE("\r\n"));
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
    const struct weir_response *response = head->response;
    const size_t fields = fields_size(response->fields, response->field_count);
    if (!writer_has_room(w, head->common.len + fields + response->lines.len + RESPONSE_SPARE))
        return;
    char *at = put_status_line(w->at, response->status);
    at = put(at, head->common);
    at = put_fields(at, response->fields, response->field_count);
    at = put(at, text_of(response->lines));
    w->at = put_ending(at, head);
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
