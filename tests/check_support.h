/* What parser tests share: input that ends right before a page that may not be read, so that a read behind its end is a crash, and the same
 * input given whole, cut in two at every offset, and byte by byte. */
#ifndef WEIR_TESTS_CHECK_SUPPORT_H
#define WEIR_TESTS_CHECK_SUPPORT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

#include "parser/slice.h"

/* Runs `tests` as a program does: prints, and gives what main() returns. */
int check_run(TCase *tests);

/* A copy of `bytes` (at most 256 KiB) that ends flush against the unreadable page. The next call overwrites it. */
struct slice flush_copy(struct slice bytes);

/* What a parser said, as text. */
struct transcript {
    char text[65536];
    size_t len;
};

__attribute__((format(printf, 2, 3)))
void transcript_add(struct transcript *t, const char *format, ...);
void transcript_add_bytes(struct transcript *t, struct slice bytes);

/* Parses the first counts[0], then the first counts[1], … bytes of `input`, the last count being all, and writes what was said. */
typedef void feed_function(struct slice input, const size_t *counts, size_t count, void *context, struct transcript *said);

/* Fails the test unless `feed` says the same however `input` is cut; of a very long one, cut within 300 bytes of its ends, and byte by byte.
 * `*said` is what it says. */
void check_cuttings(struct slice input, feed_function *feed, void *context, struct transcript *said);

/* The same, byte by byte alone, or cut before and behind the byte at `at` alone, where there are too many inputs for more. */
void check_bytewise(struct slice input, feed_function *feed, void *context, struct transcript *said);
void check_cut_around(struct slice input, size_t at, feed_function *feed, void *context, struct transcript *said);

/* A slice in a static initialiser. */
#define TEXT(literal) { (literal), sizeof(literal) - 1 }

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
