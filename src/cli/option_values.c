#include "cli/option_values.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/field_check.h"
#include "http/media_type.h"
#include "parser/address.h"
#include "parser/glob.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum cli_verdict option_wrong(struct parse *p, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->error, CLI_ERROR_SIZE, format, arguments);
    va_end(arguments);
    for (char *at = p->error; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    return CLI_WRONG;
}

static enum cli_verdict wrong_value(struct parse *p, const char *text, const char *fault)
{
    return option_wrong(p, "%s %.100s: %s", p->option, text, fault);
}

static enum cli_verdict too_often(struct parse *p, const char *text, int limit)
{
    return option_wrong(p, "%s %.60s: may be given %d times at most", p->option, text, limit);
}

/* ---- numbers and flags ---- */

const struct number_kind *option_number_kind(enum value_kind kind)
{
    static const struct number_kind *const kinds[] = {
        [VALUE_COUNT] = &number_count, [VALUE_BYTES] = &number_bytes, [VALUE_BYTES_WIDE] = &number_bytes,
        [VALUE_BYTES_SIZE] = &number_bytes, [VALUE_TIME] = &number_time,
    };
    return kind < COUNT(kinds) ? kinds[kind] : NULL;
}

static enum cli_verdict take_number(struct parse *p, const struct option *option, char *text)
{
    const struct number_kind *const kind = option_number_kind(option->kind);
    char *const where = (char *)p->out + option->where;
    uint64_t value;
    if (!number_read(kind, text, &value))
        return option_wrong(p, "%s %.60s: must be %s", p->option, text, kind->what);
    if (value < option->low || value > option->high) {
        char low[NUMBER_SHOWN_MAX], high[NUMBER_SHOWN_MAX];
        number_show(kind, option->low, low);
        number_show(kind, option->high, high);
        return option_wrong(p, "%s %.60s: must be from %s to %s", p->option, text, low, high);
    }
    if (option->kind == VALUE_BYTES_WIDE)
        memcpy(where, &value, sizeof(value));
    else if (option->kind == VALUE_BYTES_SIZE)
        memcpy(where, &(size_t){ (size_t)value }, sizeof(size_t));
    else
        memcpy(where, &(uint32_t){ (uint32_t)value }, sizeof(uint32_t));
    return CLI_RUN;
}

static enum cli_verdict take_flag(struct parse *p, const struct option *option, char *text)
{
    (void)text;
    const bool value = option->low != 0;
    memcpy((char *)p->out + option->where, &value, sizeof value);
    return CLI_RUN;
}

/* ---- the server ---- */

static enum cli_verdict take_listen(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    struct address address;
    const char *const fault = address_parse(slice_of(text), &address);
    if (fault != NULL)
        return option_wrong(p, "%s %.120s: %s", p->option, text, fault);
    if (p->out->weir.listen_count == CLI_LISTEN_MAX)
        return too_often(p, text, CLI_LISTEN_MAX);
    p->out->listen[p->out->weir.listen_count++] = text;
    return CLI_RUN;
}

static enum cli_verdict take_poller(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    if (strcmp(text, "epoll") != 0 && strcmp(text, "poll") != 0 && strcmp(text, "select") != 0)
        return wrong_value(p, text, "must be epoll, poll or select");
    p->out->weir.poller = text;
    return CLI_RUN;
}

static enum cli_verdict take_log(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    if (text[0] == '\0')
        return option_wrong(p, "%s: must be the path of a file, - for standard output, or off", p->option);
    p->out->weir.access_log = strcmp(text, "off") == 0 ? NULL : text;
    return CLI_RUN;
}

/* ---- files ---- */

static enum cli_verdict take_index(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    const char *const fault = file_name_check(slice_of(text));
    if (fault != NULL)
        return wrong_value(p, text, fault);
    if (p->out->files.index_count == CLI_AGAIN_MAX)
        return too_often(p, text, CLI_AGAIN_MAX);
    p->out->indexes[p->out->files.index_count++] = text;
    p->out->files.indexes = p->out->indexes;
    return CLI_RUN;
}

/* Where `text` stands among `words`, or `count`. */
static size_t word_find(const char *text, const char *const words[], size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(text, words[i]) != 0)
        i++;
    return i;
}

static enum cli_verdict take_listing(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    static const char *const words[] = { [CLI_LISTING_AUTO] = "auto", [CLI_LISTING_ON] = "on", [CLI_LISTING_OFF] = "off" };
    const size_t found = word_find(text, words, COUNT(words));
    if (found == COUNT(words))
        return wrong_value(p, text, "must be on, off or auto");
    p->out->listing = (enum cli_listing)found;
    return CLI_RUN;
}

static enum cli_verdict take_symlinks(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    static const char *const words[] = {
        [STATIC_SYMLINKS_INSIDE] = "inside", [STATIC_SYMLINKS_DENY] = "deny", [STATIC_SYMLINKS_FOLLOW] = "follow",
    };
    const size_t found = word_find(text, words, COUNT(words));
    if (found == COUNT(words))
        return wrong_value(p, text, "must be deny, inside or follow");
    p->out->files.symlinks = (enum static_symlinks)found;
    return CLI_RUN;
}

/* As one thinks of it: "/index.html" is below DIR, too. */
static enum cli_verdict take_fallback(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    const char *const path = text + (text[0] == '/');
    const char *const fault = below_check(slice_of(path));
    if (fault != NULL)
        return wrong_value(p, text, fault);
    p->out->files.fallback = path;
    return CLI_RUN;
}

/* Where the first '=' stands before which there is no backslash. NULL: nowhere. */
static char *equals_find(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '=')
            return at;
        at += *at == '\\' && at[1] != '\0';
    }
    return NULL;
}

