#pragma once
// The last events of one thread, which it alone writes, and any thread or process may read meanwhile.
//
// Event number n lies in slot n modulo the number of slots, from 0. `written` says how many there are. A reader that
// has copied slots looks at `written` again: if it is W by then, the numbers up to W - slots may have been overwritten
// meanwhile, and are dropped. That suffices: event n is overwritten by event n + slots, whose words are stored after
// `written` has become n + slots. A reader that has loaded one of these words sees at least that, by the release of
// each word and the acquire of its load.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/trace/event.hpp"

namespace threadwise::runtime::trace {

/// What a ring begins with, in memory that others read; its slots follow.
struct alignas(64) Ring {
    using Slot = std::array<std::atomic<std::uint64_t>, EventWords().size()>;

    std::atomic<std::uint64_t> written{0};

    Slot* slots() noexcept { return reinterpret_cast<Slot*>(this + 1); }
    const Slot* slots() const noexcept { return reinterpret_cast<const Slot*>(this + 1); }
};

constexpr std::size_t size_of_ring(std::size_t slots) noexcept { return sizeof(Ring) + slots * sizeof(Ring::Slot); }

/// A thread's way to its ring.
class OwnRing {
public:
    /// No ring: nothing is recorded.
    OwnRing() = default;
    /// `slots` is a power of two.
    OwnRing(Ring& ring, std::size_t slots) noexcept : ring_(&ring), mask_(slots - 1) {}

    bool is_off() const noexcept { return ring_ == nullptr; }

    /// Not if it is off.
    void write(const Event& event) noexcept {
        const auto words = std::bit_cast<EventWords>(event);
        // relaxed: only the ring's thread writes it.
        const std::uint64_t number = ring_->written.load(std::memory_order_relaxed);
        Ring::Slot& slot = ring_->slots()[number & mask_];
        // release on each word: a reader that sees one sees what `written` was before, too.
        for (std::size_t i = 0; i < words.size(); ++i) slot[i].store(words[i], std::memory_order_release);
        ring_->written.store(number + 1, std::memory_order_release);  // release: after the words
    }

    /// A wait that has lasted since `event.begin`, or since its thread's last event if that was later: a wait that
    /// sleeps again has an event for each sleep, and so has one that a hook began within another.
    void write_wait(Event event) noexcept {
        if (event.begin < last_end_) event.begin = last_end_;
        last_end_ = event.end;
        write(event);
    }

private:
    Ring* ring_ = nullptr;
    std::size_t mask_ = 0;
    std::int64_t last_end_ = 0;
};

/// The events of a ring with so many slots, a power of two, oldest first, and whether there were older ones. Nothing is
/// believed: the ring may be another process's.
struct ReadRing {
    std::vector<Event> events;
    bool has_lost = false;
};
ReadRing read(const Ring& ring, std::size_t slots);

}  // namespace threadwise::runtime::trace
