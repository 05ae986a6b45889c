/* A client: says what its script holds, in pieces and with pauses as chance has it, and checks every byte that it hears. */
#ifndef WEIR_SIM_CLIENT_H
#define WEIR_SIM_CLIENT_H

#include "os_sim.h"
#include "reply.h"
#include "script.h"

enum client_step { CLIENT_WAITS, CLIENT_TALKS, CLIENT_LISTENS, CLIENT_GONE };

struct client {
    uint32_t number;               /* its address, and what is in all its targets */
    struct script script;
    struct sim_stream *stream;     /* NULL before it connects and after it is gone */
    enum client_step step;
    uint64_t next;                 /* when it does something by itself, ms; UINT64_MAX: never */
    uint64_t read_next;
    uint64_t speak_next;           /* then the next piece, whatever it hears before */
    uint64_t gate_until;           /* waits for a 100 (Continue) until then; 0: not */
    uint64_t connected;            /* when */
    uint64_t answered_at;          /* when its last answer was complete */

    /* how it behaves */
    uint16_t port;
    uint32_t piece_max;            /* bytes that it sends at once */
    uint32_t pause_max;            /* ms between two pieces */
    uint32_t read_max;             /* bytes that it reads at once; 0: it is deaf */
    uint32_t read_pause;
    bool shuts;                    /* its side, after the last byte, whatever its ending */
    bool says_on;                  /* though a response said close */
    bool alternates;               /* it says a piece only when all before it was answered */
    bool exact;                    /* it behaves well: every answer must come */
    size_t send_cap;               /* of the server's send buffer, and of its own receive buffer; 0: as they come */
    size_t window;
    size_t reset_after;            /* ENDING_RESET: after it has heard so many bytes; 0: see script.reset_at */

    /* what it has said and heard */
    size_t said;
    uint32_t said_whole;           /* requests that were said to their end */
    uint64_t heard;
    struct reply reply;
    uint32_t answers;              /* complete final responses */
    uint64_t content_at;           /* in the content of the current response */
    struct sim_version version;    /* of a file: the state that its tag names; version.inode is NULL where it names none */
    struct sim_bytes whole;        /* what can be judged only when it is complete: listings, several parts */
    bool told_close;               /* a response said that the connection ends */
    bool continued;                /* a 100 came for the current request */
    bool blind;                    /* it can no longer tell where a response ends */
    struct sim_bytes *record;      /* where not NULL: all that it hears, Date masked */
    struct heard {
        uint16_t status;
        uint64_t content;          /* bytes */
    } first[8];                    /* answers */

    /* what the server did with it, told by whoever watches the server */
    uint32_t handled;              /* calls of the handler's answer() */
    int64_t last_handled;          /* number of the request in the last of them; -1: none */
    uint32_t exchanges;            /* answers that the machine had composed: each is to be logged */
    uint32_t ended;                /* of these, those that left */
    bool timed_out;                /* the server said 408, or reset it, by a limit that had passed */
    bool gave_way;                 /* the server closed it while it was idle */
};

/* `client` begins at `start`; its script is made already. */
void client_init(struct client *client, uint32_t number, uint16_t port, uint64_t start);

/* Draws how it behaves. */
void client_draw_pace(struct client *client, struct chance *c, const struct weir_options *options);

/* When it does something again, ms; UINT64_MAX: when the server does something. */
uint64_t client_next(const struct client *client);

/* Does what is due at this time. */
void client_act(struct client *client, struct chance *c);

/* It stays, and does nothing any more. */
void client_fall_silent(struct client *client);

/* It leaves at once. */
void client_leave(struct client *client);

/* It has left, or has heard all that it can. */
bool client_is_done(const struct client *client);

/* It behaves well, and an answer that it may ask for has not come yet. */
bool client_is_owed(const struct client *client);

/* ---- answers of HANDLER_FILES (files_heard.c) ---- */

/* A head has come; content; and its end. */
void files_heard_head(struct client *client, const struct expect *e);
void files_heard_content(struct client *client, const struct expect *e);
void files_heard_end(struct client *client, const struct expect *e);

__attribute__((noreturn)) void client_heard_wrong(const struct client *client, const char *what);

/* At the end of a run: what had to come has come. */
void client_check_end(const struct client *client);

void client_free(struct client *client);

#endif
