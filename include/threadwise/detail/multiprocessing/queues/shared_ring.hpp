#pragma once

/// \file
/// A bounded queue of bytes in shared memory: what the queues between processes are made of.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>

#include "threadwise/export.hpp"
#include "threadwise/multiprocessing/shared_memory.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing::detail {

/// How a call waits.
struct RingWait {
    std::stop_token stop{};
    Timeout timeout = forever;
    SourceLocation where{};
};

/// One view of the ring; can be moved. All functions but close(), assignment and destruction may be called by all
/// threads of all processes at once.
///
/// Those that put have a lock, and those that get have one. An item is in the ring once the count of items put has been
/// raised, and out of it once that of items got has been: one store each. So a process that is killed in the middle has
/// put its item or has not, and got it or has not, and leaves nothing to mend.
class THREADWISE_API SharedRing {
public:
    /// What the ring is for. 0 stands for a default.
    struct Shape {
        std::size_t item_size;  ///< in bytes; 0: each item has a size of its own
        std::size_t maxsize;    ///< the most items
        std::size_t bytes;      ///< the most bytes in all, where each item has a size of its own
    };

    /// Throws ValueError for more items or bytes than can be counted, OSError if the system gives no memory.
    explicit SharedRing(Shape shape);
    /// Throws ValueError if the memory behind the descriptor is none for items of that size.
    static SharedRing attach(int descriptor, std::size_t item_size);

    SharedRing(SharedRing&& other) noexcept;
    SharedRing& operator=(SharedRing&& other) noexcept;
    ~SharedRing() = default;

    /// False: there was no room within the timeout, or before stop was requested. Throws ValueError for an item that
    /// never fits, and InterruptedError.
    bool put(std::span<const std::byte> item, const RingWait& wait);
    /// False: there was no item. Into `item_size` bytes, or into a string.
    bool get(std::byte* item, const RingWait& wait);
    bool get(std::string& item, const RingWait& wait);

    /// A moment ago.
    std::size_t size() const;
    std::size_t maxsize() const;

    /// Counts an item as done. Throws ValueError if all are.
    void task_done();
    /// Waits until all items that were put are done.
    bool join(const RingWait& wait);

    int fileno() const noexcept { return memory_.fileno(); }
    /// All other functions throw ValueError from now on.
    void close() noexcept;

private:
    struct Board;
    struct Side;
    struct Layout;
    struct Extent;

    explicit SharedRing(const Layout& layout);
    explicit SharedRing(SharedMemory memory);
    Board& board() const;

    template <class Copy>
    static bool finish(Side& own, std::uint32_t& other_seen, const Copy& copy);
    template <class Copy>
    bool transfer(Side& own, Side& other, const RingWait& wait, const Copy& copy);
    template <class Copy>
    bool transfer_slow(Side& own, Side& other, const RingWait& wait, const Copy& copy);

    SharedMemory memory_;
    Board* board_;
};

}  // namespace threadwise::multiprocessing::detail
