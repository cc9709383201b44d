// Refused by the compiler: take a range of futures
#include "threadwise/wait.hpp"

void wait_for(const threadwise::Future<int>& a, const threadwise::Future<int>& b) { wait(a, b); }
