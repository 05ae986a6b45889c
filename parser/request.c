#include "parser/request.h"

#include <llhttp.h>
#include <string.h>

#include "parser/byte.h"

/* Releases before 9 have a loose mode, which takes bare CR for a line end (CVE-2023-30589). Later ones are strict. */
#if LLHTTP_VERSION_MAJOR < 9 && LLHTTP_STRICT_MODE != 1
#error "compile llhttp, and what includes it, with LLHTTP_STRICT_MODE=1"
#endif

_Static_assert(sizeof(llhttp_t) <= sizeof((struct request){ 0 }.llhttp), "llhttp's state fits");
_Static_assert(_Alignof(llhttp_t) <= _Alignof(struct request), "and is aligned");

enum request_phase {
    IN_HEAD,               /* the guard reads; llhttp sees nothing before it has let the whole head pass */
    IN_BODY,               /* the head was accepted, content follows: llhttp finds it, the guard looks at what is between */
    NO_CONTENT,            /* the head was all: llhttp, which agreed on that, is not asked again (what follows a CONNECT is a tunnel for it) */
    ENDED,                 /* REQUEST_COMPLETE */
    REFUSED
};

static llhttp_t *llhttp_of(struct request *r)
{
    return (llhttp_t *)(void *)&r->llhttp;
}

__attribute__((cold))                  /* off the road: what leads here is not laid out for speed */
static bool refuse(struct request *r, unsigned status, unsigned rule, const char *reason)
{
    r->refusal = (struct framing_refusal){ (uint16_t)status, (uint8_t)rule, reason };
    return false;
}

/* ------------------------------------------------------------------ what llhttp tells */

/* llhttp->data in one call of llhttp_execute(). */
struct telling {
    struct request *r;
    const char *head;                          /* of a head: its first byte, ... */
    const struct request_field *field, *end;   /* ... and the fields of it that have not been told yet */
    bool complete;                             /* of a body: the message ends with it */
};

/* llhttp sees a head in one piece, so each name comes in one piece: where the guard saw it, or the head is refused. */
static int on_header_field(llhttp_t *parser, const char *at, size_t len)
{
    struct telling *t = parser->data;
    if (t->field == t->end)
        return -1;
    const struct request_span *name = &t->field++->name;
    return at == t->head + name->start && len == name->len ? 0 : -1;
}

static int on_headers_complete(llhttp_t *parser)
{
    parser->upgrade = 0;               /* else llhttp would stop before the content of a request with `Upgrade` */
    return HPE_PAUSED;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct telling *t = parser->data;
    if (len == 0)
        return 0;
    t->r->piece = (struct slice){ at, len };
    return HPE_PAUSED;
}

