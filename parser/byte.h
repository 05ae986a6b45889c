/* What a byte may be in HTTP and in a URI: one table, so that every scanner is a loop over a class. Never looks at the locale. */
#ifndef WEIR_PARSER_BYTE_H
#define WEIR_PARSER_BYTE_H

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

/* True where eight bytes are visible ASCII, SP or obs-text, all of them. False says nothing: HT may stand in a value too. */
static inline bool byte_are_8_of_value(const char *bytes)
{
    const uint64_t each = 0x0101010101010101, high = each * 0x80;
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    uint64_t del = word ^ each * 0x7f;         /* a zero where there is one */
    uint64_t control = (word - each * 0x20) & ~word;
    return ((control | ((del - each) & ~del)) & high) == 0;
}

/* How many bytes from `from` on are of one of the classes, up to `end`. */
static inline size_t byte_run(const char *from, const char *end, unsigned classes)
{
    const char *p = from;
    if (classes == BYTE_VALUE)         /* most bytes of a head: this saves a quarter of its cost */
        while (end - p >= 8 && byte_are_8_of_value(p))
            p += 8;
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
