/* The protocol of plain connections: what the handler is shown, what becomes of what it takes and of what it leaves, and what it keeps. */
#include "core/stream.h"

#include "aborts.h"
#include "stream_rig.h"
#include "tests/check_support.h"

enum { IN_CAP = 64, OUT_CAP = 32 };

static struct stream_rig rig;

static void begin(size_t (*receive)(struct weir_stream *stream, const void *data, size_t len, void *context))
{
    stream_rig_open(&rig, &(struct weir_stream_handler){ .receive = receive }, IN_CAP, OUT_CAP);
}

static void give(const char *text)
{
    stream_rig_give(&rig, slice_of(text));
}

static void check_sent(const char *wanted)
{
    const struct slice sent = { rig.sent, rig.sent_len };
    ck_assert_msg(slice_equals(sent, slice_of(wanted)), "\"%.*s\", not \"%s\"", (int)sent.len, sent.ptr, wanted);
}

static void end(void)
{
    stream_rig_close(&rig);
    ck_assert_ptr_null(rig.conn.exchange);
}

/* ---- echo */

static size_t receive_echo(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    (void)context;
    ck_assert_uint_gt(len, 0);
    return weir_stream_send(stream, data, len);
}

START_TEST(what_comes_goes_back_and_between_messages_nothing_is_held)
{
    begin(receive_echo);
    give("hello");
    check_sent("hello");
    ck_assert_ptr_null(rig.conn.exchange);
    give(" and again");
    check_sent("hello and again");
    ck_assert_ptr_null(rig.conn.exchange);
    ck_assert_uint_eq(rig.working_sets, 2);
    ck_assert_int_eq(rig.conn.state, CONN_READING);
    stream_rig_shut(&rig);
    ck_assert_int_eq(rig.conn.state, CONN_CLOSED);
    end();
}

START_TEST(what_there_is_no_room_for_is_shown_again_when_there_is)
{
    begin(receive_echo);
    give("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!?0123456789");
    check_sent("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!?0123456789");
    ck_assert_ptr_null(rig.conn.exchange);
    end();
}

START_TEST(while_the_peer_does_not_read_no_more_is_received_than_there_is_room_for)
{
    static char much[10 * (IN_CAP + OUT_CAP)];
    memset(much, 'm', sizeof much);
    begin(receive_echo);
    rig.deaf = true;
    stream_rig_give(&rig, (struct slice){ much, sizeof much });
    ck_assert_int_eq(rig.conn.state, CONN_WRITING);
    ck_assert_uint_ge(rig.arriving.len, sizeof much - IN_CAP - OUT_CAP);
    const size_t left = rig.arriving.len;
    for (int i = 0; i < 3; i++)
        stream_rig_run(&rig);
    ck_assert_uint_eq(rig.arriving.len, left);
    rig.deaf = false;
    stream_rig_run(&rig);
    ck_assert_uint_eq(rig.sent_len, sizeof much);
    ck_assert_mem_eq(rig.sent, much, sizeof much);
    end();
}

START_TEST(what_is_owed_leaves_after_the_peer_has_shut_its_side)
{
    begin(receive_echo);
    rig.deaf = true;
    give("owed");
    rig.shut = true;
    stream_rig_run(&rig);
    ck_assert_int_eq(rig.conn.state, CONN_WRITING);
    rig.deaf = false;
    rig.send_max = 1;
    stream_rig_run(&rig);
    check_sent("owed");
    ck_assert_int_eq(rig.conn.state, CONN_CLOSED);
    end();
}

/* ---- lines: one is a message, and comes back in brackets */

static unsigned shown;                 /* calls */

static size_t receive_line(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    (void)context;
    shown++;
    const char *stop = memchr(data, '\n', len);
    if (stop == NULL)
        return 0;
    char answer[IN_CAP + 3] = "[";
    const size_t line = (size_t)(stop - (const char *)data);
    memcpy(answer + 1, data, line);
    memcpy(answer + 1 + line, "]\n", 2);
    ck_assert_uint_eq(weir_stream_send(stream, answer, line + 3), line + 3);
    if (line == 3 && memcmp(data, "bye", 3) == 0)
        weir_stream_close(stream);
    return line + 1;
}

