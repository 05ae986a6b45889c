#include "parser/framing.h"

#include <string.h>

#include "parser/byte.h"
#include "parser/request.h"

/* ------------------------------------------------------------------ the grammar, as a table */

enum framing_state {
    /* the request line: RFC 9112 §3 */
    AT_START, EMPTY_LINE_LF, AT_LINE, METHOD, TARGET_FIRST, TARGET,
    VERSION_H, VERSION_T1, VERSION_T2, VERSION_P, VERSION_SLASH, VERSION_MAJOR, VERSION_DOT, VERSION_MINOR, VERSION_CR, LINE_LF,
    /* field lines: RFC 9112 §5 */
    FIELD_FIRST, FIELD_NAME, FIELD_VALUE, FIELD_LF, HEAD_LF, HEAD_END,
    /* a chunked body without its content: RFC 9112 §7.1 */
    SIZE_FIRST, SIZE, EXTENSION_FIRST, EXTENSION_NAME, EXTENSION_VALUE, EXTENSION_TOKEN, EXTENSION_QUOTED, EXTENSION_QUOTED_END, CHUNK_LF,
    CONTENT_CR, CONTENT_LF, TRAILER_FIRST, TRAILER_NAME, TRAILER_VALUE, TRAILER_LF, BODY_LF, BODY_END,
    STATE_COUNT
};

/* Which limit the bytes of a state count against. */
enum section { FREE, LINE, FIELDS, EXTENSION };

/* What else happens on an arrow. */
enum act { NOTHING, LINE_BEGINS, METHOD_ENDS, TARGET_ENDS, MAJOR, MINOR, LINE_ENDS, FIELD_BEGINS, FIELD_NAMED, FIELD_ENDS, SIZE_BEGINS,
           SIZE_DIGIT, SIZE_ENDS, EXTENSION_BEGINS, CHUNK_BEGINS, TRAILER_BEGINS, TRAILER_NAMED };

struct arrow {
    uint8_t on;                /* a byte, or of `enter` a class of bytes; 0: there is no such arrow */
    uint8_t to;
    uint8_t act;
};

struct row {
    uint8_t stay;              /* bytes of this class are taken and nothing else happens */
    uint8_t section;
    struct arrow enter;        /* on a class of bytes */
    struct arrow on[3];        /* on one byte */
    uint8_t rule;              /* of the 400 for every other byte */
    const char *reason;
};

/* Two things that RFC 9112 §7.1.1 allows in chunk extensions are refused, because llhttp 8.1.0 refuses them and the answer must not depend on
 * the release: an extension behind one with a token for its value, and a backslash in a quoted value. So are blanks (BWS). */
