#include "core/assert.h"
#include "http/http1_state.h"

struct weir_ticket weir_defer(struct weir_request *request)
{
    struct http1 *h = http1_of_view(request);
    if (!weir_never(h->answer > ANSWER_LATER || !h->ended) && h->answer == ANSWER_NONE) {
        h->answer = ANSWER_LATER;
        h->ticket = ++h->context->tickets;
    }
    return (struct weir_ticket){
        .host = (struct weir_host *)(void *)h->context,
        .connection = h->x->token,
        .serial = h->ticket,
        .worker = h->context->worker,
    };
}

struct weir_request *http1_waiting_request(struct exchange *x, uint64_t serial)
{
    struct http1 *h = http1_of(x);
    return h->answer == ANSWER_LATER && h->ticket == serial ? &h->view : NULL;
}

static struct http1_context *context_of(struct weir_host *host)
{
    return (struct http1_context *)(void *)host;
}

/* The working set of the connection of a ticket, or NULL. */
static struct exchange *find(struct weir_ticket ticket)
{
    const struct http1_context *context = context_of(ticket.host);
    return context->find(context->host, ticket.connection);
}

struct weir_request *weir_claim(struct weir_ticket ticket)
{
    struct exchange *x = find(ticket);
    return x != NULL ? http1_waiting_request(x, ticket.serial) : NULL;
}

void weir_resume(struct weir_ticket ticket)
{
    struct exchange *x = find(ticket);
    if (x == NULL || !x->pulls || !x->waiting || http1_of(x)->ticket != ticket.serial)
        return;
    x->waiting = false;
    http1_of(x)->context->resume(http1_of(x)->context->host, x->token);
}

bool weir_offload(struct weir_host *host, void (*work)(void *job), void (*done)(void *job), void *job)
{
    const struct http1_context *context = context_of(host);
    return context->offload != NULL && context->offload(context->host, work, done, job);
}
