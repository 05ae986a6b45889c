/* Errands: calls that may block, made by a few threads that all workers of a server share, so that no worker waits for a disk. When one is back, the
 * worker that sent it is called through its mailbox. Threads are started when there is something to do for them. */
#ifndef WEIR_SERVER_ERRANDS_H
#define WEIR_SERVER_ERRANDS_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/mailbox.h"

enum {
    ERRANDS_THREADS_MAX = 4,
    ERRANDS_WAITING_MAX = 1024             /* no more wait for a thread: memory is bounded, and who is refused may say so to a client */
};

struct errand;

struct errands {
    pthread_mutex_t lock;                  /* of all below */
    pthread_cond_t changed;                /* one has come, or it is the end */
    struct errand *first;                  /* those that no thread has taken yet */
    struct errand *last;
    uint32_t waiting;                      /* how many they are */
    uint32_t idle;                         /* threads with nothing to do */
    uint32_t started;
    bool closing;
    const cpu_set_t *cpus;                 /* of the threads; NULL: those of whoever first needs one */
    pthread_t threads[ERRANDS_THREADS_MAX];
};

/* `cpus` is borrowed until the end. */
void errands_open(struct errands *e, const cpu_set_t *cpus);

/* Has work(job) called on a thread, then done(job) by whoever runs `home`, which `wake_fd` tells. Any thread. false: no memory, no thread,
 * too many are waiting, or it is the end; nothing is called. */
__attribute__((warn_unused_result))
bool errands_send(struct errands *e, struct mailbox *home, int wake_fd, void (*work)(void *job), void (*done)(void *job), void *job);

/* All that were sent are run to their end, and the threads with them: what is left to be done lies in the mailboxes. */
void errands_close(struct errands *e);

#endif
