// Refused by the compiler: the callable or an argument cannot be copied
#include <memory>

#include "threadwise/thread.hpp"

void take(std::unique_ptr<int> number);

void start() {
    auto number = std::make_unique<int>(1);
    threadwise::Thread(take, number).start();
}
