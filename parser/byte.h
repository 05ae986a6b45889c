/* What a byte may be in HTTP and in a URI: one table, so that every scanner is a loop over a class. Never looks at the locale. */
#ifndef WEIR_PARSER_BYTE_H
#define WEIR_PARSER_BYTE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum byte_class {
    BYTE_TOKEN = 1 << 0,       /* tchar: RFC 9110 §5.6.2 */
    BYTE_VALUE = 1 << 1,       /* in a field value: HT, SP, visible ASCII and obs-text: RFC 9110 §5.5 */
    BYTE_TARGET = 1 << 2,      /* in any request target: pchar, '/', '?', '%', and the brackets of an IPv6 address */
    BYTE_PCHAR = 1 << 3,       /* pchar without its percent-encoding: RFC 3986 §3.3 */
    BYTE_REG_NAME = 1 << 4,    /* unreserved or sub-delims: RFC 3986 §3.2.2 */
    BYTE_DIGIT = 1 << 5,
    BYTE_HEX = 1 << 6,
    BYTE_QUOTED = 1 << 7       /* qdtext: RFC 9110 §5.6.4 */
};

extern const uint8_t byte_classes[256];

static inline bool byte_is(char byte, unsigned classes)
{
    return (byte_classes[(unsigned char)byte] & classes) != 0;
}

/* How many of eight bytes, counted from the first, are visible ASCII or SP. HT and obs-text stop it too, though they may stand in a value. */
static inline size_t byte_run_of_8(const char *bytes)
{
    const uint64_t each = 0x0101010101010101;
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    word = le64toh(word);                      /* carries go upwards: the lowest byte that is marked is marked with reason */
    uint64_t stops = (word | (word - each * 0x20) | (word + each)) & each * 0x80;
    return stops == 0 ? 8 : (size_t)__builtin_ctzll(stops) / 8;
}

/* How many bytes from `from` on are of one of the classes, up to `end`. Eight, or four, bytes at a time: this is most of what a head costs. */
static inline size_t byte_run(const char *from, const char *end, unsigned classes)
{
    const char *p = from;
    if (classes == BYTE_VALUE)
        while (end - p >= 8) {
            size_t more = byte_run_of_8(p);
            p += more;
            if (more < 8)
                break;
        }
    for (; end - p >= 4; p += 4) {
        if (!byte_is(p[0], classes))
            return (size_t)(p - from);
        if (!byte_is(p[1], classes))
            return (size_t)(p + 1 - from);
        if (!byte_is(p[2], classes))
            return (size_t)(p + 2 - from);
        if (!byte_is(p[3], classes))
            return (size_t)(p + 3 - from);
    }
    while (p < end && byte_is(*p, classes))
        p++;
    return (size_t)(p - from);
}

static inline char byte_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

/* The value of a hexadecimal digit, which `byte` must be. */
static inline unsigned byte_hex_value(char byte)
{
    return byte <= '9' ? (unsigned)(byte - '0') : (unsigned)(byte_lower(byte) - 'a') + 10;
}

#endif
