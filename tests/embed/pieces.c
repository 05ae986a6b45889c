/* Embeds weir: content is summed as it comes, and never held. POST anything, of any size up to 1 GiB, and get its length and its sum. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <weir.h>

struct sum {
    unsigned long long len;
    unsigned char sum;
};

static struct weir *server;

static enum weir_intake head(struct weir_request *request, void *context)
{
    (void)context;
    request->user = calloc(1, sizeof(struct sum));
    return request->user != NULL ? WEIR_BODY_PIECES : WEIR_BODY_REFUSE;
}

static void piece(struct weir_request *request, const void *data, size_t len, void *context)
{
    (void)context;
    struct sum *sum = request->user;
    const unsigned char *bytes = data;
    for (size_t i = 0; i < len; i++)
        sum->sum = (unsigned char)(sum->sum + bytes[i]);
    sum->len += len;
}

static void answer(struct weir_request *request, void *context)
{
    (void)context;
    const struct sum nothing = { 0, 0 };
    const struct sum *sum = request->user != NULL ? request->user : &nothing;
    const struct weir_field type = { { "Content-Type", 12 }, { "text/plain", 10 } };
    char text[64];
    const int len = snprintf(text, sizeof text, "%llu bytes, sum %u\n", sum->len, sum->sum);
    const struct weir_response response = {
        .status = 200, .fields = &type, .field_count = 1, .body = WEIR_COPY, .data = text, .length = (uint64_t)len,
    };
    weir_respond(request, &response);
}

static void end(struct weir_request *request, void *context)
{
    (void)context;
    free(request->user);
}

static void stop(int signal)
{
    (void)signal;
    weir_stop(server);
}

int main(void)
{
    const char *const listen[] = { "127.0.0.1:0" };
    const struct weir_handler handler = { .methods = WEIR_POST, .head = head, .piece = piece, .answer = answer, .end = end };
    struct weir_options options = weir_defaults();
    char error[WEIR_ERROR_SIZE];
    options.listen = listen;
    options.listen_count = 1;
    options.workers = 2;
    options.body_max = 1u << 30;
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
