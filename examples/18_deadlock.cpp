// Two transfers take the same two locks in opposite orders: a deadlock, which is named while it happens. Then the cure.

#include <threadwise/deadlock_hook.hpp>
#include <threadwise/errors.hpp>
#include <threadwise/threading.hpp>

#include <functional>
#include <iostream>
#include <mutex>
#include <utility>

struct Account {
    threadwise::RLock lock;
    int balance = 100;
};

// What goes wrong, made to go wrong each time: each has one lock before either asks for the other's.
void transfer_carelessly(Account& from, Account& to, int amount, threadwise::Barrier& both_have_one) {
    const auto giver = threadwise::hold(from.lock);
    both_have_one.wait();
    const auto taker = threadwise::hold(to.lock);
    from.balance -= amount;
    to.balance += amount;
}

// Both locks at once: std::scoped_lock gives back the first one while it cannot have the second.
void transfer(Account& from, Account& to, int amount) {
    const std::scoped_lock both(from.lock, to.lock);
    from.balance -= amount;
    to.balance += amount;
}

void at_once(std::function<void()> there, std::function<void()> back) {
    const auto unless_it_deadlocks = [](std::function<void()> transfer) {
        try {
            transfer();
        } catch (const threadwise::DeadlockError&) {
            std::cout << threadwise::current_thread().name() << " gave up\n";
        }
    };
    threadwise::Thread ada({.name = "ada"}, unless_it_deadlocks, std::move(there));
    threadwise::Thread bob({.name = "bob"}, unless_it_deadlocks, std::move(back));
    ada.start();
    bob.start();
}  // both are joined

int main() {
    // Without these two lines the report goes to standard error, and the two wait for ever.
    threadwise::set_deadlock_hook([](const threadwise::Deadlock& found) { std::cout << to_string(found); });
    threadwise::set_on_deadlock(threadwise::OnDeadlock::fail);

    Account savings;
    Account current;
    const auto print = [&] { std::cout << "savings " << savings.balance << ", current " << current.balance << '\n'; };

    threadwise::Barrier both_have_one(2);
    at_once([&] { transfer_carelessly(savings, current, 10, both_have_one); },
            [&] { transfer_carelessly(current, savings, 10, both_have_one); });
    print();

    at_once([&] { transfer(savings, current, 10); }, [&] { transfer(current, savings, 10); });
    print();
}
