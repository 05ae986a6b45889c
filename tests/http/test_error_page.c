#include <check.h>
#include <stdio.h>
#include <string.h>

#include "http/error_page.h"
#include "http/status.h"
#include "tests/check_support.h"

static bool holds(struct slice page, const char *text)
{
    return memmem(page.ptr, page.len, text, strlen(text)) != NULL;
}

START_TEST(every_status_has_a_short_page)
{
    for (int status = 300; status <= 599; status++) {
        struct slice page = error_page(status);
        ck_assert_uint_gt(page.len, 0);
        ck_assert_uint_le(page.len, ERROR_PAGE_MAX);
        ck_assert(slice_starts_with(page, SLICE("<!doctype html>\n")));
        ck_assert(holds(page, "<meta charset=\"utf-8\">"));
        ck_assert(holds(page, "content=\"light dark\""));
        ck_assert(holds(page, "name=\"viewport\""));
        ck_assert(memchr(page.ptr, '\0', page.len) == NULL);
    }
}
END_TEST

START_TEST(a_page_of_its_own_carries_the_words_of_its_status)
{
    int own = 0;
    for (int status = 300; status <= 599; status++) {
        char number[24], title[80], heading[80];
        struct slice page = error_page(status), reason = status_reason(status);
        snprintf(number, sizeof(number), "<b>%d</b>", status);
        if (!holds(page, number))
            continue;
        snprintf(title, sizeof(title), "<title>%.*s</title>", (int)reason.len, reason.ptr);
        snprintf(heading, sizeof(heading), "<h1>%.*s</h1>", (int)reason.len, reason.ptr);
        ck_assert_msg(holds(page, title) && holds(page, heading), "status %d", status);
        own++;
    }
    ck_assert_int_ge(own, 30);
}
END_TEST

START_TEST(every_status_that_weir_itself_sends_has_a_page_of_its_own)
{
    const int sent[] = { 301, 400, 403, 404, 405, 408, 413, 414, 417, 431, 500, 501, 503, 505 };
    for (size_t i = 0; i < COUNT_OF(sent); i++) {
        char number[24];
        snprintf(number, sizeof(number), "<b>%d</b>", sent[i]);
        ck_assert_msg(holds(error_page(sent[i]), number), "status %d", sent[i]);
    }
}
END_TEST

START_TEST(a_status_without_a_page_gets_a_general_one_of_its_class)
{
    ck_assert(holds(error_page(399), "Elsewhere"));
    ck_assert(holds(error_page(418), "Not possible"));
    ck_assert(holds(error_page(499), "Not possible"));
    ck_assert(holds(error_page(500 + 98), "Server error"));
    ck_assert(!holds(error_page(418), "<b>"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("error_page");
    tcase_add_test(tests, every_status_has_a_short_page);
    tcase_add_test(tests, a_page_of_its_own_carries_the_words_of_its_status);
    tcase_add_test(tests, every_status_that_weir_itself_sends_has_a_page_of_its_own);
    tcase_add_test(tests, a_status_without_a_page_gets_a_general_one_of_its_class);
    return check_run(tests);
}
