#pragma once
// What a run leaves to the next one about a file: one line of the journal.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/file_answer.hpp"

namespace command {

struct JournalRecord {
    std::string name;           ///< the file's, below the folder of the journal
    std::string url;            ///< that was asked for, without user and password
    std::string part;           ///< the hidden file that holds what arrived, below the same folder; "": there is none
    ArrivedPart arrived;        ///< what the server said; its size is how much is on the disk for sure
    std::string boot;           ///< of the machine: until it ends, the hidden file's size is true, too
    bool whole = false;         ///< all of it has arrived, and is right
    std::int64_t modified = 0;  ///< of the whole file, in nanoseconds since 1970

    /// Whether a file that was left whole, with this size and time, is still as it was.
    bool describes(std::uint64_t size, std::int64_t time) const noexcept {
        return whole && arrived.size == size && modified == time;
    }
};

/// The record as a line without its newline, which begins with a checksum of the rest.
std::string format_record(const JournalRecord& record);

/// Nothing where the line is damaged.
std::optional<JournalRecord> parse_record(std::string_view line);

}  // namespace command
