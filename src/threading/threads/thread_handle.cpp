#include "threadwise/thread_handle.hpp"

#include "platform/native_thread.hpp"
#include "runtime/lifetime/joining.hpp"
#include "runtime/records/checkpoint.hpp"
#include "runtime/records/life.hpp"
#include "runtime/records/registry.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threading/threads/thread_handle.hpp"
#include "threadwise/detail/runtime/ident.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {

using runtime::Life;

runtime::ThreadRecord& ThreadHandle::record() const {
    if (!record_) throw RuntimeError("this Thread was moved from: it stands for no thread any more");
    return *record_;
}

std::string ThreadHandle::name() const { return runtime::registry::name_of(record()); }

void ThreadHandle::set_name(std::string name) {
    if (&record() == runtime::this_record_if_any()) platform::name_this_thread(name);
    runtime::registry::rename(record(), std::move(name));
}

std::uint32_t ThreadHandle::ident() const { return runtime::life_of(record()) == Life::unstarted ? 0 : record().ident; }

std::uint64_t ThreadHandle::native_id() const {
    if (runtime::life_of(record()) == Life::unstarted) return 0;
    runtime::await_life_uninterrupted(record(), Life::running);
    return record().native_id;
}

bool ThreadHandle::daemon() const { return record().daemon; }

void ThreadHandle::set_daemon(bool daemon) {
    if (is_alive()) throw RuntimeError("cannot set daemon status of active thread");
    record().daemon = daemon;
}

bool ThreadHandle::is_alive() const {
    const Life life = runtime::life_of(record());
    return (life == Life::started || life == Life::running) && !runtime::never_finishes(record());
}

bool ThreadHandle::join(Timeout timeout, SourceLocation where) const { return join(std::stop_token(), timeout, where); }

bool ThreadHandle::join(std::stop_token stop, Timeout timeout, SourceLocation where) const {
    const std::shared_ptr<runtime::ThreadRecord> joined = record().shared_from_this();  // kept during the wait
    if (runtime::life_of(*joined) == Life::unstarted) throw RuntimeError("cannot join thread before it is started");
    if (joined.get() == runtime::this_record_if_any()) throw RuntimeError("cannot join current thread");
    return threading::succeeded(
        runtime::await_life(*joined, Life::finished, runtime::deadline_after(timeout), stop, where), stop);
}

ThreadHandle current_thread() { return ThreadHandleAccess::make(runtime::this_record().shared_from_this()); }

ThreadHandle main_thread() { return ThreadHandleAccess::make(runtime::registry::main_record().shared_from_this()); }

bool is_main_thread() { return runtime::this_record().is_main; }

std::vector<ThreadHandle> enumerate() {
    runtime::this_record();  // the caller is alive too
    std::vector<ThreadHandle> threads;
    for (auto& record : runtime::registry::all()) threads.push_back(ThreadHandleAccess::make(std::move(record)));
    return threads;
}

std::size_t active_count() {
    runtime::this_record();
    return runtime::registry::size();
}

std::uint32_t get_ident() { return detail::this_ident != 0 ? detail::this_ident : runtime::this_record().ident; }

std::uint64_t get_native_id() { return runtime::this_record().native_id; }

}  // namespace threadwise
