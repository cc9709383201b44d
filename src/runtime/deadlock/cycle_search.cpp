#include "runtime/deadlock/cycle_search.hpp"

#include <algorithm>

namespace threadwise::runtime {

CycleSearch::CycleSearch(const BlockedThreads& threads) : threads_(threads), marks_(threads.size(), Mark::unseen) {
    path_.reserve(threads.size());
}

CycleSearch::Cycle CycleSearch::next() {
    for (;;) {
        if (path_.empty()) {
            while (next_start_ < threads_.size() && marks_[next_start_] != Mark::unseen) ++next_start_;
            if (next_start_ == threads_.size()) return {};
            enter(next_start_, Tie::certain);
        }
        Step& last = path_.back();
        const auto edge = threads_.edge(last.thread, last.next_edge++);
        if (!edge) {
            marks_[last.thread] = Mark::done;
            path_.pop_back();
        } else if (marks_[edge->to] == Mark::unseen) {
            enter(edge->to, edge->tie);
        } else if (marks_[edge->to] == Mark::on_path) {
            return cut_cycle(edge->to, edge->tie);
        }
    }
}

void CycleSearch::enter(std::size_t thread, Tie tie) {
    marks_[thread] = Mark::on_path;
    path_.push_back({.thread = thread, .next_edge = 0, .tie = tie});
}

/// The end of the path, from that thread on; `closing` is the tie from its last thread to that one.
CycleSearch::Cycle CycleSearch::cut_cycle(std::size_t from, Tie closing) const {
    Cycle cycle{.threads = {}, .tie = closing};
    const auto first =
        std::find_if(path_.begin(), path_.end(), [from](const Step& step) { return step.thread == from; });
    for (auto step = first; step != path_.end(); ++step) {
        cycle.threads.push_back(step->thread);
        if (step != first) cycle.tie = std::min(cycle.tie, step->tie);
    }
    return cycle;
}

}  // namespace threadwise::runtime
