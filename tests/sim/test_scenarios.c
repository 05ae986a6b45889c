/* The production loop on the simulated kernel, in scenes that are made and not drawn: the mistakes of the tutorials, the limits, running out of
 * things. */
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "core/counter.h"
#include "world.h"

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_BIG "GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_CLOSE "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

/* ------------------------------------------------------------------ scenes */

static void scene_open(enum sim_handler handler)
{
    chance_seed(&world.chance, 42);
    world_boot();
    EXPECT(world_open(handler, true) == 0);
}

/* A client that says `text`, and then listens. */
static struct client *says(const char *text)
{
    struct script script;
    script_of_bytes(&script, (const uint8_t *)text, strlen(text));
    struct client *client = world_add(script, 0);
    client->exact = false;
    return client;
}

/* `requests` small ones, which it checks to the byte. */
static struct client *asks(uint32_t requests)
{
    const struct script_rules rules = world_rules();
    struct script whole = { .ending = ENDING_CLOSE, .cut_order = SIM_FAULT_COUNT };
    for (uint32_t i = 0; i < requests; i++)
        script_add_short(&whole, &rules, world.client_count + 1);
    return world_add(whole, 0);
}

static void run_ms(uint64_t ms)
{
    const uint64_t until = sim.now + ms;
    while (sim.now < until) {
        world.wait_max = until - sim.now;
        world_turn();
    }
    world.wait_max = 0;
}

static bool is_gone(const struct client *client)
{
    return client->step == CLIENT_GONE;
}

/* ------------------------------------------------------------------ the tutorials' mistakes: lessons 2, 3, 4, 5, 8, 9, 17, 18 */

static void an_end_of_stream_closes_the_connection_and_the_processor_rests(void)
{
    scene_open(HANDLER_HELLO);
    struct client *client = says("");
    client->shuts = true;
    run_ms(20);
    EXPECT(world.worker.open == 0 && counter_read(&world.worker.counters.accepted) == 1);
    const uint64_t calls = sim.calls;
    run_ms(60000);
    EXPECT(sim.calls - calls < 61 * 20);           /* a handful for each second that the scene itself waits */
    world_close();
}

static void an_end_that_comes_with_the_request_does_not_hide_it(void)
{
    static const enum sim_fault orders[] = { FAULT_WAIT_ALONE, FAULT_WAIT_TWICE, FAULT_WAIT_SPURIOUS, FAULT_WAIT_LATE, FAULT_WAIT_STALE };
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        scene_open(HANDLER_HELLO);
        struct client *client = says(GET GET);
        client->shuts = true;
        sim_force(orders[i], 3);
        run_ms(4000);                              /* what is told late is told at the next wait */
        EXPECT(client->answers == 2 && world.worker.open == 0);
        world_close();
    }
}

static void a_reset_is_seen_whatever_bits_tell_of_it(void)
{
    static const enum sim_fault orders[] = { FAULT_WAIT_ALONE, FAULT_WAIT_TWICE, FAULT_WAIT_FULL };
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        scene_open(HANDLER_HELLO);
        struct client *client = says("GET / HTT");
        run_ms(20);
        EXPECT(world.worker.open == 1);
        sim_force(orders[i], 3);
        sim_client_reset(client->stream);
        client_leave(client);
        run_ms(20);
        EXPECT(world.worker.open == 0);
        world_close();
    }
}

static void connections_that_arrive_together_are_all_accepted(void)
{
    scene_open(HANDLER_HELLO);
    for (int i = 0; i < 120; i++)
        asks(1);
    run_ms(30);
    for (uint32_t i = 0; i < world.client_count; i++)
        EXPECT(world.clients[i].answers == 1);
    EXPECT(counter_read(&world.worker.counters.accepted) == 120);
    EXPECT(sim.accepts <= 120 + 4);                /* and each listener says once or twice that there are no more */
    world_close();
}

static void a_connection_is_registered_once_and_two_calls_serve_a_request(void)
{
    scene_open(HANDLER_HELLO);
    struct client *client = asks(60);
    client->alternates = true;                     /* one request at a time */
    const uint64_t registrations = sim.made[SIM_CTL];
    run_ms(3000);
    EXPECT(client->answers == 60 && is_gone(client));
    EXPECT(sim.made[SIM_CTL] == registrations + 1);
    EXPECT(sim.made[SIM_SEND] == 60);
    EXPECT(sim.receives <= 60 + 3);                /* one at accept, one for the end, and one that a short pause lets come too early */
    world_close();
}

