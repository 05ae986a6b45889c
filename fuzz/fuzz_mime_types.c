/* Lines of a table of media types: every word lies within the line, in order, without blanks. Input: the line. */
#include <stdint.h>
#include <string.h>

#include "fuzz/require.h"
#include "parser/mime_types.h"

static const char *check_word(struct slice word, const char *from, const char *end)
{
    require(word.len > 0 && word.ptr >= from && word.ptr + word.len <= end);
    for (size_t i = 0; i < word.len; i++)
        require(word.ptr[i] != ' ' && word.ptr[i] != '\t' && word.ptr[i] != '\r');
    require(word.ptr[0] != '#');
    return word.ptr + word.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice line = { (const char *)data, size }, type, endings, ending;
    if (!mime_types_line(line, &type, &endings))
        return 0;
    const char *end = line.ptr + line.len;
    const char *from = check_word(type, line.ptr, end);
    require(memchr(type.ptr, '/', type.len) != NULL);
    while (mime_types_next(&endings, &ending))
        from = check_word(ending, from, end);
    require(!mime_types_next(&endings, &ending));
    return 0;
}
