#include "runtime/deadlock/report.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iomanip>
#include <memory>
#include <new>
#include <sstream>
#include <string_view>
#include <utility>

#include "platform/internal_lock.hpp"
#include "platform/native_thread.hpp"
#include "runtime/base/exception_text.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/records/registry.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

OnDeadlock action_from_environment() noexcept {
    const char* const text = std::getenv("THREADWISE_ON_DEADLOCK");  // NOLINT(concurrency-mt-unsafe): at load
    const std::string_view name = text == nullptr ? "" : text;
    if (name.empty() || name == "report") return OnDeadlock::report;
    if (name == "abort") return OnDeadlock::abort;
    if (name == "throw") return OnDeadlock::fail;
    if (name == "ignore") return OnDeadlock::ignore;
    std::fprintf(stderr,
                 "threadwise: THREADWISE_ON_DEADLOCK is \"%s\"; it can be report, abort, throw or ignore, and counts "
                 "as report\n",
                 text);
    return OnDeadlock::report;
}

struct Settings {
    platform::InternalLock lock;
    std::shared_ptr<const DeadlockHook> hook THREADWISE_GUARDED_BY(lock);

    Settings() { runtime::hold_over_fork(lock); }
};

Settings& the_settings() {
    // Never destroyed: daemons may wait while static objects are being destroyed.
    static auto& settings = *new Settings;
    return settings;
}

[[maybe_unused]] const bool made_at_load = (the_settings(), true);
constinit std::atomic<OnDeadlock> action{OnDeadlock::report};
[[maybe_unused]] const bool read_at_load = (action.store(action_from_environment()), true);

std::shared_ptr<const DeadlockHook> exchange_hook(std::shared_ptr<const DeadlockHook> hook) {
    const platform::InternalHold hold(the_settings().lock);
    return std::exchange(the_settings().hook, std::move(hook));
}

std::shared_ptr<const DeadlockHook> current_hook() {
    const platform::InternalHold hold(the_settings().lock);
    return the_settings().hook;
}

void call_hook(const Deadlock& deadlock) {
    const std::shared_ptr<const DeadlockHook> hook = current_hook();
    if (hook == nullptr) return default_deadlock_hook(deadlock);
    detail::call_user_code([&] { (*hook)(deadlock); },
                           [&](const std::exception_ptr& failure) {
                               std::fprintf(stderr, "The deadlock hook itself failed: %s\nwhen handling:\n",
                                            runtime::exception_text(failure).c_str());
                               default_deadlock_hook(deadlock);
                           });
}

/// What one thread does that another one waits for: "holds RLock", "runs the call of Future".
std::string_view verb_for(std::string_view kind) noexcept {
    if (kind == "Thread.join") return "";
    if (kind == "Future") return "runs the call of ";
    if (kind == "TaskGroup") return "runs a task of ";
    if (kind == "Executor") return "is a worker of ";
    if (kind == "Once") return "runs the call of ";
    return "holds ";
}

void print_thread(std::ostream& out, const DeadlockedThread& thread, const DeadlockedThread& next) {
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - thread.since;
    const auto object = [&out](std::string_view kind, std::uintptr_t address) -> std::ostream& {
        return out << kind << " 0x" << std::hex << address << std::dec;
    };
    out << "  " << std::quoted(thread.name) << " (ident " << thread.ident << ", native id " << thread.native_id << ") ";
    if (const std::string_view verb = verb_for(thread.holds); !verb.empty()) {
        out << verb;
        object(thread.holds, thread.held_object) << ", and ";
    }
    out << "waits for ";
    object(thread.waits_for, thread.object)
        << (verb_for(thread.waits_for) == "holds " ? " held by " : " of ") << std::quoted(next.name) << " (ident "
        << next.ident << ")\n    for " << std::fixed << std::setprecision(3) << waited.count() << " s";
    if (thread.where.line() != 0) {
        out << ", at " << thread.where.file_name() << ':' << thread.where.line() << " (" << thread.where.function_name()
            << ')';
    }
    out << '\n';
}

/// What the thread that found it hands to the one that reports it.
struct Finding {
    runtime::SystemVector<runtime::BlockedThread> threads;
    bool certain = false;
};

Deadlock as_deadlock(const Finding& finding) {
    Deadlock deadlock{.threads = {}, .certain = finding.certain};
    const auto& threads = finding.threads;
    for (std::size_t i = 0; i < threads.size(); ++i) {
        const runtime::WaitSite& site = threads[i].site;
        const runtime::WaitSite& held = threads[(i + threads.size() - 1) % threads.size()].site;
        const auto record = runtime::registry::find(threads[i].ident);
        deadlock.threads.push_back({.name = record ? runtime::registry::name_of(*record) : "a thread that has ended",
                                    .ident = threads[i].ident,
                                    .native_id = record ? record->native_id.load() : 0,
                                    .waits_for = std::string(to_string(site.kind)),
                                    .object = reinterpret_cast<std::uintptr_t>(site.object),
                                    .holds = std::string(to_string(held.kind)),
                                    .held_object = reinterpret_cast<std::uintptr_t>(held.object),
                                    .where = site.where,
                                    .since = site.since});
    }
    return deadlock;
}

