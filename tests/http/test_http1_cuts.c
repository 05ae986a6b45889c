/* The same bytes, whole, cut in two at every offset, and byte by byte: the same answers and the same records. */
#include <stdio.h>

#include "tests/check_support.h"
#include "tests/http/http1_any.h"
#include "tests/http/http1_rig.h"

#define LINE " HTTP/1.1\r\nHost: a\r\n"
#define END LINE "\r\n"
#define LENGTH(n) LINE "Content-Length: " #n "\r\n\r\n"
#define CHUNKED LINE "Transfer-Encoding: chunked\r\n\r\n"

static struct rig rig;

static const struct stream {
    const char *bytes;
    const char *statuses;              /* of the answers, in order */
} streams[] = {
    { "GET /" END "HEAD /x" END "GET /y?1" END, "200 200 200 " },
    { "GET /c?10" END "GET /b?9000" END "GET /f?7000" END "GET /c?30000" END "GET /c?2" END, "200 200 200 200 200 " },
    { "HEAD /c?10" END "HEAD /b?9000" END "HEAD /f?7000" END "HEAD /c?30000" END, "200 200 200 200 " },
    { "GET /n" END "GET /u?1" END "HEAD /u?1" END "GET /u" END, "500 500 500 204 " },
    { "POST /p" LENGTH(10) "0123456789POST /w" CHUNKED
      "3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: t\r\n\r\nPOST /d" LENGTH(3) "xyzGET /" END, "200 200 200 200 " },
    { "GET /" END "POST /h" LENGTH(100) "abcGET /" END, "200 403 " },
    { "GET /" END "POST /r" LENGTH(100) "abcGET /" END, "200 500 " },
    { "PUT /" LENGTH(3) "abcOPTIONS *" END "OPTIONS /" LENGTH(2) "abDELETE /" END "TRACE /" END, "405 204 204 405 405 " },
    { "GET /" END "BREW /" END "GET /" END, "200 501 " },
    { "GET /" END "GET /%2e%2e/x" END "GET /" END, "200 400 " },
    { "\r\nGET /" END "\r\nGET /" END, "200 200 " },
    { "GET /" END "\r\n\r\nGET /" END, "200 400 " },
    { "\r\n\r\nHEAD /" END, "400 " },
    { "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\nGET /" END, "200 200 " },
    { "GET /" LINE "Connection: close\r\n\r\nGET /" END, "200 " },
    { "GET /" END "CONNECT a:80" END "abc", "200 405 " },
    { "GET /a%20b/../c?d HTTP/1.1\r\nHost: a\r\nX: y\r\nReferer: r\r\nUser-Agent: u\r\n\r\n", "200 " },
    { "POST /w" CHUNKED "5\r\nab", "400 " },
    { "POST /p" LENGTH(5) "ab", "400 " },
    { "GET /" END "HEAD /" LINE, "200 400 " },
    { "GET /" END "GET /l" END "HEAD /late" END "POST /l" LENGTH(3) "abcGET /l" LINE "Connection: close\r\n\r\n", "200 200 200 200 200 " },
    { "GET /l" END "GET /%2e%2e/x" END, "200 400 " },
    { "POST /w" CHUNKED "fffff\r\n", "413 " },
    { "POST /p" CHUNKED "3\r\nabcd\r\n0\r\n\r\n", "400 " },
    { "POST /s" LENGTH(10) "0123456789POST /s?7" CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET /s" END "GET /s?9" END "HEAD /sk?5" END
      "GET /" END, "200 200 200 200 200 200 " },
    { "GET /b?9000" END "POST /sh" LENGTH(10) "0123456789POST /shk?7" LENGTH(3) "abcPOST /sd?8" LENGTH(3) "xyzGET /" END, "200 200 200 200 200 " },
    { "GET /" END "POST /sh" LINE "Connection: close\r\nContent-Length: 10\r\n\r\n0123456789GET /" END, "200 200 " },
    { "GET /" END "POST /sd" LINE "Connection: close\r\nContent-Length: 10\r\n\r\n0123456789GET /" END, "200 200 " },
    { "GET /" END "POST /sk HTTP/1.0\r\nContent-Length: 10\r\n\r\n0123456789GET /" END, "200 200 " },
    { "GET /" END "POST /shk HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 10\r\n\r\n0123456789GET /" END, "200 200 " },
    { "GET /" END "HEAD /sk HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /" END, "200 200 " },
    { "GET /" END "POST /sx" LENGTH(5) "01234GET /" END, "200 200 " },
    { "GET /" END "POST /sy" LENGTH(5) "01234GET /" END, "200 200 " },
    { "GET /" END "POST /shf" LENGTH(5) "01234GET /" END, "200 200 " },
    { "GET /" END "POST /su" LENGTH(5) "01234GET /" END, "200 99 " },
    { "POST /s" CHUNKED "3\r\nabcd\r\n0\r\n\r\n", "200 " },
    { "POST /s" CHUNKED "3\r\nab", "200 " },
    { "POST /sd" CHUNKED "3\r\nabcd\r\n", "200 " },
};

/* All but the line of a refused request, which is as long as what came, and how much of it left before the connection was cut. */
static void tell(struct transcript *said)
{
    static char plain[200000];
    ck_assert_uint_le(rig.sent_len, sizeof plain);
    transcript_add_bytes(said, (struct slice){ plain, rig_plain(&rig, plain) });
    for (size_t i = 0; i < rig.record_count; i++) {
        const struct rig_record *record = &rig.records[i];
        const bool is_refused = rig.refused > 0 && i == rig.record_count - 1;
        transcript_add(said, "\nrecord %s %s %s %d %ju", is_refused ? "" : record->line, record->referer, record->user_agent, record->status,
            rig.cut ? 0 : (uintmax_t)record->body_sent);
    }
    transcript_add(said, "\n%s, %ju requests, %ju refused", conn_state_name((enum conn_state)rig.conn.state), (uintmax_t)rig.requests,
        (uintmax_t)rig.refused);
}

static void check_statuses(const char *wanted)
{
    char got[64] = "";
    for (size_t i = 0; i < rig.record_count; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%d ", rig.records[i].status);
    ck_assert_str_eq(got, wanted);
}

static void feed(struct slice input, const size_t *counts, size_t count, void *context, struct transcript *said)
{
    const struct stream *stream = context;
    size_t from = 0;
    rig_clear(&rig);
    rig_open(&rig, &any_handler);
    rig.late = any_tell;
    for (size_t i = 0; i < count; i++) {
        rig_give(&rig, (struct slice){ input.ptr + from, counts[i] - from });
        from = counts[i];
    }
    rig.shut = true;
    rig_run(&rig);
    const char *fault = rig_fault(&rig);
    ck_assert_msg(fault == NULL, "%s: %.*s", fault, (int)rig.sent_len, rig.sent);
    check_statuses(stream->statuses);
    tell(said);
    rig_close(&rig);
    ck_assert_int_eq(rig.live, 0);
    rig_clear(&rig);
}

START_TEST(where_the_input_is_cut_changes_nothing)
{
    static struct transcript said;
    struct stream stream = streams[_i];
    check_cuttings(slice_of(stream.bytes), feed, &stream, &said);
}

int main(void)
{
    TCase *tests = tcase_create("http1 cuts");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, where_the_input_is_cut_changes_nothing, 0, COUNT_OF(streams));
    return check_run(tests);
}
