#pragma once
// What must hold for every input of a fuzzer.

#include <cstdlib>

inline void require(bool holds) {
    if (!holds) std::abort();
}
