#pragma once
// Patterns that stand for several URLs.

#include <string>
#include <string_view>
#include <vector>

namespace command {

/// The URLs that `pattern` stands for, as curl reads it: {a,b} for each of the texts, [1-10], [001-100], [a-z] and
/// [1-9:2] for each number or letter, with leading zeros where the first number has them. The last pattern in the URL
/// varies fastest. A backslash before one of {}[], makes it an ordinary character; [] and {} with nothing in them are,
/// and so are the brackets around an IPv6 address. Throws Failure (request_wrong) when it is no such pattern, or stands
/// for more than 1,000,000 URLs.
std::vector<std::string> expand_url(std::string_view pattern);

}  // namespace command
