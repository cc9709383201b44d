#include "http/file_url.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "failure.hpp"

namespace command {
namespace {

struct CurlFree {
    void operator()(char* text) const { curl_free(text); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

[[noreturn]] void refuse(const std::string& url, const std::string& why) {
    throw Failure(request_wrong, fmt::format("\"{}\" is not a URL to download: {}", url, why),
                  "write it like https://example.org/folder/file.bin");
}

std::string part_of(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
    const std::unique_ptr<char, CurlFree> owner(text);
    return text;
}

std::string percent_decoded(const std::string& text) {
    int size = 0;
    const std::unique_ptr<char, CurlFree> decoded(
        curl_easy_unescape(nullptr, text.c_str(), static_cast<int>(text.size()), &size));
    return decoded ? std::string(decoded.get(), static_cast<std::size_t>(size)) : text;
}

// Why `name` can name no file in a directory, or "".
std::string fault_of_name(const std::string& name) {
    constexpr std::size_t longest = 255;
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
    if (name.empty()) return "its path ends with a slash";
    if (name == "." || name == "..") return "it names a folder";
    if (name.find('/') != std::string::npos) return "the name has a slash in it";
    if (std::ranges::any_of(name, is_control)) return "the name has a control character in it";
    if (name.size() > longest) return "the name is longer than 255 bytes";
    return {};
}

}  // namespace

std::string file_name_from_url(const std::string& url, const std::string& name) {
    const std::unique_ptr<CURLU, CurlFree> parsed(curl_url());
    const CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME);
    if (code != CURLUE_OK) refuse(url, curl_url_strerror(code));

    const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") refuse(url, fmt::format("{} is neither http nor https", scheme));

    // Decoded after it was split off: an encoded slash must not make another folder.
    const std::string path = part_of(parsed.get(), CURLUPART_PATH);
    std::string chosen = name.empty() ? percent_decoded(path.substr(path.rfind('/') + 1)) : name;
    if (const std::string fault = fault_of_name(chosen); !fault.empty()) {
        throw Failure(request_wrong, fmt::format("\"{}\" gives no file name: {}", url, fault),
                      "name the file: --output NAME for one URL, or a line \"URL NAME\" in an --input list");
    }
    return chosen;
}

}  // namespace command
