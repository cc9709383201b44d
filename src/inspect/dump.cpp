#include "threadwise/dump.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iomanip>
#include <map>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "platform/clock.hpp"
#include "runtime/records/life.hpp"
#include "runtime/records/parking_table.hpp"
#include "runtime/records/registry.hpp"
#include "runtime/records/thread_record.hpp"
#include "runtime/records/wait_site.hpp"

namespace threadwise {
namespace {

using runtime::Life;
using runtime::ThreadRecord;
using runtime::WaitKind;

/// What was written down of a wait, and who was in its way.
struct Wait {
    runtime::WaitSite site;
    std::uint32_t owner = 0;
    bool notified = false;  ///< a condition's wait that only has to take its lock again
};

struct Line {
    explicit Line(std::shared_ptr<ThreadRecord> about) : record(std::move(about)) {}

    std::shared_ptr<ThreadRecord> record;
    std::string name;
    Life life = Life::started;
    Wait wait;
};

/// With the lock of the bucket in which the thread is queued it cannot go on, so what it waits for is still there, and
/// its holder can be read. Otherwise only what the thread itself has written down is sure to be there.
Wait look_at(ThreadRecord& record) {
    return runtime::with_bucket_of(record, [&](const runtime::Bucket& bucket) {
        Wait wait{.site = record.site.read()};
        wait.owner = wait.site.owner;
        if (bucket.has(record)) {
            // relaxed: nothing is read by way of the owner.
            if (wait.site.owner_word != nullptr) {
                wait.owner = wait.site.owner_word->load(std::memory_order_relaxed) & runtime::owner_mask;
            }
            wait.notified = wait.site.kind == WaitKind::condition && record.place.requeued;
        }
        return wait;
    });
}

std::vector<Line> look_at_all() {
    std::vector<Line> lines;
    for (auto& record : runtime::registry::all()) lines.emplace_back(std::move(record));
    for (Line& line : lines) {
        line.name = runtime::registry::name_of(*line.record);
        line.life = runtime::life_of(*line.record);
        line.wait = look_at(*line.record);
    }
    return lines;
}

/// 1.204 s
std::string seconds(platform::Instant::duration duration) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(3) << std::chrono::duration<double>(duration).count() << " s";
    return text.str();
}

/// The names of those that are alive.
using Names = std::map<std::uint32_t, std::string>;

void describe_owner(std::ostream& out, std::uint32_t owner, const Names& names) {
    const auto found = names.find(owner);
    if (found == names.end()) {
        out << "a thread that has ended";
    } else {
        out << std::quoted(found->second);
    }
    out << " (ident " << owner << ')';
}

void describe_wait(std::ostream& out, const Wait& wait, const Names& names, platform::Instant now) {
    const runtime::WaitSite& site = wait.site;
    out << "waits for " << to_string(site.kind);
    if (site.object != nullptr) out << ' ' << site.object;
    if (wait.notified) out << ", notified,";
    if (wait.owner != 0) {
        out << (site.owner_word != nullptr ? " held by " : " of ");
        describe_owner(out, wait.owner, names);
    }
    out << " for " << seconds(std::max(now - site.since, platform::Instant::duration::zero()));
    if (site.deadline != platform::never) {
        // Compared first: a deadline may lie so far back that the difference does not fit.
        const auto left = site.deadline > now ? site.deadline - now : platform::Instant::duration::zero();
        out << ", at most " << seconds(left) << " more";
    }
    if (site.where.line() != 0) out << ", at " << site.where.file_name() << ':' << site.where.line();
}

void describe(std::ostream& out, const Line& line, const Names& names, platform::Instant now) {
    const ThreadRecord& record = *line.record;
    out << std::quoted(line.name) << " (ident " << record.ident;
    const std::uint64_t native_id = record.native_id.load(std::memory_order_relaxed);  // relaxed: just a number
    if (native_id != 0) out << ", native id " << native_id;
    if (record.daemon.load(std::memory_order_relaxed)) out << ", daemon";
    out << ") ";
    if (line.wait.site.kind != WaitKind::none) {
        describe_wait(out, line.wait, names, now);
    } else {
        out << (line.life == Life::finished ? "has ended" : line.life == Life::running ? "runs" : "starts");
    }
    out << '\n';
}

}  // namespace

void dump(std::ostream& out) {
    const std::vector<Line> lines = look_at_all();
    Names names;
    for (const Line& line : lines) names.emplace(line.record->ident, line.name);
    std::ostringstream text;  // in one piece, so that the lines stay together
    const platform::Instant now = platform::now();
    for (const Line& line : lines) describe(text, line, names, now);
    out << text.str();
}

}  // namespace threadwise
