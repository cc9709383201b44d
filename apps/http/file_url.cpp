#include "http/file_url.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/failure.hpp"

namespace command {
namespace {

struct CurlFree {
    void operator()(char* text) const { curl_free(text); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

[[noreturn]] void refuse(std::string_view url, std::string_view why) {
    throw Failure(request_wrong, fmt::format("\"{}\" is not a URL to download: {}", url_for_messages(url), why),
                  "write it like https://example.org/folder/file.bin");
}

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
    const std::unique_ptr<char, CurlFree> owner(text);
    return text;
}

std::string lower_case(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}

std::string percent_decoded(const std::string& text) {
    int size = 0;
    const std::unique_ptr<char, CurlFree> decoded(
        curl_easy_unescape(nullptr, text.c_str(), static_cast<int>(text.size()), &size));
    return decoded ? std::string(decoded.get(), static_cast<std::size_t>(size)) : text;
}

std::string_view without_blanks_around(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// Where the authority ("user:password@host:port") of a URL begins and ends.
struct Authority {
    std::size_t begin;
    std::size_t end;
};

Authority authority_of(std::string_view url) {
    constexpr std::string_view mark = "://";
    const auto scheme_end = url.find(mark);
    const std::size_t begin = scheme_end == std::string_view::npos ? 0 : scheme_end + mark.size();
    return {begin, std::min(url.find_first_of("/?#", begin), url.size())};
}

// As URLs are pasted from a browser's address line: blanks and letters beyond ASCII stand for their percent-encoding.
std::string percent_encoded(std::string_view url) {
    const std::size_t path = authority_of(url).end;
    std::string encoded(url.substr(0, path));
    for (const char c : url.substr(path)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == ' ' || byte >= 0x80) {
            encoded += fmt::format("%{:02X}", byte);
        } else {
            encoded += c;
        }
    }
    return encoded;
}

std::vector<std::string> split_path(const std::string& path) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
        end = path.find('/', begin);
        // Decoded after it was split off: an encoded slash must not make another folder.
        const std::string part = percent_decoded(path.substr(begin, end - begin));
        if (!part.empty() || end == std::string::npos) parts.push_back(part);
    }
    return parts;
}

// Those of ASCII, and those of ISO 8859 (C1), which some terminals obey, too, as UTF-8 writes them.
bool has_control_character(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < ' ' || byte == 0x7f) return true;
        if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
    }
    return false;
}

std::string fault_of_part(std::string_view part) {
    constexpr std::size_t longest = 255;
    if (part.empty()) return "a folder or the file has no name in it";
    if (part == "." || part == "..") return "it names a folder";
    if (has_control_character(part)) return "the name has a control character in it";
    if (part.size() > longest) return "the name is longer than 255 bytes";
    return {};
}

[[noreturn]] void refuse_name(std::string_view url, std::string_view fault) {
    throw Failure(request_wrong, fmt::format("\"{}\" gives no file name: {}", url_for_messages(url), fault),
                  "name the file: --output NAME for one URL, or a line \"URL NAME\" in an --input list");
}

}  // namespace

FileUrl parse_file_url(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) refuse(text, "it has a control character in it");
    FileUrl result;
    result.url = percent_encoded(without_blanks_around(text));
    const std::unique_ptr<CURLU, CurlFree> parsed(curl_url());
    const CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, result.url.c_str(), CURLU_NON_SUPPORT_SCHEME);
    if (code != CURLUE_OK) refuse(text, curl_url_strerror(code));

    const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") refuse(text, fmt::format("{} is neither http nor https", scheme));

    result.user = part_of(parsed.get(), CURLUPART_USER, CURLU_URLDECODE);
    result.password = part_of(parsed.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
    result.host = part_of(parsed.get(), CURLUPART_HOST);
    result.origin = fmt::format("{}://{}:{}", scheme, lower_case(result.host),
                                part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
    if (const std::string port = part_of(parsed.get(), CURLUPART_PORT); !port.empty()) result.host += ":" + port;
    result.path = split_path(part_of(parsed.get(), CURLUPART_PATH));
    for (const auto part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT}) {
        curl_url_set(parsed.get(), part, nullptr, 0);
    }
    result.plain_url = part_of(parsed.get(), CURLUPART_URL);
    return result;
}

std::string file_name_from_url(std::string_view url, std::string_view name) {
    return file_name_from_url(parse_file_url(url), name);
}

std::string file_name_from_url(const FileUrl& url, std::string_view name) {
    if (!name.empty()) {
        if (const std::string fault = fault_of_file_name(name); !fault.empty()) refuse_name(url.url, fault);
        return std::string(name);
    }
    const std::string& last = url.path.back();
    if (last.empty()) refuse_name(url.url, "its path ends with a slash");
    if (last.find('/') != std::string::npos) refuse_name(url.url, "the name has a slash in it");
    if (const std::string fault = fault_of_file_name(last); !fault.empty()) refuse_name(url.url, fault);
    return last;
}

std::string fault_of_file_name(std::string_view name) {
    if (name.starts_with('/')) return "it is absolute";
    while (true) {
        const auto end = name.find('/');
        std::string fault = fault_of_part(name.substr(0, end));
        if (!fault.empty() || end == std::string_view::npos) return fault;
        name.remove_prefix(end + 1);
    }
}

std::string resolved_url(const std::string& base, const std::string& reference) {
    constexpr unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE;
    const std::unique_ptr<CURLU, CurlFree> url(curl_url());
    if (curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK) return reference;
    if (curl_url_set(url.get(), CURLUPART_URL, reference.c_str(), flags) != CURLUE_OK) return reference;
    return part_of(url.get(), CURLUPART_URL);
}

std::string url_without_password(std::string_view url) {
    auto [begin, end] = authority_of(url);
    std::string_view authority = url.substr(begin, end - begin);
    // A raw slash or the like in a password ends the authority too early: then no port follows the colon.
    const auto colon = authority.rfind(':');
    const bool has_odd_port = colon != std::string_view::npos &&
                              authority.substr(colon + 1).find_first_not_of("0123456789]") != std::string_view::npos;
    if (has_odd_port && authority.find('@') == std::string_view::npos) authority = url.substr(begin);
    const auto at = authority.rfind('@');
    if (at == std::string_view::npos) return std::string(url);
    return fmt::format("{}***{}", url.substr(0, begin), url.substr(begin + at));
}

std::string url_for_messages(std::string_view url) {
    constexpr std::size_t longest = 400;
    std::string text = url_without_password(url);
    if (text.size() > longest) text = text.substr(0, longest) + "...";
    return text;
}

}  // namespace command
