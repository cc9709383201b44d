// The README's program. `make lint` holds the two together from main() on.
#include <threadwise/threading.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

static auto count_lines(const std::string& path) {
    std::ifstream file(path);
    return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
}

int main(int argc, char** argv) {
    threadwise::Lock output;
    std::vector<threadwise::Thread> threads;
    for (const std::string path : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
        threads.emplace_back([path, &output] {
            const auto lines = count_lines(path);
            const auto held = threadwise::hold(output);
            std::cout << lines << ' ' << path << '\n';
        });
        threads.back().start();
    }
}  // threads that go out of scope are joined
