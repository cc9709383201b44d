// What a pool can be asked for beyond Python: a bounded queue, priorities, deadlines, stop tokens, figures.
#include <chrono>
#include <iostream>
#include <stop_token>
#include <string>
#include <vector>

#include <threadwise/event.hpp>
#include <threadwise/futures.hpp>

using namespace std::chrono_literals;
using threadwise::WhenFull;

int main() {
    // At most 100 calls wait; who submits more makes them, and so cannot run ahead of the pool.
    threadwise::ThreadPoolExecutor pool({.max_workers = 1, .max_queued = 100, .when_full = WhenFull::run_in_caller});

    threadwise::Event opened;
    std::vector<std::string> served;
    const auto first = pool.submit([&] {
        while (!opened.is_set()) {}  // the only worker is busy: the others queue
    });
    const auto serve = [&](const char* who) { served.push_back(who); };
    std::stop_source gone;
    pool.submit({.priority = -1}, serve, "archive");
    pool.submit(serve, "customer");
    pool.submit({.priority = 1}, serve, "ambulance");
    const auto hasty = pool.submit({.start_within = 0ms}, serve, "hasty customer");
    const auto leaver = pool.submit({.stop = gone.get_token()}, serve, "leaver");
    gone.request_stop();
    std::cout << "the leaver " << (leaver.cancelled() ? "is cancelled at once" : "waits") << '\n';
    opened.set();

    try {
        hasty.result();
    } catch (const threadwise::CancelledError& late) {
        std::cout << "hasty: " << late.what() << '\n';
    }
    pool.shutdown();
    for (const std::string& who : served) std::cout << who << '\n';

    const threadwise::PoolStats stats = pool.stats();
    std::cout << stats.done << " done, " << stats.failed << " failed, " << stats.cancelled << " cancelled\n";
}