static const struct row rows[STATE_COUNT] = {
    [AT_START] = { 0, FIELDS, { BYTE_TOKEN, METHOD, NOTHING }, { { '\r', EMPTY_LINE_LF, NOTHING } }, 13, "malformed method" },
    [EMPTY_LINE_LF] = { 0, FIELDS, { 0 }, { { '\n', AT_LINE, LINE_BEGINS } }, 1, "CR without LF" },
    [AT_LINE] = { 0, FIELDS, { BYTE_TOKEN, METHOD, NOTHING }, { { 0 } }, 6, "no request line behind an empty line" },
    [METHOD] = { BYTE_TOKEN, LINE, { 0 }, { { ' ', TARGET_FIRST, METHOD_ENDS } }, 13, "malformed method" },
    [TARGET_FIRST] = { 0, LINE, { BYTE_TARGET, TARGET, NOTHING }, { { 0 } }, 7, "byte not allowed in a target" },
    [TARGET] = { BYTE_TARGET, LINE, { 0 }, { { ' ', VERSION_H, TARGET_ENDS } }, 7, "byte not allowed in a target" },
    [VERSION_H] = { 0, LINE, { 0 }, { { 'H', VERSION_T1, NOTHING } }, 3, "malformed version" },
    [VERSION_T1] = { 0, LINE, { 0 }, { { 'T', VERSION_T2, NOTHING } }, 3, "malformed version" },
    [VERSION_T2] = { 0, LINE, { 0 }, { { 'T', VERSION_P, NOTHING } }, 3, "malformed version" },
    [VERSION_P] = { 0, LINE, { 0 }, { { 'P', VERSION_SLASH, NOTHING } }, 3, "malformed version" },
    [VERSION_SLASH] = { 0, LINE, { 0 }, { { '/', VERSION_MAJOR, NOTHING } }, 3, "malformed version" },
    [VERSION_MAJOR] = { 0, LINE, { BYTE_DIGIT, VERSION_DOT, MAJOR }, { { 0 } }, 3, "malformed version" },
    [VERSION_DOT] = { 0, LINE, { 0 }, { { '.', VERSION_MINOR, NOTHING } }, 3, "malformed version" },
    [VERSION_MINOR] = { 0, LINE, { BYTE_DIGIT, VERSION_CR, MINOR }, { { 0 } }, 3, "malformed version" },
    [VERSION_CR] = { 0, LINE, { 0 }, { { '\r', LINE_LF, NOTHING } }, 3, "malformed version" },
    [LINE_LF] = { 0, FIELDS, { 0 }, { { '\n', FIELD_FIRST, LINE_ENDS } }, 1, "CR without LF" },

    [FIELD_FIRST] = { 0, FIELDS, { BYTE_TOKEN, FIELD_NAME, FIELD_BEGINS }, { { '\r', HEAD_LF, NOTHING } }, 2, "field line without a name" },
    [FIELD_NAME] = { BYTE_TOKEN, FIELDS, { 0 }, { { ':', FIELD_VALUE, FIELD_NAMED } }, 2, "malformed field name" },
    [FIELD_VALUE] = { BYTE_VALUE, FIELDS, { 0 }, { { '\r', FIELD_LF, FIELD_ENDS } }, 2, "control character in a field" },
    [FIELD_LF] = { 0, FIELDS, { 0 }, { { '\n', FIELD_FIRST, NOTHING } }, 1, "CR without LF" },
    [HEAD_LF] = { 0, FIELDS, { 0 }, { { '\n', HEAD_END, NOTHING } }, 1, "CR without LF" },

    [SIZE_FIRST] = { 0, FREE, { BYTE_HEX, SIZE, SIZE_BEGINS }, { { 0 } }, 5, "malformed chunk size" },
    [SIZE] = { 0, FREE, { BYTE_HEX, SIZE, SIZE_DIGIT },
               { { '\r', CHUNK_LF, SIZE_ENDS }, { ';', EXTENSION_FIRST, EXTENSION_BEGINS } }, 5, "malformed chunk size" },
    [EXTENSION_FIRST] = { 0, EXTENSION, { BYTE_TOKEN, EXTENSION_NAME, NOTHING }, { { 0 } }, 5, "malformed chunk extension" },
    [EXTENSION_NAME] = { BYTE_TOKEN, EXTENSION, { 0 },
                         { { '\r', CHUNK_LF, NOTHING }, { ';', EXTENSION_FIRST, NOTHING }, { '=', EXTENSION_VALUE, NOTHING } },
                         5, "malformed chunk extension" },
    [EXTENSION_VALUE] = { 0, EXTENSION, { BYTE_TOKEN, EXTENSION_TOKEN, NOTHING }, { { '"', EXTENSION_QUOTED, NOTHING } },
                          5, "malformed chunk extension" },
    [EXTENSION_TOKEN] = { BYTE_TOKEN, EXTENSION, { 0 }, { { '\r', CHUNK_LF, NOTHING } }, 5, "malformed chunk extension" },
    [EXTENSION_QUOTED] = { BYTE_QUOTED, EXTENSION, { 0 }, { { '"', EXTENSION_QUOTED_END, NOTHING } }, 5, "malformed chunk extension" },
    [EXTENSION_QUOTED_END] = { 0, EXTENSION, { 0 }, { { '\r', CHUNK_LF, NOTHING }, { ';', EXTENSION_FIRST, NOTHING } },
                               5, "malformed chunk extension" },
    [CHUNK_LF] = { 0, FREE, { 0 }, { { '\n', CONTENT_CR, CHUNK_BEGINS } }, 1, "CR without LF" },
    [CONTENT_CR] = { 0, FREE, { 0 }, { { '\r', CONTENT_LF, NOTHING } }, 1, "chunk without its line end" },
    [CONTENT_LF] = { 0, FREE, { 0 }, { { '\n', SIZE_FIRST, NOTHING } }, 1, "CR without LF" },

    [TRAILER_FIRST] = { 0, FREE, { BYTE_TOKEN, TRAILER_NAME, TRAILER_BEGINS }, { { '\r', BODY_LF, NOTHING } }, 2, "trailer without a name" },
    [TRAILER_NAME] = { BYTE_TOKEN, FIELDS, { 0 }, { { ':', TRAILER_VALUE, TRAILER_NAMED } }, 2, "malformed trailer name" },
    [TRAILER_VALUE] = { BYTE_VALUE, FIELDS, { 0 }, { { '\r', TRAILER_LF, NOTHING } }, 2, "control character in a trailer" },
    [TRAILER_LF] = { 0, FIELDS, { 0 }, { { '\n', TRAILER_FIRST, NOTHING } }, 1, "CR without LF" },
    [BODY_LF] = { 0, FREE, { 0 }, { { '\n', BODY_END, NOTHING } }, 1, "CR without LF" },
};

