#include "server/mailbox.h"

#include "os/os.h"

void mailbox_send(struct mailbox *m, struct letter *letter)
{
    letter->next = atomic_load_explicit(&m->last, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&m->last, &letter->next, letter, memory_order_release, memory_order_relaxed))
        continue;
}

bool mailbox_put(struct mailbox *m, void (*call)(void *argument), void *argument)
{
    struct letter *letter = os_alloc(sizeof *letter);
    if (letter == NULL)
        return false;
    *letter = (struct letter){ .call = call, .argument = argument };
    mailbox_send(m, letter);
    return true;
}

/* The newest comes first out of the box: turns the chain round. */
static struct letter *in_order(struct letter *newest)
{
    struct letter *first = NULL;
    while (newest != NULL) {
        struct letter *before = newest->next;
        newest->next = first;
        first = newest;
        newest = before;
    }
    return first;
}

void mailbox_run(struct mailbox *m)
{
    if (atomic_load_explicit(&m->last, memory_order_relaxed) == NULL)
        return;
    struct letter *letter = in_order(atomic_exchange_explicit(&m->last, NULL, memory_order_acquire));
    while (letter != NULL) {
        const struct letter read = *letter;
        os_free(letter);
        letter = read.next;
        read.call(read.argument);
    }
}
