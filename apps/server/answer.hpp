#pragma once
// What a file server answers to a request, apart from how it is sent.

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "files/enclosure.hpp"
#include "server/byte_range.hpp"
#include "server/conditions.hpp"

namespace command {

/// The parts of a request that its answer depends on: views into its header.
struct FileRequest {
    std::string_view method;
    std::string_view target;
    std::string_view range;
    Conditions conditions;
};

/// A piece of an answer's content: `text`, followed by a part of the file; either may be empty.
struct Piece {
    std::string text;
    ByteRange part;

    std::uint64_t size() const noexcept { return text.size() + part.size(); }
};

struct Answer {
    unsigned status = 200;
    std::vector<std::pair<std::string_view, std::string>> headers;  ///< except Date, Connection and Content-Length
    std::vector<Piece> content;
    std::shared_ptr<const Enclosure::Entry> file;  ///< the file whose parts are sent; null if none is

    std::uint64_t content_size() const noexcept;
};

/// The answer to a request for a file below `folder`, as RFC 9110 says for GET and HEAD; other methods are refused.
/// `listing`: whether folders are shown. `now`: the time of the answer. The answer to HEAD has the same content as that
/// to GET; the caller must not send it. May throw std::filesystem::filesystem_error.
Answer answer_to(const FileRequest& request, const Enclosure& folder, bool listing, std::time_t now);

/// An answer that is one line of text.
Answer text_answer(unsigned status, std::string_view text);

}  // namespace command
