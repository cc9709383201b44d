#pragma once
// Blocking hooks: what a thread hands back before it waits, and takes again when it goes on.
//
// An interpreter lock, a pool worker's slot, a database connection: things that a thread must not keep while it sleeps.
// Installed hooks are called around every threadwise wait of the thread that installed them (any lock, queue, future,
// join or sleep that cannot go on at once), and never on a fast path.

#include "threadwise/export.hpp"

namespace threadwise {

/// What to do around a wait. Derive, and install with BlockingHooksScope.
class THREADWISE_API BlockingHooks {
public:
    BlockingHooks() = default;
    BlockingHooks(const BlockingHooks&) = delete;
    BlockingHooks& operator=(const BlockingHooks&) = delete;

    /// Called by the thread just before it waits. May itself wait (its waits call no hooks).
    virtual void before_wait() noexcept = 0;

    /// Called by the thread if the wait turns out to be a long one: it has spun in vain and is about to sleep, perhaps
    /// several times in one wait. May not wait.
    virtual void before_sleep() noexcept {}

    /// Called by the thread after the wait, before the waiting function returns. May itself wait.
    virtual void after_wait() noexcept = 0;

    /// Called, in the middle of a wait, when a signal handler has run on the waiting thread; `true` ends the wait as
    /// interrupted (it throws InterruptedError, or what the wait documents). May not wait.
    virtual bool on_signal() noexcept { return false; }

protected:
    ~BlockingHooks() = default;

private:
    friend class BlockingHooksScope;
    friend struct BlockingHooksChain;
    BlockingHooks* older_ = nullptr;
};

/// Installs hooks on the calling thread for a scope. Scopes nest: before_wait() runs from the newest to the oldest,
/// after_wait() from the oldest to the newest. Construct and destroy on the same thread; one scope at a time for the
/// same hooks object.
class THREADWISE_API BlockingHooksScope {
public:
    explicit BlockingHooksScope(BlockingHooks& hooks);
    ~BlockingHooksScope();
    BlockingHooksScope(const BlockingHooksScope&) = delete;
    BlockingHooksScope& operator=(const BlockingHooksScope&) = delete;
};

}  // namespace threadwise
