// The standard library starts no programs that can be waited for.

#include "platform/processes/child_process.hpp"

#include <cerrno>
#include <cstdlib>

namespace threadwise::platform {

StartedChild start_child(const ChildProgram& /*program*/) noexcept { return {.error = ENOSYS}; }
std::optional<int> collect_child(int /*descriptor*/) noexcept { return unknown_exit; }
void end_process(int /*descriptor*/, bool /*by_force*/) noexcept {}
int open_process(int /*number*/) noexcept { return -1; }
int parent_process() noexcept { return 0; }
void kill_this_process() noexcept { std::abort(); }
int make_anonymous_file(std::span<const std::byte> /*bytes*/) noexcept { return -ENOSYS; }
int duplicate_descriptor(int /*descriptor*/) noexcept { return -ENOSYS; }
void close_on_exec(int /*descriptor*/) noexcept {}
void close_descriptor(int /*descriptor*/) noexcept {}
int take_environment_number(const char* /*name*/) noexcept { return -1; }
const char* program_name() noexcept { return ""; }

}  // namespace threadwise::platform
