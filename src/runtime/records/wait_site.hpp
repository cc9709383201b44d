#pragma once
// What a thread writes down before it waits, and how others read it while it changes.

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

#include "platform/clock.hpp"
#include "threadwise/detail/runtime/ident.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise::runtime {

/// What kind of thing a thread waits for. The names are those that `dump` prints.
enum class WaitKind : std::uint8_t {
    none,  ///< it runs
    lock,
    rlock,
    shared_lock_read,
    shared_lock_write,
    condition,
    semaphore,
    event,
    barrier,
    latch,
    once,
    join,
    sleep,
    timer,
    queue_get,
    queue_put,
    queue_join,
    future,
    futures,  ///< any or all of several
    worker,   ///< a pool's worker without work
    task_group,
    executor,  ///< a pool's shutdown, or room in its queue
    interpreter_lock,
    process,
    exit,  ///< a daemon held while the process ends
    connection_send,
    connection_recv,
    descriptors,  ///< of processes and connections, any of which may become ready
};

/// "Lock", "Condition", "Queue.get": as a reader of a dump knows it.
std::string_view to_string(WaitKind kind) noexcept;

using detail::owner_mask;

/// In a future's word: nobody but the thread whose ident the word holds can set the outcome.
inline constexpr std::uint32_t future_is_claimed = 64;

/// A lock that a notified condition's wait takes next.
struct LockToRetake {
    WaitKind kind = WaitKind::none;
    const void* object = nullptr;
    const std::atomic<std::uint32_t>* owner_word = nullptr;
};

/// One wait, as written down.
struct WaitSite {
    WaitKind kind = WaitKind::none;
    // 0 or 1, but no bools: a reader of another process's memory may find any byte there.
    std::uint8_t stoppable = 0;  ///< a stop token may end it; the door fills it in
    std::uint8_t may_fail = 1;   ///< an exception can leave it: an interrupt, a DeadlockError
    /// By how many bits the holder's ident is shifted in `owner_word`.
    std::uint8_t owner_shift = 0;
    const void* object = nullptr;
    /// Where the holder's ident can be read while the thread waits, or null where nobody in particular holds it.
    const std::atomic<std::uint32_t>* owner_word = nullptr;
    /// The ident of the thread that will end this wait, where that is known and no word holds it (join: the joined
    /// thread).
    std::uint32_t owner = 0;
    /// The object lies in memory that processes share. Then `owner` is the kernel's number of the thread that held it
    /// when this thread fell asleep, in whatever process.
    std::uint8_t across_processes = 0;
    SourceLocation where;
    platform::Instant deadline = platform::never;
    platform::Instant since{};
    LockToRetake retakes{};
};

/// The holder's ident in a word of that wait's; 0: nobody.
constexpr std::uint32_t owner_in(std::uint32_t word, const WaitSite& site) noexcept {
    return (word >> site.owner_shift) & owner_mask;
}

/// The ident of the thread that ends that wait, as of now; 0: no thread of this process in particular. The object must
/// still be there.
inline std::uint32_t owner_of(const WaitSite& site) noexcept {
    if (site.across_processes) return 0;
    // relaxed: nothing is read by way of the owner.
    return site.owner_word == nullptr ? site.owner : owner_in(site.owner_word->load(std::memory_order_relaxed), site);
}

/// A value that one thread writes and any thread reads, without locks: a sequence lock (Boehm, "Can seqlocks get along
/// with programming language memory models?", 2012). Writing costs plain stores on x86; reading retries while the
/// value changes.
template <class Value>
    requires std::is_trivially_copyable_v<Value>
class SequenceLocked {
public:
    void write(const Value& value) noexcept {
        std::array<std::uint64_t, words> copy{};
        std::memcpy(copy.data(), &value, sizeof(Value));
        // relaxed: only the owner writes the version.
        const std::uint32_t version = version_.load(std::memory_order_relaxed);
        version_.store(version + 1, std::memory_order_relaxed);
        // release on each word: none of them may become visible before the odd version.
        for (std::size_t i = 0; i < words; ++i) words_[i].store(copy[i], std::memory_order_release);
        // release: the even version comes after all the words.
        version_.store(version + 2, std::memory_order_release);
    }

    Value read() const noexcept { return read_versioned().value; }

    /// The version is another one after each write.
    struct Versioned {
        Value value;
        std::uint32_t version;
    };
    Versioned read_versioned() const noexcept {
        for (;;) {
            if (const auto found = try_read_versioned()) return *found;
        }
    }

    /// Nothing if the value changes meanwhile: for a reader that cannot know whether the writer goes on, as it may be
    /// stopped.
    std::optional<Value> try_read() const noexcept {
        const std::optional<Versioned> found = try_read_versioned();
        return found ? std::optional<Value>(found->value) : std::nullopt;
    }

    /// Another one after each write. acquire: what is read next is not older.
    std::uint32_t version() const noexcept { return version_.load(std::memory_order_acquire); }

private:
    static constexpr std::size_t words = (sizeof(Value) + 7) / 8;

    std::optional<Versioned> try_read_versioned() const noexcept {
        // acquire: the words are read after the version that covers them.
        const std::uint32_t before = version_.load(std::memory_order_acquire);
        std::array<std::uint64_t, words> copy{};
        // acquire on each word: the second look at the version cannot move before them.
        for (std::size_t i = 0; i < words; ++i) copy[i] = words_[i].load(std::memory_order_acquire);
        if ((before & 1U) != 0 || version_.load(std::memory_order_relaxed) != before) return std::nullopt;
        Versioned found{.value = {}, .version = before};
        std::memcpy(static_cast<void*>(&found.value), copy.data(), sizeof(Value));
        return found;
    }

    std::atomic<std::uint32_t> version_{0};
    std::array<std::atomic<std::uint64_t>, words> words_{};
};

}  // namespace threadwise::runtime