static void who_asked_for_the_close_and_has_said_all_is_closed_at_once(void)
{
    scene_open(HANDLER_HELLO);
    struct client *client = says(GET_CLOSE);
    run_ms(20);
    EXPECT(client->answers == 1 && world.worker.open == 0);
    EXPECT(sim.made[SIM_SHUTDOWN] == 0);
    world_close();
}

static void input_that_is_still_coming_does_not_destroy_the_answer(void)
{
    static char text[30000];
    scene_open(HANDLER_HELLO);
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "BAD / HTTP/1.1\r\n", 16);
    struct client *client = says(text);
    client->piece_max = 700;
    client->pause_max = 5;
    client->says_on = true;
    run_ms(5000);
    EXPECT(client->answers == 1 && client->first[0].status == 501 && !client->stream->reset_from_server);
    world_close();
}

static void a_lingering_close_drops_only_so_much(void)
{
    enum { MUCH = 400000 };
    char *text = malloc(MUCH + 1);
    if (text == NULL)
        abort();
    scene_open(HANDLER_HELLO);
    memset(text, 'x', MUCH);
    memcpy(text, "BAD / HTTP/1.1\r\n", 16);
    text[MUCH] = '\0';
    struct client *client = says(text);
    free(text);
    client->piece_max = 20000;
    client->says_on = true;
    run_ms(500);
    EXPECT(world.worker.open == 0 && client->said < MUCH && sim.now < 1001000 + world.options.linger_timeout);
    world_close();
}

static void a_stale_event_does_not_reach_the_next_connection(void)
{
    scene_open(HANDLER_HELLO);
    for (int round = 0; round < 40; round++) {
        struct client *first = says(GET_CLOSE);
        sim_force(FAULT_WAIT_STALE, 2);
        run_ms(5);
        struct client *second = asks(2);
        sim_force(FAULT_WAIT_STALE, 4);
        run_ms(10);
        EXPECT(first->answers == 1 && second->answers == 2);
    }
    EXPECT(sim_seen[ORDER_STALE_ON_REUSED] > 0);
    world_close();
}

static void the_failure_of_one_connection_is_its_own(void)
{
    static const enum sim_fault failures[] = {
        FAULT_RECV_ECONNRESET, FAULT_RECV_ETIMEDOUT, FAULT_RECV_ENOMEM, FAULT_SEND_EPIPE, FAULT_SEND_ECONNRESET, FAULT_SEND_ENOBUFS,
        FAULT_CTL_ENOMEM, FAULT_CTL_ENOSPC, FAULT_ACCEPT_ECONNABORTED, FAULT_ACCEPT_EPROTO, FAULT_ACCEPT_EPERM, FAULT_ACCEPT_RESET,
        FAULT_ACCEPT_EHOSTUNREACH, FAULT_SHUTDOWN_ENOTCONN,
    };
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        scene_open(HANDLER_HELLO);
        says(GET_CLOSE "x");
        says(GET_CLOSE "x");
        says(GET_CLOSE "x");
        sim_force(failures[i], 1);
        run_ms(200);
        EXPECT(sim.forced_left == 0);
        EXPECT(world.clients[0].answers + world.clients[1].answers + world.clients[2].answers >= 2);
        struct client *later = asks(3);
        run_ms(200);
        EXPECT(later->answers == 3);
        world_close();
    }
}

/* ------------------------------------------------------------------ limits */

static void one_byte_a_second_gains_nothing(void)
{
    scene_open(HANDLER_HELLO);
    struct client *client = says("GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n");
    client->piece_max = 1;
    client->pause_max = 1000;
    run_ms(world.options.head_timeout + 2000);
    EXPECT(client->answers == 1 && client->first[0].status == 408);
    run_ms(world.options.linger_timeout + 1000);
    EXPECT(world.worker.open == 0);
    world_close();
}

static void a_kept_connection_that_is_used_is_not_idle(void)
{
    scene_open(HANDLER_HELLO);
    struct client *client = asks(30);
    client->alternates = true;
    client->pause_max = 2000;
    run_ms(60000);
    EXPECT(client->answers == 30 && client->answered_at - client->connected > 2 * (uint64_t)world.options.idle_timeout);
    world_close();
}

