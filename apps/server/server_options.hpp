#pragma once
// The settings of a file server.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace command {

struct ServerOptions {
    std::size_t connections = 256;         ///< open at once; beyond that, an idle one is closed or the new one waits
    bool listing = false;                  ///< answer requests for folders with a list of their files
    std::chrono::milliseconds latency{0};  ///< before each answer, to stand in for a distant server
    std::uint64_t rate = 0;                ///< bytes a second on each connection; 0 is no limit
};

}  // namespace command