/* Names that have no business in a trailer (RFC 9110 §6.5.1): framing, routing, modifiers of the request, authentication, content. In lower
 * case; all that begin with "content-" or "if-" are refused too. */
static const struct slice trailers_refused[] = {
    { "authorization", 13 }, { "cache-control", 13 }, { "connection", 10 }, { "cookie", 6 }, { "expect", 6 }, { "forwarded", 9 },
    { "host", 4 }, { "keep-alive", 10 }, { "max-forwards", 12 }, { "pragma", 6 }, { "proxy-authorization", 19 },
    { "proxy-connection", 16 }, { "range", 5 }, { "te", 2 }, { "trailer", 7 }, { "transfer-encoding", 17 }, { "upgrade", 7 },
};

/* ------------------------------------------------------------------ acts */

/* One piece of input on its way through the table. */
struct scan {
    struct request *r;
    struct framing *f;                 /* of r, as are the limits */
    const struct request_limits *limits;
    struct slice bytes;                /* of a head: all of it that there is */
    size_t at;                         /* the next byte */
};

__attribute__((cold))                  /* off the road: what leads here is not laid out for speed */
static bool refuse(struct scan *s, unsigned status, unsigned rule, const char *reason)
{
    s->r->refusal = (struct framing_refusal){ (uint16_t)status, (uint8_t)rule, reason };
    return false;
}

static struct request_span span_between(const char *head, const char *from, const char *to)
{
    return (struct request_span){ (uint16_t)(from - head), (uint16_t)(to - from) };
}

/* The bytes of a head from `start` to the one that the scan stands at. */
static struct request_span span_to_here(const struct scan *s, size_t start)
{
    return span_between(s->bytes.ptr, s->bytes.ptr + start, s->bytes.ptr + s->at);
}

/* A value, from behind its colon to its CR, without the blanks at both ends. The colon is none. */
static inline struct request_span value_between(const char *head, const char *from, const char *cr)
{
    while (slice_blank(cr[-1]))
        cr--;
    while (from < cr && slice_blank(*from))
        from++;
    return span_between(head, from, cr);
}

static bool method_ends(struct scan *s)
{
    struct request *r = s->r;
    r->method_name = span_to_here(s, s->f->line_start);
    r->method = method_find(request_text(s->bytes.ptr, r->method_name));
    return r->method != METHOD_UNKNOWN || refuse(s, 501, 13, "unknown method");
}

static void target_ends(struct scan *s)
{
    s->r->raw_target = span_to_here(s, s->f->line_start + s->r->method_name.len + 1);
}

static bool line_ends(struct scan *s)
{
    const char *version = s->f->version;
    s->r->minor_version = (uint8_t)(version[1] - '0');
    return (version[0] == '1' && version[1] <= '1') || refuse(s, 505, 3, "HTTP version not supported");
}

/* Whatever the limit says, the table of fields has no more places. */
static unsigned fields_max(const struct request_limits *limits)
{
    return limits->fields_max < REQUEST_FIELDS_CAP ? limits->fields_max : REQUEST_FIELDS_CAP;
}

/* Is there room for one more, of the head or of the trailers? */
static bool check_count(struct scan *s)
{
    return (unsigned)s->r->field_count + s->f->trailer_count < fields_max(s->limits) || refuse(s, 431, 12, "too many fields");
}

static bool field_begins(struct scan *s)
{
    if (!check_count(s))
        return false;
    s->r->fields[s->r->field_count++].name.start = (uint16_t)s->at;
    return true;
}

