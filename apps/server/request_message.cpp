#include "server/request_message.hpp"

#include <string_view>

namespace command {

namespace http = boost::beast::http;

FileRequest file_request(const http::request<http::string_body>& message) {
    const auto view = [](boost::beast::string_view text) { return std::string_view(text.data(), text.size()); };
    const auto value = [&](http::field name) { return view(message[name]); };
    return {.method = view(message.method_string()),
            .target = view(message.target()),
            .range = value(http::field::range),
            .conditions = {.if_match = value(http::field::if_match),
                           .if_unmodified_since = value(http::field::if_unmodified_since),
                           .if_none_match = value(http::field::if_none_match),
                           .if_modified_since = value(http::field::if_modified_since),
                           .if_range = value(http::field::if_range)}};
}

}  // namespace command
