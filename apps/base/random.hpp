#pragma once
// Pseudorandom numbers. Not for cryptography.

#include <random>

namespace command {

/// The calling thread's generator. Each has a seed of its own.
inline std::mt19937_64& thread_random() {
    thread_local std::mt19937_64 generator = [] {
        std::random_device device;  // slow under some hypervisors, so that it is only used for the seed
        std::seed_seq seed{device(), device(), device(), device()};
        return std::mt19937_64(seed);
    }();
    return generator;
}

}  // namespace command
