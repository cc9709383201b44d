// Refused by the compiler: take a range of futures
#include "threadwise/as_completed.hpp"

void wait_for(const threadwise::Future<int>& future) {
    for (const auto& done : as_completed(future)) static_cast<void>(done);
}
