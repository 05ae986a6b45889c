#include "parser/method.h"

#include <string.h>

/* Registered methods (IANA, "HTTP Method Registry") that llhttp 8.1.0 takes in HTTP/1: another would be 501 on one release and not on the
 * next. Non-registered ones that it takes too (PURGE, SUBSCRIBE, those of RTSP and ICE, …) are not here. The most frequent ones come
 * first: the table is searched in order. */
static const struct {
    struct slice name;
    enum request_method method;
} methods[] = {
    { { "GET", 3 }, METHOD_GET },
    { { "HEAD", 4 }, METHOD_HEAD },
    { { "POST", 4 }, METHOD_POST },
    { { "PUT", 3 }, METHOD_PUT },
    { { "DELETE", 6 }, METHOD_DELETE },
    { { "PATCH", 5 }, METHOD_PATCH },
    { { "OPTIONS", 7 }, METHOD_OPTIONS },
    { { "TRACE", 5 }, METHOD_TRACE },
    { { "CONNECT", 7 }, METHOD_CONNECT },
    { { "ACL", 3 }, METHOD_OTHER },
    { { "BIND", 4 }, METHOD_OTHER },
    { { "CHECKOUT", 8 }, METHOD_OTHER },
    { { "COPY", 4 }, METHOD_OTHER },
    { { "LINK", 4 }, METHOD_OTHER },
    { { "LOCK", 4 }, METHOD_OTHER },
    { { "MERGE", 5 }, METHOD_OTHER },
    { { "MKACTIVITY", 10 }, METHOD_OTHER },
    { { "MKCALENDAR", 10 }, METHOD_OTHER },
    { { "MKCOL", 5 }, METHOD_OTHER },
    { { "MOVE", 4 }, METHOD_OTHER },
    { { "PROPFIND", 8 }, METHOD_OTHER },
    { { "PROPPATCH", 9 }, METHOD_OTHER },
    { { "REBIND", 6 }, METHOD_OTHER },
    { { "REPORT", 6 }, METHOD_OTHER },
    { { "SEARCH", 6 }, METHOD_OTHER },
    { { "UNBIND", 6 }, METHOD_OTHER },
    { { "UNLINK", 6 }, METHOD_OTHER },
    { { "UNLOCK", 6 }, METHOD_OTHER },
};

enum request_method method_find(struct slice name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (methods[i].name.len == name.len && memcmp(methods[i].name.ptr, name.ptr, name.len) == 0)
            return methods[i].method;
    return METHOD_UNKNOWN;
}
