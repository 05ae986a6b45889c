/* A handler that answers in every way there is, as the target says: /c?N copied, /b?N borrowed, /f?N from a file, each with N bytes; /n not at
 * all; /u unsoundly; /l... later; /s...?N in pieces, the content that came and N bytes behind it; /h refuses content and answers, /r refuses it and
 * does not; any other path tells what the handler saw, content that came in pieces (/p...) or whole (/w...) included. What it keeps for a request is
 * freed by its last word, so that a leak is a leak. */
#ifndef WEIR_TESTS_HTTP_HTTP1_ANY_H
#define WEIR_TESTS_HTTP_HTTP1_ANY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir.h"

/* What is kept for a request with content. */
struct any_state {
    uint64_t len;
    uint32_t sum;                      /* of the content, order told */
    bool begun;                        /* weir_respond_begin() was called */
};

static inline char any_kind(const struct weir_request *request)
{
    return request->path.len > 1 ? request->path.ptr[1] : '/';
}

static inline uint64_t any_size(const struct weir_request *request)
{
    uint64_t size = 0;
    for (size_t i = 0; i < request->query.len && size < 100000; i++)
        size = size * 10 + (unsigned char)request->query.ptr[i] % 10;
    return size;
}

static inline void any_sum(struct any_state *state, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        state->sum = state->sum * 31 + (unsigned char)data[i];
    state->len += len;
}

static inline void any_release(void *memory)
{
    free(memory);
}

/* The letters behind /s: `h` begins in head(), `d` as well, and drops the content; `k` does not tell the length; `x` sends more than it told, `y`
 * less; `f` forgets the end; `u` is unsound. */
static inline bool any_streams(const struct weir_request *request, char how)
{
    return any_kind(request) == 's' && memchr(request->path.ptr, how, request->path.len) != NULL;
}

enum { ANY_BEHIND = 1000 };            /* bytes behind the content: as many as there is always room for */

static inline void any_begin(struct weir_request *request)
{
    struct any_state *state = request->user;
    const bool has_length = request->content_length != UINT64_MAX && !any_streams(request, 'k');
    const uint64_t content = any_streams(request, 'd') ? 0 : request->content_length;
    struct weir_response response = { .status = 200, .length = has_length ? content + any_size(request) % ANY_BEHIND : UINT64_MAX };
    if (has_length && any_streams(request, 'y'))
        response.length++;
    if (any_streams(request, 'u'))
        response.status = 99;
    if (state != NULL)
        state->begun = true;
    weir_respond_begin(request, &response);
}

static inline void any_stream(struct weir_request *request)
{
    static const char behind[ANY_BEHIND] = "behind";
    const struct any_state *state = request->user;
    const size_t len = any_size(request) % ANY_BEHIND;
    if (state == NULL || !state->begun)
        any_begin(request);
    if (weir_respond_piece(request, behind, len) != len || (any_streams(request, 'x') && weir_respond_piece(request, "x", 1) != 1))
        abort();
    if (!any_streams(request, 'f'))
        weir_respond_end(request);
}

static inline enum weir_intake any_head(struct weir_request *request, void *context)
{
    (void)context;
    request->user = calloc(1, sizeof(struct any_state));
    if (any_streams(request, 'h') || any_streams(request, 'd'))
        any_begin(request);
    switch (any_kind(request)) {
    case 's':
        return any_streams(request, 'd') ? WEIR_BODY_DROP : WEIR_BODY_PIECES;
    case 'p':
        return WEIR_BODY_PIECES;
    case 'w':
        return WEIR_BODY_WHOLE;
    case 'h':
        weir_respond(request, &(struct weir_response){ .status = 403, .data = "no", .length = 2 });
        return WEIR_BODY_REFUSE;
    case 'r':
        return WEIR_BODY_REFUSE;
    default:
        return WEIR_BODY_DROP;
    }
}

static inline void any_piece(struct weir_request *request, const void *data, size_t len, void *context)
{
    (void)context;
    struct any_state *state = request->user;
    if (state != NULL)
        any_sum(state, data, len);
    if (any_kind(request) != 's' || state == NULL)
        return;
    if (!state->begun)
        any_begin(request);
    if (weir_respond_piece(request, data, len) != len)
        abort();                       /* there is room for as much as came */
}

/* The head as the handler sees it, and what became of the content. */
static inline void any_tell(struct weir_request *request)
{
    struct any_state state = { .len = 0 };
    struct weir_slice name, value;
    char text[4096];
    if (request->user != NULL)
        state = *(struct any_state *)request->user;
    any_sum(&state, request->body.ptr, request->body.len);
    int len = snprintf(text, sizeof text, "%.*s|%.*s|%.*s|%.*s|%d|%.*s|%d|%ju|%ju|%u\n", (int)request->method_name.len, request->method_name.ptr,
        (int)request->target.len, request->target.ptr, (int)request->path.len, request->path.ptr, (int)request->query.len, request->query.ptr,
        request->has_query, (int)request->authority.len, request->authority.ptr, request->minor_version, (uintmax_t)request->content_length,
        (uintmax_t)state.len, state.sum);
    for (size_t i = 0; weir_request_field_at(request, i, &name, &value); i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "%.*s=%.*s\n", (int)name.len, name.ptr, (int)value.len, value.ptr);
    weir_respond(request, &(struct weir_response){ .status = 200, .data = text, .length = (uint64_t)len });
}

static inline void any_answer(struct weir_request *request, void *context)
{
    (void)context;
    const char kind = any_kind(request);
    if (kind == 'l') {
        (void)weir_defer(request);
        return;
    }
    if (kind == 's') {
        any_stream(request);
        return;
    }
    struct weir_response response = { .status = 200, .length = any_size(request), .fd = 5, .offset = 7 };
    if (kind == 'n')
        return;
    if (kind == 'u')
        response.status = 204;
    if (kind == 'f')
        response.body = WEIR_FILE;
    if (kind == 'c' || kind == 'b') {
        char *memory = calloc(1, (size_t)response.length + 1);
        response.body = kind == 'b' ? WEIR_BORROW : WEIR_COPY;
        response.data = memory;
        response.release = any_release;
        response.release_context = memory;
    }
    if (strchr("cbfu", kind) != NULL)
        weir_respond(request, &response);
    else
        any_tell(request);
}

static inline void any_end(struct weir_request *request, void *context)
{
    (void)context;
    free(request->user);
}

static const struct weir_handler any_handler = {
    .methods = WEIR_GET | WEIR_HEAD | WEIR_POST, .head = any_head, .piece = any_piece, .answer = any_answer, .end = any_end,
};

#endif
