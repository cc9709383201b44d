// Many files processed at once: each is read and counted by a task of its own.

#include <threadwise/futures.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

struct Counted {
    std::string name;
    std::ptrdiff_t lines;
};

Counted count_lines(const std::filesystem::path& path) {
    std::ifstream file(path);
    using Characters = std::istreambuf_iterator<char>;
    return {path.filename().string(), std::count(Characters(file), Characters(), '\n')};
}

int main() {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator("examples")) {
        if (entry.path().filename().string().starts_with("0")) paths.push_back(entry.path());
    }
    std::ranges::sort(paths);

    threadwise::ThreadPoolExecutor pool;
    std::ptrdiff_t lines = 0;
    std::size_t files = 0;
    for (const Counted& counted : pool.map(count_lines, paths)) {
        lines += counted.lines;
        ++files;
    }
    std::cout << "all files counted: " << std::boolalpha << (files == paths.size() && lines > 100) << '\n';
}
