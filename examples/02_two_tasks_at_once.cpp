// Two threads run at the same time; whose line comes first is anybody's guess.

#include <threadwise/threading.hpp>

#include <iostream>
#include <string>

// Each line is written as a whole, because another thread may write between two <<.
void print_numbers() {
    for (int i = 1; i <= 5; ++i) std::cout << std::to_string(i) + '\n';
}

void print_letters() {
    for (char letter = 'a'; letter <= 'e'; ++letter) std::cout << std::string{letter, '\n'};
}

int main() {
    threadwise::Thread numbers(print_numbers);
    threadwise::Thread letters(print_letters);
    numbers.start();
    letters.start();
    numbers.join();
    letters.join();
    std::cout << "Both threads have ended.\n";
}