static void field_named(struct scan *s)
{
    struct request_field *field = &s->r->fields[s->r->field_count - 1];
    field->name = span_to_here(s, field->name.start);
}

static void field_ends(struct scan *s)
{
    const char *head = s->bytes.ptr;
    struct request_field *field = &s->r->fields[s->r->field_count - 1];
    field->value = value_between(head, head + field->name.start + field->name.len + 1, head + s->at);
}

static bool size_digit(struct scan *s, char digit)
{
    if (s->f->size_digits == 16)
        return refuse(s, 400, 5, "chunk size of more than 16 digits");
    s->f->size_digits++;
    s->f->chunk_size = s->f->chunk_size << 4 | byte_hex_value(digit);
    return true;
}

static bool size_begins(struct scan *s, char digit)
{
    s->f->size_digits = 0;
    s->f->chunk_size = 0;
    s->f->chunk_extensions = 0;
    return size_digit(s, digit);
}

static bool size_ends(struct scan *s)
{
    if (s->f->chunk_size > s->limits->body_max - s->f->content_announced)
        return refuse(s, 413, 12, "content too large");
    s->f->content_announced += s->f->chunk_size;
    return true;
}

static void name_add(struct framing *f, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len && f->name_len < FRAMING_NAME_CAP; i++)
        f->name[f->name_len++] = byte_lower(bytes.ptr[i]);
}

/* The empty line that ends the trailers is not counted: a head as large as the limit may still be followed by a chunked body. */
static bool trailer_begins(struct scan *s, char first)
{
    s->f->name_len = 0;
    name_add(s->f, (struct slice){ &first, 1 });
    s->f->head_taken++;
    if (s->f->head_taken >= s->limits->head_max)
        return refuse(s, 431, 12, "head too large");
    if (!check_count(s))
        return false;
    s->f->trailer_count++;
    return true;
}

static bool trailer_named(struct scan *s)
{
    struct slice name = { s->f->name, s->f->name_len };
    bool bad = slice_starts_with(name, SLICE("content-")) || slice_starts_with(name, SLICE("if-"));
    for (size_t i = 0; i < sizeof trailers_refused / sizeof trailers_refused[0]; i++)
        bad |= slice_equals(name, trailers_refused[i]);
    return !bad || refuse(s, 400, 4, "field not allowed in a trailer");
}

static bool act(struct scan *s, const struct arrow *arrow, char byte)
{
    struct framing *f = s->f;
    f->state = arrow->to;
    switch ((enum act)arrow->act) {
    case NOTHING: break;
    case LINE_BEGINS: f->line_start = 2; break;
    case METHOD_ENDS: return method_ends(s);
    case TARGET_ENDS: target_ends(s); break;
    case MAJOR: f->version[0] = byte; break;
    case MINOR: f->version[1] = byte; break;
    case LINE_ENDS: return line_ends(s);
    case FIELD_BEGINS: return field_begins(s);
    case FIELD_NAMED: field_named(s); break;
    case FIELD_ENDS: field_ends(s); break;
    case SIZE_BEGINS: return size_begins(s, byte);
    case SIZE_DIGIT: return size_digit(s, byte);
    case SIZE_ENDS: return size_ends(s);
    case EXTENSION_BEGINS: f->chunk_extensions++; f->message_extensions++; return size_ends(s);
    case CHUNK_BEGINS: f->state = f->chunk_size == 0 ? TRAILER_FIRST : CONTENT_CR; break;
    case TRAILER_BEGINS: return trailer_begins(s, byte);
    case TRAILER_NAMED: return trailer_named(s);
    }
    return true;
}

/* ------------------------------------------------------------------ the machine */

