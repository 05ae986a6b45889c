#include "parser/method.h"

#include "tests/check_support.h"

static const struct method_case {
    struct slice name;
    enum request_method method;
} method_cases[] = {
    { TEXT("GET"), METHOD_GET }, { TEXT("HEAD"), METHOD_HEAD }, { TEXT("POST"), METHOD_POST }, { TEXT("PUT"), METHOD_PUT },
    { TEXT("DELETE"), METHOD_DELETE }, { TEXT("PATCH"), METHOD_PATCH }, { TEXT("OPTIONS"), METHOD_OPTIONS },
    { TEXT("TRACE"), METHOD_TRACE }, { TEXT("CONNECT"), METHOD_CONNECT },
    { TEXT("ACL"), METHOD_OTHER }, { TEXT("BIND"), METHOD_OTHER }, { TEXT("CHECKOUT"), METHOD_OTHER }, { TEXT("COPY"), METHOD_OTHER },
    { TEXT("LINK"), METHOD_OTHER }, { TEXT("LOCK"), METHOD_OTHER }, { TEXT("MERGE"), METHOD_OTHER }, { TEXT("MKACTIVITY"), METHOD_OTHER },
    { TEXT("MKCALENDAR"), METHOD_OTHER }, { TEXT("MKCOL"), METHOD_OTHER }, { TEXT("MOVE"), METHOD_OTHER }, { TEXT("PROPFIND"), METHOD_OTHER },
    { TEXT("PROPPATCH"), METHOD_OTHER }, { TEXT("REBIND"), METHOD_OTHER }, { TEXT("REPORT"), METHOD_OTHER }, { TEXT("SEARCH"), METHOD_OTHER },
    { TEXT("UNBIND"), METHOD_OTHER }, { TEXT("UNLINK"), METHOD_OTHER }, { TEXT("UNLOCK"), METHOD_OTHER },
    { TEXT("get"), METHOD_UNKNOWN }, { TEXT("Get"), METHOD_UNKNOWN }, { TEXT("GETS"), METHOD_UNKNOWN }, { TEXT("GE"), METHOD_UNKNOWN },
    { TEXT(""), METHOD_UNKNOWN }, { TEXT("QUERY"), METHOD_UNKNOWN }, { TEXT("PRI"), METHOD_UNKNOWN }, { TEXT("SOURCE"), METHOD_UNKNOWN },
    { TEXT("PURGE"), METHOD_UNKNOWN }, { TEXT("M-SEARCH"), METHOD_UNKNOWN }, { TEXT("DESCRIBE"), METHOD_UNKNOWN },
};

START_TEST(a_method_is_known_by_its_exact_name)
{
    for (size_t i = 0; i < COUNT_OF(method_cases); i++)
        ck_assert_int_eq(method_find(flush_copy(method_cases[i].name)), method_cases[i].method);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("method");
    tcase_add_test(tests, a_method_is_known_by_its_exact_name);
    return check_run(tests);
}
