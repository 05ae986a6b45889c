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

/* What all connections of a worker share. The worker owns it and keeps it current. */
struct http1_context {
    const struct weir_handler *handler;
    struct request_limits limits;
    struct slice date;                         /* the value of Date, now */
    uint32_t worker;
    bool server_field;
    bool draining;                             /* answers say `Connection: close` */
    void *host;                                /* passed to the three below */
    void (*record)(void *host, const struct weir_peer *peer, const struct http_record *record);   /* an exchange ended; NULL: nobody wants to know */
    void *(*alloc)(size_t size);               /* for bodies that are kept whole, or copied and too large for the buffer; may give NULL */
    void (*free)(void *memory);
    _Atomic uint64_t *requests;                /* counted here: complete requests */
    _Atomic uint64_t *refused;                 /* and answers that refuse one */
};

extern const struct protocol http1_protocol;

#endif
