#include "http/listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace command {
namespace {

namespace fs = std::filesystem;

std::string escaped_html(std::string_view text) {
    std::string html;
    for (const char c : text) {
        switch (c) {
            case '&': html += "&amp;"; break;
            case '<': html += "&lt;"; break;
            case '>': html += "&gt;"; break;
            case '"': html += "&quot;"; break;
            default: html += c;
        }
    }
    return html;
}

// All but RFC 3986's unreserved characters, and slashes.
std::string percent_encoded(std::string_view path) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    std::string url;
    for (const char c : path) {
        if (plain.find(c) != std::string_view::npos) {
            url += c;
        } else {
            url += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return url;
}

}  // namespace

std::string format_listing(const fs::path& folder, const std::string& url_path) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
        std::error_code ignored;
        names.push_back(entry.path().filename().string() + (entry.is_directory(ignored) ? "/" : ""));
    }
    std::ranges::sort(names);

    const std::string base = url_path.ends_with('/') ? url_path : url_path + "/";
    std::string html = fmt::format(
        "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>{0}</title>\n<h1>{0}</h1>\n<ul>\n", escaped_html(base));
    for (const auto& name : names) {
        html += fmt::format("<li><a href=\"{}\">{}</a>\n", percent_encoded(base + name), escaped_html(name));
    }
    return html + "</ul>\n";
}

}  // namespace command
