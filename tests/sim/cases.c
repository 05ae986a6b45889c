#include "cases.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

static const char *case_now;
static jmp_buf breaks;
static bool may_break;

static void on_broken(const char *what)
{
    if (may_break)
        longjmp(breaks, 1);
    fprintf(stderr, "failed: %s\n        %s\n", case_now, what);
    _exit(1);
}

static void on_signal(int signal)
{
    const char *const parts[] = { "ended: ", case_now, "\n" };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0)
            _exit(3);
    _exit(128 + signal);
}

void case_check(bool holds, const char *what, int line)
{
    if (!holds)
        sim_broken("line %d: %s", line, what);
}

bool case_breaks(void (*action)(void))
{
    may_break = true;
    const bool broken = setjmp(breaks) != 0;
    if (!broken)
        action();
    may_break = false;
    return broken;
}

int cases_run(const struct sim_case *cases, size_t count, int argc, char **argv)
{
    const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGALRM };
    size_t ran = 0;
    sim_on_broken = on_broken;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], on_signal);
    for (size_t i = 0; i < count; i++) {
        if (argc > 1 && strcmp(argv[1], cases[i].name) != 0)
            continue;
        case_now = cases[i].name;
        sim.trace = argc > 2 && strcmp(argv[2], "--trace") == 0 ? stdout : NULL;
        alarm(60);
        cases[i].run();
        ran++;
    }
    printf("%zu cases passed\n", ran);
    return ran > 0 ? 0 : 1;
}
