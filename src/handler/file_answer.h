/* The answer to a GET or HEAD, once the representation is there: conditions first (RFC 9110 §13.2.2), then ranges (§14), then the whole. */
#ifndef WEIR_HANDLER_FILE_ANSWER_H
#define WEIR_HANDLER_FILE_ANSWER_H

#include <stdbool.h>

#include "handler/file_cache.h"
#include "handler/file_parts.h"
#include "weir.h"

/* Answers with `entry`, which was loaded just now; takes over the caller's hold. */
void file_answer(struct weir_request *request, struct file_entry *entry, struct boundaries *boundaries);

/* The same for one that was cached. false, and nothing is answered or taken over: content would have to come from a file that was written to
 * since. */
__attribute__((warn_unused_result))
bool file_answer_cached(struct weir_request *request, struct file_entry *entry, struct boundaries *boundaries);

#endif
