#include "handler/hello.h"

#define TEXT(literal) { (literal), sizeof(literal) - 1 }

static const char hello_body[] = "Hello, world!";

/* As weir_lines_write() writes it: what is known when this is compiled need not be composed. */
static const char hello_lines[] = "Content-Type: text/plain; charset=utf-8\r\n";

static const struct weir_response hello_response = {
    .status = 200,
    .lines = TEXT(hello_lines),
    .body = WEIR_COPY,
    .data = hello_body,
    .length = sizeof(hello_body) - 1,
};

static void hello_answer(struct weir_request *request, void *context)
{
    (void)context;
    weir_respond(request, &hello_response);
}

struct weir_handler hello_handler(void)
{
    return (struct weir_handler){
        .methods = WEIR_GET | WEIR_HEAD | WEIR_POST | WEIR_PUT | WEIR_DELETE | WEIR_PATCH,
        .answer = hello_answer,
    };
}
