// Refused by the compiler: no matching function|no matching call
#include "threadwise/parallel_for.hpp"

void loop(double end) {
    threadwise::parallel_for(0, end, [](int) {});
}
