/* A server: the options made complete, the listeners, the workers and their threads. Implements weir_open() and what follows it in weir.h. */
#ifndef WEIR_SERVER_SERVER_H
#define WEIR_SERVER_SERVER_H

#include "weir.h"

/* What every option may be. NULL, or a text that says which option is wrong and what would be right. */
const char *server_options_fault(const struct weir_options *options);

/* Connections of all workers together that a limit of `descriptors` allows: less what workers, their listeners and files need, and a
 * reserve. 0: none. */
uint32_t server_connections_max(uint32_t descriptors, uint32_t workers, uint32_t addresses);

#endif
