#include "threadwise/interpreter_lock.hpp"

#include <utility>

#include "threading/interpreter/interpreter_turns.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

InterpreterLockOptions checked(InterpreterLockOptions options) {
    if (options.switch_interval <= 0s || options.switch_interval > 1h) {
        throw ValueError("switch_interval must be above zero, and at most an hour");
    }
    if (!(options.computing_share >= 0 && options.computing_share <= 0.99)) {
        throw ValueError("computing_share must be from 0 to 0.99: the rest is for threads that come back from a wait");
    }
    return options;
}

runtime::WaitSite site_of(const void* lock, const std::atomic<std::uint32_t>& word, SourceLocation where,
                          platform::Instant deadline = platform::never) {
    return {.kind = runtime::WaitKind::interpreter_lock,
            .object = lock,
            .owner_word = &word,
            .where = where,
            .deadline = deadline};
}

void refuse_while_holding(const BlockingHooks* lock) {
    if (detail::interpreter_hooks == nullptr) return;
    if (detail::interpreter_hooks == lock) {
        throw RuntimeError(
            "this thread holds this InterpreterLock already, and would wait for itself: use ScopedInterpreter where "
            "the caller may hold it");
    }
    throw RuntimeError(
        "this thread holds another InterpreterLock, and may hold one at a time: release that one, or call its "
        "allow_threads(), first");
}

}  // namespace

InterpreterLock::InterpreterLock(Options options)
    : turns_(std::make_unique<detail::InterpreterTurns>(words_, checked(options))) {}

InterpreterLock::~InterpreterLock() = default;

bool InterpreterLock::acquire_slow(bool blocking, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(blocking, timeout);
    if (!blocking) {
        if (is_held()) return false;
        refuse_while_holding(this);
        const std::uint32_t me = runtime::this_record().ident;
        if (!turns_->try_take(me)) return false;
        enter(me);
        return true;
    }
    refuse_while_holding(this);
    if (!threading::succeeded(turns_->take(site_of(this, words_.word, where, deadline), {}, false))) return false;
    enter(detail::this_ident);
    return true;
}

bool InterpreterLock::acquire(std::stop_token stop, Timeout timeout, SourceLocation where) {
    const platform::Instant deadline = threading::acquire_deadline(true, timeout);
    if (take_uncontended()) return true;
    refuse_while_holding(this);
    if (!threading::succeeded(turns_->take(site_of(this, words_.word, where, deadline), stop, false), stop))
        return false;
    enter(detail::this_ident);
    return true;
}

void InterpreterLock::give_up_slow() noexcept { turns_->release(detail::this_ident); }

void InterpreterLock::offer_slow() noexcept { turns_->offer_if_free(); }

void InterpreterLock::take_back_slow(SourceLocation where) noexcept {
    turns_->take(site_of(this, words_.word, where), {}, true);
    enter(detail::this_ident);
}

void InterpreterLock::after_wait() noexcept {
    std::uint32_t free = 0;
    const std::uint32_t me = detail::this_ident;
    // acquire: as in take_uncontended(), which would find that the thread is about to hold it.
    if (!words_.word.compare_exchange_strong(free, me, std::memory_order_acquire, std::memory_order_relaxed)) {
        turns_->take(site_of(this, words_.word, {}), {}, true);
    }
    enter(me);
}

void InterpreterLock::make_way() {
    if (!is_held()) {
        throw RuntimeError("checkpoint() is for the thread that holds the InterpreterLock; this one does not");
    }
    detail::interpreter_hooks = nullptr;  // so that the wait for the next turn does not release it
    turns_->make_way(site_of(this, words_.word, {}));
    enter(detail::this_ident);
}

bool InterpreterLock::locked() const noexcept {
    // relaxed: nothing may be concluded from the answer about other memory.
    return (words_.word.load(std::memory_order_relaxed) & runtime::owner_mask) != 0;
}

InterpreterLock::Statistics InterpreterLock::statistics() const {
    Statistics statistics;
    statistics.switches = switches_.load(std::memory_order_relaxed);  // relaxed: just a number
    turns_->add_to(statistics);
    return statistics;
}

void InterpreterLock::refuse_release() {
    throw RuntimeError("cannot release an InterpreterLock that this thread does not hold: acquire() it first");
}

}  // namespace threadwise
