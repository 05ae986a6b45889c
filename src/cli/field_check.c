#include "cli/field_check.h"

#include <string.h>

#include "http/media_type.h"
#include "parser/byte.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_made_of(struct slice text, unsigned classes)
{
    return byte_run(text.ptr, text.ptr + text.len, classes) == text.len;
}

/* ---- any field ---- */

const char *field_parse(struct slice text, struct weir_field *out)
{
    const char *const colon = text.len == 0 ? NULL : memchr(text.ptr, ':', text.len);
    if (colon == NULL)
        return "must be 'NAME: VALUE', such as 'X-Frame-Options: DENY'";
    const struct slice name = { text.ptr, (size_t)(colon - text.ptr) };
    const struct slice value = slice_trimmed(slice_from(text, name.len + 1));
    if (name.len == 0 || !is_made_of(name, BYTE_TOKEN))
        return "the name must be letters, digits and dashes, with no blank before the colon";
    if (!is_made_of(value, BYTE_VALUE))
        return "the value must have no control characters and no line ends";
    *out = (struct weir_field){ { name.ptr, name.len }, { value.ptr, value.len } };
    return NULL;
}

struct owned_field {
    struct slice name;
    enum field_owner owner;
};

static const struct owned_field owned_fields[] = {
    { SLICE_INIT("Connection"), FIELD_OF_WEIR },
    { SLICE_INIT("Content-Length"), FIELD_OF_WEIR },
    { SLICE_INIT("Date"), FIELD_OF_WEIR },
    { SLICE_INIT("Keep-Alive"), FIELD_OF_WEIR },
    { SLICE_INIT("Server"), FIELD_OF_WEIR },
    { SLICE_INIT("Trailer"), FIELD_OF_WEIR },
    { SLICE_INIT("Transfer-Encoding"), FIELD_OF_WEIR },
    { SLICE_INIT("Upgrade"), FIELD_OF_WEIR },
    { SLICE_INIT("X-Content-Type-Options"), FIELD_OF_WEIR },
    { SLICE_INIT("Accept-Ranges"), FIELD_OF_FILES },
    { SLICE_INIT("Allow"), FIELD_OF_FILES },
    { SLICE_INIT("Content-Encoding"), FIELD_OF_FILES },
    { SLICE_INIT("Content-Range"), FIELD_OF_FILES },
    { SLICE_INIT("Content-Type"), FIELD_OF_FILES },
    { SLICE_INIT("ETag"), FIELD_OF_FILES },
    { SLICE_INIT("Last-Modified"), FIELD_OF_FILES },
    { SLICE_INIT("Location"), FIELD_OF_FILES },
    { SLICE_INIT("Cache-Control"), FIELD_OF_CACHE_RULES },
    { SLICE_INIT("Access-Control-Allow-Origin"), FIELD_OF_CORS },
    { SLICE_INIT("Access-Control-Expose-Headers"), FIELD_OF_CORS },
};

enum field_owner field_owner(struct slice name)
{
    for (size_t i = 0; i < COUNT(owned_fields); i++)
        if (slice_equals_ignoring_case(name, owned_fields[i].name))
            return owned_fields[i].owner;
    return FIELD_FREE;
}

/* ---- lists of names with values ---- */

static void skip_blanks(struct slice *rest)
{
    while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
        *rest = slice_from(*rest, 1);
}

static bool take_byte(struct slice *rest, char byte)
{
    if (rest->len == 0 || rest->ptr[0] != byte)
        return false;
    *rest = slice_from(*rest, 1);
    return true;
}

static bool take_token(struct slice *rest)
{
    const size_t len = byte_run(rest->ptr, rest->ptr + rest->len, BYTE_TOKEN);
    *rest = slice_from(*rest, len);
    return len > 0;
}

/* A quoted string (RFC 9110 §5.6.4); its first byte is a quotation mark. */
static bool take_quoted(struct slice *rest)
{
    for (size_t i = 1; i < rest->len; i++) {
        if (rest->ptr[i] == '"') {
            *rest = slice_from(*rest, i + 1);
            return true;
        }
        const bool is_pair = rest->ptr[i] == '\\' && i + 1 < rest->len;
        i += is_pair;
        if (!byte_is(rest->ptr[i], is_pair ? BYTE_VALUE : BYTE_QUOTED))
            return false;
    }
    return false;
}

static bool take_value(struct slice *rest)
{
    return rest->len > 0 && rest->ptr[0] == '"' ? take_quoted(rest) : take_token(rest);
}

