/* The smallest handler: every target is answered with 200, text/plain and the 13 bytes `Hello, world!`. It uses nothing but the public
 * header, as any handler of an application would. */
#ifndef WEIR_HANDLER_HELLO_H
#define WEIR_HANDLER_HELLO_H

#include "weir.h"

/* Holds nothing, needs no release; content of requests is read and dropped. */
struct weir_handler hello_handler(void);

#endif
