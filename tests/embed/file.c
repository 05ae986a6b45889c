/* Embeds weir in a loop that the program owns: one thread, poll(2), and each answer from the file that is named on the command line. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir.h>

static struct weir *server;

static void close_file(void *fd)
{
    close((int)(intptr_t)fd);
}

static void answer(struct weir_request *request, void *path)
{
    struct stat status;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0) {
        if (fd >= 0)
            close(fd);
        weir_respond(request, &(struct weir_response){ .status = 404 });
        return;
    }
    const struct weir_response response = {
        .status = 200, .body = WEIR_FILE, .fd = fd, .length = (uint64_t)status.st_size, .release = close_file,
        .release_context = (void *)(intptr_t)fd,
    };
    weir_respond(request, &response);
}

static void stop(int signal)
{
    (void)signal;
    weir_stop(server);         /* weir_fd() becomes readable: the loop below wakes up */
}

int main(int argc, char **argv)
{
    const char *const listen[] = { "127.0.0.1:0" };
    const struct weir_handler handler = { .answer = answer, .context = argc > 1 ? argv[1] : "/etc/hostname" };
    struct weir_options options = weir_defaults();
    char error[WEIR_ERROR_SIZE];
    options.listen = listen;
    options.listen_count = 1;
    options.workers = 1;
    server = weir_open(&options, &handler, error);
    if (server == NULL) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    signal(SIGTERM, stop);
    signal(SIGPIPE, SIG_IGN);
    puts(weir_address(server, 0));
    fflush(stdout);
    struct pollfd ready = { .fd = weir_fd(server), .events = POLLIN };
    while (weir_turn(server))
        poll(&ready, 1, weir_wait_ms(server));
    weir_close(server);
    return 0;
}
