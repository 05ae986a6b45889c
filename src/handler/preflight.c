#include "handler/preflight.h"

#include "parser/byte.h"
#include "parser/slice.h"

#define METHODS "GET, HEAD, OPTIONS"

/* The fields that a request for a file can have any use for. */
#define USUAL_FIELDS "Accept, Accept-Encoding, If-Match, If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Range"

/* A longer list is not repeated. */
#define ASKED_MAX 1024

/* A day: no browser keeps it longer. */
#define MAX_AGE "86400"

static struct weir_field field_of(struct slice name, struct slice value)
{
    return (struct weir_field){ { name.ptr, name.len }, { value.ptr, value.len } };
}

/* Tokens and commas, as a browser writes it: such a list can be said back. */
static bool is_list(struct slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!byte_is(value.ptr[i], BYTE_TOKEN) && value.ptr[i] != ',' && value.ptr[i] != ' ')
            return false;
    return value.len > 0 && value.len <= ASKED_MAX;
}

void preflight_respond(struct weir_request *request)
{
    struct weir_slice asked, method;
    struct slice list = SLICE(USUAL_FIELDS);
    if (weir_request_field(request, "Access-Control-Request-Headers", &asked) && is_list((struct slice){ asked.ptr, asked.len }))
        list = (struct slice){ asked.ptr, asked.len };
    const struct weir_field fields[] = {
        field_of(SLICE("Allow"), SLICE(METHODS)),
        field_of(SLICE("Access-Control-Allow-Methods"), SLICE(METHODS)),
        field_of(SLICE("Access-Control-Allow-Headers"), list),
        field_of(SLICE("Access-Control-Max-Age"), SLICE(MAX_AGE)),
        field_of(SLICE("Vary"), SLICE("Access-Control-Request-Headers")),
    };
    bool is_preflight = weir_request_field(request, "Access-Control-Request-Method", &method);
    const struct weir_response response = { .status = 204, .fields = fields, .field_count = is_preflight ? sizeof(fields) / sizeof(fields[0]) : 1 };
    weir_respond(request, &response);
}
