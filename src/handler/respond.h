/* One fixed answer to every request, whatever its target and method: `hello`, in general. Through the public header alone. */
#ifndef WEIR_HANDLER_RESPOND_H
#define WEIR_HANDLER_RESPOND_H

#include <stdbool.h>

#include "weir.h"

/* The fields of an answer, with their line ends, are no longer. */
#define RESPOND_LINES_MAX 12288

struct respond {
    int status;
    bool is_page;                      /* the answer is the page of the status: weir's own, or that of weir_options.pages */
    struct weir_slice text;
    const struct weir_field *fields;
    size_t field_count;
    size_t lines_len;
    char lines[RESPOND_LINES_MAX];     /* the fields as they are sent, composed once */
};

/* Answers with `status`, 200 to 599, and `text`; where text.ptr is NULL, with the page of the status from 300 on, and without content below. `fields`
 * are added, and one of them may say what the text is: else it is plain text in UTF-8. Text and fields are borrowed. false: the fields do not
 * fit, or one could break the head. */
__attribute__((warn_unused_result))
bool respond_init(struct respond *respond, int status, struct weir_slice text, const struct weir_field *fields, size_t field_count);

/* `respond` is only read from here on, as long as the server lives. */
struct weir_handler respond_handler(struct respond *respond);

#endif
