/* Two ways to say what must hold. weir_assert() is for what the code itself guarantees: it aborts in a debug build and costs nothing
 * in a release. weir_never() is for a trust boundary: what cannot happen aborts while testing and is healed in a release, where the
 * caller ends the one connection that it concerns and counts it. */
#ifndef WEIR_CORE_ASSERT_H
#define WEIR_CORE_ASSERT_H

#include <stdbool.h>

#ifdef WEIR_DEBUG
__attribute__((noreturn)) void assert_failed(const char *what, const char *file, int line);
#define weir_assert(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))
#define weir_never(condition) ((condition) && (assert_failed(#condition, __FILE__, __LINE__), true))
#else
#define weir_assert(condition) ((void)sizeof(condition))
#define weir_never(condition) __builtin_expect((condition), false)
#endif

#endif
