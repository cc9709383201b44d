#pragma once
// What the runs of a folder's downloads leave to each other.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "files/file_descriptor.hpp"
#include "threadwise/lock.hpp"
#include "transfer/journal_record.hpp"

namespace command {

/// A hidden file, in the folder that files are downloaded into, with a line for each thing that happened to one. The
/// last line about a file counts. Lines are only ever added, each in one write, so that the end of a program at any
/// moment costs one line at most; damaged lines are passed over and counted.
///
/// Several programs may use it at once. Each locks the names that it downloads. Any thread may call its functions.
class Journal {
public:
    static constexpr std::string_view file_name = ".threadwise-downloads";

    /// Opens the journal of `directory`, or creates it. Throws std::system_error when the folder refuses.
    explicit Journal(std::filesystem::path directory);

    const std::filesystem::path& directory() const noexcept { return directory_; }

    /// Locks `name` until unlock() or the end of the program; false: another program has it. What it wrote before is
    /// known from then on.
    bool lock(std::string_view name);
    void unlock(std::string_view name);

    std::optional<JournalRecord> find(const std::string& name);
    std::vector<JournalRecord> records();

    /// Adds a line; with `sync` it is on the disk afterwards. Throws std::system_error.
    void put(const JournalRecord& record, bool sync);

    /// Leaves nothing known about `name`. A disk that refuses the line changes nothing.
    void forget(const std::string& name) noexcept;

    /// How many lines were damaged.
    std::size_t damaged();

private:
    void open();
    void read_new_lines();
    void read_lines(std::string_view text);
    void write_lines(const std::string& lines);
    void compact_if_worth_it();

    std::filesystem::path directory_;
    threadwise::Lock lock_;  ///< guards all below
    FileDescriptor file_;
    std::unordered_map<std::string, JournalRecord> records_;
    std::uint64_t read_ = 0;  ///< how much of the file is in `records_`
    std::size_t lines_ = 0;
    std::size_t damaged_ = 0;
};

/// What the kernel calls the time since the machine was started; "" where it does not say.
const std::string& boot_of_this_machine();

}  // namespace command
