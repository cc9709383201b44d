#pragma once
// The door: the one place where threads wait.
//
// A primitive's slow path makes a `Waiting`, which writes down what the thread waits for and lets the blocking hooks
// hand back what must not be kept. Then it spins (spin()) and sleeps (park()) until it is woken. The destructor clears
// the note and lets the hooks take again what they gave back. A waker calls unpark_one(), unpark_all() or requeue()
// (runtime/records/waking.hpp) with the address that the sleeper sleeps on.
//
// No wake-up is lost, by this argument. A sleeper validates under the bucket's lock that it must sleep, and is in the
// queue before the lock is released. A waker changes the primitive's state first and then looks for sleepers under the
// same lock. So either the waker's change is seen by the validation, or the sleeper is seen by the waker. A primitive
// that wants to skip the waker's look keeps a "somebody sleeps" bit in its word, which the validation sets.
//
// A waker knows its sleepers by their address alone, and a primitive may be gone, and another one lie there, before the
// waker comes to look: Latch, Event, Once and Semaphore may be destroyed as soon as they have let somebody go. So
// **a woken thread looks again** whether what it waits for has come, and sleeps on if not. Two waits cannot look
// again, as the wake-up itself is what they wait for: a condition's, and that of a SharedLock's readers, which the
// writer counts in. Those sleep on a key (exact_key()) at which nobody wakes but users of an object that is alive. And
// a waker that writes to the primitive of the sleeper that it finds has to be sure what kind it is: a semaphore's key
// and a lock's are at addresses where nothing else sleeps.
//
// Between processes there is no parking table. A primitive in shared memory has a word of its own, on which its waiters
// sleep by sleep_shared(), and which its wakers change before they wake (platform/processes/shared_futex.hpp). A
// process may be killed at any point, also between these two steps, or as the one waiter that was woken. So each such
// sleep ends by itself after `longest_shared_sleep`, and the waiter looks again.
//
// These functions are the seam at which another door can be linked in (src/explore/), so none of them is a template.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "platform/clock.hpp"
#include "platform/processes/descriptor_wait.hpp"
#include "platform/processes/shared_futex.hpp"
#include "runtime/base/function_ref.hpp"
#include "runtime/records/thread_record.hpp"
#include "runtime/records/wait_site.hpp"
#include "runtime/records/waking.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::runtime {

class DeadlockWatch;

/// The address for sleepers that cannot look again: only users that keep `object` alive may wake them there. Of every
/// eight bytes this is the seventh. Locks have odd ones (OwnerWord::key), semaphores the third (semaphore_key), and all
/// others begin at one that four divides.
inline const void* exact_key(const void* object) noexcept { return static_cast<const std::byte*>(object) + 6; }

/// The address for those that wait for the semaphore whose word that is: a waker may write to it, if it finds a
/// sleeper.
inline const void* semaphore_key(const std::atomic<std::uint64_t>& word) noexcept {
    return reinterpret_cast<const std::byte*>(&word) + 2;
}

/// How a sleep ended.
enum class Wakeup : std::uint8_t {
    woken,        ///< by unpark or requeue; the token says more
    refused,      ///< it never began: the validation said that there is no need
    timed_out,    ///< the deadline passed
    interrupted,  ///< stop was requested, or the thread was interrupted, or a hook wants the signal handled
};

/// How a spin is paced: how long the pauses between two polls become.
enum class Pace : std::uint8_t {
    eager,     ///< the waiter's poll costs the other side little: an event, a future
    moderate,  ///< each poll takes a cache line from the thread that will change it soon, but only once: a condition
    patient,   ///< each poll takes a busy cache line from its user: a queue
    /// The same at first, but after a while its polls are frequent. For what others take again and again, a lock: the
    /// thread on the faster core, which polls faster, too, would have it for most of the time otherwise.
    insistent,
};

/// After so long a sleep on a word in shared memory the waiter looks again, woken or not.
inline constexpr std::chrono::milliseconds longest_shared_sleep{500};

/// The deadline of a wait that begins now.
platform::Instant deadline_after(Timeout timeout) noexcept;

