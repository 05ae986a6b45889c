/* One simulated run: a worker of the production code on the simulated kernel, its handler, and the clients around it. */
#ifndef WEIR_SIM_WORLD_H
#define WEIR_SIM_WORLD_H

#include "client.h"
#include "handler/static.h"
#include "os_sim.h"
#include "script.h"
#include "server/worker.h"

enum { WORLD_CLIENTS_MAX = 256, WORLD_PORT = 8080 };

struct world {
    struct chance chance;
    struct weir_options options;
    struct weir_handler handler;
    struct weir_stream_handler streams;    /* HANDLER_ECHO, instead */
    enum sim_handler handler_kind;
    struct static_files *files;
    struct listener listeners[LISTENER_SOCKETS_MAX];
    uint32_t listener_count;
    struct worker worker;
    bool lists;                    /* HANDLER_FILES lists folders without an index */
    bool files_change;             /* while they are served */
    bool cache_is_small;
    bool is_open;                  /* the worker is */
    uint32_t connections_max;
    _Atomic uint32_t connections_open;
    struct error_log errors;
    int log_fd;
    uint32_t client_count;
    uint64_t memory_before;        /* allocated when the worker was open and idle */
    uint64_t stopped_at;           /* when the drain began; 0: it has not */
    uint64_t turns;
    uint64_t wait_max;             /* ms that a turn may wait at most; 0: a second */
    uint64_t digest;               /* of the whole run, after world_close(): the same seed gives the same */
    uint64_t requests;             /* events of the machine, counted beside the worker's own counters */
    uint64_t timeouts;
    uint64_t failures;
    bool descriptors_run_out;      /* now and then, in this run */
    bool takes_parts;              /* HANDLER_ECHO: now and then it takes a part of what it is shown */
    bool calm;                     /* no faults any more: each turn takes a millisecond */

    /* progress, for the check against turning in vain */
    uint64_t last_progress;
    uint64_t last_strikes;
    bool last_listening;
    uint32_t vain_turns;

    struct client clients[WORLD_CLIENTS_MAX];      /* last: world_boot() leaves them as they are, world_add() begins each */
};

extern struct world world;

/* A world without clients. `chance` of it is seeded already. */
void world_boot(void);

/* Options with which limits pass soon, and which all runs start from. */
struct weir_options world_options(void);

/* Opens listener, handler, log and worker. 0, or what worker_open() or another says; then nothing is held. */
int world_open(enum sim_handler handler, bool with_log);

/* A client at `start` ms from now. */
struct client *world_add(struct script script, uint64_t start);

/* The clients do what is due, then the worker has a turn. false: its drain has ended. */
bool world_turn(void);

/* Turns until `until` (ms), or until no client has anything to do and the worker is at rest. */
void world_run(uint64_t until);

/* A drain begins. */
void world_stop(void);

/* Closes all, and checks that nothing is left. */
void world_close(void);

/* One whole run: from a seed, or from a script of bytes. */
void world_simulate(uint64_t seed);

/* The same, with some more clients who say what stands in `texts`: parted by two bytes 0xff. `handler`: HANDLER_COUNT lets the script choose. */
void world_simulate_script(enum sim_handler handler, const uint8_t *script, size_t len, const uint8_t *texts, size_t texts_len);

/* The client of a number, or NULL. */
struct client *world_client(uint32_t number);
struct client *world_client_of(const struct weir_peer *peer);

struct script_rules world_rules(void);

/* ---- the tagged handler (tagged.c) ---- */

struct weir_handler tagged_handler(void);

/* Answers that come later: when the next one is due (ms, UINT64_MAX: none), giving the due ones to the worker, and forgetting all. */
uint64_t tagged_next(void);
void tagged_post(void);
void tagged_forget(void);

/* Bodies, files and requests that it has lent out. */
uint32_t tagged_bodies_lent(void);
uint32_t tagged_files_open(void);
uint32_t tagged_requests_open(void);

/* ---- work on other threads (offloaded.c) ---- */

/* A new world has no work under way. What worker_config wants. */
struct errands *offloaded_open(void);

/* When some is due, ms; UINT64_MAX: there is none. Does all that is due, between two turns; or one, between two calls. */
uint64_t offloaded_next(void);
void offloaded_run(void);
void offloaded_run_between(void);

/* Is it a thread that makes the calls? */
bool offloaded_is_working(void);

/* How many the worker has not heard of yet. */
uint32_t offloaded_count(void);

/* All is done, and what comes is refused. */
void offloaded_close(void);

/* ---- echo on plain connections, watched (echoed.c) ---- */

struct weir_stream_handler echoed_handler(void);

/* Connections that have shown something and have not ended. */
uint32_t echoed_open(void);

/* ---- what must hold (checks.c) ---- */

/* A new worker. */
void check_begin(void);

/* After every turn. */
void check_worker(const struct worker *w);

/* A turn made no progress, nothing struck, and no client did anything: not twice in a row. */
void check_progress(void);

/* After the end of everything. */
void check_nothing_left(void);
void check_log(void);

#endif
