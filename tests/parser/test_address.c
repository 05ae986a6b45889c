#include "parser/address.h"

#include <string.h>

#include "tests/check_support.h"

static const struct good_case {
    struct slice text;
    enum address_kind kind;
    uint8_t ip[16];
    uint16_t port;
    struct slice path;
} good_cases[] = {
    { TEXT("127.0.0.1:8080"), ADDRESS_IPV4, { 127, 0, 0, 1 }, 8080, { 0 } },
    { TEXT("0.0.0.0:0"), ADDRESS_IPV4, { 0 }, 0, { 0 } },
    { TEXT("255.255.255.255:65535"), ADDRESS_IPV4, { 255, 255, 255, 255 }, 65535, { 0 } },
    { TEXT("[::1]:80"), ADDRESS_IPV6, { [15] = 1 }, 80, { 0 } },
    { TEXT("[::]:00080"), ADDRESS_IPV6, { 0 }, 80, { 0 } },
    { TEXT("[2001:db8::1:2]:443"), ADDRESS_IPV6, { 0x20, 1, 0xd, 0xb8, [13] = 1, [15] = 2 }, 443, { 0 } },
    { TEXT("[::ffff:1.2.3.4]:1"), ADDRESS_IPV6, { [10] = 255, 255, 1, 2, 3, 4 }, 1, { 0 } },
    { TEXT(":8080"), ADDRESS_ANY, { 0 }, 8080, { 0 } },
    { TEXT(":0"), ADDRESS_ANY, { 0 }, 0, { 0 } },
    { TEXT("unix:/run/weir"), ADDRESS_UNIX, { 0 }, 0, TEXT("/run/weir") },
    { TEXT("unix:a:80"), ADDRESS_UNIX, { 0 }, 0, TEXT("a:80") },
};

START_TEST(an_address_is_taken_apart)
{
    for (size_t i = 0; i < COUNT_OF(good_cases); i++) {
        const struct good_case *c = &good_cases[i];
        struct address address;
        const char *fault = address_parse(flush_copy(c->text), &address);
        ck_assert_msg(fault == NULL, "%s: %s", c->text.ptr, fault);
        ck_assert_msg(address.kind == c->kind && address.port == c->port, "%s", c->text.ptr);
        ck_assert_msg(memcmp(address.ip, c->ip, 16) == 0, "%s", c->text.ptr);
        ck_assert_msg(slice_equals(address.path, c->path), "%s", c->text.ptr);
    }
}
END_TEST

static const struct slice bad_cases[] = {
    TEXT(""), TEXT("8080"), TEXT("localhost:8080"), TEXT("127.0.0.1"), TEXT("127.0.0.1:"), TEXT("127.0.0.1:x"), TEXT("127.0.0.1:65536"),
    TEXT("127.0.0.1:000080"), TEXT("127.0.0.1:-1"), TEXT("127.0.0.1:80 "), TEXT(" 127.0.0.1:80"), TEXT("127.0.0:80"), TEXT("127.1:80"),
    TEXT("256.0.0.1:80"), TEXT("127.0.0.01:80"), TEXT("127.0.0.1:80:80"), TEXT("::1:80"), TEXT("::1"), TEXT("[::1]"), TEXT("[::1]80"),
    TEXT("[::1]:"), TEXT("[]:80"), TEXT("[:80"), TEXT("]:80"), TEXT("[127.0.0.1]:80"), TEXT("[::1%lo]:80"), TEXT("[::g]:80"), TEXT("*:80"),
    TEXT(":"), TEXT("::"), TEXT("unix:"), TEXT("unix:a\0b"), TEXT("127.0.0.1\0:80"), TEXT("Unix:/a"), TEXT("http://127.0.0.1:80"),
    TEXT("[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:80"), TEXT("127.0.0.1:18446744073709551616"),
};

START_TEST(what_is_no_address_is_answered_with_what_would_be_one)
{
    for (size_t i = 0; i < COUNT_OF(bad_cases); i++) {
        struct address address;
        const char *fault = address_parse(flush_copy(bad_cases[i]), &address);
        ck_assert_msg(fault != NULL && strlen(fault) > 10, "%s", bad_cases[i].ptr);
    }
}
END_TEST

START_TEST(a_path_is_at_most_as_long_as_the_kernel_takes)
{
    char text[5 + ADDRESS_PATH_MAX + 1];
    struct address address;
    memset(text, 'a', sizeof(text));
    memcpy(text, "unix:", 5);
    ck_assert(address_parse((struct slice){ text, sizeof(text) - 1 }, &address) == NULL);
    ck_assert_uint_eq(address.path.len, ADDRESS_PATH_MAX);
    ck_assert(address_parse((struct slice){ text, sizeof(text) }, &address) != NULL);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("address");
    tcase_add_test(tests, an_address_is_taken_apart);
    tcase_add_test(tests, what_is_no_address_is_answered_with_what_would_be_one);
    tcase_add_test(tests, a_path_is_at_most_as_long_as_the_kernel_takes);
    return check_run(tests);
}
