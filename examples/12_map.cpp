// map() calls a function with each element of a range, many at once, and gives the results in the range's order.

#include <threadwise/futures.hpp>

#include <iostream>
#include <string>
#include <vector>

int main() {
    const std::vector<std::string> words{"threads", "you", "can", "see"};
    threadwise::ThreadPoolExecutor pool;

    auto shout = [](std::string word) {
        for (char& letter : word) letter = static_cast<char>(letter - 'a' + 'A');
        return word;
    };
    for (const std::string& word : pool.map(shout, words)) std::cout << word << '\n';

    // Several ranges go side by side, until the shortest ends.
    const std::vector<int> widths{2, 3, 5};
    const std::vector<int> heights{7, 11, 13};
    for (const int area : pool.map([](int width, int height) { return width * height; }, widths, heights)) {
        std::cout << area << '\n';
    }
}
