#include "inspect/wait_graph.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace threadwise::inspect {
namespace {

using Cycle = std::vector<std::uint32_t>;

/// Walks along the edges, depth first, without recursion: a chain of waits may be as long as there are threads.
class Search {
public:
    explicit Search(std::vector<WaitEdge> edges) : edges_(std::move(edges)) {
        std::sort(edges_.begin(), edges_.end(), [](const WaitEdge& a, const WaitEdge& b) {
            return std::tie(a.waiter, a.owner) < std::tie(b.waiter, b.owner);
        });
    }

    std::vector<Cycle> run() {
        for (const WaitEdge& edge : edges_) {
            if (!marks_.contains(edge.waiter)) walk_from(edge.waiter);
        }
        return std::move(cycles_);
    }

private:
    enum class Mark : std::uint8_t { on_path, done, in_cycle };

    struct Step {
        std::uint32_t ident;
        std::vector<WaitEdge>::const_iterator next;  ///< the edge to be followed next
    };

    void enter(std::uint32_t ident) {
        marks_[ident] = Mark::on_path;
        path_.push_back(
            {ident, std::lower_bound(edges_.cbegin(), edges_.cend(), ident,
                                     [](const WaitEdge& edge, std::uint32_t waiter) { return edge.waiter < waiter; })});
    }

    void walk_from(std::uint32_t ident) {
        enter(ident);
        while (!path_.empty()) {
            Step& step = path_.back();
            if (step.next == edges_.cend() || step.next->waiter != step.ident) {
                Mark& mark = marks_[step.ident];
                if (mark == Mark::on_path) mark = Mark::done;
                path_.pop_back();
                continue;
            }
            const std::uint32_t owner = (step.next++)->owner;
            const auto seen = marks_.find(owner);
            if (seen == marks_.end()) {
                enter(owner);
            } else if (seen->second == Mark::on_path) {
                close_cycle(owner);
            }
        }
    }

    /// The last step of the path leads back to `first`, which is on it. Left out if the cycle shares a thread with one
    /// that has been found.
    void close_cycle(std::uint32_t first) {
        const auto begin =
            std::find_if(path_.begin(), path_.end(), [&](const Step& step) { return step.ident == first; });
        if (std::any_of(begin, path_.end(), [&](const Step& step) { return marks_[step.ident] == Mark::in_cycle; }))
            return;
        Cycle cycle;
        for (auto step = begin; step != path_.end(); ++step) {
            cycle.push_back(step->ident);
            marks_[step->ident] = Mark::in_cycle;
        }
        std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
        cycles_.push_back(std::move(cycle));
    }

    std::vector<WaitEdge> edges_;
    std::unordered_map<std::uint32_t, Mark> marks_;
    std::vector<Step> path_;
    std::vector<Cycle> cycles_;
};

}  // namespace

std::vector<Cycle> find_cycles(std::vector<WaitEdge> edges) { return Search(std::move(edges)).run(); }

}  // namespace threadwise::inspect
