#include "transfer/concurrency.hpp"

#include <algorithm>
#include <mutex>

namespace command {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A file costs a request besides its bytes.
constexpr std::uint64_t bytes_of_request = 4096;

constexpr milliseconds shortest_window{50};
constexpr milliseconds longest_window{500};
constexpr seconds rest_after_trouble{10};
constexpr seconds rest_between_tries{3};

// What a doubling, and a try of a quarter more, must bring to be worth its connections.
constexpr double worth_doubling = 1.15;
constexpr double worth_trying = 1.05;

}  // namespace

Concurrency::Concurrency(std::size_t fixed, Clock::time_point now)
    : fixed_(fixed != 0), limit_(fixed_ ? fixed : first), begin_(now), next_try_(now), best_limit_(limit_) {}

void Concurrency::note_trouble(Clock::time_point now) {
    if (fixed_) return;
    const std::scoped_lock guard(lock_);
    // Transfers that fail together are one trouble.
    if (now < next_try_ && next_try_ - now > rest_after_trouble - seconds(1)) return;
    set_limit(std::max<std::size_t>(1, limit() / 2));
    best_limit_ = limit();
    best_rate_ = 0;
    growing_ = trying_ = false;
    next_try_ = now + rest_after_trouble;
    begin_ = now;
}

void Concurrency::look(std::uint64_t received, bool in_demand, Clock::time_point now) {
    if (fixed_) return;
    const std::scoped_lock guard(lock_);
    const std::uint64_t files = files_.load(std::memory_order_relaxed);
    const std::uint64_t work = received + files * bytes_of_request;
    const auto elapsed = now - begin_;
    if (elapsed < shortest_window) return;
    // Each connection has brought something twice, or is slow.
    const bool has_seen_enough = files - files_at_begin_ >= 2 * limit() || elapsed >= longest_window;
    if (!has_seen_enough) return;
    const double rate = static_cast<double>(work - work_at_begin_) / std::chrono::duration<double>(elapsed).count();
    if (in_demand && now >= next_try_) judge(rate, now);
    files_at_begin_ = files;
    work_at_begin_ = work;
    begin_ = now;
}

void Concurrency::judge(double rate, Clock::time_point now) {
    if (growing_) {
        if (rate >= worth_doubling * best_rate_) {
            best_rate_ = rate;
            best_limit_ = limit();
            if (limit() < most) return set_limit(2 * limit());
        }
        growing_ = false;
    } else if (!trying_) {
        best_rate_ = rate;
        best_limit_ = limit();
        trying_ = true;
        return set_limit(limit() + std::max<std::size_t>(1, limit() / 4));
    } else {
        trying_ = false;
        if (rate >= worth_trying * best_rate_) best_limit_ = limit();
    }
    set_limit(best_limit_);
    next_try_ = now + rest_between_tries;
}

void Concurrency::set_limit(std::size_t limit) {
    limit_.store(std::clamp<std::size_t>(limit, 1, most), std::memory_order_relaxed);
}

}  // namespace command
