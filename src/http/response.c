#include "http/response.h"

#include <string.h>

#include "http/status.h"
#include "parser/byte.h"

const struct slice response_last_chunk = SLICE_INIT("0\r\n\r\n");
const struct slice response_continue = SLICE_INIT("HTTP/1.1 100 Continue\r\n\r\n");

void writer_text(struct writer *w, struct slice text)
{
    if (text.len > (size_t)(w->end - w->at)) {
        w->overflowed = true;
        return;
    }
    if (text.len > 0)              /* else `ptr` may be NULL */
        memcpy(w->at, text.ptr, text.len);
    w->at += text.len;
}

void writer_number(struct writer *w, uint64_t number)
{
    char digits[20];
    size_t start = sizeof digits;
    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    writer_text(w, (struct slice){ digits + start, sizeof digits - start });
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

static void write_field(struct writer *w, struct slice name_and_colon, struct slice value)
{
    writer_text(w, name_and_colon);
    writer_text(w, value);
    writer_text(w, SLICE("\r\n"));
}

void response_write_fields(struct writer *w, const struct weir_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        writer_text(w, (struct slice){ fields[i].name.ptr, fields[i].name.len });
        write_field(w, SLICE(": "), (struct slice){ fields[i].value.ptr, fields[i].value.len });
    }
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

static void write_framing(struct writer *w, const struct response_head *head)
{
    if (head->framing == RESPONSE_CHUNKED) {
        write_field(w, SLICE("Transfer-Encoding: "), SLICE("chunked"));
    } else if (head->framing == RESPONSE_LENGTH) {
        writer_text(w, SLICE("Content-Length: "));
        writer_number(w, head->length);
        writer_text(w, SLICE("\r\n"));
    }
}

static void write_status_line(struct writer *w, int status)
{
    const struct slice known = status_line(status);
    if (known.len > 0) {
        writer_text(w, known);
        return;
    }
    writer_text(w, SLICE("HTTP/1.1 "));
    writer_number(w, (uint64_t)status);
    writer_text(w, SLICE(" \r\n"));   /* RFC 9112 §4: the reason may be empty, the space may not */
}

void response_write_head(struct writer *w, const struct response_head *head)
{
    write_status_line(w, head->status);
    writer_text(w, head->common);
    if (head->date.len > 0)
        write_field(w, SLICE("Date: "), head->date);
    response_write_fields(w, head->fields, head->field_count);
    writer_text(w, head->lines);
    if (head->type.len > 0)
        write_field(w, SLICE("Content-Type: "), head->type);
    if (head->allow.len > 0)
        write_field(w, SLICE("Allow: "), head->allow);
    if (!response_has_no_content(head->status))
        write_framing(w, head);
    if (head->close)
        writer_text(w, SLICE("Connection: close\r\n"));
    else if (head->keep_alive)
        writer_text(w, SLICE("Connection: keep-alive\r\n"));
    writer_text(w, SLICE("\r\n"));
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
