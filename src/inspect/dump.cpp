#include "threadwise/dump.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>

#include "threadwise/inspect.hpp"

namespace threadwise {
namespace {

using inspect::Instant;
using inspect::State;
using inspect::ThreadInfo;
using inspect::Wait;

/// 1.204 s
std::string seconds(Instant::duration duration) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(3) << std::chrono::duration<double>(duration).count() << " s";
    return text.str();
}

/// The names of those that are alive.
using Names = std::unordered_map<std::uint32_t, std::string_view>;

void print_owner(std::ostream& out, std::uint32_t owner, const Names& names) {
    const auto found = names.find(owner);
    if (found == names.end()) {
        out << "a thread that has ended";
    } else {
        out << std::quoted(found->second);
    }
    out << " (ident " << owner << ')';
}

void print_owners(std::ostream& out, const Wait& wait, const Names& names) {
    const char* before = wait.held ? " held by " : " of ";
    for (const std::uint32_t owner : wait.owners) {
        out << before;
        print_owner(out, owner, names);
        before = ", ";
    }
    if (wait.thread_there == 0) return;
    const std::string holder =
        wait.process != 0 ? "process " + std::to_string(wait.process) : std::string("a thread that has ended");
    out << " held by " << holder << " (native id " << wait.thread_there << ')';
}

void print_wait(std::ostream& out, const Wait& wait, const Names& names, Instant now) {
    out << "waits for " << wait.kind;
    if (wait.object != 0) out << " 0x" << std::hex << wait.object << std::dec;
    if (wait.notified) out << ", notified,";
    print_owners(out, wait, names);
    out << " for " << seconds(std::max(now - wait.since, Instant::duration::zero()));
    if (wait.deadline) {
        // Compared first: a deadline may lie so far back that the difference does not fit.
        const auto left = *wait.deadline > now ? *wait.deadline - now : Instant::duration::zero();
        out << ", at most " << seconds(left) << " more";
    }
    if (wait.where.line != 0) out << ", at " << wait.where.file << ':' << wait.where.line;
}

std::string_view to_string(State state) {
    switch (state) {
        case State::starts: return "starts";
        case State::runs: return "runs";
        case State::waits: return "waits";
        case State::has_ended: break;
    }
    return "has ended";
}

void print_thread(std::ostream& out, const ThreadInfo& thread, const Names& names, Instant now) {
    out << std::quoted(thread.name) << " (ident " << thread.ident;
    if (thread.native_id != 0) out << ", native id " << thread.native_id;
    if (thread.daemon) out << ", daemon";
    out << ") ";
    if (thread.state == State::waits) {
        print_wait(out, thread.wait, names, now);
    } else {
        out << to_string(thread.state);
    }
    out << '\n';
}

}  // namespace

std::ostream& inspect::operator<<(std::ostream& out, const Snapshot& snapshot) {
    Names names;
    for (const ThreadInfo& thread : snapshot.threads) names.emplace(thread.ident, thread.name);
    std::ostringstream text;  // in one piece, so that the lines stay together
    for (const ThreadInfo& thread : snapshot.threads) print_thread(text, thread, names, snapshot.taken);
    return out << text.str();
}

void dump(std::ostream& out) { out << inspect::snapshot(); }

}  // namespace threadwise
