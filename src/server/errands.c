#include "server/errands.h"

#include <stddef.h>

#include "os/os.h"
#include "server/thread.h"

struct errand {
    struct letter letter;                  /* done(job): the errand itself becomes the letter that tells its end */
    struct errand *next;
    struct mailbox *home;
    int wake_fd;
    void (*work)(void *job);
};

_Static_assert(offsetof(struct errand, letter) == 0, "who frees the letter frees the errand");

void errands_open(struct errands *e, const cpu_set_t *cpus)
{
    *e = (struct errands){ .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .cpus = cpus };
}

/* The next one, or NULL at the end. Waits for it. */
static struct errand *errand_take(struct errands *e)
{
    pthread_mutex_lock(&e->lock);
    e->idle++;
    while (e->first == NULL && !e->closing)
        pthread_cond_wait(&e->changed, &e->lock);
    e->idle--;
    struct errand *errand = e->first;
    if (errand != NULL) {
        e->first = errand->next;
        e->waiting--;
    }
    pthread_mutex_unlock(&e->lock);
    return errand;
}

static void *run_errands(void *errands)
{
    for (struct errand *errand; (errand = errand_take(errands)) != NULL;) {
        const int wake_fd = errand->wake_fd;   /* once it is sent, it may be gone */
        errand->work(errand->letter.argument);
        mailbox_send(errand->home, &errand->letter);
        os_eventfd_raise(wake_fd);
    }
    return NULL;
}

/* Locked. Whether there is a thread for one more. */
static bool has_thread(struct errands *e)
{
    if (e->waiting >= e->idle && e->started < ERRANDS_THREADS_MAX)
        e->started += thread_start(&e->threads[e->started], e->cpus, run_errands, e) == 0;
    return e->started > 0;
}

/* Locked. */
static void append(struct errands *e, struct errand *errand)
{
    if (e->first == NULL)
        e->first = errand;
    else
        e->last->next = errand;
    e->last = errand;
    e->waiting++;
    pthread_cond_signal(&e->changed);
}

bool errands_send(struct errands *e, struct mailbox *home, int wake_fd, void (*work)(void *job), void (*done)(void *job), void *job)
{
    struct errand *errand = os_alloc(sizeof *errand);
    if (errand == NULL)
        return false;
    *errand = (struct errand){ .letter = { .call = done, .argument = job }, .home = home, .wake_fd = wake_fd, .work = work };
    pthread_mutex_lock(&e->lock);
    const bool taken = !e->closing && e->waiting < ERRANDS_WAITING_MAX && has_thread(e);
    if (taken)
        append(e, errand);
    pthread_mutex_unlock(&e->lock);
    if (!taken)
        os_free(errand);
    return taken;
}

void errands_close(struct errands *e)
{
    pthread_mutex_lock(&e->lock);
    e->closing = true;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
    while (e->started > 0)
        pthread_join(e->threads[--e->started], NULL);
    pthread_cond_destroy(&e->changed);
    pthread_mutex_destroy(&e->lock);
}