/// That wait is to end with a DeadlockError.
void doom(const runtime::BlockedThread& victim, std::string text) {
    const auto record = runtime::registry::find(victim.ident);
    if (record == nullptr) return;
    record->deadlock = std::move(text);
    record->doomed_wait = victim.site.since.time_since_epoch().count();
    record->parker.kick();
}

void fail_one(const Finding& finding, std::string text) {
    const runtime::BlockedThread* last = nullptr;
    for (const runtime::BlockedThread& thread : finding.threads) {
        if (thread.site.may_fail && (last == nullptr || thread.site.since > last->site.since)) last = &thread;
    }
    if (last != nullptr) doom(*last, std::move(text));
}

void report(const Finding& finding) {
    const Deadlock deadlock = as_deadlock(finding);
    // Also where the hook ends its thread.
    const detail::Finally act([&] {
        if (runtime::on_deadlock() == OnDeadlock::abort) std::abort();
        if (runtime::on_deadlock() == OnDeadlock::fail) fail_one(finding, to_string(deadlock));
    });
    call_hook(deadlock);
}

/// Where no thread could be started to report it: the deadlocked thread itself, in few words.
void report_here(const Finding& finding) noexcept {
    std::fprintf(stderr,
                 "threadwise: %s of %zu threads, and no thread can be started to report it yet: dump() shows it\n",
                 finding.certain ? "deadlock" : "suspected deadlock", finding.threads.size());
    if (runtime::on_deadlock() == OnDeadlock::abort) std::abort();
}

void run_reporter(void* argument) {
    const std::unique_ptr<Finding, void (*)(Finding*)> finding(static_cast<Finding*>(argument), [](Finding* made) {
        std::destroy_at(made);
        runtime::SystemAllocator<Finding>().deallocate(made, 1);
    });
    platform::name_this_thread("deadlock-report");
    try {
        report(*finding);
    } catch (const std::bad_alloc&) {
        report_here(*finding);
    }
}

/// A certain one may be called so only if nothing at all could end it.
bool is_certain(const runtime::SystemVector<runtime::BlockedThread>& threads, runtime::Tie tie) noexcept {
    return tie == runtime::Tie::certain &&
           std::none_of(threads.begin(), threads.end(), [](const auto& thread) { return thread.site.stoppable; });
}

}  // namespace

std::string to_string(const Deadlock& deadlock) {
    std::ostringstream text;
    const auto& threads = deadlock.threads;
    text << "threadwise: " << (deadlock.certain ? "deadlock: " : "suspected deadlock: ");
    if (threads.size() == 1) {
        text << "a thread waits for itself";
    } else {
        text << threads.size() << " threads wait for each other";
    }
    text << (deadlock.certain ? ", and nothing but an interrupt can end it\n"
                              : ", unless another thread releases a Lock or requests a stop\n");
    for (std::size_t i = 0; i < threads.size(); ++i) print_thread(text, threads[i], threads[(i + 1) % threads.size()]);
    return text.str();
}

DeadlockHook set_deadlock_hook(DeadlockHook hook) {
    auto set = hook ? std::make_shared<const DeadlockHook>(std::move(hook)) : nullptr;
    const std::shared_ptr<const DeadlockHook> old = exchange_hook(std::move(set));
    return old ? *old : DeadlockHook();
}

void default_deadlock_hook(const Deadlock& deadlock) {
    // One call, so that it does not mix with what others write.
    std::fputs(to_string(deadlock).c_str(), stderr);
}

OnDeadlock set_on_deadlock(OnDeadlock wanted) { return action.exchange(wanted); }

namespace runtime {

OnDeadlock on_deadlock() noexcept { return action.load(std::memory_order_relaxed); }  // relaxed: a setting by itself

bool report_deadlock(const SystemVector<BlockedThread>& in_order, Tie tie) {
    auto* const finding = SystemAllocator<Finding>().allocate(1);
    try {
        ::new (static_cast<void*>(finding)) Finding{.threads = in_order, .certain = is_certain(in_order, tie)};
    } catch (...) {
        SystemAllocator<Finding>().deallocate(finding, 1);
        throw;
    }
    if (platform::start_native_thread(run_reporter, finding, 0)) return true;
    report_here(*finding);
    std::destroy_at(finding);
    SystemAllocator<Finding>().deallocate(finding, 1);
    return false;
}

bool is_doomed(const ThreadRecord& record, platform::Instant since) noexcept {
    return record.doomed_wait.load() == since.time_since_epoch().count();
}

void throw_if_doomed(ThreadRecord& record) {
    if (record.doomed_wait.exchange(0) == 0) return;
    throw DeadlockError(record.deadlock);
}

}  // namespace runtime
}  // namespace threadwise
