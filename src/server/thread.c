#include "server/thread.h"

#include <signal.h>

int thread_start(pthread_t *thread, const cpu_set_t *cpus, void *(*run)(void *argument), void *argument)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int rc = pthread_attr_init(&attributes);
    if (rc != 0)
        return -rc;
    if (cpus != NULL)
        rc = pthread_attr_setaffinity_np(&attributes, sizeof *cpus, cpus);
    if (rc == 0) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        rc = pthread_create(thread, &attributes, run, argument);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    return -rc;
}
