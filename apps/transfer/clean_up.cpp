#include "transfer/clean_up.hpp"

#include <algorithm>
#include <set>
#include <system_error>

#include "files/partial_file.hpp"

namespace command {
namespace {

namespace fs = std::filesystem;

// The folder itself, and those that the journal names.
std::set<fs::path> folders_of(const Journal& journal, const std::vector<JournalRecord>& records) {
    std::set<fs::path> folders{journal.directory()};
    for (const auto& record : records) folders.insert((journal.directory() / record.name).parent_path());
    return folders;
}

void remove_in(const fs::path& folder, CleanUp& result) {
    std::error_code error;
    std::vector<fs::path> found;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (PartialFile::is_hidden_name(entry->path().filename().string())) found.push_back(entry->path());
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        result.problems.push_back("cannot read the folder " + folder.string() + ": " + error.message());
    }
    std::ranges::sort(found);
    for (const auto& path : found) {
        auto file = PartialFile::reopen(path);
        if (!file) {
            ++result.in_use;
            continue;
        }
        if (fs::remove(path, error)) result.removed.push_back(path);
        if (error) result.problems.push_back("cannot remove " + path.string() + ": " + error.message());
    }
}

}  // namespace

CleanUp remove_partial_files(Journal& journal) {
    CleanUp result;
    const auto records = journal.records();
    for (const auto& folder : folders_of(journal, records)) remove_in(folder, result);
    std::error_code ignored;
    for (const auto& record : records) {
        if (!record.whole && !fs::exists(journal.directory() / record.part, ignored)) journal.forget(record.name);
    }
    return result;
}

}  // namespace command