static size_t receive_lines(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    size_t taken = 0, line = 1;
    while (taken < len && taken < 10 && line > 0) {
        line = receive_line(stream, (const char *)data + taken, len - taken, context);
        taken += line;
    }
    return taken;
}

START_TEST(an_incomplete_message_is_shown_again_with_more_behind_it)
{
    begin(receive_line);
    shown = 0;
    give("he");
    give("ll");
    ck_assert_uint_eq(shown, 2);
    ck_assert_int_eq(rig.conn.exchange->phase, PHASE_HEAD);        /* the limit of a message runs */
    ck_assert_uint_eq(rig.sent_len, 0);
    give("o\n");
    check_sent("[hello]\n");
    ck_assert_ptr_null(rig.conn.exchange);
    end();
}

START_TEST(messages_that_come_together_are_answered_in_order)
{
    begin(receive_line);
    give("a\nb\n\nc\nd");
    check_sent("[a]\n[b]\n[]\n[c]\n");
    ck_assert_int_eq(rig.conn.exchange->phase, PHASE_HEAD);
    give("\n");
    check_sent("[a]\n[b]\n[]\n[c]\n[d]\n");
    end();
}

START_TEST(a_close_leaves_what_is_behind_it_and_sends_what_is_owed)
{
    begin(receive_line);
    rig.send_max = 1;
    give("a\nbye\nb\n");
    check_sent("[a]\n[bye]\n");
    ck_assert_int_eq(rig.conn.state, CONN_SHUTTING);
    end();
}

static size_t close_at_once(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    (void)data;
    (void)len;
    (void)context;
    shown++;
    if (rig.receive_max == 2)
        ck_assert_uint_eq(weir_stream_send(stream, "no", 2), 2);
    weir_stream_close(stream);
    return 0;
}

START_TEST(a_close_needs_nothing_to_be_taken)
{
    begin(close_at_once);
    shown = 0;
    rig.receive_max = _i == 0 ? 1 : 2;
    give("hello");
    check_sent(_i == 0 ? "" : "no");
    ck_assert_int_eq(rig.conn.state, CONN_SHUTTING);
    ck_assert_uint_eq(shown, 1);
    end();
}

START_TEST(a_message_that_fills_the_buffer_ends_the_connection)
{
    char text[IN_CAP + 1];
    memset(text, 'x', IN_CAP);
    text[IN_CAP] = '\0';
    begin(receive_line);
    if (_i == 1)
        give("first\n");
    give(text + 1);
    ck_assert_int_eq(rig.conn.state, CONN_READING);
    give("x");
    ck_assert_int_eq(rig.conn.state, CONN_SHUTTING);
    check_sent(_i == 1 ? "[first]\n" : "");
    end();
}

START_TEST(an_incomplete_message_at_the_end_or_out_of_time_is_not_answered)
{
    begin(receive_line);
    give("a\nb");
    if (_i == 0)
        stream_rig_shut(&rig);
    else
        stream_rig_timeout(&rig);
    check_sent("[a]\n");
    ck_assert_int_eq(rig.conn.state, CONN_SHUTTING);
    end();
}

/* ---- room */

/* Answers each byte with eleven: what there is no room for is kept in mind. */
static size_t receive_and_multiply(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    static const char eleven[] = "0123456789\n";
    static char marks[sizeof eleven];
    (void)context;
    (void)data;
    size_t taken = 0;
    while (taken < len) {
        const size_t done = stream->user == NULL ? 0 : (size_t)((char *)stream->user - marks);
        const size_t sent = weir_stream_send(stream, eleven + done, 11 - done);
        stream->user = done + sent < 11 ? marks + done + sent : NULL;
        if (stream->user != NULL)
            return taken;
        taken++;
    }
    return taken;
}

