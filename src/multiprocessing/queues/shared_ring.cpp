// In the shared memory lie the Board and behind it the slots, a power of two of them. The item of number n is in slot
// n modulo that. If all items have one size it lies there; otherwise an Extent says where it lies in the bytes behind
// the slots.

#include "threadwise/detail/multiprocessing/queues/shared_ring.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <climits>
#include <cstring>
#include <new>
#include <utility>

#include "multiprocessing/queues/position.hpp"
#include "multiprocessing/synchronization/acquire.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/detail/queue/queue_waiter.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing::detail {
namespace {

/// Differences of two positions have to be unambiguous.
constexpr std::size_t most_slots = 1UL << 30U;
constexpr std::size_t most_bytes = 1UL << 46U;

// Where the program does not say: memory that a core's caches hold, or for large items so many.
constexpr std::size_t usual_slot_bytes = 256UL << 10U;
constexpr std::size_t fewest_usual_slots = 64;
constexpr std::size_t usual_bytes = 16UL << 20U;

/// A call that does not wait for an item or for room waits for so long for the thread that is just putting or getting
/// one: it copies some bytes, unless its process was stopped.
constexpr std::chrono::milliseconds patience{100};

bool may_wait(Timeout timeout) noexcept {
    return timeout.is_forever() || timeout.duration() > std::chrono::nanoseconds::zero();
}

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) noexcept {
    return (value + step - 1) / step * step;
}

/// Holds a side's lock.
class Hold {
public:
    explicit Hold(RobustWord& lock) noexcept : lock_(lock) {}
    ~Hold() { lock_.release(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

private:
    RobustWord& lock_;
};

}  // namespace

/// Where an item lies. Positions in the bytes are counted on and on; modulo `bytes` they are places. An item does not
/// go over the end.
struct SharedRing::Extent {
    std::uint64_t begin;
    std::uint64_t end;
};

/// What does not change.
struct SharedRing::Layout {
    std::uint64_t item_size;
    std::uint64_t maxsize;
    std::uint64_t slots;
    std::uint64_t bytes;

    static Layout of(Shape shape);
    bool is_well_formed(std::size_t memory) const noexcept;
    std::size_t memory_size() const noexcept;
    std::size_t slot_size() const noexcept { return item_size != 0 ? item_size : sizeof(Extent); }
    std::size_t slot_of(std::uint32_t number) const noexcept { return number & (slots - 1); }
};

/// Those that put, or those that get. What the other side polls has a cache line of its own.
struct SharedRing::Side {
    runtime::WaitKind kind;
    alignas(64) RobustWord lock{};
    std::uint32_t other_seen = 0;     ///< where the other side was when this one looked last; guarded by `lock`
    alignas(64) Position position{};  ///< the number of the next item; changed by the holder of `lock`
};

struct SharedRing::Board {
    const Layout layout;
    Side putters{.kind = runtime::WaitKind::queue_put};
    Side getters{.kind = runtime::WaitKind::queue_get};
    alignas(64) Position done{};

    std::byte* slots() noexcept { return reinterpret_cast<std::byte*>(this) + sizeof(Board); }
    std::byte* slot(std::uint32_t number) noexcept { return slots() + layout.slot_of(number) * layout.slot_size(); }
    Extent& extent(std::uint32_t number) noexcept { return *std::launder(reinterpret_cast<Extent*>(slot(number))); }
    std::byte* place(std::uint64_t position) noexcept {
        return slots() + layout.slots * layout.slot_size() + position % layout.bytes;
    }

