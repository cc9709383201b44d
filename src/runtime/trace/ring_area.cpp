#include "runtime/trace/ring_area.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace threadwise::runtime::trace {
namespace {

std::size_t slots_from_environment() noexcept {
    const char* const text = std::getenv("THREADWISE_TRACE_RING");  // NOLINT(concurrency-mt-unsafe): at load
    const std::string_view wanted = text == nullptr ? "" : text;
    if (wanted.empty()) return usual_slots;
    if (wanted == "off") return 0;
    std::size_t slots = 0;
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), slots);
    if (error == std::errc{} && end == wanted.data() + wanted.size() && slots <= most_slots) {
        return slots == 0 ? 0 : std::max<std::size_t>(std::bit_ceil(slots), 2);
    }
    std::fprintf(stderr,
                 "threadwise: THREADWISE_TRACE_RING is \"%s\"; it can be off, or how many events are kept of a thread, "
                 "at most %zu, and counts as %zu\n",
                 text, most_slots, usual_slots);
    return usual_slots;
}

}  // namespace

std::size_t wanted_slots() noexcept {
    static const std::size_t slots = slots_from_environment();
    return slots;
}

OwnRing RingArea::at(std::uint32_t number) noexcept {
    if (slots_ == 0 || number >= ring_count) return {};
    const std::size_t size = size_of_ring(slots_);
    if (!committed_.grow_to((number + 1) * size)) return {};
    return {*reinterpret_cast<Ring*>(committed_.begin + number * size), slots_};
}

}  // namespace threadwise::runtime::trace
