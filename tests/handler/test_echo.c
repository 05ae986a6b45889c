/* Echo, on stand-ins for the server's functions. */
#include "handler/echo.h"

#include <string.h>

#include "tests/check_support.h"

/* ---- what stands here in place of the server's */

static size_t room;                    /* bytes that are taken */
static char taken[64];
static size_t taken_len;
static struct weir_response begun;
static struct weir_slice begun_type;
static unsigned times_begun, times_ended;
static const char *request_type;       /* NULL: the request has none */

size_t weir_stream_send(struct weir_stream *stream, const void *data, size_t len)
{
    ck_assert_ptr_nonnull(stream);
    const size_t count = len < room ? len : room;
    memcpy(taken + taken_len, data, count);
    taken_len += count;
    room -= count;
    return count;
}

bool weir_request_field(const struct weir_request *request, const char *name, struct weir_slice *value)
{
    ck_assert_ptr_nonnull(request);
    ck_assert_str_eq(name, "Content-Type");
    if (request_type == NULL)
        return false;
    *value = (struct weir_slice){ request_type, strlen(request_type) };
    return true;
}

void weir_respond_begin(struct weir_request *request, const struct weir_response *response)
{
    ck_assert_ptr_nonnull(request);
    begun = *response;
    ck_assert_uint_eq(response->field_count, 1);
    ck_assert_uint_eq(response->fields[0].name.len, strlen("Content-Type"));
    ck_assert_mem_eq(response->fields[0].name.ptr, "Content-Type", strlen("Content-Type"));
    begun_type = response->fields[0].value;
    times_begun++;
}

size_t weir_respond_piece(struct weir_request *request, const void *data, size_t len)
{
    ck_assert_ptr_nonnull(request);
    ck_assert_uint_eq(times_begun, 1);
    ck_assert_uint_eq(times_ended, 0);
    memcpy(taken + taken_len, data, len);
    taken_len += len;
    return len;
}

void weir_respond_end(struct weir_request *request)
{
    ck_assert_ptr_nonnull(request);
    ck_assert_uint_eq(times_begun, 1);
    times_ended++;
}

static void begin(void)
{
    taken_len = times_begun = times_ended = 0;
    request_type = NULL;
    room = sizeof taken;
}

/* ---- plain TCP */

START_TEST(every_byte_goes_back_and_what_there_is_no_room_for_is_not_taken)
{
    const struct weir_stream_handler echo = echo_stream_handler();
    struct weir_stream stream = { .user = NULL };
    begin();
    ck_assert_uint_eq(echo.receive(&stream, "hello", 5, echo.context), 5);
    ck_assert_mem_eq(taken, "hello", 5);
    room = 2;
    ck_assert_uint_eq(echo.receive(&stream, "again", 5, echo.context), 2);
    ck_assert_uint_eq(echo.receive(&stream, "ain", 3, echo.context), 0);
    ck_assert_mem_eq(taken, "helloag", 7);
    ck_assert_ptr_null(stream.user);
    ck_assert(echo.end == NULL);
}

/* ---- HTTP */

static const struct type_case {
    const char *asked;                 /* NULL: none */
    const char *answered;
} types[] = {
    { NULL, "application/octet-stream" },
    { "text/plain; charset=utf-8", "text/plain; charset=utf-8" },
    { "", "" },
};

START_TEST(content_goes_back_as_it_comes_with_its_type_and_length)
{
    static const uint64_t lengths[] = { 5, UINT64_MAX };
    const struct weir_handler echo = echo_http_handler();
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct weir_request request = { .method = WEIR_POST, .content_length = lengths[i] };
        begin();
        request_type = types[_i].asked;
        ck_assert_int_eq(echo.head(&request, echo.context), WEIR_BODY_PIECES);
        ck_assert_uint_eq(times_begun, 0);
        echo.piece(&request, "hel", 3, echo.context);
        echo.piece(&request, "lo", 2, echo.context);
        ck_assert_uint_eq(times_ended, 0);
        echo.answer(&request, echo.context);
        ck_assert_uint_eq(times_begun, 1);
        ck_assert_uint_eq(times_ended, 1);
        ck_assert_int_eq(begun.status, 200);
        ck_assert_uint_eq(begun.length, lengths[i]);
        ck_assert_uint_eq(begun_type.len, strlen(types[_i].answered));
        ck_assert_mem_eq(begun_type.ptr, types[_i].answered, begun_type.len);
        ck_assert_uint_eq(taken_len, 5);
        ck_assert_mem_eq(taken, "hello", 5);
    }
}

START_TEST(where_no_content_came_none_goes_back)
{
    const struct weir_handler echo = echo_http_handler();
    struct weir_request request = { .method = WEIR_GET };
    begin();
    echo.answer(&request, echo.context);
    ck_assert_uint_eq(times_begun, 1);
    ck_assert_uint_eq(times_ended, 1);
    ck_assert_uint_eq(begun.length, 0);
    ck_assert_uint_eq(taken_len, 0);
}

START_TEST(all_methods_are_taken_but_options_which_weir_answers_itself)
{
    ck_assert_uint_eq(echo_http_handler().methods, WEIR_GET | WEIR_HEAD | WEIR_POST | WEIR_PUT | WEIR_DELETE | WEIR_PATCH);
    ck_assert(echo_http_handler().end == NULL);        /* nothing is kept */
}

int main(void)
{
    TCase *tests = tcase_create("echo");
    tcase_add_test(tests, every_byte_goes_back_and_what_there_is_no_room_for_is_not_taken);
    tcase_add_loop_test(tests, content_goes_back_as_it_comes_with_its_type_and_length, 0, COUNT_OF(types));
    tcase_add_test(tests, where_no_content_came_none_goes_back);
    tcase_add_test(tests, all_methods_are_taken_but_options_which_weir_answers_itself);
    return check_run(tests);
}
