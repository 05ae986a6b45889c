#include <check.h>
#include <string.h>

#include "handler/hello.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the handler gave to weir_respond(), which stands here in place of the server's. */
static struct weir_response given;
static unsigned times_given;

void weir_respond(struct weir_request *request, const struct weir_response *response)
{
    ck_assert_ptr_nonnull(request);
    given = *response;
    times_given++;
}

static bool weir_slice_is(struct weir_slice s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static const char *const targets[] = { "/", "/x", "/a/b?c=d", "*", "" };

START_TEST(every_target_is_answered_with_the_same_thirteen_bytes)
{
    const struct weir_handler hello = hello_handler();
    struct weir_request request = { .method = WEIR_GET, .target = { targets[_i], strlen(targets[_i]) } };
    times_given = 0;
    hello.answer(&request, hello.context);
    ck_assert_uint_eq(times_given, 1);
    ck_assert_int_eq(given.status, 200);
    ck_assert_uint_eq(given.length, 13);
    ck_assert_mem_eq(given.data, "Hello, world!", 13);
    ck_assert_uint_eq(given.field_count, 0);
    ck_assert(weir_slice_is(given.lines, "Content-Type: text/plain; charset=utf-8\r\n"));
    ck_assert_ptr_null(request.user);
}
END_TEST

START_TEST(all_methods_are_taken_but_options_which_weir_answers_itself)
{
    ck_assert_uint_eq(hello_handler().methods, WEIR_GET | WEIR_HEAD | WEIR_POST | WEIR_PUT | WEIR_DELETE | WEIR_PATCH);
}
END_TEST

START_TEST(content_is_dropped_and_nothing_needs_an_end)
{
    const struct weir_handler hello = hello_handler();
    ck_assert(hello.head == NULL && hello.piece == NULL && hello.end == NULL);
}
END_TEST

int main(void)
{
    TCase *const tests = tcase_create("hello");
    tcase_add_loop_test(tests, every_target_is_answered_with_the_same_thirteen_bytes, 0, (int)COUNT(targets));
    tcase_add_test(tests, all_methods_are_taken_but_options_which_weir_answers_itself);
    tcase_add_test(tests, content_is_dropped_and_nothing_needs_an_end);
    Suite *const suite = suite_create("hello");
    suite_add_tcase(suite, tests);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
