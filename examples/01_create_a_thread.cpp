// A thread runs a function while the program goes on.

#include <threadwise/threading.hpp>

#include <iostream>

void print_numbers() {
    for (int i = 1; i <= 5; ++i) std::cout << i << '\n';
}

int main() {
    threadwise::Thread thread(print_numbers);
    thread.start();
    thread.join();
    std::cout << "The thread has ended.\n";
}
