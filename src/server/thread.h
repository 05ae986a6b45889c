/* Threads of the library take no signals: they belong to the application, and SIGPIPE, which sendfile(2) and a log that is a pipe may raise, to
 * nobody. */
#ifndef WEIR_SERVER_THREAD_H
#define WEIR_SERVER_THREAD_H

#include <pthread.h>
#include <sched.h>

/* `cpus`: those that it may use; NULL: those of the calling thread. 0, or a negated errno. */
__attribute__((warn_unused_result))
int thread_start(pthread_t *thread, const cpu_set_t *cpus, void *(*run)(void *argument), void *argument);

#endif
