#include "world.h"

#include <string.h>

#include "handler/echo.h"
#include "handler/hello.h"

struct world world;

enum { TURNS_MAX = 100000 };

struct client *world_client(uint32_t number)
{
    return number >= 1 && number <= world.client_count ? &world.clients[number - 1] : NULL;
}

struct client *world_client_of(const struct weir_peer *peer)
{
    const uint8_t *address = peer->address;
    return world_client((uint32_t)address[1] << 16 | (uint32_t)address[2] << 8 | address[3]);
}

/* ------------------------------------------------------------------ opening */

struct weir_options world_options(void)
{
    struct weir_options options = weir_defaults();
    options.workers = 1;
    options.head_timeout = 4000;
    options.body_timeout = 6000;
    options.send_timeout = 5000;
    options.idle_timeout = 8000;
    options.linger_timeout = 2000;
    options.drain_timeout = 5000;
    return options;
}

void world_boot(void)
{
    struct chance chance = world.chance;
    memset(&world, 0, offsetof(struct world, clients));
    world.chance = chance;
    sim_boot(&world.chance);
    world.options = world_options();
    world.connections_max = 100;
    world.errors = (struct error_log){ .name = "weir" };
    world.log_fd = -1;
}

struct script_rules world_rules(void)
{
    const bool files_may_fail = sim_may_fail(SIM_OPEN) || sim_may_fail(SIM_FSTAT) || sim_may_fail(SIM_PREAD) || sim_may_fail(SIM_ALLOC) ||
                                sim_may_fail(SIM_SENDFILE) || sim_may_fail(SIM_LOOK) || sim_may_fail(SIM_LIST) ||
                                sim_may_fail(SIM_OFFLOAD) || world.descriptors_run_out;
    return (struct script_rules){ .handler = world.handler_kind, .options = &world.options, .files_may_fail = files_may_fail,
                                  .files_change = world.files_change, .lists = world.lists };
}

static int handler_open(enum sim_handler kind)
{
    char error[WEIR_ERROR_SIZE];
    world.handler_kind = kind;
    world.handler = kind == HANDLER_HELLO ? hello_handler() : kind == HANDLER_ECHO_HTTP ? echo_http_handler() : tagged_handler();
    world.streams = echoed_handler();
    if (kind != HANDLER_FILES)
        return 0;
    disk_open(&world.chance);
    struct static_options options = static_defaults();
    options.dir = "/srv/www";
    options.listing = world.lists;
    if (world.cache_is_small)
        options.cache_files = chance_below(&world.chance, 4);
    options.workers = 1;
    const int rc = static_files_open(&world.files, &options, &world.handler, error);
    world.handler.methods = WEIR_GET | WEIR_HEAD;      /* as weir_open() completes it */
    return rc;
}

/* On both families. */
static int listeners_open(void)
{
    char error[WEIR_ERROR_SIZE];
    const int count = listener_open(world.listeners, ":8080", false, error);
    world.listener_count = count < 0 ? 0 : (uint32_t)count;
    return count < 0 ? count : 0;
}

static void listeners_close(void)
{
    for (uint32_t i = 0; i < world.listener_count; i++)
        listener_close(&world.listeners[i]);
    world.listener_count = 0;
}

static bool somebody_waits(void)
{
    for (uint32_t i = 0; i < world.listener_count; i++)
        if (sim.fds[world.listeners[i].fd].backlog > 0)
            return true;
    return false;
}

int world_open(enum sim_handler handler, bool with_log)
{
    int rc = handler_open(handler);
    if (rc < 0)
        return rc;
    rc = listeners_open();
    if (rc < 0)
        goto close_files;
    world.log_fd = with_log ? sim_open_log(chance_one_in(&world.chance, 2)) : -1;
    const struct worker_config config = {
        .options = &world.options, .handler = handler == HANDLER_ECHO ? NULL : &world.handler, .streams = &world.streams,
        .listeners = world.listeners, .listener_count = world.listener_count,
        .connections_max = world.connections_max, .connections_open = &world.connections_open, .errors = &world.errors, .log_fd = world.log_fd,
        .errands = offloaded_open(),
    };
    check_begin();
    rc = worker_open(&world.worker, &config);
    world.is_open = rc == 0;
    world.memory_before = sim.memory;
    if (rc == 0)
        return 0;
    if (world.log_fd >= 0)
        os_close(world.log_fd);
    listeners_close();
close_files:
    static_files_close(world.files);
    world.files = NULL;
    return rc;
}

