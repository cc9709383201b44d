#pragma once
// How long to wait before trying again.

#include <algorithm>
#include <chrono>
#include <random>

namespace command {

using Seconds = std::chrono::duration<double>;

inline constexpr Seconds longest_backoff{30};

/// The wait after failed try number `failed_tries` (from 1): `first`, doubled with each further failure up to
/// longest_backoff, of which a random half is taken off so that clients that failed together do not return together.
template <class Generator>
Seconds backoff(int failed_tries, Seconds first, Generator& random) {
    Seconds wait = first;
    for (int i = 1; i < failed_tries && wait < longest_backoff; ++i) wait *= 2;
    return std::min(wait, longest_backoff) * std::uniform_real_distribution<double>(0.5, 1)(random);
}

}  // namespace command
