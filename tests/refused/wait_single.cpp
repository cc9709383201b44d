// Refused by the compiler: take a range of futures
#include "threadwise/wait.hpp"

void wait_for(const threadwise::Future<int>& future) { wait(future); }
