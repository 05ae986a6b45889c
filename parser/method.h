/* The methods of HTTP (RFC 9110 §9.3 and the registry of §16.1.1), by name. Pure. */
#ifndef WEIR_PARSER_METHOD_H
#define WEIR_PARSER_METHOD_H

#include "parser/slice.h"

/* Methods that weir knows by name. METHOD_OTHER is a registered one that llhttp knows and no handler of weir's own takes. */
enum request_method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_DELETE,
    METHOD_PATCH,
    METHOD_OPTIONS,
    METHOD_TRACE,
    METHOD_CONNECT,
    METHOD_OTHER,
    METHOD_UNKNOWN         /* of method_find() alone: no request that was accepted has it */
};

/* Methods are case-sensitive: "get" is METHOD_UNKNOWN. */
enum request_method method_find(struct slice name);

#endif
