#include "parser/target.h"

#include <string.h>

#include "tests/check_support.h"

#define R TARGET_FOR_RESOURCE
#define O TARGET_FOR_OPTIONS
#define C TARGET_FOR_CONNECT

/* ------------------------------------------------------------------ targets */

static const struct good_case {
    struct slice raw;
    enum target_use use;
    enum target_form form;
    struct slice authority, path, query;
    bool has_query, is_plain;
} good_cases[] = {
    { TEXT("/"), R, TARGET_ORIGIN, { 0 }, TEXT("/"), { 0 }, false, true },
    { TEXT("/a/b.c"), R, TARGET_ORIGIN, { 0 }, TEXT("/a/b.c"), { 0 }, false, true },
    { TEXT("/a/"), O, TARGET_ORIGIN, { 0 }, TEXT("/a/"), { 0 }, false, true },
    { TEXT("/x?"), R, TARGET_ORIGIN, { 0 }, TEXT("/x"), { 0 }, true, true },
    { TEXT("/?a=b&c=%20/?"), R, TARGET_ORIGIN, { 0 }, TEXT("/"), TEXT("a=b&c=%20/?"), true, true },
    { TEXT("/AZaz09-._~!$&'()*+,;=:@"), R, TARGET_ORIGIN, { 0 }, TEXT("/AZaz09-._~!$&'()*+,;=:@"), { 0 }, false, true },
    { TEXT("/%41"), R, TARGET_ORIGIN, { 0 }, TEXT("/%41"), { 0 }, false, false },
    { TEXT("/%ff%Fe"), R, TARGET_ORIGIN, { 0 }, TEXT("/%ff%Fe"), { 0 }, false, false },
    { TEXT("//evil"), R, TARGET_ORIGIN, { 0 }, TEXT("//evil"), { 0 }, false, false },
    { TEXT("/a//"), R, TARGET_ORIGIN, { 0 }, TEXT("/a//"), { 0 }, false, false },
    { TEXT("/."), R, TARGET_ORIGIN, { 0 }, TEXT("/."), { 0 }, false, false },
    { TEXT("/.?"), R, TARGET_ORIGIN, { 0 }, TEXT("/."), { 0 }, true, false },
    { TEXT("/.."), R, TARGET_ORIGIN, { 0 }, TEXT("/.."), { 0 }, false, false },
    { TEXT("/a/../b"), R, TARGET_ORIGIN, { 0 }, TEXT("/a/../b"), { 0 }, false, false },
    { TEXT("/./b"), R, TARGET_ORIGIN, { 0 }, TEXT("/./b"), { 0 }, false, false },
    { TEXT("/..."), R, TARGET_ORIGIN, { 0 }, TEXT("/..."), { 0 }, false, true },
    { TEXT("/.a/..b/c./d../.../x"), R, TARGET_ORIGIN, { 0 }, TEXT("/.a/..b/c./d../.../x"), { 0 }, false, true },
    { TEXT("/a?.."), R, TARGET_ORIGIN, { 0 }, TEXT("/a"), TEXT(".."), true, true },
    { TEXT("*"), O, TARGET_ASTERISK, { 0 }, { 0 }, { 0 }, false, false },
    { TEXT("http://h"), R, TARGET_ABSOLUTE, TEXT("h"), { 0 }, { 0 }, false, false },
    { TEXT("HTTP://h/"), R, TARGET_ABSOLUTE, TEXT("h"), TEXT("/"), { 0 }, false, true },
    { TEXT("https://h:443/a?b"), R, TARGET_ABSOLUTE, TEXT("h:443"), TEXT("/a"), TEXT("b"), true, true },
    { TEXT("http://[::1]:80?q"), O, TARGET_ABSOLUTE, TEXT("[::1]:80"), { 0 }, TEXT("q"), true, false },
    { TEXT("h:1"), C, TARGET_AUTHORITY, TEXT("h:1"), { 0 }, { 0 }, false, false },
    { TEXT("[2001:db8::1]:443"), C, TARGET_AUTHORITY, TEXT("[2001:db8::1]:443"), { 0 }, { 0 }, false, false },
};

static struct slice part_of(struct slice raw, struct target_part part)
{
    return (struct slice){ raw.ptr + part.start, part.len };
}

