#include "runtime/lock_order/ignored_places.hpp"

#include <algorithm>
#include <charconv>

namespace threadwise::runtime {
namespace {

/// Whether `path` is that file: the same, or with more folders before it.
bool is_file(std::string_view path, std::string_view file) noexcept {
    if (!path.ends_with(file)) return false;
    return path.size() == file.size() || path[path.size() - file.size() - 1] == '/';
}

}  // namespace

bool IgnoredPlaces::add(std::string_view place) {
    std::string_view file = place;
    std::uint32_t line = 0;
    if (const std::size_t colon = place.rfind(':'); colon != std::string_view::npos) {
        const char* const end = place.data() + place.size();
        const auto [rest, error] = std::from_chars(place.data() + colon + 1, end, line);
        if (error != std::errc() || rest != end || line == 0) return false;
        file = place.substr(0, colon);
    }
    if (file.empty()) return false;
    places_.push_back({.file = SystemString(file), .line = line});
    return true;
}

bool IgnoredPlaces::has(const SourceLocation& where) const noexcept {
    return std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
        return (place.line == 0 || place.line == where.line()) && is_file(where.file_name(), place.file);
    });
}

}  // namespace threadwise::runtime
