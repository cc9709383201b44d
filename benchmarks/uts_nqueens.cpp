/// uts: counts the nodes of an unbalanced tree, made up as it is walked, with a task a node (as in the Unbalanced Tree
/// Search benchmark's tree T1: geometric, four children on average, ten levels). nqueens: counts the ways to place
/// twelve queens, with a task for each placed queen. Both with two workers.
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/bench.hpp"
#include "support/timing.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"
#ifdef BENCH_TBB
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#endif

namespace {

constexpr int workers = 2;

/// A good 64-bit mixing function (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

constexpr int levels = 10;

int children_of(std::uint64_t node, int level) {
    if (level >= levels) return 0;
    const double uniform = static_cast<double>(mix(node) >> 11) * 0x1p-53;
    // Linear decrease of the branching factor would be T1's other form; this is the fixed one, with mean 4.
    return static_cast<int>(std::floor(std::log(1 - uniform) / std::log(1 - 1.0 / 5)));
}

template <class Group>
std::size_t count_nodes(std::uint64_t node, int level) {
    const int children = children_of(node, level);
    if (children == 0) return 1;
    std::vector<std::size_t> counts(static_cast<std::size_t>(children));
    Group group;
    for (int i = 0; i < children; ++i) {
        group.run([&count = counts[static_cast<std::size_t>(i)], node, level, i] {
            count = count_nodes<Group>(mix(node + static_cast<std::uint64_t>(i) + 1), level + 1);
        });
    }
    group.wait();
    std::size_t sum = 1;
    for (const std::size_t count : counts) sum += count;
    return sum;
}

#ifdef BENCH_OPENMP
/// OpenMP's tasks, as far as they are a group.
struct OpenMpGroup {
    template <class Function>
    void run(Function function) {
#pragma omp task firstprivate(function)
        function();
    }
    void wait() {
#pragma omp taskwait
    }
};

template <class Compute>
std::size_t on_openmp(Compute compute) {
    std::size_t result = 0;
#pragma omp parallel num_threads(workers)
#pragma omp single
    result = compute();
    return result;
}
#endif

constexpr unsigned queens = 12;

template <class Group>
std::size_t place_queens(unsigned row, unsigned columns, unsigned left, unsigned right) {
    if (row == queens) return 1;
    std::array<std::size_t, queens> counts{};
    Group group;
    for (unsigned column = 0; column < queens; ++column) {
        const unsigned place = 1U << column;
        if (((columns | left | right) & place) != 0) continue;
        group.run([&count = counts[column], row, c = columns | place, l = (left | place) << 1,
                   r = (right | place) >> 1] { count = place_queens<Group>(row + 1, c, l, r); });
    }
    group.wait();
    std::size_t sum = 0;
    for (const std::size_t count : counts) sum += count;
    return sum;
}

template <class Compute>
bench::Sample milliseconds(Compute compute) {
    return [compute]() -> std::vector<double> {
        const auto start = bench::Clock::now();
        const std::size_t result = compute();
        bench::consume(result);
        return {bench::seconds_since(start) * 1e3};
    };
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    threadwise::ThreadPoolExecutor pool(workers);
    using Ours = threadwise::TaskGroup;
#ifdef BENCH_TBB
    oneapi::tbb::task_arena arena(workers);
    using Tbb = oneapi::tbb::task_group;
#endif
    run.ask(
        {{"uts", "ms"}},
        {
            {"threadwise", milliseconds([&] { return pool.submit([] { return count_nodes<Ours>(19, 0); }).result(); })},
#ifdef BENCH_TBB
            {"tbb::task_group", milliseconds([&] { return arena.execute([] { return count_nodes<Tbb>(19, 0); }); })},
#endif
#ifdef BENCH_OPENMP
            {"OpenMP task", milliseconds([] { return on_openmp([] { return count_nodes<OpenMpGroup>(19, 0); }); })},
#endif
        });
    run.ask({{"nqueens", "ms"}},
            {
                {"threadwise",
                 milliseconds([&] { return pool.submit([] { return place_queens<Ours>(0, 0, 0, 0); }).result(); })},
#ifdef BENCH_TBB
                {"tbb::task_group",
                 milliseconds([&] { return arena.execute([] { return place_queens<Tbb>(0, 0, 0, 0); }); })},
#endif
#ifdef BENCH_OPENMP
                {"OpenMP task",
                 milliseconds([] { return on_openmp([] { return place_queens<OpenMpGroup>(0, 0, 0, 0); }); })},
#endif
            });
}
