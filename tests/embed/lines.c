/* Embeds weir: a protocol of lines on plain connections. "add N" adds to the connection's sum and tells it, "bye" tells it and closes; anything else
 * is an error. When a connection ends, its sum goes to standard error. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir.h>

#define LINE_MAX 64
#define ANSWER_MAX 48

static struct weir *server;

struct session {
    uint64_t sum;
};

/* What answers one line, whose end is already taken off. */
static int answer_line(struct weir_stream *stream, const char *line, char answer[ANSWER_MAX])
{
    struct session *session = stream->user;
    uint64_t number;
    if (sscanf(line, "add %" SCNu64, &number) == 1)
        return snprintf(answer, ANSWER_MAX, "%" PRIu64 "\n", session->sum += number);
    if (strcmp(line, "bye") != 0)
        return snprintf(answer, ANSWER_MAX, "?\n");
    weir_stream_close(stream);
    return snprintf(answer, ANSWER_MAX, "bye, %" PRIu64 "\n", session->sum);
}

/* One line in each call: there is always room for one answer, and the rest comes again. */
static size_t receive(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    (void)context;
    char line[LINE_MAX], answer[ANSWER_MAX];
    const char *end = memchr(data, '\n', len);
    const size_t size = end != NULL ? (size_t)(end - (const char *)data) : len;
    if (stream->user == NULL)
        stream->user = calloc(1, sizeof(struct session));
    if (stream->user == NULL || size >= LINE_MAX) {
        weir_stream_close(stream);
        return len;
    }
    if (end == NULL)
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    weir_stream_send(stream, answer, (size_t)answer_line(stream, line, answer));
    return size + 1;
}

static void end(struct weir_stream *stream, void *context)
{
    (void)context;
    const struct session *session = stream->user;
    fprintf(stderr, "ended at %" PRIu64 "\n", session->sum);
    free(stream->user);
}

static void stop(int signal)
{
    (void)signal;
    weir_stop(server);
}

int main(int argc, char **argv)
{
    const char *const listen[] = { "127.0.0.1:0" };
    const struct weir_stream_handler handler = { .receive = receive, .end = end };
    struct weir_options options = weir_defaults();
    char error[WEIR_ERROR_SIZE];
    options.listen = listen;
    options.listen_count = 1;
    options.buffer_max = 4096;
    options.poller = argc > 1 ? argv[1] : options.poller;
    server = weir_open_streams(&options, &handler, error);
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
