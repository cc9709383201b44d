#include "threadwise/process_view.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "inspect/card_reader.hpp"
#include "inspect/confirm_cycles.hpp"
#include "inspect/read_recording.hpp"
#include "inspect/shared_holders.hpp"
#include "platform/clock.hpp"
#include "platform/processes/other_process.hpp"

namespace threadwise::inspect {
namespace {

using platform::OtherProcess;
using Reason = ProcessError::Reason;
using Standing = OtherProcess::Standing;

[[noreturn]] void refuse(int pid, Reason reason) {
    const std::string process = "process " + std::to_string(pid);
    switch (reason) {
        case Reason::no_such_process: throw ProcessError(reason, "there is no " + process);
        case Reason::not_permitted: throw ProcessError(reason, process + " belongs to another user");
        case Reason::not_published:
            throw ProcessError(reason, process +
                                           " does not show its threads: it does not use threadwise, or could not "
                                           "make the file for it, or has closed it");
        case Reason::other_version:
            throw ProcessError(reason, process + " uses a version of threadwise that this one cannot read");
        case Reason::ended: break;
    }
    throw ProcessError(Reason::ended, process + " has ended");
}

void check_alive(const OtherProcess& process, int pid, Reason if_gone) {
    const Standing standing = process.standing();
    if (standing == Standing::gone) refuse(pid, if_gone);
    if (standing == Standing::forbidden) refuse(pid, Reason::not_permitted);
}

/// The cards of a process: of the copy of the library with most of them, if the process has several.
std::optional<CardReader> find_cards(const OtherProcess& process, int pid) {
    const std::uint32_t own_pid = process.own_pid();
    std::optional<CardReader> best;
    bool has_other_version = false;
    for (platform::SharedView& view : process.shared_views(runtime::card_file_name)) {
        CardReader reader(std::move(view));
        if (reader.kind() == CardReader::Kind::other_version) has_other_version = true;
        if (reader.kind() != CardReader::Kind::readable || reader.pid() != own_pid) continue;
        if (!best || reader.used() > best->used()) best.emplace(std::move(reader));
    }
    if (!best && has_other_version) refuse(pid, Reason::other_version);
    return best;
}

/// Whose ident stands in a word of a thread that waits.
std::uint32_t holder_in(std::uint32_t word, const CardReader::Seen& seen) noexcept {
    return (word >> seen.owner_shift) & runtime::owner_mask;
}

/// Fills in today's holders, where the process's memory may be read.
bool read_holders(const OtherProcess& process, std::vector<CardReader::Seen>& threads) {
    std::vector<std::uintptr_t> addresses;
    for (const auto& seen : threads) {
        if (seen.owner_word != 0) addresses.push_back(seen.owner_word);
    }
    std::vector<std::uint32_t> words(addresses.size());
    if (!process.read_words(addresses, words)) return false;
    std::size_t next = 0;
    for (auto& seen : threads) {
        if (seen.owner_word == 0) continue;
        const std::uint32_t owner = holder_in(words[next++], seen);
        std::vector<std::uint32_t>& owners = seen.info.wait.owners;
        const bool held_it_before = owners == std::vector{seen.info.ident};
        owners.clear();
        // If it waits for something else by now, the word may be anything's.
        if (owner == 0 || !seen.still_waits()) continue;
        // A lock whose holder it has become as it waited was handed to it: it wakes up, and waits for nobody.
        if (owner != seen.info.ident || held_it_before) owners.push_back(owner);
    }
    return true;
}

/// Whether the thread is in the wait that was seen, for that owner as far as the process's memory may be read.
bool is_unchanged(const OtherProcess& process, const CardReader::Seen& seen, const Wait& wait) {
    std::uint32_t word = 0;
    if (seen.owner_word != 0 && process.read_words({&seen.owner_word, 1}, {&word, 1}) &&
        wait.owners != std::vector{holder_in(word, seen)}) {
        return false;
    }
    return seen.still_waits();
}

}  // namespace

ProcessError::ProcessError(Reason reason, const std::string& what) : RuntimeError(what), reason_(reason) {}
ProcessError::~ProcessError() = default;

struct ProcessView::Impl {
    int pid;
    OtherProcess process;
    std::string command;
    std::optional<CardReader> cards;

    void check_still_there() const {
        check_alive(process, pid, Reason::ended);
        if (!process.still_shares(cards->view())) refuse(pid, Reason::not_published);
    }
};

std::vector<int> processes() {
    std::vector<int> found = platform::process_ids();
    std::erase_if(found, [](int pid) {
        const OtherProcess process(pid);
        return process.shared_views(runtime::card_file_name).empty() || process.standing() != Standing::alive;
    });
    return found;
}

ProcessView::ProcessView(int pid) : impl_(new Impl{pid, OtherProcess(pid), {}, {}}) {
    check_alive(impl_->process, pid, Reason::no_such_process);
    impl_->command = impl_->process.command();
    impl_->cards = find_cards(impl_->process, pid);
    check_alive(impl_->process, pid, Reason::ended);
    if (!impl_->cards) refuse(pid, Reason::not_published);
}

ProcessView::~ProcessView() = default;
ProcessView::ProcessView(ProcessView&& other) noexcept = default;
ProcessView& ProcessView::operator=(ProcessView&& other) noexcept = default;

int ProcessView::pid() const noexcept { return impl_->pid; }

const std::string& ProcessView::command() const noexcept { return impl_->command; }

Snapshot ProcessView::snapshot() const {
    std::vector<CardReader::Seen> threads = impl_->cards->read();
    Snapshot snapshot;
    snapshot.holders_are_current = read_holders(impl_->process, threads);
    snapshot.taken = platform::now();
    std::sort(threads.begin(), threads.end(), [](const auto& a, const auto& b) {
        return std::pair(!a.is_main, a.info.ident) < std::pair(!b.is_main, b.info.ident);
    });
    for (const auto& seen : threads) snapshot.threads.push_back(seen.info);
    find_shared_holders(snapshot, static_cast<std::uint64_t>(impl_->pid));
    confirm_cycles(snapshot, [&](std::size_t index) {
        return is_unchanged(impl_->process, threads[index], snapshot.threads[index].wait);
    });
    impl_->check_still_there();
    return snapshot;
}

trace::Recording ProcessView::recording() const {
    trace::Recording recording = read_recording(*impl_->cards);
    recording.pid = impl_->pid;
    recording.command = impl_->command;
    impl_->check_still_there();
    return recording;
}

}  // namespace threadwise::inspect
