/* The machine of a connection: one list, which expands into the enums, the table, the names for traces and the drawing in README.md.
 * Everything that decides what state follows lives here; conn.c turns facts into the verdicts below and is the only place
 * with conditions; the driver carries out the actions.
 *
 *   READING    collecting one request                                  waits for input           limit: idle, then head, then body
 *   WRITING    sending one response, or a batch of them; not reading   waits for room to send    limit: send
 *   SHUTTING   our side is shut; what still comes is dropped           waits for input           limit: linger
 *   CLOSED     the descriptor is released; final                       waits for nothing         no limit
 *
 * What to wait for and which limit runs belong to the state, not to the arrow. */
#ifndef WEIR_CORE_CONN_TABLE_H
#define WEIR_CORE_CONN_TABLE_H

#include <stdbool.h>

#define CONN_STATES(S) \
    S(READING)  \
    S(WRITING)  \
    S(SHUTTING) \
    S(CLOSED)

/*    verdict   raised when */
#define CONN_EVENTS(E) \
    E(MORE,     "bytes were taken, the request is not complete") \
    E(REQUEST,  "a request is complete") \
    E(EXPECT,   "something must leave before more of this request is read") \
    E(REJECT,   "the parser or a limit said no, or the peer shut its side inside a message") \
    E(EOS,      "the peer shut its side between messages, or after all") \
    E(IDLE,     "no byte of a next request in time, or the connection must give way") \
    E(TIMEOUT,  "the limit of the state passed") \
    E(SENT,     "part of what is owed left") \
    E(RESUME,   "what had to leave left; the rest of the request may come") \
    E(DONE,     "all that is owed left; the connection is kept") \
    E(LAST,     "all that is owed left; not kept; bytes may still come") \
    E(END,      "all that is owed left; not kept; the peer has nothing left to say") \
    E(FAIL,     "the transport is broken")

/* Actions are a set, carried out in this order. Beside CLOSE stand none but LOG and RESET. */
#define CONN_ACTIONS(A) \
    A(LOG,      "end the open exchange: write its record") \
    A(RESPOND,  "run the handler and compose its answer behind what is owed") \
    A(REFUSE,   "compose an error behind what is owed; nothing more is read") \
    A(INTERIM,  "compose what must leave first") \
    A(PROGRESS, "give the limit its full length again") \
    A(FIN,      "shut our side") \
    A(RESET,    "let the close send a reset") \
    A(CLOSE,    "release the descriptor and everything held")

