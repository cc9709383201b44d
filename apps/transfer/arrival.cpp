#include "transfer/arrival.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "files/digest.hpp"
#include "http/file_url.hpp"
#include "transfer/sources.hpp"

namespace command {
namespace {

// What a program that is killed outright loses of a file. Smaller files have a hidden file for no more than a moment.
constexpr std::size_t most_in_memory = 64UL << 10U;

// A loss of power loses twice as much of a file, or what arrives while the disk writes so much.
constexpr std::uint64_t sync_interval = 32UL << 20U;

// Why the file that `record` tells of, which has `size` bytes, is of no use, or "".
std::string fault_of_partial(const JournalRecord& record, std::uint64_t size, const DownloadTarget& target) {
    const ArrivedPart& arrived = record.arrived;
    if (!has_source(target, record.url)) return fmt::format("it came from {}", url_for_messages(record.url));
    if (arrived.total && size > *arrived.total) {
        return fmt::format("it has {} bytes, more than the {} of the whole file", size, *arrived.total);
    }
    if (target.size && arrived.total && *arrived.total != *target.size) {
        return fmt::format("it belongs to a file of {} bytes, not of {}", *arrived.total, *target.size);
    }
    if (size < arrived.size) return fmt::format("it has {} bytes, less than the {} written", size, arrived.size);
    return {};
}

// How many bytes of it are what the server sent, whatever happened to the machine since.
std::uint64_t certain_size(const JournalRecord& record, std::uint64_t size) {
    const bool same_boot = !record.boot.empty() && record.boot == boot_of_this_machine();
    return same_boot ? size : record.arrived.size;
}

}  // namespace

Arrival::Arrival(const DownloadTarget& target, const DownloadOptions& options, Journal& journal, FileProgress& progress,
                 threadwise::ThreadPoolExecutor& background)
    : target_(target), options_(options), journal_(journal), progress_(progress), background_(background) {}

ArrivedPart Arrival::take_up(const JournalRecord& record) {
    auto file = PartialFile::belongs_to(record.part, target_.name)
                    ? PartialFile::reopen(options_.directory / record.part)
                    : std::nullopt;
    if (!file) return {};
    const std::uint64_t size = file->size();
    const std::string fault = fault_of_partial(record, size, target_);
    if (!fault.empty()) note_useless(fault);

    ArrivedPart part = record.arrived;
    part.size = certain_size(record, size);
    if (!fault.empty() || !(part.resumable() || part.size == part.total)) {
        file->remove();
        return {};
    }
    if (part.size != size) file->truncate(part.size);
    file_ = *std::move(file);
    file_name_ = record.part;
    part_ = part;
    size_ = resumed_ = part.size;
    synced_ = record.arrived.size;
    progress_.set_total(part.total.value_or(0));
    progress_.set_received(size_);
    return part;
}

void Arrival::note_useless(const std::string& why) {
    if (note_.empty()) note_ = "what an earlier run left is of no use: " + why;
}

void Arrival::begin(const ArrivedPart& part) {
    if (part.size == 0) {
        if (resumed_ > 0) note_useless("the server sent the whole file");
        discard();
    } else if (part.size != size_) {
        throw std::logic_error("the rest does not begin where the file ends");
    }
    part_ = part;
    progress_.set_total(part.total.value_or(0));
    progress_.set_state(FileProgress::State::running);
}

void Arrival::append(std::span<const std::byte> bytes) {
    if (!file_.is_open() && memory_.size() + bytes.size() <= most_in_memory) {
        memory_.insert(memory_.end(), bytes.begin(), bytes.end());
    } else {
        move_to_disk();
        file_.append(bytes);
    }
    size_ += bytes.size();
    received_ += bytes.size();
    progress_.set_received(size_);
    sync_now_and_then();
}

// The line comes before the file, so that there is no file without one.
void Arrival::move_to_disk() {
    if (file_.is_open()) return;
    file_name_ = PartialFile::hidden_name(target_.name);
    journal_.put(record(), false);
    PartialFile file = PartialFile::create(options_.directory / file_name_);
    try {
        file.append(memory_);
    } catch (...) {
        file.remove();
        throw;
    }
    file_ = std::move(file);
    memory_ = {};
}

void Arrival::sync_now_and_then() {
    if (!options_.sync || !file_.is_open()) return;
    note_synced();
    if (syncing_ || size_ - synced_ < sync_interval) return;
    syncing_ = std::make_shared<BackgroundSync>();
    syncing_->file = file_.duplicate();
    syncing_->size = size_;
    background_.fire_and_forget([sync = syncing_] {
        try {
            sync->file.sync();
            sync->done = true;
        } catch (const std::system_error&) {
            // The last sync() of the file, which fails, too, reports it.
        }
    });
}

// The line about what is on the disk is written here, so that none comes after the one that the file is whole.
void Arrival::note_synced() {
    if (!syncing_ || !syncing_->done) return;
    synced_ = syncing_->size;
    syncing_.reset();
    journal_.put(record(), false);
}

JournalRecord Arrival::record() const {
    JournalRecord record;
    record.name = target_.name;
    record.url = url_without_password(target_.url);
    record.part = file_name_;
    record.arrived = part_;
    record.arrived.size = synced_;
    record.boot = boot_of_this_machine();
    return record;
}

void Arrival::keep() noexcept {
    try {
        if (size_ == 0 || (part_.entity_tag.empty() && part_.total != size_)) return discard();
        move_to_disk();
        if (!options_.sync || synced_ == size_) return;
        file_.sync();
        synced_ = size_;
        journal_.put(record(), false);
    } catch (const std::exception&) {
        // The file has failed already. What is on the disk stays, and the line about it, which is older, holds.
    }
}

void Arrival::discard() noexcept {
    file_.remove();
    syncing_.reset();
    memory_.clear();
    size_ = synced_ = 0;
    progress_.set_received(0);
}

Digest Arrival::digest(const std::stop_token& stop) const {
    if (file_.is_open()) return digest_of_file(file_.path(), target_.digest.kind, stop);
    Hasher hasher(target_.digest.kind);
    hasher.update(memory_);
    return hasher.digest();
}

void Arrival::publish(bool replace) {
    part_.total = size_;
    move_to_disk();
    if (options_.sync) {
        try {
            file_.sync();
        } catch (const std::system_error&) {
            discard();  // what the disk could not write, it may not read as it was
            throw;
        }
    }
    synced_ = size_;
    JournalRecord whole = record();
    whole.whole = true;
    whole.modified = file_.modified();
    journal_.put(whole, options_.sync);
    file_.publish(final_path(), replace);
    if (options_.sync) sync_directory(final_path().parent_path());
}

}  // namespace command