static size_t less(size_t whole, size_t part)
{
    return whole > part ? whole - part : 0;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many bytes may still be taken in a section. */
static size_t allowance(const struct scan *s, enum section section)
{
    const struct framing *f = s->f;
    switch (section) {
    case FREE:
        break;
    case LINE:
        return smaller(less((size_t)s->limits->line_max + f->line_start, f->head_taken), less(s->limits->head_max, f->head_taken));
    case FIELDS:
        return less(s->limits->head_max, f->head_taken);
    case EXTENSION:
        return smaller(less(FRAMING_CHUNK_EXTENSIONS_MAX, f->chunk_extensions),
                       less(FRAMING_MESSAGE_EXTENSIONS_MAX, f->message_extensions));
    }
    return SIZE_MAX;
}

static bool refuse_too_much(struct scan *s, enum section section)
{
    switch (section) {
    case LINE: return refuse(s, 414, 12, "request line too long");
    case EXTENSION: return refuse(s, 400, 5, "chunk extensions too long");
    case FREE:
    case FIELDS: break;
    }
    return refuse(s, 431, 12, "head too large");
}

/* Counts bytes that were taken. A head that has reached its limit before its end cannot become a good one. */
static bool account(struct scan *s, enum section section, size_t taken)
{
    struct framing *f = s->f;
    s->at += taken;
    if (section == EXTENSION) {
        f->chunk_extensions += (uint32_t)taken;
        f->message_extensions += (uint32_t)taken;
    } else if (section != FREE) {
        f->head_taken += (uint32_t)taken;
        if (f->head_taken >= s->limits->head_max && f->state != HEAD_END && f->state != TRAILER_FIRST)
            return refuse_too_much(s, FIELDS);
    }
    return true;
}

static bool refuse_byte(struct scan *s, const struct row *row, char byte)
{
    if (byte == '\n')
        return refuse(s, 400, 1, "LF without CR");
    if (byte == ' ' && row->section == LINE)
        return refuse(s, 400, 6, "more than one space in the request line");
    if (byte == '\r' && row->section == LINE)
        return refuse(s, 400, 3, "request line without a version");
    return refuse(s, 400, row->rule, row->reason);
}

static const struct arrow *arrow_for(const struct row *row, char byte)
{
    for (size_t i = 0; i < sizeof row->on / sizeof row->on[0]; i++)
        if (byte == (char)row->on[i].on && byte != 0)
            return &row->on[i];
    return byte_is(byte, row->enter.on) ? &row->enter : NULL;
}

/* Takes the bytes that change nothing. */
static bool take_run(struct scan *s, const struct row *row)
{
    const char *from = s->bytes.ptr + s->at;
    size_t run = byte_run(from, from + smaller(s->bytes.len - s->at, allowance(s, row->section)), row->stay);
    if (s->f->state == TRAILER_NAME)
        name_add(s->f, (struct slice){ from, run });
    return account(s, row->section, run);
}

/* Takes the byte that leads to the next state. A CR may stand behind what a line, or an extension, is allowed to hold. */
static bool take_arrow(struct scan *s, const struct row *row)
{
    char byte = s->bytes.ptr[s->at];
    const struct arrow *arrow = arrow_for(row, byte);
    enum section section = row->section;
    if ((byte != '\r' || section == FIELDS) && allowance(s, section) == 0)
        return refuse_too_much(s, section);
    if (arrow == NULL)
        return refuse_byte(s, row, byte);
    if (byte == '\r' && section == EXTENSION)
        section = FREE;
    return act(s, arrow, byte) && account(s, section, 1);
}

/* From `*at` to the end of a line, of a head; of a chunked body to the end of all bytes, if not of the body. */
static enum framing_verdict check(struct request *r, struct slice bytes, size_t *at)
{
    struct scan s = { r, &r->framing, r->limits, bytes, *at };
    enum framing_verdict verdict = FRAMING_MORE;
    while (s.at < bytes.len && verdict == FRAMING_MORE) {
        const struct row *row = &rows[s.f->state];
        if ((row->stay != 0 && !take_run(&s, row)) || (s.at < bytes.len && !take_arrow(&s, row)))
            verdict = FRAMING_REFUSED;
        else if (s.f->state == HEAD_END || s.f->state == BODY_END)
            verdict = FRAMING_END;
        else if (s.f->state == FIELD_FIRST)
            break;
    }
    *at = s.at;
    return verdict;
}

/* ------------------------------------------------------------------ the fast lane */

/* A line that is good and lies there as a whole needs no machine, which costs ten times as much. What these do not take, for whatever
 * reason, they leave to the table, which decides. They tell where the next part begins; NULL: not taken, and what they wrote to `r` does
 * not count. The last byte before `end` is an LF, which is of no class: no run of a class goes beyond it, and none asks where the text
 * ends. */

/* GET, as most requests are, is known by four bytes. */
static const char *behind_method(struct request *r, const char *line, const char *end)
{
    const bool get = end - line >= 4 && memcmp(line, "GET ", 4) == 0;
    const char *space = get ? line + 3 : byte_behind(line, BYTE_TOKEN);
    r->method = get ? METHOD_GET : method_find((struct slice){ line, (size_t)(space - line) });
    r->method_name = span_between(line, line, space);
    return *space == ' ' && r->method != METHOD_UNKNOWN ? space + 1 : NULL;
}

static const char *behind_request_line(struct request *r, const char *line, const char *end)
{
    enum { VERSION_LEN = sizeof " HTTP/1.1" - 1 };
    const char *target = behind_method(r, line, end);
    if (target == NULL)
        return NULL;
    const char *version = byte_behind(target, BYTE_TARGET);
    if (version == target || end - version < VERSION_LEN + 2 || memcmp(version, " HTTP/1.", VERSION_LEN - 1) != 0
        || memcmp(version + VERSION_LEN, "\r\n", 2) != 0)
        return NULL;
    r->raw_target = span_between(line, target, version);
    r->minor_version = (uint8_t)(version[VERSION_LEN - 1] - '0');
    return r->minor_version <= 1 && (size_t)(version + VERSION_LEN - line) <= r->limits->line_max ? version + VERSION_LEN + 2 : NULL;
}

static const char *behind_field_line(const char *head, const char *line, const char *end, struct request_field *field)
{
    const char *colon = byte_behind(line, BYTE_TOKEN);
    if (colon == line || *colon != ':')
        return NULL;
    const char *cr = byte_behind_value(colon + 1, end);
    if (cr[0] != '\r' || cr[1] != '\n')
        return NULL;
    field->name = span_between(head, line, colon);
    field->value = value_between(head, colon + 1, cr);
    return cr + 2;
}

/* Behind the last line of a text that ends with one, as nearly all input does; else it is looked for. */
static const char *behind_last_line(const char *from, const char *end)
{
    if (end <= from || end[-1] == '\n')
        return end;
    const char *lf = memrchr(from, '\n', (size_t)(end - from));
    return lf == NULL ? from : lf + 1;
}

/* The lines of a head from its first, or from a field line, on. True where that was all of the head. */
static bool take_whole_lines(struct request *r, struct slice head)
{
    struct framing *f = &r->framing;
    const size_t head_max = r->limits->head_max;
    const char *at = head.ptr + f->head_taken;
    const char *end = behind_last_line(at, head.ptr + smaller(head.len, less(head_max, 1)));       /* an empty line has to follow */
    if (at >= end || (f->state == AT_START && (at = behind_request_line(r, at, end)) == NULL))
        return false;
    const unsigned count_max = fields_max(r->limits);
    unsigned count = r->field_count;
    for (const char *next; at < end && count < count_max; at = next, count++)
        if ((next = behind_field_line(head.ptr, at, end, &r->fields[count])) == NULL)
            break;
    const size_t taken = (size_t)(at - head.ptr);
    const bool whole = smaller(head.len, head_max) - taken >= 2 && memcmp(at, "\r\n", 2) == 0;
    r->field_count = (uint16_t)count;
    f->state = whole ? HEAD_END : FIELD_FIRST;
    f->head_taken = (uint32_t)(whole ? taken + 2 : taken);
    return whole;
}

/* ------------------------------------------------------------------ what the header promises */

void framing_reset(struct framing *f)
{
    *f = (struct framing){ .state = AT_START };
}

bool framing_has_begun(const struct framing *f)
{
    return f->state > AT_LINE;
}

enum framing_verdict framing_check_head(struct request *r, struct slice head)
{
    struct framing *f = &r->framing;
    for (;;) {
        if ((f->state == AT_START || f->state == FIELD_FIRST) && take_whole_lines(r, head))
            return FRAMING_END;
        size_t at = f->head_taken;
        enum framing_verdict verdict = check(r, head, &at);
        if (verdict != FRAMING_MORE || at == head.len)
            return verdict;
    }
}

enum framing_verdict framing_check_chunked(struct request *r, struct slice bytes)
{
    struct framing *f = &r->framing;
    size_t at = 0;
    if (f->state == HEAD_END)
        f->state = SIZE_FIRST;
    enum framing_verdict verdict = f->state == BODY_END ? FRAMING_END : check(r, bytes, &at);
    if (verdict == FRAMING_END && at < bytes.len) {
        r->refusal = (struct framing_refusal){ 400, 1, "bytes behind the last chunk" };
        return FRAMING_REFUSED;
    }
    return verdict;
}
