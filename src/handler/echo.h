/* Sends back what it receives, through the public header alone. */
#ifndef WEIR_HANDLER_ECHO_H
#define WEIR_HANDLER_ECHO_H

#include "weir.h"

/* Plain TCP: every byte comes back, in order, until the peer shuts its side. For weir_open_streams(). */
struct weir_stream_handler echo_stream_handler(void);

/* HTTP: each request is answered with its own content and Content-Type, piece by piece as it comes. GET and HEAD have none. For weir_open(). */
struct weir_handler echo_http_handler(void);

#endif
