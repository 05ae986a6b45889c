#include "parser/slice.h"

#include <string.h>

#include "parser/byte.h"

struct slice slice_of(const char *text)
{
    return (struct slice){ text, strlen(text) };
}

struct slice slice_from(struct slice s, size_t start)
{
    if (start >= s.len)
        return (struct slice){ s.len == 0 ? s.ptr : s.ptr + s.len, 0 };
    return (struct slice){ s.ptr + start, s.len - start };
}

bool slice_equals(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool slice_equals_but_for_case(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (a[i] != b[i] && byte_lower(a[i]) != byte_lower(b[i]))
            return false;
    return true;
}

bool slice_starts_with(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool slice_next_member(struct slice *rest, struct slice *member)
{
    while (rest->len > 0) {
        const char *comma = memchr(rest->ptr, ',', rest->len);
        size_t len = comma == NULL ? rest->len : (size_t)(comma - rest->ptr);
        struct slice found = slice_trimmed((struct slice){ rest->ptr, len });
        *rest = slice_from(*rest, len + 1);
        if (found.len > 0) {
            *member = found;
            return true;
        }
    }
    return false;
}

bool slice_to_number(struct slice digits, unsigned long long *value)
{
    unsigned long long sum = 0;
    if (digits.len == 0 || digits.len > 19)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (!byte_is(digits.ptr[i], BYTE_DIGIT))
            return false;
        sum = sum * 10 + (unsigned)(digits.ptr[i] - '0');
    }
    *value = sum;
    return true;
}
