// Processes: functions of this program that run apart from it. One that crashes takes nothing with it.

#include <threadwise/multiprocessing/process.hpp>
#include <threadwise/multiprocessing/value.hpp>

#include <csignal>
#include <iostream>
#include <vector>

namespace multiprocessing = threadwise::multiprocessing;

/// Runs in a process of its own: the numbers are a copy, the sum lies in memory that both processes see.
void add_up(const std::vector<int>& numbers, const multiprocessing::Value<int>& sum) {
    for (const int number : numbers) sum.set(sum.get() + number);
}

int run(multiprocessing::Process process) {
    process.start();
    process.join();
    return *process.exitcode();
}

int main() {
    // First: in each of those processes this calls the function and does not return.
    multiprocessing::freeze_support();

    const multiprocessing::Value<int> sum(0);
    const int code = run(multiprocessing::Process(add_up, std::vector{1, 2, 3}, sum));
    std::cout << "the sum is " << sum.get() << ", exit code " << code << '\n';

    const int crashed = run(multiprocessing::Process([] { std::raise(SIGKILL); }));
    std::cout << "killed by signal " << -crashed << '\n';

    multiprocessing::Process sleeper({.name = "sleeper"}, multiprocessing::Command{{"sleep", "1000"}});
    sleeper.start();
    sleeper.terminate();
    sleeper.join();
    std::cout << sleeper.name() << ": terminated by signal " << -*sleeper.exitcode() << '\n';
}
