/// submit-detached: one outside thread submits a million empty tasks to a pool of two workers, fire and forget, until
/// all have run. submit-bulk: the same million handed over in one call, beside one by one. submit-future: the same with
/// a future a task, each result read.
#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <ranges>
#include <vector>

#include "support/bench.hpp"
#include "support/naive_pool.hpp"
#include "support/timing.hpp"
#include "threadwise/thread_pool_executor.hpp"
#ifdef BENCH_TBB
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#endif
#ifdef BENCH_ASIO
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#endif

namespace {

constexpr int workers = 2;
constexpr std::size_t many = 1'000'000;

/// Counts what has run; the last one lets the submitter go.
class AllRun {
public:
    void one() {
        if (count_.fetch_add(1, std::memory_order_acq_rel) + 1 == many) count_.notify_one();
    }
    void wait() {
        for (std::size_t seen = count_.load(); seen != many; seen = count_.load()) count_.wait(seen);
    }

private:
    alignas(64) std::atomic<std::size_t> count_{0};
};

/// `submit(task)` hands a task to a pool whose threads have started.
template <class Submit>
bench::Sample detached(Submit submit) {
    return [submit]() -> std::vector<double> {
        AllRun all;
        const auto start = bench::Clock::now();
        for (std::size_t i = 0; i < many; ++i) submit([&all] { all.one(); });
        all.wait();
        return {bench::seconds_since(start) / static_cast<double>(many) * 1e9};
    };
}

bench::Sample in_bulk(threadwise::ThreadPoolExecutor& pool) {
    return [&pool]() -> std::vector<double> {
        AllRun all;
        const auto start = bench::Clock::now();
        pool.fire_and_forget_all([&all](std::size_t /*number*/) { all.one(); }, std::views::iota(std::size_t{0}, many));
        all.wait();
        return {bench::seconds_since(start) / static_cast<double>(many) * 1e9};
    };
}

/// `submit(call)` returns something with get().
template <class Submit>
bench::Sample with_future(std::size_t n, Submit submit) {
    return [n, submit]() -> std::vector<double> {
        std::vector<decltype(submit([] { return std::size_t{0}; }))> futures;
        futures.reserve(n);
        std::size_t sum = 0;
        const auto start = bench::Clock::now();
        for (std::size_t i = 0; i < n; ++i) futures.push_back(submit([i] { return i; }));
        for (auto& future : futures) sum += future.get();
        bench::consume(sum);
        futures.clear();
        return {bench::seconds_since(start) / static_cast<double>(n) * 1e9};
    };
}

struct Result {
    threadwise::Future<std::size_t> future;
    std::size_t get() const { return future.result(); }
};

/// A std::function must be copyable, so the task is shared.
template <class Post>
auto post_packaged(Post post) {
    return [post](auto call) {
        auto task = std::make_shared<std::packaged_task<std::size_t()>>(call);
        auto future = task->get_future();
        post([task] { (*task)(); });
        return future;
    };
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    threadwise::ThreadPoolExecutor ours(workers);
    bench::NaivePool naive(workers);
    auto to_naive = [&](auto task) { naive.submit(task); };
#ifdef BENCH_TBB
    oneapi::tbb::task_arena arena(workers, 0);
    oneapi::tbb::task_group group;
    auto to_tbb = [&](auto task) { arena.enqueue(group.defer(task)); };
#endif
#ifdef BENCH_ASIO
    boost::asio::thread_pool asio(workers);
    auto to_asio = [&](auto task) { boost::asio::post(asio, task); };
#endif
    run.ask({{"submit-detached", "ns"}}, {
                                             {"threadwise", detached([&](auto task) { ours.fire_and_forget(task); })},
                                             {"naive pool", detached(to_naive)},
#ifdef BENCH_TBB
                                             {"tbb::task_group", detached(to_tbb)},
#endif
#ifdef BENCH_ASIO
                                             {"asio::thread_pool", detached(to_asio)},
#endif
                                         });
    run.ask({{"submit-bulk", "ns"}},
            {
                {"threadwise", in_bulk(ours)},
                {"threadwise:one by one", detached([&](auto task) { ours.fire_and_forget(task); })},
            });
    constexpr std::size_t few = 2'000;  // std::async starts a thread for each
    run.ask({{"submit-future", "ns"}},
            {
                {"threadwise", with_future(many, [&](auto call) { return Result{ours.submit(call)}; })},
                {"naive pool", with_future(many, post_packaged(to_naive))},
#ifdef BENCH_ASIO
                {"asio::thread_pool", with_future(many, post_packaged(to_asio))},
#endif
                {"std::async", with_future(few, [](auto call) { return std::async(std::launch::async, call); })},
            });
#ifdef BENCH_TBB
    arena.execute([&] { group.wait(); });
#endif
}
