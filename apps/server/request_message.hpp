#pragma once
// A request as the HTTP library reads it.

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "server/answer.hpp"

namespace command {

/// What the answer to `message` depends on; views into it.
FileRequest file_request(const boost::beast::http::request<boost::beast::http::string_body>& message);

}  // namespace command
