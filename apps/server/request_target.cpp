#include "server/request_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "server/header_list.hpp"

namespace command {
namespace {

/// The target from its path on: what follows http://HOST, or all of it. It begins with a slash.
std::optional<std::string_view> without_authority(std::string_view target) {
    if (target.starts_with('/')) return target;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        const std::string_view rest = target.substr(scheme.size());
        const auto end = std::min(rest.find_first_of("/?"), rest.size());
        if (end == 0) return std::nullopt;
        return rest.substr(end).starts_with('/') ? rest.substr(end) : "/";
    }
    return std::nullopt;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        unsigned char value = 0;
        const char* const digits = text.data() + i + 1;
        const auto [end, error] = std::from_chars(digits, digits + 2, value, 16);
        if (error != std::errc() || end != digits + 2) return std::nullopt;
        decoded += static_cast<char>(value);
        i += 2;
    }
    return decoded;
}

}  // namespace

std::optional<std::string> path_of_target(std::string_view target) {
    const auto rest = without_authority(target);
    if (!rest || rest->find('#') != std::string_view::npos) return std::nullopt;
    auto path = percent_decoded(rest->substr(0, rest->find('?')));
    // Of the slashes at the beginning, percent-encoded or not, only one is kept: the server redirects to this path, and
    // a Location that begins with two slashes names another host.
    if (path) path->erase(0, std::min(path->find_first_not_of('/'), path->size()) - 1);
    return path;
}

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

}  // namespace command
