/* Echo and HTTP on each of the three pollers, in scenes that are made and not drawn: whatever tells of readiness, nobody waits in vain, nobody is
 * lost, and the processor rests when there is nothing to do. That no two turns in a row pass without progress is looked at after each turn. */
#include "cases.h"
#include "core/counter.h"
#include "world.h"

static const char *const pollers[] = { "epoll", "poll", "select" };

enum { POLLERS = sizeof(pollers) / sizeof(pollers[0]) };

static void scene_boot(const char *poller)
{
    chance_seed(&world.chance, 42);
    world_boot();
    world.options.poller = poller;
    sim.told_below = (int)poller_find(poller)->descriptors_max;
}

static void scene_open(const char *poller, enum sim_handler handler)
{
    scene_boot(poller);
    EXPECT(world_open(handler, true) == 0);
}

/* On a plain connection: says so many bytes, and then what `ending` says. */
static struct client *says(uint32_t len, enum ending ending)
{
    struct script script;
    script_make_plain(&script, world.client_count + 1, len, ending);
    return world_add(script, 0);
}

static struct client *deafens(struct client *client)
{
    client->exact = false;
    client->read_max = 0;
    client->send_cap = client->window = 1000;
    return client;
}

static struct client *asks(uint64_t start)
{
    struct script script;
    const struct script_rules rules = world_rules();
    script_make_probe(&script, &rules, world.client_count + 1);
    return world_add(script, start);
}

static void run_ms(uint64_t ms)
{
    const uint64_t until = sim.now + ms;
    while (sim.now < until)
        world_turn();
}

/* So long nothing happens: the worker wakes for the clients' own clocks alone. */
static void expect_rest(uint64_t ms)
{
    const uint64_t turns = world.turns;
    run_ms(ms);
    EXPECT(world.turns - turns <= 2 + ms / 20);
}

static void the_processor_rests_beside_an_idle_client(void)
{
    for (int i = 0; i < POLLERS; i++) {
        scene_open(pollers[i], HANDLER_ECHO);
        struct client *client = says(5, ENDING_SILENT);
        run_ms(50);
        EXPECT(client->answers == 1 && world.worker.open == 1 && world.worker.pool.lent == 0);
        expect_rest(3000);
        world_close();
    }
}

static void a_client_that_does_not_read_holds_its_bound_and_the_processor_rests(void)
{
    for (int i = 0; i < POLLERS; i++) {
        scene_boot(pollers[i]);
        world.options.buffer_max = 10000;
        EXPECT(world_open(HANDLER_ECHO, true) == 0);
        struct client *deaf = deafens(says(300000, ENDING_SILENT));
        run_ms(100);
        const struct sim_stream *s = deaf->stream;
        EXPECT(s->received > 0 && s->received - s->sent <= world.options.buffer_max && sim_client_room(s) == 0);
        expect_rest(3000);
        EXPECT(world.worker.open == 1);
        struct client *other = asks(0);
        run_ms(50);
        EXPECT(other->answers == 1);
        run_ms(world.options.send_timeout);
        EXPECT(world.worker.open == 0 && counter_read(&world.worker.counters.timeouts) == 1 && echoed_open() == 0);
        world_close();
    }
}

static void who_stops_reading_and_goes_on_gets_all(void)
{
    for (int i = 0; i < POLLERS; i++) {
        scene_open(pollers[i], HANDLER_ECHO);
        struct client *client = says(200000, ENDING_SHUT);
        client->read_max = 0;
        client->send_cap = client->window = 2000;
        run_ms(2000);
        EXPECT(client->heard == 0 && client->said < 200000);
        client->read_max = 9000;
        client->next = sim.now;
        run_ms(3000);
        EXPECT(client->answers == 1 && client->step == CLIENT_GONE && world.worker.open == 0);
        world_close();
    }
}

