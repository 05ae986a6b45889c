/* The question that a browser asks before a script of another origin may ask its own: an OPTIONS request (the Fetch standard, "CORS
 * preflight fetch"). Access-Control-Allow-Origin is one of the server's common fields (weir_options.fields). */
#ifndef WEIR_HANDLER_PREFLIGHT_H
#define WEIR_HANDLER_PREFLIGHT_H

#include "weir.h"

/* Answers OPTIONS: 204 with Allow; what may be asked, and with which fields, where a browser wants to know. */
void preflight_respond(struct weir_request *request);

#endif
