#include "client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { READ_SIZE = 65536, CONTINUE_PATIENCE = 3000, RETRY = 50 };

void client_init(struct client *client, uint32_t number, uint16_t port, uint64_t start)
{
    struct script script = client->script;
    *client = (struct client){ .number = number, .script = script, .port = port, .next = start, .read_next = start, .last_handled = -1,
                               .piece_max = UINT32_MAX, .read_max = READ_SIZE, .exact = true };
    reply_reset(&client->reply);
}

void client_draw_pace(struct client *client, struct chance *c, const struct weir_options *options)
{
    const uint32_t len = (uint32_t)bytes_len(&client->script.stream);
    const enum ending ending = client->script.ending;
    switch (chance_below(c, 8)) {
    case 0:
        client->piece_max = len < 600 ? 1 : len / 30 + 1;
        client->pause_max = len < 600 ? 1 : 15;
        break;
    case 1:
    case 2:
        client->piece_max = len / 30 + 1;
        client->pause_max = chance_below(c, 15);
        break;
    case 3:                                    /* a drip: its time runs out, sooner or later */
        client->piece_max = 1;
        client->pause_max = 1500;
        client->exact = false;
        break;
    default:
        break;
    }
    if (chance_one_in(c, 6)) {                 /* slow, but faster than the slowest that is served */
        client->read_max = chance_between(c, 1000, 8000);
        client->read_pause = chance_between(c, 1, options->send_timeout / 4 < 400 ? options->send_timeout / 4 : 400);
    } else if (chance_one_in(c, 15)) {
        client->read_max = 0;
        client->exact = false;
    }
    for (uint32_t i = 0; client->read_pause > 0 && i < client->script.count; i++)
        client->script.expects[i].gate = 0;    /* who reads slowly hears a 100 too late to wait for it */
    if (ending == ENDING_RESET || ending == ENDING_WILD)
        client->exact = false;
    if (ending == ENDING_RESET && chance_one_in(c, 2))
        client->reset_after = 1 + chance_below(c, 60000);
}

static bool is_over(const struct client *client)
{
    return client->step == CLIENT_GONE;
}

bool client_is_done(const struct client *client)
{
    return is_over(client) || (client->step == CLIENT_LISTENS && client_next(client) == UINT64_MAX);
}

bool client_is_owed(const struct client *client)
{
    const bool excused = client->stream != NULL && client->stream->excused;
    return client->exact && !is_over(client) && !excused && client->answers < client->script.count;
}

/* ------------------------------------------------------------------ hearing */

void client_heard_wrong(const struct client *client, const char *what)
{
    sim_broken("6: client %u, answer %u, status %d, at byte %" PRIu64 " of its content: %s", client->number, client->answers,
               client->reply.status, client->content_at, what);
}

static struct expect *expected(const struct client *client)
{
    return client->answers < client->script.count ? &client->script.expects[client->answers] : NULL;
}

/* The answers of one whom nobody knows are checked for their form alone. */
static bool is_wild(const struct client *client)
{
    return client->script.ending == ENDING_WILD;
}

static void check_interim(struct client *client)
{
    const struct expect *e = expected(client);
    if (client->reply.status != 100)
        client_heard_wrong(client, "an interim response that nobody sends");
    if (!is_wild(client) && (e == NULL || !e->may_continue))
        client_heard_wrong(client, "a 100 (Continue) that was not asked for");
    if (!is_wild(client) && client->continued)
        client_heard_wrong(client, "a second 100 (Continue) for one request");
    client->continued = true;
    client->gate_until = 0;
}

/* A refusal by time, or because of the drain or of faults, may come in the place of any answer. */
static bool status_is_right(const struct client *client, const struct expect *e)
{
    const int status = client->reply.status;
    if (status == e->status || status == e->or_status || e->status == 0)
        return true;
    if (client->stream->excused && (status == 500 || status == 503 || status == 408))
        return true;
    return status == 408 && client->timed_out;
}

/* What is answered is answered as it comes, and may end where that ended. */
static bool may_break(const struct client *client)
{
    const struct expect *e = expected(client);
    return e != NULL && e->may_break && (reply_is_between(&client->reply) || client->reply.status == 200);
}

