#include "reply.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void reply_reset(struct reply *r)
{
    r->step = AT_STATUS;
    r->line_len = 0;
    r->status = 0;
    r->says_close = r->says_keep_alive = r->has_date = r->has_length = r->has_allow = r->has_server = r->no_content = false;
    r->chunked = r->ends_with_close = false;
    r->length = r->left = 0;
    r->has_range = r->has_refused_range = false;
    r->first = r->last = r->total = 0;
    r->tag[0] = r->location[0] = r->etag[0] = r->encoding[0] = r->type[0] = '\0';
}

bool reply_is_between(const struct reply *r)
{
    return r->step == AT_END || (r->step == AT_STATUS && r->line_len == 0);
}

bool reply_ends(struct reply *r)
{
    if (!r->ends_with_close || r->no_content || (r->step != AT_CONTENT && r->step != AT_HEAD_END))
        return false;
    r->step = AT_END;
    return true;
}

static enum reply_event wrong(struct reply *r, const char *why)
{
    r->wrong = why;
    return REPLY_WRONG;
}

static bool is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && strchr("!#$%&'*+-.^_`|~", text[i]) == NULL)
            return false;
    return len > 0;
}

/* Takes a line with its CRLF into r->line, NUL in the place of the CR. 0: not whole yet; -1: no line of HTTP. */
static int take_line(struct reply *r, const uint8_t **data, size_t *len)
{
    while (*len > 0) {
        const char byte = (char)*(*data)++;
        (*len)--;
        if (byte == '\n') {
            if (r->line_len == 0 || r->line[r->line_len - 1] != '\r')
                return -1;
            r->line[--r->line_len] = '\0';
            return 1;
        }
        if (r->line_len > 0 && r->line[r->line_len - 1] == '\r')
            return -1;
        if (r->line_len == REPLY_LINE_MAX - 1 || (byte != '\r' && byte != '\t' && (unsigned char)byte < ' ') || byte == 0x7f)
            return -1;
        r->line[r->line_len++] = byte;
    }
    return 0;
}

