/* Heads of responses with any fields: what is said to be safe makes a head in which a reader of its own finds just these fields, in their order, and
 * one end; too little room says so and is not overrun.
 *
 * Input: two bytes of choices, two bytes that shrink the room, then fields: a length, a name, a length, a value, and so on. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/response.h"

enum { FIELDS_MAX = 32, ROOM = 65536 };

static struct weir_slice take(const uint8_t **at, const uint8_t *end)
{
    if (*at == end)
        return (struct weir_slice){ NULL, 0 };
    size_t len = *(*at)++;
    len = len < (size_t)(end - *at) ? len : (size_t)(end - *at);
    const struct weir_slice taken = { (const char *)*at, len };
    *at += len;
    return taken;
}

static void check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* Takes one line off the front: neither CR nor LF may stand in it but at its end. */
static struct slice take_line(struct slice *head)
{
    const char *end = memchr(head->ptr, '\n', head->len);
    check(end != NULL && end > head->ptr && end[-1] == '\r', "a line without its end");
    const struct slice line = { head->ptr, (size_t)(end - 1 - head->ptr) };
    check(line.len == 0 || memchr(line.ptr, '\r', line.len) == NULL, "CR within a line");
    *head = slice_from(*head, line.len + 2);
    return line;
}

static bool is_field(struct slice line, struct weir_slice name, struct weir_slice value)
{
    return line.len == name.len + 2 + value.len && memcmp(line.ptr, name.ptr, name.len) == 0 && memcmp(line.ptr + name.len, ": ", 2) == 0 &&
           (value.len == 0 || memcmp(line.ptr + name.len + 2, value.ptr, value.len) == 0);
}

static void check_head(struct slice text, const struct response_head *head)
{
    char status[16];
    const struct weir_response *response = head->response;
    snprintf(status, sizeof status, "HTTP/1.1 %d ", response->status);
    check(slice_starts_with(take_line(&text), slice_of(status)), "another status line");
    if (head->common.len > 0)
        check(slice_equals(take_line(&text), SLICE("Server: weir")), "no Server");
    for (size_t i = 0; i < response->field_count; i++)
        check(is_field(take_line(&text), response->fields[i].name, response->fields[i].value), "another field");
    if (response->lines.len > 0)
        check(slice_equals(take_line(&text), SLICE("X-Line: a")), "no lines");
    char length[64];
    snprintf(length, sizeof length, "Content-Length: %ju", (uintmax_t)response->length);
    if (!response_has_no_content(response->status) && head->framing == RESPONSE_LENGTH)
        check(slice_equals(take_line(&text), slice_of(length)), "another length");
    if (!response_has_no_content(response->status) && head->framing == RESPONSE_CHUNKED)
        check(slice_equals(take_line(&text), SLICE("Transfer-Encoding: chunked")), "no chunks");
    if (head->connection == RESPONSE_CLOSE)
        check(slice_equals(take_line(&text), SLICE("Connection: close")), "no close");
    if (head->connection == RESPONSE_KEEP_ALIVE)
        check(slice_equals(take_line(&text), SLICE("Connection: keep-alive")), "no keep-alive");
    check(take_line(&text).len == 0 && text.len == 0, "another end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[ROOM];
    struct weir_field fields[FIELDS_MAX];
    if (size < 4)
        return 0;
    const uint8_t *at = data + 4;
    struct weir_response response = {
        .status = 200 + data[0] % 100 * 4,
        .fields = fields,
        .lines = data[1] & 1 ? (struct weir_slice){ "X-Line: a\r\n", 11 } : (struct weir_slice){ NULL, 0 },
        .length = (uint64_t)size << data[1] % 64,
    };
    const struct response_head head = {
        .response = &response,
        .common = data[1] & 2 ? SLICE("Server: weir\r\n") : (struct slice){ NULL, 0 },
        .framing = (enum response_framing)(data[0] / 100),
        .connection = (enum response_connection)(data[1] / 4 % 3),
    };
    while (at < data + size && response.field_count < FIELDS_MAX) {
        struct weir_field *field = &fields[response.field_count];
        field->name = take(&at, data + size);
        field->value = take(&at, data + size);
        response.field_count += response_field_is_safe(field);
    }
    struct writer w = { room, room + sizeof room, false };
    response_write_head(&w, &head);
    check(!w.overflowed, "it does not fit");
    check_head((struct slice){ room, (size_t)(w.at - room) }, &head);

    const size_t len = (size_t)(w.at - room);
    const size_t cap = (data[2] * 256u + data[3]) % (len + RESPONSE_SPARE + 1);
    char *small = malloc(cap + (cap == 0));
    check(small != NULL, "no memory");
    w = (struct writer){ small, small + cap, false };
    response_write_head(&w, &head);
    check(w.at == small + (w.overflowed ? 0 : len), "a part of a head");
    check(w.overflowed || cap >= len, "too little room, and not a word");
    check(!w.overflowed || cap < len + RESPONSE_SPARE, "room enough, and it does not fit");
    free(small);
    return 0;
}
