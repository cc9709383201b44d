// The standard library has no memory that processes share.

#include "platform/processes/shared_memory.hpp"

#include <cerrno>

namespace threadwise::platform {

OpenedMemory make_anonymous_memory(std::size_t /*size*/) noexcept { return {.error = ENOSYS}; }
OpenedMemory make_named_memory(const char* /*name*/, std::size_t /*size*/) noexcept { return {.error = ENOSYS}; }
OpenedMemory open_named_memory(const char* /*name*/) noexcept { return {.error = ENOSYS}; }
OpenedMemory duplicate_memory(int /*descriptor*/) noexcept { return {.error = ENOSYS}; }
void close_named_memory(int /*descriptor*/, const char* /*name*/) noexcept {}
void close_memory(int /*descriptor*/) noexcept {}
int remove_memory_name(const char* /*name*/) noexcept { return ENOSYS; }
void sweep_memory_names(const char* /*beginning*/) noexcept {}
std::span<std::byte> map_memory(int /*descriptor*/) noexcept { return {}; }
void unmap_memory(std::span<std::byte> /*view*/) noexcept {}
bool fill_randomly(std::span<std::byte> /*bytes*/) noexcept { return false; }

}  // namespace threadwise::platform