START_TEST(an_answer_that_is_longer_than_the_room_goes_on_when_there_is_some)
{
    static const char *const inputs[] = { "1", "123", "1234567890", "12345678901234567890123456789012345678901234567890" };
    for (size_t i = 0; i < COUNT_OF(inputs); i++)
        for (size_t max = 0; max < 13; max++) {
            stream_rig_open(&rig, &(struct weir_stream_handler){ .receive = receive_and_multiply }, IN_CAP, 8);
            rig.send_max = max;
            give(inputs[i]);
            ck_assert_uint_eq(rig.sent_len, 11 * strlen(inputs[i]));
            for (size_t at = 0; at < rig.sent_len; at += 11)
                ck_assert_mem_eq(rig.sent + at, "0123456789\n", 11);
            ck_assert_ptr_null(rig.conn.exchange);
            end();
        }
}

/* Greets before the first line is complete. */
static size_t receive_greeting(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    static char greeted;
    if (stream->user == NULL)
        ck_assert_uint_eq(weir_stream_send(stream, "hi\n", 3), 3);
    stream->user = &greeted;
    return receive_line(stream, data, len, context);
}

START_TEST(what_is_sent_though_nothing_was_taken_leaves)
{
    begin(receive_greeting);
    shown = 0;
    give("x");
    check_sent("hi\n");
    ck_assert_uint_eq(shown, 1);
    ck_assert_int_eq(rig.conn.state, CONN_READING);
    give("y\n");
    check_sent("hi\n[xy]\n");
    end();
}

START_TEST(nothing_can_be_sent)
{
    begin(receive_echo);
    stream_rig_borrow(&rig);
    struct weir_stream *stream = (struct weir_stream *)(void *)rig.conn.exchange->state;
    ck_assert_uint_eq(weir_stream_send(stream, NULL, 0), 0);
    end();
}

/* ---- what is kept */

static unsigned ends;
static char mine;

static size_t receive_and_keep(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    ck_assert_ptr_eq(context, &ends);
    ck_assert_uint_eq(stream->worker, STREAM_RIG_WORKER);
    ck_assert_mem_eq(stream->peer, &rig.peer, sizeof rig.peer);
    ck_assert_ptr_eq(stream->user, shown == 0 ? NULL : &mine);
    shown++;
    stream->user = &mine;
    return receive_echo(stream, data, len, NULL);
}

static void end_keeping(struct weir_stream *stream, void *context)
{
    ck_assert_ptr_eq(context, &ends);
    ck_assert_uint_eq(stream->worker, STREAM_RIG_WORKER);
    ck_assert_mem_eq(stream->peer, &rig.peer, sizeof rig.peer);
    ck_assert_ptr_eq(stream->user, &mine);
    ends++;
}

static const struct weir_stream_handler keeping = { .receive = receive_and_keep, .end = end_keeping, .context = &ends };

START_TEST(what_is_kept_outlives_the_working_set_and_has_one_end)
{
    stream_rig_open(&rig, &keeping, IN_CAP, OUT_CAP);
    shown = ends = 0;
    give("a");
    give("b");
    give("c");
    ck_assert_uint_eq(rig.working_sets, 3);
    ck_assert_uint_eq(shown, 3);
    ck_assert_uint_eq(ends, 0);
    if (_i == 0)
        stream_rig_shut(&rig);
    end();
    ck_assert_uint_eq(ends, 1);
}

START_TEST(a_connection_that_breaks_has_its_end_too)
{
    stream_rig_open(&rig, &keeping, IN_CAP, OUT_CAP);
    shown = ends = 0;
    rig.break_after = 3;
    give("abcdef");
    ck_assert_int_eq(rig.conn.state, CONN_CLOSED);
    ck_assert_uint_eq(ends, 1);
    check_sent("abc");
    end();
    ck_assert_uint_eq(ends, 1);
}

START_TEST(who_keeps_nothing_or_has_no_end_is_not_called)
{
    stream_rig_open(&rig, &keeping, IN_CAP, OUT_CAP);
    shown = ends = 0;
    stream_rig_shut(&rig);             /* nothing ever came */
    end();
    ck_assert_uint_eq(ends, 0);
    stream_rig_open(&rig, &keeping, IN_CAP, OUT_CAP);
    rig.handler.end = NULL;
    give("a");
    end();
    ck_assert_uint_eq(ends, 0);
}

