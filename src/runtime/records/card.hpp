#pragma once
// What other processes read of a thread, and the file that they read it in.
//
// The file begins with a CardFile; the cards follow, one a thread, and then the rings (runtime/trace/ring.hpp), of
// which the first is the first card's. A card that is used again keeps its ring, and so the events of its last threads.
// A thread writes its wait there and nowhere else, so a card costs a wait that sleeps next to nothing: the place's text
// is copied when it is another one than last time, and the holder is noted. The layout of all that is here is
// `card_layout`'s: change one and count the other.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runtime/records/wait_site.hpp"

namespace threadwise::runtime {

/// The number of this layout. Readers read no other.
inline constexpr std::uint32_t card_layout = 4;

/// What the file's name is, and how it begins.
inline constexpr const char* card_file_name = "threadwise";
inline constexpr std::array<char, 16> card_magic{'t', 'h', 'r', 'e', 'a', 'd', 'w', 'i',
                                                 's', 'e', ' ', 'c', 'a', 'r', 'd', 's'};

/// Text in a fixed number of bytes, up to the first zero.
template <std::size_t size>
struct CardText {
    std::array<char, size> chars{};

    std::string_view view() const noexcept {
        const std::string_view all(chars.data(), size);
        return all.substr(0, all.find('\0'));
    }
};

/// How many bytes of a text there is room for, if it is not to end in the middle of a character of UTF-8.
std::size_t length_within(std::string_view text, std::size_t most) noexcept;

/// The source location that a thread has last slept at. The pointers tell which: the text is that of a wait whose site
/// holds the same. A place that an interpreter knows has none, and is that of one wait alone.
struct CardPlace {
    const char* file_key = nullptr;
    const char* function_key = nullptr;
    std::uint32_t line = 0;
    std::uint32_t site_version = 0;  ///< of the site of that one wait; 0: the pointers tell
    CardText<128> file;              ///< the end of it, if it is longer
    CardText<64> function;
};

/// How far a thread has come; the state of a wait is in its site.
enum class CardState : std::uint32_t { starts, runs };

struct alignas(64) Card {
    std::atomic<std::uint32_t> ident{0};  ///< 0: no thread has the card. Written last when one gets it, and first after
    std::atomic<CardState> state{CardState::starts};
    std::atomic<std::uint64_t> native_id{0};  ///< 0 until it runs
    std::atomic<std::uint32_t> is_daemon{0};
    std::atomic<std::uint32_t> is_main{0};
    /// The holder of what the thread waits for, when it fell asleep: the holder's ident, and above it the version of
    /// the site at that moment.
    std::atomic<std::uint64_t> holder{0};
    SequenceLocked<WaitSite> site;
    SequenceLocked<CardText<96>> name;
    SequenceLocked<CardPlace> place;

    void write_name(std::string_view text) noexcept;

    // For the thread whose card it is, which falls asleep:

    /// The holder of what it waits for, once it has written `written`.
    void note_holder(const WaitSite& written) noexcept;

    /// Where it waits. `last_place` is its own, to compare.
    void note_place(const SourceLocation& where, SourceLocation& last_place) noexcept;

    /// The same of a place that an interpreter knows.
    void note_place(std::string_view file, std::string_view function, std::uint32_t line) noexcept;
};

static_assert(std::atomic<std::uint32_t>::is_always_lock_free && std::atomic<std::uint64_t>::is_always_lock_free,
              "another process can read them");

/// What the file begins with.
struct alignas(4096) CardFile {
    std::array<char, 16> magic{};
    std::uint32_t layout = 0;
    std::uint32_t card_size = 0;
    std::uint64_t cards_offset = 0;
    std::uint32_t capacity = 0;              ///< how many cards the file has room for
    std::atomic<std::uint32_t> used{0};      ///< no card from here on has ever been used
    std::uint32_t pid = 0;                   ///< whose cards they are, as that process calls itself
    std::atomic<std::uint32_t> complete{0};  ///< 1 once all of the above has been written
    std::array<char, 32> library_version{};
    std::uint64_t rings_offset = 0;
    std::uint32_t ring_slots = 0;  ///< a power of two; 0: there are no rings
    std::uint32_t ring_count = 0;  ///< the cards from here on have none
};

}  // namespace threadwise::runtime
