// Refused by the compiler: the arguments do not fit the function
#include <string>

#include "threadwise/thread_pool_executor.hpp"

int area(int width, int height);

auto start(threadwise::ThreadPoolExecutor& pool) { return pool.submit(area, 1, std::string("2")); }
