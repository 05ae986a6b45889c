/* The simulated kernel: descriptors, memory, clocks, and which fault strikes when. */
#include "os_sim.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct sim_kernel sim;
uint64_t sim_seen[SIM_FAULT_COUNT];
void (*sim_on_broken)(const char *what);

/* ------------------------------------------------------------------ faults */

static const struct fault_row {
    enum sim_call call;
    const char *name;
    int error;
} faults[] = {
#define AS_ROW(call, name, error) [FAULT_##call##_##name] = { SIM_##call, #call " " #name, error },
    SIM_FAULTS(AS_ROW)
#undef AS_ROW
#define AS_ROW(name, text) [ORDER_##name] = { SIM_CALL_COUNT, text, 0 },
    SIM_ORDERS(AS_ROW)
#undef AS_ROW
};

_Static_assert(SIM_FAULT_COUNT <= 192, "the bits of disabled faults");

const char *sim_fault_name(enum sim_fault fault)
{
    return faults[fault].name;
}

void sim_count(enum sim_fault fault)
{
    sim_seen[fault]++;
    if (faults[fault].call != SIM_CALL_COUNT) {
        sim.strikes++;
        sim_trace("         ! %s", faults[fault].name);
    }
}

int sim_fault_errno(int fault)
{
    return faults[fault].error;
}

/* Faults of one call stand together in the list. */
static int first_fault(enum sim_call call)
{
    int f = 0;
    while (faults[f].call != call)
        f++;
    return f;
}

void sim_force(enum sim_fault fault, uint32_t times)
{
    sim.forced = (int)fault;
    sim.forced_left = times;
}

int sim_strike(enum sim_call call)
{
    sim.made[call]++;
    if (sim.forced_left > 0 && faults[sim.forced].call == call) {
        sim.forced_left--;
        return sim.forced;
    }
    if (!sim.faults_on || sim.rate[call] == 0 || chance_is_exhausted(sim.chance) || !chance_one_in(sim.chance, sim.rate[call]))
        return -1;
    const int first = first_fault(call);
    int count = 1;
    while (faults[first + count].call == call)
        count++;
    const int fault = first + (int)chance_below(sim.chance, (uint32_t)count);
    return (sim.disabled[fault / 64] >> (fault % 64)) & 1 ? -1 : fault;
}

bool sim_may_fail(enum sim_call call)
{
    return sim.rate[call] != 0;
}

/* Most runs use some faults, not all: what many faults at once would hide, few show. */
void sim_draw_faults(void)
{
    static const uint16_t rates[] = { 3, 8, 20, 60, 200 };
    struct chance *c = sim.chance;
    const uint32_t calm = chance_below(c, 8);

    for (int call = 0; call < SIM_CALL_COUNT; call++) {
        const bool on = calm != 0 && chance_below(c, 8) < calm;
        sim.rate[call] = on ? rates[chance_below(c, sizeof(rates) / sizeof(rates[0]))] : 0;
    }
    for (int i = 0; i < 3; i++)
        sim.disabled[i] = chance_one_in(c, 3) ? 0 : (uint64_t)chance_below(c, UINT32_MAX) << 32 | chance_below(c, UINT32_MAX);
    sim.interrupt_rate = chance_one_in(c, 3) ? (uint16_t)chance_between(c, 2, 30) : 0;
    sim.faults_on = true;
}

void sim_broken(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (sim.trace != NULL)
        fflush(sim.trace);
    if (sim_on_broken != NULL)
        sim_on_broken(text);
    fprintf(stderr, "sim: broken: %s\n", text);
    abort();
}

void sim_trace(const char *format, ...)
{
    if (sim.trace == NULL)
        return;
    fprintf(sim.trace, "%6llu.%03llu  ", (unsigned long long)(sim.now / 1000), (unsigned long long)(sim.now % 1000));
    va_list arguments;
    va_start(arguments, format);
    vfprintf(sim.trace, format, arguments);
    va_end(arguments);
    fputc('\n', sim.trace);
}

/* Stands before each block of memory, which stays aligned for any type. */
struct sim_block {
    _Alignas(16) size_t size;
    struct sim_block *next;
    struct sim_block *previous;
};

/* ------------------------------------------------------------------ begin and end of a run */

void sim_boot(struct chance *chance)
{
    FILE *trace = sim.trace;
    sim = (struct sim_kernel){ .chance = chance, .now = 1000000, .first_fd = SIM_FIRST_FD, .fd_limit = SIM_FDS_MAX, .last_closed = -1,
                               .trace = trace };
}

void sim_halt(void)
{
    for (uint32_t i = 0; i < sim.stream_count; i++) {
        bytes_free(&sim.streams[i]->to_server);
        bytes_free(&sim.streams[i]->to_client);
        free(sim.streams[i]);
    }
    for (int fd = SIM_FIRST_FD; fd < SIM_FDS_MAX; fd++)
        if (sim.fds[fd].kind == SIM_FILE && sim.fds[fd].owned_inode && --sim.fds[fd].inode->holders == 0)
            free(sim.fds[fd].inode);
    sim.stream_count = 0;
    bytes_free(&sim.log);
    free(sim.versions);
    sim.versions = NULL;
    sim.version_count = sim.version_cap = 0;
    while (sim.blocks != NULL)
        os_free(sim.blocks + 1);
}

