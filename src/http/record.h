/* What is told of one finished exchange: what was asked, what was answered. The access log writes one line for each. Pure. */
#ifndef WEIR_HTTP_RECORD_H
#define WEIR_HTTP_RECORD_H

#include <stdint.h>

#include "parser/slice.h"

/* All text is borrowed, as it came from the client, not escaped; a slice of length 0 stands for what was not there. */
struct http_record {
    struct slice line;         /* "GET /x HTTP/1.1", without its CRLF; of a refused request as far as it came */
    struct slice referer;
    struct slice user_agent;
    uint16_t status;           /* 100 to 999; 0 where the exchange ended before an answer was composed */
    uint64_t body_sent;        /* bytes of the answer's content that were handed to the kernel, without head and framing */
};

#endif
