/* HTTP/1 on the protocol seam, with a handler that answers in every way: the same stream whole, and cut as the input says, must give the same
 * answers and the same records; each answer is read again by a reader that is not the writer, and compared with its record.
 *
 * Input: four bytes of choices (how the server is set, the lengths of three pieces that come in turn), then the stream. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "tests/http/http1_any.h"
#include "tests/http/http1_rig.h"

enum { CHOICES = 4, STREAM_MAX = 8192 };

static struct rig whole, cut;

static void open_rig(struct rig *r, uint8_t choice)
{
    struct weir_handler handler = any_handler;
    if (choice & 1)
        handler.methods = WEIR_GET | WEIR_PUT | WEIR_OPTIONS;
    if (choice & 2)
        handler.head = NULL;
    if (choice & 4)
        handler.piece = NULL;
    rig_clear(r);
    r->late = any_tell;
    r->out_cap = choice & 8 ? 0 : 65536;
    rig_open(r, &handler);
    r->context.draining = choice & 16;
    r->context.common = choice & 32 ? r->context.common : (struct slice){ NULL, 0 };
}

/* All of it, then the end of the stream. */
static void feed(struct rig *r, const uint8_t *pieces, struct slice stream)
{
    rig_current = r;
    for (unsigned turn = 0; stream.len > 0 && (r->conn.state == CONN_READING); turn = (turn + 1) % 3) {
        const size_t wanted = pieces == NULL ? stream.len : (size_t)pieces[turn] + 1;
        const size_t len = wanted < stream.len ? wanted : stream.len;
        char *piece = malloc(len);             /* of its own, so that a read outside it is seen */
        if (piece == NULL)
            abort();
        memcpy(piece, stream.ptr, len);
        rig_give(r, (struct slice){ piece, len });
        free(piece);
        stream = slice_from(stream, len);
    }
    r->shut = true;
    rig_run(r);
}

static void fail(const char *what)
{
    fprintf(stderr, "%s\nwhole: %.*s\ncut: %.*s\n", what, (int)whole.sent_len, whole.sent, (int)cut.sent_len, cut.sent);
    abort();
}

/* A refused request is shown as far as it came, and how much left of an answer that is cut is a matter of time. */
static bool is_same_record(const struct rig_record *a, const struct rig_record *b, bool is_refused)
{
    return a->status == b->status && (whole.cut || a->body_sent == b->body_sent) && strcmp(a->referer, b->referer) == 0 &&
           strcmp(a->user_agent, b->user_agent) == 0 && strncmp(a->line, b->line, is_refused ? strlen(b->line) : RIG_TEXT) == 0;
}

static void compare(void)
{
    char *plain[] = { malloc(whole.sent_len + 1), malloc(cut.sent_len + 1) };
    if (plain[0] == NULL || plain[1] == NULL)
        abort();
    const size_t len = rig_plain(&whole, plain[0]);
    if (whole.cut != cut.cut || whole.conn.state != cut.conn.state || whole.requests != cut.requests || whole.refused != cut.refused)
        fail("another end");
    if (rig_plain(&cut, plain[1]) != len || memcmp(plain[0], plain[1], len) != 0)
        fail("other answers");
    free(plain[0]);
    free(plain[1]);
    if (whole.record_count != cut.record_count)
        fail("not as many records");
    for (size_t i = 0; i < whole.record_count; i++)
        if (!is_same_record(&whole.records[i], &cut.records[i], whole.refused > 0 && i == whole.record_count - 1))
            fail("another record");
}

/* Whether a 100 (Continue) is due depends on what has come: then only each side for itself is looked at. */
static bool may_expect(struct slice stream)
{
    for (size_t i = 0; i + 6 <= stream.len; i++)
        if (strncasecmp(stream.ptr + i, "expect", 6) == 0)
            return true;
    return false;
}

static void finish(struct rig *r)
{
    const char *fault = rig_fault(r);
    if (fault != NULL)
        fail(fault);
    rig_current = r;
    rig_close(r);
    if (r->live != 0)
        fail("memory was not given back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CHOICES || size > STREAM_MAX)
        return 0;
    const struct slice stream = { (const char *)data + CHOICES, size - CHOICES };
    open_rig(&whole, data[0]);
    feed(&whole, NULL, stream);
    open_rig(&cut, data[0]);
    feed(&cut, data + 1, stream);
    if (!may_expect(stream))
        compare();
    finish(&whole);
    finish(&cut);
    return 0;
}
