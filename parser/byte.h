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

/* Of eight bytes, the highest bit of each that is neither visible ASCII nor SP is set, from the first such byte on; bits of bytes behind it mean
 * nothing. HT and obs-text are among those found, though they may stand in a value. */
static inline uint64_t byte_stops_of_8(const char *bytes)
{
    const uint64_t each = 0x0101010101010101;
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    word = le64toh(word);                      /* carries go upwards: the lowest byte that is marked is marked with reason */
    return (word | (word - each * 0x20) | (word + each)) & each * 0x80;
}

/* How many bytes from `from` on are of one of the classes, up to `end`. */
static inline size_t byte_run(const char *from, const char *end, unsigned classes)
{
    const char *p = from;
    while (end - p >= 4 && (byte_classes[(unsigned char)p[0]] & byte_classes[(unsigned char)p[1]] & byte_classes[(unsigned char)p[2]]
                            & byte_classes[(unsigned char)p[3]] & classes) != 0)
        p += 4;
    while (p < end && byte_is(*p, classes))
        p++;
    return (size_t)(p - from);
}

/* The first byte from `from` on that is of none of the classes; one has to be there. Not to ask where the text ends spares a third. */
static inline const char *byte_behind(const char *from, unsigned classes)
{
    size_t run = 0;
    while (byte_is(from[run], classes))
        run++;
    return from + run;
}

/* The same for BYTE_VALUE, eight bytes at a time: most of a head are values. A byte that is no BYTE_VALUE stands before `end`, which only keeps
 * the eight within the text. */
static inline const char *byte_behind_value(const char *from, const char *end)
{
    for (;; from++) {
        while (end - from >= 8) {
            uint64_t stops = byte_stops_of_8(from);
            if (stops != 0) {
                from += (unsigned)__builtin_ctzll(stops) / 8;
                break;
            }
            from += 8;
        }
        if (!byte_is(*from, BYTE_VALUE))
            return from;
    }
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