static void check_final(struct client *client)
{
    const struct expect *e = expected(client);
    struct reply *r = &client->reply;
    if (client->told_close)
        client_heard_wrong(client, "an answer behind one that said close");
    client->told_close = r->says_close;
    if (is_wild(client))
        return;
    if (e == NULL)
        client_heard_wrong(client, "an answer to no request");
    if (!status_is_right(client, e))
        sim_broken("4: client %u, answer %u: status %d where %d is right", client->number, client->answers, r->status, e->status);
    if (e->ends > client->said && r->status != 408 && !r->says_close && !e->early)
        client_heard_wrong(client, "an answer before its request was complete");
    r->no_content = e->head;
    client->blind |= e->head && r->status == 408;      /* did the server get so far as to know that it is a HEAD? */
    if (e->sized && r->status == e->status && r->status == 200 && r->length != e->size)
        client_heard_wrong(client, "a Content-Length that is not the content's");
    files_heard_head(client, e);
    if (e->old && !r->says_close && !r->says_keep_alive)
        client_heard_wrong(client, "an answer to HTTP/1.0 that is kept and does not say so");
    if (r->ends_with_close && !(e->old && e->chunked))
        client_heard_wrong(client, "an answer that ends with the connection");
    if (r->chunked && !e->chunked && !e->may_break)
        client_heard_wrong(client, "chunks that nobody asked for");
    if (e->last && !e->old && !r->says_close && !may_break(client))
        client_heard_wrong(client, "the last answer does not say that it is");
    if (r->tag[0] != '\0') {
        char tag[32];
        snprintf(tag, sizeof(tag), "%u/%u", client->number, e->number);
        if (strcmp(tag, r->tag) != 0)
            sim_broken("5: client %u, answer %u has the tag %s, of another", client->number, client->answers, r->tag);
    }
}

static void check_tags(const struct client *client, uint64_t tag)
{
    static uint8_t right[READ_SIZE];
    const struct reply *r = &client->reply;
    sim_tag_bytes(tag, client->content_at, right, r->content_len);
    if (memcmp(r->content, right, r->content_len) == 0)
        return;
    size_t at = 0;
    while (r->content[at] == right[at])
        at++;
    sim_broken("5: client %u, answer %u: byte %" PRIu64 " of the content is not of this answer", client->number, client->answers,
               client->content_at + at);
}

static void check_content(struct client *client)
{
    const struct expect *e = expected(client);
    if (!is_wild(client) && e->has_tag && (client->reply.status == 200 || client->reply.tag[0] != '\0'))
        check_tags(client, e->tag);
    if (!is_wild(client))
        files_heard_content(client, e);
    client->content_at += client->reply.content_len;
}

static void answer_complete(struct client *client)
{
    const struct expect *e = expected(client);
    if (client->answers < sizeof(client->first) / sizeof(client->first[0]))
        client->first[client->answers] = (struct heard){ (uint16_t)client->reply.status, client->content_at };
    if (e != NULL && e->has_tag && (e->sized || e->chunked) && e->status == 200 && client->reply.status == 200 && !e->head &&
        client->content_at != e->size)
        client_heard_wrong(client, "the content is not whole");
    if (e != NULL && !is_wild(client) && client->said < e->ends && client->reply.status == 200)
        client_heard_wrong(client, "an answer that was complete before its request was");
    if (e != NULL && !is_wild(client))
        files_heard_end(client, e);
    client->answers++;
    client->continued = false;
    client->content_at = 0;
    client->gate_until = 0;
    client->answered_at = sim.now;
    const bool may_close = e == NULL || e->last || client->reply.ends_with_close || client->reply.status == 408;
    if (!may_close && client->told_close && client->exact && !client->stream->excused)
        client_heard_wrong(client, "a close that nobody asked for");
}

/* On a plain connection: what it has said, in order, and nothing else. */
static void hear_plain(struct client *client, const uint8_t *data, size_t len)
{
    const uint8_t *said = bytes_at(&client->script.stream);
    if (client->heard + len > client->said)
        sim_broken("3: client %u: %zu bytes came back, %zu were said", client->number, (size_t)client->heard + len, client->said);
    for (size_t i = 0; i < len; i++)
        if (data[i] != said[client->heard + i])
            sim_broken("5: client %u: byte %zu that came back is not what it said", client->number, (size_t)client->heard + i);
    client->heard += len;
    if (client->answers < client->script.count && client->heard == bytes_len(&client->script.stream)) {
        client->answers++;
        client->answered_at = sim.now;
        sim_count(ORDER_ECHO_WHOLE);
    }
}

static void hear(struct client *client, const uint8_t *data, size_t len)
{
    if (client->script.plain) {
        hear_plain(client, data, len);
        return;
    }
    client->heard += len;
    if (client->record != NULL)
        bytes_append(client->record, data, len);
    while (!client->blind) {
        switch (reply_parse(&client->reply, &data, &len)) {
        case REPLY_MORE:
            return;
        case REPLY_HEAD:
            if (client->reply.status < 200)
                check_interim(client);
            else
                check_final(client);
            break;
        case REPLY_CONTENT:
            check_content(client);
            break;
        case REPLY_DONE:
            if (client->reply.status >= 200)
                answer_complete(client);
            break;
        case REPLY_WRONG:
            client_heard_wrong(client, client->reply.wrong);
        }
    }
}

