#pragma once
// Parts of a wait in a few words, as the cells of a table hold them; empty for a thread that does not wait.

#include <cstdint>
#include <string>
#include <string_view>

#include "top/watched.hpp"

namespace command {

/// A worker of a pool that has nothing to do.
bool is_idle_worker(const threadwise::inspect::ThreadInfo& thread);

/// "Lock 0x7ffd1c20"
std::string object_text(std::string_view kind, std::uintptr_t object);

std::string what_text(const threadwise::inspect::ThreadInfo& thread);

/// The names of the threads that have to do something before the wait can end.
std::string holder_text(const threadwise::inspect::ThreadInfo& thread, const Watched& watched);

/// "fetch.cpp:17", without folders
std::string where_text(const threadwise::inspect::Place& place);
std::string where_text(const threadwise::inspect::ThreadInfo& thread);

}  // namespace command
