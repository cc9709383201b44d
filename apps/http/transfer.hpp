#pragma once
// Fetches files over HTTP, one try after another, by a handle of libcurl.

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/pace.hpp"
#include "http/reception.hpp"

namespace command {

/// A handle of libcurl, reused for one transfer after another, which a TransferLoop performs. Not thread-safe.
class Transfer {
public:
    Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    /// Prepares to fetch `request.url` into `body`; a redirection is not followed, but told in the outcome. Both must
    /// live until outcome() is called.
    void prepare(const TransferRequest& request, Body& body);

    /// The outcome of the prepared transfer, which ended with `code`. Rethrows what the Body threw.
    TransferOutcome outcome(CURLcode code);

    CURL* handle() const noexcept { return easy_.get(); }
    std::chrono::seconds timeout() const noexcept { return timeout_; }

    /// Adds to `counter` the bytes that arrive from now on.
    void count_into(std::uint64_t& counter) noexcept { counter_ = &counter; }

    /// Obeys `pace`, besides the request's own rate: the transfer pauses when too much has arrived.
    void obey(Pace& pace) noexcept { pace_ = &pace; }

    bool is_paused() const noexcept { return paused_; }

    /// For how long the transfer must rest.
    Pace::Clock::duration rest(Pace::Clock::time_point now);

    /// Ends the pause. What had arrived before it goes to the body.
    void resume() noexcept;

    /// Whether since the last call bytes have arrived from the server or the request was sent.
    bool take_activity() noexcept { return std::exchange(active_, false); }

private:
    struct Cleanup {
        void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };
    using HeaderList = std::unique_ptr<curl_slist, Cleanup>;

    bool is_limited() const noexcept;
    bool must_pause();
    void note_arrival(std::uint64_t bytes);
    static std::size_t receive(char* data, std::size_t, std::size_t size, void* self) noexcept;
    static std::size_t note_header_line(char* data, std::size_t, std::size_t size, void* self) noexcept;
    static int note_request(void* self, char*, char*, int, int) noexcept;
    void add_header(const std::string& line);
    void set_options(const TransferRequest& request);
    void set_way(const RequestOptions& options);
    void set_private_options(const TransferRequest& request);
    void set_headers(const TransferRequest& request);

    std::unique_ptr<CURL, Cleanup> easy_;
    HeaderList headers_;
    std::array<char, CURL_ERROR_SIZE> error_{};
    std::optional<Reception> reception_;
    std::chrono::seconds timeout_{0};
    std::uint64_t* counter_ = nullptr;
    bool active_ = false;
    bool has_cookies_ = false;
    Pace* pace_ = nullptr;
    std::optional<Pace> own_pace_;
    bool paused_ = false;
};

}  // namespace command
