#include "platform/processes/socket.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace threadwise::platform {
namespace {

template <class Call>
Transferred without_signals(Call call) noexcept {
    for (;;) {
        const ssize_t moved = call();
        if (moved >= 0) return moved;
        if (errno != EINTR) return -errno;
    }
}

}  // namespace

SocketPair make_socket_pair() noexcept {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return {.error = errno};
    return {.first = ends[0], .second = ends[1]};
}

Transferred send_some(int descriptor, std::span<const std::byte> bytes) noexcept {
    return without_signals([&] { return send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL); });
}

Transferred receive_some(int descriptor, std::span<std::byte> room) noexcept {
    const Transferred moved = without_signals([&] { return recv(descriptor, room.data(), room.size(), MSG_DONTWAIT); });
    // The other end was closed with something in it that nobody has received.
    return moved == -ECONNRESET ? 0 : moved;
}

bool can_receive(int descriptor) noexcept {
    pollfd polled{.fd = descriptor, .events = POLLIN, .revents = 0};
    return poll(&polled, 1, 0) > 0;
}

}  // namespace threadwise::platform
