#include "http/transfer.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <stdexcept>
#include <string_view>

#include "http/file_url.hpp"
#include "http/response_fields.hpp"
#include "http/silence.hpp"
#include "http/transfer_outcome.hpp"
#include "threadwise/version.hpp"

namespace command {
namespace {

constexpr long ok_status = 200;
constexpr long partial_status = 206;

struct EasyCleanup {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiCleanup {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListCleanup {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListCleanup>;

void check(CURLcode code) {
    if (code != CURLE_OK) throw std::runtime_error(fmt::format("libcurl: {}", curl_easy_strerror(code)));
}

void check(CURLMcode code) {
    if (code != CURLM_OK) throw std::runtime_error(fmt::format("libcurl: {}", curl_multi_strerror(code)));
}

// libcurl wants to be initialised by one thread, before any other uses it.
void initialise_once() {
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    check(code);
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    check(curl_easy_setopt(easy, option, value));
}

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

std::string effective_url(CURL* easy) {
    const char* url = nullptr;
    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
    return url == nullptr ? "" : url_without_password(url);
}

FileAnswer answer_of(CURL* easy) {
    return {.status = status_of(easy),
            .url = effective_url(easy),
            .content_length = header(easy, "Content-Length"),
            .content_range = header(easy, "Content-Range"),
            .content_type = header(easy, "Content-Type"),
            .content_encoding = header(easy, "Content-Encoding"),
            .entity_tag = header(easy, "ETag"),
            .last_modified = header(easy, "Last-Modified")};
}

/// One transfer under way: stands between libcurl's C callbacks and the Body.
class Reception {
public:
    Reception(CURL* easy, const TransferRequest& request, Body& body)
        : easy_(easy), request_(request), body_(body), arrived_(request.arrived) {}

    static std::size_t receive(char* data, std::size_t, std::size_t size, void* self) noexcept {
        return static_cast<Reception*>(self)->append(std::as_bytes(std::span(data, size))) ? size
                                                                                           : CURL_WRITEFUNC_ERROR;
    }

    /// A line of a header, which begins with the status and ends with an empty line, or of the trailer after a body.
    static std::size_t note_header_line(char* data, std::size_t, std::size_t size, void* self) noexcept {
        const std::string_view line(data, size);
        bool& whole = static_cast<Reception*>(self)->header_is_whole_;
        if (line.starts_with("HTTP/")) whole = false;
        if (line == "\r\n" || line == "\n") whole = true;
        return size;
    }

