/* Where to listen, as people write it: `127.0.0.1:8080`, `[::1]:8080`, `:8080`, `unix:PATH`. Names are not looked up. Pure. */
#ifndef WEIR_PARSER_ADDRESS_H
#define WEIR_PARSER_ADDRESS_H

#include <stdint.h>

#include "parser/slice.h"

/* The longest path of a unix socket (unix(7), without its NUL). */
#define ADDRESS_PATH_MAX 107

enum address_kind {
    ADDRESS_IPV4,
    ADDRESS_IPV6,
    ADDRESS_ANY,           /* all addresses of both families */
    ADDRESS_UNIX
};

struct address {
    enum address_kind kind;
    uint8_t ip[16];        /* network order; ADDRESS_IPV4: the first 4; else zero */
    uint16_t port;         /* host order; 0: any free one; not of ADDRESS_UNIX */
    struct slice path;     /* ADDRESS_UNIX: a view of the text, 1 to ADDRESS_PATH_MAX bytes, no NUL */
};

/* NULL on success; else what is wrong and what would be right, in a few static words, and `*out` is not to be read. */
__attribute__((warn_unused_result))
const char *address_parse(struct slice text, struct address *out);

#endif
