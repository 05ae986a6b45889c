/* Opens a server, stops it before it runs, and sees it drain. Names that weir uses inside are free here. */
#include <stdio.h>
#include <string.h>
#include <weir.h>

int buffer_append = 1, conn_step = 2, llhttp_execute = 3;

static void answer(struct weir_request *request, void *context)
{
    (void)context;
    weir_respond(request, &(struct weir_response){ .status = 204 });
}

int main(void)
{
    const char *const listen[] = { "127.0.0.1:0" };
    struct weir_options options = weir_defaults();
    options.listen = listen;
    options.listen_count = 1;
    options.workers = 1;
    char error[WEIR_ERROR_SIZE];
    struct weir *server = weir_open(&options, &(struct weir_handler){ .answer = answer }, error);
    if (server == NULL) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    const char *address = weir_address(server, 0);
    printf("weir %s would serve on %s\n", WEIR_VERSION, address);
    const int ok = address != NULL && strncmp(address, "http://127.0.0.1:", 17) == 0 && buffer_append + conn_step + llhttp_execute == 6;
    weir_stop(server);
    const int ran = weir_run(server);
    weir_close(server);
    return ok && ran == 0 ? 0 : 1;
}
