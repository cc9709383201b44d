#pragma once
// The journal of the downloads into a folder, by which a run continues where earlier ones stopped.

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

/// A hidden file in the folder that files are downloaded into. Each line is a JournalRecord; the last one about a file
/// counts. Lines are only appended, each by one write, so that a process that is killed damages one line at most.
/// Damaged lines are skipped and counted.
///
/// Several processes may use it at once: each locks the names that it downloads. Any thread may call its functions.
class Journal {
public:
    static constexpr std::string_view file_name = ".threadwise-downloads";

    /// Opens the journal of `directory`, or creates it. Throws std::system_error if that fails.
    explicit Journal(std::filesystem::path directory);

    const std::filesystem::path& directory() const noexcept { return directory_; }

    /// Locks `name` until unlock() or the end of the process; false if another process has it locked. find() then knows
    /// what other processes wrote about it before.
    bool lock(std::string_view name);
    void unlock(std::string_view name);

    std::optional<JournalRecord> find(const std::string& name);
    std::vector<JournalRecord> records();

    /// Appends a line; with `sync` writes it through to the disk. Throws std::system_error.
    void put(const JournalRecord& record, bool sync);

    /// Appends a line by which nothing is known about `name` any more. If that fails, nothing changes.
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
    std::uint64_t read_ = 0;  ///< how many bytes of the file have been read into `records_`
    std::size_t lines_ = 0;
    std::size_t damaged_ = 0;
};

/// The kernel's id of the current boot of the machine; "" if it has none.
const std::string& boot_of_this_machine();

}  // namespace command
