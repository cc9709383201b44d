#include "http/transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <new>
#include <stdexcept>
#include <utility>

namespace command {
namespace {

// As much as libcurl takes: large files come in few system calls.
constexpr long receive_buffer = 512L << 10;

void check(CURLcode code) {
    if (code != CURLE_OK) throw std::runtime_error(fmt::format("libcurl: {}", curl_easy_strerror(code)));
}

// libcurl wants to be initialised by one thread, before any other uses it.
void initialise_once() {
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    check(code);
}

// libcurl takes "Name:" for a wish that the header be left out, and "Name;" for one without a value.
std::string form_of(const std::string& header) {
    const auto colon = header.find(':');
    const bool has_value = header.find_first_not_of(" \t", colon + 1) != std::string::npos;
    return has_value ? header : header.substr(0, colon) + ";";
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    check(curl_easy_setopt(easy, option, value));
}

// Line by line: libcurl 7.88 leaks the name of a CURLOPT_COOKIEFILE when the handle is reset.
void read_cookies(CURL* easy, const std::string& path) {
    set(easy, CURLOPT_COOKIELIST, "#");  // no cookie, but cookies that servers set are kept from now on
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) set(easy, CURLOPT_COOKIELIST, line.c_str());
}

}  // namespace

Transfer::Transfer() {
    initialise_once();
    easy_.reset(curl_easy_init());
    if (!easy_) throw std::bad_alloc();
}

Pace::Clock::duration Transfer::rest(Pace::Clock::time_point now) {
    const auto own = own_pace_->rest(now);
    return pace_ == nullptr ? own : std::max(own, pace_->rest(now));
}

bool Transfer::is_limited() const noexcept {
    return own_pace_->is_limited() || (pace_ != nullptr && pace_->is_limited());
}

bool Transfer::must_pause() {
    paused_ = is_limited() && rest(Pace::Clock::now()) > Pace::Clock::duration(0);
    return paused_;
}

void Transfer::note_arrival(std::uint64_t bytes) {
    if (!is_limited()) return;
    const auto now = Pace::Clock::now();
    own_pace_->note(bytes, now);
    if (pace_ != nullptr) pace_->note(bytes, now);
}

void Transfer::resume() noexcept {
    paused_ = false;
    curl_easy_pause(handle(), CURLPAUSE_CONT);
}

std::size_t Transfer::receive(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.active_ = true;
    if (transfer.must_pause()) return CURL_WRITEFUNC_PAUSE;  // these bytes come again
    transfer.note_arrival(size);
    if (transfer.counter_ != nullptr) *transfer.counter_ += size;
    return transfer.reception_->append(std::as_bytes(std::span(data, size))) ? size : CURL_WRITEFUNC_ERROR;
}

std::size_t Transfer::note_header_line(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.active_ = true;
    transfer.reception_->note_header_line({data, size});
    return size;
}

int Transfer::note_request(void* self, char*, char*, int, int) noexcept {
    static_cast<Transfer*>(self)->active_ = true;
    return CURL_PREREQFUNC_OK;
}

void Transfer::add_header(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers_.release());
    headers_.reset(longer);
}

void Transfer::prepare(const TransferRequest& request, Body& body) {
    curl_easy_reset(handle());
    error_.front() = '\0';
    timeout_ = request.options->timeout;
    active_ = true;
    paused_ = false;
    own_pace_.emplace(request.options->rate);
    reception_.emplace(handle(), request, body);
    set_options(request);
}

void Transfer::set_options(const TransferRequest& request) {
    CURL* easy = handle();
    set(easy, CURLOPT_ERRORBUFFER, error_.data());
    set(easy, CURLOPT_PRIVATE, this);
    set(easy, CURLOPT_URL, request.url.c_str());
    set(easy, CURLOPT_NOSIGNAL, 1L);  // signals and threads do not mix
    set(easy, CURLOPT_QUICK_EXIT, 1L);
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_FAILONERROR, 1L);
    set(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.options->timeout.count()));
    // Over TLS several files may share a connection (HTTP/2); that is worth the wait for what the first one finds out.
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(easy, CURLOPT_PIPEWAIT, request.url.starts_with("https:") ? 1L : 0L);
    set(easy, CURLOPT_WRITEFUNCTION, &Transfer::receive);
    set(easy, CURLOPT_WRITEDATA, this);
    set(easy, CURLOPT_HEADERFUNCTION, &Transfer::note_header_line);
    set(easy, CURLOPT_HEADERDATA, this);
    set(easy, CURLOPT_PREREQFUNCTION, &Transfer::note_request);
    set(easy, CURLOPT_PREREQDATA, this);
    set_way(*request.options);
    set_private_options(request);
    set_headers(request);
}

void Transfer::set_way(const RequestOptions& options) {
    CURL* easy = handle();
    long buffer = receive_buffer;
    if (options.rate > 0) {
        // A full buffer must not be worth many seconds.
        buffer = static_cast<long>(std::clamp<std::uint64_t>(options.rate / 16, 1024, receive_buffer));
    }
    // Refused where the handle still has the last transfer's buffer, as after HTTP/2.
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, buffer);
    if (!options.ca_file.empty()) set(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    if (!options.use_proxy) set(easy, CURLOPT_PROXY, "");
    if (!options.proxy.empty()) {
        set(easy, CURLOPT_PROXY, options.proxy.c_str());
        set(easy, CURLOPT_NOPROXY, "");  // what the user asks for goes before the environment
    }
    // The handle keeps its cookies when it is used again.
    if (!options.cookie_file.empty() && !std::exchange(has_cookies_, true)) read_cookies(easy, options.cookie_file);
    set(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
}

void Transfer::set_private_options(const TransferRequest& request) {
    if (!request.is_private) return;
    CURL* easy = handle();
    const RequestOptions& options = *request.options;
    if (!request.user.empty() || !request.password.empty()) {
        set(easy, CURLOPT_USERNAME, request.user.c_str());
        set(easy, CURLOPT_PASSWORD, request.password.c_str());
    } else if (!options.user.empty()) {
        const auto colon = options.user.find(':');
        set(easy, CURLOPT_USERNAME, options.user.substr(0, colon).c_str());
        set(easy, CURLOPT_PASSWORD, colon == std::string::npos ? "" : options.user.substr(colon + 1).c_str());
    } else if (options.use_netrc) {
        set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
        if (!options.netrc_file.empty()) set(easy, CURLOPT_NETRC_FILE, options.netrc_file.c_str());
    }
    if (!options.certificate.empty()) {
        set(easy, CURLOPT_SSLCERT, options.certificate.c_str());
        if (!options.key.empty()) set(easy, CURLOPT_SSLKEY, options.key.c_str());
        set(easy, CURLOPT_KEYPASSWD, "");  // or OpenSSL would ask on the terminal
    }
    if (!options.referer.empty()) set(easy, CURLOPT_REFERER, options.referer.c_str());
}

void Transfer::set_headers(const TransferRequest& request) {
    headers_.reset();
    // The file is wanted as it is; without this field the server may choose.
    add_header("Accept-Encoding: identity");
    if (request.arrived.resumable()) {
        set(handle(), CURLOPT_RANGE, fmt::format("{}-", request.arrived.size).c_str());
        add_header("If-Range: " + request.arrived.entity_tag);
    }
    if (request.is_private) {
        for (const auto& header : request.options->headers) add_header(form_of(header));
    }
    set(handle(), CURLOPT_HTTPHEADER, headers_.get());
}

TransferOutcome Transfer::outcome(CURLcode code) { return reception_->outcome(code, error_.data()); }

}  // namespace command