START_TEST(a_good_target_is_taken_apart)
{
    for (size_t i = 0; i < COUNT_OF(good_cases); i++) {
        const struct good_case *c = &good_cases[i];
        struct slice raw = flush_copy(c->raw);
        struct target target;
        ck_assert_msg(target_parse(raw, c->use, &target), "%s", c->raw.ptr);
        ck_assert_msg(target.form == c->form, "%s", c->raw.ptr);
        ck_assert_msg(slice_equals(part_of(raw, target.authority), c->authority), "%s", c->raw.ptr);
        ck_assert_msg(slice_equals(part_of(raw, target.path), c->path), "%s", c->raw.ptr);
        ck_assert_msg(slice_equals(part_of(raw, target.query), c->query), "%s", c->raw.ptr);
        ck_assert_msg(target.has_query == c->has_query && target.is_plain == c->is_plain, "%s", c->raw.ptr);
    }
}
END_TEST

static const struct bad_case {
    struct slice raw;
    enum target_use use;
} bad_cases[] = {
    { TEXT(""), R }, { TEXT("a"), R }, { TEXT("?"), R }, { TEXT("."), R }, { TEXT("%2f"), R },
    /* the asterisk is for OPTIONS, and alone */
    { TEXT("*"), R }, { TEXT("*"), C }, { TEXT("**"), O }, { TEXT("*?"), O },
    /* percent-encoding */
    { TEXT("/%"), R }, { TEXT("/%4"), R }, { TEXT("/%zz"), R }, { TEXT("/%4z"), R }, { TEXT("/%00"), R }, { TEXT("/a?%"), R },
    { TEXT("/a?%1"), R }, { TEXT("/a?%g1"), R }, { TEXT("/a?%00"), R },
    /* no fragment, and no byte that has to be encoded */
    { TEXT("/#"), R }, { TEXT("/a#b"), R }, { TEXT("/a?b#c"), R }, { TEXT("/a b"), R }, { TEXT("/\""), R }, { TEXT("/<"), R }, { TEXT("/>"), R },
    { TEXT("/\\"), R }, { TEXT("/^"), R }, { TEXT("/`"), R }, { TEXT("/{"), R }, { TEXT("/|"), R }, { TEXT("/}"), R }, { TEXT("/["), R },
    { TEXT("/]"), R }, { TEXT("/?a[]"), R }, { TEXT("/\x7f"), R }, { TEXT("/\x80"), R }, { TEXT("/\t"), R }, { TEXT("/\0"), R },
    { TEXT("/?\n"), R },
    /* other schemes, userinfo, no host */
    { TEXT("ftp://h/"), R }, { TEXT("http:/h"), R }, { TEXT("http:h"), R }, { TEXT("http//h"), R }, { TEXT("http://"), R }, { TEXT("http:///"), R },
    { TEXT("http://?q"), R }, { TEXT("http://u@h/"), R }, { TEXT("http://u:p@h/"), R }, { TEXT("http://h:99999/"), R }, { TEXT("http://h/#f"), R },
    { TEXT("http://:80/"), R }, { TEXT("http://[::1/"), R }, { TEXT("httpss://h/"), R }, { TEXT("file:///etc/passwd"), R },
    { TEXT("javascript:alert(1)"), R }, { TEXT("http://h/%"), R },
    /* CONNECT takes host:port and nothing else */
    { TEXT("h"), C }, { TEXT("h:"), C }, { TEXT("/"), C }, { TEXT("h:1/"), C }, { TEXT("h:1?"), C }, { TEXT("http://h:1"), C }, { TEXT(":1"), C },
    { TEXT("u@h:1"), C }, { TEXT("h:65536"), C }, { TEXT("[::1]"), C }, { TEXT(""), C }, { TEXT("80"), C },
};

START_TEST(a_target_that_rfc_9112_does_not_allow_is_refused)
{
    struct target target;
    for (size_t i = 0; i < COUNT_OF(bad_cases); i++)
        ck_assert_msg(!target_parse(flush_copy(bad_cases[i].raw), bad_cases[i].use, &target), "%s", bad_cases[i].raw.ptr);
}
END_TEST

START_TEST(a_target_longer_than_its_offsets_reach_is_refused)
{
    static char text[65537];
    struct target target;
    memset(text, 'a', sizeof(text));
    text[0] = '/';
    ck_assert(target_parse((struct slice){ text, 65535 }, R, &target));
    ck_assert_uint_eq(target.path.len, 65535);
    ck_assert(!target_parse((struct slice){ text, 65536 }, R, &target));
}
END_TEST

/* ------------------------------------------------------------------ paths */

