/* HTTP/1 on the protocol seam: the requests of parser/request.h, the handler of weir.h, the answers of response.h. Pure. */
#ifndef WEIR_HTTP_HTTP1_H
#define WEIR_HTTP_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/exchange.h"
#include "http/record.h"
#include "parser/request.h"
#include "weir.h"

/* Bytes of the type of a page in http1_context.pages. */
#define HTTP1_PAGE_TYPE_MAX 1024

/* What all connections of a worker share. The worker owns it and keeps it current. It is what a handler knows as struct weir_host. */
struct http1_context {
    const struct weir_handler *handler;
    struct request_limits limits;
    struct slice common;                       /* field lines on every answer, as they are now: Date, Server, and those of the options */
    const struct weir_page *pages;             /* in place of weir's own */
    size_t page_count;
    uint64_t tickets;                          /* handed out so far */
    uint32_t worker;
    bool draining;                             /* answers say `Connection: close` */
    void *host;                                /* passed to the four below */
    void (*record)(void *host, const struct weir_peer *peer, const struct http_record *record);   /* an exchange ended; NULL: nobody wants to know */
    void (*resume)(void *host, uint64_t token);    /* an answer that came later is composed: the connection goes on; NULL: never happens */
    struct exchange *(*find)(void *host, uint64_t token);  /* the working set of a connection that is still open; NULL: there is none */
    bool (*offload)(void *host, void (*work)(void *job), void (*done)(void *job), void *job);   /* weir_offload(); NULL: nobody does */
    void *(*alloc)(size_t size);               /* for bodies that are kept whole, or copied and too large for the buffer; may give NULL */
    void (*free)(void *memory);
    _Atomic uint64_t *requests;                /* counted here: complete requests */
    _Atomic uint64_t *refused;                 /* and answers that refuse one */
};

extern const struct protocol http1_protocol;

/* The request that waits for a later answer under this serial number (struct weir_ticket), or NULL: it has been answered. */
struct weir_request *http1_waiting_request(struct exchange *x, uint64_t serial);

#endif
