#include "handler/hello.h"

#define TEXT(literal) { (literal), sizeof(literal) - 1 }

static const char hello_body[] = "Hello, world!";

static const struct weir_field hello_fields[] = {
    { TEXT("Content-Type"), TEXT("text/plain; charset=utf-8") },
};

static void hello_answer(struct weir_request *request, void *context)
{
    (void)context;
    const struct weir_response response = {
        .status = 200,
        .fields = hello_fields,
        .field_count = sizeof(hello_fields) / sizeof(hello_fields[0]),
        .body = WEIR_COPY,
        .data = hello_body,
        .length = sizeof(hello_body) - 1,
    };
    weir_respond(request, &response);
}

struct weir_handler hello_handler(void)
{
    return (struct weir_handler){
        .methods = WEIR_GET | WEIR_HEAD | WEIR_POST | WEIR_PUT | WEIR_DELETE | WEIR_PATCH,
        .answer = hello_answer,
    };
}
