/* The same input gives the same output, however it is cut into pieces: what is right, what is wrong, what ends early. */
#include <string.h>

#include "cases.h"
#include "world.h"

enum { CUTS = 6 };

/* Date is blanked, and an interim response is left out: whether one comes depends on what came first. */
static void mask(struct sim_bytes *heard)
{
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct sim_bytes kept = { .data = NULL };
    const uint8_t *at = bytes_at(heard);
    const size_t len = bytes_len(heard);
    for (size_t i = 0; i < len;) {
        if (len - i >= sizeof(interim) - 1 && memcmp(at + i, interim, sizeof(interim) - 1) == 0) {
            i += sizeof(interim) - 1;
            continue;
        }
        const bool date = len - i >= 35 && memcmp(at + i, "Date: ", 6) == 0;
        bytes_append(&kept, at + i, date ? 6 : 1);
        i += date ? 35 : 1;
    }
    bytes_free(heard);
    *heard = kept;
}

/* What the server says to these bytes, when they come in pieces of at most `piece`; 0: all at once. */
static struct sim_bytes hear(enum sim_handler handler, const struct sim_bytes *text, uint32_t piece)
{
    struct sim_bytes heard = { .data = NULL };
    chance_seed(&world.chance, 42);
    world_boot();
    world.options.head_timeout = world.options.body_timeout = 1000000;
    EXPECT(world_open(handler, false) == 0);
    struct script script;
    script_of_bytes(&script, bytes_at(text), bytes_len(text));
    struct client *client = world_add(script, 0);
    client->shuts = client->says_on = client->blind = true;
    client->record = &heard;
    client->window = client->send_cap = 1 << 20;
    if (piece > 0)
        client->piece_max = piece;
    world_run(sim.now + 200000);
    EXPECT(world.worker.open == 0);
    world_close();
    mask(&heard);
    return heard;
}

__attribute__((noreturn))
static void broken_cut(const char *what, size_t index, uint32_t piece, const struct sim_bytes *whole, const struct sim_bytes *cut)
{
    size_t at = 0;
    while (at < bytes_len(whole) && at < bytes_len(cut) && whole->data[whole->start + at] == cut->data[cut->start + at])
        at++;
    sim_broken("11: %s %zu in pieces of %u gives another answer from byte %zu on, %zu bytes and not %zu: %.60s", what, index, piece, at,
               bytes_len(cut), bytes_len(whole), (const char *)bytes_at(cut) + (at > 30 ? at - 30 : 0));
}

static void check_cuts(enum sim_handler handler, const struct sim_bytes *text, const char *what, size_t index)
{
    static const uint32_t pieces[CUTS] = { 1, 2, 3, 7, 100, 1000 };
    struct sim_bytes whole = hear(handler, text, 0);
    for (int i = 0; i < CUTS; i++) {
        struct sim_bytes cut = hear(handler, text, pieces[i]);
        if (bytes_len(&cut) != bytes_len(&whole) || memcmp(bytes_at(&cut), bytes_at(&whole), bytes_len(&cut)) != 0)
            broken_cut(what, index, pieces[i], &whole, &cut);
        bytes_free(&cut);
    }
    bytes_free(&whole);
}

static void what_is_refused_is_refused_the_same_way_however_it_is_cut(void)
{
    chance_seed(&world.chance, 42);
    world_boot();
    const struct weir_options options = world.options;
    const struct script_rules rules = { .handler = HANDLER_HELLO, .options = &options };
    sim_halt();
    for (size_t i = 0; i < script_refused_count(); i++) {
        struct script script;
        char status[16];
        script_make_refused(&script, &rules, 1, i);
        struct sim_bytes whole = hear(HANDLER_HELLO, &script.stream, 0);
        snprintf(status, sizeof(status), "HTTP/1.1 %u ", script.expects[0].status);
        if (bytes_len(&whole) < 13 || memcmp(bytes_at(&whole), status, 13) != 0)
            sim_broken("refused text %zu gets %.13s and not %s", i, (const char *)bytes_at(&whole), status);
        bytes_free(&whole);
        check_cuts(HANDLER_HELLO, &script.stream, "refused text", i);
        script_free(&script);
    }
}

static void the_same_input_gives_the_same_output_however_it_is_cut(void)
{
    static const enum ending endings[] = { ENDING_CLOSE, ENDING_CUT, ENDING_WILD, ENDING_REFUSED };
    struct chance c;
    chance_seed(&c, 7);
    for (size_t i = 0; i < 120; i++) {
        const struct weir_options options = world_options();
        const enum sim_handler handler = i % 2 == 0 ? HANDLER_HELLO : HANDLER_FILES;
        const struct script_rules rules = { .handler = handler, .options = &options };
        struct script script;
        script_make(&script, &c, &rules, 1, endings[i % 4]);
        if (bytes_len(&script.stream) < 9000)
            check_cuts(handler, &script.stream, "input", i);
        script_free(&script);
    }
}

static const struct sim_case cases[] = {
    CASE(what_is_refused_is_refused_the_same_way_however_it_is_cut),
    CASE(the_same_input_gives_the_same_output_however_it_is_cut),
};

int main(int argc, char **argv)
{
    return cases_run(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