static const struct path_case {
    struct slice path, decoded;        /* decoded: empty where the path is refused */
} path_cases[] = {
    { TEXT(""), TEXT("/") },
    { TEXT("/"), TEXT("/") },
    { TEXT("/a/b"), TEXT("/a/b") },
    { TEXT("/a/b/"), TEXT("/a/b/") },
    { TEXT("/%41%7e%20%2B"), TEXT("/A~ +") },
    { TEXT("/%ff%C3%A4"), TEXT("/\xff\xc3\xa4") },
    { TEXT("/%2541"), TEXT("/%41") },          /* once, not twice */
    { TEXT("/a+b"), TEXT("/a+b") },
    { TEXT("//"), TEXT("/") },
    { TEXT("///a///b///"), TEXT("/a/b/") },
    { TEXT("/."), TEXT("/") },
    { TEXT("/./"), TEXT("/") },
    { TEXT("/a/."), TEXT("/a/") },
    { TEXT("/a/./b"), TEXT("/a/b") },
    { TEXT("/a/.."), TEXT("/") },
    { TEXT("/a/../"), TEXT("/") },
    { TEXT("/a/b/.."), TEXT("/a/") },
    { TEXT("/a/b/../c"), TEXT("/a/c") },
    { TEXT("/a//../b"), TEXT("/b") },
    { TEXT("/a/b/../../c"), TEXT("/c") },
    { TEXT("/.../..a/a../.a"), TEXT("/.../..a/a../.a") },
    { TEXT("/a/%2e%2e/b"), TEXT("/b") },
    { TEXT("/a/%2E/b"), TEXT("/a/b") },
    { TEXT("/a%2fb"), TEXT("/a/b") },
    { TEXT("/a%2f..%2fb"), TEXT("/b") },
    { TEXT("/a/b%2F%2e%2e"), TEXT("/a/") },
    { TEXT("/.."), { 0 } },
    { TEXT("/../"), { 0 } },
    { TEXT("/../a"), { 0 } },
    { TEXT("//.."), { 0 } },
    { TEXT("/./.."), { 0 } },
    { TEXT("/a/../.."), { 0 } },
    { TEXT("/a/../../a"), { 0 } },
    { TEXT("/%2e%2e/etc/passwd"), { 0 } },
    { TEXT("/.%2e/etc/passwd"), { 0 } },
    { TEXT("/a/..%2f..%2fetc"), { 0 } },
    { TEXT("/a%00b"), { 0 } },
    { TEXT("/a\0b"), { 0 } },
    { TEXT("/%"), { 0 } },
    { TEXT("/%4"), { 0 } },
    { TEXT("/%g0"), { 0 } },
    { TEXT("/%0g"), { 0 } },
};

START_TEST(a_path_is_decoded_once_and_never_climbs)
{
    for (size_t i = 0; i < COUNT_OF(path_cases); i++) {
        const struct path_case *c = &path_cases[i];
        char out[64];
        memset(out, '!', sizeof(out));
        size_t len = target_decode_path(flush_copy(c->path), out);
        ck_assert_msg(slice_equals((struct slice){ out, len }, c->decoded), "%s: %.*s", c->path.ptr, (int)len, out);
        ck_assert(out[c->path.len > 0 ? c->path.len : 1] == '!');      /* no byte behind the room that was promised */
    }
}
END_TEST

START_TEST(a_plain_path_is_its_own_decoded_form)
{
    for (size_t i = 0; i < COUNT_OF(good_cases); i++) {
        if (!good_cases[i].is_plain)
            continue;
        char out[64];
        size_t len = target_decode_path(good_cases[i].path, out);
        ck_assert(slice_equals((struct slice){ out, len }, good_cases[i].path));
    }
}
END_TEST

static const struct encode_case {
    struct slice path, encoded;
} encode_cases[] = {
    { TEXT(""), TEXT("") },
    { TEXT("/"), TEXT("/") },
    { TEXT("/a b"), TEXT("/a%20b") },
    { TEXT("/AZaz09-._~!$&'()*+,;=:@"), TEXT("/AZaz09-._~!$&'()*+,;=:@") },
    { TEXT("/%41?#[]"), TEXT("/%2541%3F%23%5B%5D") },
    { TEXT("/\"<>\\^`{|}"), TEXT("/%22%3C%3E%5C%5E%60%7B%7C%7D") },
    { TEXT("/\r\n\x7f\xc3\xa4"), TEXT("/%0D%0A%7F%C3%A4") },
    { TEXT("//evil.example/"), TEXT("/evil.example/") },
    { TEXT("///"), TEXT("/") },
    { TEXT("/a//b"), TEXT("/a//b") },
    { TEXT("name"), TEXT("name") },
};

START_TEST(an_encoded_path_can_stand_in_a_target)
{
    for (size_t i = 0; i < COUNT_OF(encode_cases); i++) {
        const struct encode_case *c = &encode_cases[i];
        char out[96];
        size_t len = target_encode_path(flush_copy(c->path), out, 3 * c->path.len);
        ck_assert_msg(slice_equals((struct slice){ out, len }, c->encoded), "%s: %.*s", c->path.ptr, (int)len, out);
    }
}
END_TEST

