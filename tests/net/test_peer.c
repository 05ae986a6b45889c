/* Who is at the other end, from the kernel's form to text. */
#include "net/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "tests/check_support.h"

static const struct peer_case {
    int family;
    const char *address;               /* as inet_pton(3) reads it */
    uint16_t port;
    struct weir_peer peer;
    const char *text;
} cases[] = {
    { AF_INET, "127.0.0.1", 8080, { .address = { 127, 0, 0, 1 }, .port = 8080, .family = WEIR_IPV4 }, "127.0.0.1" },
    { AF_INET, "255.255.255.255", 65535, { .address = { 255, 255, 255, 255 }, .port = 65535, .family = WEIR_IPV4 }, "255.255.255.255" },
    { AF_INET6, "::1", 1, { .address = { [15] = 1 }, .port = 1, .family = WEIR_IPV6 }, "::1" },
    { AF_INET6, "2001:db8::ff", 443, { .address = { 0x20, 1, 0x0d, 0xb8, [15] = 0xff }, .port = 443, .family = WEIR_IPV6 }, "2001:db8::ff" },
    { AF_INET6, "::ffff:192.0.2.7", 80, { .address = { 192, 0, 2, 7 }, .port = 80, .family = WEIR_IPV4 }, "192.0.2.7" },
    { AF_INET6, "1111:2222:3333:4444:5555:6666:7777:8888", 0,
      { .address = { 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x66, 0x66, 0x77, 0x77, 0x88, 0x88 }, .family = WEIR_IPV6 },
      "1111:2222:3333:4444:5555:6666:7777:8888" },
    { AF_UNIX, NULL, 0, { .family = WEIR_UNIX }, "unix" },
};

static struct sockaddr_storage kernel_form(const struct peer_case *c)
{
    struct sockaddr_storage storage;
    memset(&storage, 0xaa, sizeof storage);
    storage.ss_family = (sa_family_t)c->family;
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(c->port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(c->port) };
    if (c->family == AF_INET) {
        ck_assert_int_eq(inet_pton(AF_INET, c->address, &v4.sin_addr), 1);
        memcpy(&storage, &v4, sizeof v4);
    } else if (c->family == AF_INET6) {
        ck_assert_int_eq(inet_pton(AF_INET6, c->address, &v6.sin6_addr), 1);
        memcpy(&storage, &v6, sizeof v6);
    }
    return storage;
}

START_TEST(a_peer_is_told_from_its_address_and_a_mapped_one_is_ipv4)
{
    const struct sockaddr_storage storage = kernel_form(&cases[_i]);
    const struct weir_peer peer = peer_of(&storage);
    ck_assert_int_eq(peer.family, cases[_i].peer.family);
    ck_assert_uint_eq(peer.port, cases[_i].peer.port);
    ck_assert_mem_eq(peer.address, cases[_i].peer.address, sizeof peer.address);
}

START_TEST(its_text_ends_with_a_nul_and_its_length_is_told)
{
    char text[WEIR_PEER_TEXT_SIZE];
    memset(text, 'x', sizeof text);
    ck_assert_uint_eq(weir_peer_text(&cases[_i].peer, text), strlen(cases[_i].text));
    ck_assert_str_eq(text, cases[_i].text);
}

int main(void)
{
    TCase *tests = tcase_create("peer");
    tcase_add_loop_test(tests, a_peer_is_told_from_its_address_and_a_mapped_one_is_ipv4, 0, COUNT_OF(cases));
    tcase_add_loop_test(tests, its_text_ends_with_a_nul_and_its_length_is_told, 0, COUNT_OF(cases));
    return check_run(tests);
}
