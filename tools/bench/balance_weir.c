/* balance_weir WORKERS PORT STALL: weir in the place of `balance serve`. Each answer says which worker gave it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <weir.h>

static void answer(struct weir_request *request, void *stall_ms)
{
    char text[8];
    const int ms = *(const int *)stall_ms;
    if (request->worker == 0 && ms > 0)
        nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);     /* what a handler must not do */
    snprintf(text, sizeof(text), "%03u", request->worker);
    weir_respond(request, &(struct weir_response){ .status = 200, .body = WEIR_COPY, .data = text, .length = 3 });
}

int main(int argc, char *argv[])
{
    char address[32], error[WEIR_ERROR_SIZE];
    if (argc != 4)
        return 2;
    int stall_ms = atoi(argv[3]);
    const char *const listen = address;
    const struct weir_handler handler = { .answer = answer, .context = &stall_ms };
    struct weir_options options = weir_defaults();
    snprintf(address, sizeof(address), "127.0.0.1:%s", argv[2]);
    options.listen = &listen;
    options.listen_count = 1;
    options.workers = (uint32_t)atoi(argv[1]);
    signal(SIGPIPE, SIG_IGN);
    struct weir *server = weir_open(&options, &handler, error);
    if (server == NULL)
        return fprintf(stderr, "balance_weir: %s\n", error), 1;
    return weir_run(server) == 0 ? 0 : 1;
}
