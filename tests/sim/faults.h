/* Everything that the simulated kernel may do to a server: one list of faults, each with the call that it strikes, and one of event orders.
 * Each is counted; a whole run of seeds fails when one of them was never seen. */
#ifndef WEIR_SIM_FAULTS_H
#define WEIR_SIM_FAULTS_H

#include <errno.h>

/* What may be struck. A run draws for each of these whether, and how often. */
#define SIM_CALLS(C) \
    C(ACCEPT) C(RECV) C(SEND) C(SENDFILE) C(WAIT) C(POLL) C(SELECT) C(CTL) C(OPEN) C(FSTAT) C(PREAD) C(SHUTDOWN) C(CLOSE) C(CLOCK) C(ALLOC) C(LOG) \
    C(COLD) C(LOOK) C(LIST) C(OFFLOAD)

/*    strikes    name           errno, or 0 where it is something else */
#define SIM_FAULTS(F) \
    F(ACCEPT,   EAGAIN,        EAGAIN)        F(ACCEPT,   EINTR,        EINTR) \
    F(ACCEPT,   ECONNABORTED,  ECONNABORTED)  F(ACCEPT,   EPROTO,       EPROTO) \
    F(ACCEPT,   EPERM,         EPERM)         F(ACCEPT,   EMFILE,       EMFILE) \
    F(ACCEPT,   ENFILE,        ENFILE)        F(ACCEPT,   ENOBUFS,      ENOBUFS) \
    F(ACCEPT,   ENOMEM,        ENOMEM)        F(ACCEPT,   EHOSTUNREACH, EHOSTUNREACH) \
    F(ACCEPT,   RESET,         0)             /* a socket that is already reset */ \
    F(RECV,     SHORT,         0)             F(RECV,     EAGAIN,       EAGAIN) \
    F(RECV,     EINTR,         EINTR)         F(RECV,     ECONNRESET,   ECONNRESET) \
    F(RECV,     ETIMEDOUT,     ETIMEDOUT)     F(RECV,     ENOMEM,       ENOMEM) \
    F(SEND,     SHORT,         0)             F(SEND,     ZERO,         0) \
    F(SEND,     ONE,           0)             F(SEND,     BOUNDARY,     0) \
    F(SEND,     EAGAIN,        EAGAIN)        F(SEND,     EINTR,        EINTR) \
    F(SEND,     EPIPE,         EPIPE)         F(SEND,     ECONNRESET,   ECONNRESET) \
    F(SEND,     ENOBUFS,       ENOBUFS)       F(SEND,     ENOMEM,       ENOMEM) \
    F(SENDFILE, SHORT,         0)             F(SENDFILE, SHRUNK,       0) \
    F(SENDFILE, EAGAIN,        EAGAIN)        F(SENDFILE, EINTR,        EINTR) \
    F(SENDFILE, EINVAL,        EINVAL)        F(SENDFILE, EIO,          EIO) \
    F(SENDFILE, EPIPE,         EPIPE) \
    F(WAIT,     NONE,          0)             F(WAIT,     EINTR,        EINTR) \
    F(WAIT,     SPURIOUS,      0)             F(WAIT,     LATE,         0) \
    F(WAIT,     FULL,          0)             F(WAIT,     TWICE,        0) \
    F(WAIT,     STALE,         0)             F(WAIT,     ALONE,        0)   /* RDHUP, HUP without IN */ \
    F(POLL,     NONE,          0)             F(POLL,     EINTR,        EINTR) \
    F(POLL,     SPURIOUS,      0)             F(POLL,     LATE,         0) \
    F(POLL,     ALONE,         0) \
    F(SELECT,   NONE,          0)             F(SELECT,   EINTR,        EINTR) \
    F(SELECT,   SPURIOUS,      0)             F(SELECT,   LATE,         0) \
    F(CTL,      ENOMEM,        ENOMEM)        F(CTL,      ENOSPC,       ENOSPC) \
    F(OPEN,     ENOENT,        ENOENT)        F(OPEN,     ENOTDIR,      ENOTDIR) \
    F(OPEN,     EACCES,        EACCES)        F(OPEN,     ELOOP,        ELOOP) \
    F(OPEN,     EXDEV,         EXDEV)         F(OPEN,     EAGAIN,       EAGAIN) \
    F(OPEN,     EMFILE,        EMFILE)        F(OPEN,     ENFILE,       ENFILE) \
    F(OPEN,     ENOMEM,        ENOMEM)        F(OPEN,     ENAMETOOLONG, ENAMETOOLONG) \
    F(OPEN,     EISDIR,        EISDIR)        F(OPEN,     ENXIO,        ENXIO) \
    F(OPEN,     EINTR,         EINTR)         F(OPEN,     ENOSYS,       ENOSYS) \
    F(FSTAT,    EIO,           EIO)           F(FSTAT,    ESTALE,       ESTALE) \
    F(FSTAT,    RESIZED,       0)             F(FSTAT,    FUTURE,       0) \
    F(FSTAT,    ANCIENT,       0) \
    F(PREAD,    EIO,           EIO)           F(PREAD,    ESTALE,       ESTALE) \
    F(PREAD,    SHORT,         0)             F(PREAD,    SHRUNK,       0) \
    F(SHUTDOWN, ENOTCONN,      ENOTCONN) \
    F(CLOSE,    EINTR,         EINTR)         F(CLOSE,    EIO,          EIO) \
    F(CLOCK,    FORWARD,       0)             F(CLOCK,    STILL,        0) \
    F(CLOCK,    BACK,          0) \
    F(ALLOC,    FAILS,         0) \
    F(LOG,      SHORT,         0)             F(LOG,      EAGAIN,       EAGAIN) \
    F(LOG,      EPIPE,         EPIPE)         F(LOG,      ENOSPC,       ENOSPC) \
    F(LOG,      EIO,           EIO) \
    F(COLD,     PATH,          EAGAIN)        F(COLD,     PAGE,         EAGAIN)   /* it would wait for a disk */ \
    F(COLD,     CANNOT_TELL,   EOPNOTSUPP) \
    F(LOOK,     ENOENT,        ENOENT)        F(LOOK,     EACCES,       EACCES) \
    F(LOOK,     EIO,           EIO) \
    F(LIST,     ENOENT,        ENOENT)        F(LIST,     EIO,          EIO) \
    F(LIST,     EINTR,         EINTR)         F(LIST,     SHORT,        0) \
    F(OFFLOAD,  REFUSED,       0)             F(OFFLOAD,  LATE,         0)