START_TEST(an_encoded_path_needs_its_room)
{
    for (size_t i = 0; i < COUNT_OF(encode_cases); i++)
        for (size_t cap = 0; cap <= encode_cases[i].encoded.len; cap++) {
            char out[96];
            memset(out, '!', sizeof(out));
            bool fits = cap == encode_cases[i].encoded.len;
            ck_assert_uint_eq(target_encode_path(encode_cases[i].path, out, cap), fits ? cap : 0);
            ck_assert(out[cap] == '!');
        }
}
END_TEST

START_TEST(every_decoded_byte_comes_back_from_its_encoding)
{
    for (int byte = 1; byte < 256; byte++) {
        char path[3] = { '/', (char)byte, 'x' }, encoded[9], decoded[9];
        size_t len = target_encode_path((struct slice){ path, 3 }, encoded, sizeof(encoded));
        struct target target;
        ck_assert(target_parse((struct slice){ encoded, len }, R, &target));
        len = target_decode_path((struct slice){ encoded, len }, decoded);
        ck_assert(slice_equals((struct slice){ decoded, len }, byte == '/' ? SLICE("/x") : (struct slice){ path, 3 }));
    }
}
END_TEST

/* ------------------------------------------------------------------ authorities */

static const struct authority_case {
    struct slice text;
    bool good;
} authority_cases[] = {
    { TEXT("h"), true }, { TEXT("example.com"), true }, { TEXT("example.com."), true }, { TEXT("example.com:80"), true },
    { TEXT("a:"), true }, { TEXT("a:0"), true }, { TEXT("a:65535"), true }, { TEXT("a:00080"), true },
    { TEXT("127.0.0.1:8080"), true }, { TEXT("999.1"), true }, { TEXT("a_b"), true }, { TEXT("a%41"), true }, { TEXT("!$&'()*+,;=-._~"), true },
    { TEXT("[::1]"), true }, { TEXT("[::1]:80"), true }, { TEXT("[::]:"), true }, { TEXT("[2001:DB8::8:800:200C:417A]"), true },
    { TEXT("[::ffff:1.2.3.4]"), true },
    { TEXT(""), false }, { TEXT(":80"), false }, { TEXT(":"), false }, { TEXT("a:65536"), false }, { TEXT("a:000080"), false },
    { TEXT("a:x"), false },
    { TEXT("a:8 0"), false }, { TEXT("a:80:80"), false }, { TEXT("a:-1"), false }, { TEXT("a b"), false }, { TEXT(" a"), false },
    { TEXT("a/"), false }, { TEXT("a?"), false }, { TEXT("a#"), false }, { TEXT("u@h"), false }, { TEXT("a%"), false }, { TEXT("a%4"), false },
    { TEXT("a%zz"), false }, { TEXT("a%00"), false }, { TEXT("a\\b"), false }, { TEXT("a\x80"), false }, { TEXT("a\0"), false },
    { TEXT("a\"b"), false },
    { TEXT("[]"), false }, { TEXT("["), false }, { TEXT("[::1"), false }, { TEXT("::1"), false }, { TEXT("[::1]a"), false },
    { TEXT("[::1]:a"), false },
    { TEXT("[::1]80"), false }, { TEXT("[:::1]"), false }, { TEXT("[1.2.3.4]"), false }, { TEXT("[::1%25eth0]"), false },
    { TEXT("[::1%eth0]"), false },
    { TEXT("[v1.a]"), false }, { TEXT("[::1\0]"), false }, { TEXT("[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]"), false },
    { TEXT("a[::1]"), false }, { TEXT("a,b c"), false },
};

START_TEST(an_authority_is_a_host_and_perhaps_a_port)
{
    for (size_t i = 0; i < COUNT_OF(authority_cases); i++)
        ck_assert_msg(target_is_authority(flush_copy(authority_cases[i].text)) == authority_cases[i].good, "%s", authority_cases[i].text.ptr);
    ck_assert(!target_is_authority((struct slice){ 0 }));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("target");
    tcase_add_test(tests, a_good_target_is_taken_apart);
    tcase_add_test(tests, a_target_that_rfc_9112_does_not_allow_is_refused);
    tcase_add_test(tests, a_target_longer_than_its_offsets_reach_is_refused);
    tcase_add_test(tests, a_path_is_decoded_once_and_never_climbs);
    tcase_add_test(tests, a_plain_path_is_its_own_decoded_form);
    tcase_add_test(tests, an_encoded_path_can_stand_in_a_target);
    tcase_add_test(tests, an_encoded_path_needs_its_room);
    tcase_add_test(tests, every_decoded_byte_comes_back_from_its_encoding);
    tcase_add_test(tests, an_authority_is_a_host_and_perhaps_a_port);
    return check_run(tests);
}
