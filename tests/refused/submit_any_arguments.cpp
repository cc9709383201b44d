// Refused by the compiler: the arguments do not fit the function
#include "threadwise/executor.hpp"

auto start(threadwise::AnyExecutor& executor) {
    return executor.submit([](int) {});
}
