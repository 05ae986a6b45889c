#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "handler/respond.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(literal) { (literal), sizeof(literal) - 1 }

/* What the handler gave to weir_respond() or weir_respond_page(), which stand here in place of the server's. */
static struct weir_response given;
static unsigned times_given, pages_given;

void weir_respond(struct weir_request *request, const struct weir_response *response)
{
    ck_assert_ptr_nonnull(request);
    given = *response;
    times_given++;
}

void weir_respond_page(struct weir_request *request, int status, const struct weir_field *fields, size_t field_count)
{
    ck_assert_ptr_nonnull(request);
    given = (struct weir_response){ .status = status, .fields = fields, .field_count = field_count };
    pages_given++;
}

static struct respond respond;

/* Has the handler answer one request. */
static void ask(void)
{
    const struct weir_handler handler = respond_handler(&respond);
    struct weir_request request = { .method = WEIR_GET };
    times_given = pages_given = 0;
    handler.answer(&request, handler.context);
    ck_assert_uint_eq(times_given + pages_given, 1);
}

#define PLAIN "Content-Type: text/plain; charset=utf-8\r\n"

static const struct weir_field one_field[] = { { TEXT("Location"), TEXT("/x") } };
static const struct weir_field typed_fields[] = { { TEXT("A"), TEXT("b") }, { TEXT("content-TYPE"), TEXT("application/json") } };
static const struct weir_field broken_field[] = { { TEXT("A"), TEXT("b\r\nC: d") } };

struct answer_case {
    int status;
    const char *text;          /* NULL: none */
    const struct weir_field *fields;
    size_t field_count;
    bool is_page;
    const char *lines;
};

static const struct answer_case answer_cases[] = {
    { 200, "hi", NULL, 0, false, PLAIN },
    { 200, "", NULL, 0, false, PLAIN },
    { 200, NULL, NULL, 0, false, "" },
    { 204, NULL, NULL, 0, false, "" },
    { 304, NULL, NULL, 0, false, "" },
    { 200, "hi", one_field, 1, false, PLAIN "Location: /x\r\n" },
    { 200, "{}", typed_fields, 2, false, "A: b\r\ncontent-TYPE: application/json\r\n" },
    { 299, NULL, one_field, 1, false, "Location: /x\r\n" },
    { 302, NULL, one_field, 1, true, NULL },
    { 404, NULL, NULL, 0, true, NULL },
    { 404, "gone", NULL, 0, false, PLAIN },
    { 599, NULL, NULL, 0, true, NULL },
};

START_TEST(every_request_gets_the_same_answer)
{
    const struct answer_case *c = &answer_cases[_i];
    ck_assert(respond_init(&respond, c->status, (struct weir_slice){ c->text, c->text == NULL ? 0 : strlen(c->text) }, c->fields, c->field_count));
    ask();
    ck_assert_int_eq(given.status, c->status);
    ck_assert_uint_eq(pages_given, c->is_page);
    if (c->is_page) {
        ck_assert_uint_eq(given.field_count, c->field_count);
        ck_assert_ptr_eq(given.fields, c->fields);
        return;
    }
    ck_assert_uint_eq(given.field_count, 0);
    ck_assert_uint_eq(given.lines.len, strlen(c->lines));
    ck_assert_mem_eq(given.lines.ptr, c->lines, given.lines.len);
    ck_assert_uint_eq(given.length, c->text == NULL ? 0 : strlen(c->text));
    ck_assert_ptr_eq(given.data, c->text);
    ck_assert(given.release == NULL);
}
END_TEST

START_TEST(fields_that_could_break_the_head_or_do_not_fit_are_refused)
{
    static char long_value[RESPOND_LINES_MAX];
    memset(long_value, 'x', sizeof(long_value));
    struct weir_field field = { TEXT("A"), { long_value, sizeof(long_value) - 5 } };
    ck_assert(respond_init(&respond, 200, (struct weir_slice){ NULL, 0 }, &field, 1));
    ck_assert_uint_eq(respond.lines_len, sizeof(long_value));
    ck_assert(!respond_init(&respond, 200, (struct weir_slice)TEXT("x"), &field, 1));
    field.value.len++;
    ck_assert(!respond_init(&respond, 200, (struct weir_slice){ NULL, 0 }, &field, 1));
    ck_assert(!respond_init(&respond, 200, (struct weir_slice)TEXT("x"), broken_field, 1));
}
END_TEST

START_TEST(every_method_is_taken_and_content_is_dropped)
{
    const struct weir_handler handler = respond_handler(&respond);
    ck_assert_uint_eq(handler.methods, WEIR_GET | WEIR_HEAD | WEIR_POST | WEIR_PUT | WEIR_DELETE | WEIR_PATCH | WEIR_OPTIONS);
    ck_assert(handler.head == NULL && handler.piece == NULL && handler.end == NULL);
}
END_TEST

int main(void)
{
    TCase *const tests = tcase_create("respond");
    tcase_add_loop_test(tests, every_request_gets_the_same_answer, 0, (int)COUNT(answer_cases));
    tcase_add_test(tests, fields_that_could_break_the_head_or_do_not_fit_are_refused);
    tcase_add_test(tests, every_method_is_taken_and_content_is_dropped);
    Suite *const suite = suite_create("respond");
    suite_add_tcase(suite, tests);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
