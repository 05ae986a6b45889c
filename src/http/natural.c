#include "http/natural.h"

#include <string.h>

#include "parser/byte.h"

/* The digits at the front of `*rest` without their leading zeros, taken off it. */
static struct slice take_number(struct slice *rest)
{
    const char *end = rest->ptr + rest->len;
    size_t len = byte_run(rest->ptr, end, BYTE_DIGIT), zeros = 0;
    while (zeros < len && rest->ptr[zeros] == '0')
        zeros++;
    struct slice number = { rest->ptr + zeros, len - zeros };
    *rest = slice_from(*rest, len);
    return number;
}

static int compare_numbers(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len > 0 ? memcmp(a.ptr, b.ptr, a.len) : 0;
}

static int compare_bytes(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* How much both begin with, but for digits at its end: they may belong to two numbers. Names of one folder often begin alike. */
static size_t common_start(struct slice a, struct slice b)
{
    size_t len = 0;
    while (len < a.len && len < b.len && a.ptr[len] == b.ptr[len])
        len++;
    while (len > 0 && byte_is(a.ptr[len - 1], BYTE_DIGIT))
        len--;
    return len;
}

/* Names as rows of numbers and of bytes that are no digits, which is what makes the order transitive: a number against such a byte is decided
 * by any of its digits, for they stand side by side among the bytes. */
int natural_compare(struct slice a, struct slice b)
{
    const size_t start = common_start(a, b);
    struct slice left = slice_from(a, start), right = slice_from(b, start);
    while (left.len > 0 && right.len > 0) {
        int order;
        if (byte_is(*left.ptr, BYTE_DIGIT) && byte_is(*right.ptr, BYTE_DIGIT)) {
            struct slice first = take_number(&left), second = take_number(&right);
            order = compare_numbers(first, second);
        } else {
            order = (unsigned char)byte_lower(*left.ptr) - (unsigned char)byte_lower(*right.ptr);
            left = slice_from(left, 1);
            right = slice_from(right, 1);
        }
        if (order != 0)
            return order;
    }
    if (left.len != right.len)
        return left.len < right.len ? -1 : 1;
    return compare_bytes(a, b);
}
