#include "core/assert.h"

#ifdef WEIR_DEBUG
#include <stdio.h>
#include <stdlib.h>

void assert_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: must hold: %s\n", file, line, what);
    abort();
}
#else
typedef int assert_has_nothing_in_a_release;
#endif
