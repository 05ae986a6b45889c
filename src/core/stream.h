/* Plain connections on the protocol seam: the handler of weir_open_streams() says what a message is and what answers it; the bytes of one receive
 * make one turn. HTTP is not involved. Pure. */
#ifndef WEIR_CORE_STREAM_H
#define WEIR_CORE_STREAM_H

#include "core/exchange.h"
#include "weir.h"

/* What all connections of a worker share; the worker owns it. */
struct stream_context {
    const struct weir_stream_handler *handler;
    uint32_t worker;
};

/* x->context is a struct stream_context. */
extern const struct protocol stream_protocol;

#endif