static void a_body_that_stops_is_not_excused_by_a_fast_beginning(void)
{
    static char text[40000];
    scene_open(HANDLER_HELLO);
    memset(text, 'x', sizeof(text) - 1);
    const int head = snprintf(text, sizeof(text), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n");
    text[head] = 'x';
    struct client *client = says(text);
    run_ms(2 * (uint64_t)world.options.body_timeout + 500);
    EXPECT(client->answers == 1 && client->first[0].status == 408);
    world_close();
}

static void a_body_that_comes_slowly_but_fast_enough_is_taken(void)
{
    static char text[12000];
    scene_open(HANDLER_HELLO);
    memset(text, 'x', sizeof(text) - 1);
    const int head = snprintf(text, sizeof(text), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11000\r\n\r\n");
    text[head] = 'x';
    text[head + 11000] = '\0';
    struct client *client = says(text);
    client->piece_max = 200;
    client->pause_max = 200;                       /* a thousand bytes a second, more or less */
    run_ms(20000);
    EXPECT(client->said > 11000 && client->answers == 1 && client->first[0].status == 200);
    world_close();
}

static void a_connection_that_says_nothing_is_closed(void)
{
    scene_open(HANDLER_HELLO);
    struct client *client = says("");
    run_ms(world.options.idle_timeout - 500);
    EXPECT(world.worker.open == 1 && !is_gone(client));
    run_ms(1000);
    EXPECT(is_gone(client) && !client->stream->reset_from_server && client->heard == 0);
    run_ms(world.options.linger_timeout);
    EXPECT(world.worker.open == 0);
    world_close();
}

static void the_deaf_are_reset_and_the_slow_are_served(void)
{
    scene_open(HANDLER_FILES);
    struct client *deaf = says(GET_BIG), *slow = says(GET_BIG);
    deaf->send_cap = slow->send_cap = 4096;
    deaf->window = slow->window = 4096;
    deaf->read_max = 0;
    slow->read_max = 1000;
    slow->read_pause = 500;
    run_ms(2 * (uint64_t)world.options.send_timeout + 1000);
    EXPECT(deaf->stream->reset_from_server);
    EXPECT(counter_read(&world.worker.counters.timeouts) == 1);
    run_ms(200000);
    EXPECT(slow->answers == 1 && slow->first[0].status == 200);
    world_close();
}

/* The rate is that of the answer that is being sent, not of what went before. */
static void who_begins_fast_and_then_drips_is_not_served_for_ever(void)
{
    scene_open(HANDLER_FILES);
    struct client *client = says(GET_BIG GET_BIG);
    client->send_cap = client->window = 4096;
    for (int i = 0; client->answers == 0 && i < 2000; i++)
        world_turn();
    EXPECT(client->answers == 1);
    client->read_max = 100;
    client->read_pause = 1000;
    run_ms(8 * (uint64_t)world.options.send_timeout);
    EXPECT(client->stream->reset_from_server && client->answers == 1);
    world_close();
}

/* Each of its small reads makes room for a small send; that is no progress to live on. */
static void who_reads_in_drips_is_not_served_for_ever(void)
{
    scene_open(HANDLER_FILES);
    struct client *client = says(GET_BIG);
    client->send_cap = client->window = 300;
    client->read_max = 60;
    client->read_pause = 200;
    run_ms(2 * (uint64_t)world.options.send_timeout);
    EXPECT(client->stream->reset_from_server && client->answers == 0);
    world_close();
}

static void a_limit_of_0_for_idle_connections_is_none(void)
{
    chance_seed(&world.chance, 42);
    world_boot();
    world.options.idle_timeout = 0;
    EXPECT(world_open(HANDLER_HELLO, false) == 0);
    struct client *client = says(GET);
    run_ms(3600000);
    EXPECT(client->answers == 1 && world.worker.open == 1);
    EXPECT(worker_wait_ms(&world.worker) == -1);
    world_close();
}

/* ------------------------------------------------------------------ running out */

static void without_descriptors_it_rests_and_recovers(void)
{
    scene_open(HANDLER_HELLO);
    struct client *kept = asks(1);
    kept->script.ending = ENDING_SILENT;
    run_ms(10);
    sim_exhaust_descriptors(sim.now + 30000);
    struct client *late = says("GE");
    const uint64_t accepts = sim.made[SIM_ACCEPT];
    run_ms(29000);
    EXPECT(sim.told == 1);
    EXPECT(kept->gave_way);                        /* the idle one gave way: the newcomer has its descriptor */
    EXPECT(sim_stream_of_client(late->number)->accepted);
    says(GET);
    run_ms(900);
    EXPECT(sim.made[SIM_ACCEPT] - accepts < 400);  /* ten times a second, not at each turn */
    sim_pass(2000);
    struct client *probe = asks(1);
    run_ms(200);
    EXPECT(probe->answers == 1);
    world_close();
}

static void a_listener_that_cannot_be_registered_is_tried_again_in_peace(void)
{
    scene_open(HANDLER_HELLO);
    says("GE");
    run_ms(10);
    sim_exhaust_descriptors(sim.now + 5000);
    struct client *waiting = asks(1);
    while (world.worker.listening)
        world_turn();
    sim.fd_limit = SIM_FDS_MAX;
    sim_force(FAULT_CTL_ENOMEM, 20);
    const uint64_t registrations = sim.made[SIM_CTL];
    run_ms(1000);
    EXPECT(sim.made[SIM_CTL] - registrations < 25 && waiting->answers == 0);
    run_ms(3000);
    EXPECT(sim.forced_left == 0 && waiting->answers == 1);
    world_close();
}

static void in_a_full_house_the_longest_idle_gives_way(void)
{
    chance_seed(&world.chance, 42);
    world_boot();
    world.connections_max = 3;
    EXPECT(world_open(HANDLER_HELLO, false) == 0);
    struct client *oldest = says(GET);
    run_ms(100);
    struct client *second = says(GET), *third = says(GET);
    run_ms(5000);
    struct client *newcomer = says(GET);
    run_ms(300);
    EXPECT(newcomer->answers == 1 && oldest->gave_way && !second->gave_way && !third->gave_way);
    EXPECT(counter_read(&world.worker.counters.evicted) == 1);
    world_close();
}

static void a_newcomer_to_a_full_house_waits_only_until_someone_is_idle(void)
{
    chance_seed(&world.chance, 42);
    world_boot();
    world.connections_max = 1;
    EXPECT(world_open(HANDLER_HELLO, false) == 0);
    struct client *busy = says(GET);
    busy->piece_max = 1;
    busy->pause_max = 100;
    run_ms(100);
    struct client *newcomer = says(GET);
    run_ms(50);
    EXPECT(newcomer->answers == 0 && busy->answers == 0);
    run_ms(3000);
    EXPECT(busy->answers == 1 && newcomer->answers == 1);
    world_close();
}

static void in_a_full_house_a_place_that_is_free_is_taken_at_once(void)
{
    chance_seed(&world.chance, 42);
    world_boot();
    world.connections_max = 1;
    EXPECT(world_open(HANDLER_HELLO, false) == 0);
    struct client *busy = says("GE");
    run_ms(10);
    struct client *newcomer = asks(1);
    run_ms(5);
    EXPECT(newcomer->answers == 0);
    client_leave(busy);
    run_ms(10);
    EXPECT(newcomer->answers == 1);
    world_close();
}

/* ------------------------------------------------------------------ every k-th call fails */

static void a_start_that_fails_at_any_call_holds_nothing(void)
{
    uint64_t failing = 0;
    bool failed = true;
    while (failed) {                               /* options of a socket that cannot be set are no reason not to start */
        chance_seed(&world.chance, 42);
        world_boot();
        sim.fail_call = ++failing;
        const int rc = world_open(HANDLER_FILES, true);
        EXPECT(rc <= 0);
        failed = sim.fallible_calls >= failing;
        world_close();
    }
    EXPECT(failing > 5);
    for (uint64_t k = 1;; k++) {
        chance_seed(&world.chance, 42);
        world_boot();
        sim.fail_allocation = k;
        const bool opened = world_open(HANDLER_FILES, true) == 0;
        failed = sim.allocations >= k;
        EXPECT(opened || failed);
        world_close();
        if (!failed)
            break;
    }
}

static void any_allocation_may_fail_while_it_serves(void)
{
    static const enum sim_handler handlers[] = { HANDLER_HELLO, HANDLER_FILES, HANDLER_TAGGED };
    for (size_t h = 0; h < sizeof(handlers) / sizeof(handlers[0]); h++)
        for (uint64_t k = 1;; k++) {
            scene_open(handlers[h]);
            const struct script_rules rules = world_rules();
            const uint64_t before = sim.allocations;
            sim.fail_allocation = before + k;
            for (uint32_t i = 0; i < 12; i++) {
                struct script script;
                script_make(&script, &world.chance, &rules, world.client_count + 1, ENDING_CLOSE);
                world_add(script, i * 5);
            }
            run_ms(3000);
            const bool failed = sim.allocations >= before + k;
            struct client *probe = asks(1);
            run_ms(200);
            EXPECT(probe->answers == 1);
            world_close();
            if (!failed)
                break;
        }
}

static void a_lack_of_memory_is_told_once(void)
{
    scene_open(HANDLER_HELLO);
    for (int i = 0; i < 5; i++) {
        sim_force(FAULT_ALLOC_FAILS, 1);
        says(GET);
        run_ms(20);
    }
    EXPECT(counter_read(&world.worker.counters.failures) == 5 && sim.told == 1);
    run_ms(61000);
    sim_force(FAULT_CTL_ENOMEM, 1);
    says(GET);
    run_ms(20);
    EXPECT(counter_read(&world.worker.counters.failures) == 6 && sim.told == 2);
    world_close();
}

static void many_requests_at_once_are_answered_in_several_turns(void)
{
    scene_open(HANDLER_TAGGED);
    struct script script = { .ending = ENDING_CLOSE, .cut_order = SIM_FAULT_COUNT };
    for (int i = 0; i < 1000; i++)
        script_add_large(&script, 1, 10);
    struct client *client = world_add(script, 0);
    client->send_cap = client->window = 1 << 20;
    run_ms(100);
    EXPECT(client->answers == 1000);
    world_close();
}

static void one_connection_leaves_something_of_a_turn_to_others(void)
{
    chance_seed(&world.chance, 42);
    world_boot();
    world.options.body_max = 16u << 20;
    EXPECT(world_open(HANDLER_TAGGED, false) == 0);
    struct script script = { .ending = ENDING_CLOSE, .cut_order = SIM_FAULT_COUNT };
    script_add_large(&script, 1, 12u << 20);
    struct client *client = world_add(script, 0);
    client->send_cap = client->window = 32u << 20;
    struct client *other = asks(1);
    run_ms(5);
    EXPECT(other->answers == 1);
    run_ms(500);
    EXPECT(client->answers == 1);
    world_close();
}

static void no_request_of_a_warm_connection_allocates(void)
{
    scene_open(HANDLER_FILES);
    says("GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n");
    says("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    run_ms(50);
    const uint64_t before = sim.allocations;
    for (int i = 0; i < 50; i++) {
        says("GET /index.html HTTP/1.1\r\nHost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
        run_ms(5);
    }
    EXPECT(sim.allocations == before);
    world_close();
}

/* ------------------------------------------------------------------ batches, files, the log, the drain */

static void a_thousand_pipelined_requests_are_answered_with_few_sends(void)
{
    scene_open(HANDLER_TAGGED);
    struct client *client = asks(1000);
    client->send_cap = client->window = 1 << 20;
    run_ms(200);
    EXPECT(client->answers == 1000);
    EXPECT(sim.made[SIM_SEND] < 40);
    world_close();
}

static void a_file_that_shrinks_ends_its_connection_and_no_other(void)
{
    scene_open(HANDLER_FILES);
    struct client *client = says(GET_BIG), *other = asks(2);
    client->send_cap = client->window = 4096;
    sim_force(FAULT_SENDFILE_SHRUNK, 1);
    run_ms(3000);
    EXPECT(sim.forced_left == 0);
    EXPECT(client->answers == 0 && client->heard > 0 && is_gone(client));
    EXPECT(other->answers == 2);
    world_close();
}

static void trouble_with_the_log_stops_nobody(void)
{
    static const enum sim_fault troubles[] = { FAULT_LOG_SHORT, FAULT_LOG_EAGAIN, FAULT_LOG_EPIPE, FAULT_LOG_ENOSPC, FAULT_LOG_EIO };
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        scene_open(HANDLER_HELLO);
        for (int round = 0; round < 5; round++) {
            struct client *client = asks(300);
            sim_force(troubles[i], 3);
            run_ms(1500);
            EXPECT(client->answers == 300);
        }
        EXPECT(sim.log_struck);
        world_close();
    }
}

static void a_line_is_in_the_log_a_second_after_its_request(void)
{
    scene_open(HANDLER_HELLO);
    struct client *client = asks(1);
    client->script.ending = ENDING_SILENT;
    run_ms(20);
    EXPECT(client->answers == 1 && bytes_len(&sim.log) == 0);
    EXPECT(worker_wait_ms(&world.worker) <= 1000);
    run_ms(1100);
    EXPECT(bytes_len(&sim.log) > 0);
    world_close();
}

static void the_log_is_written_at_once_when_it_is_asked_for(void)
{
    scene_open(HANDLER_HELLO);
    asks(1);
    run_ms(20);
    EXPECT(bytes_len(&sim.log) == 0);
    worker_flush(&world.worker);
    const uint64_t before = sim.now;
    world_turn();
    EXPECT(bytes_len(&sim.log) > 0 && sim.now == before);
    world_close();
}

static void a_drain_finishes_what_is_in_flight(void)
{
    scene_open(HANDLER_FILES);
    struct client *writing = says(GET_BIG), *reading = says(GET), *idle = says("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    writing->send_cap = writing->window = 30000;
    writing->read_max = 30000;
    writing->read_pause = 60;
    reading->piece_max = 3;
    reading->pause_max = 40;
    run_ms(50);
    world_stop();
    const uint64_t began = sim.now;
    while (world_turn())
        EXPECT(sim.now < began + world.options.drain_timeout + 100);
    EXPECT(writing->answers == 1 && reading->answers == 1 && idle->answers == 1);
    EXPECT(sim.now < began + 2500);                /* when nothing is in flight any more it is over */
    EXPECT(reading->told_close);
    EXPECT(sim_connect(WORLD_PORT, 99) == NULL);
    world_close();
}

static void a_drain_does_not_wait_for_ever(void)
{
    scene_open(HANDLER_FILES);
    struct client *deaf = says(GET_BIG);
    deaf->read_max = 0;
    deaf->send_cap = deaf->window = 1000;
    world.options.send_timeout = 1000000;
    says("GET / HT");
    run_ms(50);
    world_stop();
    const uint64_t began = sim.now;
    world_turn();
    EXPECT(sim.now == began && world.worker.drain_until != 0);     /* it is woken for it */
    while (world_turn())
        EXPECT(sim.now < began + world.options.drain_timeout + 100);
    EXPECT(sim.now >= began + 1000);
    world_close();
}

static const struct sim_case cases[] = {
    CASE(an_end_of_stream_closes_the_connection_and_the_processor_rests),
    CASE(an_end_that_comes_with_the_request_does_not_hide_it),
    CASE(a_reset_is_seen_whatever_bits_tell_of_it),
    CASE(connections_that_arrive_together_are_all_accepted),
    CASE(a_connection_is_registered_once_and_two_calls_serve_a_request),
    CASE(who_asked_for_the_close_and_has_said_all_is_closed_at_once),
    CASE(input_that_is_still_coming_does_not_destroy_the_answer),
    CASE(a_lingering_close_drops_only_so_much),
    CASE(a_stale_event_does_not_reach_the_next_connection),
    CASE(the_failure_of_one_connection_is_its_own),
    CASE(one_byte_a_second_gains_nothing),
    CASE(a_kept_connection_that_is_used_is_not_idle),
    CASE(a_body_that_stops_is_not_excused_by_a_fast_beginning),
    CASE(a_body_that_comes_slowly_but_fast_enough_is_taken),
    CASE(a_connection_that_says_nothing_is_closed),
    CASE(the_deaf_are_reset_and_the_slow_are_served),
    CASE(who_begins_fast_and_then_drips_is_not_served_for_ever),
    CASE(who_reads_in_drips_is_not_served_for_ever),
    CASE(a_limit_of_0_for_idle_connections_is_none),
    CASE(without_descriptors_it_rests_and_recovers),
    CASE(a_listener_that_cannot_be_registered_is_tried_again_in_peace),
    CASE(in_a_full_house_the_longest_idle_gives_way),
    CASE(in_a_full_house_a_place_that_is_free_is_taken_at_once),
    CASE(a_newcomer_to_a_full_house_waits_only_until_someone_is_idle),
    CASE(a_start_that_fails_at_any_call_holds_nothing),
    CASE(any_allocation_may_fail_while_it_serves),
    CASE(a_lack_of_memory_is_told_once),
    CASE(many_requests_at_once_are_answered_in_several_turns),
    CASE(one_connection_leaves_something_of_a_turn_to_others),
    CASE(no_request_of_a_warm_connection_allocates),
    CASE(a_thousand_pipelined_requests_are_answered_with_few_sends),
    CASE(a_file_that_shrinks_ends_its_connection_and_no_other),
    CASE(trouble_with_the_log_stops_nobody),
    CASE(a_line_is_in_the_log_a_second_after_its_request),
    CASE(the_log_is_written_at_once_when_it_is_asked_for),
    CASE(a_drain_finishes_what_is_in_flight),
    CASE(a_drain_does_not_wait_for_ever),
};

int main(int argc, char **argv)
{
    return cases_run(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