const char *directives_check(struct slice text)
{
    static const char fault[] = "the value must be directives, such as no-cache or 'max-age=3600, immutable'";
    struct slice rest = slice_trimmed(text);
    do {
        skip_blanks(&rest);
        if (!take_token(&rest) || (take_byte(&rest, '=') && !take_value(&rest)))
            return fault;
        skip_blanks(&rest);
    } while (take_byte(&rest, ','));
    return rest.len == 0 ? NULL : fault;
}

const char *media_type_check(struct slice text)
{
    static const char fault[] = "the type must be of the form text/plain, with or without parameters";
    if (text.len > MEDIA_TYPE_NAME_MAX)
        return "the type must be at most 127 bytes long";
    struct slice rest = text;
    if (!take_token(&rest) || !take_byte(&rest, '/') || !take_token(&rest))
        return fault;
    while (rest.len > 0) {
        skip_blanks(&rest);
        if (!take_byte(&rest, ';'))
            return fault;
        skip_blanks(&rest);
        if (!take_token(&rest) || !take_byte(&rest, '=') || !take_value(&rest))
            return fault;
    }
    return NULL;
}

const char *charset_check(struct slice text)
{
    return media_type_is_charset(text) ? NULL : "must be a name such as utf-8, or off";
}

/* ---- origins ---- */

/* A name of a host has 253 bytes at most. */
#define ORIGIN_MAX 300

/* Letters small, as browsers write them. */
static bool is_small(char byte)
{
    return byte >= 'a' && byte <= 'z';
}

/* A small letter, a digit or one of the marks. */
static bool is_of_origin(char byte, struct slice marks)
{
    return is_small(byte) || byte_is(byte, BYTE_DIGIT) || memchr(marks.ptr, byte, marks.len) != NULL;
}

static bool take_scheme(struct slice *rest)
{
    if (rest->len == 0 || !is_small(rest->ptr[0]))
        return false;
    while (rest->len > 0 && is_of_origin(rest->ptr[0], SLICE("+-.")))
        *rest = slice_from(*rest, 1);
    if (!slice_starts_with(*rest, SLICE("://")))
        return false;
    *rest = slice_from(*rest, 3);
    return true;
}

/* A name or an IPv4 address, or an IPv6 address in brackets. */
static bool take_host(struct slice *rest)
{
    const bool is_ipv6 = take_byte(rest, '[');
    const struct slice marks = is_ipv6 ? SLICE(":.") : SLICE("-._");
    size_t len = 0;
    while (len < rest->len && is_of_origin(rest->ptr[len], marks))
        len++;
    *rest = slice_from(*rest, len);
    return len > 0 && (!is_ipv6 || take_byte(rest, ']'));
}

const char *origin_check(struct slice text)
{
    static const char fault[] = "must be *, null or scheme://host[:port], in small letters, without a path";
    if (slice_equals(text, SLICE("*")) || slice_equals(text, SLICE("null")))
        return NULL;
    if (text.len > ORIGIN_MAX)
        return "must be at most 300 bytes long";
    struct slice rest = text;
    if (!take_scheme(&rest) || !take_host(&rest))
        return fault;
    unsigned long long port;
    if (take_byte(&rest, ':')) {
        if (rest.len > 5 || !slice_to_number(rest, &port) || port == 0 || port > 65535 || rest.ptr[0] == '0')
            return "the port must be a number from 1 to 65535";
        if ((port == 80 && slice_starts_with(text, SLICE("http:"))) || (port == 443 && slice_starts_with(text, SLICE("https:"))))
            return "browsers leave out the port that a scheme has by itself: leave it out, too";
        rest = slice_from(rest, rest.len);
    }
    return rest.len == 0 ? NULL : fault;
}

/* ---- names of files ---- */

const char *below_check(struct slice text)
{
    static const char fault[] = "must be the path of a file below DIR, such as index.html";
    struct slice rest = text;
    do {
        const char *const slash = rest.len == 0 ? NULL : memchr(rest.ptr, '/', rest.len);
        const struct slice segment = { rest.ptr, slash == NULL ? rest.len : (size_t)(slash - rest.ptr) };
        if (segment.len == 0 || slice_equals(segment, SLICE(".")) || slice_equals(segment, SLICE("..")))
            return fault;
        rest = slice_from(rest, segment.len);
    } while (take_byte(&rest, '/'));
    return NULL;
}

const char *file_name_check(struct slice text)
{
    const bool is_path = text.len > 0 && memchr(text.ptr, '/', text.len) != NULL;
    return is_path || below_check(text) != NULL ? "must be the name of a file, such as index.html, without a slash" : NULL;
}
