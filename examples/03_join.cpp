// join() waits until a thread has ended. What the thread wrote may be read afterwards, and not before.

#include <threadwise/threading.hpp>

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

int main() {
    threadwise::Event go;
    long sum = 0;
    threadwise::Thread thread([&] {
        go.wait();
        for (int i = 1; i <= 1000; ++i) sum += i;
    });
    thread.start();

    // With a timeout, join() says whether the thread has ended.
    if (!thread.join(10ms)) std::cout << "It is still at work.\n";

    go.set();
    thread.join();
    std::cout << std::boolalpha << "Alive: " << thread.is_alive() << ", the sum is " << sum << ".\n";
}
