// Refused by the compiler: pass std::ref\(variable\)
#include "threadwise/thread.hpp"

void count(long& total);

void start() {
    long total = 0;
    threadwise::Thread(count, total).start();
}
