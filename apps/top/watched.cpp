#include "top/watched.hpp"

namespace command {

using threadwise::inspect::ThreadInfo;
using threadwise::inspect::wait_cycles;

Watched::Watched(int pid) : view_(pid), cpu_times_(pid) { look(); }

void Watched::look() {
    snapshot_ = view_.snapshot();
    summary_ = summary_of(snapshot_);
    history_.add(snapshot_);
    objects_ = history_.objects();

    indices_.clear();
    std::vector<std::uint64_t> native_ids;
    for (std::size_t i = 0; i < snapshot_.threads.size(); ++i) {
        indices_.emplace(snapshot_.threads[i].ident, i);
        native_ids.push_back(snapshot_.threads[i].native_id);
    }
    cpu_times_.keep_only(native_ids);

    in_cycle_.clear();
    for (const auto& cycle : wait_cycles(snapshot_)) in_cycle_.insert(cycle.begin(), cycle.end());
}

std::optional<std::size_t> Watched::index_of(std::uint32_t ident) const {
    const auto found = indices_.find(ident);
    return found == indices_.end() ? std::nullopt : std::optional(found->second);
}

std::string Watched::names_of(const std::vector<std::uint32_t>& idents) const {
    std::string names;
    for (const std::uint32_t ident : idents) {
        const auto index = index_of(ident);
        names += names.empty() ? "" : ", ";
        names += index ? snapshot_.threads[*index].name : "a thread that has ended";
    }
    return names;
}

std::optional<CpuUse> Watched::cpu_of(const ThreadInfo& thread) {
    const bool waits = thread.state == threadwise::inspect::State::waits;
    return cpu_times_.of_thread(thread.native_id, waits ? std::optional(thread.wait.since) : std::nullopt,
                                snapshot_.taken);
}

}  // namespace command