void sim_begin_turn(void)
{
    sim.turn++;
    sim.turn_calls = 0;
    sim.accept_failed = false;
    if (sim.jumped)
        sim_excuse_all();              /* those who came after the clock had jumped and before the worker looked at it */
    sim.jumped = false;
}

void sim_enter(void)
{
    sim.calls++;
    if (++sim.turn_calls > 400000)
        sim_broken("a turn of the loop made 400,000 calls: it does not end");
    if (sim.interrupt != NULL && sim.faults_on && chance_one_in(sim.chance, sim.interrupt_rate))
        sim.interrupt(sim.interrupt_context);
}

bool sim_start_fails(void)
{
    return ++sim.fallible_calls == sim.fail_call;
}

void sim_excuse_all(void)
{
    for (uint32_t i = 0; i < sim.stream_count; i++)
        sim.streams[i]->excused = true;
}

/* ------------------------------------------------------------------ clocks */

void sim_pass(uint64_t ms)
{
    sim.now += ms;
    if (ms > 0)
        sim.progress++;
    if (sim.fd_limit_until != 0 && sim.now >= sim.fd_limit_until) {
        sim.fd_limit = SIM_FDS_MAX;
        sim.fd_limit_until = 0;
    }
    sim_streams_tick();
}

/* Limits that run may pass now; a little is no excuse for that. */
static void clock_jumps(uint64_t ms)
{
    if (ms < SIM_NOTICED_MS)
        return;
    sim_excuse_all();
    sim.jumped = true;
}

void sim_let_clock_go(void)
{
    if (sim.still_calls > 0)
        clock_jumps(sim.now - sim.still_at);
    sim.still_calls = 0;
}

static void clock_strike(void)
{
    uint64_t ms;
    switch (sim_strike(SIM_CLOCK)) {
    case FAULT_CLOCK_FORWARD:
        sim_count(FAULT_CLOCK_FORWARD);
        ms = chance_one_in(sim.chance, 4) ? chance_below(sim.chance, 200000) : chance_below(sim.chance, 3000);
        clock_jumps(ms);
        sim_pass(ms);
        break;
    case FAULT_CLOCK_STILL:
        sim_count(FAULT_CLOCK_STILL);
        sim.still_at = sim.now;
        sim.still_calls = 1000;
        break;
    case FAULT_CLOCK_BACK:
        sim_count(FAULT_CLOCK_BACK);
        sim.wall_skew -= chance_between(sim.chance, 1, 100000);
        break;
    default:
        break;
    }
}

uint64_t os_now_ms(void)
{
    sim_enter();
    if (sim.still_calls > 0) {
        if (--sim.still_calls == 0)
            clock_jumps(sim.now - sim.still_at);
        return sim.still_at;
    }
    clock_strike();
    return sim.now;
}

struct timespec os_wall_clock(void)
{
    sim_enter();
    const int64_t ms = (int64_t)sim.now;
    return (struct timespec){ .tv_sec = 1700000000 + ms / 1000 + sim.wall_skew, .tv_nsec = (ms % 1000) * 1000000 };
}

/* ------------------------------------------------------------------ memory */

static void block_add(struct sim_block *block)
{
    block->next = sim.blocks;
    if (sim.blocks != NULL)
        sim.blocks->previous = block;
    sim.blocks = block;
    sim.memory += block->size;
    sim.memory_blocks++;
}

static void block_remove(const struct sim_block *block)
{
    *(block->previous == NULL ? &sim.blocks : &block->previous->next) = block->next;
    if (block->next != NULL)
        block->next->previous = block->previous;
    sim.memory -= block->size;
    sim.memory_blocks--;
}

void *os_alloc(size_t size)
{
    sim_enter();
    const bool struck = sim_strike(SIM_ALLOC) == FAULT_ALLOC_FAILS;
    if (++sim.allocations == sim.fail_allocation || struck) {
        sim_count(FAULT_ALLOC_FAILS);
        sim_excuse_all();
        return NULL;
    }
    struct sim_block *block = calloc(1, sizeof(*block) + size);
    if (block == NULL)
        abort();
    block->size = size;
    block_add(block);
    return block + 1;
}

/* What is in it is undefined: nobody finds zeros by chance. */
void *os_alloc_raw(size_t size)
{
    void *block = os_alloc(size);
    if (block != NULL)
        memset(block, 0xcd, size < 4096 ? size : 4096);
    return block;
}

/* What is freed is spoiled: whoever reads it afterwards sends bytes that no client accepts. */
void os_free(void *memory)
{
    if (memory == NULL)
        return;
    struct sim_block *block = (struct sim_block *)memory - 1;
    block_remove(block);
    memset(block, 0xdd, sizeof(*block) + block->size);
    free(block);
}

