#pragma once
// Reads the cards of another process, which goes on writing them.
//
// Nothing is believed: the file is its process's, which may be broken, or stopped in the middle of a write.

#include <cstdint>
#include <optional>
#include <vector>

#include "platform/processes/other_process.hpp"
#include "runtime/records/card.hpp"
#include "runtime/trace/ring.hpp"
#include "threadwise/inspect.hpp"

namespace threadwise::inspect {

class CardReader {
public:
    enum class Kind : std::uint8_t { readable, incomplete, other_version };

    explicit CardReader(platform::SharedView view) noexcept;

    Kind kind() const noexcept { return kind_; }

    // Of a readable one:

    std::uint32_t pid() const noexcept { return file().pid; }
    std::uint32_t used() const noexcept;

    const platform::SharedView& view() const noexcept { return view_; }

    /// One thread, and what else must be known to find the holder of what it waits for.
    struct Seen {
        ThreadInfo info;
        bool is_main = false;
        std::uintptr_t owner_word = 0;  ///< an address in the process's memory; 0: there is none
        unsigned owner_shift = 0;       ///< by so many bits the holder's ident is shifted there
        const runtime::Card* card = nullptr;
        std::uint32_t number = 0;  ///< of the card
        std::uint32_t site_version = 0;

        /// Whether the thread has begun no other wait, nor ended this one.
        bool still_waits() const noexcept;
    };

    /// In no order.
    std::vector<Seen> read() const;

    /// What is recorded of the threads that have, or had, the card of that number, one after another.
    runtime::trace::ReadRing read_ring(std::uint32_t number) const;

private:
    const runtime::CardFile& file() const noexcept;
    const runtime::Card& card(std::uint32_t index) const noexcept;
    Kind look() const noexcept;

    platform::SharedView view_;
    Kind kind_;
};

}  // namespace threadwise::inspect
