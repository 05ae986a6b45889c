/* The simulated kernel: every call of os/os.h, in memory. It stands in the place of os_linux.c when linked, so that what runs above it is
 * the production loop. This header is for whoever sits at the other end: the clients, the checks, the runner.
 *
 * There is one kernel, as there is in a process. Time moves only in os_epoll_wait(), os_poll() and os_select(), by sim_pass(), and by faults. */
#ifndef WEIR_SIM_OS_SIM_H
#define WEIR_SIM_OS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "chance.h"
#include "faults.h"
#include "os/os.h"

enum {
    SIM_FDS_MAX = 1536,            /* more than select(2) has room for */
    SIM_FIRST_FD = 3,
    SIM_STREAMS_MAX = 4096,
    SIM_ITEMS_MAX = 512,
    SIM_GHOSTS_MAX = 32,
    SIM_NOTICED_MS = 200           /* so much time, lost at once, may let a limit pass that would not have */
};

/* A queue of bytes. */
struct sim_bytes {
    uint8_t *data;
    size_t start;
    size_t end;
    size_t cap;
};

void bytes_append(struct sim_bytes *b, const void *data, size_t len);
void bytes_drop(struct sim_bytes *b, size_t len);
void bytes_unappend(struct sim_bytes *b, size_t len);
void bytes_free(struct sim_bytes *b);

static inline size_t bytes_len(const struct sim_bytes *b)
{
    return b->end - b->start;
}

/* The first byte; never NULL. */
static inline const uint8_t *bytes_at(const struct sim_bytes *b)
{
    return b->data == NULL ? (const uint8_t *)"" : b->data + b->start;
}

/* ---- a connection, seen from both ends ---- */

struct sim_stream {
    uint32_t client;               /* number of the client: its address is 10.x.y.z */
    int fd;                        /* the server's end; -1 before accept and after close */
    int listener;                  /* in whose backlog it stands until accept; -1 afterwards */
    struct sim_bytes to_server;    /* arrived and not received */
    struct sim_bytes to_client;    /* sent and not read; the first `acknowledged` bytes are in the client's kernel */
    size_t acknowledged;
    size_t send_cap;               /* of the server's send buffer */
    size_t window;                 /* of the client's receive buffer */
    size_t receive_cap;            /* of the server's receive buffer */
    uint64_t received;             /* by recv, ever */
    uint64_t sent;                 /* by send and sendfile, ever */
    uint64_t arrived;              /* from the client, ever */
    uint64_t turn;                 /* the last in which bytes moved, and how many */
    uint64_t turn_bytes;
    uint64_t turn_of_events;       /* the last in which the machine had an event of it, and how many */
    uint32_t turn_events;
    uint64_t read_blocked_until;   /* a fault holds arrived bytes, or room, back until then; 0: not */
    uint64_t write_blocked_until;
    int error;                     /* told by the next call, once: the connection is broken */
    bool broken;                   /* no byte passes any more */
    bool fin_from_client;
    bool fin_from_server;
    bool reset_from_server;        /* the client sees a reset */
    bool accepted;
    bool reset_on_close;
    bool no_room_told;             /* the server was told that there is no room: it will be told of room */
    bool struck;                   /* a fault that ends the connection struck it, or its client reset it */
    bool excused;                  /* a fault that may end it struck it or all: the client can ask for no answer */
    bool in_use_by_client;
    bool in_file;                  /* the last thing sent was a part of a file, not its end */
    bool news;                     /* the server did something that the client has not looked at */
};

/* A client connects to `port`, where something listens. NULL: refused, nobody listens or the backlog is full. The client gives it back with
 * sim_release(). */
struct sim_stream *sim_connect(uint16_t port, uint32_t client);
void sim_release(struct sim_stream *s);

/* How many of the bytes were taken: no more than the receive buffer of the server has room for, 0 when the connection is broken. */
size_t sim_client_send(struct sim_stream *s, const void *data, size_t len);
size_t sim_client_room(const struct sim_stream *s);

/* Reads what came, at most `size`. The bytes are acknowledged. */
size_t sim_client_receive(struct sim_stream *s, void *data, size_t size);
void sim_client_shut(struct sim_stream *s);
void sim_client_reset(struct sim_stream *s);

/* Everything was read, and the server ended its side, or reset. */
bool sim_client_sees_end(const struct sim_stream *s);

/* The stream whose server end is `fd`, or NULL. */
struct sim_stream *sim_stream_of(int fd);

/* The stream of a client by its number, or NULL. */
struct sim_stream *sim_stream_of_client(uint32_t client);

/* recv, send on this stream would give something now. */
bool sim_readable(const struct sim_stream *s);
bool sim_writable(const struct sim_stream *s);

/* The poller has not yet told of something that happened here. */
bool sim_telling(const struct sim_stream *s);

/* ---- files ---- */

enum sim_file_kind { SIM_REGULAR, SIM_FOLDER, SIM_LINK, SIM_FIFO, SIM_DEVICE };

