#include "script.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct maker {
    struct script *script;
    struct chance *c;
    const struct script_rules *rules;
    uint32_t client;
    bool no_head;                  /* whoever does not know the requests cannot know which answers have no content */
};

uint64_t answer_tag(uint32_t client, uint32_t number)
{
    return chance_mix((uint64_t)client << 32 | number);
}

uint64_t content_tag(uint32_t client, uint32_t number)
{
    return ~answer_tag(client, number);
}

/* ------------------------------------------------------------------ writing */

__attribute__((format(printf, 2, 3)))
static void put(struct script *script, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    const int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof(text))
        abort();
    bytes_append(&script->stream, text, (size_t)len);
}

static size_t stream_len(const struct script *script)
{
    return bytes_len(&script->stream);
}

static struct expect *expect_add(struct script *script)
{
    if (script->count == script->cap) {
        script->cap = script->cap == 0 ? 8 : script->cap * 2;
        script->expects = realloc(script->expects, script->cap * sizeof(script->expects[0]));
        if (script->expects == NULL)
            abort();
    }
    struct expect *e = &script->expects[script->count];
    *e = (struct expect){ .status = 200, .number = script->count };
    script->count++;
    return e;
}

void script_free(struct script *script)
{
    bytes_free(&script->stream);
    free(script->expects);
    *script = (struct script){ .expects = NULL };
}

/* ------------------------------------------------------------------ a request that is right */

struct request_plan {
    const char *method;
    bool has_content;
    bool chunked;
    bool old;                      /* HTTP/1.0 */
    bool expects;
    bool close;
    uint32_t content;              /* bytes */
};

static uint32_t some_size(struct chance *c, uint32_t max)
{
    static const uint32_t sizes[] = { 0, 1, 13, 100, 1000, 4095, 4096, 4097, 16384, 60000, 65535, 65536, 70000, 200000 };
    uint32_t size = sizes[chance_below(c, sizeof(sizes) / sizeof(sizes[0]))];
    if (chance_one_in(c, 2))
        size = chance_below(c, size + 20);
    return size > max ? max : size;
}

/* A field that says nothing; one is long now and then. */
static void put_filler(struct maker *m)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789 -,;=()\"\\\t\xc3\xa4";
    const uint32_t len = chance_one_in(m->c, 8) ? chance_below(m->c, 600) : chance_below(m->c, 20);
    char value[601];
    for (uint32_t i = 0; i < len; i++)
        value[i] = letters[chance_below(m->c, sizeof(letters) - 1)];
    value[len] = '\0';
    put(m->script, "X-Fill-%u:%s%s\r\n", chance_below(m->c, 100), chance_one_in(m->c, 2) ? " " : "", value);
}

static void put_head(struct maker *m, const struct request_plan *plan, const char *target)
{
    struct script *s = m->script;
    if (chance_one_in(m->c, 20))
        put(s, "\r\n");
    put(s, "%s %s HTTP/1.%d\r\n", plan->method, target, plan->old ? 0 : 1);
    if (!plan->old || chance_one_in(m->c, 2))
        put(s, "Host: client-%u.example\r\n", m->client);
    put(s, "X-Client: %u\r\n", m->client);
    for (uint32_t fillers = chance_below(m->c, 4); fillers > 0; fillers--)
        put_filler(m);
    if (chance_one_in(m->c, 4))
        put(s, "User-Agent: sim \"x\"\r\nReferer: http://a/\r\n");
    if (plan->close && !plan->old)
        put(s, "connection: %s\r\n", chance_one_in(m->c, 2) ? "close" : "x, Close");
    if (plan->old && !plan->close)
        put(s, "Connection: keep-alive\r\n");
    if (plan->expects)
        put(s, "Expect: 100-continue\r\n");
    if (plan->chunked)
        put(s, "Transfer-Encoding: chunked\r\n");
    else if (plan->has_content)
        put(s, "Content-Length: %u\r\n", plan->content);
    put(s, "\r\n");
}

static void put_tagged(struct script *s, uint64_t tag, uint32_t from, uint32_t len)
{
    uint8_t part[512];
    for (uint32_t done = 0; done < len;) {
        const uint32_t count = len - done < sizeof(part) ? len - done : (uint32_t)sizeof(part);
        sim_tag_bytes(tag, from + done, part, count);
        bytes_append(&s->stream, part, count);
        done += count;
    }
}

