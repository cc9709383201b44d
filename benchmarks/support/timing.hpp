/// Timing: the clock, loops that size themselves, work of a known length, and values the optimiser must not
/// see through.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "bench.hpp"

namespace bench {

using Clock = std::chrono::steady_clock;

/// Makes the compiler believe that the object is read and changed here, so that nothing done to it can be
/// left out.
template <class T>
inline void expose(T& object) {
    asm volatile("" : : "r"(&object) : "memory");
}

/// Makes the compiler compute the value although nobody uses it.
template <class T>
inline void consume(const T& value) {
    asm volatile("" : : "r,m"(value) : "memory");
}

[[nodiscard]] inline double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The processor time that all threads of this process have used.
[[nodiscard]] double processor_seconds();

/// Does something `n` times and returns the seconds that took.
using Repeat = std::function<double(std::size_t n)>;

/// Runs `body` `n` times on this thread and returns the seconds that took.
template <class Body>
[[nodiscard]] double timed(std::size_t n, Body&& body) {
    const auto start = Clock::now();
    for (std::size_t i = 0; i < n; ++i) body();
    return seconds_since(start);
}

/// A sample of one figure, from a loop long enough (some 15 ms) that reading the clock does not count. The
/// first call finds that length.
[[nodiscard]] Sample nanoseconds_each(Repeat repeat);
[[nodiscard]] Sample microseconds_each(Repeat repeat);
[[nodiscard]] Sample millions_a_second(Repeat repeat);

/// Keeps a core busy for a given time without touching memory or the clock.
class Work {
public:
    explicit Work(double nanoseconds);

    void operator()() const {
        std::size_t x = 1;
        for (std::size_t i = 0; i < steps_; ++i) step(x);
    }

private:
    // The next step waits for this one's product, so that steps cannot overlap and each takes the same time.
    static void step(std::size_t& x) {
        x = x * 3 + 1;
        asm volatile("" : "+r"(x));
    }

    std::size_t steps_;
};

}  // namespace bench
