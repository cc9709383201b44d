// Refused by the compiler: takes what has lock\(\) and unlock\(\), or a semaphore: this type has neither
#include "threadwise/hold.hpp"

struct Account {
    long total = 0;
};

void add(Account& account) {
    const auto held = threadwise::hold(account);
    ++account.total;
}
