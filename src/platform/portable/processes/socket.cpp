// The standard library has no sockets.

#include "platform/processes/socket.hpp"

#include <cerrno>

namespace threadwise::platform {

SocketPair make_socket_pair() noexcept { return {.error = ENOSYS}; }
Transferred send_some(int /*descriptor*/, std::span<const std::byte> /*bytes*/) noexcept { return -ENOSYS; }
Transferred receive_some(int /*descriptor*/, std::span<std::byte> /*room*/) noexcept { return -ENOSYS; }
bool can_receive(int /*descriptor*/) noexcept { return false; }

}  // namespace threadwise::platform
