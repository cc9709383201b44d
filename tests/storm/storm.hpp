#pragma once
// Random operations on everything, from many threads at once; each thread's choice of them follows from the seed.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "storm/children.hpp"
#include "storm/exchanges.hpp"
#include "storm/fates.hpp"
#include "storm/futures.hpp"
#include "storm/gates.hpp"
#include "storm/meetings.hpp"
#include "storm/pools.hpp"
#include "storm/world.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::storm {

class Storm {
public:
    explicit Storm(std::uint64_t seed, int actors = 6) : world_(seed, actors) {}
    Storm(const Storm&) = delete;
    Storm& operator=(const Storm&) = delete;
    ~Storm() = default;

    /// Lets it blow for so long, and checks that all comes to an end and nothing was lost.
    void run(std::chrono::milliseconds duration) {
        std::jthread watchdog([this](const std::stop_token& stop) { watch(stop); });
        start({});
        std::this_thread::sleep_for(duration);
        world_.over = true;
        while (!settled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ended_ = true;
        for (const auto& actor : actors_) actor->join();
        gates_.check();
        exchanges_.check();
        pools_.check();
        meetings_.check();
    }

    /// Begins it, on daemons or not, and returns.
    void start(ThreadOptions options) {
        world_.daemons = options.daemon.value_or(false);
        for (int i = 0; i < world_.actors; ++i) {
            actors_.push_back(std::make_unique<Thread>(options, [this, i] { act(static_cast<std::uint64_t>(i)); }));
        }
        for (const auto& actor : actors_) actor->start();
    }

private:
    /// Without any progress for so long a storm hangs.
    static constexpr std::chrono::seconds patience{60};

    void watch(const std::stop_token& stop) const {
        std::uint64_t last = 0;
        auto last_change = std::chrono::steady_clock::now();
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            const auto now = std::chrono::steady_clock::now();
            if (const std::uint64_t progress = world_.progress; progress != last) {
                last = progress;
                last_change = now;
            } else if (now - last_change > patience) {
                world_.fail("nothing has happened for 60 s");
            }
        }
    }

    void act(std::uint64_t number) {
        this_actor.acts = true;
        Choices serving(number);
        for (std::uint64_t i = 0; !world_.over; ++i) {
            // Choices of its own for each operation: how one goes changes nothing about the next.
            Choices choices((world_.seed << 40) ^ (number << 32) ^ i);
            step(choices);
            ++world_.progress;
            if (serve(serving)) ++world_.progress;
        }
        ++stopped_;
        while (!ended_) {
            if (serve(serving)) ++world_.progress;
        }
    }

    void step(Choices& choices) {
        switch (choices.below(32)) {
            case 0: world_.request_stop(choices); break;
            case 1: interrupt_any(choices); break;
            case 2: meetings_.act(choices); break;
            case 3:
                if (choices.one_in(100)) children_.act(choices);
                break;
            default: step_of_any_part(choices); break;
        }
    }

    void step_of_any_part(Choices& choices) {
        switch (choices.below(4)) {
            case 0: gates_.act(choices); break;
            case 1: exchanges_.act(choices); break;
            case 2: futures_.act(choices); break;
            default: pools_.act(choices); break;
        }
    }

    /// Waits for no other actor and no call.
    void brief_step(Choices& choices) {
        if (choices.one_in(20)) {
            meetings_.act(choices);
        } else {
            gates_.act(choices);
        }
    }

    /// The main thread joins the others, and is left alone.
    void interrupt_any(Choices& choices) {
        const auto threads = enumerate();
        const ThreadHandle& thread = threads[choices.below(threads.size())];
        if (thread != main_thread()) interrupt(thread);
    }

    /// Does what another thread waits for; whether it did.
    bool serve(Choices& choices) {
        const std::size_t waiting = world_.board.size();
        if (waiting == 0 && world_.over) std::this_thread::sleep_for(std::chrono::microseconds(100));
        if (waiting <= 20 && !world_.over && choices.one_in(2)) return false;
        return unless_interrupted([&] { return world_.board.serve(choices); });
    }

    /// Whether no actor and no call is left that could post deeds, and then, whether all deeds are done.
    bool settled() {
        return stopped_ == world_.actors && pools_.settled() && futures_.settled() && world_.board.size() == 0;
    }

    World world_;
    std::atomic<int> stopped_{0};  ///< actors that begin no step any more
    std::atomic<bool> ended_{false};
    Fates fates_{world_};
    Gates gates_{world_};
    Exchanges exchanges_{world_};
    Meetings meetings_{world_};
    Futures futures_{world_, fates_};
    Children children_{world_};
    Pools pools_{world_, fates_, [this](Choices& choices) { step(choices); },
                 [this](Choices& choices) { brief_step(choices); }};
    std::vector<std::unique_ptr<Thread>> actors_;
};

}  // namespace threadwise::storm