    /// What has become of the transfer, which ended with `code`. Throws what the Body threw.
    TransferOutcome outcome(CURLcode code, const std::string& details) {
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

private:
    using Kind = TransferOutcome::Kind;
    using Verdict = Judgement::Verdict;

    TransferOutcome explain(CURLcode code, const std::string& details) {
        const long status = status_of(easy_);
        const bool has_file = status == ok_status || status == partial_status;
        if (!has_file && (code == CURLE_OK || code == CURLE_HTTP_RETURNED_ERROR || code == CURLE_WRITE_ERROR)) {
            return explain_status(status);
        }
        // libcurl takes a header that breaks off for one that says less.
        if (code == CURLE_OK && !header_is_whole_) {
            return made(Kind::transient, "the connection broke within the answer's header", "try again later");
        }
        if (code == CURLE_OK) begin();  // an empty file has no bytes to begin with
        if (judgement_ && !is_useful()) return explain_useless();
        if (too_long_) {
            arrived_ = {};
            return made(request_.arrived.resumable() ? Kind::unfinished : Kind::transient,
                        "the server sent more than it announced", "try again later");
        }
        if (code != CURLE_OK) return outcome_of_code(code, details, request_.timeout);
        return explain_end();
    }

    TransferOutcome explain_status(long status) const {
        TransferOutcome outcome = outcome_of_status(status);
        const auto wait = parse_retry_after(header(easy_, "Retry-After"), std::chrono::system_clock::now());
        outcome.retry_after = wait.value_or(std::chrono::seconds(0));
        return outcome;
    }

    TransferOutcome explain_useless() {
        arrived_ = {};
        Kind kind = Kind::permanent;
        if (judgement_->verdict == Verdict::start_over) kind = Kind::unfinished;
        if (judgement_->verdict == Verdict::try_again) kind = Kind::transient;
        return made(kind, judgement_->problem, judgement_->advice);
    }

    // The server has sent all that it wanted to send.
    TransferOutcome explain_end() const {
        if (judgement_->end && arrived_.size < *judgement_->end) {
            return made(Kind::transient,
                        fmt::format("the server cut the file short: {} bytes came, {} were announced", arrived_.size,
                                    *judgement_->end),
                        "try again later");
        }
        if (judgement_->verdict == Verdict::rest && arrived_.total != arrived_.size) {
            return made(Kind::unfinished, "the server sent only a part of the rest", "try again later");
        }
        return {};
    }

    static TransferOutcome made(Kind kind, std::string problem, std::string advice) {
        TransferOutcome outcome;
        outcome.kind = kind;
        outcome.problem = std::move(problem);
        outcome.advice = std::move(advice);
        return outcome;
    }

    bool is_useful() const noexcept {
        return judgement_->verdict == Verdict::whole || judgement_->verdict == Verdict::rest;
    }

    void begin() {
        if (judgement_) return;
        judgement_ = judge_answer(request_.arrived, answer_of(easy_), request_.name);
        if (!is_useful()) return;
        arrived_ = judgement_->part;
        body_.begin(arrived_);
    }

    bool append(std::span<const std::byte> bytes) noexcept {
        try {
            const long status = status_of(easy_);
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

    CURL* easy_;
    const TransferRequest& request_;
    Body& body_;
    ArrivedPart arrived_;
    std::optional<Judgement> judgement_;  ///< once the answer's header is here, and bytes or the end follow
    bool header_is_whole_ = false;
    bool too_long_ = false;
    std::exception_ptr error_;
};

HeaderList add_header(HeaderList list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    return HeaderList(longer);
}

}  // namespace

struct Connection::Handles {
    std::unique_ptr<CURLM, MultiCleanup> multi;
    std::unique_ptr<CURL, EasyCleanup> easy;
    std::array<char, CURL_ERROR_SIZE> error{};

    HeaderList prepare(const TransferRequest& request, Reception& reception);
    CURLcode perform(std::chrono::milliseconds timeout, const std::stop_token& stop);
};

Connection::Connection() : handles_(std::make_unique<Handles>()) {
    initialise_once();
    handles_->multi.reset(curl_multi_init());
    handles_->easy.reset(curl_easy_init());
    if (!handles_->multi || !handles_->easy) throw std::bad_alloc();
}

Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

HeaderList Connection::Handles::prepare(const TransferRequest& request, Reception& reception) {
    CURL* handle = easy.get();
    curl_easy_reset(handle);
    error.front() = '\0';
    set(handle, CURLOPT_ERRORBUFFER, error.data());
    set(handle, CURLOPT_URL, request.url.c_str());
    set(handle, CURLOPT_USERAGENT, "threadwise");
    set(handle, CURLOPT_NOSIGNAL, 1L);  // signals and threads do not mix
    set(handle, CURLOPT_QUICK_EXIT, 1L);
    set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_FOLLOWLOCATION, 1L);
    set(handle, CURLOPT_MAXREDIRS, 10L);
    set(handle, CURLOPT_FAILONERROR, 1L);
    set(handle, CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.timeout.count()));
    if (!request.use_proxy) set(handle, CURLOPT_PROXY, "");
    set(handle, CURLOPT_WRITEFUNCTION, &Reception::receive);
    set(handle, CURLOPT_WRITEDATA, &reception);
    set(handle, CURLOPT_HEADERFUNCTION, &Reception::note_header_line);
    set(handle, CURLOPT_HEADERDATA, &reception);

    // The file is wanted as it is; without this field the server may choose.
    HeaderList headers = add_header({}, "Accept-Encoding: identity");
    if (request.arrived.resumable()) {
        set(handle, CURLOPT_RANGE, fmt::format("{}-", request.arrived.size).c_str());
        headers = add_header(std::move(headers), "If-Range: " + request.arrived.entity_tag);
    }
    set(handle, CURLOPT_HTTPHEADER, headers.get());
    return headers;
}

CURLcode Connection::Handles::perform(std::chrono::milliseconds timeout, const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    check(curl_multi_add_handle(multi.get(), easy.get()));
    CURLcode result = CURLE_ABORTED_BY_CALLBACK;  // unless libcurl says otherwise
    {
        const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi.get()); });
        Silence silence(timeout);
        for (int running = 1; !stop.stop_requested();) {
            check(curl_multi_perform(multi.get(), &running));
            if (running == 0) break;
            if (silence.is_too_long()) {
                result = CURLE_OPERATION_TIMEDOUT;
                break;
            }
            const auto begin = Clock::now();
            int ready = 0;
            check(curl_multi_poll(multi.get(), nullptr, 0, static_cast<int>(silence.nap().count()), &ready));
            silence.napped(Clock::now() - begin, ready > 0);
        }
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
        if (message->msg == CURLMSG_DONE) result = message->data.result;
    }
    check(curl_multi_remove_handle(multi.get(), easy.get()));
    return result;
}

TransferOutcome Connection::transfer(const TransferRequest& request, Body& body, std::stop_token stop) {
    Reception reception(handles_->easy.get(), request, body);
    const HeaderList headers = handles_->prepare(request, reception);
    const CURLcode code = handles_->perform(request.timeout, stop);
    TransferOutcome outcome = reception.outcome(code, handles_->error.data());
    if (code != CURLE_OK && stop.stop_requested()) outcome.kind = TransferOutcome::Kind::stopped;
    return outcome;
}

}  // namespace command
