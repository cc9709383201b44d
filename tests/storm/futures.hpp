#pragma once
// Operations on futures, of calls in pools and of promises.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "storm/crew.hpp"
#include "storm/fates.hpp"
#include "storm/world.hpp"
#include "threadwise/as_completed.hpp"
#include "threadwise/wait.hpp"

namespace threadwise::storm {

class Futures final : public Part {
public:
    Futures(World& world, Fates& fates) : Part(world), fates_(fates) {}

    void act(Choices& choices) override {
        switch (choices.below(6)) {
            case 0: cancel(choices); break;
            case 1: ask_result(choices); break;
            case 2: wait_for_several(choices); break;
            case 3: read_completed(choices); break;
            case 4: chain(choices); break;
            default: settle_once(choices); break;
        }
    }

    bool settled() override { return links_ == links_run_ + links_cancelled_; }

private:
    void cancel(Choices& choices) {
        const SharedFate fate = fates_.any(choices);
        if (fate != nullptr && fate->future.cancel()) {
            world().expect(fate->future.cancelled() && fate->runs == 0, "a call that was cancelled runs");
        }
    }

    void ask_result(Choices& choices) {
        const SharedFate fate = fates_.any(choices);
        if (fate == nullptr) return;
        const Permit permit(world());
        try {
            switch (permit.for_calls() ? choices.below(3) : 0) {
                case 0: fate->future.result(choices.brief()); break;
                case 1: fate->future.result(world().token(choices)); break;
                default: fate->future.result(); break;
            }
        } catch (const std::exception&) {
            return;  // the call's own, or that it was cancelled, or that the wait has ended
        }
        world().expect(fate->runs == 1, "a call has a result and was not run");
    }

    std::vector<Future<std::uint64_t>> several(Choices& choices) {
        std::vector<Future<std::uint64_t>> futures;
        for (std::size_t i = choices.below(6); i > 0; --i) {
            if (const SharedFate fate = fates_.any(choices)) futures.push_back(fate->future);
        }
        return futures;
    }

    void wait_for_several(Choices& choices) {
        const auto futures = several(choices);
        const auto when = static_cast<ReturnWhen>(choices.below(3));
        const Permit permit(world());
        const std::size_t way = permit.for_calls() ? choices.below(3) : 0;
        try {
            const auto outcome = way == 0   ? wait(futures, choices.brief(), when)
                                 : way == 1 ? wait(world().token(choices), futures, forever, when)
                                            : wait(futures, forever, when);
            world().expect(way != 2 || futures.empty() || !outcome.done.empty(),
                           "a wait for futures ended without any");
        } catch (const InterruptedError&) {}
    }

    void read_completed(Choices& choices) {
        const auto futures = several(choices);
        const Permit permit(world());
        std::size_t count = 0;
        try {
            for (const auto& future : as_completed(futures, permit.for_calls() ? forever : Timeout(choices.brief()))) {
                world().expect(future.done(), "as_completed gave a future that is not done");
                ++count;
            }
        } catch (const InterruptedError&) {
        } catch (const TimeoutError&) {}
        world().expect(count <= futures.size(), "as_completed gave a future twice");
    }

    /// Each link is called once, or cancelled.
    void chain(Choices& choices) {
        const SharedFate fate = fates_.any(choices);
        if (fate == nullptr) return;
        auto future = fate->future;
        for (std::size_t i = 1 + choices.below(choices.one_in(10) ? 200 : 4); i > 0; --i) {
            ++links_;
            auto next = future.then([this, throws = choices.one_in(8)](const Future<std::uint64_t>& before) {
                ++links_run_;
                world().expect(before.done(), "a link was called before its source was done");
                if (throws) throw Thrown();
                return std::uint64_t{1};
            });
            if (choices.one_in(8) && next.cancel()) ++links_cancelled_;
            future = next;
        }
    }

    /// Of all who end a promise one succeeds, and everybody hears of it.
    void settle_once(Choices& choices) {
        const auto promise = Future<std::uint64_t>::create();
        std::atomic<int> successes{0};
        std::atomic<int> told{0};
        const auto settle = [&](std::size_t how) {
            try {
                switch (how) {
                    case 0: successes += promise.cancel() ? 1 : 0; return;
                    case 1: promise.set_exception(std::make_exception_ptr(Thrown())); break;
                    default: promise.set_result(how); break;
                }
                ++successes;
            } catch (const InvalidStateError&) {}
        };
        const bool waits = choices.one_in(2);
        promise.add_done_callback([&](const auto&) { ++told; });
        Crew crew;
        crew.start([&, how = choices.below(3)] { settle(how); });
        if (waits) {
            crew.start([&] {
                while (!promise.done()) promise_waits(promise);
            });
        }
        settle(1 + choices.below(2));
        crew.join();
        promise.add_done_callback([&](const auto&) { ++told; });
        world().expect(told == 2, "a done callback was not called once");
        world().expect(successes == 1, "a promise was settled twice, or never");
    }

    static void promise_waits(const Future<std::uint64_t>& promise) {
        try {
            promise.result();
        } catch (const std::exception&) {}
    }

    Fates& fates_;
    std::atomic<std::uint64_t> links_{0};
    std::atomic<std::uint64_t> links_run_{0};
    std::atomic<std::uint64_t> links_cancelled_{0};
};

}  // namespace threadwise::storm
