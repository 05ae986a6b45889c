/* The natural order is a total one. Input: three names, each up to the next NUL; the last takes the rest. */
#include <stdint.h>
#include <string.h>

#include "fuzz/require.h"
#include "http/natural.h"

static struct slice take_name(struct slice *rest)
{
    const char *end = rest->len > 0 ? memchr(rest->ptr, '\0', rest->len) : NULL;
    struct slice name = { rest->ptr, end != NULL ? (size_t)(end - rest->ptr) : rest->len };
    *rest = slice_from(*rest, name.len + 1);
    return name;
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = { (const char *)data, size }, names[3] = { take_name(&rest), take_name(&rest), rest };
    int orders[3][3];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            orders[i][k] = sign(natural_compare(names[i], names[k]));
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            require(orders[i][k] == -orders[k][i]);
            require((orders[i][k] == 0) == slice_equals(names[i], names[k]));
            for (int m = 0; m < 3; m++)
                require(!(orders[i][k] <= 0 && orders[k][m] <= 0) || orders[i][m] <= 0);
        }
    }
    return 0;
}
