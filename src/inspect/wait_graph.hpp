#pragma once
// Which thread waits for which, as a graph of idents.

#include <cstdint>
#include <vector>

namespace threadwise::inspect {

/// `waiter` cannot go on before `owner` has done something.
struct WaitEdge {
    std::uint32_t waiter;
    std::uint32_t owner;
};

/// The circles of that graph: the idents in the order of the edges, the least one first. No ident is in two of those
/// returned; there is one at least in each part of the graph whose threads all wait for each other. Takes
/// O(n log n) steps for n edges.
std::vector<std::vector<std::uint32_t>> find_cycles(std::vector<WaitEdge> edges);

}  // namespace threadwise::inspect
