#include "handler/echo.h"

#define TEXT(literal) { (literal), sizeof(literal) - 1 }

/* ---- plain TCP ---- */

/* What there is no room for is not taken: it comes again when the peer has read. */
static size_t echo_receive(struct weir_stream *stream, const void *data, size_t len, void *context)
{
    (void)context;
    return weir_stream_send(stream, data, len);
}

struct weir_stream_handler echo_stream_handler(void)
{
    return (struct weir_stream_handler){ .receive = echo_receive };
}

/* ---- HTTP ---- */

/* Set in `user` once the answer has begun. */
static char begun;

/* The head of the answer, with the request's type and length. */
static void echo_begin(struct weir_request *request)
{
    struct weir_field type = { TEXT("Content-Type"), TEXT("application/octet-stream") };
    (void)weir_request_field(request, "Content-Type", &type.value);
    const struct weir_response response = { .status = 200, .fields = &type, .field_count = 1, .length = request->content_length };
    weir_respond_begin(request, &response);
    request->user = &begun;
}

static enum weir_intake echo_head(struct weir_request *request, void *context)
{
    (void)request;
    (void)context;
    return WEIR_BODY_PIECES;
}

/* weir_respond_piece() takes as much as piece() is given. */
static void echo_piece(struct weir_request *request, const void *data, size_t len, void *context)
{
    (void)context;
    if (request->user == NULL)
        echo_begin(request);
    (void)weir_respond_piece(request, data, len);
}

static void echo_answer(struct weir_request *request, void *context)
{
    (void)context;
    if (request->user == NULL)                 /* no content came: none goes back */
        echo_begin(request);
    weir_respond_end(request);
}

struct weir_handler echo_http_handler(void)
{
    return (struct weir_handler){
        .methods = WEIR_GET | WEIR_HEAD | WEIR_POST | WEIR_PUT | WEIR_DELETE | WEIR_PATCH,
        .head = echo_head,
        .piece = echo_piece,
        .answer = echo_answer,
    };
}