struct sim_inode {
    const char *path;              /* from the root of all: "/srv/www/a.txt"; links name their target behind */
    const char *target;            /* of SIM_LINK */
    enum sim_file_kind kind;
    uint64_t size;
    int64_t mtime;                 /* s */
    int64_t ctime;
    uint32_t nanoseconds;          /* of ctime */
    uint32_t mtime_nanoseconds;
    bool keeps_mtime;              /* whoever changes it puts mtime back */
    uint64_t ino;
    int row;                       /* whatever its owner wants to remember */
    bool is_watched;               /* its states are remembered */
    uint64_t changed_ms;           /* by its owner; 0: never */
    uint32_t entries;              /* of SIM_FOLDER: so many files that have no inodes */
    uint64_t tag;                  /* its content: byte i is sim_tag(tag, i) */
    bool secret;                   /* opening it for reading fails with EACCES */
    bool outside;                  /* a server that opens it for reading has left its folder */
    const char *content;           /* where it is not NULL, instead of tags */
    uint32_t holders;              /* descriptors, of one that goes with them */
};

/* One state of a file. */
struct sim_version {
    const struct sim_inode *inode;
    uint64_t size, tag;
    struct stat status;
    int row;
    char tags[2][80];              /* that an answer may give it, as its owner finds out: as it is, and in a coding */
    uint64_t until;                /* ms; UINT64_MAX: it is still so */
};

/* The path of what no path leads to any more. */
#define SIM_PATH_GONE "(gone)"

/* A state of a file ends, and another begins: its time is one that no other state has. */
void sim_file_ends(struct sim_inode *inode);
void sim_file_stands(struct sim_inode *inode);

/* The name of an entry without an inode. Its length. */
size_t sim_entry_name(uint32_t number, char name[256]);

/* Adds a file; `inode` and its texts are borrowed for the run. */
void sim_add_file(struct sim_inode *inode);

/* A file whose content is tagged, without a name: a descriptor of it. */
int sim_open_tagged(uint64_t tag, uint64_t size);

/* Byte `at` of what is tagged `tag`; and `len` bytes from there. */
static inline uint8_t sim_tag(uint64_t tag, uint64_t at)
{
    const uint64_t block = chance_mix(tag ^ (at >> 3));
    return (uint8_t)(block >> ((at & 7) * 8));
}

void sim_tag_bytes(uint64_t tag, uint64_t at, uint8_t *out, size_t len);

/* `len` bytes of a file from `at`. */
void sim_inode_bytes(const struct sim_inode *inode, uint64_t at, uint8_t *out, size_t len);

/* ---- the kernel ---- */

struct sim_fd {
    enum sim_fd_kind { SIM_FREE, SIM_STREAM, SIM_LISTENER, SIM_EPOLL, SIM_EVENTFD, SIM_FILE, SIM_LOG_FILE, SIM_SOCKET } kind;
    struct sim_stream *stream;     /* SIM_STREAM */
    struct sim_inode *inode;       /* SIM_FILE */
    uint64_t value;                /* SIM_EVENTFD: counter; SIM_LISTENER, SIM_SOCKET: port; SIM_FILE: open flags */
    uint32_t next_entry;           /* SIM_FILE, of a folder: where getdents goes on */
    bool is_copy;                  /* SIM_FILE: made by dup */
    uint32_t backlog;              /* SIM_LISTENER: connections that wait */
    uint16_t family;               /* SIM_SOCKET, SIM_LISTENER */
    bool owned_inode;              /* SIM_FILE: the inode goes with the descriptor */
    short wanted;                  /* SIM_STREAM: what its state waits for, in the bits of poll(2); where sim.wants_known */
};

/* A registration with an epoll. */
struct sim_item {
    int epoll;                     /* 0: not in use */
    int fd;
    uint32_t events;
    uint64_t data;
    bool queued;                   /* something happened that was not told yet */
    uint32_t told_in_batch;        /* of the last batch: how often */
};

struct sim_ghost {
    uint64_t data;                 /* of a registration whose descriptor was closed */
    int fd;
};

