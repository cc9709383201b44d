#include "http/transfer.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <exception>
#include <new>
#include <stdexcept>
#include <string_view>

#include "http/transfer_error.hpp"
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

std::string header(CURL* easy, const char* name) {
    curl_header* found = nullptr;
    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value : "";
}

std::string strong_entity_tag(CURL* easy) {
    std::string tag = header(easy, "ETag");
    return tag.starts_with('"') ? tag : std::string();
}

// Where the bytes of a 206 response begin: "bytes 500-999/1000" gives 500.
std::optional<std::uint64_t> start_of_range(CURL* easy) {
    const std::string text = header(easy, "Content-Range");
    constexpr std::string_view unit = "bytes ";
    std::uint64_t start = 0;
    if (!text.starts_with(unit)) return std::nullopt;
    if (std::from_chars(text.data() + unit.size(), text.data() + text.size(), start).ec != std::errc())
        return std::nullopt;
    return start;
}

/// One transfer under way: stands between libcurl's C callbacks and the Body.
class Reception {
public:
    Reception(CURL* easy, const TransferRequest& request, Body& body) : easy_(easy), request_(request), body_(body) {}

    static std::size_t receive(char* data, std::size_t, std::size_t size, void* self) noexcept {
        return static_cast<Reception*>(self)->append(std::as_bytes(std::span(data, size))) ? size
                                                                                           : CURL_WRITEFUNC_ERROR;
    }

    // Also called at the end, because an empty file has no bytes to begin with.
    bool begin() {
        if (begun_) return true;
        const long status = status_of(easy_);
        const bool resumed = status == partial_status;
        if (status != ok_status && !resumed) return false;
        if (resumed && (request_.offset == 0 || start_of_range(easy_) != request_.offset)) return false;

        curl_off_t length = -1;
        curl_easy_getinfo(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        std::optional<std::uint64_t> total;
        if (length >= 0) total = static_cast<std::uint64_t>(length) + (resumed ? request_.offset : 0);
        body_.begin(resumed, total);
        begun_ = true;
        return true;
    }

    bool begun() const noexcept { return begun_; }

    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

private:
    bool append(std::span<const std::byte> bytes) noexcept {
        try {
            if (!begin()) return false;
            body_.append(bytes);
            return true;
        } catch (...) {
            error_ = std::current_exception();  // an exception must not pass through libcurl's C code
            return false;
        }
    }

    CURL* easy_;
    const TransferRequest& request_;
    Body& body_;
    bool begun_ = false;
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
    CURLcode perform(const std::stop_token& stop);
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
    set(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.timeout.count()));
    if (!request.use_proxy) set(handle, CURLOPT_PROXY, "");
    set(handle, CURLOPT_WRITEFUNCTION, &Reception::receive);
    set(handle, CURLOPT_WRITEDATA, &reception);

    HeaderList headers;
    if (request.offset > 0) {
        set(handle, CURLOPT_RANGE, fmt::format("{}-", request.offset).c_str());
        headers = add_header(std::move(headers), fmt::format("If-Range: {}", request.validator));
        set(handle, CURLOPT_HTTPHEADER, headers.get());
    }
    return headers;
}

CURLcode Connection::Handles::perform(const std::stop_token& stop) {
    constexpr int longest_nap_ms = 1000;
    check(curl_multi_add_handle(multi.get(), easy.get()));
    CURLcode result = CURLE_ABORTED_BY_CALLBACK;  // unless libcurl says otherwise
    {
        const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi.get()); });
        int running = 1;
        while (running > 0 && !stop.stop_requested()) {
            check(curl_multi_perform(multi.get(), &running));
            if (running > 0) check(curl_multi_poll(multi.get(), nullptr, 0, longest_nap_ms, nullptr));
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
    CURL* easy = handles_->easy.get();
    TransferRequest wanted = request;
    // Two versions of a file must not be spliced: only what an entity tag vouches for is resumed.
    if (wanted.validator.empty()) wanted.offset = 0;

    Reception reception(easy, wanted, body);
    const HeaderList headers = handles_->prepare(wanted, reception);
    const CURLcode code = handles_->perform(stop);
    reception.rethrow();

    TransferOutcome outcome;
    if (code != CURLE_OK && stop.stop_requested()) {
        outcome.kind = TransferOutcome::Kind::stopped;
    } else if (code == CURLE_HTTP_RETURNED_ERROR || code == CURLE_WRITE_ERROR ||
               (code == CURLE_OK && !reception.begin())) {
        outcome = outcome_of_status(status_of(easy));
        curl_off_t seconds = 0;
        curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
        outcome.retry_after = std::chrono::seconds(seconds);
    } else {
        outcome = outcome_of_code(code, handles_->error.data(), wanted.timeout);
        if (reception.begun()) outcome.validator = strong_entity_tag(easy);
    }
    return outcome;
}

}  // namespace command
