// Two threads change one number. Without a lock an update gets lost; with it, none does.

#include <threadwise/threading.hpp>

#include <atomic>
#include <iostream>

// What goes wrong, made to go wrong each time: both threads read before either writes.
int two_deposits_without_a_lock() {
    std::atomic<int> balance = 0;
    threadwise::Barrier both_have_read(2);
    const auto deposit = [&] {
        const int seen = balance;
        both_have_read.wait();
        balance = seen + 100;  // the other one's 100 are overwritten
    };
    threadwise::Thread first(deposit);
    threadwise::Thread second(deposit);
    first.start();
    second.start();
    first.join();
    second.join();
    return balance;
}

// Whoever has the lock reads and writes with nobody in between.
int many_deposits_with_a_lock() {
    int balance = 0;
    threadwise::Lock lock;
    const auto deposit = [&] {
        for (int i = 0; i < 100'000; ++i) {
            const auto held = threadwise::hold(lock);
            balance += 1;
        }
    };
    threadwise::Thread first(deposit);
    threadwise::Thread second(deposit);
    first.start();
    second.start();
    first.join();
    second.join();
    return balance;
}

int main() {
    std::cout << "Two deposits of 100 without a lock: " << two_deposits_without_a_lock() << '\n';
    std::cout << "200000 deposits of 1 with a lock: " << many_deposits_with_a_lock() << '\n';
}