struct sim_kernel {
    struct chance *chance;
    uint64_t now;                  /* ms */
    uint64_t still_at;             /* what the clock shows while it stands still */
    uint32_t still_calls;          /* so many more calls */
    bool jumped;                   /* the clock, since the turn began */
    bool file_changed;             /* under a look at it, in this run */
    int64_t wall_skew;             /* s */
    bool faults_on;
    uint16_t rate[SIM_CALL_COUNT]; /* a fault strikes one in so many calls; 0: never */
    uint64_t disabled[3];          /* bits of the faults that this run does not use */
    int forced;                    /* this fault strikes its call each time, as long as `forced_left` is above 0 */
    uint32_t forced_left;
    uint64_t made[SIM_CALL_COUNT]; /* calls, by what may be struck: those that had something to do */
    uint64_t receives;             /* calls of recv and of accept, all of them */
    uint64_t accepts;
    uint64_t turn;                 /* number of the turn of the loop */
    struct sim_fd fds[SIM_FDS_MAX];
    uint32_t open[SIM_SOCKET + 1]; /* descriptors, by kind */
    uint32_t copies;               /* open descriptors that dup made */
    int first_fd;                  /* below are others', of whom nothing is known */
    int fd_limit;                  /* descriptors from here on are refused with EMFILE */
    uint64_t fd_limit_until;       /* then it is lifted; 0: no such thing */
    int last_closed;
    struct sim_item items[SIM_ITEMS_MAX];
    uint32_t item_count;           /* the first so many have ever been in use */
    struct sim_ghost ghosts[SIM_GHOSTS_MAX];
    uint32_t ghost_count;
    uint32_t batch;                /* number of the last batch */
    bool level;                    /* poll or select was called: they tell for as long as it is so */
    bool wants_known;              /* somebody keeps sim_fd.wanted */
    int told_below;                /* the poller has room for descriptors below; 0: for all */
    struct sim_stream *streams[SIM_STREAMS_MAX];
    uint32_t stream_count;
    struct sim_inode *inodes[64];
    uint32_t inode_count;
    struct sim_version *versions;  /* all that ever stood */
    uint32_t version_count;
    uint32_t version_cap;
    struct sim_bytes log;          /* everything that was written to the log */
    bool accept_failed;            /* in this turn, for want of descriptors or memory */
    bool draining;                 /* who connects from now on can ask for no answer */
    bool log_struck;               /* a write to the log was cut short or refused */
    uint64_t memory;               /* bytes allocated now */
    uint64_t memory_blocks;
    struct sim_block *blocks;      /* all that is allocated */
    uint64_t allocations;          /* ever */
    uint64_t fail_allocation;      /* this one fails, counted from 1; 0: none */
    uint64_t calls;                /* ever */
    uint64_t fail_call;            /* the call of start-up that fails, counted from 1; 0: none */
    uint64_t fallible_calls;
    uint64_t turn_calls;           /* since sim_begin_turn() */
    uint64_t progress;             /* grows with everything that changes something */
    uint64_t strikes;              /* faults that struck, ever */
    void (*interrupt)(void *context);   /* now and then between two calls, for what happens at the same time */
    void *interrupt_context;
    uint16_t interrupt_rate;
    uint64_t told;                 /* lines on standard error */
    FILE *trace;                   /* NULL: silent */
};

extern struct sim_kernel sim;

/* How often each was seen, over all runs of the process. */
extern uint64_t sim_seen[SIM_FAULT_COUNT];
const char *sim_fault_name(enum sim_fault fault);
void sim_count(enum sim_fault fault);

/* A new kernel: nothing is open, the clock is at some time, no faults. `chance` is borrowed. */
void sim_boot(struct chance *chance);

/* Draws for this run which faults strike, and how often. */
void sim_draw_faults(void);

/* The next `times` calls that this fault can strike are struck. */
void sim_force(enum sim_fault fault, uint32_t times);

/* Whether faults of this call are on in this run: what depends on it may then fail. */
bool sim_may_fail(enum sim_call call);

/* The end of a run: gives back what the kernel itself holds, and what a worker that was thrown away has left. */
void sim_halt(void);

/* A turn of the loop begins: it may make only so many calls. */
void sim_begin_turn(void);

/* Time passes. */
void sim_pass(uint64_t ms);

/* A clock that stands still goes on. */
void sim_let_clock_go(void);

/* When something will happen that a fault held back; UINT64_MAX: nothing. */
uint64_t sim_next_time(void);

/* All connections that are open now may end without an answer. */
void sim_excuse_all(void);

/* For a while there is no descriptor left. */
void sim_exhaust_descriptors(uint64_t until);

/* A descriptor of the log, as the server is given it. */
int sim_open_log(bool pipe);

uint32_t sim_open_fds(enum sim_fd_kind kind);
const char *sim_fd_kind_name(enum sim_fd_kind kind);

/* A promise was broken: says which, with the seed, and ends the process. */
__attribute__((noreturn, format(printf, 1, 2))) void sim_broken(const char *format, ...);

/* What is said first by sim_broken(), and how the process ends. Set by the runner. */
extern void (*sim_on_broken)(const char *what);

__attribute__((format(printf, 1, 2))) void sim_trace(const char *format, ...);

/* ---- between the parts of the kernel ---- */

/* Every call begins here: counts it, and lets things happen at the same time. */
void sim_enter(void);

/* The fault that strikes this call, or -1. */
int sim_strike(enum sim_call call);
int sim_fault_errno(int fault);

int sim_fd_take(enum sim_fd_kind kind);
struct sim_fd *sim_fd_get(int fd, enum sim_fd_kind kind, const char *call);

/* Something happened to what is registered: it will be told. */
void sim_wake(int fd);
void sim_poller_forget(int fd);
uint32_t sim_stream_mask(struct sim_stream *s);
uint32_t sim_listener_mask(const struct sim_fd *f);
void sim_stream_close(struct sim_stream *s);
void sim_streams_tick(void);
void sim_refuse_backlog(int listener);

/* Calls of start-up, which fail only by number: true when this one does. */
bool sim_start_fails(void);

#endif
