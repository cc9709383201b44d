#include "runtime/lifetime/recycler.hpp"

#include <atomic>
#include <chrono>
#include <utility>

#include "platform/internal_lock.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/base/made_at_load.hpp"
#include "runtime/records/registry.hpp"
#include "runtime/waiting/spin.hpp"

namespace threadwise::runtime {
namespace {

/// Long enough for a program that starts threads now and then in a row, short enough not to be noticed in `top`.
constexpr std::chrono::milliseconds longest_offer{100};

}  // namespace

struct Recycler {
    platform::InternalLock lock;
    RecyclableThread* latest THREADWISE_GUARDED_BY(lock) = nullptr;  ///< of those on offer: its caches are the warmest
    SpinMemory spins;

    Recycler();

    void add(RecyclableThread& thread) noexcept THREADWISE_REQUIRES(lock) {
        thread.on_offer_ = true;
        thread.later_ = nullptr;
        thread.earlier_ = std::exchange(latest, &thread);
        if (thread.earlier_ != nullptr) thread.earlier_->later_ = &thread;
    }

    void remove(RecyclableThread& thread) noexcept THREADWISE_REQUIRES(lock) {
        thread.on_offer_ = false;
        (thread.later_ == nullptr ? latest : thread.later_->earlier_) = thread.earlier_;
        if (thread.earlier_ != nullptr) thread.earlier_->later_ = thread.later_;
    }

    RecyclableThread* find(std::size_t stack_size, const platform::Inheritance& inheritance) const noexcept
        THREADWISE_REQUIRES(lock) {
        RecyclableThread* thread = latest;
        while (thread != nullptr && !(thread->stack_size_ == stack_size && thread->inheritance_ == inheritance)) {
            thread = thread->earlier_;
        }
        return thread;
    }
};

namespace {

Recycler& the_recycler() { return MadeAtLoad<Recycler>::get(); }

/// In a forked child.
void forget_idle_threads() noexcept THREADWISE_UNCHECKED { the_recycler().latest = nullptr; }

// relaxed throughout: a setting, which orders nothing else.
constinit std::atomic<bool> is_allowed{true};

void offer(RecyclableThread& thread) noexcept {
    const platform::InternalHold hold(the_recycler().lock);
    the_recycler().add(thread);
}

bool any_on_offer() noexcept {
    Recycler& recycler = the_recycler();
    const platform::InternalHold hold(recycler.lock);
    return recycler.latest != nullptr;
}

}  // namespace

Recycler::Recycler() {
    hold_over_fork(lock);
    at_fork_in_child(forget_idle_threads, ForkOrder::after_registry);
}

bool allow_recycling(bool allowed) noexcept { return is_allowed.exchange(allowed, std::memory_order_relaxed); }

bool RecyclableThread::end_and_offer(ThreadRecord& record) noexcept {
    // The main thread of a forked child ends with its process.
    if (!is_allowed.load(std::memory_order_relaxed) || record.is_main) return false;
    erase_all(record.locals);
    registry::unbind();
    if (platform::is_as_new(beginning_)) {
        inheritance_ = platform::inheritance_of_this_thread();
        parker_.reset();
        // On offer before its joiner goes on, which may start the next one at once.
        offer(*this);
        registry::finish(record);
        return true;
    }
    registry::bind(record);
    return false;
}

ThreadRecord* RecyclableThread::await_next() noexcept {
    constexpr int longest_pause = 2;
    auto has_next = [this] { return parker_.look() == Parker::State::notified; };
    if (spin_until(the_recycler().spins, platform::never, {longest_pause}, has_next)) return next_;
    platform::Instant deadline = platform::now() + longest_offer;
    for (;;) {
        const Parker::State state = parker_.sleep(deadline);
        if (state == Parker::State::notified) return next_;
        if (state != Parker::State::timed_out) continue;
        if (withdraw()) return nullptr;
        deadline = platform::never;  // somebody has taken the offer and is about to notify
    }
}

bool RecyclableThread::withdraw() noexcept {
    Recycler& recycler = the_recycler();
    const platform::InternalHold hold(recycler.lock);
    if (!on_offer_) return false;
    recycler.remove(*this);
    return true;
}

bool start_recycled(ThreadRecord& record, std::size_t stack_size) {
    if (!is_allowed.load(std::memory_order_relaxed) || !any_on_offer()) return false;
    const platform::Inheritance inheritance = platform::inheritance_of_this_thread();
    RecyclableThread* taken = nullptr;
    {
        Recycler& recycler = the_recycler();
        const platform::InternalHold hold(recycler.lock);
        taken = recycler.find(stack_size, inheritance);
        if (taken == nullptr) return false;
        recycler.remove(*taken);
    }
    taken->next_ = &record;
    taken->parker_.notify();
    return true;
}

}  // namespace threadwise::runtime