struct client *world_add(struct script script, uint64_t start)
{
    if (world.client_count == WORLD_CLIENTS_MAX)
        sim_broken("no room for another client");
    struct client *client = &world.clients[world.client_count++];
    client->script = script;
    client_init(client, world.client_count, WORLD_PORT, sim.now + start);
    return client;
}

/* ------------------------------------------------------------------ turning */

static void clients_act(void)
{
    const uint32_t count = world.client_count;
    const uint32_t first = count == 0 ? 0 : chance_below(&world.chance, count);
    for (uint32_t i = 0; i < count; i++)
        client_act(&world.clients[(first + i) % count], &world.chance);
}

static uint64_t clients_next(void)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t i = 0; i < world.client_count; i++) {
        const uint64_t one = client_next(&world.clients[i]);
        next = one < next ? one : next;
    }
    return next;
}

/* Between two calls of the worker somebody does something. */
static void interrupt(void *context)
{
    (void)context;
    if (world.files_change && chance_one_in(&world.chance, 4))
        disk_act(&world.chance);
    else if (!offloaded_is_working() && chance_one_in(&world.chance, 3))
        offloaded_run_between();
    else if (world.client_count > 0)
        client_act(&world.clients[chance_below(&world.chance, world.client_count)], &world.chance);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

bool world_turn(void)
{
    clients_act();
    tagged_post();
    offloaded_run();
    if (world.files_change && sim.faults_on && chance_one_in(&world.chance, 8))
        disk_act(&world.chance);
    const uint64_t next = earlier(clients_next(), earlier(tagged_next(), offloaded_next()));
    uint64_t wait = next == UINT64_MAX ? 1000 : next > sim.now ? next - sim.now : 1;
    if (world.wait_max != 0 && wait > world.wait_max)
        wait = world.wait_max;
    world.turns++;
    sim_begin_turn();
    sim.interrupt = interrupt;
    const bool goes_on = worker_turn(&world.worker, (int)(wait < 60000 ? wait : 60000));
    sim.interrupt = NULL;
    check_worker(&world.worker);
    check_progress();
    if (world.calm) {
        sim.now++;
        sim_streams_tick();
    }
    return goes_on;
}

static bool clients_are_done(void)
{
    for (uint32_t i = 0; i < world.client_count; i++)
        if (!client_is_done(&world.clients[i]))
            return false;
    return true;
}

void world_run(uint64_t until)
{
    for (uint32_t turns = 0; sim.now < until; turns++) {
        if (clients_are_done() && world.worker.open == 0 && !somebody_waits())
            return;
        if (turns > TURNS_MAX)
            sim_broken("%u turns, and no end", turns);
        if (!world_turn())
            return;
    }
}

static uint64_t digest(void)
{
    uint64_t sum = chance_mix(sim.calls ^ chance_mix(sim.now));
    for (uint32_t i = 0; i < sim.stream_count; i++)
        sum = chance_mix(sum ^ sim.streams[i]->sent ^ sim.streams[i]->received << 32);
    return sum;
}

static void count_drain(void)
{
    const struct worker *w = &world.worker;
    for (uint32_t slot = 0; slot < w->slots_used; slot++) {
        const struct conn *c = &w->conns[slot];
        if (c->state == CONN_READING)
            sim_count(c->exchange == NULL ? ORDER_DRAIN_IDLE : ORDER_DRAIN_READING);
        else if (c->state != CONN_CLOSED)
            sim_count(c->state == CONN_WRITING ? ORDER_DRAIN_WRITING : ORDER_DRAIN_SHUTTING);
    }
}

void world_stop(void)
{
    sim_trace("drain");
    count_drain();
    sim_excuse_all();
    sim.draining = true;
    world.stopped_at = sim.now;
    worker_stop(&world.worker);
}

/* ------------------------------------------------------------------ the end */

void world_close(void)
{
    if (world.is_open) {
        world.is_open = false;
        offloaded_close();
        worker_close(&world.worker);
        tagged_forget();
        check_log();
        if (world.log_fd >= 0)
            os_close(world.log_fd);
        listeners_close();
        static_files_close(world.files);
        world.files = NULL;
    }
    check_nothing_left();
    world.digest = digest();
    for (uint32_t i = 0; i < world.client_count; i++)
        client_free(&world.clients[i]);
    world.client_count = 0;
    sim_halt();
}
