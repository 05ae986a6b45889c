#include "parser/target.h"

#include <arpa/inet.h>
#include <string.h>

#include "parser/byte.h"

/* A place in a target, on its way to the right. */
struct cursor {
    const char *start;
    const char *at;
    const char *end;
};

static struct target_part part_from(const struct cursor *c, const char *from)
{
    return (struct target_part){ (uint16_t)(from - c->start), (uint16_t)(c->at - from) };
}

/* At a '%': two digits follow, and they are not %00. */
static bool take_escape(struct cursor *c)
{
    if (c->end - c->at < 3 || !byte_is(c->at[1], BYTE_HEX) || !byte_is(c->at[2], BYTE_HEX) || (c->at[1] == '0' && c->at[2] == '0'))
        return false;
    c->at += 3;
    return true;
}

/* Behind a slash: does the segment that begins here have to be taken out? */
static bool is_odd_segment(const struct cursor *c)
{
    const char *p = c->at;
    if (p == c->end || (*p != '.' && *p != '/'))
        return false;
    for (int dots = 0; dots < 2 && p < c->end && *p == '.'; dots++)
        p++;
    bool empty = p == c->at;
    if (p == c->end || *p == '?')
        return !empty;                 /* the final slash of a path stays */
    return *p == '/';
}

/* path-abempty: to its '?' or to the end (RFC 3986 §3.3). */
static bool take_path(struct cursor *c, struct target *out)
{
    const char *from = c->at;
    bool plain = c->at < c->end && *c->at == '/';
    while (c->at < c->end && *c->at != '?') {
        if (*c->at == '/') {
            c->at++;
            plain &= !is_odd_segment(c);
        } else if (*c->at == '%' && take_escape(c)) {
            plain = false;
        } else {
            return false;
        }
        c->at += byte_run(c->at, c->end, BYTE_PCHAR);
    }
    out->path = part_from(c, from);
    out->is_plain = plain;
    return true;
}

/* At its '?', or at the end. */
static bool take_query(struct cursor *c, struct target *out)
{
    if (c->at == c->end)
        return true;
    const char *from = ++c->at;
    out->has_query = true;
    while (c->at < c->end) {
        if (byte_is(*c->at, BYTE_PCHAR) || *c->at == '/' || *c->at == '?')
            c->at++;
        else if (*c->at != '%' || !take_escape(c))
            return false;
        c->at += byte_run(c->at, c->end, BYTE_PCHAR);
    }
    out->query = part_from(c, from);
    return true;
}

static bool take_scheme(struct cursor *c)
{
    static const struct slice schemes[] = { { "http://", 7 }, { "https://", 8 } };
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t len = schemes[i].len;
        if ((size_t)(c->end - c->at) >= len && slice_equals_ignoring_case((struct slice){ c->at, len }, schemes[i])) {
            c->at += len;
            return true;
        }
    }
    return false;
}

static bool take_authority(struct cursor *c, struct target *out)
{
    const char *from = c->at;
    while (c->at < c->end && *c->at != '/' && *c->at != '?')
        c->at++;
    out->authority = part_from(c, from);
    return target_is_authority((struct slice){ from, out->authority.len });
}

/* The port of an authority that target_is_authority() accepted; empty where there is none. */
static struct slice port_of(struct slice authority)
{
    size_t i = authority.len;
    while (i > 0 && byte_is(authority.ptr[i - 1], BYTE_DIGIT))
        i--;
    return i > 0 && authority.ptr[i - 1] == ':' ? slice_from(authority, i) : (struct slice){ 0 };
}

bool target_parse(struct slice raw, enum target_use use, struct target *out)
{
    *out = (struct target){ .form = TARGET_ORIGIN };
    if (raw.len == 0 || raw.len > UINT16_MAX)
        return false;
    struct cursor c = { raw.ptr, raw.ptr, raw.ptr + raw.len };
    if (use == TARGET_FOR_CONNECT) {
        out->form = TARGET_AUTHORITY;
        return take_authority(&c, out) && c.at == c.end && port_of(raw).len > 0;
    }
    if (*raw.ptr != '/') {
        if (*raw.ptr == '*') {
            out->form = TARGET_ASTERISK;
            return raw.len == 1 && use == TARGET_FOR_OPTIONS;
        }
        out->form = TARGET_ABSOLUTE;
        if (!take_scheme(&c) || !take_authority(&c, out))
            return false;
    }
    return take_path(&c, out) && take_query(&c, out);
}