static void what_is_owed_to_a_half_closed_client_is_sent_and_the_processor_rests(void)
{
    for (int i = 0; i < POLLERS; i++) {
        scene_open(pollers[i], HANDLER_ECHO);
        struct client *deaf = deafens(says(20000, ENDING_SHUT));
        struct client *slow = says(20000, ENDING_SHUT);
        slow->read_max = 2000;
        slow->read_pause = 100;
        slow->send_cap = slow->window = 2000;
        run_ms(3000);
        EXPECT(slow->answers == 1 && world.worker.open == 1 && deaf->stream->fin_from_client);
        expect_rest(1000);
        world_close();
    }
}

static void a_full_house_rests_and_takes_who_waited(void)
{
    for (int i = 0; i < POLLERS; i++) {
        scene_boot(pollers[i]);
        world.connections_max = 2;
        EXPECT(world_open(HANDLER_ECHO, true) == 0);
        struct client *deaf[] = { deafens(says(50000, ENDING_SILENT)), deafens(says(50000, ENDING_SILENT)) };
        run_ms(50);
        struct client *waits = asks(0);
        const uint64_t turns = world.turns;
        run_ms(2000);
        EXPECT(world.turns - turns < 2000 / 20 * 3 && waits->answers == 0 && world.worker.open == 2);
        client_leave(deaf[0]);
        client_leave(deaf[1]);
        run_ms(300);
        EXPECT(waits->answers == 1);
        world_close();
    }
}

static void select_takes_none_that_does_not_fit_and_says_so_once(void)
{
    scene_boot("select");
    sim.first_fd = FD_SETSIZE - 8;                 /* others hold those below */
    EXPECT(world_open(HANDLER_ECHO, true) == 0);
    struct client *stays[20];
    uint32_t served = 0;                           /* those who need not wait for it are answered before it turns out that they do not fit */
    for (int i = 0; i < 20; i++)
        stays[i] = says(100, ENDING_SILENT);
    run_ms(100);
    for (int i = 0; i < 20; i++)
        served += stays[i]->answers;
    const uint32_t stay = world.worker.open;
    EXPECT(served >= stay && stay > 0 && stay < 8 && sim_seen[ORDER_BEYOND_SELECT] >= 20 - stay);
    EXPECT(sim.told == 1);
    for (int i = 0; i < 20; i++)
        client_leave(stays[i]);
    run_ms(50);
    struct client *later = asks(0);
    run_ms(50);
    EXPECT(later->answers == 1);
    world_close();
}

static void a_client_that_vanishes_leaves_nothing(void)
{
    for (int i = 0; i < POLLERS; i++) {
        scene_open(pollers[i], HANDLER_ECHO);
        for (int round = 0; round < 10; round++) {
            struct client *client = says(50000, ENDING_SILENT);
            client->exact = false;
            client->send_cap = client->window = 3000;
            run_ms(10);
            sim_client_reset(client->stream);
            client_leave(client);
            run_ms(10);
            EXPECT(world.worker.open == 0 && echoed_open() == 0 && world.worker.pool.lent == 0);
        }
        world_close();
    }
}

static void a_batch_of_connections_is_served_on_each(void)
{
    for (int i = 0; i < POLLERS; i++) {
        scene_open(pollers[i], i % 2 == 0 ? HANDLER_ECHO_HTTP : HANDLER_HELLO);
        world.connections_max = 100;
        for (int count = 0; count < 90; count++)
            asks(0);
        run_ms(50);
        for (uint32_t count = 0; count < 90; count++)
            EXPECT(world.clients[count].answers == 1);
        world_close();
    }
}

static const struct sim_case cases[] = {
    CASE(the_processor_rests_beside_an_idle_client),
    CASE(a_client_that_does_not_read_holds_its_bound_and_the_processor_rests),
    CASE(who_stops_reading_and_goes_on_gets_all),
    CASE(what_is_owed_to_a_half_closed_client_is_sent_and_the_processor_rests),
    CASE(a_full_house_rests_and_takes_who_waited),
    CASE(select_takes_none_that_does_not_fit_and_says_so_once),
    CASE(a_client_that_vanishes_leaves_nothing),
    CASE(a_batch_of_connections_is_served_on_each),
};

int main(int argc, char **argv)
{
    return cases_run(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
