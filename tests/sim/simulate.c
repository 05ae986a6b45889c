/* One run from a seed: a server with drawn options, a crowd of drawn clients, drawn faults; then the faults stop, and all must come to rest. */
#include <string.h>

#include "core/counter.h"
#include "world.h"

/* The most connections of a server that has too few. */
enum { SMALL_MAX = 8 };

/* All limits together: when nobody does anything any more, every connection is at its end by then. */
static uint64_t all_limits(void)
{
    const struct weir_options *o = &world.options;
    return (uint64_t)o->head_timeout + o->body_timeout + 2 * (uint64_t)o->send_timeout + o->idle_timeout + o->linger_timeout + 1000;
}

static void draw_options(struct chance *c)
{
    struct weir_options *o = &world.options;
    static const uint64_t body_max[] = { 40000, 100000, 1 << 20 };
    o->head_timeout = chance_between(c, 3000, 10000);
    o->body_timeout = chance_between(c, 5000, 15000);
    o->send_timeout = chance_between(c, 3000, 10000);
    o->idle_timeout = chance_one_in(c, 6) ? 0 : chance_between(c, 5000, 20000);
    o->linger_timeout = chance_between(c, 1500, 3000);
    o->drain_timeout = chance_between(c, 1000, 8000);
    o->body_max = body_max[chance_below(c, 3)];
    o->line_max = chance_one_in(c, 2) ? 8192 : 2000;
    o->head_max = chance_one_in(c, 2) ? 16384 : 9000;
    o->linger_max = chance_one_in(c, 2) ? 262144 : 60000;
    o->server_field = chance_one_in(c, 2);
    o->buffer_max = chance_one_in(c, 2) ? 65536 : chance_between(c, 4096, 20000);
}

/* Which poller; with select, sometimes others in the process hold nearly all descriptors that it has room for. */
static void draw_poller(struct chance *c)
{
    static const char *const names[] = { "epoll", "epoll", "poll", "select" };
    world.options.poller = names[chance_below(c, sizeof(names) / sizeof(names[0]))];
    sim.told_below = (int)poller_find(world.options.poller)->descriptors_max;
    if (sim.told_below > 0 && chance_one_in(c, 4))
        sim.first_fd = sim.told_below - (int)chance_between(c, 6, 20);
}

static void draw_stream_sizes(struct client *client, struct chance *c)
{
    static const size_t sizes[] = { 1500, 4096, 16384, 65536, 1 << 20 };
    client->send_cap = sizes[chance_below(c, 5)];
    client->window = sizes[chance_below(c, 5)];
}

static enum ending draw_ending(struct chance *c)
{
    static const enum ending endings[] = {
        ENDING_CLOSE, ENDING_CLOSE, ENDING_CLOSE, ENDING_CLOSE, ENDING_SHUT, ENDING_SHUT, ENDING_CUT, ENDING_RESET, ENDING_SILENT,
        ENDING_REFUSED, ENDING_REFUSED, ENDING_WILD,
    };
    return endings[chance_below(c, sizeof(endings) / sizeof(endings[0]))];
}

static void add_clients(struct chance *c, uint32_t count)
{
    const struct script_rules rules = world_rules();
    const uint32_t spread = chance_one_in(c, 3) ? 1 : chance_one_in(c, 2) ? 300 : 6000;
    for (uint32_t i = 0; i < count; i++) {
        struct script script;
        script_make(&script, c, &rules, world.client_count + 1, draw_ending(c));
        struct client *client = world_add(script, chance_below(c, spread));
        client_draw_pace(client, c, &world.options);
        draw_stream_sizes(client, c);
    }
}

/* Clients who say what they are told to. */
static void add_speakers(struct chance *c, const uint8_t *texts, size_t len)
{
    static const uint8_t parting[] = { 0xff, 0xff };
    for (int count = 0; len > 0 && count < 8; count++) {
        const uint8_t *end = memmem(texts, len, parting, sizeof(parting));
        const size_t own = end == NULL ? len : (size_t)(end - texts);
        struct script script;
        script_of_bytes(&script, texts, own);
        script.plain = world.handler_kind == HANDLER_ECHO;
        struct client *client = world_add(script, chance_below(c, 50));
        client_draw_pace(client, c, &world.options);
        draw_stream_sizes(client, c);
        client->blind = own >= 4 && memmem(texts, own, "HEAD", 4) != NULL;     /* which answers have content is not known then */
        client->shuts = chance_one_in(c, 2);
        client->says_on = chance_one_in(c, 2);
        texts += end == NULL ? own : own + sizeof(parting);
        len -= end == NULL ? own : own + sizeof(parting);
    }
}

static enum sim_handler draw_handler(struct chance *c)
{
    static const enum sim_handler handlers[] = { HANDLER_TAGGED, HANDLER_TAGGED, HANDLER_TAGGED, HANDLER_FILES, HANDLER_FILES, HANDLER_FILES,
                                                 HANDLER_HELLO, HANDLER_ECHO_HTTP, HANDLER_ECHO };
    return handlers[chance_below(c, sizeof(handlers) / sizeof(handlers[0]))];
}

static uint32_t draw_crowd(struct chance *c)
{
    if (chance_one_in(c, 40))
        return chance_between(c, 60, 200);
    return chance_one_in(c, 4) ? chance_between(c, 8, 30) : chance_between(c, 1, 7);
}

