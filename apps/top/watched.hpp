#pragma once
// A process that is looked at again and again.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "threads/cpu_times.hpp"
#include "threads/object_waits.hpp"
#include "threads/summary.hpp"
#include "threadwise/process_view.hpp"

namespace command {

class Watched {
public:
    /// Looks for the first time. Throws ProcessError, as look() does.
    explicit Watched(int pid);

    void look();

    int pid() const noexcept { return view_.pid(); }
    const std::string& command() const noexcept { return view_.command(); }

    // As of the last look:

    const threadwise::inspect::Snapshot& snapshot() const noexcept { return snapshot_; }
    const std::vector<ObjectWaits>& objects() const noexcept { return objects_; }
    const Summary& summary() const noexcept { return summary_; }
    bool is_in_cycle(const threadwise::inspect::ThreadInfo& thread) const { return in_cycle_.contains(thread.ident); }

    /// The index in the snapshot; none: that thread has ended.
    std::optional<std::size_t> index_of(std::uint32_t ident) const;

    /// "bob", or several names.
    std::string names_of(const std::vector<std::uint32_t>& idents) const;

    /// Read when it is asked for first, so that threads that nobody sees cost nothing.
    std::optional<CpuUse> cpu_of(const threadwise::inspect::ThreadInfo& thread);
    std::optional<CpuUse> cpu() { return cpu_times_.of_process(snapshot_.taken); }

private:
    threadwise::inspect::ProcessView view_;
    threadwise::inspect::Snapshot snapshot_;
    Summary summary_;
    WaitHistory history_;
    std::vector<ObjectWaits> objects_;
    std::unordered_map<std::uint32_t, std::size_t> indices_;
    std::unordered_set<std::uint32_t> in_cycle_;
    CpuTimes cpu_times_;
};

}  // namespace command
