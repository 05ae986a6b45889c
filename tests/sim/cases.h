/* Tests on the simulated kernel that are not drawn from a seed: a table of sentences and functions. */
#ifndef WEIR_SIM_CASES_H
#define WEIR_SIM_CASES_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

struct sim_case {
    const char *name;      /* a sentence */
    void (*run)(void);
};

#define CASE(name) { #name, name }

/* Runs all, or the one that argv[1] names, and says which failed. The status of the process. */
int cases_run(const struct sim_case *cases, size_t count, int argc, char **argv);

/* What must be so in a case. */
void case_check(bool holds, const char *what, int line);
#define EXPECT(condition) case_check((condition), #condition, __LINE__)

/* Runs `action` and says whether it ended in sim_broken(). Everything must be thrown away afterwards. */
bool case_breaks(void (*action)(void));

#endif
