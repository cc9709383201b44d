#pragma once
// Text as a string of JSON.

#include <ostream>
#include <string_view>

namespace threadwise::inspect {

/// `out << JsonText{text}` writes it with its quotes. What is not UTF-8 becomes U+FFFD.
struct JsonText {
    std::string_view text;
};

std::ostream& operator<<(std::ostream& out, JsonText text);

}  // namespace threadwise::inspect
