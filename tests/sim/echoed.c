/* Echo on plain connections, with somebody who watches: each receive shows what the client of that connection said, from where the last one left
 * off, and each connection hears of its end once. */
#include <stdlib.h>
#include <string.h>

#include "handler/echo.h"
#include "world.h"

/* What is kept for a connection from its first bytes to its end. */
struct watch {
    uint32_t client;
    size_t taken;
};

static struct weir_stream_handler echo;
static uint32_t open_count;

uint32_t echoed_open(void)
{
    return open_count;
}

static struct watch *watch_of(struct weir_stream *stream)
{
    if (stream->user != NULL)
        return stream->user;
    struct watch *watch = malloc(sizeof(*watch));
    if (watch == NULL)
        abort();
    *watch = (struct watch){ .client = world_client_of(stream->peer)->number };
    stream->user = watch;
    open_count++;
    return watch;
}

static size_t echoed_receive(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    struct watch *watch = watch_of(stream);
    const struct client *client = world_client_of(stream->peer);
    if (watch->client != client->number)
        sim_broken("5: the connection of client %u is shown as that of client %u", watch->client, client->number);
    if (len == 0 || watch->taken + len > client->said)
        sim_broken("3: client %u: %zu bytes are shown behind %zu, %zu were said", client->number, len, watch->taken, client->said);
    if (memcmp(data, bytes_at(&client->script.stream) + watch->taken, len) != 0)
        sim_broken("5: client %u: what is shown from byte %zu on is not what it said", client->number, watch->taken);
    const bool some = world.takes_parts && chance_one_in(&world.chance, 3);    /* what is left comes again */
    const size_t taken = echo.receive(stream, data, some ? chance_between(&world.chance, 1, (uint32_t)len) : len, context);
    watch->taken += taken;
    return taken;
}

static void echoed_end(struct weir_stream *stream, void *context)
{
    (void)context;
    struct watch *watch = stream->user;
    if (watch->client != world_client_of(stream->peer)->number)
        sim_broken("5: client %u hears of the end of client %u", world_client_of(stream->peer)->number, watch->client);
    memset(watch, 0xdd, sizeof(*watch));
    free(watch);
    open_count--;
}

struct weir_stream_handler echoed_handler(void)
{
    open_count = 0;
    echo = echo_stream_handler();
    return (struct weir_stream_handler){ .receive = echoed_receive, .end = echoed_end, .context = echo.context };
}
