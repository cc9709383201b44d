// Refused by the compiler: the body cannot be called with an index
#include "threadwise/parallel_for.hpp"

void loop() {
    threadwise::parallel_for(0, 10, [] {});
}
