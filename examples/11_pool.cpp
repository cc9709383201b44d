// A pool has a few threads that run many calls. submit() gives a future, through which the call's result comes back.

#include <threadwise/futures.hpp>

#include <iostream>
#include <stdexcept>
#include <vector>

int square(int number) {
    if (number < 0) throw std::invalid_argument("no negative numbers, please");
    return number * number;
}

int main() {
    threadwise::ThreadPoolExecutor pool({.max_workers = 4});

    std::vector<threadwise::Future<int>> squares;
    for (int i = 1; i <= 5; ++i) squares.push_back(pool.submit(square, i));
    for (auto& future : squares) std::cout << future.result() << '\n';

    try {
        pool.submit(square, -1).result();
    } catch (const std::invalid_argument& error) {  // an exception arrives as itself
        std::cout << "the call has failed: " << error.what() << '\n';
    }
}  // the pool waits for all that was submitted, as Python's `with` block does