/*    in         on        then      do                        because (RFC section or reason) */
#define CONN_TRANSITIONS(T) \
    T(READING,   MORE,     READING,  ACT_NONE,                 "9112 §2.2: a message may span reads") \
    T(READING,   REQUEST,  WRITING,  ACT_RESPOND,              "9112 §2.1: a complete request is answered") \
    T(READING,   EXPECT,   WRITING,  ACT_INTERIM,              "9110 §10.1.1: 100 (Continue) before the content") \
    T(READING,   REJECT,   WRITING,  ACT_LOG | ACT_REFUSE,     "9112 §2.2: an invalid message gets a 400 and a close") \
    T(READING,   EOS,      CLOSED,   ACT_CLOSE,                "9112 §9.5: a close between messages is no error") \
    T(READING,   IDLE,     SHUTTING, ACT_FIN,                  "9112 §9.5: a server closes what is idle, gracefully") \
    T(READING,   TIMEOUT,  WRITING,  ACT_LOG | ACT_REFUSE,     "9110 §15.5.9: 408 (Request Timeout)") \
    T(READING,   FAIL,     CLOSED,   ACT_LOG | ACT_CLOSE,      "nobody is left to answer") \
    T(WRITING,   REQUEST,  WRITING,  ACT_LOG | ACT_RESPOND,    "9112 §9.3.2: pipelined requests are answered in order") \
    T(WRITING,   REJECT,   WRITING,  ACT_LOG | ACT_REFUSE,     "9112 §9.3.2: the error goes behind what is owed") \
    T(WRITING,   TIMEOUT,  CLOSED,   ACT_LOG | ACT_RESET | ACT_CLOSE, "a deaf peer: what it did not take is lost, and it may know") \
    T(WRITING,   SENT,     WRITING,  ACT_PROGRESS,             "an honest slow reader lives") \
    T(WRITING,   RESUME,   READING,  ACT_NONE,                 "9110 §10.1.1: now the content may come") \
    T(WRITING,   DONE,     READING,  ACT_LOG,                  "9112 §9.3: connections persist") \
    T(WRITING,   LAST,     SHUTTING, ACT_LOG | ACT_FIN,        "9112 §9.6: a reset must not destroy the answer") \
    T(WRITING,   END,      CLOSED,   ACT_LOG | ACT_CLOSE,      "9112 §9.6: nothing can come that would reset it") \
    T(WRITING,   FAIL,     CLOSED,   ACT_LOG | ACT_CLOSE,      "nobody is left to answer") \
    T(SHUTTING,  MORE,     SHUTTING, ACT_NONE,                 "9112 §9.6: read and drop until the peer closes") \
    T(SHUTTING,  EOS,      CLOSED,   ACT_CLOSE,                "9112 §9.6: the peer has seen our end") \
    T(SHUTTING,  TIMEOUT,  CLOSED,   ACT_CLOSE,                "9112 §9.6: it had its time") \
    T(SHUTTING,  FAIL,     CLOSED,   ACT_CLOSE,                "nobody is left to wait for")

/* What cannot be; raising one aborts in tests, and ends that one connection in a release. */
#define CONN_IMPOSSIBLE(I) \
    I(READING,   SENT)    I(READING,  RESUME) I(READING,  DONE)    I(READING,  LAST) I(READING,  END) \
    I(WRITING,   MORE)    I(WRITING,  EXPECT) I(WRITING,  EOS)     I(WRITING,  IDLE) \
    I(SHUTTING,  REQUEST) I(SHUTTING, EXPECT) I(SHUTTING, REJECT)  I(SHUTTING, IDLE) I(SHUTTING, SENT) \
    I(SHUTTING,  RESUME)  I(SHUTTING, DONE)   I(SHUTTING, LAST)    I(SHUTTING, END)

#define AS_STATE(name) CONN_##name,
#define AS_EVENT(name, meaning) ON_##name,
#define AS_ACTION_BIT(name, meaning) ACT_BIT_##name,
#define AS_ACTION(name, meaning) ACT_##name = 1 << ACT_BIT_##name,

enum conn_state { CONN_STATES(AS_STATE) CONN_STATE_COUNT };
enum conn_event { CONN_EVENTS(AS_EVENT) CONN_EVENT_COUNT };
enum conn_action_bit { CONN_ACTIONS(AS_ACTION_BIT) CONN_ACTION_COUNT };
enum conn_action { ACT_NONE = 0, CONN_ACTIONS(AS_ACTION) };

#undef AS_STATE
#undef AS_EVENT
#undef AS_ACTION_BIT
#undef AS_ACTION

/* Where an event leads, and what is to be done. `possible` is false for a listed impossibility and for every event in CLOSED: the step then
 * leads to CLOSED by ACT_LOG | ACT_CLOSE, the way that heals in a release. */
struct conn_step {
    enum conn_state next;
    unsigned actions;              /* bits of enum conn_action */
    bool possible;
};

struct conn_step conn_step(enum conn_state state, enum conn_event event);

/* Names as they stand above, for traces and drawings: "READING", "MORE", "LOG". */
const char *conn_state_name(enum conn_state state);
const char *conn_event_name(enum conn_event event);
const char *conn_action_name(enum conn_action_bit bit);

/* What an event means, and why a row is as it is: the texts above. NULL for an impossible pair. */
const char *conn_event_meaning(enum conn_event event);
const char *conn_row_reason(enum conn_state state, enum conn_event event);

#endif
