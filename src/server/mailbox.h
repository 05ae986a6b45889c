/* Calls that any thread may leave for a worker, which makes them on its own thread, in the order in which they came. */
#ifndef WEIR_SERVER_MAILBOX_H
#define WEIR_SERVER_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>

struct letter {
    struct letter *next;
    void (*call)(void *argument);
    void *argument;
};

/* Zeroed, it is empty. */
struct mailbox {
    _Atomic(struct letter *) last;     /* the newest; each leads to the one before */
};

/* Any thread. false: no memory. */
__attribute__((warn_unused_result))
bool mailbox_put(struct mailbox *m, void (*call)(void *argument), void *argument);

/* The same with a letter that its sender allocated, alone or as the first part of something larger, by os_alloc(): it cannot fail, and mailbox_run()
 * frees it. */
void mailbox_send(struct mailbox *m, struct letter *letter);

/* Makes the calls that are there; those that they leave in turn wait for the next time. By its worker alone. */
void mailbox_run(struct mailbox *m);

#endif
