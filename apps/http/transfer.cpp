#include "http/transfer.hpp"

#include <fmt/format.h>

#include <new>
#include <stdexcept>

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

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    check(curl_easy_setopt(easy, option, value));
}

}  // namespace

Transfer::Transfer() {
    initialise_once();
    easy_.reset(curl_easy_init());
    if (!easy_) throw std::bad_alloc();
}

std::size_t Transfer::receive(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.active_ = true;
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
    timeout_ = request.timeout;
    active_ = true;
    reception_.emplace(handle(), request, body);
    set_options(request);
}

void Transfer::set_options(const TransferRequest& request) {
    CURL* easy = handle();
    set(easy, CURLOPT_ERRORBUFFER, error_.data());
    set(easy, CURLOPT_PRIVATE, this);
    set(easy, CURLOPT_URL, request.url.c_str());
    set(easy, CURLOPT_USERAGENT, "threadwise");
    set(easy, CURLOPT_NOSIGNAL, 1L);  // signals and threads do not mix
    set(easy, CURLOPT_QUICK_EXIT, 1L);
    // Refused where the handle still has the last transfer's buffer, as after HTTP/2.
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, receive_buffer);
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_FOLLOWLOCATION, 1L);
    set(easy, CURLOPT_MAXREDIRS, 10L);
    set(easy, CURLOPT_FAILONERROR, 1L);
    set(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.timeout.count()));
    // Over TLS several files may share a connection (HTTP/2); that is worth the wait for what the first one finds out.
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(easy, CURLOPT_PIPEWAIT, request.url.starts_with("https:") ? 1L : 0L);
    if (!request.ca_file.empty()) set(easy, CURLOPT_CAINFO, request.ca_file.c_str());
    if (!request.use_proxy) set(easy, CURLOPT_PROXY, "");
    set(easy, CURLOPT_WRITEFUNCTION, &Transfer::receive);
    set(easy, CURLOPT_WRITEDATA, this);
    set(easy, CURLOPT_HEADERFUNCTION, &Transfer::note_header_line);
    set(easy, CURLOPT_HEADERDATA, this);
    set(easy, CURLOPT_PREREQFUNCTION, &Transfer::note_request);
    set(easy, CURLOPT_PREREQDATA, this);

    // The file is wanted as it is; without this field the server may choose.
    headers_.reset();
    add_header("Accept-Encoding: identity");
    if (request.arrived.resumable()) {
        set(easy, CURLOPT_RANGE, fmt::format("{}-", request.arrived.size).c_str());
        add_header("If-Range: " + request.arrived.entity_tag);
    }
    set(easy, CURLOPT_HTTPHEADER, headers_.get());
}

TransferOutcome Transfer::outcome(CURLcode code) { return reception_->outcome(code, error_.data()); }

}  // namespace command
