// A deadlock, left alone. The program hangs; half a second later it says why on standard error, and
// `threadwise dump PID` shows it for as long as it hangs.

#include <threadwise/threading.hpp>

#include <functional>
#include <iostream>

struct Account {
    threadwise::RLock lock;
    int balance = 100;
};

void transfer(Account& from, Account& to, threadwise::Barrier& both_have_one) {
    const auto giver = threadwise::hold(from.lock);
    both_have_one.wait();                          // so that it goes wrong each time
    const auto taker = threadwise::hold(to.lock);  // waits for the other one, which waits for this one
    from.balance -= 10;
    to.balance += 10;
}

int main() {
    Account savings;
    Account current;
    threadwise::Barrier both_have_one(2);
    threadwise::Thread ada({.name = "ada"}, transfer, std::ref(savings), std::ref(current), std::ref(both_have_one));
    threadwise::Thread bob({.name = "bob"}, transfer, std::ref(current), std::ref(savings), std::ref(both_have_one));
    ada.start();
    bob.start();
    ada.join();
    bob.join();
    std::cout << "savings " << savings.balance << ", current " << current.balance << '\n';
}