static enum cli_verdict take_mime(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    char *const equals = equals_find(text);
    if (equals == NULL)
        return wrong_value(p, text, "must be EXT=TYPE, such as md=text/markdown");
    const char *const ending = text + (text[0] == '.');
    const size_t len = (size_t)(equals - ending);
    if (len == 0 || len > MEDIA_TYPE_ENDING_MAX || memchr(ending, '/', len) != NULL || memchr(ending, '.', len) != NULL)
        return wrong_value(p, text, "the ending must be 1 to 32 bytes without a dot or a slash");
    const char *const fault = media_type_check(slice_of(equals + 1));
    if (fault != NULL)
        return wrong_value(p, text, fault);
    if (p->out->files.type_count == CLI_AGAIN_MAX)
        return too_often(p, text, CLI_AGAIN_MAX);
    *equals = '\0';
    p->out->types[p->out->files.type_count++] = (struct static_type){ ending, equals + 1 };
    p->out->files.types = p->out->types;
    return CLI_RUN;
}

static enum cli_verdict take_charset(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    const char *const fault = charset_check(slice_of(text));
    if (fault != NULL)
        return wrong_value(p, text, fault);
    p->out->files.charset = strcmp(text, "off") == 0 ? NULL : text;
    return CLI_RUN;
}

static enum cli_verdict take_cache_rule(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    char *const equals = equals_find(text);
    if (equals == NULL)
        return wrong_value(p, text, "must be GLOB=VALUE, such as '*.css=max-age=3600'");
    const char *fault = glob_fault((struct slice){ text, (size_t)(equals - text) });
    if (fault != NULL)
        return option_wrong(p, "%s %.100s: GLOB: %s", p->option, text, fault);
    fault = directives_check(slice_of(equals + 1));
    if (fault != NULL)
        return wrong_value(p, text, fault);
    if (p->out->files.cache_rule_count == CLI_AGAIN_MAX)
        return too_often(p, text, CLI_AGAIN_MAX);
    *equals = '\0';
    p->out->cache_rules[p->out->files.cache_rule_count++] = (struct static_cache_rule){ text, equals + 1 };
    p->out->files.cache_rules = p->out->cache_rules;
    return CLI_RUN;
}

/* ---- answers ---- */

static enum cli_verdict take_cors(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    const char *const fault = origin_check(slice_of(text));
    if (fault != NULL)
        return wrong_value(p, text, fault);
    p->out->files.cors_origin = text;
    return CLI_RUN;
}

/* Whose fields are refused is for the end: --cors may follow. */
static enum cli_verdict take_header(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    struct weir_field field;
    const char *const fault = field_parse(slice_of(text), &field);
    if (fault != NULL)
        return wrong_value(p, text, fault);
    if (p->out->header_count == CLI_AGAIN_MAX)
        return too_often(p, text, CLI_AGAIN_MAX);
    p->out->fields[CLI_OWN_FIELDS_MAX + p->out->header_count++] = field;
    return CLI_RUN;
}

static enum cli_verdict take_page(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    const char *const equals = strchr(text, '=');
    unsigned long long status;
    if (equals == NULL || equals[1] == '\0')
        return wrong_value(p, text, "must be STATUS=FILE, such as 404=404.html");
    if (!slice_to_number((struct slice){ text, (size_t)(equals - text) }, &status) || status < 400 || status > 599)
        return wrong_value(p, text, "STATUS must be from 400 to 599");
    for (size_t i = 0; i < p->out->page_count; i++)
        if (p->out->pages[i].status == (int)status)
            return wrong_value(p, text, "that status has a page already");
    if (p->out->page_count == CLI_AGAIN_MAX)
        return too_often(p, text, CLI_AGAIN_MAX);
    p->out->pages[p->out->page_count++] = (struct cli_page){ (int)status, equals + 1 };
    return CLI_RUN;
}

/* ---- what changes the command ---- */

static enum cli_verdict take_http(struct parse *p, const struct option *option, char *text)
{
    (void)option;
    (void)text;
    if (p->out->command == CLI_ECHO)
        p->out->command = CLI_ECHO_HTTP;
    return CLI_RUN;
}

static enum cli_verdict take_help(struct parse *p, const struct option *option, char *text)
{
    (void)p;
    (void)text;
    return strcmp(option->name, "--help") == 0 ? CLI_HELP : CLI_VERSION;
}

typedef enum cli_verdict take_function(struct parse *p, const struct option *option, char *text);

static take_function *const takers[] = {
    [VALUE_NONE] = take_flag,         [VALUE_COUNT] = take_number,      [VALUE_BYTES] = take_number,
    [VALUE_BYTES_WIDE] = take_number, [VALUE_BYTES_SIZE] = take_number, [VALUE_TIME] = take_number,
    [VALUE_LISTEN] = take_listen,     [VALUE_POLLER] = take_poller,     [VALUE_LOG] = take_log,
    [VALUE_INDEX] = take_index,       [VALUE_LISTING] = take_listing,   [VALUE_FALLBACK] = take_fallback,
    [VALUE_SYMLINKS] = take_symlinks, [VALUE_MIME] = take_mime,         [VALUE_CHARSET] = take_charset,
    [VALUE_CACHE_RULE] = take_cache_rule, [VALUE_CORS] = take_cors,     [VALUE_HEADER] = take_header,
    [VALUE_PAGE] = take_page,         [VALUE_HTTP] = take_http,         [VALUE_HELP] = take_help,
};

enum cli_verdict option_take(struct parse *p, const struct option *option, char *text)
{
    return takers[option->kind](p, option, text);
}
