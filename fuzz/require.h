/* What must hold of every input. The fuzzer keeps the input that broke it. */
#ifndef WEIR_FUZZ_REQUIRE_H
#define WEIR_FUZZ_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

#define require(condition) \
    ((condition) ? (void)0 : (fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition), abort()))

#endif
