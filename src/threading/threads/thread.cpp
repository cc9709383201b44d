#include "threadwise/thread.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "platform/native_thread.hpp"
#include "runtime/lifetime/joining.hpp"
#include "runtime/lifetime/recycler.hpp"
#include "runtime/lifetime/shutdown.hpp"
#include "runtime/records/life.hpp"
#include "runtime/records/registry.hpp"
#include "threading/threads/stack_size.hpp"
#include "threading/threads/thread_state.hpp"

namespace threadwise {

detail::Target::~Target() = default;

namespace {

std::string next_default_name() {
    static std::atomic<unsigned long> last{0};
    // relaxed: nothing but the number itself is shared.
    return "Thread-" + std::to_string(last.fetch_add(1, std::memory_order_relaxed) + 1);
}

[[noreturn]] void end_for_misuse(const std::string& thread, const char* what) noexcept {
    std::fprintf(stderr,
                 "threadwise: the Thread \"%s\" was %s while its run() was at work; a class that overrides run() must "
                 "call join() in its own destructor, and must not be moved while it runs\n",
                 thread.c_str(), what);
    std::abort();
}

bool is_at_work(const ThreadState& state) noexcept {
    const runtime::Life life = runtime::life_of(state);
    return life == runtime::Life::started || life == runtime::Life::running;
}

/// To be called when the process is ending.
[[noreturn]] void refuse_to_start() {
    runtime::hold_if_exiting();
    throw RuntimeError("can't start new thread: the process is ending");
}

bool runs_object(const ThreadState& state) noexcept { return state.object != nullptr && is_at_work(state); }

}  // namespace

Thread::Thread(ThreadOptions options) : Thread(std::move(options), std::unique_ptr<detail::Target>()) {}

Thread::Thread(ThreadOptions options, std::unique_ptr<detail::Target> target, const std::type_info& plain)
    : ThreadHandle(std::make_shared<ThreadState>()) {
    ThreadState& made = state();
    made.plain = &plain;
    check_stack_size(options.stack_size);
    made.stack_size = options.stack_size;
    made.daemon = options.daemon.value_or(runtime::this_record().daemon);
    if (options.name.empty()) {
        made.name = next_default_name();
        made.function = target ? target->function() : nullptr;
    } else {
        made.name = std::move(options.name);
    }
    made.target = std::move(target);
}

Thread::Thread(Thread&& other) noexcept : ThreadHandle(std::move(other)) {
    if (has_record() && runs_object(state())) end_for_misuse(name(), "moved");
}

Thread& Thread::operator=(Thread&& other) noexcept {
    if (this == &other) return *this;
    release();
    ThreadHandle::operator=(std::move(other));
    if (has_record() && runs_object(state())) end_for_misuse(name(), "moved");
    return *this;
}

Thread::~Thread() { release(); }

void Thread::release() noexcept {
    if (!has_record()) return;
    ThreadState& mine = state();
    const bool is_itself = &mine == runtime::this_record_if_any();
    if (runs_object(mine)) end_for_misuse(name(), "destroyed");
    if (mine.daemon || is_itself || !is_at_work(mine)) return;
    request_stop();
    runtime::await_life_uninterrupted(mine, runtime::Life::finished);
}

void Thread::start() {
    ThreadState& mine = state();
    if (!runtime::begin_life(mine)) throw RuntimeError("threads can only be started once");
    // Not where a Timer was moved into a Thread: there the object is a Thread, and `plain` is Timer.
    const bool has_own_run = typeid(*this) != typeid(Thread) && typeid(*this) != *mine.plain;
    mine.object = has_own_run ? this : nullptr;
    mine.run_object = [](Thread& thread) { thread.run(); };
    if (mine.stack_size == 0) mine.stack_size = stack_size();
    try {
        // Listed by its starter, so that it is in enumerate() once start() has returned.
        if (!runtime::registry::list(mine.shared_from_this())) refuse_to_start();
        if (runtime::start_recycled(mine, mine.stack_size)) return;
        if (platform::start_native_thread(ThreadState::main, &mine, mine.stack_size)) return;
    } catch (...) {
        runtime::advance_life(mine, runtime::Life::unstarted);
        throw;
    }
    runtime::registry::unlist(mine);
    runtime::advance_life(mine, runtime::Life::unstarted);
    throw RuntimeError("can't start new thread");
}

bool Thread::request_stop() { return state().stop.request_stop(); }

std::stop_token Thread::get_stop_token() const { return state().stop.get_token(); }

void Thread::run() {
    if (state().target) state().target->run(state().stop.get_token());
}

ThreadState& Thread::state() const { return static_cast<ThreadState&>(record()); }

}  // namespace threadwise
