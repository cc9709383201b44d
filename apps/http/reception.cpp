#include "http/reception.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "http/file_url.hpp"
#include "http/response_fields.hpp"

namespace command {
namespace {

using Kind = TransferOutcome::Kind;
using Verdict = Judgement::Verdict;

constexpr long ok_status = 200;
constexpr long partial_status = 206;

long status_of(CURL* easy) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

// The values of all fields of that name, joined as RFC 9110, 5.3, says.
std::string header(CURL* easy, const char* name) {
    std::string values;
    curl_header* found = nullptr;
    for (std::size_t i = 0; curl_easy_header(easy, name, i, CURLH_HEADER, -1, &found) == CURLHE_OK; ++i) {
        values += (i == 0 ? "" : ", ");
        values += found->value;
    }
    return values;
}

// Where the answer of `url` redirects to, or "" if it does not.
std::string redirection(CURL* easy, long status, const std::string& url) {
    constexpr std::array redirecting{301L, 302L, 303L, 307L, 308L};
    if (std::ranges::find(redirecting, status) == redirecting.end()) return {};
    curl_header* location = nullptr;
    if (curl_easy_header(easy, "Location", 0, CURLH_HEADER, -1, &location) != CURLHE_OK) return {};
    return resolved_url(url, location->value);
}

FileAnswer answer_of(CURL* easy, const std::string& url) {
    return {.status = status_of(easy),
            .url = url,
            .content_length = header(easy, "Content-Length"),
            .content_range = header(easy, "Content-Range"),
            .content_type = header(easy, "Content-Type"),
            .content_encoding = header(easy, "Content-Encoding"),
            .entity_tag = header(easy, "ETag"),
            .last_modified = header(easy, "Last-Modified")};
}

}  // namespace

void Reception::note_header_line(std::string_view line) noexcept {
    if (line.starts_with("HTTP/")) header_is_whole_ = false;
    if (line == "\r\n" || line == "\n") header_is_whole_ = true;
}

TransferOutcome Reception::outcome(CURLcode code, const std::string& details) {
    if (error_) std::rethrow_exception(error_);
    TransferOutcome outcome = explain(code, details);
    if (outcome.kind == Kind::permanent && request_.arrived.resumable()) {
        // It may be the range that the server does not like, or the place where the last answer came from.
        outcome.kind = Kind::unfinished;
        arrived_ = {};
    }
    outcome.arrived = std::move(arrived_);
    return outcome;
}

TransferOutcome Reception::explain(CURLcode code, const std::string& details) {
    // libcurl takes a header that breaks off for one that says less.
    if (code == CURLE_OK && !header_is_whole_) {
        return outcome_with(Kind::transient, "the connection broke within the answer's header", "try again later");
    }
    const long status = status_of(easy_);
    const bool has_file = status == ok_status || status == partial_status;
    if (!has_file && (code == CURLE_OK || code == CURLE_HTTP_RETURNED_ERROR || code == CURLE_WRITE_ERROR)) {
        return explain_status(status);
    }
    if (code == CURLE_OK) begin();  // an empty file has no bytes to begin with
    if (judgement_ && !is_useful()) return explain_useless();
    if (too_long_) {
        arrived_ = {};
        return outcome_with(request_.arrived.resumable() ? Kind::unfinished : Kind::transient,
                            "the server sent more than it announced", "try again later");
    }
    if (code != CURLE_OK) return outcome_of_code(code, details, request_.options->timeout);
    return explain_end();
}

TransferOutcome Reception::explain_status(long status) const {
    if (std::string place = redirection(easy_, status, request_.url); !place.empty()) {
        TransferOutcome outcome;
        outcome.kind = Kind::redirected;
        outcome.redirection = std::move(place);
        return outcome;
    }
    TransferOutcome outcome = outcome_of_status(status);
    const auto wait = parse_retry_after(header(easy_, "Retry-After"), std::chrono::system_clock::now());
    outcome.retry_after = wait.value_or(std::chrono::seconds(0));
    return outcome;
}

TransferOutcome Reception::explain_useless() {
    arrived_ = {};
    Kind kind = Kind::permanent;
    if (judgement_->verdict == Verdict::start_over) kind = Kind::unfinished;
    if (judgement_->verdict == Verdict::try_again) kind = Kind::transient;
    return outcome_with(kind, judgement_->problem, judgement_->advice);
}

// The server has sent all that it wanted to send.
TransferOutcome Reception::explain_end() const {
    if (judgement_->end && arrived_.size < *judgement_->end) {
        return outcome_with(Kind::transient,
                            fmt::format("the server cut the file short: {} bytes came, {} were announced",
                                        arrived_.size, *judgement_->end),
                            "try again later");
    }
    if (judgement_->verdict == Verdict::rest && arrived_.total != arrived_.size) {
        return outcome_with(Kind::unfinished, "the server sent only a part of the rest", "try again later");
    }
    return {};
}

bool Reception::is_useful() const noexcept {
    return judgement_->verdict == Verdict::whole || judgement_->verdict == Verdict::rest;
}

void Reception::begin() {
    if (judgement_) return;
    judgement_ = judge_answer(request_.arrived, answer_of(easy_, request_.url), request_.name, request_.size);
    if (!is_useful()) return;
    arrived_ = judgement_->part;
    body_.begin(arrived_);
}

// The connection can be used again once a short body has been read.
bool Reception::ignore(std::size_t bytes) noexcept {
    constexpr std::size_t most = 64UL << 10U;
    ignored_ += bytes;
    return ignored_ <= most;
}

bool Reception::append(std::span<const std::byte> bytes) noexcept {
    try {
        const long status = status_of(easy_);
        if (status >= 300 && status < 400) return ignore(bytes.size());
        if (status != ok_status && status != partial_status) return false;
        begin();
        if (!is_useful()) return false;
        too_long_ = judgement_->end && bytes.size() > *judgement_->end - arrived_.size;
        if (too_long_) return false;
        body_.append(bytes);
        arrived_.size += bytes.size();
        return true;
    } catch (...) {
        error_ = std::current_exception();  // an exception must not pass through libcurl's C code
        return false;
    }
}

}  // namespace command
