#include <threadwise/futures.hpp>

#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    const std::vector<std::string> paths(argv + 1, argv + argc);
    threadwise::ThreadPoolExecutor pool(8);
    const auto size = [](const std::string& path) { return std::filesystem::file_size(path); };
    for (const auto bytes : pool.map(size, paths)) {
        std::cout << bytes << '\n';
    }
}
