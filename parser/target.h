/* The request target (RFC 9112 §3.2) in its four forms, and the path that it names (RFC 3986 §5.2.4). G7. Pure. */
#ifndef WEIR_PARSER_TARGET_H
#define WEIR_PARSER_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/slice.h"

enum target_form {
    TARGET_ORIGIN,         /* /path?query */
    TARGET_ABSOLUTE,       /* http://host:port/path?query, also https */
    TARGET_AUTHORITY,      /* host:port, with CONNECT alone */
    TARGET_ASTERISK        /* *, with OPTIONS alone */
};

/* Parts of a target: offsets from its first byte. */
struct target_part {
    uint16_t start;
    uint16_t len;
};

struct target {
    enum target_form form;
    struct target_part path;        /* as sent, with its first slash; empty where the form has none or it was left out ("http://h") */
    struct target_part query;       /* without its '?' */
    struct target_part authority;   /* host[:port] of TARGET_ABSOLUTE and TARGET_AUTHORITY */
    bool has_query;                 /* tells "/x?" from "/x" */
    bool is_plain;                  /* the path is its own decoded form: no %, no empty or dot segment */
};

/* Which forms a method allows (RFC 9112 §3.2). */
enum target_use { TARGET_FOR_RESOURCE, TARGET_FOR_OPTIONS, TARGET_FOR_CONNECT };

/* Takes a target apart. false: it is none that RFC 9112 and G7 allow; `*out` is then not to be read. `raw.len` <= 65,535. */
__attribute__((warn_unused_result))
bool target_parse(struct slice raw, enum target_use use, struct target *out);

/* Decodes a path that target_parse() accepted, once: percent-decoding, then empty and dot segments are taken out; the result starts
 * with a slash and keeps a final one. `out` has room for path.len bytes (and at least 1; an empty path becomes "/"); may not overlap.
 * Returns the length, or 0 where the path climbs above the root or holds %00 (or a zero byte): answer 400. Bytes >= 0x80 pass as they are. */
__attribute__((warn_unused_result))
size_t target_decode_path(struct slice path, char *out);

/* Writes `path` (decoded) so that it can stand in a target or in `Location`: what is not unreserved, sub-delim, ':', '@' or '/'
 * becomes %XX. Never begins with two slashes. Returns the length written, or 0 where `cap` does not suffice (3 * path.len does). */
__attribute__((warn_unused_result))
size_t target_encode_path(struct slice path, char *out, size_t cap);

/* A `Host` value or an authority (RFC 9110 §7.2, RFC 3986 §3.2.2): a name, IPv4 or [IPv6], then optionally a colon and a port of at
 * most 5 digits and at most 65535. Userinfo and an empty host are refused. */
bool target_is_authority(struct slice text);

#endif
