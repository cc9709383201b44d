#include "timing.hpp"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace bench {
namespace {

constexpr double sample_seconds = 0.015;

std::size_t enough(const Repeat& repeat) {
    for (std::size_t n = 16;; n *= 4) {
        const double seconds = repeat(n);
        if (seconds > sample_seconds / 8) {
            return std::max<std::size_t>(1,
                                         static_cast<std::size_t>(static_cast<double>(n) * sample_seconds / seconds));
        }
    }
}

// `figure` turns the number of repetitions and the seconds they took into the unit asked for.
template <class Figure>
Sample sized(Repeat repeat, Figure figure) {
    return [repeat = std::move(repeat), figure, n = std::size_t{0}]() mutable {
        if (n == 0) n = enough(repeat);
        return std::vector<double>{figure(static_cast<double>(n), repeat(n))};
    };
}

}  // namespace

double processor_seconds() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

Sample nanoseconds_each(Repeat repeat) {
    return sized(std::move(repeat), [](double n, double seconds) { return seconds / n * 1e9; });
}

Sample microseconds_each(Repeat repeat) {
    return sized(std::move(repeat), [](double n, double seconds) { return seconds / n * 1e6; });
}

Sample millions_a_second(Repeat repeat) {
    return sized(std::move(repeat), [](double n, double seconds) { return n / seconds / 1e6; });
}

Work::Work(double nanoseconds) : steps_(4'000'000) {
    double fastest = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 3; ++i) fastest = std::min(fastest, timed(1, *this));
    steps_ = static_cast<std::size_t>(std::lround(nanoseconds * 1e-9 / fastest * static_cast<double>(steps_)));
}

}  // namespace bench
