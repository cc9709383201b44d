// Two transfers take the same two locks in opposite orders, one after another: nothing hangs, but it could. Where lock
// orders are checked, that is told all the same. THREADWISE_CHECK=order in the environment checks any program so.

#include <threadwise/lock_order.hpp>
#include <threadwise/threading.hpp>

#include <iostream>
#include <mutex>

struct Account {
    threadwise::Lock lock;
    int balance = 100;
};

void transfer(Account& from, Account& to, int amount) {
    const auto giver = threadwise::hold(from.lock);
    const auto taker = threadwise::hold(to.lock);
    from.balance -= amount;
    to.balance += amount;
}

// The cure: std::scoped_lock takes both at once, which is no order.
void transfer_with_care(Account& from, Account& to, int amount) {
    const std::scoped_lock both(from.lock, to.lock);
    from.balance -= amount;
    to.balance += amount;
}

int main() {
    threadwise::check_lock_order();
    // Without this line the report goes to standard error.
    threadwise::set_lock_order_hook([](const threadwise::LockOrderConflict& found) { std::cout << to_string(found); });

    Account savings;
    Account current;
    transfer_with_care(savings, current, 10);
    transfer_with_care(current, savings, 10);
    std::cout << "nothing to tell\n";

    threadwise::Thread ada({.name = "ada"}, [&] { transfer(savings, current, 10); });
    ada.start();
    ada.join();
    threadwise::Thread bob({.name = "bob"}, [&] { transfer(current, savings, 10); });
    bob.start();
    bob.join();
    std::cout << "savings " << savings.balance << ", current " << current.balance << '\n';
}
