/* Code that must abort: it runs in a child. */
#ifndef WEIR_TESTS_CORE_ABORTS_H
#define WEIR_TESTS_CORE_ABORTS_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ABORTED_STATUS = 77 };

static inline void aborts_on_signal(int signal)
{
    (void)signal;
    exit(ABORTED_STATUS); /* not _exit(): what the child ran counts for the coverage */
}

/* Whether `body(context)` calls abort(). What it says on standard error is not shown. */
static inline bool aborts(void (*body)(void *context), void *context)
{
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, aborts_on_signal);
        int silence = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(silence, STDERR_FILENO);
        body(context);
        _exit(0);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == ABORTED_STATUS;
}

#endif