/// One wait of the calling thread, from the first spin to the last wake-up.
class Waiting {
public:
    /// Writes the site down; `since` is filled in. `stop` ends the wait as interrupted once requested.
    explicit Waiting(const WaitSite& site, std::stop_token stop = {});
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

    /// Polls `ready` for as long as that has lately paid at this address; true once it is. False: now sleep.
    bool spin(const void* address, FunctionRef<bool()> ready, Pace pace = Pace::eager);

    /// A waiter that was woken in vain may be entitled: it sleeps at the front of the queue, and wakers
    /// that find it there hand off to it what it waits for.
    enum class Claim : std::uint8_t { ordinary, entitled };

    /// The same wait goes on for something else: without deadline, and nothing interrupts it. How a condition's wait
    /// takes its lock again.
    void turn_to(const WaitSite& site) noexcept;

    /// From now on park() also ends, as timed_out, once that moment has come, even where the deadline is later.
    void wake_at(platform::Instant moment) noexcept { wake_at_ = moment; }

    /// Sleeps on `address` until unparked. `validate` runs under the bucket's lock: it says whether there still is a
    /// need to sleep, and marks the primitive so that wakers look here. It must be short and may not throw, wait, or
    /// take another internal lock.
    Wakeup park(const void* address, FunctionRef<bool()> validate, Claim claim = Claim::ordinary);

    /// The same, but spins after having queued (as nothing else can be polled), and calls `before_sleep` when queued,
    /// without the bucket's lock: where a condition releases its lock. If that throws, the wait is over.
    Wakeup park_and_spin(const void* address, FunctionRef<bool()> validate, FunctionRef<void()> before_sleep);

    /// Sleeps while a word in memory that processes share holds what is expected, until it is woken by
    /// shared_futex_wake(). `woken` may come for no reason: the caller looks again. May be called again and again.
    Wakeup sleep_shared(platform::AwaitedWord shared);

    /// Sleeps until a descriptor is ready. `woken` may come for no reason: the caller looks again. May be called again
    /// and again.
    Wakeup sleep_on(platform::AwaitedDescriptor awaited);

    /// Writes down which thread, by the kernel's number, now holds what is waited for. For waits across processes.
    void name_owner(std::uint32_t native_id) noexcept;

    /// What the waker said, after `woken`.
    std::uint32_t token() const noexcept { return record_.wait_node.token; }
    /// Whether the sleeper was moved to another address before it was woken; after `woken`.
    bool requeued() const noexcept { return record_.wait_node.requeued; }

    ThreadRecord& record() const noexcept { return record_; }
    platform::Instant since() const noexcept { return site_.since; }
    platform::Instant deadline() const noexcept { return end_; }

private:
    struct Stopper {
        ThreadRecord& record;
        void operator()() const noexcept { record.parker.kick(); }
    };

    void prepare_to_sleep() noexcept;
    void begin_sleep();
    void note_on_card(Card& card) noexcept;
    Wakeup sleep(DeadlockWatch& watch);
    Wakeup sleep_until_woken(DeadlockWatch& watch);
    Wakeup recorded(Wakeup how, std::uint32_t waker) noexcept;
    template <class Sleep>
    Wakeup sleep_beside(platform::Instant next_look, Sleep sleep);
    template <class Sleep>
    Wakeup sleep_until_ready(platform::Instant next_look, Sleep sleep);
    Parker::State sleep_once(platform::Instant deadline, platform::Instant look) noexcept;
    bool must_end(bool kicked) noexcept;
    bool withdraw() noexcept;

    ThreadRecord& record_;
    WaitSite site_;
    std::stop_token stop_;
    bool interruptible_ = true;
    platform::Instant end_;  ///< of this wait, which may be a part of one with a later deadline
    platform::Instant wake_at_ = platform::never;
    std::optional<std::stop_callback<Stopper>> on_stop_;
};

/// If that thread sleeps at the door, its hooks' before_sleep() is called again.
void look_up(ThreadRecord& record) noexcept;

/// Ends the wait of that thread, or its next one, as interrupted. Async-signal-safe.
void interrupt(ThreadRecord& record) noexcept;

/// Whether an interrupt was asked of the calling thread; asking takes it back.
bool take_interrupt(ThreadRecord& record) noexcept;

}  // namespace threadwise::runtime