/* ---- however it is cut */

static const struct cut_case {
    size_t (*receive)(struct weir_stream *stream, const void *data, size_t len, void *context);
    const char *bytes;
    const char *wanted;
} cut_cases[] = {
    { receive_echo, "0123456789abcdefghijklmnopqrstuvwxyz\n\n0123456789abcdefghijklmnopqrstuvwxyz",
      "0123456789abcdefghijklmnopqrstuvwxyz\n\n0123456789abcdefghijklmnopqrstuvwxyz" },
    { receive_line, "a\nbc\ndefghijklmnopqrst\n\nu\nbye\nvw\n", "[a]\n[bc]\n[defghijklmnopqrst]\n[]\n[u]\n[bye]\n" },
    { receive_lines, "a\nbc\nd\n\nu\nbye", "[a]\n[bc]\n[d]\n[]\n[u]\n" },
    { receive_and_multiply, "1234", "0123456789\n0123456789\n0123456789\n0123456789\n" },
};

static void feed(struct slice input, const size_t *counts, size_t count, void *context, struct transcript *said)
{
    const struct cut_case *c = context;
    size_t from = 0;
    begin(c->receive);
    rig.send_max = counts[0] % 3;
    for (size_t i = 0; i < count; i++) {
        stream_rig_give(&rig, (struct slice){ input.ptr + from, counts[i] - from });
        from = counts[i];
    }
    stream_rig_shut(&rig);
    check_sent(c->wanted);
    transcript_add_bytes(said, (struct slice){ rig.sent, rig.sent_len });
    transcript_add(said, "\n%s", conn_state_name((enum conn_state)rig.conn.state));
    end();
}

START_TEST(where_the_input_is_cut_changes_nothing)
{
    static struct transcript said;
    struct cut_case c = cut_cases[_i];
    check_cuttings(slice_of(c.bytes), feed, &c, &said);
}

/* ---- mistakes of the handler */

static size_t take_too_much(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    (void)stream;
    (void)data;
    (void)context;
    return len + 1;
}

static void give_one(void *context)
{
    (void)context;
    give("x");
}

START_TEST(to_take_more_than_there_was_aborts)
{
    begin(take_too_much);
    ck_assert(aborts(give_one, NULL));
    end();
}

int main(void)
{
    TCase *tests = tcase_create("stream");
    tcase_add_test(tests, what_comes_goes_back_and_between_messages_nothing_is_held);
    tcase_add_test(tests, what_there_is_no_room_for_is_shown_again_when_there_is);
    tcase_add_test(tests, while_the_peer_does_not_read_no_more_is_received_than_there_is_room_for);
    tcase_add_test(tests, what_is_owed_leaves_after_the_peer_has_shut_its_side);
    tcase_add_test(tests, an_incomplete_message_is_shown_again_with_more_behind_it);
    tcase_add_test(tests, messages_that_come_together_are_answered_in_order);
    tcase_add_test(tests, a_close_leaves_what_is_behind_it_and_sends_what_is_owed);
    tcase_add_loop_test(tests, a_close_needs_nothing_to_be_taken, 0, 2);
    tcase_add_loop_test(tests, a_message_that_fills_the_buffer_ends_the_connection, 0, 2);
    tcase_add_loop_test(tests, an_incomplete_message_at_the_end_or_out_of_time_is_not_answered, 0, 2);
    tcase_add_test(tests, an_answer_that_is_longer_than_the_room_goes_on_when_there_is_some);
    tcase_add_test(tests, what_is_sent_though_nothing_was_taken_leaves);
    tcase_add_test(tests, nothing_can_be_sent);
    tcase_add_loop_test(tests, what_is_kept_outlives_the_working_set_and_has_one_end, 0, 2);
    tcase_add_test(tests, a_connection_that_breaks_has_its_end_too);
    tcase_add_test(tests, who_keeps_nothing_or_has_no_end_is_not_called);
    tcase_add_loop_test(tests, where_the_input_is_cut_changes_nothing, 0, COUNT_OF(cut_cases));
    tcase_add_test(tests, to_take_more_than_there_was_aborts);
    return check_run(tests);
}
