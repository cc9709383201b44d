#include "download/request_check.hpp"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "base/failure.hpp"
#include "http/file_url.hpp"

namespace command {
namespace {

void check_readable(const std::string& path, std::string_view option) {
    if (path.empty()) return;
    errno = 0;
    const std::ifstream file(path);
    std::error_code ignored;
    if (file && !std::filesystem::is_directory(path, ignored)) return;
    const std::error_code error(errno == 0 ? EISDIR : errno, std::generic_category());
    throw Failure(request_wrong, fmt::format("cannot read {}, which {} names: {}", path, option, error.message()),
                  "check its name, and that it may be read");
}

bool is_token_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_control_character(char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }

// The value of a header may be a password: no message shows it.
void check_header(const std::string& header) {
    constexpr std::array own{"Range", "If-Range", "Accept-Encoding", "Content-Length", "Transfer-Encoding"};
    const std::string name = header.substr(0, header.find(':'));
    const bool has_name = name.size() < header.size() && !name.empty() && std::ranges::all_of(name, is_token_character);
    if (!has_name || std::ranges::any_of(header, is_control_character)) {
        throw Failure(request_wrong,
                      has_name ? fmt::format("the value of the header {} has a control character", name)
                               : "--header was given what is no header",
                      "write it like --header \"Name: value\"");
    }
    if (std::ranges::any_of(own, [&](const char* other) { return ::strcasecmp(other, name.c_str()) == 0; })) {
        throw Failure(request_wrong, fmt::format("the header {} cannot be given", name),
                      "leave it out: the command says itself what it wants of a file");
    }
}

void check_proxy(const std::string& proxy) {
    if (proxy.empty()) return;
    constexpr std::array schemes{"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
    const auto end = proxy.find("://");
    const std::string scheme = end == std::string::npos ? "http" : proxy.substr(0, end);
    if (std::ranges::find(schemes, scheme) != schemes.end()) return;
    throw Failure(request_wrong, fmt::format("--proxy {} names no proxy", url_for_messages(proxy)),
                  "write it like http://HOST:PORT or socks5h://HOST:PORT");
}

}  // namespace

void check_request(const RequestOptions& options) {
    for (const auto& header : options.headers) check_header(header);
    check_proxy(options.proxy);
    if (!options.key.empty() && options.certificate.empty()) {
        throw Failure(request_wrong, "--key without a certificate", "name the certificate with --cert FILE");
    }
    check_readable(options.ca_file, "--cacert or SSL_CERT_FILE");
    check_readable(options.certificate, "--cert");
    check_readable(options.key, "--key");
    check_readable(options.cookie_file, "--cookie-file");
    check_readable(options.netrc_file, "--netrc-file");
}

std::uint64_t parse_rate(std::string_view text, std::string_view option) {
    constexpr std::string_view units = "kmgt";
    constexpr std::uint64_t most = 1ULL << 40U;  // what is faster is no limit
    if (text.empty()) return 0;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    const auto place = unit.empty() ? 0 : units.find(static_cast<char>(unit.front() | 0x20));
    if (error != std::errc() || number == 0 || unit.size() > 1 || place == std::string_view::npos) {
        throw Failure(request_wrong, fmt::format("{} {} is no rate", option, text),
                      "give bytes a second, like 200000, 500k or 2M");
    }
    for (std::size_t i = 0; i < unit.size() * (place + 1) && number < most; ++i) number *= 1024;
    return std::min(number, most);
}

}  // namespace command
