#include "http/http1_state.h"

/* Those that weir.h has a bit for; the parser's others follow them. */
#define PUBLIC_METHODS ((1u << (METHOD_OPTIONS + 1)) - 1)

_Static_assert(METHOD_UNKNOWN < 32, "each method has a bit");

static struct weir_slice public_slice(struct slice s)
{
    return (struct weir_slice){ s.ptr, s.len };
}

static struct slice target_text(struct slice target, struct target_part part)
{
    return (struct slice){ target.ptr + part.start, part.len };
}

/* false: the path climbs above the root. */
static bool view_path(struct http1 *h, struct slice target)
{
    const struct slice path = target_text(target, h->request.target.path);
    if (h->request.target.form == TARGET_ASTERISK || h->request.target.form == TARGET_AUTHORITY) {
        h->view.path = (struct weir_slice){ "", 0 };
        return true;
    }
    if (h->request.target.is_plain && path.len > 0) {
        h->view.path = public_slice(path);
        return true;
    }
    const size_t len = target_decode_path(path, h->path);
    h->view.path = (struct weir_slice){ h->path, len };
    return len > 0;
}

/* All that points into the head. false: the path climbs above the root. */
static bool view_text(struct http1 *h)
{
    const char *head = http1_head(h);
    const struct request *r = &h->request;
    const struct slice target = request_text(head, r->raw_target);
    h->viewed = head;
    h->view.method_name = public_slice(request_text(head, r->method_name));
    h->view.target = public_slice(target);
    h->view.query = public_slice(target_text(target, r->target.query));
    h->view.authority = public_slice(request_text(head, r->authority));
    return view_path(h, target);
}

bool http1_view_open(struct http1 *h)
{
    const struct request *r = &h->request;
    h->view.method = (enum weir_method)(1u << r->method & PUBLIC_METHODS);
    h->view.has_query = r->target.has_query;
    h->view.minor_version = r->minor_version;
    h->view.content_length = r->chunked ? UINT64_MAX : r->content_length;
    h->view.body = (struct weir_slice){ 0 };
    h->view.peer = h->x->peer;
    h->view.worker = h->context->worker;
    return view_text(h);
}

void http1_view_renew(struct http1 *h)
{
    if (h->viewed != http1_head(h))
        (void)view_text(h);                /* it could be shown before */
}

void http1_view_release(struct http1 *h)
{
    if (h->view.user != NULL && h->context->handler->end != NULL) {
        http1_view_renew(h);
        h->context->handler->end(&h->view, h->context->handler->context);
    }
    h->view.user = NULL;
    h->context->free(h->whole);
    h->whole = NULL;
    h->whole_len = h->whole_cap = 0;
}

bool weir_request_field(const struct weir_request *request, const char *name, struct weir_slice *value)
{
    const struct http1 *h = http1_of_view(request);
    struct slice found;
    if (!request_field(&h->request, http1_head(h), slice_of(name), &found))
        return false;
    *value = public_slice(found);
    return true;
}

bool weir_request_field_at(const struct weir_request *request, size_t index, struct weir_slice *name, struct weir_slice *value)
{
    const struct http1 *h = http1_of_view(request);
    if (index >= h->request.field_count)
        return false;
    *name = public_slice(request_text(http1_head(h), h->request.fields[index].name));
    *value = public_slice(request_text(http1_head(h), h->request.fields[index].value));
    return true;
}
