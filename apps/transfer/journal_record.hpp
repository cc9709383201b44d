#pragma once
// One line of the journal: what a run knows about a file.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/file_answer.hpp"

namespace command {

struct JournalRecord {
    std::string name;     ///< the file's, relative to the journal's folder
    std::string url;      ///< the requested URL, without user and password
    std::string part;     ///< the hidden file with the bytes that arrived, relative to that folder; "": there is none
    ArrivedPart arrived;  ///< what the server said; its `size` is how many bytes are known to be on the disk
    std::string boot;     ///< boot_of_this_machine(): until the next boot, the hidden file's size is reliable, too
    bool whole = false;   ///< whether the file is complete and verified
    std::int64_t modified = 0;  ///< modification_time() of the complete file

    /// Whether a file of this size and modification time is the complete file of this record, unchanged.
    bool describes(std::uint64_t size, std::int64_t time) const noexcept {
        return whole && arrived.size == size && modified == time;
    }
};

/// The record as a line, without the newline. It begins with a checksum of the rest.
std::string format_record(const JournalRecord& record);

/// Nothing if the line is damaged.
std::optional<JournalRecord> parse_record(std::string_view line);

}  // namespace command
