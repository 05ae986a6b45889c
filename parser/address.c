#include "parser/address.h"

#include <arpa/inet.h>
#include <string.h>

static const char *const wrong_form = "say 127.0.0.1:8080, [::1]:8080, :8080 or unix:PATH";

static const char *parse_path(struct slice path, struct address *out)
{
    if (path.len == 0)
        return "no path; say unix:PATH";
    if (path.len > ADDRESS_PATH_MAX)
        return "the path is too long; a unix socket takes 107 bytes";
    if (memchr(path.ptr, 0, path.len) != NULL)
        return "a zero byte in the path";
    out->kind = ADDRESS_UNIX;
    out->path = path;
    return NULL;
}

static const char *parse_port(struct slice text, struct address *out)
{
    unsigned long long port = 0;
    if (!slice_to_number(text, &port) || text.len > 5 || port > 65535)
        return "the port is no number from 0 to 65535";
    out->port = (uint16_t)port;
    return NULL;
}

/* What stands before the port: inet_pton(3) reads no name, no leading zeros, no zone. */
static const char *parse_host(struct slice host, struct address *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    int family = AF_INET;
    if (host.len == 0) {
        out->kind = ADDRESS_ANY;
        return NULL;
    }
    out->kind = ADDRESS_IPV4;
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
        host = (struct slice){ host.ptr + 1, host.len - 2 };
        family = AF_INET6;
        out->kind = ADDRESS_IPV6;
    }
    if (host.len >= sizeof text || (host.len > 0 && memchr(host.ptr, 0, host.len) != NULL))
        return wrong_form;
    memcpy(text, host.ptr, host.len);
    return inet_pton(family, text, out->ip) == 1 ? NULL : wrong_form;
}

const char *address_parse(struct slice text, struct address *out)
{
    *out = (struct address){ 0 };
    if (slice_starts_with(text, SLICE("unix:")))
        return parse_path(slice_from(text, 5), out);
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return wrong_form;
    const char *fault = parse_host((struct slice){ text.ptr, colon - 1 }, out);
    return fault != NULL ? fault : parse_port(slice_from(text, colon), out);
}
