/* Says what weir's parser makes of streams of requests, for `compare`. In: for each stream its length, four bytes, little-endian, and its bytes.
 * Out: for each stream its lines, then a line with a dot; text is in hexadecimal:
 *
 *     head METHOD TARGET MINOR KEEP [NAME=VALUE]...
 *     body CONTENT
 *     end                            of this request
 *     refused STATUS RULE            or "incomplete": of this stream */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "parser/request.h"

static const struct request_limits limits = { .line_max = 60000, .head_max = 65535, .fields_max = REQUEST_FIELDS_CAP, .body_max = 1 << 30 };

static void print_text(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        printf("%02x", (unsigned char)text.ptr[i]);
}

static void print_head(const struct request *r, const char *head)
{
    printf("head ");
    print_text(request_text(head, r->method_name));
    putchar(' ');
    print_text(request_text(head, r->raw_target));
    printf(" %d %d", r->minor_version, r->keep_alive);
    for (unsigned i = 0; i < r->field_count; i++) {
        putchar(' ');
        print_text(request_text(head, r->fields[i].name));
        putchar('=');
        print_text(request_text(head, r->fields[i].value));
    }
    putchar('\n');
}

static void print_stream(const char *stream, size_t len)
{
    static struct request r;
    size_t held = 0, at = 0;
    request_reset(&r, &limits);
    for (;;) {
        size_t taken = 0;
        enum request_outcome outcome = request_parse(&r, (struct slice){ stream + at, len - at }, &taken);
        at += taken;
        switch (outcome) {
        case REQUEST_HEAD:
            print_head(&r, stream + held);
            break;
        case REQUEST_BODY:
            printf("body ");
            print_text(r.piece);
            putchar('\n');
            break;
        case REQUEST_COMPLETE:
            puts("end");
            request_reset(&r, &limits);
            held = at;
            break;
        case REQUEST_INCOMPLETE:
            puts("incomplete");
            return;
        case REQUEST_REFUSED:
            printf("refused %u %u\n", r.refusal.status, r.refusal.rule);
            return;
        }
    }
}

int main(void)
{
    unsigned char prefix[4];
    while (fread(prefix, 1, 4, stdin) == 4) {
        size_t len = (size_t)prefix[0] | (size_t)prefix[1] << 8 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 24;
        char *stream = malloc(len + 1);
        if (stream == NULL || fread(stream, 1, len, stdin) != len)
            return EXIT_FAILURE;
        print_stream(stream, len);
        puts(".");
        fflush(stdout);
        free(stream);
    }
    return EXIT_SUCCESS;
}
