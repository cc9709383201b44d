/// task-bytes: memory that is allocated for a queued task whose callable takes 32 bytes, with 100,000 of them queued.
/// task-allocations: allocations for each thousand of such tasks in the steady state.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <thread>
#include <vector>

#include "support/bench.hpp"
#include "support/naive_pool.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace {

std::atomic<std::size_t> bytes{0};
std::atomic<std::size_t> allocations{0};

void count(std::size_t size) noexcept {
    bytes.fetch_add(size, std::memory_order_relaxed);
    allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

// All that is allocated, by whatever operator new or function of the library: glibc lets a program replace these.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
    count(size);
    return __libc_malloc(size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
    count(size);
    return __libc_memalign(alignment, size);
}
}

namespace {

struct Call {
    std::atomic<std::size_t>* run;
    std::array<std::size_t, 3> more;
    void operator()() const { run->fetch_add(1); }
};
static_assert(sizeof(Call) == 32);

template <class Submit>
void run_batch(Submit& submit, std::size_t n, std::atomic<std::size_t>& run) {
    run = 0;
    for (std::size_t i = 0; i < n; ++i) submit(Call{&run, {}});
    while (run != n) std::this_thread::yield();
}

/// `submit` hands a task to a pool of one worker.
template <class Submit>
bench::Sample memory(Submit submit) {
    return [submit]() -> std::vector<double> {
        constexpr std::size_t queued = 100'000;
        constexpr std::size_t batch = 1'000;
        constexpr std::size_t batches = 100;
        std::atomic<std::size_t> run{0};
        for (std::size_t i = 0; i < batches; ++i) run_batch(submit, batch, run);
        const std::size_t allocations_before = allocations;
        for (std::size_t i = 0; i < batches; ++i) run_batch(submit, batch, run);
        const std::size_t steady = allocations - allocations_before;

        std::atomic<bool> go_on{false};
        std::atomic<bool> began{false};
        submit([&] {
            began = true;
            while (!go_on) std::this_thread::yield();
        });
        while (!began) std::this_thread::yield();
        run = 0;
        const std::size_t bytes_before = bytes;
        for (std::size_t i = 0; i < queued; ++i) submit(Call{&run, {}});
        const std::size_t used = bytes - bytes_before;
        go_on = true;
        while (run != queued) std::this_thread::yield();
        return {static_cast<double>(used) / static_cast<double>(queued),
                static_cast<double>(steady) / static_cast<double>(batches)};
    };
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    threadwise::ThreadPoolExecutor ours(1);
    bench::NaivePool naive(1);
    run.ask({{"task-bytes", "B"}, {"task-allocations", "a thousand tasks"}},
            {{"threadwise", memory([&](auto task) { ours.fire_and_forget(task); })},
             {"naive pool", memory([&](auto task) { naive.submit(task); })}});
}
