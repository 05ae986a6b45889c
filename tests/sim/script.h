/* What a client will say, and what it may expect to hear: made from chance before the client connects. */
#ifndef WEIR_SIM_SCRIPT_H
#define WEIR_SIM_SCRIPT_H

#include "disk.h"
#include "os_sim.h"
#include "weir.h"

/* Which handler answers in this run. */
enum sim_handler {
    HANDLER_HELLO,
    HANDLER_FILES,
    HANDLER_TAGGED,
    HANDLER_ECHO_HTTP,             /* echo_http_handler() */
    HANDLER_ECHO,                  /* echo_stream_handler(), on plain connections: no HTTP */
    HANDLER_COUNT
};

/* Which bytes of a file were asked for. */
enum asked { ASKED_ALL, ASKED_PART, ASKED_PARTS };

/* What was said to HANDLER_FILES in a request for a file. */
struct file_wish {
    int row;                       /* of the file, 1 + disk.h's number; 0: for no file */
    bool lists;                    /* for a folder that is listed */
    bool plain;                    /* with text/plain or JSON, not HTML */
    enum asked asked;
    int64_t first;                 /* ASKED_PART: below 0, the last so many bytes */
    int64_t last;                  /* INT64_MAX: to the end */
    unsigned codings;              /* CODING_BITs that were taken beside the identity */
    char none_match[DISK_TAG_SIZE];    /* If-None-Match; empty: not said */
    char if_range[DISK_TAG_SIZE];
};

/* The answer to one request. */
struct expect {
    uint16_t status;               /* 0: any */
    uint16_t or_status;            /* or this one */
    bool head;                     /* it is a HEAD: no content comes */
    bool may_continue;             /* it asked for a 100 (Continue) */
    bool last;                     /* the connection ends behind it */
    bool old;                      /* HTTP/1.0 */
    bool has_tag;                  /* the content is sim_tag(tag, i), `size` bytes */
    bool sized;                    /* `size` is what Content-Length must say */
    bool chunked;                  /* it comes in chunks, `size` bytes together */
    bool early;                    /* it may begin before the request is complete */
    bool may_break;                /* and break off, where the request does */
    uint64_t tag;
    uint64_t size;
    uint32_t number;               /* of the request on its connection, told back in X-Tag by the tagged handler */
    size_t gate;                   /* where content begins that is not sent before a 100 came; 0: none */
    size_t ends;                   /* where the request ends in the stream */
    uint64_t said_at;              /* ms, when it was said to its end; 0: not yet */
    struct file_wish file;
};

enum ending {
    ENDING_CLOSE,                  /* hears all, then closes */
    ENDING_SHUT,                   /* shuts its side after the last byte, then listens */
    ENDING_CUT,                    /* shuts its side inside a message */
    ENDING_RESET,                  /* resets somewhere */
    ENDING_SILENT,                 /* says nothing more, and stays */
    ENDING_REFUSED,                /* what comes at the end is refused, and it knows how */
    ENDING_WILD,                   /* nobody knows what it will hear */
    ENDING_COUNT
};

struct script {
    struct sim_bytes stream;
    struct expect *expects;
    uint32_t count;
    uint32_t cap;
    uint32_t good;                 /* so many requests are complete and right: a handler sees these alone */
    enum ending ending;
    bool plain;                    /* it speaks no HTTP: what it says comes back, `stream` itself. One `expect` stands for all of it */
    size_t reset_at;               /* ENDING_RESET: after so many bytes */
    enum sim_fault cut_order;      /* ENDING_CUT, ENDING_RESET: what is counted when it happens; SIM_FAULT_COUNT: nothing */
};

/* What a request may cost in this run. */
struct script_rules {
    enum sim_handler handler;
    const struct weir_options *options;
    bool files_may_fail;           /* faults strike files: other answers are right, too */
    bool files_change;             /* in their place, or they vanish */
    bool lists;                    /* a folder without an index is listed */
};

/* `client` stands in every target. */
void script_make(struct script *script, struct chance *c, const struct script_rules *rules, uint32_t client, enum ending ending);

/* A script of bytes as they are, of which nothing is known. */
void script_of_bytes(struct script *script, const uint8_t *bytes, size_t len);

/* One plain request that every handler answers, for whoever tests the server's health. */
void script_make_probe(struct script *script, const struct script_rules *rules, uint32_t client);

/* `len` bytes on a plain connection, where they come back. */
void script_make_plain(struct script *script, uint32_t client, uint32_t len, enum ending ending);

/* Adds one more short request that every handler answers. */
void script_add_short(struct script *script, const struct script_rules *rules, uint32_t client);

/* Adds a request for a file of `size` bytes, for the tagged handler. */
void script_add_large(struct script *script, uint32_t client, uint32_t size);

/* A fixed text, refused in a known way. How many there are; and the status of one. */
size_t script_refused_count(void);
void script_make_refused(struct script *script, const struct script_rules *rules, uint32_t client, size_t index);

void script_free(struct script *script);

/* The tag of the answer to, and of the content of, a request. */
uint64_t answer_tag(uint32_t client, uint32_t number);
uint64_t content_tag(uint32_t client, uint32_t number);

#endif
