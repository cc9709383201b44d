#include "threadwise/interrupt.hpp"

#include "runtime/records/registry.hpp"
#include "runtime/waiting/door.hpp"
#include "threading/threads/thread_handle.hpp"

namespace threadwise {

void interrupt(const ThreadHandle& thread) { runtime::interrupt(ThreadHandleAccess::record(thread)); }

bool interrupt(std::uint32_t ident) {
    const std::shared_ptr<runtime::ThreadRecord> record = runtime::registry::find(ident);
    if (record) runtime::interrupt(*record);
    return record != nullptr;
}

void interrupt_main() noexcept { runtime::interrupt(runtime::registry::main_record()); }

}  // namespace threadwise
