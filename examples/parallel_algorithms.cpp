// What the parallel algorithms do, one after another, with the words of a small text.

#include <cctype>
#include <functional>
#include <iostream>
#include <stop_token>
#include <string>
#include <vector>

#include <threadwise/futures.hpp>

int main() {
    threadwise::ThreadPoolExecutor pool(4);
    std::vector<std::string> words{"threads", "wait", "for", "threads", "that", "wait", "for", "locks"};

    const auto length = [](const std::string& word) { return word.size(); };
    std::vector<std::size_t> lengths(words.size());
    threadwise::parallel_transform(pool, words, lengths.begin(), length);
    std::cout << "letters: " << threadwise::parallel_reduce(pool, lengths, std::size_t{0}) << ", or "
              << threadwise::parallel_transform_reduce(pool, words, std::size_t{0}, std::plus<>(), length) << '\n';

    std::vector<std::size_t> begins(words.size());
    threadwise::parallel_exclusive_scan(pool, lengths, begins.begin(), std::size_t{0});
    std::cout << "the last word begins at letter " << begins.back() << '\n';

    const auto found = threadwise::parallel_find_if(pool, words, [](const auto& word) { return word[0] == 'f'; });
    std::cout << "the first with an f is number " << found - words.begin() << '\n';

    const auto shorter = [](const auto& a, const auto& b) { return a.size() < b.size(); };
    threadwise::parallel_stable_sort(pool, words, shorter);
    for (const auto& word : words) std::cout << word << ' ';
    std::cout << '\n';

    const std::vector<std::string> more{"a", "parallel"};
    std::vector<std::string> all(words.size() + more.size());
    threadwise::parallel_merge(pool, words, more, all.begin(), shorter);
    std::cout << "from " << all.front() << " to " << all.back() << '\n';

    threadwise::parallel_for_each(pool, all,
                                  [](std::string& word) { word[0] = static_cast<char>(std::toupper(word[0])); });
    std::cout << all[1] << '\n';

    // Blocks, for a body with a loop of its own; and a loop that somebody may stop.
    std::stop_source stop;
    std::vector<float> values(100'000, 1);
    threadwise::parallel_for_blocks(
        pool, std::size_t{0}, values.size(),
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) values[i] *= 2;
        },
        stop.get_token());
    std::cout << "sum: " << threadwise::parallel_reduce(pool, values, 0.0) << '\n';
}
