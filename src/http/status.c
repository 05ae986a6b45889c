#include "http/status.h"

#define STATUS_FIRST 100
#define STATUS_LAST 511

struct status_text {
    const char *line;      /* NULL for a code that is not in the list */
    size_t len;
};

#define STATUS_TEXT(code, reason) \
    [(code) - STATUS_FIRST] = { "HTTP/1.1 " #code " " reason "\r\n", sizeof("HTTP/1.1 " #code " " reason "\r\n") - 1 },

static const struct status_text texts[STATUS_LAST - STATUS_FIRST + 1] = { STATUS_LIST(STATUS_TEXT) };

struct slice status_line(int status)
{
    if (status < STATUS_FIRST || status > STATUS_LAST)
        return (struct slice){ NULL, 0 };
    const struct status_text *text = &texts[status - STATUS_FIRST];
    return (struct slice){ text->line, text->len };
}

struct slice status_reason(int status)
{
    const size_t before = sizeof("HTTP/1.1 404 ") - 1, after = sizeof("\r\n") - 1;
    struct slice line = status_line(status);
    if (line.len == 0)
        return line;
    return (struct slice){ line.ptr + before, line.len - before - after };
}