/* Sometimes descriptors run out, for a while. */
static void run_with_troubles(struct chance *c, uint64_t until)
{
    while (sim.now < until) {
        const uint64_t part = sim.now + chance_between(c, 100, 4000);
        world_run(part < until ? part : until);
        if (world.worker.open == 0 && sim.now < part)
            return;
        if (world.descriptors_run_out && chance_one_in(c, 2))
            sim_exhaust_descriptors(sim.now + chance_between(c, 20, 2000));
    }
}

/* The faults stop. Whoever is there stays as it is, or goes on; a newcomer is answered within a second. */
static void calm(struct chance *c)
{
    sim.faults_on = false;
    sim_let_clock_go();
    sim.fd_limit = SIM_FDS_MAX;
    sim.fd_limit_until = 0;
    world.calm = true;
    sim_trace("the faults stop");
    const struct script_rules rules = world_rules();
    struct script script;
    script_make_probe(&script, &rules, world.client_count + 1);
    struct client *probe = world_add(script, 0);
    const bool has_room = world.worker.open + 70 < world.connections_max && sim.first_fd == SIM_FIRST_FD;
    world_run(sim.now + 1100);
    if (has_room && probe->answers != 1)
        sim_broken("a newcomer waits for its answer, %u connections are open", world.worker.open);
    if (has_room && probe->answered_at - probe->connected > 1000)
        sim_broken("a newcomer waited %llu ms for its answer", (unsigned long long)(probe->answered_at - probe->connected));
    world_run(sim.now + chance_below(c, 30000));
}

/* Those who behave well get all their answers, however slowly they read. */
static void let_all_finish(void)
{
    const uint64_t until = sim.now + 1500000;
    for (uint32_t i = 0; i < world.client_count; i++)
        while (client_is_owed(&world.clients[i]) && sim.now < until)
            world_turn();
}

/* Every limit does its work: on those who are there, and on those whom they kept waiting. */
static void let_limits_pass(void)
{
    uint64_t accepted;
    do {
        accepted = counter_read(&world.worker.counters.accepted);
        world_run(sim.now + all_limits());
    } while (counter_read(&world.worker.counters.accepted) != accepted);
}

/* Everybody falls silent. */
static void rest(void)
{
    const bool is_crowded = world.connections_max <= SMALL_MAX;    /* there, those who only sit keep the others out */
    let_all_finish();
    for (uint32_t i = 0; i < world.client_count; i++) {
        struct client *client = &world.clients[i];
        if (client->step != CLIENT_GONE && !client_is_owed(client))    /* who waits at this moment may go on reading, for ever so long */
            (is_crowded ? client_leave : client_fall_silent)(client);
    }
    let_all_finish();
    let_limits_pass();
    for (uint32_t i = 0; i < world.client_count; i++)
        client_check_end(&world.clients[i]);
    if (world.options.idle_timeout == 0)
        for (uint32_t i = 0; i < world.client_count; i++)
            client_leave(&world.clients[i]);
    let_limits_pass();
    if (world.worker.open != 0)
        sim_broken("all limits have passed, and %u connections are still open", world.worker.open);
}

static void drain(void)
{
    world_stop();
    const uint64_t until = sim.now + world.options.drain_timeout + 200;
    for (uint32_t turns = 0; world_turn(); turns++)
        if (turns > 100000)
            sim_broken("the drain does not end");
        else if (sim.now > until && !sim.faults_on)
            sim_broken("the drain took %llu ms", (unsigned long long)(sim.now - world.stopped_at));
    if (world.worker.open != 0)
        sim_broken("the drain ended, and %u connections are open", world.worker.open);
}

/* `handler`: HANDLER_COUNT draws one. */
static void simulate(enum sim_handler handler, const uint8_t *texts, size_t texts_len)
{
    struct chance *c = &world.chance;
    world_boot();
    draw_options(c);
    draw_poller(c);
    if (handler == HANDLER_COUNT)
        handler = draw_handler(c);
    const uint32_t crowd = draw_crowd(c);
    world.connections_max = chance_one_in(c, 5) ? chance_between(c, 1, SMALL_MAX) : 300;
    world.takes_parts = chance_one_in(c, 2);
    world.lists = chance_one_in(c, 2);
    world.files_change = handler == HANDLER_FILES && chance_one_in(c, 2);
    world.cache_is_small = chance_one_in(c, 3);
    world.descriptors_run_out = chance_one_in(c, 8);
    if (world_open(handler, chance_one_in(c, 2)) < 0)
        sim_broken("the worker does not open");
    sim_draw_faults();
    add_clients(c, crowd);
    add_speakers(c, texts, texts_len);
    run_with_troubles(c, sim.now + chance_between(c, 100, 60000));
    const uint32_t end = chance_below(c, 8);
    if (end == 0)
        drain();
    if (end > 1) {
        calm(c);
        rest();
        drain();
    }
    world_close();
}

void world_simulate(uint64_t seed)
{
    chance_seed(&world.chance, seed);
    simulate(HANDLER_COUNT, NULL, 0);
}

void world_simulate_script(enum sim_handler handler, const uint8_t *script, size_t len, const uint8_t *texts, size_t texts_len)
{
    chance_script(&world.chance, script, len);
    simulate(handler, texts, texts_len);
}
