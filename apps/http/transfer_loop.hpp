#pragma once
// Performs many transfers on one thread.

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http/silence.hpp"
#include "http/transfer.hpp"

namespace command {

/// Performs all added transfers concurrently, and keeps connections open for later ones (libcurl's multi interface).
/// Not thread-safe, except wake().
class TransferLoop {
public:
    using Ended = std::function<void(Transfer&, CURLcode)>;

    /// Keeps at most `connections` connections. All transfers together obey `pace`.
    TransferLoop(std::size_t connections, Pace& pace);
    TransferLoop(const TransferLoop&) = delete;
    TransferLoop& operator=(const TransferLoop&) = delete;
    ~TransferLoop();

    /// Begins a prepared transfer. It must live until it has ended or remove() was called.
    void add(Transfer& transfer);

    void remove(Transfer& transfer) noexcept;

    std::size_t size() const noexcept { return silence_.size(); }

    /// How many bytes have arrived since the last call.
    std::uint64_t take_received() noexcept { return std::exchange(received_, 0); }

    /// Waits until a transfer can proceed, wake() is called or `longest` has passed. Then performs what can be done,
    /// and removes each transfer that has ended and calls `ended` for it. A transfer that receives nothing for its
    /// timeout ends with CURLE_OPERATION_TIMEDOUT.
    void turn(std::chrono::milliseconds longest, const Ended& ended);

    /// Makes turn() return. Any thread may call it.
    void wake() noexcept;

private:
    std::chrono::milliseconds nap_time(std::chrono::milliseconds longest) const;
    void resume_paused();
    void end_finished(const Ended& ended);
    void end_silent(Silence::Duration napped, const Ended& ended);

    struct Cleanup {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };

    std::unique_ptr<CURLM, Cleanup> multi_;
    Pace& pace_;
    std::uint64_t received_ = 0;
    std::vector<Transfer*> waiting_;                  ///< the paused ones, the longest paused first
    std::unordered_map<Transfer*, Silence> silence_;  ///< of each running transfer
};

}  // namespace command
