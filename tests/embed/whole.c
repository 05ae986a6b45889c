/* Embeds weir: content comes whole, and goes back reversed. What is larger than 100,000 bytes is refused; so is what says that it is no text. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir.h>

static struct weir *server;

static enum weir_intake head(struct weir_request *request, void *context)
{
    (void)context;
    struct weir_slice type;
    if (weir_request_field(request, "content-type", &type) && (type.len < 5 || memcmp(type.ptr, "text/", 5) != 0)) {
        weir_respond(request, &(struct weir_response){ .status = 415 });
        return WEIR_BODY_REFUSE;
    }
    return WEIR_BODY_WHOLE;
}

/* The answer lends its memory to weir, which frees it when it has left. */
static void answer(struct weir_request *request, void *context)
{
    (void)context;
    const size_t len = request->body.len;
    char *reversed = malloc(len + 1);
    if (reversed == NULL) {
        weir_respond(request, &(struct weir_response){ .status = 503 });
        return;
    }
    for (size_t i = 0; i < len; i++)
        reversed[i] = request->body.ptr[len - 1 - i];
    const struct weir_response response = {
        .status = 200, .body = WEIR_BORROW, .data = reversed, .length = len, .release = free, .release_context = reversed,
    };
    weir_respond(request, &response);
}

static void stop(int signal)
{
    (void)signal;
    weir_stop(server);
}

int main(void)
{
    const char *const listen[] = { "127.0.0.1:0" };
    const struct weir_handler handler = { .methods = WEIR_POST | WEIR_PUT, .head = head, .answer = answer };
    struct weir_options options = weir_defaults();
    char error[WEIR_ERROR_SIZE];
    options.listen = listen;
    options.listen_count = 1;
    options.body_max = 100000;
    options.server_field = false;
    server = weir_open(&options, &handler, error);
    if (server == NULL) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    signal(SIGTERM, stop);
    puts(weir_address(server, 0));
    fflush(stdout);
    const int rc = weir_run(server);
    weir_close(server);
    return rc != 0;
}