/* "HTTP/1.1 200 OK" */
static bool take_status(struct reply *r)
{
    const char *line = r->line;
    if (strncmp(line, "HTTP/1.1 ", 9) != 0 || r->line_len < 13 || line[12] != ' ')
        return false;
    for (int i = 9; i < 12; i++)
        if (!isdigit((unsigned char)line[i]))
            return false;
    r->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0';
    return r->status >= 100 && r->status <= 599;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool is_date(const char *text)
{
    static const char shape[] = "Aaa, dd Aaa dddd dd:dd:dd GMT";
    if (strlen(text) != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        const unsigned char c = (unsigned char)text[i];
        const bool fits = shape[i] == 'A' ? isupper(c) : shape[i] == 'a' ? islower(c) : shape[i] == 'd' ? isdigit(c) : c == shape[i];
        if (!fits && i < 25)
            return false;
    }
    return true;
}

static const char *take_length(struct reply *r, const char *value)
{
    if (r->has_length)
        return "Content-Length twice";
    if (!isdigit((unsigned char)value[0]) || strlen(value) > 18 || (value[0] == '0' && value[1] != '\0'))
        return "Content-Length is no number";
    char *end;
    r->length = strtoull(value, &end, 10);
    r->has_length = true;
    return *end == '\0' ? NULL : "Content-Length is no number";
}

static const char *take_encoding(struct reply *r, const char *value)
{
    const bool again = r->chunked;
    r->chunked = strcmp(value, "chunked") == 0;
    return r->chunked && !again ? NULL : "a Transfer-Encoding that is not chunked, once";
}

static const char *take_range(struct reply *r, const char *value)
{
    unsigned long long first, last, total;
    int len = 0;
    if (r->has_range || r->has_refused_range)
        return "Content-Range twice";
    r->has_refused_range = sscanf(value, "bytes */%llu%n", &total, &len) == 1 && value[len] == '\0';
    if (!r->has_refused_range)
        r->has_range = sscanf(value, "bytes %llu-%llu/%llu%n", &first, &last, &total, &len) == 3 && value[len] == '\0';
    if (!r->has_range && !r->has_refused_range)
        return "a Content-Range that is none";
    if (r->has_range && (first > last || last >= total))
        return "a Content-Range that lies outside";
    r->first = r->has_range ? first : 0;
    r->last = r->has_range ? last : 0;
    r->total = total;
    return NULL;
}

static const char *take_known_field(struct reply *r, const char *name, const char *value)
{
    if (strcasecmp(name, "Content-Length") == 0)
        return take_length(r, value);
    if (strcasecmp(name, "Transfer-Encoding") == 0)
        return take_encoding(r, value);
    if (strcasecmp(name, "Connection") == 0) {
        if (r->says_close || r->says_keep_alive)
            return "Connection twice";
        r->says_close = strcmp(value, "close") == 0;
        r->says_keep_alive = strcmp(value, "keep-alive") == 0;
        return r->says_close || r->says_keep_alive ? NULL : "Connection says something unknown";
    }
    if (strcasecmp(name, "Date") == 0) {
        const bool again = r->has_date;
        r->has_date = true;
        return again ? "Date twice" : is_date(value) ? NULL : "Date is no date";
    }
    if (strcasecmp(name, "Content-Range") == 0)
        return take_range(r, value);
    r->has_allow |= strcasecmp(name, "Allow") == 0;
    r->has_server |= strcasecmp(name, "Server") == 0;
    if (strcasecmp(name, "X-Tag") == 0)
        snprintf(r->tag, sizeof(r->tag), "%.31s", value);
    if (strcasecmp(name, "ETag") == 0)
        snprintf(r->etag, sizeof(r->etag), "%.79s", value);
    if (strcasecmp(name, "Content-Encoding") == 0)
        snprintf(r->encoding, sizeof(r->encoding), "%.15s", value);
    if (strcasecmp(name, "Content-Type") == 0)
        snprintf(r->type, sizeof(r->type), "%.95s", value);
    if (strcasecmp(name, "Location") == 0)
        snprintf(r->location, sizeof(r->location), "%.255s", value);
    return NULL;
}

static const char *take_field(struct reply *r)
{
    char *colon = strchr(r->line, ':');
    if (colon == NULL || !is_token(r->line, (size_t)(colon - r->line)))
        return "a field without a name";
    *colon = '\0';
    const char *value = colon + 1;
    if (*value != ' ' || value[1] == ' ' || value[1] == '\0' || r->line[r->line_len - 1] == ' ')
        return "a field's value is not set off by one space";
    return take_known_field(r, r->line, value + 1);
}

/* What must stand in a head, and what must not (RFC 9110 §8.6, §6.6.1). */
static const char *check_head(struct reply *r)
{
    if (r->status < 200)
        return r->has_length || r->has_date || r->chunked ? "an interim response with fields of a final one" : NULL;
    if (!r->has_date)
        return "no Date";
    if (r->status == 204 && r->has_length)
        return "a 204 with a Content-Length";
    if (r->chunked && (r->has_length || r->status == 204 || r->status == 304))
        return "chunks where there must be none";
    if (r->status == 405 && !r->has_allow)
        return "a 405 without Allow";
    if (r->status == 206 && r->has_range == (strncmp(r->type, "multipart/byteranges; boundary=", 31) == 0))
        return "a 206 that does not say which part it is, or says it twice";
    if (r->has_range && r->status != 206)
        return "a Content-Range where there is no part";
    if (r->status == 416 ? !r->has_refused_range : r->has_refused_range)
        return "a 416 without a size, or a size without it";
    if (r->has_range && r->has_length && r->length != r->last - r->first + 1)
        return "a part that is not as long as its range";
    if (r->status == 301 && r->location[0] == '\0')
        return "a 301 without Location";
    r->ends_with_close = !r->has_length && !r->chunked && r->status != 204 && r->status != 304;
    if (r->ends_with_close && !r->says_close)
        return "a response whose end is not told";
    return NULL;
}

static enum reply_event parse_head(struct reply *r, const uint8_t **data, size_t *len)
{
    for (;;) {
        const int got = take_line(r, data, len);
        if (got == 0)
            return REPLY_MORE;
        if (got < 0)
            return wrong(r, "a byte that is no part of a line");
        if (r->step == AT_STATUS) {
            if (!take_status(r))
                return wrong(r, "no status line");
            r->step = AT_FIELD;
        } else if (r->line_len > 0) {
            const char *why = take_field(r);
            if (why != NULL)
                return wrong(r, why);
        } else {
            const char *why = check_head(r);
            r->step = AT_HEAD_END;
            return why == NULL ? REPLY_HEAD : wrong(r, why);
        }
        r->line_len = 0;
    }
}

/* "1f", and no extension: nobody asked for one. 0 to the largest chunk, or -1. */
static int64_t chunk_size(const struct reply *r)
{
    int64_t size = 0;
    for (size_t i = 0; i < r->line_len; i++) {
        if (!isxdigit((unsigned char)r->line[i]))
            return -1;
        size = size * 16 + (isdigit((unsigned char)r->line[i]) ? r->line[i] - '0' : tolower((unsigned char)r->line[i]) - 'a' + 10);
    }
    return r->line_len >= 1 && r->line_len <= 8 ? size : -1;
}

/* The lines around chunks. REPLY_HEAD: go on. */
static enum reply_event parse_chunk_line(struct reply *r, const uint8_t **data, size_t *len)
{
    const int got = take_line(r, data, len);
    if (got <= 0)
        return got == 0 ? REPLY_MORE : wrong(r, "a byte that is no part of a line");
    const int64_t size = chunk_size(r);
    const bool empty = r->line_len == 0;
    r->line_len = 0;
    if (r->step == AT_CHUNK_SIZE ? size < 0 : !empty)
        return wrong(r, "no line of a chunk");
    if (r->step == AT_LAST_CHUNK) {
        r->step = AT_END;
        return REPLY_DONE;
    }
    if (r->step == AT_CHUNK_SIZE)
        r->left = (uint64_t)size;
    r->step = r->step == AT_CHUNK_END ? AT_CHUNK_SIZE : size > 0 ? AT_CONTENT : AT_LAST_CHUNK;
    return REPLY_HEAD;
}

enum reply_event reply_parse(struct reply *r, const uint8_t **data, size_t *len)
{
    if (r->step == AT_END)
        reply_reset(r);
    if (r->step == AT_HEAD_END) {
        r->no_content |= r->status < 200 || r->status == 204 || r->status == 304;
        r->left = r->no_content ? 0 : r->ends_with_close ? UINT64_MAX : r->length;
        r->step = r->chunked && !r->no_content ? AT_CHUNK_SIZE : AT_CONTENT;
        r->line_len = 0;
    }
    while (r->step == AT_CHUNK_SIZE || r->step == AT_CHUNK_END || r->step == AT_LAST_CHUNK) {
        const enum reply_event event = parse_chunk_line(r, data, len);
        if (event != REPLY_HEAD)
            return event;
    }
    if (r->step != AT_CONTENT)
        return *len == 0 ? REPLY_MORE : parse_head(r, data, len);
    if (r->left == 0) {
        r->step = AT_END;
        return REPLY_DONE;
    }
    if (*len == 0)
        return REPLY_MORE;
    r->content = *data;
    r->content_len = *len < r->left ? *len : (size_t)r->left;
    *data += r->content_len;
    *len -= r->content_len;
    r->left -= r->content_len;
    if (r->left == 0 && r->chunked)
        r->step = AT_CHUNK_END;
    return REPLY_CONTENT;
}
