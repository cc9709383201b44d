#pragma once
// All thread records of the process.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/function_ref.hpp"
#include "runtime/thread_record.hpp"

namespace threadwise::runtime {

/// The threads that have begun and not ended. A short internal lock guards the list; while for_each() holds it nobody
/// can start, end or change a name.
namespace registry {

/// Binds the record to the calling thread and lists it.
void enter(std::shared_ptr<ThreadRecord> record);

/// Unlists the calling thread's record and unbinds it.
void leave() noexcept;

/// Calls `visit` for each listed record, oldest first, under the registry's lock: it must be short and may not start
/// or end threads.
void for_each(FunctionRef<void(ThreadRecord&)> visit);

/// The listed record of that ident, or null.
std::shared_ptr<ThreadRecord> find(std::uint32_t ident);

std::size_t size();

std::string name_of(const ThreadRecord& record);
void rename(ThreadRecord& record, std::string name);

}  // namespace registry
}  // namespace threadwise::runtime
