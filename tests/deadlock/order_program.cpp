// order_program WAY: takes locks in a process of its own, for lock_order_test.cpp, and prints "over" at the end.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string_view>

#include "threadwise/inspect.hpp"
#include "threadwise/lock_order.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

template <class First, class Second>
void take_both(First& first, Second& second) {
    const auto outer = hold(first);
    const auto inner = hold(second);
}

void take_both_orders() {
    RLock a;
    RLock b;
    Thread ada({.name = "ada"}, [&] { take_both(a, b); });
    ada.start();
    ada.join();
    take_both(b, a);
}

void await_waiter(std::string_view name) {
    const auto waits = [name](const inspect::ThreadInfo& thread) {
        return thread.name == name && thread.state == inspect::State::waits;
    };
    for (bool found = false; !found; sleep_for(1ms)) {
        const auto threads = inspect::snapshot().threads;
        found = std::any_of(threads.begin(), threads.end(), waits);
    }
}

/// A thread that runs already when the check begins takes a lock that lies where another one was, which was followed.
void begin_late() {
    Event may_take;
    Event has_taken;
    Event may_release;
    auto lock = std::make_unique<Lock>();
    Lock other;
    Thread earlier({.name = "earlier"}, [&] {
        may_take.wait();
        lock->lock();
        has_taken.set();
        may_release.wait();
        lock->unlock();
    });
    earlier.start();
    await_waiter("earlier");
    check_lock_order();
    take_both(*lock, other);
    std::destroy_at(lock.get());
    std::construct_at(lock.get());
    may_take.set();
    has_taken.wait();
    Thread later({.name = "later"}, [&] { take_both(other, *lock); });
    later.start();
    await_waiter("later");
    may_release.set();
    later.join();
    earlier.join();
}

}  // namespace
}  // namespace threadwise

int main(int argc, char** argv) {
    const std::string_view way = argc == 2 ? argv[1] : "";
    if (way == "both-orders") {
        threadwise::take_both_orders();
    } else if (way == "begins-late") {
        threadwise::begin_late();
    } else {
        std::fputs("usage: order_program both-orders|begins-late\n", stderr);
        return 2;
    }
    std::puts("over");
}
