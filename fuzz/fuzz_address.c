/* Addresses to listen on: what is accepted can be written again and means the same. Input: the text. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/require.h"
#include "parser/address.h"

static int write_address(const struct address *a, char *out, size_t cap)
{
    char host[INET6_ADDRSTRLEN] = "";
    switch (a->kind) {
    case ADDRESS_UNIX: return snprintf(out, cap, "unix:%.*s", (int)a->path.len, a->path.ptr);
    case ADDRESS_IPV4: require(inet_ntop(AF_INET, a->ip, host, sizeof(host)) != NULL); break;
    case ADDRESS_IPV6: require(inet_ntop(AF_INET6, a->ip, host, sizeof(host)) != NULL); break;
    case ADDRESS_ANY: break;
    }
    return snprintf(out, cap, a->kind == ADDRESS_IPV6 ? "[%s]:%u" : "%s:%u", host, a->port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address address, again;
    char text[256];
    const char *fault = address_parse((struct slice){ (const char *)data, size }, &address);
    if (fault != NULL) {
        require(strlen(fault) > 0);
        return 0;
    }
    int len = write_address(&address, text, sizeof(text));
    require(len > 0 && (size_t)len < sizeof(text));
    require(address_parse((struct slice){ text, (size_t)len }, &again) == NULL);
    require(again.kind == address.kind && again.port == address.port && memcmp(again.ip, address.ip, 16) == 0);
    require(slice_equals(again.path, address.path));
    return 0;
}
