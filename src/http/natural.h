/* The order in which a person looks for a name: "file 9" stands before "file 10", and "Zebra" behind "apple". Pure. */
#ifndef WEIR_HTTP_NATURAL_H
#define WEIR_HTTP_NATURAL_H

#include "parser/slice.h"

/* Below 0, 0 or above 0, as memcmp(). Runs of digits, however long, are compared as numbers, letters of ASCII without their case; names that are
 * equal so far are compared byte by byte. A total order: 0 for equal bytes alone. Never looks at the locale. */
int natural_compare(struct slice a, struct slice b);

#endif
