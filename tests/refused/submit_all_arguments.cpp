// Refused by the compiler: the arguments do not fit the function
#include <string>
#include <vector>

#include "threadwise/thread_pool_executor.hpp"

auto start(threadwise::ThreadPoolExecutor& pool, const std::vector<std::string>& names) {
    return pool.submit_all([](int) {}, names);
}