static void put_content(struct maker *m, const struct request_plan *plan, uint64_t tag)
{
    struct script *s = m->script;
    if (!plan->chunked) {
        put_tagged(s, tag, 0, plan->content);
        return;
    }
    const uint32_t chunk_max = chance_one_in(m->c, 2) ? 16 : 5000;
    for (uint32_t at = 0; at < plan->content;) {
        const uint32_t left = plan->content - at;
        const uint32_t chunk = left < 40000 / 16 ? chance_between(m->c, 1, left < chunk_max ? left : chunk_max) : left;
        const char *extension = chance_one_in(m->c, 30) ? ";name=value" : chance_one_in(m->c, 30) ? ";q=\"a;b\"" : "";
        put(s, "%s%x%s\r\n", chance_one_in(m->c, 10) ? "0" : "", chunk, extension);
        put_tagged(s, tag, at, chunk);
        put(s, "\r\n");
        at += chunk;
    }
    put(s, chance_one_in(m->c, 5) ? "0\r\nX-Trailer: x\r\n\r\n" : "0\r\n\r\n");
}

static struct request_plan draw_plan(struct maker *m)
{
    static const char *const with[] = { "POST", "PUT", "PATCH", "DELETE" };
    static const char *const without[] = { "GET", "GET", "GET", "HEAD" };
    struct request_plan plan = { .has_content = chance_one_in(m->c, 3), .old = chance_one_in(m->c, 8), .close = chance_one_in(m->c, 10) };
    plan.method = (plan.has_content ? with : without)[chance_below(m->c, m->no_head ? 3 : 4)];
    if (!plan.has_content)
        return plan;
    const uint64_t body_max = m->rules->options->body_max;
    plan.chunked = !plan.old && chance_one_in(m->c, 2);
    plan.content = some_size(m->c, body_max > 30000 ? 30000 : (uint32_t)body_max);
    plan.expects = !plan.old && chance_one_in(m->c, 4) && (plan.content > 0 || plan.chunked);
    return plan;
}

static void expect_method(struct expect *e, const struct request_plan *plan, size_t gate)
{
    e->head = strcmp(plan->method, "HEAD") == 0;
    e->old = plan->old;
    e->last = plan->close;
    e->may_continue = plan->expects;
    e->gate = plan->expects ? gate : 0;
}

/* The tagged handler reads from the target what it is to do:
 * /t/<answer><intake>/<client>/<number>/<size of the answer>/<size of the content> */
static void put_for_tagged(struct maker *m)
{
    struct script *s = m->script;
    char target[128];
    struct expect *e = expect_add(s);
    struct request_plan plan = draw_plan(m);
    const char answer = "ccbbffffllsnm"[chance_below(m->c, 13)];
    char intake = "dpwpwr"[chance_below(m->c, 6)];
    const bool announces = plan.chunked || plan.content > 0;
    if (intake == 'r' && (!announces || plan.content > 12000))
        intake = 'd';
    e->has_tag = e->sized = strchr("cbfl", answer) != NULL || intake == 'r';
    e->size = e->has_tag ? some_size(m->c, UINT32_MAX) : 0;
    e->status = intake == 'r' ? 403 : answer == 's' ? 204 : answer == 'm' ? 304 : answer == 'n' ? 500 : 200;
    e->tag = answer_tag(m->client, e->number);
    snprintf(target, sizeof(target), "/t/%c%c/%u/%u/%llu/%u", answer, intake, m->client, e->number, (unsigned long long)e->size, plan.content);
    put_head(m, &plan, target);
    expect_method(e, &plan, stream_len(s));
    put_content(m, &plan, content_tag(m->client, e->number));
    e->last |= intake == 'r' || (plan.old && plan.close);
}

static void put_for_hello(struct maker *m)
{
    struct expect *e = expect_add(m->script);
    const struct request_plan plan = draw_plan(m);
    e->size = 13;
    e->sized = true;
    put_head(m, &plan, chance_one_in(m->c, 2) ? "/" : "http://somewhere.example/x%20y?z");
    expect_method(e, &plan, stream_len(m->script));
    put_content(m, &plan, content_tag(m->client, e->number));
}