/* ------------------------------------------------------------------ descriptors */

static const char *const fd_kind_names[] = {
    [SIM_FREE] = "nothing", [SIM_STREAM] = "a connection", [SIM_LISTENER] = "a listener", [SIM_EPOLL] = "an epoll",
    [SIM_EVENTFD] = "an eventfd", [SIM_FILE] = "a file", [SIM_LOG_FILE] = "the log", [SIM_SOCKET] = "a socket",
};

const char *sim_fd_kind_name(enum sim_fd_kind kind)
{
    return fd_kind_names[kind];
}

/* The lowest free descriptor, at once. */
int sim_fd_take(enum sim_fd_kind kind)
{
    int fd = sim.first_fd;
    while (fd < SIM_FDS_MAX && sim.fds[fd].kind != SIM_FREE)
        fd++;
    if (fd >= sim.fd_limit || fd >= SIM_FDS_MAX)
        return -EMFILE;
    if (fd == sim.last_closed)
        sim_count(ORDER_DESCRIPTOR_REUSED);
    sim.fds[fd] = (struct sim_fd){ .kind = kind };
    sim.open[kind]++;
    return fd;
}

struct sim_fd *sim_fd_get(int fd, enum sim_fd_kind kind, const char *call)
{
    if (fd < 0 || fd >= SIM_FDS_MAX || sim.fds[fd].kind != kind)
        sim_broken("%s on descriptor %d, which is %s", call, fd,
                   fd < 0 || fd >= SIM_FDS_MAX ? "no descriptor" : fd_kind_names[sim.fds[fd].kind]);
    return &sim.fds[fd];
}

uint32_t sim_open_fds(enum sim_fd_kind kind)
{
    return sim.open[kind];
}

void sim_exhaust_descriptors(uint64_t until)
{
    int fd = sim.first_fd;
    while (fd < SIM_FDS_MAX && sim.fds[fd].kind != SIM_FREE)
        fd++;
    sim.fd_limit = fd;
    sim.fd_limit_until = until;
    sim_count(ORDER_DESCRIPTORS_OUT);
}

void os_close(int fd)
{
    sim_enter();
    if (fd < SIM_FIRST_FD || fd >= SIM_FDS_MAX || sim.fds[fd].kind == SIM_FREE)
        sim_broken("close of descriptor %d, which is not open", fd);
    struct sim_fd *f = &sim.fds[fd];
    sim_trace("   close(%d), %s", fd, fd_kind_names[f->kind]);
    const int fault = sim_strike(SIM_CLOSE);
    if (fault >= 0)
        sim_count((enum sim_fault)fault);    /* nothing to be seen: the descriptor is gone all the same */
    sim_poller_forget(fd);
    if (f->kind == SIM_STREAM)
        sim_stream_close(f->stream);
    if (f->kind == SIM_LISTENER)
        sim_refuse_backlog(fd);
    if (f->kind == SIM_FILE && f->owned_inode && --f->inode->holders == 0)
        free(f->inode);
    sim.copies -= f->is_copy;
    sim.open[f->kind]--;
    *f = (struct sim_fd){ .kind = SIM_FREE };
    sim.last_closed = fd;
    sim.progress++;
}

uint32_t os_descriptors_max(void)
{
    return SIM_FDS_MAX;
}

int os_cpus(cpu_set_t *cpus)
{
    CPU_ZERO(cpus);
    CPU_SET(0, cpus);
    return 0;
}

uint32_t os_cpu_count(void)
{
    return 1;
}

/* ------------------------------------------------------------------ bytes */

void sim_tag_bytes(uint64_t tag, uint64_t at, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint64_t block = chance_mix(tag ^ ((at + i) >> 3)) >> (((at + i) & 7) * 8);
        do {
            out[i++] = (uint8_t)block;
            block >>= 8;
        } while (i < len && ((at + i) & 7) != 0);
    }
}

void bytes_append(struct sim_bytes *b, const void *data, size_t len)
{
    if (b->cap - b->end < len) {
        const size_t kept = bytes_len(b);
        if (kept > 0)
            memmove(b->data, b->data + b->start, kept);
        b->start = 0;
        b->end = kept;
        if (b->cap - kept < len) {
            b->cap = (kept + len) * 2;
            b->data = realloc(b->data, b->cap);
            if (b->data == NULL)
                abort();
        }
    }
    if (len > 0)
        memcpy(b->data + b->end, data, len);
    b->end += len;
}

void bytes_drop(struct sim_bytes *b, size_t len)
{
    b->start += len;
    if (b->start == b->end)
        b->start = b->end = 0;
}

void bytes_unappend(struct sim_bytes *b, size_t len)
{
    b->end -= len;
}

void bytes_free(struct sim_bytes *b)
{
    free(b->data);
    *b = (struct sim_bytes){ .data = NULL };
}
