// Refused by the compiler: the elements of the range cannot be copied
#include <memory>
#include <vector>

#include "threadwise/thread_pool_executor.hpp"

void start(threadwise::ThreadPoolExecutor& pool, std::vector<std::unique_ptr<int>>& numbers) {
    for (const int number : pool.map([](const std::unique_ptr<int>& n) { return *n; }, numbers))
        static_cast<void>(number);
}
