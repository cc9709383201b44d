// Memory that several processes see: made by one, and opened by the others by its descriptor or by its name.

#include <threadwise/multiprocessing/errors.hpp>
#include <threadwise/multiprocessing/shared_memory.hpp>
#include <threadwise/multiprocessing/shared_span.hpp>

#include <iostream>
#include <numeric>

namespace multiprocessing = threadwise::multiprocessing;

int main() {
    const multiprocessing::SharedMemory memory({.create = true, .size = 1000 * sizeof(int)});
    const multiprocessing::shared_span<int> numbers(memory);
    std::iota(numbers.begin(), numbers.end(), 1);

    // Another process would do this; memory.name() is all that it has to be told.
    {
        const multiprocessing::SharedMemory same({.name = memory.name()});
        const multiprocessing::shared_span<int> seen(same);
        std::cout << "the sum of " << seen.size() << " numbers is " << std::accumulate(seen.begin(), seen.end(), 0)
                  << '\n';
        seen[0] = 1001;
    }
    std::cout << "the first one is now " << numbers[0] << '\n';

    try {
        const multiprocessing::SharedMemory missing({.name = "nobody-has-made-this"});
    } catch (const threadwise::FileNotFoundError& error) {
        std::cout << error.what() << '\n';
    }
}
