#pragma once
// All thread records of the process.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/function_ref.hpp"
#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

/// The threads that have begun and not ended. A short internal lock guards the list; while for_each() holds it nobody
/// can start, end or change a name.
namespace registry {

/// Lists a record whose thread is about to start, or takes it off again because it could not: in constant time, without
/// an allocation. False: no Thread starts any more.
bool list(std::shared_ptr<ThreadRecord> record);
void unlist(ThreadRecord& record) noexcept;

/// Binds a listed record to the calling thread, which runs from now on; it is unlisted when the thread ends, after its
/// thread_local objects are gone.
void bind(ThreadRecord& record);

/// The calling thread has no record any more, and nothing else of the library either.
void unbind() noexcept;

/// A thread that is bound no more has ended: unlists it, and lets its joiners go on.
void finish(ThreadRecord& record) noexcept;

/// The record of the thread that the process began with; listed also while that thread has not touched the library.
/// Async-signal-safe.
ThreadRecord& main_record() noexcept;

/// Calls `visit` for each listed record, oldest first, under the registry's lock: it must be short and may not start
/// or end threads, nor allocate, as the program's operator new may do that.
void for_each(FunctionRef<void(ThreadRecord&)> visit);

/// All listed records, oldest first.
std::vector<std::shared_ptr<ThreadRecord>> all();

/// The listed record of that ident, or null.
std::shared_ptr<ThreadRecord> find(std::uint32_t ident);

std::size_t size();

/// Whether foreign threads are listed.
bool has_foreign();

/// From now on no Thread starts: list() refuses all but foreign threads.
void close() noexcept;

/// Whether that ident belongs to a thread that this process does not have, as another one forked it.
bool is_lost(std::uint32_t ident) noexcept;

/// Completes a default name with that of the thread's target, when asked for the first time.
std::string name_of(ThreadRecord& record);
/// The beginning of the name without that, up to a 0: what a starting thread, which may not fail, shows to the system.
std::array<char, 16> short_name_of(const ThreadRecord& record) noexcept;
void rename(ThreadRecord& record, std::string name);
void set_daemon(ThreadRecord& record, bool daemon) noexcept;

}  // namespace registry
}  // namespace threadwise::runtime