/*    name                  what happened */
#define SIM_ORDERS(O) \
    O(DESCRIPTOR_REUSED,    "the lowest free descriptor, just closed, is given out at once") \
    O(BUFFER_FILLED,        "recv fills the buffer exactly") \
    O(END_RECEIVED,         "recv gives 0") \
    O(DATA_WITH_FIN,        "data and FIN together") \
    O(TOLD_BY_EPOLL,        "epoll tells of something") \
    O(TOLD_BY_POLL,         "poll tells of something") \
    O(TOLD_BY_SELECT,       "select tells of something") \
    O(BEYOND_SELECT,        "a descriptor that select has no room for") \
    O(ORDER_SHUFFLED,       "a batch in another order than things happened") \
    O(IN_WITH_RDHUP,        "IN with RDHUP") \
    O(IN_WITH_HUP,          "IN with HUP") \
    O(RDHUP_ALONE,          "RDHUP alone") \
    O(HUP_ALONE,            "HUP alone") \
    O(ERR_HUP_UNREAD,       "ERR and HUP with unread data") \
    O(OUT_BEFORE_IN,        "OUT, then IN") \
    O(IN_AFTER_SHUTTING,    "bytes come in SHUTTING") \
    O(RDHUP_FIRST,          "FIN before the first byte") \
    O(FIN_IN_HEAD,          "FIN inside a head") \
    O(FIN_IN_CHUNK_SIZE,    "FIN inside a chunk size") \
    O(FIN_IN_BODY,          "FIN inside a body") \
    O(RST_BEFORE_BODY,      "RST between head and body") \
    O(RST_IN_FILE,          "RST half-way through a file") \
    O(STALE_ON_REUSED,      "a stale event for a closed slot whose descriptor is used again") \
    O(SECOND_AFTER_CLOSE,   "two events for one slot in a batch, the first closes it") \
    O(INPUT_BEFORE_LIMIT,   "input and a limit due in one turn, input first") \
    O(LIMIT_BEFORE_INPUT,   "input and a limit due in one turn, the limit first") \
    O(DRAIN_IDLE,           "a drain while a connection waits for a message") \
    O(DRAIN_READING,        "a drain inside a message") \
    O(DRAIN_WRITING,        "a drain in WRITING") \
    O(DRAIN_SHUTTING,       "a drain in SHUTTING") \
    O(DESCRIPTORS_OUT,      "no descriptor is left for a while") \
    O(SEND_BUFFER_FULL,     "the send buffer is full") \
    O(ECHO_WHOLE,           "all that was said on a plain connection came back") \
    O(ECHO_STOPS,           "nothing more is received from one who does not read") \
    O(RST_WITH_UNREAD,      "a close with unread input sends a reset") \
    O(WORK_AT_ONCE,         "a thread's work is done before the worker goes on") \
    O(WORK_BETWEEN,         "a thread's work is done between two calls of the worker") \
    O(WORK_IN_TURN,         "a thread's work is done between two turns of the worker") \
    O(CLAIM_IN_VAIN,        "a thread's work is done, and its connection has ended") \
    O(FILE_REPLACED,        "a file is replaced") \
    O(FILE_VANISHED,        "a file vanishes") \
    O(FILE_CHANGED,         "a file changes in its place") \
    O(STATE_HAD_ENDED,      "an answer gives a state of a file that has ended meanwhile") \
    O(TWO_STATES,           "an answer from an open file shows two of its states") \
    O(NOT_MODIFIED,         "a client hears that it has that already") \
    O(CODING,               "a client gets what it takes in a coding") \
    O(PART,                 "a client gets a part") \
    O(PARTS,                "a client gets several parts") \
    O(LISTING,              "a client gets a listing") \
    O(LISTING_LARGE,        "a client gets a listing of more than one block")

#define SIM_ENUM_CALL(name) SIM_##name,
enum sim_call { SIM_CALLS(SIM_ENUM_CALL) SIM_CALL_COUNT };

#define SIM_ENUM_FAULT(call, name, error) FAULT_##call##_##name,
#define SIM_ENUM_ORDER(name, text) ORDER_##name,
enum sim_fault { SIM_FAULTS(SIM_ENUM_FAULT) SIM_ORDERS(SIM_ENUM_ORDER) SIM_FAULT_COUNT };
#undef SIM_ENUM_CALL
#undef SIM_ENUM_FAULT
#undef SIM_ENUM_ORDER

#endif
