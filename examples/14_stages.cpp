// A bounded queue between two stages: the faster one waits for the slower one, instead of filling the memory.

#include <threadwise/queue.hpp>
#include <threadwise/threading.hpp>

#include <iostream>

int main() {
    threadwise::Queue<int> numbers(8);  // at most 8 wait between the stages
    threadwise::Queue<int> squares(8);
    std::size_t most_waiting = 0;

    threadwise::Thread count({.name = "count"}, [&] {
        for (int i = 1; i <= 1000; ++i) numbers.put(i);
        numbers.shutdown();  // no more will come
    });
    threadwise::Thread square({.name = "square"}, [&] {
        for (const int number : numbers) squares.put(number * number);  // until the queue is shut down and empty
        squares.shutdown();
    });
    count.start();
    square.start();

    long long sum = 0;
    for (const int number : squares) {
        sum += number;
        most_waiting = std::max(most_waiting, static_cast<std::size_t>(numbers.qsize()));
    }
    std::cout << "the sum of 1000 squares is " << sum << '\n';
    std::cout << "never more than 8 waited: " << std::boolalpha << (most_waiting <= 8) << '\n';
}
