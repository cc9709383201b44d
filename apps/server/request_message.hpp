#pragma once
// Takes from a request, as Boost.Beast has parsed it, what the answer depends on.

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "server/answer.hpp"

namespace command {

/// The parts of `message` that its answer depends on: views into it.
FileRequest file_request(const boost::beast::http::request<boost::beast::http::string_body>& message);

}  // namespace command
