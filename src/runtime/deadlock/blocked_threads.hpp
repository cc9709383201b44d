#pragma once
// The waits of all threads, and for which threads each of them waits, as one look finds them.
//
// Nothing here allocates by the program's operator new, nor calls any code of the program: the thread that looks is
// queued to sleep itself.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "runtime/base/system_memory.hpp"
#include "runtime/records/parking_table.hpp"
#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

/// Whether one of the others can end a wait.
enum class Tie : std::uint8_t {
    none,       ///< nobody in particular ends it
    suspected,  ///< the owner ought to end it; but any thread may
    certain,    ///< nobody but the owner can
};

/// Whether a wait is for something that is done once all threads that keep it are, and that has no owner's word.
bool ends_with_keepers(const WaitSite& site) noexcept;

/// Whether a thread in that wait can be, or come to be without waking, one of a circle.
bool can_be_in_circle(const WaitSite& site) noexcept;

/// The thread that a wait's object, or the wait itself, names as the one that ends it; 0: none.
struct TiedOwner {
    std::uint32_t ident = 0;
    Tie tie = Tie::none;
};

/// To be called with the lock of the bucket in which the waiter is queued: it cannot go on, so its object is there.
TiedOwner tied_owner(const WaitSite& site, const Bucket& bucket) noexcept THREADWISE_REQUIRES(bucket.lock);

/// A thread that sleeps at the door, in a wait without deadline.
struct BlockedThread {
    std::uint32_t ident = 0;
    std::uint32_t version = 0;  ///< of what it has written down: the same in two looks is the same wait
    WaitSite site;              ///< a notified condition's: that for its lock
    std::uint32_t owner = 0;    ///< the thread that its object's word names; 0: none
    Tie tie = Tie::none;        ///< to that owner

    friend bool is_same_wait(const BlockedThread& a, const BlockedThread& b) noexcept {
        return a.ident == b.ident && a.version == b.version && a.owner == b.owner && a.tie == b.tie;
    }
};

/// Nothing: it runs, or is about to, or its wait has a deadline. To be called under the registry's lock, or with the
/// record kept otherwise.
std::optional<BlockedThread> look_at_blocked(ThreadRecord& record) noexcept;

/// All of them, and what they keep others waiting for besides what those words say.
class BlockedThreads {
public:
    /// Throws std::bad_alloc.
    BlockedThreads();

    std::size_t size() const noexcept { return threads_.size(); }
    const BlockedThread& operator[](std::size_t index) const noexcept { return threads_[index]; }

    /// For which of them that one waits, the `n`th; it cannot go on before each of them has. Nothing: no more.
    struct Edge {
        std::size_t to;
        Tie tie;
    };
    std::optional<Edge> edge(std::size_t from, std::size_t n) const noexcept;

    /// Whether a thread was about to sleep or to run, so that the next look may find more.
    bool is_unsettled() const noexcept { return unsettled_; }

private:
    struct Kept {
        std::uintptr_t object;
        std::uint32_t keeper;
        Tie tie;
    };

    bool look(std::size_t capacity);
    std::optional<std::size_t> find(std::uint32_t ident) const noexcept;

    SystemVector<BlockedThread> threads_;  ///< by ident
    SystemVector<Kept> kept_;              ///< by object
    bool unsettled_ = false;
};

}  // namespace threadwise::runtime
