#pragma once
// Judges a server's answer: whether its body is the wanted file, or continues the part that has arrived.

#include <cstdint>
#include <optional>
#include <string>

namespace command {

/// The part of a file that has arrived, and what the server said about the file.
struct ArrivedPart {
    std::uint64_t size = 0;              ///< how many bytes have arrived, from the file's beginning on
    std::optional<std::uint64_t> total;  ///< the size of the whole file
    std::string entity_tag;              ///< strong, or ""
    std::string last_modified;
    std::string encoding;  ///< Content-Encoding, or ""
    std::string url;       ///< where the bytes came from, after redirections, without user and password

    /// Whether the rest can be requested: only a strong entity tag reliably distinguishes two versions of a file.
    bool resumable() const noexcept { return size > 0 && !entity_tag.empty(); }
};

/// The header of an answer with status 200 or 206: fields as they were sent, "" where there is none, several of one
/// name joined by ", ".
struct FileAnswer {
    long status = 0;
    std::string url;  ///< the URL that answered, after redirections, without user and password
    std::string content_length;
    std::string content_range;
    std::string content_type;
    std::string content_encoding;
    std::string entity_tag;
    std::string last_modified;
};

struct Judgement {
    enum class Verdict {
        whole,       ///< the body is the whole file, from its beginning on
        rest,        ///< the body continues what has arrived
        start_over,  ///< the body does not fit what has arrived: request the whole file
        try_again,   ///< the body cannot be used; another answer may be usable
        give_up      ///< no answer of this server will be usable
    };
    Verdict verdict = Verdict::give_up;
    std::string problem;               ///< why the body cannot be used
    std::string advice;                ///< what to do about it
    ArrivedPart part;                  ///< with `whole` and `rest`: the part before the body's first byte
    std::optional<std::uint64_t> end;  ///< where in the file the body ends, if the answer says it
};

/// Judges `answer` by all that it says. The rest of the file was asked for, under the condition that it has not changed
/// (If-Range), if `arrived.resumable()`, and the whole file otherwise. `name` is the file's: bytes that are encoded
/// (Content-Encoding) are the file only if its name says so, as "a.tar.gz" does for gzip. A file of another size than
/// `size` is not the wanted one.
Judgement judge_answer(const ArrivedPart& arrived, const FileAnswer& answer, const std::string& name,
                       std::optional<std::uint64_t> size = std::nullopt);

}  // namespace command
