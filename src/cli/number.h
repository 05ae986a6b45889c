/* Numbers as people write them on a command line: 100, 8k, 250ms. Pure. */
#ifndef WEIR_CLI_NUMBER_H
#define WEIR_CLI_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A suffix, and how much it stands for. */
struct number_unit {
    const char *suffix;
    uint64_t factor;
};

struct number_kind {
    const struct number_unit *units;
    size_t unit_count;
    bool shows_bare;           /* whether number_show() may leave the suffix out */
    const char *what;          /* "must be ..." */
};

extern const struct number_kind number_count, number_bytes, number_time;

/* Room for what number_show() writes. */
#define NUMBER_SHOWN_MAX 32

/* Digits and one of the kind's units. false: anything else, or more than 64 bits; `*value` is then not to be read. */
__attribute__((warn_unused_result))
bool number_read(const struct number_kind *kind, const char *text, uint64_t *value);

/* The shortest way to write `value`, one that number_read() reads: "10s", "8k", "100". A time but 0 always has its unit. */
void number_show(const struct number_kind *kind, uint64_t value, char text[NUMBER_SHOWN_MAX]);

#endif