static void put_range(struct maker *m, struct file_wish *file)
{
    static const char *const several[] = { "0-9,100-199,-5", "-1,0-0", "5-,90000-90009,1000-1999", "0-99,50-149,300000-" };
    struct chance *c = m->c;
    if (chance_one_in(c, 4)) {
        file->asked = ASKED_PARTS;
        put(m->script, "Range: bytes=%s\r\n", several[chance_below(c, sizeof(several) / sizeof(several[0]))]);
        return;
    }
    const uint32_t reach = chance_one_in(c, 2) ? 600 : 100000;
    file->asked = ASKED_PART;
    file->first = chance_below(c, reach);
    file->last = chance_one_in(c, 2) ? INT64_MAX : file->first + chance_below(c, reach);
    if (chance_one_in(c, 4)) {
        file->first = -(int64_t)chance_between(c, 1, reach);
        file->last = INT64_MAX;
        put(m->script, "Range: bytes=%lld\r\n", (long long)file->first);
    } else if (file->last == INT64_MAX) {
        put(m->script, "Range: bytes=%lld-\r\n", (long long)file->first);
    } else {
        put(m->script, "range: bytes=%lld-%lld\r\n", (long long)file->first, (long long)file->last);
    }
}

/* A tag that the file has now, in this coding, or one that it never had: where there is no file yet, that. */
static void draw_tag(struct maker *m, const struct file_wish *file, char tag[DISK_TAG_SIZE])
{
    const enum coding coding = chance_one_in(m->c, 2) ? CODING_IDENTITY : (enum coding)chance_below(m->c, CODING_COUNT);
    const int row = disk_sibling(file->row - 1, coding);
    strcpy(tag, "\"never\"");
    if (row >= 0 && sim.inode_count > 0 && !chance_one_in(m->c, 4))
        disk_tag(row, coding, tag);
}

/* Fields that choose which content comes, and whether. */
static void put_wishes(struct maker *m, struct file_wish *file)
{
    static const struct {
        const char *value;
        unsigned codings;
    } accepted[] = {
        { "gzip", CODING_BIT(CODING_GZIP) }, { "br, gzip;q=0.5", CODING_BIT(CODING_BR) | CODING_BIT(CODING_GZIP) },
        { "zstd", CODING_BIT(CODING_ZSTD) },
        { "identity", 0 }, { "*", 7 }, { "gzip;q=0, *;q=0.1", 7 & ~CODING_BIT(CODING_GZIP) },
    };
    struct chance *c = m->c;
    if (chance_one_in(c, 3)) {
        const size_t which = chance_below(c, sizeof(accepted) / sizeof(accepted[0]));
        file->codings = accepted[which].codings;
        put(m->script, "Accept-Encoding: %s\r\n", accepted[which].value);
    }
    if (file->lists && chance_one_in(c, 3)) {
        file->plain = true;
        put(m->script, "Accept: %s\r\n", chance_one_in(c, 2) ? "text/plain" : "application/json");
    }
    if (file->row > 0 && chance_one_in(c, 4)) {
        draw_tag(m, file, file->none_match);
        put(m->script, "If-None-Match: %s%s\r\n", chance_one_in(c, 3) ? "\"other\", W/" : "", file->none_match);
    }
    if (file->row == 0 || !chance_one_in(c, 3))
        return;
    put_range(m, file);
    if (!chance_one_in(c, 3))
        return;
    draw_tag(m, file, file->if_range);
    put(m->script, "If-Range: %s\r\n", file->if_range);
}

/* Faults strike files: then any answer is right, as long as it is whole. What else it must be is seen when it comes: files_heard.c. */
static void put_for_files(struct maker *m)
{
    struct expect *e = expect_add(m->script);
    struct request_plan plan = draw_plan(m);
    const struct disk_target *target = disk_target(m->c);
    plan.expects = false;
    put_head(m, &plan, target->target);
    e->status = plan.has_content ? 405 : target->lists && m->rules->lists ? 200 : target->status;
    e->or_status = plan.has_content ? 0 : target->or_status;
    if (!plan.has_content) {
        if (m->rules->files_change && (target->lists || target->status == 301))
            e->or_status = 404;                    /* a folder may vanish */
        e->file.row = target->file + 1;
        e->file.lists = target->lists && m->rules->lists;
        bytes_unappend(&m->script->stream, 2);     /* the empty line */
        put_wishes(m, &e->file);
        put(m->script, "\r\n");
        e->chunked = e->file.lists || e->file.row > 0;     /* an index may vanish, and its folder be listed */
        if (m->rules->files_may_fail || e->file.row > 0)
            e->status = 0;
    }
    expect_method(e, &plan, stream_len(m->script));
    put_content(m, &plan, content_tag(m->client, e->number));
}