static int on_message_complete(llhttp_t *parser)
{
    struct telling *t = parser->data;
    t->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t head_settings = {
    .on_header_field = on_header_field,
    .on_headers_complete = on_headers_complete,
};

/* Trailers are not wanted (G4). */
static const llhttp_settings_t body_settings = {
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* What llhttp_init() makes, made once: to copy it takes an eighth off the time of a short request. */
static llhttp_t fresh;

__attribute__((constructor))
static void make_fresh(void)
{
    llhttp_init(&fresh, HTTP_REQUEST, &head_settings);
}

/* The rule that llhttp saw broken: of what the guard lets pass, it refuses nothing but malformed targets and body lengths. */
static bool refuse_as_llhttp(struct request *r)
{
    static const struct { llhttp_errno_t error; uint8_t rule; const char *reason; } refusals[] = {
        { HPE_INVALID_URL, 7, "malformed target" },
        { HPE_INVALID_TRANSFER_ENCODING, 9, "malformed Transfer-Encoding" },
        { HPE_INVALID_CONTENT_LENGTH, 10, "malformed Content-Length" },
        { HPE_UNEXPECTED_CONTENT_LENGTH, 10, "a second Content-Length, or one beside Transfer-Encoding" },
    };
    llhttp_errno_t error = llhttp_get_errno(llhttp_of(r));
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (error == refusals[i].error)
            return refuse(r, 400, refusals[i].rule, refusals[i].reason);
    return refuse(r, 400, 0, "malformed request");
}

/* ------------------------------------------------------------------ a whole head: G7 to G14 */

/* What was said in the fields that weir itself understands. */
enum said {
    SAID_CLOSE = 1 << 0,
    SAID_KEEP_ALIVE = 1 << 1,
    SAID_EXPECT = 1 << 2,
    SAID_EXPECT_OTHER = 1 << 3,        /* than 100-continue */
    HOST_AGAIN = 1 << 4,               /* more than one */
    LENGTH_AGAIN = 1 << 5,
    CODING_AGAIN = 1 << 6
};

struct known_fields {
    const struct request_field *host, *length, *coding;    /* Host, Content-Length, Transfer-Encoding; NULL: not there */
    unsigned said;                                         /* enum said */
};

static unsigned said_of_connection(struct slice value)
{
    unsigned said = 0;
    struct slice token;
    while (slice_next_member(&value, &token)) {
        said |= slice_equals_ignoring_case(token, SLICE("close")) ? SAID_CLOSE : 0;
        said |= slice_equals_ignoring_case(token, SLICE("keep-alive")) ? SAID_KEEP_ALIVE : 0;
    }
    return said;
}

static unsigned said_of_expect(struct slice value)
{
    return slice_equals_ignoring_case(value, SLICE("100-continue")) ? SAID_EXPECT : SAID_EXPECT | SAID_EXPECT_OTHER;
}

/* The names that are known differ in length, which finds them fast. */
static void read_field(struct known_fields *known, const char *head, const struct request_field *field)
{
    const struct slice name = request_text(head, field->name);
    switch (name.len) {
    case sizeof "Host" - 1:
        if (slice_equals_ignoring_case(name, SLICE("Host"))) {
            known->said |= known->host != NULL ? HOST_AGAIN : 0;
            known->host = field;
        }
        break;
    case sizeof "Expect" - 1:
        if (slice_equals_ignoring_case(name, SLICE("Expect")))
            known->said |= said_of_expect(request_text(head, field->value));
        break;
    case sizeof "Connection" - 1:
        if (slice_equals_ignoring_case(name, SLICE("Connection")))
            known->said |= said_of_connection(request_text(head, field->value));
        break;
    case sizeof "Content-Length" - 1:
        if (slice_equals_ignoring_case(name, SLICE("Content-Length"))) {
            known->said |= known->length != NULL ? LENGTH_AGAIN : 0;
            known->length = field;
        }
        break;
    case sizeof "Transfer-Encoding" - 1:
        if (slice_equals_ignoring_case(name, SLICE("Transfer-Encoding"))) {
            known->said |= known->coding != NULL ? CODING_AGAIN : 0;
            known->coding = field;
        }
        break;
    default:
        break;
    }
}

/* G7. */
static bool check_target(struct request *r, const char *head)
{
    enum target_use use = r->method == METHOD_CONNECT ? TARGET_FOR_CONNECT
                        : r->method == METHOD_OPTIONS ? TARGET_FOR_OPTIONS : TARGET_FOR_RESOURCE;
    if (!target_parse(request_text(head, r->raw_target), use, &r->target))
        return refuse(r, 400, 7, "malformed target");
    return true;
}

/* G8. The authority of a target replaces what `Host` says, which must be well-formed all the same (RFC 9112 §3.2.2). */
static bool check_host(struct request *r, const struct known_fields *known, const char *head)
{
    const struct target_part *authority = &r->target.authority;
    if (known->host == NULL && r->minor_version == 1)
        return refuse(r, 400, 8, "no Host");
    if (known->said & HOST_AGAIN)
        return refuse(r, 400, 8, "more than one Host");
    if (known->host != NULL && !target_is_authority(request_text(head, known->host->value)))
        return refuse(r, 400, 8, "malformed Host");
    if (authority->len > 0)
        r->authority = (struct request_span){ (uint16_t)(r->raw_target.start + authority->start), authority->len };
    else if (known->host != NULL)
        r->authority = known->host->value;
    else
        r->authority = (struct request_span){ 0, 0 };
    return true;
}

/* A transfer coding of RFC 9110 §10.1.4 without parameters, which no registered coding has: a token. */
static bool is_coding(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!byte_is(text.ptr[i], BYTE_TOKEN))
            return false;
    return true;
}

/* G9. What does not end in chunked has no length (RFC 9112 §6.3: 400); what does, and names more than chunked, is not done here (501). */
static bool check_transfer_encoding(struct request *r, const struct known_fields *known, const char *head, bool *other)
{
    struct slice rest = request_text(head, known->coding->value);
    struct slice coding = { 0 };
    *other = false;
    if (known->said & CODING_AGAIN)
        return refuse(r, 400, 9, "more than one Transfer-Encoding");
    if (r->minor_version == 0)
        return refuse(r, 400, 9, "Transfer-Encoding in HTTP/1.0");
    for (const char *blank = rest.ptr + rest.len; *blank != '\r'; blank++)
        if (*blank == '\t')
            return refuse(r, 400, 9, "tab behind Transfer-Encoding");      /* llhttp takes it for a part of the coding's name */
    r->chunked = slice_equals_ignoring_case(rest, SLICE("chunked"));
    if (r->chunked)
        return true;
    while (slice_next_member(&rest, &coding)) {
        bool last = slice_trimmed(rest).len == 0;
        if (!is_coding(coding) || slice_equals_ignoring_case(coding, SLICE("chunked")) != last)
            return refuse(r, 400, 9, "malformed Transfer-Encoding");
        *other |= !last;
    }
    return *other || refuse(r, 400, 9, "malformed Transfer-Encoding");
}

/* G10. */
static bool check_content_length(struct request *r, const struct known_fields *known, const char *head)
{
    struct slice digits = request_text(head, known->length->value);
    unsigned long long length = 0;
    if ((known->said & LENGTH_AGAIN) || known->coding != NULL)
        return refuse(r, 400, 10, "a second Content-Length, or one beside Transfer-Encoding");
    if (!slice_to_number(digits, &length))
        return refuse(r, 400, 10, "malformed Content-Length");
    if (digits.ptr[0] == '0' && digits.len > 1)
        return refuse(r, 400, 10, "Content-Length with a leading zero");
    r->content_length = length;
    return true;
}

/* What is well-formed, and still not for us. */
static bool check_expectations(struct request *r, const struct known_fields *known, bool other_coding)
{
    if (other_coding)
        return refuse(r, 501, 9, "unknown transfer coding");
    if (r->content_length > r->limits->body_max)
        return refuse(r, 413, 10, "content too large");
    if ((known->said & SAID_EXPECT) && r->minor_version == 1) {                /* HTTP/1.0: to be ignored (RFC 9110 §10.1.1) */
        if (known->said & SAID_EXPECT_OTHER)
            return refuse(r, 417, 14, "unknown expectation");
        r->expects_continue = r->chunked || r->content_length > 0;
    }
    return true;
}

/* G7 to G14, over the whole head; the fields stand in r->fields. */
static bool check_head(struct request *r, const char *head)
{
    struct known_fields known = { 0 };
    bool other_coding = false;
    for (unsigned i = 0; i < r->field_count; i++)
        read_field(&known, head, &r->fields[i]);
    r->keep_alive = !(known.said & SAID_CLOSE) && (r->minor_version == 1 || (known.said & SAID_KEEP_ALIVE));       /* G11: RFC 9112 §9.3 */
    return check_target(r, head)
        && check_host(r, &known, head)
        && (known.coding == NULL || check_transfer_encoding(r, &known, head, &other_coding))
        && (known.length == NULL || check_content_length(r, &known, head))
        && check_expectations(r, &known, other_coding);
}

/* Whether llhttp means the same request as the guard: another end, or another length, is how requests are smuggled. It pauses where it sees the
 * end of the head. Of the names that it told, each stood where the guard saw it. */
static bool check_agreement(struct request *r, const struct telling *t, llhttp_errno_t error)
{
    const llhttp_t *parser = llhttp_of(r);
    if (error == HPE_PAUSED && llhttp_get_error_pos(parser) == t->head + r->head_len && t->field == t->end
        && r->chunked == ((parser->flags & F_CHUNKED) != 0) && r->content_length == parser->content_length)
        return true;
    return refuse(r, 400, 0, "ambiguous request");
}

/* ------------------------------------------------------------------ the road */

static enum request_outcome refused(struct request *r)
{
    r->phase = REFUSED;
    return REQUEST_REFUSED;
}

/* llhttp is asked when the guard has let a whole head pass: it then sees the head in one piece, and what it says never depends on cuts. */
static enum request_outcome parse_head(struct request *r, struct slice input, size_t *taken)
{
    uint32_t before = r->framing.head_taken;
    const char *head = input.ptr - before;
    llhttp_t *parser = llhttp_of(r);

    switch (framing_check_head(r, (struct slice){ head, before + input.len })) {
    case FRAMING_REFUSED:
        return refused(r);
    case FRAMING_MORE:
        *taken = input.len;
        return REQUEST_INCOMPLETE;
    case FRAMING_END:
        break;
    }
    r->head_len = r->framing.head_taken;
    *taken = r->head_len - before;

    struct telling t = { .r = r, .head = head, .field = r->fields, .end = r->fields + r->field_count };
    *parser = fresh;
    parser->data = &t;
    llhttp_errno_t error = llhttp_execute(parser, head, r->head_len);
    if (error != HPE_PAUSED && error != HPE_OK) {
        refuse_as_llhttp(r);
        return refused(r);
    }
    if (!check_head(r, head) || !check_agreement(r, &t, error))
        return refused(r);
    if (r->method == METHOD_CONNECT) {
        r->content_length = 0;
        r->chunked = false;
        r->expects_continue = false;
        r->keep_alive = false;
    }
    parser->settings = (void *)&body_settings;
    r->phase = r->chunked || r->content_length > 0 ? IN_BODY : NO_CONTENT;
    return REQUEST_HEAD;
}

/* In a chunked body: lets the guard see what is not content of the bytes that llhttp took. `end` is behind them. */
static enum framing_verdict check_between(struct request *r, struct slice input, const char *end)
{
    if (!r->chunked)
        return FRAMING_END;
    return framing_check_chunked(r, (struct slice){ input.ptr, (size_t)(end - input.ptr) });
}

/* Whether llhttp and the guard, or the length that was announced, agree on where the content ends. */
static bool check_content(struct request *r, const struct telling *t, enum framing_verdict verdict)
{
    uint64_t announced = r->chunked ? r->framing.content_announced : r->content_length;
    bool at_end = r->content_taken == announced && verdict == FRAMING_END;
    if (r->content_taken <= announced && (t->complete ? at_end : !r->chunked || verdict == FRAMING_MORE))
        return true;
    return refuse(r, 400, 0, "ambiguous content");
}

static enum request_outcome parse_body(struct request *r, struct slice input, size_t *taken)
{
    struct telling t = { .r = r };
    llhttp_t *parser = llhttp_of(r);
    r->piece = (struct slice){ 0 };
    parser->data = &t;
    llhttp_resume(parser);
    llhttp_errno_t error = llhttp_execute(parser, input.ptr, input.len);
    const char *end = error == HPE_OK ? input.ptr + input.len : llhttp_get_error_pos(parser);

    if (error != HPE_OK && error != HPE_PAUSED) {
        end += end < input.ptr + input.len;                    /* the byte that llhttp did not like: what the guard says goes first */
        if (check_between(r, input, end) != FRAMING_REFUSED)
            refuse_as_llhttp(r);
        return refused(r);
    }
    enum framing_verdict verdict = check_between(r, input, r->piece.len > 0 ? r->piece.ptr : end);
    r->content_taken += r->piece.len;
    if (verdict == FRAMING_REFUSED || !check_content(r, &t, verdict))
        return refused(r);
    *taken = (size_t)(end - input.ptr);
    if (!t.complete)
        return r->piece.len > 0 ? REQUEST_BODY : REQUEST_INCOMPLETE;
    r->phase = ENDED;
    return REQUEST_COMPLETE;
}

/* ------------------------------------------------------------------ what the header promises */

/* The table of fields stays as it is: field_count says what of it is set. */
void request_reset(struct request *r, const struct request_limits *limits)
{
    framing_reset(&r->framing);
    r->phase = IN_HEAD;
    r->limits = limits;
    r->content_taken = 0;
    r->content_length = 0;
    r->field_count = 0;
    r->chunked = false;
    r->expects_continue = false;
}

enum request_outcome request_parse(struct request *r, struct slice input, size_t *taken)
{
    *taken = 0;
    if (input.ptr == NULL)
        input.ptr = "";
    switch ((enum request_phase)r->phase) {
    case IN_HEAD:
        return parse_head(r, input, taken);
    case IN_BODY:
        return parse_body(r, input, taken);
    case NO_CONTENT:
        r->phase = ENDED;
        break;
    case ENDED:
        break;
    case REFUSED:
        return REQUEST_REFUSED;
    }
    return REQUEST_COMPLETE;
}

bool request_has_begun(const struct request *r)
{
    return r->phase != ENDED && framing_has_begun(&r->framing);
}

bool request_in_body(const struct request *r)
{
    return r->phase == IN_BODY;
}

struct slice request_text(const char *head, struct request_span span)
{
    return (struct slice){ head + span.start, span.len };
}

bool request_field(const struct request *r, const char *head, struct slice name, struct slice *value)
{
    for (unsigned i = 0; i < r->field_count; i++)
        if (slice_equals_ignoring_case(request_text(head, r->fields[i].name), name)) {
            *value = request_text(head, r->fields[i].value);
            return true;
        }
    return false;
}
