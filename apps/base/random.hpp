#pragma once
// Numbers that nobody can foretell, and need not.

#include <random>

namespace command {

/// The calling thread's generator, of which each begins elsewhere.
inline std::mt19937_64& thread_random() {
    thread_local std::mt19937_64 generator = [] {
        std::random_device device;  // slow: some processors ask the machine below for it
        std::seed_seq seed{device(), device(), device(), device()};
        return std::mt19937_64(seed);
    }();
    return generator;
}

}  // namespace command
