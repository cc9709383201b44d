#pragma once
// The part of the cards' file where the rings lie.

#include <cstddef>
#include <cstdint>

#include "platform/processes/shared_pages.hpp"
#include "runtime/trace/ring.hpp"

namespace threadwise::runtime::trace {

/// How many slots a ring has unless the environment says otherwise: ten threads' take some 42 KB.
inline constexpr std::size_t usual_slots = 128;
inline constexpr std::size_t most_slots = 65'536;

/// The threads with the first so many cards have a ring.
inline constexpr std::uint32_t ring_count = 4'096;

/// How many slots a ring is to have, a power of two; 0: nothing is to be recorded. Read once from the environment
/// (THREADWISE_TRACE_RING), as the library is loaded.
std::size_t wanted_slots() noexcept;

/// How many bytes `ring_count` rings take, of which few are ever used.
constexpr std::size_t size_of_rings(std::size_t slots) noexcept { return ring_count * size_of_ring(slots); }

/// Makes rings as they are needed.
class RingArea {
public:
    RingArea() = default;  ///< there is none
    RingArea(std::byte* begin, std::size_t slots) noexcept : committed_{begin}, slots_(slots) {}

    /// The ring of that number; off if there is none, or no memory for it. A ring keeps its events.
    OwnRing at(std::uint32_t number) noexcept;

private:
    platform::CommittedPart committed_;
    std::size_t slots_ = 0;
};

}  // namespace threadwise::runtime::trace
