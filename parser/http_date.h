/* Dates of HTTP (RFC 9110 §5.6.7) and seconds since 1970 in UTC. Pure: the clock is the caller's. */
#ifndef WEIR_PARSER_HTTP_DATE_H
#define WEIR_PARSER_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "parser/slice.h"

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define HTTP_DATE_LEN 29

/* Reads any of the three forms: IMF-fixdate, RFC 850, asctime. Everything is checked, the day of the week too; a leap second is the one
 * behind it. A year of two digits means the last such year that is not more than 50 years after `now`. false: `*seconds` is not written. */
__attribute__((warn_unused_result))
bool http_date_parse(struct slice text, int64_t now, int64_t *seconds);

/* Writes an IMF-fixdate, without a NUL. false, and nothing written, where the year is not 1 to 9999. */
bool http_date_write(int64_t seconds, char out[HTTP_DATE_LEN]);

#endif
