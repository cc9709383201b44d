#pragma once
// What threads wait for together: events, latches, barriers, the ends of threads, timers.

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

#include "storm/crew.hpp"
#include "storm/world.hpp"
#include "threadwise/barrier.hpp"
#include "threadwise/event.hpp"
#include "threadwise/excepthook.hpp"
#include "threadwise/latch.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/sleep.hpp"
#include "threadwise/timer.hpp"

namespace threadwise::storm {

class Meetings final : public Part {
public:
    explicit Meetings(World& world) : Part(world) {
        set_excepthook([this](const ExceptHookArgs& args) { count_escaped(args); });
    }
    ~Meetings() override { set_excepthook({}); }

    void act(Choices& choices) override {
        switch (choices.below(6)) {
            case 0: signal(choices); break;
            case 1: count_down(choices); break;
            case 2: meet(choices); break;
            case 3: start_and_join(choices); break;
            case 4: set_timer(choices); break;
            default: shut_down(choices); break;
        }
    }

    void check() override {
        world().expect(escaped_ == thrown_, "an exception that escaped a thread was not reported once");
        world().expect(interrupted_ >= timers_lost_, "a Timer that was not cancelled made no call");
    }

private:
    void count_escaped(const ExceptHookArgs& args) {
        try {
            std::rethrow_exception(args.exception);
        } catch (const Thrown&) {
            ++escaped_;
        } catch (const InterruptedError&) {
            ++interrupted_;
        } catch (const std::exception& error) {
            world().fail(error.what());
        }
    }

    /// Everyone who waits for an event goes on, even if it is cleared at once.
    void signal(Choices& choices) {
        Event event;
        const bool clears = choices.one_in(2);
        std::atomic<int> waiting{0};
        std::atomic<int> through{0};
        Crew crew;
        int started = 0;
        for (std::size_t i = 1 + choices.below(3); i > 0; --i) {
            started += crew.start([&, pulses = event.pulses()] {
                ++waiting;
                uninterrupted(
                    [&] { world().expect(event.wait_after(pulses), "a wait for an event without an end ended"); });
                ++through;
            });
        }
        if (choices.one_in(2)) unless_interrupted([&] { return event.wait(choices.brief()); });
        event.set();
        if (clears) event.clear();
        crew.join();
        world().expect(through == started && waiting == started, "an event was set, and a thread waits for it");
    }

    /// A latch may go as soon as one has seen it at zero.
    void count_down(Choices& choices) {
        const std::size_t count = 1 + choices.below(3);
        auto latch = std::make_unique<Latch>(static_cast<std::int64_t>(count));
        std::atomic<std::size_t> down{0};
        Crew crew;
        for (std::size_t i = 0; i < count; ++i) {
            const auto arrive = [&down, gate = latch.get()] {
                ++down;
                gate->count_down();
            };
            if (!crew.start(arrive)) arrive();
        }
        uninterrupted([&] { world().expect(latch->wait(), "a wait for a latch without an end ended"); });
        world().expect(down == count, "a latch opened early");
        latch.reset();
    }

    /// Whoever comes through a barrier has a number of its own among those of its meeting.
    void meet(Choices& choices) {
        constexpr std::size_t parties = 3;
        constexpr int rounds = 5;
        const bool disturbs = choices.one_in(3);
        std::atomic<int> actions{0};
        std::array<std::atomic<int>, parties> through{};
        Barrier barrier(parties, [&actions] { ++actions; });
        const auto visit = [&] {
            try {
                for (int i = 0; i < rounds; ++i) ++through.at(barrier.wait());
            } catch (const BrokenBarrierError&) {
            } catch (const InterruptedError&) {}
            barrier.abort();  // it does not come any more
        };
        Crew crew;
        bool complete = true;
        for (std::size_t i = 1; i < parties; ++i) complete = crew.start(visit) && complete;
        if (disturbs || !complete) barrier.abort();
        visit();
        crew.join();
        // A meeting that is broken while the action runs has one action more.
        const int met = through.front();
        for (const auto& number : through) world().expect(number == met, "a meeting at a barrier was not complete");
        world().expect(actions == met || actions == met + 1, "a barrier's action was not called once for each meeting");
    }

    /// Joined by several at once, and what escapes it is reported.
    void start_and_join(Choices& choices) {
        const bool throws = choices.one_in(3);
        std::atomic<int> runs{0};
        Thread thread([&] {
            ++runs;
            if (throws) throw Thrown();
        });
        try {
            thread.start();
        } catch (const RuntimeError&) {
            return;
        }
        if (throws) ++thrown_;
        const auto join = [&] {
            uninterrupted([&] { thread.join(); });
            world().expect(!thread.is_alive() && runs == 1, "a thread was joined before its end");
        };
        Crew crew;
        if (choices.one_in(2)) crew.start(join);
        if (choices.one_in(2)) unless_interrupted([&] { return thread.join(choices.brief()); });
        join();
    }

    void set_timer(Choices& choices) {
        std::atomic<int> calls{0};
        Timer timer(choices.brief(), [&] { ++calls; });
        const bool cancels = choices.one_in(2);
        try {
            timer.start();
        } catch (const RuntimeError&) {
            return;
        }
        if (choices.one_in(2)) unless_interrupted([&] { return sleep_for(choices.brief()), true; });
        if (cancels) timer.cancel();
        uninterrupted([&] { timer.join(); });
        world().expect(calls <= 1, "a Timer made its call twice");
        if (!cancels && calls == 0) ++timers_lost_;
    }

    /// What was put before a queue was shut down comes out, and everybody who waits is told.
    void shut_down(Choices& choices) {
        Queue<int> queue(choices.one_in(2) ? 0 : 2);
        const bool immediate = choices.one_in(3);
        std::atomic<int> put{0};
        std::atomic<int> got{0};
        Crew crew;
        const auto bring = [&] { until_shut_down([&] { queue.put(1), ++put; }); };
        const auto fetch = [&] { until_shut_down([&] { got += queue.get(); }); };
        crew.start(bring);
        if (choices.one_in(2)) crew.start(bring);
        crew.start(fetch);
        unless_interrupted([&] { return sleep_for(choices.brief()), true; });
        uninterrupted([&] { queue.shutdown(immediate); });
        fetch();
        crew.join();
        world().expect(queue.empty() && got <= put && (immediate || got == put),
                       "a queue lost an item as it was shut down");
    }

    template <class Step>
    static void until_shut_down(Step step) {
        try {
            for (;;) unless_interrupted([&] { return step(), true; });
        } catch (const ShutDown&) {}
    }

    std::atomic<std::uint64_t> thrown_{0};
    std::atomic<std::uint64_t> escaped_{0};
    std::atomic<std::uint64_t> interrupted_{0};
    std::atomic<std::uint64_t> timers_lost_{0};
};

}  // namespace threadwise::storm
