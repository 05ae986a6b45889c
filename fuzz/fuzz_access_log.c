/* A line is a line, whatever a client sends: the input is three texts, separated by newlines of which the last may hold more. What the
 * log made of them is read back: one line, printable, not too long, and each text undone is the text or its beginning. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/access_log.h"

static void must(bool holds)
{
    if (!holds)
        abort();
}

static unsigned digit(char c)
{
    must((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
    return (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* Undoes the escapes of the quoted text at `at` and compares it with what was sent; returns what stands behind its closing quote. */
static const char *check_text(const char *at, struct slice sent)
{
    char undone[ACCESS_LOG_LINE_MAX];
    size_t len = 0;
    must(*at++ == '"');
    while (*at != '"') {
        const bool escaped = *at == '\\';
        must(!escaped || at[1] == 'x');
        undone[len++] = escaped ? (char)(digit(at[2]) << 4 | digit(at[3])) : *at;
        at += escaped ? 4 : 1;
    }
    if (sent.len == 0)
        sent = SLICE("-");
    if (len == sent.len && memcmp(undone, sent.ptr, len) == 0)
        return at + 1;
    must(len > 200 && len - 3 < sent.len && memcmp(undone + len - 3, "...", 3) == 0);
    must(memcmp(undone, sent.ptr, len - 3) == 0);
    return at + 1;
}

static struct slice next_text(struct slice *rest)
{
    const char *const end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    const size_t len = end == NULL ? rest->len : (size_t)(end - rest->ptr);
    const struct slice text = { rest->ptr, len };
    *rest = slice_from(*rest, end == NULL ? len : len + 1);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct access_log log;
    if (log.buffer == NULL)
        must(access_log_open(&log, access_log_open_file("/dev/null")) == 0);
    struct slice rest = { (const char *)data, size };
    struct http_record record = { .status = 200, .body_sent = 7 };
    record.user_agent = next_text(&rest);
    record.referer = next_text(&rest);
    record.line = rest;

    log.len = 0;
    const struct weir_peer peer = { .family = WEIR_IPV4, .address = { 10, 0, 0, 1 } };
    access_log_add(&log, &peer, &record, 0, 0);
    must(log.len > 0 && log.len <= ACCESS_LOG_LINE_MAX && log.buffer[log.len - 1] == '\n');
    for (uint32_t i = 0; i + 1 < log.len; i++)
        must(log.buffer[i] >= 0x20 && log.buffer[i] < 0x7f);

    static const char begin[] = "10.0.0.1 - - [01/Jan/1970:00:00:00 +0000] ";
    must(memcmp(log.buffer, begin, sizeof(begin) - 1) == 0);
    const char *at = check_text(log.buffer + sizeof(begin) - 1, record.line);
    must(strncmp(at, " 200 7 ", 7) == 0);
    at = check_text(at + 7, record.referer);
    must(*at == ' ');
    at = check_text(at + 1, record.user_agent);
    must(at == log.buffer + log.len - 1);
    return 0;
}
