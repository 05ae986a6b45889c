/* What HTTP/1 keeps for a busy connection, and what its files do for each other: http1.c takes requests, http1_view.c shows them to the
 * handler, http1_answer.c composes what the handler says and records it, http1_pull.c what it says piece by piece. Nothing else includes this. */
#ifndef WEIR_HTTP_HTTP1_STATE_H
#define WEIR_HTTP_HTTP1_STATE_H

#include "http/http1.h"
#include "http/response.h"

/* Where the answer to the current request stands. */
enum answer {
    ANSWER_NONE,
    ANSWER_LATER,              /* weir_defer() was called: weir_respond() comes when it comes */
    ANSWER_STREAMING,          /* weir_respond_begin() was called: the content comes in pieces, until weir_respond_end() */
    ANSWER_EARLY,              /* composed by head(), before the content was read; refuse() has still to be called */
    ANSWER_COMPOSED
};

/* WEIR_PULL: where the content comes from. */
struct http1_pull {
    size_t (*next)(void *context, void *out, size_t room);
    void (*release)(void *context);
    void *context;
    uint32_t piece;                    /* bytes of content in x->out, ... */
    uint32_t behind;                   /* ... and of framing behind them: what of the content is owed can be told */
};

struct http1 {
    struct exchange *x;
    struct http1_context *context;
    char *path;                        /* room for a decoded path: request_limits.line_max bytes */
    char *whole;                       /* WEIR_BODY_WHOLE: the content so far; NULL: nothing yet */
    size_t whole_len;
    size_t whole_cap;
    uint64_t ticket;                   /* serial number of the last one for this connection */
    enum answer answer;
    enum weir_intake intake;
    uint16_t refusal;                  /* status of a refusal that is not the parser's; 0: none */
    bool owes_continue;                /* the interim answer is `100 Continue`; else what is owed just has to leave first */
    bool ended;                        /* the current request is complete: the next byte begins another */
    bool record_open;
    bool pulled;                       /* the open record is of an answer that was pulled */

    /* What stands above is zeroed when the exchange is borrowed, what follows is written before it is read. */
    struct weir_request view;          /* its text is valid from REQUEST_HEAD; user is NULL between requests */
    const char *viewed;                /* where the head was that the view shows */
    struct http1_pull pull;            /* x->pulls; release is NULL where there is nothing to release */
    enum response_framing framing;     /* ANSWER_STREAMING and x->pulls */
    uint64_t stream_left;              /* the same, with RESPONSE_LENGTH: bytes of the content that have not come */
    struct http_record record;         /* valid while record_open; body_sent is counted in any case */
    struct request request;
};

static inline struct http1 *http1_of(struct exchange *x)
{
    return (struct http1 *)(void *)x->state;
}

static inline struct http1 *http1_of_view(const struct weir_request *view)
{
    return (struct http1 *)((uintptr_t)view - offsetof(struct http1, view));
}

/* The first byte of the current request. */
static inline const char *http1_head(const struct http1 *h)
{
    return h->x->in.data + h->x->held;
}

/* ---- http1_view.c: what the handler sees ---- */

/* The head was accepted: opens the view. false: the path climbs above the root. */
bool http1_view_open(struct http1 *h);

/* The input may have been moved since: its text stands elsewhere now. `user` stays. */
void http1_view_renew(struct http1 *h);

/* The last word to the handler on this request; what was kept for it is released. Mostly there is neither. */
void http1_view_release(struct http1 *h);

static inline void http1_view_close(struct http1 *h)
{
    if (h->view.user != NULL || h->whole != NULL)
        http1_view_release(h);
}

/* ---- http1_answer.c: what the handler says ---- */

/* An error of weir's own on the current request, whose head was accepted. */
void http1_answer_error(struct http1 *h, int status);

/* OPTIONS, for every handler that has no answer of its own (RFC 9110 §9.3.7). */
void http1_answer_options(struct http1 *h);

/* An error on a request that was refused, of which nothing but its first line may be looked at. The last answer of the connection. */
void http1_answer_refusal(struct http1 *h, int status);

/* How the end of content of that length, or of UINT64_MAX, is told to this client; where the close is to tell it, that is settled here. */
enum response_framing http1_framing(struct http1 *h, uint64_t length);

/* Text behind what is owed. false: there is no room, and nothing was appended. */
bool http1_append(struct exchange *x, const void *data, uint64_t size);

/* Opens the record of the current request; the one before is ended. Nothing where nobody wants to know. `understood`: its head was accepted. */
void http1_record_open(struct http1 *h, int status, uint64_t body, bool understood);

/* Takes the record's text anew from the head, which may have been moved since the record was opened. */
void http1_record_renew(struct http1 *h);

/* Ends the open exchange: struct protocol's finish. */
void http1_finish(struct exchange *x);

/* ---- http1_pull.c: content that is asked for piece by piece ---- */

/* The head is composed, with `framing`: the content follows it. */
void http1_pull_begin(struct http1 *h, const struct weir_response *response, enum response_framing framing);

/* struct protocol's pull. */
void http1_pull(struct exchange *x);

/* The source is needed no more. Nothing where there is none. */
void http1_pull_end(struct http1 *h);

/* Bytes of the pulled content that are owed. */
uint64_t http1_pull_owed(const struct http1 *h);

#endif