    bool has_slot(std::uint32_t number) noexcept;
    bool has_item(std::uint32_t number) noexcept;
    bool find_place(std::uint32_t number, std::size_t size) noexcept;
};

SharedRing::Layout SharedRing::Layout::of(Shape shape) {
    const std::size_t slot_size = shape.item_size != 0 ? shape.item_size : sizeof(Extent);
    if (shape.maxsize == 0) shape.maxsize = std::max(usual_slot_bytes / slot_size, fewest_usual_slots);
    if (shape.bytes == 0) shape.bytes = usual_bytes;
    if (shape.maxsize > most_slots || shape.maxsize > most_bytes / slot_size || shape.bytes > most_bytes) {
        throw ValueError("a queue between processes needs memory for all its items, and there is none for " +
                         std::to_string(shape.maxsize) + " items or " + std::to_string(shape.bytes) + " bytes");
    }
    return {.item_size = shape.item_size,
            .maxsize = shape.maxsize,
            .slots = std::bit_ceil(shape.maxsize),
            .bytes = shape.item_size != 0 ? 0 : shape.bytes};
}

std::size_t SharedRing::Layout::memory_size() const noexcept { return sizeof(Board) + slots * slot_size() + bytes; }

bool SharedRing::Layout::is_well_formed(std::size_t memory) const noexcept {
    return std::has_single_bit(slots) && slots <= most_slots && maxsize <= slots && bytes <= most_bytes &&
           (item_size != 0 || bytes != 0) && memory_size() == memory;
}

/// For a putter: whether there is a slot for that item.
bool SharedRing::Board::has_slot(std::uint32_t number) noexcept {
    const auto is_free = [&] { return ((number - putters.other_seen) & Position::mask) < layout.maxsize; };
    if (!is_free() || layout.item_size == 0) putters.other_seen = getters.position.count();
    return is_free();
}

/// For a getter: whether that item is there.
bool SharedRing::Board::has_item(std::uint32_t number) noexcept {
    if (number == getters.other_seen) getters.other_seen = putters.position.count();
    return number != getters.other_seen;
}

/// For a putter that has a slot: notes in it where the item is to lie; false: the items that are there leave no room.
bool SharedRing::Board::find_place(std::uint32_t number, std::size_t size) noexcept {
    const std::uint32_t first = putters.other_seen;
    const bool is_empty = first == number;
    std::uint64_t begin = extent(number - 1).end;
    // An empty ring begins again: those bytes are in the caches, and so none behind them need be in memory.
    if (is_empty || begin % layout.bytes + size > layout.bytes) begin = round_up(begin, layout.bytes);
    const std::uint64_t oldest = is_empty ? begin : extent(first).begin;
    if (begin + size - oldest > layout.bytes) return false;
    extent(number) = {.begin = begin, .end = begin + size};
    return true;
}

SharedRing::SharedRing(Shape shape) : SharedRing(Layout::of(shape)) {}

SharedRing::SharedRing(const Layout& layout)
    : memory_(layout.memory_size()), board_(::new (memory_.buf().data()) Board{.layout = layout}) {}

SharedRing::SharedRing(SharedMemory memory)
    : memory_(std::move(memory)), board_(std::launder(reinterpret_cast<Board*>(memory_.buf().data()))) {}

SharedRing SharedRing::attach(int descriptor, std::size_t item_size) {
    SharedRing ring(SharedMemory::from_descriptor(descriptor));
    const std::size_t size = ring.memory_.size();
    if (size < sizeof(Board) || ring.board_->layout.item_size != item_size ||
        !ring.board_->layout.is_well_formed(size)) {
        throw ValueError("the shared memory behind this descriptor holds no queue of such items");
    }
    return ring;
}

SharedRing::SharedRing(SharedRing&& other) noexcept
    : memory_(std::move(other.memory_)), board_(std::exchange(other.board_, nullptr)) {}

SharedRing& SharedRing::operator=(SharedRing&& other) noexcept {
    memory_ = std::move(other.memory_);
    board_ = std::exchange(other.board_, nullptr);
    return *this;
}

void SharedRing::close() noexcept {
    board_ = nullptr;
    memory_.close();
}

SharedRing::Board& SharedRing::board() const {
    if (board_ == nullptr) [[unlikely]]
        throw ValueError("the queue is closed in this process, or was moved from");
    return *board_;
}

/// For the holder of the side's lock, which it releases: `copy` is given the number of the side's next item, and says
/// whether that could be copied. False: it could not, as the other side is where `other_seen` says.
template <class Copy>
bool SharedRing::finish(Side& own, std::uint32_t& other_seen, const Copy& copy) {
    bool has_waiters = false;
    {
        const Hold hold(own.lock);
        if (!copy(own.position.count())) {
            other_seen = own.other_seen;
            return false;
        }
        has_waiters = own.position.advance();
    }
    if (has_waiters) own.position.wake(1);
    return true;
}

template <class Copy>
bool SharedRing::transfer(Side& own, Side& other, const RingWait& wait, const Copy& copy) {
    threadwise::detail::check_timeout(wait.timeout);
    if (own.lock.try_take() == RobustWord::Take::taken) {
        std::uint32_t other_seen = 0;
        if (finish(own, other_seen, copy)) return true;
        if (!may_wait(wait.timeout)) return false;
    }
    return transfer_slow(own, other, wait, copy);
}

template <class Copy>
bool SharedRing::transfer_slow(Side& own, Side& other, const RingWait& wait, const Copy& copy) {
    const bool waits = may_wait(wait.timeout);
    runtime::Waiting waiting(
        site_of(own.kind, this, wait.where, runtime::deadline_after(waits ? wait.timeout : Timeout(patience))),
        wait.stop);
    for (;;) {
        runtime::Wakeup wakeup = acquire(own.lock, waiting, Doubt::end).wakeup;
        if (wakeup != runtime::Wakeup::woken) return threading::succeeded(wakeup, wait.stop);
        waiting.name_owner(0);
        std::uint32_t other_seen = 0;
        if (finish(own, other_seen, copy)) return true;
        if (!waits) return false;
        const auto has_moved = [&] { return other.position.count() != other_seen; };
        if (waiting.spin(&other.position, has_moved, runtime::Pace::patient)) continue;
        wakeup = other.position.sleep_while(waiting, other_seen);
        if (wakeup == runtime::Wakeup::woken) continue;
        // The wake-up that another waiter needs may have come to this one.
        if (has_moved()) other.position.wake(1);
        return threading::succeeded(wakeup, wait.stop);
    }
}

bool SharedRing::put(std::span<const std::byte> item, const RingWait& wait) {
    Board& board = this->board();
    const Layout& layout = board.layout;
    if (layout.item_size == 0 && item.size() > layout.bytes) {
        throw ValueError("an item of " + std::to_string(item.size()) + " bytes never fits into a queue of " +
                         std::to_string(layout.bytes) + ": make the queue with more 'bytes'");
    }
    const auto copy = [&](std::uint32_t number) {
        if (!board.has_slot(number)) return false;
        if (layout.item_size != 0) {
            std::memcpy(board.slot(number), item.data(), layout.item_size);
            return true;
        }
        if (!board.find_place(number, item.size())) return false;
        std::memcpy(board.place(board.extent(number).begin), item.data(), item.size());
        return true;
    };
    return transfer(board.putters, board.getters, wait, copy);
}

bool SharedRing::get(std::byte* item, const RingWait& wait) {
    Board& board = this->board();
    const auto copy = [&](std::uint32_t number) {
        if (!board.has_item(number)) return false;
        std::memcpy(item, board.slot(number), board.layout.item_size);
        return true;
    };
    return transfer(board.getters, board.putters, wait, copy);
}

bool SharedRing::get(std::string& item, const RingWait& wait) {
    Board& board = this->board();
    const auto copy = [&](std::uint32_t number) {
        if (!board.has_item(number)) return false;
        const Extent extent = board.extent(number);
        item.assign(reinterpret_cast<const char*>(board.place(extent.begin)), extent.end - extent.begin);
        return true;
    };
    return transfer(board.getters, board.putters, wait, copy);
}

std::size_t SharedRing::size() const {
    Board& board = this->board();
    return board.putters.position.ahead_of(board.getters.position);
}

std::size_t SharedRing::maxsize() const { return board().layout.maxsize; }

void SharedRing::task_done() {
    Board& board = this->board();
    const Position& put = board.putters.position;
    bool has_waiters = false;
    std::uint32_t done = 0;
    do {
        done = board.done.count();
        if (done == put.count()) throw ValueError("task_done() called too many times: every item that was put is done");
    } while (!board.done.advance_from(done, has_waiters));
    const bool is_last = ((done + 1) & Position::mask) == put.count();
    if (has_waiters && is_last) board.done.wake(INT_MAX);
}

bool SharedRing::join(const RingWait& wait) {
    threadwise::detail::check_timeout(wait.timeout);
    Board& board = this->board();
    std::uint32_t done = 0;
    const auto is_done = [&] {
        done = board.done.count();
        return done == board.putters.position.count();
    };
    if (is_done()) return true;
    if (!may_wait(wait.timeout)) return false;
    runtime::Waiting waiting(
        site_of(runtime::WaitKind::queue_join, this, wait.where, runtime::deadline_after(wait.timeout)), wait.stop);
    if (waiting.spin(&board.done, is_done, runtime::Pace::patient)) return true;
    while (!is_done()) {
        const runtime::Wakeup wakeup = board.done.sleep_while(waiting, done);
        if (wakeup != runtime::Wakeup::woken) return is_done() || threading::succeeded(wakeup, wait.stop);
    }
    return true;
}

}  // namespace threadwise::multiprocessing::detail
