#include "platform/native_thread.hpp"

#include <system_error>
#include <thread>

namespace threadwise::platform {

bool start_native_thread(void (*run)(void*), void* argument, std::size_t /*stack_size*/) noexcept {
    try {
        std::thread(run, argument).detach();
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

// The standard library takes no stack size and no name.
bool is_stack_size_accepted(std::size_t /*stack_size*/) noexcept { return true; }
void name_this_thread(std::string_view /*name*/) noexcept {}

}  // namespace threadwise::platform
