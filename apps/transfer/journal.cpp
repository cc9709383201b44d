#include "transfer/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <functional>
#include <mutex>
#include <span>
#include <system_error>

namespace command {
namespace {

// Locks are on bytes of the file, which need not be there: the first one, shared, for a program that has it open, and
// one far behind for each name.
constexpr off_t users_byte = 0;

off_t byte_of(std::string_view name) {
    constexpr std::size_t few_enough = (std::size_t{1} << 62U) - 1;
    return static_cast<off_t>((std::hash<std::string_view>()(name) & few_enough) | 1U);
}

// Belongs to the open file, not to the process, and goes with it. False where another program's lock is in the way.
bool set_lock(const FileDescriptor& file, short type, off_t byte, int command = F_OFD_SETLK) {
    struct flock wanted {};
    wanted.l_type = type;
    wanted.l_whence = SEEK_SET;
    wanted.l_start = byte;
    wanted.l_len = 1;
    int result = ::fcntl(file.number(), command, &wanted);
    while (result == -1 && errno == EINTR) result = ::fcntl(file.number(), command, &wanted);
    if (result == 0) return true;
    return errno != EAGAIN && errno != EACCES;  // a file system without locks
}

std::uint64_t size_of(const FileDescriptor& file) {
    struct stat status {};
    if (::fstat(file.number(), &status) == -1) file.fail("cannot look at");
    return static_cast<std::uint64_t>(status.st_size);
}

bool is_still_there(const FileDescriptor& file) {
    struct stat opened {};
    struct stat named {};
    return ::fstat(file.number(), &opened) == 0 && ::stat(file.path().c_str(), &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

// Begins with a newline, too, so that what a write that was cut off has left spoils no other line.
std::string line_of(const JournalRecord& record) { return fmt::format("\n{}\n", format_record(record)); }

}  // namespace

const std::string& boot_of_this_machine() {
    static const std::string boot = [] {
        std::string text;
        std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
        return text;
    }();
    return boot;
}

Journal::Journal(std::filesystem::path directory) : directory_(std::move(directory)) {
    open();
    read_new_lines();
    compact_if_worth_it();
}

// A program that compacts the journal replaces the file, possibly between the opening and the locking.
void Journal::open() {
    const auto path = directory_ / file_name;
    do {
        file_ = FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600), path);
        if (file_.number() == -1) file_.fail("cannot open the journal");
        set_lock(file_, F_RDLCK, users_byte, F_OFD_SETLKW);
    } while (!is_still_there(file_));
}

bool Journal::lock(std::string_view name) {
    const std::scoped_lock guard(lock_);
    if (!set_lock(file_, F_WRLCK, byte_of(name))) return false;
    read_new_lines();
    return true;
}

void Journal::unlock(std::string_view name) {
    const std::scoped_lock guard(lock_);
    set_lock(file_, F_UNLCK, byte_of(name));
}

std::optional<JournalRecord> Journal::find(const std::string& name) {
    const std::scoped_lock guard(lock_);
    const auto found = records_.find(name);
    if (found == records_.end()) return std::nullopt;
    return found->second;
}

std::vector<JournalRecord> Journal::records() {
    const std::scoped_lock guard(lock_);
    std::vector<JournalRecord> all;
    for (const auto& [name, record] : records_) all.push_back(record);
    return all;
}

std::size_t Journal::damaged() {
    const std::scoped_lock guard(lock_);
    return damaged_;
}

void Journal::put(const JournalRecord& record, bool sync) {
    const std::string line = line_of(record);
    {
        const std::scoped_lock guard(lock_);
        write_lines(line);
        records_[record.name] = record;
        ++lines_;
    }
    if (sync) file_.sync();
}

void Journal::forget(const std::string& name) noexcept {
    try {
        JournalRecord nothing;
        nothing.name = name;
        put(nothing, false);
    } catch (const std::exception&) {
        // The line that stays is refuted by what it speaks of.
    }
}

// What this object wrote itself it need not read.
void Journal::write_lines(const std::string& lines) {
    file_.write_all(std::as_bytes(std::span(lines)));
    const auto end = static_cast<std::uint64_t>(::lseek(file_.number(), 0, SEEK_CUR));
    if (end == read_ + lines.size()) read_ = end;
}

void Journal::read_new_lines() {
    const std::uint64_t size = size_of(file_);
    if (size <= read_) return;
    std::string text(size - read_, '\0');
    std::size_t got = 0;
    while (got < text.size()) {
        const auto count = file_.read_at(read_ + got, std::as_writable_bytes(std::span(text)).subspan(got));
        if (count == 0) break;
        got += count;
    }
    text.resize(got);
    // The last line may be in the making by another program.
    const auto end = text.rfind('\n');
    if (end == std::string::npos) return;
    text.resize(end + 1);
    read_ += text.size();
    read_lines(text);
}

void Journal::read_lines(std::string_view text) {
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = text.find('\n', begin);
        const std::string_view line = text.substr(begin, end - begin);
        begin = end + 1;
        if (line.empty()) continue;
        ++lines_;
        auto record = parse_record(line);
        if (!record) {
            ++damaged_;
            continue;
        }
        std::string name = record->name;
        records_[std::move(name)] = *std::move(record);
    }
}

// A new file with what counts takes its place, if no other program has it open.
void Journal::compact_if_worth_it() {
    constexpr std::size_t few = 1000;
    if (lines_ < few || lines_ < 3 * records_.size()) return;
    if (!set_lock(file_, F_WRLCK, users_byte)) return;
    const auto path = directory_ / file_name;
    auto fresh_path = path;
    fresh_path += ".new";
    std::erase_if(records_, [](const auto& one) { return one.second.part.empty() && !one.second.whole; });
    std::string text;
    for (const auto& [name, record] : records_) text += line_of(record);
    try {
        const FileDescriptor fresh(::open(fresh_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
                                   fresh_path);
        if (fresh.number() == -1) fresh.fail("cannot create");
        fresh.write_all(std::as_bytes(std::span(text)));
        fresh.sync();
        std::filesystem::rename(fresh_path, path);
    } catch (const std::system_error&) {
        std::error_code ignored;
        std::filesystem::remove(fresh_path, ignored);
        set_lock(file_, F_RDLCK, users_byte);
        return;  // the long one is as good
    }
    open();
    lines_ = records_.size();
    read_ = size_of(file_);
}

}  // namespace command
