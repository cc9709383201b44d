// Refused by the compiler: takes what has lock_shared\(\) and unlock_shared\(\), such as a SharedLock
#include "threadwise/hold.hpp"
#include "threadwise/lock.hpp"

long read(threadwise::Lock& lock, const long& total) {
    const auto held = threadwise::hold_shared(lock);
    return total;
}
