#pragma once
// What `threadwise top` prints where it does not draw.

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

#include "top/page.hpp"
#include "top/watched.hpp"

namespace command {

/// The page as lines: as wide as its contents, or fitted to so many columns unless that is 0.
std::string text_of(Page& page, std::size_t columns);

/// The process, its threads and what they have waited for, as text.
std::string report_of(Watched& watched, std::size_t columns);

/// As `dump --json`, and the processor times, and the objects.
nlohmann::json json_of(Watched& watched);

}  // namespace command
