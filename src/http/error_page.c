#include "http/error_page.h"

#include "http/page_style.h"

/*  status, title, what it means to the person in front of the browser */
#define PAGES(P) \
    P(301, "Moved Permanently", "This page has moved for good.") \
    P(302, "Found", "This page is elsewhere at the moment.") \
    P(303, "See Other", "The answer is on another page.") \
    P(307, "Temporary Redirect", "This page is elsewhere at the moment.") \
    P(308, "Permanent Redirect", "This page has moved for good.") \
    P(400, "Bad Request", "The request could not be understood.") \
    P(401, "Unauthorized", "This page wants to know who you are.") \
    P(403, "Forbidden", "This page is not open to you.") \
    P(404, "Not Found", "There is nothing at this address.") \
    P(405, "Method Not Allowed", "This address cannot be used in that way.") \
    P(406, "Not Acceptable", "This page does not exist in a form that you accept.") \
    P(408, "Request Timeout", "The request took too long to arrive.") \
    P(409, "Conflict", "Something else has changed here in the meantime.") \
    P(410, "Gone", "What was at this address is gone for good.") \
    P(411, "Length Required", "The request did not say how long it is.") \
    P(412, "Precondition Failed", "This page is not in the state that was expected.") \
    P(413, "Content Too Large", "What was sent is too large.") \
    P(414, "URI Too Long", "The address is too long.") \
    P(415, "Unsupported Media Type", "What was sent is of a kind that is not taken here.") \
    P(416, "Range Not Satisfiable", "The part that was asked for is not there.") \
    P(417, "Expectation Failed", "The request expects something that is not offered here.") \
    P(421, "Misdirected Request", "This address is not served here.") \
    P(422, "Unprocessable Content", "What was sent could not be used.") \
    P(426, "Upgrade Required", "This page needs another protocol.") \
    P(428, "Precondition Required", "The request must say which state of the page it is for.") \
    P(429, "Too Many Requests", "There were too many requests. Please wait a little.") \
    P(431, "Request Header Fields Too Large", "The request carries too much beside its address.") \
    P(451, "Unavailable For Legal Reasons", "This page may not be shown for legal reasons.") \
    P(500, "Internal Server Error", "Something went wrong on this side. It is not your fault.") \
    P(501, "Not Implemented", "This kind of request is not known here.") \
    P(502, "Bad Gateway", "A server behind this one gave no useful answer.") \
    P(503, "Service Unavailable", "There is too much to do right now. Please try again soon.") \
    P(504, "Gateway Timeout", "A server behind this one did not answer in time.") \
    P(505, "HTTP Version Not Supported", "The request speaks a version of HTTP that is not spoken here.")

#define PAGE(number, title, sentence) \
    PAGE_BEGIN "<title>" title "</title>\n<style>" PAGE_STYLE \
    "main{margin:20vh auto;max-width:34em;padding:0 1.5em}" \
    "b{font-size:4em;font-weight:200;line-height:1;color:var(--soft)}h1{font-size:1.4em;font-weight:600;margin:.6em 0 .2em}p{margin:0}</style>\n" \
    "</head>\n<body>\n<main>\n" number "<h1>" title "</h1>\n<p>" sentence "</p>\n</main>\n</body>\n</html>\n"

#define NUMBERED(status, title, sentence) PAGE("<b>" #status "</b>\n", title, sentence)

struct page {
    int status;
    struct slice text;
};

#define AS_ENTRY(status, title, sentence) \
    { status, { NUMBERED(status, title, sentence), sizeof(NUMBERED(status, title, sentence)) - 1 } },
#define AS_PROOF(status, title, sentence) \
    _Static_assert(sizeof(NUMBERED(status, title, sentence)) - 1 <= ERROR_PAGE_MAX, "page " #status " is short");

static const struct page pages[] = { PAGES(AS_ENTRY) };
PAGES(AS_PROOF)

/* For a status without a page of its own, by its first digit. */
static const char redirection_page[] = PAGE("", "Elsewhere", "This page is somewhere else.");
static const char request_page[] = PAGE("", "Not possible", "The request could not be fulfilled.");
static const char server_page[] = PAGE("", "Server error", "Something went wrong on this side. It is not your fault.");

struct slice error_page(int status)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        if (pages[i].status == status)
            return pages[i].text;
    if (status < 400)
        return SLICE(redirection_page);
    return status < 500 ? SLICE(request_page) : SLICE(server_page);
}