/* ------------------------------------------------------------------ decoding */

/* Takes a decoded segment that `out` ends with, from `start` on, out again where it is "", "." or "..". Returns the new end; NULL: it climbs
 * above the root. `out` always begins with a slash, and `start` stands behind one. */
static char *settle_segment(char *out, char *start, char *end)
{
    size_t len = (size_t)(end - start);
    if (len == 1 && start[0] == '.')
        return start;
    if (len != 2 || start[0] != '.' || start[1] != '.')
        return end;
    if (start == out + 1)
        return NULL;
    start--;
    while (start[-1] != '/')
        start--;
    return start;
}

/* Decodes the byte at `in[*at]`; -1 where it is no byte that may be decoded. */
static int decode_byte(struct slice in, size_t *at)
{
    char byte = in.ptr[*at];
    *at += 1;
    if (byte != '%')
        return byte == 0 ? -1 : (unsigned char)byte;
    if (in.len - *at < 2 || !byte_is(in.ptr[*at], BYTE_HEX) || !byte_is(in.ptr[*at + 1], BYTE_HEX))
        return -1;
    unsigned value = byte_hex_value(in.ptr[*at]) << 4 | byte_hex_value(in.ptr[*at + 1]);
    *at += 2;
    return value == 0 ? -1 : (int)value;
}

size_t target_decode_path(struct slice path, char *out)
{
    char *segment = out + 1;           /* where the segment now read begins; behind a slash */
    char *to = segment;
    out[0] = '/';
    for (size_t at = path.len > 0 && path.ptr[0] == '/' ? 1 : 0; at < path.len;) {
        int byte = decode_byte(path, &at);
        if (byte < 0)
            return 0;
        if (byte != '/') {
            *to++ = (char)byte;
            continue;
        }
        to = settle_segment(out, segment, to);
        if (to == NULL)
            return 0;
        if (to[-1] != '/')
            *to++ = '/';
        segment = to;
    }
    to = settle_segment(out, segment, to);
    return to == NULL ? 0 : (size_t)(to - out);
}

size_t target_encode_path(struct slice path, char *out, size_t cap)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t len = 0;
    while (path.len > 1 && path.ptr[0] == '/' && path.ptr[1] == '/')
        path = slice_from(path, 1);
    for (size_t i = 0; i < path.len; i++) {
        unsigned char byte = (unsigned char)path.ptr[i];
        bool plain = byte == '/' || byte_is(path.ptr[i], BYTE_PCHAR);
        if (cap - len < (plain ? 1 : 3))
            return 0;
        if (plain) {
            out[len++] = path.ptr[i];
        } else {
            out[len++] = '%';
            out[len++] = digits[byte >> 4];
            out[len++] = digits[byte & 15];
        }
    }
    return len;
}

/* ------------------------------------------------------------------ authorities */

/* The text behind a host: nothing, or a colon and a port, which may be empty. */
static bool is_port(const char *at, const char *end)
{
    if (at == end)
        return true;
    if (*at++ != ':')
        return false;
    size_t digits = byte_run(at, end, BYTE_DIGIT);
    return at + digits == end && (digits < 5 || (digits == 5 && memcmp(at, "65535", 5) <= 0));
}

static bool is_ipv6(struct slice text)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (text.len >= sizeof copy || (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL))
        return false;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    return inet_pton(AF_INET6, copy, &address) == 1;
}

/* A name, or IPv4. NULL: there is none. A '%' that begins no escape is where it ends, and no port. */
static const char *behind_name(struct slice text)
{
    struct cursor c = { text.ptr, text.ptr, text.ptr + text.len };
    do
        c.at += byte_run(c.at, c.end, BYTE_REG_NAME);
    while (c.at < c.end && *c.at == '%' && take_escape(&c));
    return c.at > c.start ? c.at : NULL;
}

/* [IPv6], and what stands behind a host. Never inlined: its room would cost each name, which is what nearly all hosts are, a tenth more. */
__attribute__((noinline))
static bool is_address(struct slice text)
{
    const char *close = memchr(text.ptr, ']', text.len);
    return close != NULL && is_ipv6((struct slice){ text.ptr + 1, (size_t)(close - text.ptr) - 1 })
        && is_port(close + 1, text.ptr + text.len);
}

bool target_is_authority(struct slice text)
{
    if (text.len == 0)
        return false;
    if (*text.ptr == '[')
        return is_address(text);
    const char *at = behind_name(text);
    return at != NULL && is_port(at, text.ptr + text.len);
}
