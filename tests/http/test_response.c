/* Heads of responses against the bytes that they must be, and against too little room. */
#include "http/response.h"

#include "tests/check_support.h"

#define FIELD(name, value) { { (name), sizeof(name) - 1 }, { (value), sizeof(value) - 1 } }

static const struct weir_field two_fields[] = { FIELD("Content-Type", "text/plain"), FIELD("X-Empty", "") };

#define RESPONSE(...) &(const struct weir_response){ __VA_ARGS__ }
#define LENGTH(number, digits) \
    { "a length of " digits, { .response = RESPONSE(.status = 200, .length = (number)) }, "HTTP/1.1 200 OK\r\nContent-Length: " digits "\r\n\r\n" }

static const struct head_case {
    const char *name;
    struct response_head head;
    const char *wanted;
} heads[] = {
    { "everything",
      { .response = RESPONSE(.status = 405, .fields = two_fields, .field_count = 2, .lines = { "X-Line: a\r\n", 11 }, .length = UINT64_MAX),
        .common = SLICE_INIT("Date: now\r\nServer: weir\r\n"), .connection = RESPONSE_CLOSE },
      "HTTP/1.1 405 Method Not Allowed\r\nDate: now\r\nServer: weir\r\nContent-Type: text/plain\r\nX-Empty: \r\nX-Line: a\r\n"
      "Content-Length: 18446744073709551615\r\nConnection: close\r\n\r\n" },
    { "the longest ending", { .response = RESPONSE(.status = 200, .length = UINT64_MAX), .connection = RESPONSE_KEEP_ALIVE },
      "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\nConnection: keep-alive\r\n\r\n" },
    { "kept for HTTP/1.0", { .response = RESPONSE(.status = 200, .length = 10), .connection = RESPONSE_KEEP_ALIVE },
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: keep-alive\r\n\r\n" },
    { "no content, no length", { .response = RESPONSE(.status = 204, .length = 7) }, "HTTP/1.1 204 No Content\r\n\r\n" },
    { "not modified, no length", { .response = RESPONSE(.status = 304) }, "HTTP/1.1 304 Not Modified\r\n\r\n" },
    { "a status without a name keeps its blank", { .response = RESPONSE(.status = 299) }, "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n" },
    { "in chunks", { .response = RESPONSE(.status = 200, .length = UINT64_MAX), .framing = RESPONSE_CHUNKED },
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
    { "until the close",
      { .response = RESPONSE(.status = 200, .length = UINT64_MAX), .framing = RESPONSE_UNTIL_CLOSE, .connection = RESPONSE_CLOSE },
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" },
    { "no content, no chunks", { .response = RESPONSE(.status = 204), .framing = RESPONSE_CHUNKED }, "HTTP/1.1 204 No Content\r\n\r\n" },
    { "the last status", { .response = RESPONSE(.status = 599) }, "HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n" },
    LENGTH(0, "0"), LENGTH(9, "9"), LENGTH(10, "10"), LENGTH(99, "99"), LENGTH(100, "100"), LENGTH(12345, "12345"),
    LENGTH(4294967296, "4294967296"), LENGTH(UINT64_MAX, "18446744073709551615"),
};

START_TEST(a_head_is_written_as_it_stands_here)
{
    char room[1024];
    struct writer w = { room, room + sizeof room, false };
    response_write_head(&w, &heads[_i].head);
    ck_assert(!w.overflowed);
    const struct slice got = { room, (size_t)(w.at - room) };
    ck_assert_msg(slice_equals(got, slice_of(heads[_i].wanted)), "%s: %.*s", heads[_i].name, (int)got.len, got.ptr);
}

/* The room ends where memory ends: one byte behind it is a crash. */
START_TEST(a_head_never_leaves_its_room_and_says_when_it_is_too_small)
{
    static char zeros[1024];
    const size_t len = strlen(heads[_i].wanted);
    for (size_t cap = 0; cap <= len + RESPONSE_SPARE; cap++) {
        char *room = (char *)(uintptr_t)flush_copy((struct slice){ zeros, cap }).ptr;
        struct writer w = { room, room + cap, false };
        response_write_head(&w, &heads[_i].head);
        ck_assert_uint_eq((size_t)(w.at - room), w.overflowed ? 0 : len);
        ck_assert(!w.overflowed || cap < len + RESPONSE_SPARE);
    }
}

static const struct field_case {
    struct weir_field field;
    bool is_safe;
} fields[] = {
    { FIELD("X", ""), true },
    { FIELD("!#$%&'*+-.^_`|~09azAZ", "a"), true },
    { FIELD("X", "\ttabs, blanks and \x80\xff"), true },
    { FIELD("Dat", "a"), true },
    { FIELD("Dates", "a"), true },
    { FIELD("Content-Lengths", "a"), true },
    { FIELD("", "a"), false },
    { FIELD("a b", "a"), false },
    { FIELD("a:", "a"), false },
    { FIELD("a\0", "a"), false },
    { FIELD("a\x80", "a"), false },
    { FIELD("a(", "a"), false },
    { FIELD("X", "a\r\nY: b"), false },
    { FIELD("X", "a\rb"), false },
    { FIELD("X", "a\nb"), false },
    { FIELD("X", "a\0b"), false },
    { FIELD("X", "\x1f"), false },
    { FIELD("X", "\x7f"), false },
    { FIELD("date", "a"), false },
    { FIELD("SERVER", "a"), false },
    { FIELD("Connection", "a"), false },
    { FIELD("Content-Length", "1"), false },
    { FIELD("Transfer-encoding", "chunked"), false },
};

START_TEST(a_field_that_could_break_the_head_is_not_safe)
{
    const struct weir_field *field = &fields[_i].field;
    ck_assert_msg(response_field_is_safe(field) == fields[_i].is_safe, "%.*s: %.*s", (int)field->name.len, field->name.ptr,
        (int)field->value.len, field->value.ptr);
}

START_TEST(no_byte_but_these_may_stand_in_a_name_or_a_value)
{
    static const char name_bytes[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int byte = 0; byte < 256; byte++) {
        const char text[] = { 'X', (char)byte };
        const struct weir_field name = { { text, 2 }, { "a", 1 } }, value = { { "X", 1 }, { text, 2 } };
        ck_assert_int_eq(response_field_is_safe(&name), byte != 0 && strchr(name_bytes, byte) != NULL);
        ck_assert_int_eq(response_field_is_safe(&value), byte == '\t' || (byte >= ' ' && byte != 0x7f));
    }
}

START_TEST(what_did_not_fit_is_not_made_good_by_what_does)
{
    char room[4];
    struct writer w = { room, room + sizeof room, false };
    writer_text(&w, SLICE("12345"));
    writer_text(&w, (struct slice){ NULL, 0 });
    writer_text(&w, SLICE("1"));
    ck_assert(w.overflowed);
}

static const struct chunk_case {
    size_t size;
    const char *head;
} chunks[] = {
    { 1, "1\r\n" }, { 9, "9\r\n" }, { 10, "a\r\n" }, { 15, "f\r\n" }, { 16, "10\r\n" }, { 255, "ff\r\n" }, { 256, "100\r\n" },
    { 48879, "beef\r\n" }, { 65536, "10000\r\n" }, { 131071, "1ffff\r\n" },
};

/* Its framing, and the last chunk behind it, are no more than RESPONSE_CHUNK_MAX, and one byte less of room is too little. */
START_TEST(a_chunk_tells_its_size_in_hexadecimal_digits)
{
    static char content[131072], room[131072 + RESPONSE_CHUNK_MAX];
    const struct chunk_case *c = &chunks[_i];
    const size_t head = strlen(c->head), all = head + c->size + 2;
    memset(content, 'c', sizeof content);
    for (size_t cap = all - 1; cap <= all; cap++) {
        struct writer w = { room, room + cap, false };
        response_write_chunk(&w, (struct slice){ content, c->size });
        ck_assert_int_eq(w.overflowed, cap < all);
        ck_assert_uint_le((size_t)(w.at - room), cap);
    }
    ck_assert_mem_eq(room, c->head, head);
    ck_assert_mem_eq(room + head, content, c->size);
    ck_assert_mem_eq(room + head + c->size, "\r\n", 2);
    ck_assert_uint_le(all - c->size + response_last_chunk.len, RESPONSE_CHUNK_MAX);
}

START_TEST(the_framing_of_the_largest_chunk_there_can_be_has_its_room)
{
    ck_assert(slice_equals(response_last_chunk, SLICE("0\r\n\r\n")));
    ck_assert_uint_le(2 * sizeof(size_t) + 4 + response_last_chunk.len, RESPONSE_CHUNK_MAX);
}

START_TEST(the_interim_answer_is_a_status_line_and_an_empty_line)
{
    ck_assert(slice_equals(response_continue, SLICE("HTTP/1.1 100 Continue\r\n\r\n")));
}

int main(void)
{
    TCase *tests = tcase_create("response");
    tcase_add_loop_test(tests, a_head_is_written_as_it_stands_here, 0, COUNT_OF(heads));
    tcase_add_loop_test(tests, a_head_never_leaves_its_room_and_says_when_it_is_too_small, 0, COUNT_OF(heads));
    tcase_add_loop_test(tests, a_field_that_could_break_the_head_is_not_safe, 0, COUNT_OF(fields));
    tcase_add_test(tests, no_byte_but_these_may_stand_in_a_name_or_a_value);
    tcase_add_test(tests, what_did_not_fit_is_not_made_good_by_what_does);
    tcase_add_loop_test(tests, a_chunk_tells_its_size_in_hexadecimal_digits, 0, COUNT_OF(chunks));
    tcase_add_test(tests, the_framing_of_the_largest_chunk_there_can_be_has_its_room);
    tcase_add_test(tests, the_interim_answer_is_a_status_line_and_an_empty_line);
    return check_run(tests);
}
