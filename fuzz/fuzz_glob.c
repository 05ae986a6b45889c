/* Globs: a pattern has a fault or none, whatever its bytes, and one with a fault matches nothing; on short inputs a matcher that tries one way after
 * the other, and of plain patterns fnmatch(3), give the same answer.
 *
 * Input: a pattern, a zero byte, a path. */
#include <fnmatch.h>
#include <stdint.h>
#include <string.h>

#include "fuzz/require.h"
#include "parser/glob.h"

/* ------------------------------------------------------------------ another matcher: tokens, and a call for each way */

enum kind { ONE_OF, STAR, STARS, OPEN, COMMA, CLOSE };

struct token {
    enum kind kind;
    bool slash;            /* a bare '/' */
    bool set[256];         /* the bytes of ONE_OF */
};

enum { TOKENS_MAX = 40, PATH_MAX_TRIED = 24, STEPS_MAX = 200000 };

static struct token tokens[TOKENS_MAX];
static size_t token_count;
static const char *text, *text_end;        /* the path */
static unsigned steps;

/* Reads the set that begins at `p`, behind its '['; returns what is behind its ']'. */
static const unsigned char *read_set(const unsigned char *p, bool *set)
{
    bool negated = *p == '!' || *p == '^';
    if (negated)
        p++;
    for (bool first = true; first || *p != ']'; first = false) {
        if (*p == '\\')
            p++;
        unsigned low = *p++, high = low;
        if (p[0] == '-' && p[1] != ']') {
            p += p[1] == '\\' ? 2 : 1;
            high = *p++;
        }
        for (unsigned byte = low; byte <= high; byte++)
            set[byte] = true;
    }
    for (unsigned byte = 0; byte < 256; byte++)
        set[byte] = set[byte] != negated && byte != '/';
    return p + 1;
}

/* Of a pattern without fault. false: it has too many tokens. */
static bool tokenize(struct slice pattern)
{
    const unsigned char *p = (const unsigned char *)pattern.ptr, *end = p + pattern.len;
    bool in_braces = false;
    for (token_count = 0; p < end; token_count++) {
        if (token_count == TOKENS_MAX)
            return false;
        struct token *t = &tokens[token_count];
        *t = (struct token){ .kind = ONE_OF };
        if (*p == '[') {
            p = read_set(p + 1, t->set);
            continue;
        }
        unsigned char byte = *p++;
        if (byte == '*')
            t->kind = p < end && *p == '*' ? STARS : STAR;
        else if (byte == '{' || byte == '}' || (byte == ',' && in_braces))
            t->kind = byte == '{' ? OPEN : byte == '}' ? CLOSE : COMMA;
        if (t->kind == STARS)
            p++;
        if (t->kind == OPEN || t->kind == CLOSE)
            in_braces = t->kind == OPEN;
        if (byte == '?')
            for (unsigned other = 0; other < 256; other++)
                t->set[other] = other != '/';
        t->slash = byte == '/';
        t->set[byte == '\\' ? *p++ : byte] = true;
    }
    return true;
}

static size_t behind_close(size_t at)
{
    while (tokens[at].kind != CLOSE)
        at++;
    return at + 1;
}

static bool naive(size_t at, const char *s)
{
    if (++steps > STEPS_MAX)
        return false;
    if (at == token_count)
        return s == text_end;
    const struct token *t = &tokens[at];
    if (t->kind == ONE_OF)
        return s < text_end && t->set[(unsigned char)*s] && naive(at + 1, s + 1);
    if (t->kind == COMMA || t->kind == CLOSE)
        return naive(behind_close(at), s);
    if (t->kind == OPEN) {
        for (size_t end = behind_close(at) - 1; at < end; at++)
            if ((tokens[at].kind == OPEN || tokens[at].kind == COMMA) && naive(at + 1, s))
                return true;
        return false;
    }
    bool begins = s == text || s[-1] == '/';
    if (t->kind == STARS && begins && at + 1 < token_count && tokens[at + 1].slash && naive(at + 2, s))
        return true;
    return naive(at + 1, s) || (s < text_end && (t->kind == STARS || *s != '/') && naive(at, s + 1));
}

static bool naive_match(struct slice pattern, struct slice path)
{
    text = path.ptr;
    text_end = path.ptr + path.len;
    if (memchr(pattern.ptr, '/', pattern.len) == NULL) {
        while (memchr(text, '/', (size_t)(text_end - text)) != NULL)
            text++;
        return naive(0, text);
    }
    return naive(0, text) || (pattern.ptr[0] != '/' && naive(0, text + 1));
}

/* ------------------------------------------------------------------ the C library, where it speaks the same language */

static void require_library_agrees(struct slice pattern, struct slice path, bool matches)
{
    char glob[GLOB_MAX + 1], name[256];
    bool plain = memchr(path.ptr, 0, path.len) == NULL && path.len < sizeof(name) && pattern.ptr[0] == '/';
    for (size_t i = 0; i < pattern.len; i++) {
        plain = plain && strchr("{}[", pattern.ptr[i]) == NULL;
        plain = plain && (i == 0 || pattern.ptr[i] != '*' || pattern.ptr[i - 1] != '*');
    }
    if (!plain)
        return;
    memcpy(glob, pattern.ptr, pattern.len);
    memcpy(name, path.ptr, path.len);
    glob[pattern.len] = name[path.len] = '\0';
    require((fnmatch(glob, name, FNM_PATHNAME) == 0) == matches);
}

/* ------------------------------------------------------------------ one input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path_text[8192] = "/";
    const uint8_t *zero = size == 0 ? NULL : memchr(data, 0, size);
    if (zero == NULL || size > sizeof(path_text))
        return 0;
    struct slice pattern = { (const char *)data, (size_t)(zero - data) };
    struct slice path = { path_text, size - pattern.len };
    memcpy(path_text + 1, zero + 1, path.len - 1);

    const char *fault = glob_fault(pattern);
    bool matches = glob_match(pattern, path);
    if (fault != NULL) {
        require(!matches && strchr(fault, '\n') == NULL && strlen(fault) > 10);
        return 0;
    }
    require_library_agrees(pattern, path, matches);
    steps = 0;
    if (path.len > PATH_MAX_TRIED || !tokenize(pattern))
        return 0;
    bool expected = naive_match(pattern, path);
    require(steps > STEPS_MAX || matches == expected);
    return 0;
}