/* Its last request breaks off, and the answer with it, by a reset: what it has not read of the answers before is lost. */
static bool tears(const struct client *client)
{
    const struct script *script = &client->script;
    const uint32_t last = script->count - 1;
    if (!client->stream->reset_from_server || script->count == 0 || !script->expects[last].may_break)
        return false;
    return last == 0 || client->said > script->expects[last - 1].ends;
}

/* The server ended the connection: was everything said that had to be? */
static void check_end(const struct client *client, bool reset)
{
    const struct expect *e = expected(client);
    const struct sim_stream *s = client->stream;
    if (client->blind || s->excused || client->timed_out || client->gave_way || !client->exact)
        return;
    if (client->script.plain && client->heard < bytes_len(&client->script.stream))
        sim_broken("3: client %u: the connection %s after %zu of %zu bytes", client->number, reset ? "was reset" : "ended", (size_t)client->heard,
                   bytes_len(&client->script.stream));
    if (may_break(client) || tears(client))
        return;
    if (!reply_is_between(&client->reply))
        client_heard_wrong(client, reset ? "a reset in the middle of an answer" : "an end in the middle of an answer");
    if (e != NULL && client->said >= e->ends && e->ends > 0 && !client->told_close)
        sim_broken("4: client %u: the connection %s, answer %u did not come", client->number, reset ? "was reset" : "ended", client->answers);
    if (e != NULL && client->said == bytes_len(&client->script.stream) && !client->told_close)
        sim_broken("4: client %u: the connection %s, answer %u did not come", client->number, reset ? "was reset" : "ended", client->answers);
}

static void client_gone(struct client *client)
{
    sim_trace("client %u is gone after %u of %u answers", client->number, client->answers, client->script.count);
    client->step = CLIENT_GONE;
    client->next = UINT64_MAX;
    sim_release(client->stream);
}

