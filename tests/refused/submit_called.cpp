// Refused by the compiler: what is to be called is no function, lambda or function object
#include "threadwise/thread_pool_executor.hpp"

int area(int width, int height);

auto start(threadwise::ThreadPoolExecutor& pool) { return pool.submit(area(1, 2)); }
