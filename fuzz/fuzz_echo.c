/* Echo on plain connections, on the simulated kernel and on the poller that the input chooses: the first bytes are a script of the kernel and of the
 * clients that it draws, the rest is what some more clients say. What comes back to each is what it said, and nothing of another: see
 * tests/sim/client.c, echoed.c and checks.c.
 *
 * The input is that of fuzz_server.c: the script's length in two bytes, the higher one first, the script, and texts parted by two bytes 0xff. */
#include "tests/sim/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const size_t told = (size_t)data[0] << 8 | data[1];
    const size_t len = told < size - 2 ? told : size - 2;
    world_simulate_script(HANDLER_ECHO, data + 2, len, data + 2 + len, size - 2 - len);
    return 0;
}
