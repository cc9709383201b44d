#pragma once
// What a file server is asked to be.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace command {

struct ServerOptions {
    std::size_t connections = 256;         ///< open at once; further ones wait, or take the place of one that is idle
    bool listing = false;                  ///< show what is in a folder
    std::chrono::milliseconds latency{0};  ///< before each answer, to stand in for a distant server
    std::uint64_t rate = 0;                ///< bytes a second on each connection; 0 is no limit
};

}  // namespace command
