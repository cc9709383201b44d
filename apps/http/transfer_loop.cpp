#include "http/transfer_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <vector>

namespace command {
namespace {

using std::chrono::milliseconds;

void check(CURLMcode code) {
    if (code != CURLM_OK) throw std::runtime_error(fmt::format("libcurl: {}", curl_multi_strerror(code)));
}

Transfer& transfer_of(CURL* easy) {
    void* transfer = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    return *static_cast<Transfer*>(transfer);
}

}  // namespace

TransferLoop::TransferLoop(std::size_t connections, Pace& pace) : multi_(curl_multi_init()), pace_(pace) {
    if (!multi_) throw std::bad_alloc();
    check(curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(connections)));
}

TransferLoop::~TransferLoop() {
    for (const auto& [transfer, since] : silence_) curl_multi_remove_handle(multi_.get(), transfer->handle());
}

void TransferLoop::add(Transfer& transfer) {
    check(curl_multi_add_handle(multi_.get(), transfer.handle()));
    silence_.insert_or_assign(&transfer, Silence(transfer.timeout()));
    transfer.count_into(received_);
    transfer.obey(pace_);
}

void TransferLoop::remove(Transfer& transfer) noexcept {
    curl_multi_remove_handle(multi_.get(), transfer.handle());
    silence_.erase(&transfer);
    std::erase(waiting_, &transfer);
}

void TransferLoop::wake() noexcept { curl_multi_wakeup(multi_.get()); }

void TransferLoop::turn(milliseconds longest, const Ended& ended) {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    check(curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(nap_time(longest).count()), nullptr));
    const auto napped = Clock::now() - begin;
    resume_paused();
    int running = 0;
    check(curl_multi_perform(multi_.get(), &running));
    end_finished(ended);
    end_silent(napped, ended);
}

milliseconds TransferLoop::nap_time(milliseconds longest) const {
    for (const auto& [transfer, silence] : silence_) longest = std::min(longest, silence.nap());
    for (Transfer* transfer : waiting_) {
        longest = std::min(longest, std::chrono::ceil<milliseconds>(transfer->rest(Pace::Clock::now())));
    }
    return std::max(longest, milliseconds(0));
}

// In the order in which they were paused, so that each gets its share.
void TransferLoop::resume_paused() {
    std::vector<Transfer*> waiting;
    waiting.swap(waiting_);
    for (Transfer* transfer : waiting) {
        if (transfer->rest(Pace::Clock::now()) > Pace::Clock::duration(0)) {
            waiting_.push_back(transfer);
        } else {
            transfer->resume();
        }
    }
}

void TransferLoop::end_finished(const Ended& ended) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;  // the message goes with the handle
        Transfer& transfer = transfer_of(message->easy_handle);
        remove(transfer);
        ended(transfer, code);
    }
}

void TransferLoop::end_silent(Silence::Duration napped, const Ended& ended) {
    std::vector<Transfer*> silent;
    for (auto& [transfer, silence] : silence_) {
        const bool paused = transfer->is_paused();
        if (paused && std::ranges::find(waiting_, transfer) == waiting_.end()) waiting_.push_back(transfer);
        silence.napped(napped, transfer->take_activity() || paused);
        if (silence.is_too_long()) silent.push_back(transfer);
    }
    for (Transfer* transfer : silent) {
        remove(*transfer);
        ended(*transfer, CURLE_OPERATION_TIMEDOUT);
    }
}

}  // namespace command
