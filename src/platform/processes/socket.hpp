#pragma once
// Two connected ends, of which each process has one.

#include <cstddef>
#include <span>

namespace threadwise::platform {

/// Both closed on exec; or the errno that came instead.
struct SocketPair {
    int first = -1;
    int second = -1;
    int error = 0;
};

SocketPair make_socket_pair() noexcept;

/// How far a transfer came: bytes moved, or minus the errno. It never waits: EAGAIN says that it would have to.
using Transferred = std::ptrdiff_t;

/// EPIPE: the other end is closed, by whatever end of its process.
Transferred send_some(int descriptor, std::span<const std::byte> bytes) noexcept;

/// 0: everything that was sent has been received, and the other end is closed.
Transferred receive_some(int descriptor, std::span<std::byte> room) noexcept;

/// Whether there is something to receive, an end included.
bool can_receive(int descriptor) noexcept;

}  // namespace threadwise::platform
