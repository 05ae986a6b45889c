/* Targets and paths: parts lie within the target; a path is decoded once, never climbs, and comes back from its encoding.
 *
 * Input: one byte that chooses the use, then the target, which also serves as a decoded path and as an authority. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/require.h"
#include "parser/byte.h"
#include "parser/target.h"

static void require_within(struct target_part part, size_t len)
{
    require((size_t)part.start + part.len <= len);
}

/* A decoded path begins with a slash and has neither empty segments nor "." or "..". */
static void require_settled(const char *path, size_t len)
{
    require(len > 0 && path[0] == '/' && memchr(path, 0, len) == NULL);
    for (size_t i = 0; i < len; i++) {
        if (path[i] != '/' || i + 1 == len)
            continue;
        size_t end = i + 1;
        while (end < len && path[end] != '/')
            end++;
        struct slice segment = { path + i + 1, end - i - 1 };
        require(segment.len > 0 && !slice_equals(segment, SLICE(".")) && !slice_equals(segment, SLICE("..")));
    }
}

static void require_comes_back(const char *path, size_t len)
{
    char *encoded = malloc(3 * len), *decoded = malloc(3 * len);
    require(encoded != NULL && decoded != NULL);
    size_t encoded_len = target_encode_path((struct slice){ path, len }, encoded, 3 * len);
    struct target target;
    require(encoded_len > 0);
    require(encoded_len == len || target_encode_path((struct slice){ path, len }, encoded, encoded_len - 1) == 0);
    require(target_parse((struct slice){ encoded, encoded_len }, TARGET_FOR_RESOURCE, &target) == (encoded_len <= 65535));
    size_t back = target_decode_path((struct slice){ encoded, encoded_len }, decoded);
    require(back == len && memcmp(decoded, path, len) == 0);
    free(encoded);
    free(decoded);
}

static void check_path(struct slice path, bool is_plain)
{
    size_t room = path.len > 0 ? path.len : 1;
    char *decoded = malloc(room);      /* no byte more than was promised to be enough */
    require(decoded != NULL);
    size_t len = target_decode_path(path, decoded);
    require(len <= room);
    require(!is_plain || slice_equals((struct slice){ decoded, len }, path));
    if (len > 0) {
        require_settled(decoded, len);
        require_comes_back(decoded, len);
    }
    free(decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct slice raw = { (const char *)data + 1, size - 1 };
    enum target_use use = (enum target_use)(data[0] % 3);
    struct target target;
    if (target_parse(raw, use, &target)) {
        require_within(target.path, raw.len);
        require_within(target.query, raw.len);
        require_within(target.authority, raw.len);
        require((target.form == TARGET_AUTHORITY) == (use == TARGET_FOR_CONNECT));
        require(target.form != TARGET_ASTERISK || (use == TARGET_FOR_OPTIONS && raw.len == 1));
        for (size_t i = 0; i < raw.len; i++)
            require(byte_is(raw.ptr[i], BYTE_TARGET));
        if (target.authority.len > 0)
            require(target_is_authority((struct slice){ raw.ptr + target.authority.start, target.authority.len }));
        if (target.form == TARGET_ORIGIN || target.form == TARGET_ABSOLUTE)
            check_path((struct slice){ raw.ptr + target.path.start, target.path.len }, target.is_plain);
    }
    if (raw.len > 0 && raw.ptr[0] == '/')
        check_path(raw, false);
    if (target_is_authority(raw))
        for (size_t i = 0; i < raw.len; i++)
            require(byte_is(raw.ptr[i], BYTE_REG_NAME) || strchr("%:[]", raw.ptr[i]) != NULL);
    return 0;
}
