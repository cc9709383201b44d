// Refused by the compiler: pass std::ref\(variable\)
#include <vector>

#include "threadwise/thread_pool_executor.hpp"

void sort(std::vector<int>& values);

auto start(threadwise::ThreadPoolExecutor& pool, std::vector<int>& values) { return pool.submit(sort, values); }
