/* A handler that does what the target says, and marks each byte of its answers with the connection that they are for:
 *
 *     /t/<answer><intake>/<client>/<number>/<size of the answer>/<size of the content>
 *
 * answer: c copied, b borrowed, f a file, s 204, m 304, n none at all, l later; intake: d dropped, p in pieces, w whole, r refused. */
#include <stdlib.h>
#include <string.h>

#include "server/slots.h"
#include "world.h"

struct job {
    uint32_t client;
    uint32_t number;
    unsigned long long size;
    uint32_t content;
    char answer;
    char intake;
    uint64_t received;
};

struct lent {
    size_t size;
    uint8_t bytes[];
};

/* An answer that comes later. */
struct later {
    struct later *next;
    struct job job;
    struct weir_ticket ticket;
    uint64_t due;
    bool posted;               /* the worker will be led to it */
};

static struct later *laters;
static uint32_t bodies_lent;
static uint32_t files_open;
static uint32_t requests_open;

uint32_t tagged_bodies_lent(void)
{
    return bodies_lent;
}

uint32_t tagged_files_open(void)
{
    return files_open;
}

uint32_t tagged_requests_open(void)
{
    return requests_open;
}

/* ------------------------------------------------------------------ requests */

static bool job_read(const struct weir_request *request, struct job *job)
{
    char target[128];
    if (request->target.len >= sizeof(target))
        return false;
    memcpy(target, request->target.ptr, request->target.len);
    target[request->target.len] = '\0';
    *job = (struct job){ .client = 0 };
    return sscanf(target, "/t/%c%c/%u/%u/%llu/%u", &job->answer, &job->intake, &job->client, &job->number, &job->size, &job->content) == 6;
}

/* A request as its client wrote it, or sim_broken(). */
static void check_request(const struct weir_request *request, const struct client *client, const struct job *job, bool is_job)
{
    struct weir_slice field;
    char number[16];
    if (!is_job)
        sim_broken("10: the handler got a request that nobody made: %.*s", (int)request->target.len, request->target.ptr);
    if (job->client != client->number)
        sim_broken("5: the request of client %u came on the connection of client %u", job->client, client->number);
    if (job->number >= client->script.good)
        sim_broken("10: client %u: request %u got to the handler, it stands behind what was refused", client->number, job->number);
    if ((int64_t)job->number <= client->last_handled)
        sim_broken("4: client %u: request %u came to the handler after request %d", client->number, job->number, (int)client->last_handled);
    snprintf(number, sizeof(number), "%u", client->number);
    if (!weir_request_field(request, "x-client", &field) || field.len != strlen(number) || memcmp(field.ptr, number, field.len) != 0)
        sim_broken("5: client %u: a field of request %u is not what was sent", client->number, job->number);
}

static void check_bytes(const struct job *job, const uint8_t *data, size_t len)
{
    const uint64_t tag = content_tag(job->client, job->number);
    for (size_t i = 0; i < len; i++)
        if (data[i] != sim_tag(tag, job->received + i))
            sim_broken("5: client %u: byte %llu of the content of request %u is not what was sent", job->client,
                       (unsigned long long)(job->received + i), job->number);
}

static void tagged_piece(struct weir_request *request, const void *data, size_t len, void *context)
{
    (void)context;
    struct job *job = request->user;
    if (len == 0)
        sim_broken("3: a piece of no bytes");
    check_bytes(job, data, len);
    job->received += len;
}

static void tagged_end(struct weir_request *request, void *context)
{
    (void)context;
    free(request->user);
    requests_open--;
}

/* ------------------------------------------------------------------ answers */

static void lent_release(void *context)
{
    struct lent *lent = context;
    memset(lent->bytes, 0xdd, lent->size);
    free(lent);
    bodies_lent--;
}

static struct lent *lend(const struct job *job)
{
    struct lent *lent = malloc(sizeof(*lent) + (size_t)job->size);
    if (lent == NULL)
        abort();
    lent->size = (size_t)job->size;
    sim_tag_bytes(answer_tag(job->client, job->number), 0, lent->bytes, lent->size);
    bodies_lent++;
    return lent;
}

static void file_release(void *context)
{
    os_close((int)(intptr_t)context);
    files_open--;
}

/* A file where there is a descriptor for it; false: there is none. */
static bool answer_from_file(const struct job *job, struct weir_response *response)
{
    const int fd = sim_open_tagged(answer_tag(job->client, job->number), job->size);
    if (fd < 0)
        return false;
    files_open++;
    response->body = WEIR_FILE;
    response->fd = fd;
    response->release = file_release;
    response->release_context = (void *)(intptr_t)fd;
    return true;
}

