#include "parser/mime_types.h"

#include "parser/byte.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_token(struct slice text)
{
    size_t i = 0;
    while (i < text.len && byte_is(text.ptr[i], BYTE_TOKEN))
        i++;
    return i > 0 && i == text.len;
}

static bool is_type(struct slice text)
{
    size_t slash = 0;
    while (slash < text.len && text.ptr[slash] != '/')
        slash++;
    return is_token((struct slice){ text.ptr, slash }) && is_token(slice_from(text, slash + 1));
}

/* Takes the next word; empty at the end. */
static struct slice take_word(struct slice *rest)
{
    size_t start = 0;
    while (start < rest->len && is_blank(rest->ptr[start]))
        start++;
    size_t end = start;
    while (end < rest->len && !is_blank(rest->ptr[end]))
        end++;
    struct slice word = { rest->ptr + start, end - start };
    *rest = slice_from(*rest, end);
    return word;
}

bool mime_types_line(struct slice line, struct slice *type, struct slice *endings)
{
    if (line.len == 0)
        return false;
    struct slice word = take_word(&line);
    if (!is_type(word) || word.ptr[0] == '#')
        return false;
    *type = word;
    *endings = line;
    return true;
}

/* A word that begins with '#' begins a comment. */
bool mime_types_next(struct slice *endings, struct slice *ending)
{
    if (endings->len == 0)
        return false;
    struct slice word = take_word(endings);
    if (word.len == 0 || word.ptr[0] == '#') {
        *endings = slice_from(*endings, endings->len);
        return false;
    }
    *ending = word;
    return true;
}
