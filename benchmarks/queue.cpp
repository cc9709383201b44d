/// queue-bounded-1-1, queue-bounded-2-2: threads put items into a queue of 1024 places and as many threads get them.
/// queue-1-1, queue-2-2: the same without bound. queue-bulk-1-1, queue-bulk-2-2: 32 items at a time. A figure is how
/// many items pass in a second.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "support/bench.hpp"
#include "support/queues.hpp"
#include "support/threads.hpp"
#include "support/timing.hpp"

namespace {

constexpr std::size_t bound = 1024;
constexpr std::size_t items_at_a_time = 32;

/// One item after the other.
struct Single {
    template <class Producer>
    static void put(Producer& producer, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) producer.put(i);
    }
    template <class Consumer>
    static bench::Item get(Consumer& consumer, std::size_t count) {
        bench::Item sum = 0;
        for (std::size_t i = 0; i < count; ++i) sum += consumer.get();
        return sum;
    }
};

/// Many at a time.
struct Bulk {
    template <class Producer>
    static void put(Producer& producer, std::size_t count) {
        std::array<bench::Item, items_at_a_time> items{};
        for (std::size_t i = 0; i < count; i += items.size()) {
            for (std::size_t j = 0; j < items.size(); ++j) items[j] = i + j;
            producer.put_all(items);
        }
    }
    template <class Consumer>
    static bench::Item get(Consumer& consumer, std::size_t count) {
        bench::Item sum = 0;
        std::array<bench::Item, items_at_a_time> items;
        while (count > 0) {
            const std::size_t got = consumer.get_some({items.data(), std::min(count, items.size())});
            for (std::size_t j = 0; j < got; ++j) sum += items[j];
            count -= got;
        }
        return sum;
    }
};

/// `pairs` threads put `each` items, as many get them; the seconds that took.
template <class Queue, class Way>
double pass(std::size_t queue_bound, std::size_t pairs, std::size_t each) {
    Queue queue(queue_bound);
    std::vector<bench::Item> sums(pairs);
    const auto body = [&](std::size_t me) {
        if (me < pairs) {
            typename Queue::Producer producer{queue};
            Way::put(producer, each);
        } else {
            typename Queue::Consumer consumer{queue};
            sums[me - pairs] = Way::get(consumer, each);
        }
    };
    const double seconds =
        pairs == 1 ? bench::two_threads(bench::Place::two_cores, body) : bench::threads(2 * pairs, body);
    bench::Item sum = 0;
    for (const bench::Item part : sums) sum += part;
    if (sum != pairs * (each * (each - 1) / 2)) {
        std::fprintf(stderr, "a queue has lost items\n");
        std::exit(1);
    }
    return seconds;
}

template <class Queue, class Way = Single>
bench::Sample passing(std::size_t queue_bound, std::size_t pairs) {
    return bench::millions_a_second([=](std::size_t n) {
        // As many items as asked for, in whole portions for each thread.
        const std::size_t each = (n / pairs + items_at_a_time) / items_at_a_time * items_at_a_time;
        return pass<Queue, Way>(queue_bound, pairs, each) * static_cast<double>(n) / static_cast<double>(each * pairs);
    });
}

std::vector<bench::Subject> bounded(std::size_t pairs) {
    return {
        {"threadwise", passing<bench::Ours>(bound, pairs)},
        {"mutex and condition_variable", passing<bench::Naive>(bound, pairs)},
#ifdef BENCH_BOOST
        {"boost::sync_bounded_queue", passing<bench::BoostBounded>(bound, pairs)},
#endif
#ifdef BENCH_TBB
        {"tbb::concurrent_bounded_queue", passing<bench::TbbBounded>(bound, pairs)},
#endif
#ifdef BENCH_MOODYCAMEL
        {"moodycamel blocking, semaphore", passing<bench::MoodycamelBlocking>(bound, pairs)},
#endif
    };
}

std::vector<bench::Subject> unbounded(std::size_t pairs) {
    return {
        {"threadwise", passing<bench::Ours>(0, pairs)},
        {"mutex and condition_variable", passing<bench::Naive>(0, pairs)},
#ifdef BENCH_BOOST
        {"boost::sync_queue", passing<bench::Boost>(0, pairs)},
#endif
#ifdef BENCH_TBB
        {"tbb::concurrent_queue, polled", passing<bench::Tbb>(0, pairs)},
#endif
#ifdef BENCH_MOODYCAMEL
        {"moodycamel, polled", passing<bench::Moodycamel>(0, pairs)},
        {"moodycamel tokens, polled", passing<bench::MoodycamelTokens>(0, pairs)},
        {"moodycamel blocking", passing<bench::MoodycamelBlocking>(0, pairs)},
#endif
    };
}

std::vector<bench::Subject> bulk(std::size_t pairs) {
    return {
        {"threadwise", passing<bench::Ours, Bulk>(0, pairs)},
        {"mutex and condition_variable", passing<bench::Naive, Bulk>(0, pairs)},
#ifdef BENCH_MOODYCAMEL
        {"moodycamel, polled", passing<bench::Moodycamel, Bulk>(0, pairs)},
        {"moodycamel tokens, polled", passing<bench::MoodycamelTokens, Bulk>(0, pairs)},
        {"moodycamel blocking", passing<bench::MoodycamelBlocking, Bulk>(0, pairs)},
#endif
    };
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    if (!bench::possible(bench::Place::two_cores, "queue")) return 0;
    run.ask({{"queue-bounded-1-1", "M/s"}}, bounded(1));
    run.ask({{"queue-bounded-2-2", "M/s"}}, bounded(2));
    run.ask({{"queue-1-1", "M/s"}}, unbounded(1));
    run.ask({{"queue-2-2", "M/s"}}, unbounded(2));
    run.ask({{"queue-bulk-1-1", "M/s"}}, bulk(1));
    run.ask({{"queue-bulk-2-2", "M/s"}}, bulk(2));
}
