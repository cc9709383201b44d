#pragma once
// Many transfers on one thread.

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "http/silence.hpp"
#include "http/transfer.hpp"

namespace command {

/// Carries transfers out, as many at once as were added, and keeps connections for those that follow (libcurl's multi
/// interface). One thread at a time, but for wake().
class TransferLoop {
public:
    using Ended = std::function<void(Transfer&, CURLcode)>;

    /// `connections` is how many are kept at most.
    explicit TransferLoop(std::size_t connections);
    TransferLoop(const TransferLoop&) = delete;
    TransferLoop& operator=(const TransferLoop&) = delete;
    ~TransferLoop();

    /// Begins a transfer that was prepared. It must stay until it has ended or remove() was called.
    void add(Transfer& transfer);

    void remove(Transfer& transfer) noexcept;

    std::size_t size() const noexcept { return silence_.size(); }

    /// How many bytes have arrived since the last call.
    std::uint64_t take_received() noexcept { return std::exchange(received_, 0); }

    /// Waits until something can be done, wake() is called or `longest` has passed; does it, and calls `ended` for each
    /// transfer that has ended, which is removed before. A transfer that hears nothing from its server for as long as
    /// its timeout ends with CURLE_OPERATION_TIMEDOUT.
    void turn(std::chrono::milliseconds longest, const Ended& ended);

    /// Makes turn() return. Any thread may call it.
    void wake() noexcept;

private:
    std::chrono::milliseconds nap_time(std::chrono::milliseconds longest) const;
    void end_finished(const Ended& ended);
    void end_silent(Silence::Duration napped, const Ended& ended);

    struct Cleanup {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };

    std::unique_ptr<CURLM, Cleanup> multi_;
    std::uint64_t received_ = 0;
    std::unordered_map<Transfer*, Silence> silence_;  ///< of each transfer under way
};

}  // namespace command
