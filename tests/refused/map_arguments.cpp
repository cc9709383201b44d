// Refused by the compiler: the arguments do not fit the function
#include <vector>

#include "threadwise/thread_pool_executor.hpp"

void start(threadwise::ThreadPoolExecutor& pool, std::vector<int>& a, std::vector<int>& b) {
    for (const int number : pool.map([](int n) { return n; }, a, b)) static_cast<void>(number);
}