/* The content comes back as it goes there: in pieces, while it is still coming. */
static void put_for_echo(struct maker *m)
{
    struct expect *e = expect_add(m->script);
    struct request_plan plan = draw_plan(m);
    if (plan.has_content && chance_one_in(m->c, 3))
        plan.content = some_size(m->c, m->rules->options->body_max > 200000 ? 200000 : (uint32_t)m->rules->options->body_max);
    put_head(m, &plan, "/echo");
    expect_method(e, &plan, stream_len(m->script));
    put_content(m, &plan, content_tag(m->client, e->number));
    e->has_tag = true;
    e->tag = content_tag(m->client, e->number);
    e->size = plan.content;
    e->chunked = plan.chunked;
    e->sized = !plan.chunked;
    e->early = plan.has_content;
}

/* What weir answers itself. */
static void put_for_weir(struct maker *m)
{
    static const struct {
        const char *method;
        const char *target;
        uint16_t status;
    } rows[] = { { "OPTIONS", "*", 204 }, { "OPTIONS", "/x", 204 }, { "TRACE", "/", 405 }, { "PROPFIND", "/", 405 } };
    const size_t row = chance_below(m->c, sizeof(rows) / sizeof(rows[0]));
    struct expect *e = expect_add(m->script);
    const struct request_plan plan = { .method = rows[row].method };
    e->status = rows[row].status;
    put_head(m, &plan, rows[row].target);
}

static void put_request(struct maker *m)
{
    static void (*const makers[])(struct maker *) = {
        [HANDLER_HELLO] = put_for_hello, [HANDLER_FILES] = put_for_files, [HANDLER_TAGGED] = put_for_tagged,
        [HANDLER_ECHO_HTTP] = put_for_echo,
    };
    if (chance_one_in(m->c, 25))
        put_for_weir(m);
    else
        makers[m->rules->handler](m);
    m->script->expects[m->script->count - 1].ends = stream_len(m->script);
    m->script->good = m->script->count;
}

