// Refused by the compiler: the arguments do not fit the function
#include "threadwise/thread_pool_executor.hpp"

void start(threadwise::ThreadPoolExecutor& pool) {
    pool.fire_and_forget([](int) {});
}
