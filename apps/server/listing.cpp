#include "server/listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "server/request_target.hpp"

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

}  // namespace

std::string format_listing(const fs::path& folder, const std::string& url_path) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
        std::error_code ignored;
        names.push_back(entry.path().filename().string() + (entry.is_directory(ignored) ? "/" : ""));
    }
    std::ranges::sort(names);

    std::string html = fmt::format(
        "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>{0}</title>\n<h1>{0}</h1>\n<ul>\n", escaped_html(url_path));
    for (const auto& name : names) {
        html += fmt::format("<li><a href=\"{}\">{}</a>\n", percent_encoded(name), escaped_html(name));
    }
    return html + "</ul>\n";
}

}  // namespace command
