/* sim [--seeds N] [--from SEED]: runs so many seeds, and fails when something that must hold does not, or when a fault never struck.
 * sim --seed SEED [--trace]: one, with a trace that a person can read. Seeds of seeds.txt that once found a bug run each time. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

/* From so many seeds on, each fault must have been seen. */
enum { SEEDS_FOR_ALL_FAULTS = 5000, SEEDS_DEFAULT = 1000, SECONDS_FOR_A_SEED = 30 };

static uint64_t seed_now;

static void say_seed(void)
{
    char line[160];
    const int len = snprintf(line, sizeof(line), "seed %llu\nreplay: tools/sim_replay %llu\n", (unsigned long long)seed_now,
                             (unsigned long long)seed_now);
    if (write(STDERR_FILENO, line, (size_t)len) < 0)
        _exit(3);
}

static void on_broken(const char *what)
{
    fprintf(stderr, "sim: broken: %s\n", what);
    say_seed();
    _exit(1);
}

static void on_signal(int signal)
{
    static const char text[] = "sim: the process was ended: an assertion, a wrong address, or a turn without an end\n";
    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
        _exit(3);
    say_seed();
    _exit(128 + signal);
}

static void run_seed(uint64_t seed)
{
    seed_now = seed;
    alarm(SECONDS_FOR_A_SEED);
    world_simulate(seed);
}

/* Now and then a seed runs twice: it must go the same way. */
static void run_again(uint64_t seed)
{
    const uint64_t digest = world.digest;
    uint64_t seen[SIM_FAULT_COUNT];
    memcpy(seen, sim_seen, sizeof(seen));
    run_seed(seed);
    memcpy(sim_seen, seen, sizeof(seen));
    if (world.digest != digest)
        sim_broken("the same seed gave another run");
}

static void run_kept_seeds(const char *path)
{
    char line[256];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    while (fgets(line, sizeof(line), file) != NULL)
        if (line[0] >= '0' && line[0] <= '9')
            run_seed(strtoull(line, NULL, 10));
    fclose(file);
}

static int print_counts(uint64_t seeds)
{
    int missing = 0;
    for (int fault = 0; fault < SIM_FAULT_COUNT; fault++) {
        printf("%12llu  %s\n", (unsigned long long)sim_seen[fault], sim_fault_name((enum sim_fault)fault));
        missing += sim_seen[fault] == 0;
    }
    if (missing > 0 && seeds >= SEEDS_FOR_ALL_FAULTS) {
        printf("sim: %d faults or orders were never seen\n", missing);
        return 1;
    }
    return 0;
}

static int run_seeds(uint64_t from, uint64_t count, bool quiet)
{
    run_kept_seeds("tests/sim/seeds.txt");
    for (uint64_t i = 0; i < count; i++) {
        run_seed(from + i);
        if (i % 500 == 0)
            run_again(from + i);
        if (i % 1000 == 999 && isatty(STDOUT_FILENO))
            printf("sim: %llu of %llu seeds\n", (unsigned long long)(i + 1), (unsigned long long)count);
    }
    const int rc = quiet ? 0 : print_counts(count);
    printf("sim: %llu seeds from %llu on: all that must hold held\n", (unsigned long long)count, (unsigned long long)from);
    return rc;
}

static int usage(void)
{
    fprintf(stderr, "usage: sim_main [--seeds N] [--from SEED] [--quiet] | --seed SEED [--trace]\n");
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t from = 1, count = SEEDS_DEFAULT;
    bool one = false, quiet = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0)
            sim.trace = stdout;
        else if (strcmp(argv[i], "--quiet") == 0)
            quiet = true;
        else if (i + 1 == argc)
            return usage();
        else if (strcmp(argv[i], "--seeds") == 0)
            count = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--from") == 0)
            from = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            one = true, from = strtoull(argv[++i], NULL, 10);
        else
            return usage();
    }
    sim_on_broken = on_broken;
    signal(SIGABRT, on_signal);
    signal(SIGSEGV, on_signal);
    signal(SIGBUS, on_signal);
    signal(SIGALRM, on_signal);
    if (!one)
        return run_seeds(from, count, quiet);
    run_seed(from);
    printf("sim: seed %llu: all that must hold held\n", (unsigned long long)from);
    return 0;
}
