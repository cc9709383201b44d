#include "runtime/trace/ring.hpp"

#include <algorithm>

namespace threadwise::runtime::trace {
namespace {

/// Of the oldest event that no write can have touched by the time that `written` is that.
std::uint64_t oldest_sure(std::uint64_t written, std::size_t slots) noexcept {
    return written < slots ? 0 : written - slots + 1;
}

}  // namespace

ReadRing read(const Ring& ring, std::size_t slots) {
    const std::uint64_t end = ring.written.load(std::memory_order_acquire);  // acquire: the events come before it
    const std::uint64_t begin = oldest_sure(end, slots);
    ReadRing result;
    result.events.reserve(static_cast<std::size_t>(end - begin));
    for (std::uint64_t number = begin; number != end; ++number) {
        const Ring::Slot& slot = ring.slots()[number & (slots - 1)];
        EventWords words{};
        // acquire on each word: the second look at `written` cannot move before them.
        for (std::size_t i = 0; i < words.size(); ++i) words[i] = slot[i].load(std::memory_order_acquire);
        result.events.push_back(std::bit_cast<Event>(words));
    }
    const std::uint64_t sure = oldest_sure(ring.written.load(std::memory_order_relaxed), slots);  // relaxed: see above
    const std::uint64_t torn = std::min<std::uint64_t>(sure < begin ? 0 : sure - begin, result.events.size());
    result.events.erase(result.events.begin(), result.events.begin() + static_cast<std::ptrdiff_t>(torn));
    result.has_lost = begin + torn != 0;
    return result;
}

}  // namespace threadwise::runtime::trace