/* Short ones, for a long batch; `answer` as in put_for_tagged(). */
static void put_short(struct maker *m, char answer, uint32_t size_max)
{
    struct script *s = m->script;
    struct expect *e = expect_add(s);
    if (m->rules->handler == HANDLER_TAGGED) {
        e->size = chance_below(m->c, size_max);
        e->has_tag = e->sized = true;
        e->tag = answer_tag(m->client, e->number);
        put(s, "GET /t/%cd/%u/%u/%u/0 HTTP/1.1\r\nHost: h\r\nX-Client: %u\r\n\r\n", answer, m->client, e->number, (unsigned)e->size,
            m->client);
    } else {
        e->status = m->rules->handler == HANDLER_FILES ? 404 : 200;
        if (m->rules->files_may_fail)
            e->status = 0;
        put(s, "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    e->ends = stream_len(s);
    s->good = s->count;
}

/* Bytes that come back, on a plain connection. */
static void put_plain(struct maker *m, uint32_t len)
{
    m->script->plain = true;
    if (len == 0)
        return;
    put_tagged(m->script, content_tag(m->client, 0), 0, len);
    expect_add(m->script)->ends = len;
}

void script_add_short(struct script *script, const struct script_rules *rules, uint32_t client)
{
    struct chance c;
    chance_seed(&c, client);
    struct maker m = { .script = script, .c = &c, .rules = rules, .client = client };
    if (rules->handler == HANDLER_ECHO)
        put_plain(&m, 13);
    else
        put_short(&m, 'c', 30);
}

void script_make_plain(struct script *script, uint32_t client, uint32_t len, enum ending ending)
{
    struct maker m = { .script = script, .client = client };
    *script = (struct script){ .ending = ending, .cut_order = SIM_FAULT_COUNT };
    put_plain(&m, len);
}

void script_add_large(struct script *script, uint32_t client, uint32_t size)
{
    struct expect *e = expect_add(script);
    e->size = size;
    e->has_tag = e->sized = true;
    e->tag = answer_tag(client, e->number);
    put(script, "GET /t/fd/%u/%u/%u/0 HTTP/1.1\r\nHost: h\r\nX-Client: %u\r\n\r\n", client, e->number, size, client);
    e->ends = stream_len(script);
    script->good = script->count;
}

void script_make_probe(struct script *script, const struct script_rules *rules, uint32_t client)
{
    *script = (struct script){ .ending = ENDING_CLOSE, .cut_order = SIM_FAULT_COUNT };
    script_add_short(script, rules, client);
}

/* ------------------------------------------------------------------ what is refused, and how */

#define HEAD_OF(target) target " HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED HEAD_OF("POST /refused") "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
    const char *text;
    uint16_t status;
} refused_rows[] = {
    { "GET /refused HTTP/1.1\nHost: a\r\n\r\n", 400 },
    { HEAD_OF("GET /refused") "\n", 400 },
    { HEAD_OF("GET /refused") "X: a\r\n b\r\n\r\n", 400 },
    { HEAD_OF("GET /refused") ": x\r\n\r\n", 400 },
    { HEAD_OF("GET /refused") "X : x\r\n\r\n", 400 },
    { HEAD_OF("GET /refused") "X: a\rb\r\n\r\n", 400 },
    { "GET /refused HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
    { "GET /refused HTTP/1.2\r\nHost: a\r\n\r\n", 505 },
    { "GET /refused RTSP/1.0\r\nHost: a\r\n\r\n", 400 },
    { "GET /refused\r\n\r\n", 400 },
    { "GET  /refused HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "GET /refused  HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { "\r\n\r\nGET /refused HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { HEAD_OF("GET /refused#x") "\r\n", 400 },
    { HEAD_OF("GET /refused%zz") "\r\n", 400 },
    { HEAD_OF("GET /refused%00") "\r\n", 400 },
    { HEAD_OF("GET /../refused") "\r\n", 400 },
    { HEAD_OF("GET /%2e%2e%2frefused") "\r\n", 400 },
    { HEAD_OF("GET *") "\r\n", 400 },
    { HEAD_OF("GET ftp://a/refused") "\r\n", 400 },
    { HEAD_OF("GET http://user@a/refused") "\r\n", 400 },
    { "GET /refused HTTP/1.1\r\n\r\n", 400 },
    { HEAD_OF("GET /refused") "Host: b\r\n\r\n", 400 },
    { "GET /refused HTTP/1.1\r\nHost:\r\n\r\n", 400 },
    { HEAD_OF("POST /refused") "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello", 400 },
    { HEAD_OF("POST /refused") "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501 },
    { HEAD_OF("POST /refused") "Transfer-Encoding: gzip\r\n\r\n", 400 },
    { "POST /refused HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
    { HEAD_OF("POST /refused") "Content-Length: 005\r\n\r\nhello", 400 },
    { HEAD_OF("POST /refused") "Content-Length: 5,5\r\n\r\nhello", 400 },
    { HEAD_OF("POST /refused") "Content-Length: +5\r\n\r\nhello", 400 },
    { HEAD_OF("POST /refused") "Content-Length: 99999999999999\r\n\r\nhello", 413 },
    { HEAD_OF("GET /refused") "Expect: something\r\n\r\n", 417 },
    { CHUNKED "g\r\n", 400 },
    { CHUNKED "5\r\nhelloX", 400 },
    { CHUNKED "5\nhello\r\n", 400 },
    { CHUNKED "ffffffffffffffffff\r\n", 400 },
    { CHUNKED "-5\r\n", 400 },
    { CHUNKED "5 \r\nhello\r\n", 400 },
    { CHUNKED "fffffffffff\r\n", 413 },
    { CHUNKED "0\r\nContent-Length: 5\r\n\r\n", 400 },
    { CHUNKED "0\r\nHost: x\r\n\r\n", 400 },
    { CHUNKED "0\r\n\nX", 400 },
    { "BREW /refused HTTP/1.1\r\nHost: a\r\n\r\n", 501 },
    { "get /refused HTTP/1.1\r\nHost: a\r\n\r\n", 501 },
    { "\x16\x03\x01\x02 hello", 400 },
    { "G@T /refused HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
    { HEAD_OF("CONNECT a:443") "\r\n", 405 },
};

enum { REFUSED_ROWS = sizeof(refused_rows) / sizeof(refused_rows[0]), REFUSED_LONG = 4 };

size_t script_refused_count(void)
{
    return REFUSED_ROWS + REFUSED_LONG;
}

/* Those that are too long for this run's limits. Returns the status. */
static uint16_t put_too_long(struct script *s, const struct weir_options *options, size_t index)
{
    switch (index) {
    case 0:
        put(s, "GET /refused");
        for (uint32_t i = 0; i < options->line_max; i++)
            put(s, "x");
        put(s, " HTTP/1.1\r\nHost: a\r\n\r\n");
        return 414;
    case 1:
        put(s, HEAD_OF("GET /refused") "X: ");
        for (uint32_t i = 0; i < options->head_max; i++)
            put(s, "x");
        put(s, "\r\n\r\n");
        return 431;
    case 2:
        put(s, HEAD_OF("GET /refused"));
        for (uint32_t i = 0; i < options->fields_max; i++)
            put(s, "X: y\r\n");
        put(s, "\r\n");
        return 431;
    default:
        put(s, CHUNKED "%llx\r\nhello", (unsigned long long)options->body_max + 1);
        return 413;
    }
}

/* Content that came before the trouble has begun its answer, which then breaks off. */
static void expect_broken(const struct maker *m, struct expect *e, const char *text)
{
    e->may_break = e->early = m->rules->handler == HANDLER_ECHO_HTTP && strncmp(text, "POST", 4) == 0;
    e->or_status = e->may_break ? 200 : 0;
}

/* Behind what is refused stands a request that is right: nobody may answer it. */
static void put_refused(struct maker *m, size_t index)
{
    struct script *s = m->script;
    struct expect *e = expect_add(s);
    e->last = true;
    if (index >= REFUSED_ROWS) {
        e->status = put_too_long(s, m->rules->options, index - REFUSED_ROWS);
        expect_broken(m, e, e->status == 413 ? "POST" : "GET");
    } else {
        put(s, "%s", refused_rows[index].text);
        expect_broken(m, e, refused_rows[index].text);
        e->status = refused_rows[index].status;
    }
    put(s, "GET /t/cd/%u/%u/5/0 HTTP/1.1\r\nHost: h\r\nX-Client: %u\r\n\r\n", m->client, 60000, m->client);
}

void script_make_refused(struct script *script, const struct script_rules *rules, uint32_t client, size_t index)
{
    struct chance c;
    chance_seed(&c, index);
    struct maker m = { .script = script, .c = &c, .rules = rules, .client = client };
    *script = (struct script){ .ending = ENDING_REFUSED, .cut_order = SIM_FAULT_COUNT };
    put_refused(&m, index);
}

/* ------------------------------------------------------------------ messages that never end */

/* Begins a message and leaves it so. */
static void put_part(struct maker *m, uint16_t status)
{
    static const struct {
        const char *text;
        enum sim_fault order;
    } rows[] = {
        { "G", ORDER_FIN_IN_HEAD },
        { HEAD_OF("GET /part"), ORDER_FIN_IN_HEAD },
        { "GET /part HTTP/1.1\r", ORDER_FIN_IN_HEAD },
        { HEAD_OF("POST /part") "Content-Length: 10\r\n\r\n", ORDER_FIN_IN_BODY },
        { HEAD_OF("POST /part") "Content-Length: 10\r\n\r\nhello", ORDER_FIN_IN_BODY },
        { HEAD_OF("POST /part") "Transfer-Encoding: chunked\r\n\r\n", ORDER_FIN_IN_CHUNK_SIZE },
        { HEAD_OF("POST /part") "Transfer-Encoding: chunked\r\n\r\n1", ORDER_FIN_IN_CHUNK_SIZE },
        { HEAD_OF("POST /part") "Transfer-Encoding: chunked\r\n\r\n10;a=", ORDER_FIN_IN_CHUNK_SIZE },
        { HEAD_OF("POST /part") "Transfer-Encoding: chunked\r\n\r\n10\r\nhello", ORDER_FIN_IN_BODY },
        { HEAD_OF("POST /part") "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-T: x\r\n", ORDER_FIN_IN_BODY },
    };
    const size_t row = chance_below(m->c, sizeof(rows) / sizeof(rows[0]));
    struct expect *e = expect_add(m->script);
    put(m->script, "%s", rows[row].text);
    e->status = status;
    e->last = true;
    expect_broken(m, e, rows[row].text);
    m->script->cut_order = rows[row].order;
}

/* ------------------------------------------------------------------ nobody knows */

static const char *const pieces[] = {
    "\r\n", "\n", "\r", "\r\n\r\n", "0\r\n\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Host: x\r\n", ":", " ", "\t",
    "GET ", "POST ", " HTTP/1.1", " HTTP/1.0\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n",
    "Upgrade: websocket\r\n", "%2e%2e/", "\xff", "ffffffffffffffff", ";", "/", "?", "*",
};

void script_of_bytes(struct script *script, const uint8_t *bytes, size_t len)
{
    *script = (struct script){ .ending = ENDING_WILD, .cut_order = SIM_FAULT_COUNT };
    bytes_append(&script->stream, bytes, len);
}

/* Changes a few bytes of a stream that was right. */
static void make_wild(struct maker *m)
{
    struct script made = *m->script;
    const struct sim_bytes *from = &made.stream;
    uint32_t changes = chance_between(m->c, 1, 6);
    m->script->stream = (struct sim_bytes){ .data = NULL };
    for (size_t i = from->start; i < from->end; i++) {
        const bool here = changes > 0 && chance_one_in(m->c, (uint32_t)(1 + (from->end - from->start) / 4));
        const char *piece = pieces[chance_below(m->c, sizeof(pieces) / sizeof(pieces[0]))];
        const uint32_t what = chance_below(m->c, 4);
        changes -= here;
        if (here && what == 0)
            continue;
        if (here && what == 1)
            put(m->script, "%s", piece);
        const uint8_t byte = here && what == 2 ? (uint8_t)chance_below(m->c, 256) : from->data[i];
        bytes_append(&m->script->stream, &byte, 1);
    }
    bytes_free(&made.stream);
    m->script->count = m->script->good = 0;
}

/* ------------------------------------------------------------------ a whole script */

static void put_requests(struct maker *m)
{
    if (chance_one_in(m->c, 60)) {
        const char answer = "cbf"[chance_below(m->c, 3)];
        const uint32_t size_max = chance_one_in(m->c, 2) ? 30 : 3000;
        for (uint32_t count = chance_between(m->c, 100, 1000); count > 0; count--)
            put_short(m, answer, size_max);
        return;
    }
    for (uint32_t count = chance_below(m->c, 6); count > 0; count--) {
        put_request(m);
        if (m->script->expects[m->script->count - 1].last)
            return;
    }
}

/* Nothing can be refused, and nothing is cut. */
static void make_plain(struct maker *m)
{
    struct script *s = m->script;
    put_plain(m, some_size(m->c, UINT32_MAX));
    if (s->ending == ENDING_CUT || s->ending == ENDING_REFUSED)
        s->ending = ENDING_SHUT;
    if (s->ending == ENDING_RESET)
        s->reset_at = chance_below(m->c, (uint32_t)stream_len(s) + 1);
}

static bool ends_by_itself(const struct script *script)
{
    return script->count > 0 && script->expects[script->count - 1].last;
}

void script_make(struct script *script, struct chance *c, const struct script_rules *rules, uint32_t client, enum ending ending)
{
    struct maker m = { .script = script, .c = c, .rules = rules, .client = client, .no_head = ending == ENDING_WILD };
    *script = (struct script){ .ending = ending, .cut_order = SIM_FAULT_COUNT };
    if (rules->handler == HANDLER_ECHO) {
        make_plain(&m);
        return;
    }
    put_requests(&m);
    if (ending == ENDING_REFUSED && !ends_by_itself(script))
        put_refused(&m, chance_below(c, (uint32_t)script_refused_count()));
    else if (ending == ENDING_CUT && !ends_by_itself(script))
        put_part(&m, 400);
    else if (ending == ENDING_SILENT && !ends_by_itself(script) && chance_one_in(c, 2))
        put_part(&m, 408);
    else if (ending == ENDING_WILD)
        make_wild(&m);
    else if (ending == ENDING_CUT)
        script->ending = ENDING_SHUT;
    if (ending == ENDING_RESET) {
        const struct expect *last = script->count > 0 ? &script->expects[script->count - 1] : NULL;
        const bool at_gate = last != NULL && last->gate != 0;
        script->reset_at = at_gate ? last->gate : chance_below(c, (uint32_t)stream_len(script) + 1);
        script->cut_order = at_gate ? ORDER_RST_BEFORE_BODY : SIM_FAULT_COUNT;
    }
}
