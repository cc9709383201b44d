// A pool, in Python's words: submit, map, as_completed; and a task group that forks and joins.
#include <threadwise/futures.hpp>

#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

static long fib(int n) {
    if (n < 2) return n;
    long a = 0;
    threadwise::TaskGroup group;
    group.run([&] { a = fib(n - 1); });
    const long b = fib(n - 2);
    group.wait();
    return a + b;
}

int main() {
    threadwise::ThreadPoolExecutor pool({.max_workers = 4, .thread_name_prefix = "example"});

    const auto future = pool.submit([](int a, int b) { return a * b; }, 6, 7);
    std::cout << "submit: " << future.result() << '\n';

    std::cout << "map:";
    for (const auto& word : pool.map([](int n) { return std::to_string(n * n); }, std::vector{1, 2, 3, 4, 5})) {
        std::cout << ' ' << word;
    }
    std::cout << '\n';

    std::vector<threadwise::Future<int>> futures;
    for (int i = 1; i <= 100; ++i) futures.push_back(pool.submit([i] { return i; }));
    int sum = 0;
    for (const auto& done : threadwise::as_completed(futures)) sum += done.result();
    std::cout << "as_completed: " << sum << '\n';

    const auto failed = pool.submit([]() -> int { throw std::runtime_error("it failed"); });
    try {
        failed.result();
    } catch (const std::runtime_error& error) {
        std::cout << "exceptions arrive as themselves: " << error.what() << '\n';
    }

    std::cout << "fork and join: " << pool.submit(fib, 20).result() << '\n';

    std::vector<double> values(1'000'000, 0.5);
    threadwise::parallel_for(pool, values, [](double& value) { value *= 2; });
    std::cout << "parallel_for, parallel_reduce: " << threadwise::parallel_reduce(pool, values, 0.0) << '\n';
}
