/// Threads for measuring: pinned to the cores a question names, and let go together.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace bench {

/// The cores this process may run on, in the system's numbering.
[[nodiscard]] std::vector<int> cores();

/// Where two threads run: each on a core of its own, or both on one.
enum class Place { two_cores, one_core };

/// Whether this machine can place two threads so. Says on standard error which question it skips if not.
[[nodiscard]] bool possible(Place place, const char* question);

/// Runs `body(0)` and `body(1)` on two threads placed so, and returns the seconds from the start of the first
/// to the end of the last; starting and joining the threads is not counted.
double two_threads(Place place, const std::function<void(std::size_t)>& body);

/// The same with `body(0)` to `body(count - 1)` on as many threads, placed as the system likes.
double threads(std::size_t count, const std::function<void(std::size_t)>& body);

/// A thread that sleeps while this object lives. With it the C library and every lock know that the process
/// has several threads, as a program that needs locks has: glibc takes a std::mutex without an atomic
/// operation otherwise.
class Bystander {
public:
    Bystander();
    ~Bystander();
    Bystander(const Bystander&) = delete;
    Bystander& operator=(const Bystander&) = delete;

private:
    struct State;
    State* state_;
};

}  // namespace bench
