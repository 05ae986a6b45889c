/* The whole server on the simulated kernel: the first bytes are a script of the kernel and of the clients that it draws (which faults, which order,
 * how bytes are cut, how the clock moves), the rest is what some more clients say.
 *
 * The input is the script's length in two bytes, the higher one first, the script, and texts that are parted by two bytes 0xff. */
#include "tests/sim/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const size_t told = (size_t)data[0] << 8 | data[1];
    const size_t len = told < size - 2 ? told : size - 2;
    world_simulate_script(HANDLER_COUNT, data + 2, len, data + 2 + len, size - 2 - len);
    return 0;
}