static void answer_job(struct weir_request *request, const struct job *job, int status)
{
    char tag[32];
    const int len = snprintf(tag, sizeof(tag), "%u/%u", job->client, job->number);
    const struct weir_field fields[] = { { { "X-Tag", 5 }, { tag, (size_t)len } } };
    struct weir_response response = { .status = status, .fields = fields, .field_count = 1, .length = job->size };
    struct lent *lent = NULL;
    if (job->answer != 'f' || !answer_from_file(job, &response)) {
        lent = lend(job);
        response.body = job->answer == 'b' ? WEIR_BORROW : WEIR_COPY;
        response.data = lent->bytes;
        response.release = response.body == WEIR_BORROW ? lent_release : NULL;
        response.release_context = lent;
    }
    weir_respond(request, &response);
    if (lent != NULL && response.body == WEIR_COPY)
        lent_release(lent);
}

/* ------------------------------------------------------------------ later */

static void later_forget(struct later *later)
{
    struct later **at = &laters;
    while (*at != later)
        at = &(*at)->next;
    *at = later->next;
    free(later);
}

static void later_begin(struct weir_request *request, const struct job *job)
{
    struct later *later = malloc(sizeof(*later));
    if (later == NULL)
        abort();
    *later = (struct later){ .next = laters, .job = *job, .ticket = weir_defer(request), .due = sim.now + chance_below(&world.chance, 400) };
    laters = later;
}

/* On the worker's thread, as weir_claim() does it: the request, if its connection is still there. */
static void later_answer(void *argument)
{
    struct later *later = argument;
    struct conn *c = slots_of_token(&world.worker, later->ticket.connection);
    struct weir_request *request = c == NULL || c->exchange == NULL ? NULL : http1_waiting_request(c->exchange, later->ticket.serial);
    if (request != NULL)
        answer_job(request, &later->job, 200);
    later_forget(later);
}

uint64_t tagged_next(void)
{
    uint64_t next = UINT64_MAX;
    for (const struct later *later = laters; later != NULL; later = later->next)
        if (!later->posted && later->due < next)
            next = later->due;
    return next;
}

/* As weir_post() does it. Without memory it is tried again. */
void tagged_post(void)
{
    for (struct later *later = laters; later != NULL; later = later->next) {
        if (later->posted || later->due > sim.now)
            continue;
        later->posted = mailbox_put(&world.worker.mailbox, later_answer, later);
        if (later->posted)
            os_eventfd_raise(world.worker.wake_fd);
        else
            later->due = sim.now + 5;
    }
}

void tagged_forget(void)
{
    while (laters != NULL)
        later_forget(laters);
}

/* ------------------------------------------------------------------ the handler */

static void answer_empty(struct weir_request *request, int status)
{
    weir_respond(request, &(struct weir_response){ .status = status });
}

static enum weir_intake tagged_head(struct weir_request *request, void *context)
{
    (void)context;
    const struct client *client = world_client_of(request->peer);
    struct job job;
    const bool is_job = job_read(request, &job);
    if (client->script.ending == ENDING_WILD || !is_job)
        return WEIR_BODY_DROP;                 /* it may still be refused: answer() decides whether that was right */
    check_request(request, client, &job, true);
    if (job.intake == 'r') {
        answer_job(request, &job, 403);
        return WEIR_BODY_REFUSE;
    }
    struct job *kept = malloc(sizeof(*kept));
    if (kept == NULL)
        abort();
    *kept = job;
    request->user = kept;
    requests_open++;
    return job.intake == 'p' ? WEIR_BODY_PIECES : job.intake == 'w' ? WEIR_BODY_WHOLE : WEIR_BODY_DROP;
}

static void check_content(const struct weir_request *request, const struct job *job)
{
    const struct job *kept = request->user;
    if (job->intake == 'w') {
        if (request->body.len != job->content)
            sim_broken("3: client %u: request %u has %zu bytes of content, not %u", job->client, job->number, request->body.len, job->content);
        check_bytes(job, (const uint8_t *)request->body.ptr, request->body.len);
    }
    if (job->intake == 'p' && job->content > 0 && (kept == NULL || kept->received != job->content))
        sim_broken("3: client %u: request %u came in pieces, not all of them", job->client, job->number);
}

static void tagged_answer(struct weir_request *request, void *context)
{
    (void)context;
    struct client *client = world_client_of(request->peer);
    struct job job;
    const bool is_job = job_read(request, &job);
    client->handled++;
    if (client->script.ending == ENDING_WILD) {
        answer_empty(request, 200);
        return;
    }
    check_request(request, client, &job, is_job);
    check_content(request, &job);
    client->last_handled = job.number;
    if (job.answer == 's' || job.answer == 'm')
        answer_empty(request, job.answer == 's' ? 204 : 304);
    else if (job.answer == 'l')
        later_begin(request, &job);
    else if (job.answer != 'n')
        answer_job(request, &job, 200);
}

struct weir_handler tagged_handler(void)
{
    bodies_lent = files_open = requests_open = 0;
    return (struct weir_handler){
        .methods = WEIR_GET | WEIR_HEAD | WEIR_POST | WEIR_PUT | WEIR_DELETE | WEIR_PATCH,
        .head = tagged_head,
        .piece = tagged_piece,
        .answer = tagged_answer,
        .end = tagged_end,
    };
}
