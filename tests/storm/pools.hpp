#pragma once
// Pools of all kinds, in which calls do again what a storm does, and groups of tasks.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "storm/fates.hpp"
#include "storm/world.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise::storm {

class Pools final : public Part {
public:
    /// `step`: an operation of any part; `brief_step`: one that waits for nobody.
    using Step = std::function<void(Choices&)>;
    Pools(World& world, Fates& fates, Step step, Step brief_step)
        : Part(world), fates_(fates), step_(std::move(step)), brief_step_(std::move(brief_step)) {
        for (const ThreadPoolOptions& options : {
                 ThreadPoolOptions{.max_workers = 3},
                 ThreadPoolOptions{.max_workers = 1, .idle_timeout = std::chrono::milliseconds(1)},
                 ThreadPoolOptions{.max_workers = 2, .replace_sleepers = true, .measure_times = true},
                 ThreadPoolOptions{.max_workers = 2, .max_queued = 4},
                 ThreadPoolOptions{.max_workers = 1, .max_queued = 2, .when_full = WhenFull::reject},
                 ThreadPoolOptions{.max_workers = 2, .max_queued = 2, .when_full = WhenFull::run_in_caller},
             }) {
            pools_.push_back(std::make_unique<ThreadPoolExecutor>(options));
        }
    }

    void act(Choices& choices) override {
        switch (choices.below(8)) {
            case 0: forget(choices); break;
            case 1: fork_and_join(choices); break;
            case 2: map(choices); break;
            case 3: use_and_shut_down(choices); break;
            default: submit(choices); break;
        }
    }

    bool settled() override { return fates_.settled() && forgotten_ == forgotten_run_; }

    /// All has ended that was submitted, so nothing is lost if the pools end.
    void check() override {
        for (const auto& pool : pools_) pool->shutdown();
        pools_.clear();
    }

private:
    /// Deep enough for calls that submit calls.
    static constexpr int max_depth = 3;

    /// What a submitted call does.
    void work(std::uint64_t seed) {
        Choices choices(seed);
        const bool throws = choices.one_in(8);
        if (this_actor.calls < max_depth && !world().over) {
            ++this_actor.calls;
            (this_actor.calls == 1 && choices.one_in(2) ? step_ : brief_step_)(choices);
            --this_actor.calls;
        }
        if (throws) throw Thrown();
    }

    /// A bounded pool's submitter may have to wait, which only some may.
    ThreadPoolExecutor& any_pool(Choices& choices, const Permit& permit) {
        const std::size_t number = choices.below(pools_.size());
        return *pools_[number == bounded && !permit ? 0 : number];
    }

    void submit(Choices& choices) {
        const Permit permit(world());
        ThreadPoolExecutor& pool = any_pool(choices, permit);
        const auto fate = std::make_shared<Fate>();
        const auto call = [this, fate, seed = choices.number()] {
            ++fate->runs;
            work(seed);
            return seed;
        };
        try {
            if (choices.one_in(3)) {
                TaskOptions options{.priority = static_cast<int>(choices.below(3)) - 1};
                if (choices.one_in(4)) options.start_within = choices.brief();
                if (choices.one_in(2)) options.stop = world().token(choices);
                fate->future = pool.submit(std::move(options), call);
            } else {
                fate->future = pool.submit(call);
            }
        } catch (const std::runtime_error&) {  // Full, interrupted, or the process ends
            world().expect(fate->runs == 0, "a call that was refused was run");
            return;
        }
        fates_.add(fate, choices);
    }

    void forget(Choices& choices) {
        const Permit permit(world());
        ThreadPoolExecutor& pool = any_pool(choices, permit);
        ++forgotten_;
        try {
            pool.fire_and_forget([this, seed = choices.number()] {
                try {
                    work(seed);
                } catch (const Thrown&) {}
                ++forgotten_run_;
            });
        } catch (const std::runtime_error&) {
            --forgotten_;
        }
    }

    /// Each forked task runs once, unless the group was cancelled or has failed.
    void fork_and_join(Choices& choices) {
        std::atomic<std::size_t> runs{0};
        const std::size_t count = choices.below(20);
        const bool cancels = choices.one_in(6);
        bool complete = !cancels;
        {
            TaskGroup group;
            try {
                for (std::size_t i = 0; i < count; ++i) {
                    group.run([&, seed = choices.number()] {
                        ++runs;
                        Choices own(seed);
                        brief_step_(own);
                    });
                }
                if (cancels) group.cancel();
                group.wait();
            } catch (const std::exception&) {
                complete = false;
            }
        }
        world().expect(runs <= count && (!complete || runs == count), "a group lost a task, or ran one twice");
    }

    void map(Choices& choices) {
        const Permit permit(world());
        if (!permit) return;
        std::vector<std::uint64_t> numbers(choices.below(20));
        std::iota(numbers.begin(), numbers.end(), 0);
        std::uint64_t expected = 0;
        try {
            MapOptions options;
            if (choices.one_in(2)) options.buffersize = 1 + choices.below(4);
            for (const std::uint64_t result : any_pool(choices, permit).map(options, std::identity(), numbers)) {
                world().expect(result == expected++, "map gave a result out of turn");
            }
        } catch (const std::runtime_error&) {
            return;  // Full, interrupted, or the process ends
        }
        world().expect(expected == numbers.size(), "map lost a result");
    }

    /// What a pool has accepted runs, or is cancelled, before it is gone.
    void use_and_shut_down(Choices& choices) {
        std::atomic<std::size_t> runs{0};
        std::vector<Future<void>> futures;
        {
            ThreadPoolExecutor pool(1 + static_cast<int>(choices.below(2)));
            try {
                for (std::size_t i = choices.below(20); i > 0; --i) {
                    futures.push_back(pool.submit([this, &runs, &pool, seed = choices.number()] {
                        ++runs;
                        Choices own(seed);
                        if (own.one_in(4)) await_another_call(pool);
                        brief_step_(own);
                    }));
                }
            } catch (const RuntimeError&) {}
            if (choices.one_in(2)) pool.shutdown(false, choices.one_in(2));
        }
        std::size_t cancelled = 0;
        for (const auto& future : futures) {
            world().expect(future.done(), "a pool is gone and a call of it is not done");
            cancelled += future.cancelled() ? 1 : 0;
        }
        world().expect(runs + cancelled == futures.size(), "a pool lost a call as it was shut down");
    }

    /// In a call of that pool.
    static void await_another_call(ThreadPoolExecutor& pool) {
        try {
            pool.submit([] {}).result();
        } catch (const std::runtime_error&) {}  // the pool is shut down, or this thread interrupted
    }

    static constexpr std::size_t bounded = 3;

    Fates& fates_;
    const Step step_;
    const Step brief_step_;
    std::atomic<std::uint64_t> forgotten_{0};
    std::atomic<std::uint64_t> forgotten_run_{0};
    std::vector<std::unique_ptr<ThreadPoolExecutor>> pools_;
};

}  // namespace threadwise::storm
