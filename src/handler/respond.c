#include "handler/respond.h"

#include <strings.h>

#define TEXT(literal) { (literal), sizeof(literal) - 1 }

static const struct weir_field plain_text = { TEXT("Content-Type"), TEXT("text/plain; charset=utf-8") };

static bool says_type(const struct weir_field *fields, size_t count)
{
    const struct weir_slice name = plain_text.name;
    for (size_t i = 0; i < count; i++)
        if (fields[i].name.len == name.len && strncasecmp(fields[i].name.ptr, name.ptr, name.len) == 0)
            return true;
    return false;
}

/* More lines, behind those that are there. */
static bool lines_add(struct respond *r, const struct weir_field *fields, size_t count)
{
    if (count == 0)
        return true;
    const size_t len = weir_lines_write(fields, count, r->lines + r->lines_len, sizeof(r->lines) - r->lines_len);
    r->lines_len += len;
    return len > 0;
}

bool respond_init(struct respond *r, int status, struct weir_slice text, const struct weir_field *fields, size_t field_count)
{
    r->status = status;
    r->is_page = text.ptr == NULL && status >= 300 && status != 304;       /* a 304 has no content */
    r->text = text;
    r->fields = fields;
    r->field_count = field_count;
    r->lines_len = 0;
    if (text.ptr != NULL && !says_type(fields, field_count) && !lines_add(r, &plain_text, 1))
        return false;
    return lines_add(r, fields, field_count);
}

static void respond_answer(struct weir_request *request, void *context)
{
    const struct respond *const r = context;
    if (r->is_page) {
        weir_respond_page(request, r->status, r->fields, r->field_count);
        return;
    }
    const struct weir_response response = {
        .status = r->status,
        .lines = { r->lines, r->lines_len },
        .body = WEIR_BORROW,
        .data = r->text.ptr,
        .length = r->text.len,
    };
    weir_respond(request, &response);
}

struct weir_handler respond_handler(struct respond *r)
{
    return (struct weir_handler){
        .methods = WEIR_GET | WEIR_HEAD | WEIR_POST | WEIR_PUT | WEIR_DELETE | WEIR_PATCH | WEIR_OPTIONS,
        .answer = respond_answer,
        .context = r,
    };
}