/* Reads what is there. True when the connection is at its end. */
static bool listen_once(struct client *client)
{
    static uint8_t data[READ_SIZE];
    struct sim_stream *s = client->stream;
    if (client->read_max > 0 && client->read_next <= sim.now) {
        const size_t got = sim_client_receive(s, data, client->read_max < READ_SIZE ? client->read_max : READ_SIZE);
        hear(client, data, got);
        client->read_next = sim.now + client->read_pause;
    }
    if (s->reset_from_server || (sim_client_sees_end(s) && client->read_max > 0)) {
        if (!s->reset_from_server && !client->blind && reply_ends(&client->reply))
            answer_complete(client);
        check_end(client, s->reset_from_server);
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------ saying */

/* It was told of the close, and has no more to say; but whose answer has begun before its request was complete goes on with that. */
static bool has_to_end(const struct client *client)
{
    const struct expect *e = expected(client);
    return client->told_close && !client->says_on && (e == NULL || !e->early || client->said >= e->ends);
}

/* It asked for a 100 (Continue), and nothing came: it goes on without. */
static bool waited_in_vain(const struct client *client)
{
    if (client->exact && !client->stream->excused)
        sim_broken("4: client %u, answer %u: it waits for a 100 (Continue), and nothing comes", client->number, client->answers);
    return true;
}

/* So far it may speak: to the gate of the request whose answer comes next. */
static size_t may_say(struct client *client)
{
    const size_t whole = bytes_len(&client->script.stream);
    if (has_to_end(client))
        return client->said;
    if (client->told_close && !client->says_on)
        return expected(client)->ends;
    if (client->alternates)
        return client->answers < client->script.count ? client->script.expects[client->answers].ends : whole;
    for (uint32_t i = client->answers; i < client->script.count; i++) {
        const struct expect *e = &client->script.expects[i];
        if (e->gate == 0 || client->said > e->gate || (i == client->answers && client->continued))
            continue;
        if (client->said == e->gate && i == client->answers) {
            if (client->gate_until == 0 || !client->stream->accepted)
                client->gate_until = sim.now + CONTINUE_PATIENCE;
            if (sim.now >= client->gate_until && waited_in_vain(client))
                continue;
        }
        return e->gate;
    }
    return whole;
}

/* It keeps its pace, whatever it hears before: who is echoed has with each byte that comes back a reason to say the next. */
static void speak(struct client *client, struct chance *c)
{
    const size_t until = may_say(client);
    size_t count = until - client->said;
    if (count == 0)
        return;
    if (count > client->piece_max)
        count = client->piece_max == 1 ? 1 : chance_between(c, 1, client->piece_max);
    if (client->script.ending == ENDING_RESET && client->said + count > client->script.reset_at && client->reset_after == 0)
        count = client->script.reset_at - client->said;
    client->said += sim_client_send(client->stream, bytes_at(&client->script.stream) + client->said, count);
    while (client->said_whole < client->script.count && client->script.expects[client->said_whole].ends <= client->said)
        client->script.expects[client->said_whole++].said_at = sim.now;
}

static bool has_said_all(const struct client *client)
{
    return client->said == bytes_len(&client->script.stream);
}

static bool resets_now(const struct client *client)
{
    if (client->script.ending != ENDING_RESET)
        return false;
    return client->reset_after > 0 ? client->heard >= client->reset_after || (has_said_all(client) && client->answers == client->script.count)
                                   : client->said >= client->script.reset_at;
}

static void reset_now(struct client *client)
{
    if (client->script.cut_order != SIM_FAULT_COUNT && client->reset_after == 0)
        sim_count(client->script.cut_order);
    sim_client_reset(client->stream);
    client_gone(client);
}

/* All was said: how it ends. */
static void after_the_last(struct client *client)
{
    const enum ending ending = client->script.ending;
    if (client->step == CLIENT_LISTENS)
        return;
    client->step = CLIENT_LISTENS;
    if (ending == ENDING_SHUT || ending == ENDING_CUT || client->shuts) {
        if (client->script.cut_order != SIM_FAULT_COUNT)
            sim_count(client->script.cut_order);
        sim_client_shut(client->stream);
    }
}

/* It has heard all that it wants to hear, and closes; where the server has to end the connection it waits for that. */
static bool is_satisfied(const struct client *client)
{
    const enum ending ending = client->script.ending;
    if (client->script.count > 0 && client->script.expects[client->script.count - 1].last)
        return false;
    return ending == ENDING_CLOSE && has_said_all(client) && client->answers == client->script.count;
}

static void connect_now(struct client *client)
{
    client->stream = sim_connect(client->port, client->number);
    client->next = sim.now + RETRY;
    if (client->stream == NULL)
        return;
    if (client->send_cap > 0) {
        client->stream->send_cap = client->send_cap;
        client->stream->window = client->window;
    }
    client->step = CLIENT_TALKS;
    client->connected = sim.now;
    client->next = sim.now;
}

/* When something is due again. What the server does wakes it before. */
static void plan_next(struct client *client, struct chance *c)
{
    const struct sim_stream *s = client->stream;
    const bool hears = client->read_max > 0 && (s->acknowledged > 0 || sim_client_sees_end(s));
    uint64_t next = UINT64_MAX;
    if (hears)
        next = client->read_next;
    if (client->step == CLIENT_TALKS) {
        const uint64_t pause = client->pause_max > 0 ? chance_below(c, client->pause_max + 1) : 0;
        if (client->speak_next <= sim.now)
            client->speak_next = sim.now + pause + (sim_client_room(s) == 0 ? 20 : 0);
        const uint64_t talk = client->gate_until > sim.now ? client->gate_until : client->speak_next;
        next = next < talk ? next : talk;
    }
    client->next = next <= sim.now ? sim.now + 1 : next;
    client->stream->news = false;
}

/* The server did something that it can hear. */
static bool has_news(const struct client *client)
{
    return client->stream != NULL && client->stream->news && client->read_max > 0 && client->read_next <= sim.now;
}

uint64_t client_next(const struct client *client)
{
    if (client->step == CLIENT_GONE)
        return UINT64_MAX;
    if (client->stream != NULL && client->stream->news && client->read_max > 0 && client->read_next < client->next)
        return client->read_next;
    return client->next;
}

void client_act(struct client *client, struct chance *c)
{
    if (is_over(client) || (client->next > sim.now && !has_news(client)))
        return;
    if (client->stream == NULL) {
        connect_now(client);
        if (client->stream == NULL || chance_one_in(c, 2))
            return;
    }
    if (listen_once(client) || is_satisfied(client)) {
        client_gone(client);
        return;
    }
    if (client->step == CLIENT_TALKS && client->speak_next <= sim.now)
        speak(client, c);
    if (resets_now(client)) {
        reset_now(client);
        return;
    }
    if (has_said_all(client) || has_to_end(client))
        after_the_last(client);
    plan_next(client, c);
}

void client_fall_silent(struct client *client)
{
    client->exact = false;
    client->read_max = 0;
    client->next = UINT64_MAX;
    if (client->stream != NULL)
        client->step = CLIENT_LISTENS;
}

void client_leave(struct client *client)
{
    if (client->stream != NULL && !is_over(client)) {
        client->exact = false;
        client_gone(client);
    }
    client->step = CLIENT_GONE;
    client->next = UINT64_MAX;
}

void client_check_end(const struct client *client)
{
    const struct script *script = &client->script;
    if (client->stream == NULL || client->stream->excused || client->timed_out || client->gave_way || !client->exact || client->blind)
        return;
    if (client->answers < script->count && !client->told_close && !may_break(client) && !tears(client))
        sim_broken("4: client %u got %u of %u answers", client->number, client->answers, script->count);
}

void client_free(struct client *client)
{
    bytes_free(&client->whole);
    script_free(&client->script);
}
