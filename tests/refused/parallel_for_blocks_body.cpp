// Refused by the compiler: the body cannot be called with two indices
#include "threadwise/parallel_for.hpp"

void loop() {
    threadwise::parallel_for_blocks(0, 10, [](int) {});
}
