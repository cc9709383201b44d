#pragma once
// Native threads: starting one, and what the OS shows of it.

#include <cstddef>
#include <string_view>

namespace threadwise::platform {

/// Starts a thread that runs `run(argument)` and is nobody's to join. `stack_size` in bytes, 0: the system's default.
/// False if the system gives no thread.
bool start_native_thread(void (*run)(void*), void* argument, std::size_t stack_size) noexcept;

/// Whether threads may have stacks of that many bytes.
bool is_stack_size_accepted(std::size_t stack_size) noexcept;

/// The name of the calling thread as `top -H` and gdb show it; what the OS has no room for is cut off.
void name_this_thread(std::string_view name) noexcept;

}  // namespace threadwise::platform
