#pragma once
// What is recorded of a thread: each event has the same size, and lies in the thread's ring (ring.hpp).
//
// Other processes read events: their layout is a part of `card_layout`'s (runtime/records/card.hpp).

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "platform/clock.hpp"

namespace threadwise::runtime::trace {

enum class EventType : std::uint8_t {
    none,
    wait,     ///< a sleep at the door, which has ended
    started,  ///< the thread has begun to run
    named,    ///< the name of the thread that ends with the next event
    ended,
};

/// How a sleep ended.
enum class Outcome : std::uint8_t { woken, timed_out, interrupted };

/// Moments are nanoseconds of the monotonic clock.
struct Event {
    EventType type = EventType::none;
    std::uint8_t kind = 0;  ///< of a wait: a WaitKind
    Outcome outcome = Outcome::woken;
    std::uint8_t across_processes = 0;  ///< of a wait: 0 or 1, the object lies in memory that processes share
    /// Of a wait: the ident of the thread that ended it, or, if it was not woken, of the one that held what it was for;
    /// 0: none is known. Of others: the thread's own.
    std::uint32_t ident = 0;
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::uint64_t subject = 0;  ///< of a wait: the object's address; else the thread's native id
};

constexpr std::int64_t nanoseconds_at(platform::Instant moment) noexcept {
    return std::chrono::nanoseconds(moment.time_since_epoch()).count();
}

using EventWords = std::array<std::uint64_t, 4>;
static_assert(sizeof(Event) == sizeof(EventWords) && std::has_unique_object_representations_v<Event>);

/// A name's beginning, filled up with zeros: the last three words of an event.
using EventText = std::array<char, 24>;

inline Event named(std::uint32_t ident, const EventText& text) noexcept {
    auto words = std::bit_cast<EventWords>(Event{.type = EventType::named, .ident = ident});
    std::memcpy(&words[1], text.data(), text.size());
    return std::bit_cast<Event>(words);
}

inline EventText text_of(const Event& event) noexcept {
    const auto words = std::bit_cast<EventWords>(event);
    EventText text{};
    std::memcpy(text.data(), &words[1], text.size());
    return text;
}

}  // namespace threadwise::runtime::trace
