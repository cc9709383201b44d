#include "server/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <numeric>
#include <optional>

#include "server/http_date.hpp"
#include "server/listing.hpp"
#include "server/request_target.hpp"

namespace command {
namespace {

// Browsers show files of these types, and save all others.
std::string_view content_type_of(const std::filesystem::path& path) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 9> types{{
        {".css", "text/css"},
        {".html", "text/html"},
        {".jpg", "image/jpeg"},
        {".js", "text/javascript"},
        {".json", "application/json"},
        {".md", "text/plain; charset=utf-8"},
        {".png", "image/png"},
        {".svg", "image/svg+xml"},
        {".txt", "text/plain; charset=utf-8"},
    }};
    const std::string extension = path.extension().string();
    for (const auto& [suffix, type] : types) {
        if (suffix == extension) return type;
    }
    return "application/octet-stream";
}

/// The tag changes whenever the file does.
FileVersion version_of(const struct stat& status) {
    return {.tag = fmt::format("\"{:x}-{:x}-{:x}.{:x}\"", status.st_ino, status.st_size, status.st_mtim.tv_sec,
                               status.st_mtim.tv_nsec),
            .modified = status.st_mtim.tv_sec};
}

Answer refuse_method(std::string_view method) {
    constexpr std::array<std::string_view, 7> known{"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"};
    if (std::ranges::find(known, method) == known.end()) return text_answer(501, "there is no such method");
    Answer answer = text_answer(405, "files are for GET and HEAD");
    answer.headers.emplace_back("Allow", "GET, HEAD");
    return answer;
}

Answer folder_answer(const Enclosure::Entry& folder, const std::string& path) {
    if (!path.ends_with('/')) {
        // The links of a listing are relative to the folder's URL, which therefore has to end with a slash.
        Answer answer = text_answer(301, "folders end with a slash");
        answer.headers.emplace_back("Location", percent_encoded(path) + "/");
        return answer;
    }
    Answer answer;
    answer.headers.emplace_back("Content-Type", "text/html; charset=utf-8");
    answer.content.push_back({format_listing(folder.file.path(), path), {}});
    return answer;
}

/// Makes several ranges the content, each with a header of its own (RFC 9110, 14.6).
void set_parts(Answer& answer, const std::vector<ByteRange>& ranges, std::string_view type, std::uint64_t size) {
    constexpr std::string_view boundary = "threadwise-part-5f0c2b7a9d3e41688a";
    for (const ByteRange& range : ranges) {
        answer.content.push_back({fmt::format("\r\n--{}\r\nContent-Type: {}\r\nContent-Range: bytes {}-{}/{}\r\n\r\n",
                                              boundary, type, range.begin, range.end - 1, size),
                                  range});
    }
    answer.content.push_back({fmt::format("\r\n--{}--\r\n", boundary), {}});
    answer.headers.emplace_back("Content-Type", fmt::format("multipart/byteranges; boundary={}", boundary));
}

Answer file_answer(const FileRequest& request, Enclosure::Entry&& entry, std::time_t now) {
    const auto size = static_cast<std::uint64_t>(entry.status.st_size);
    const FileVersion version = version_of(entry.status);
    const std::string_view type = content_type_of(entry.file.path());
    Answer answer;
    answer.headers = {
        {"ETag", version.tag}, {"Last-Modified", format_http_date(version.modified)}, {"Accept-Ranges", "bytes"}};
    const Verdict verdict = judge(request.conditions, version);
    if (verdict == Verdict::failed) return text_answer(412, "this is another version of the file");
    if (verdict == Verdict::not_modified) {
        answer.status = 304;
        return answer;
    }

    answer.file = std::make_shared<const Enclosure::Entry>(std::move(entry));
    std::optional<std::vector<ByteRange>> ranges;
    const bool ranged = request.method == "GET" && !request.range.empty();
    if (ranged && range_counts(request.conditions.if_range, version, now)) ranges = parse_ranges(request.range, size);
    if (!ranges) {
        answer.headers.emplace_back("Content-Type", type);
        answer.content.push_back({{}, {0, size}});
    } else if (ranges->empty()) {
        answer = text_answer(416, "there is no such part of this file");
        answer.headers.emplace_back("Content-Range", fmt::format("bytes */{}", size));
    } else if (ranges->size() == 1) {
        const ByteRange& range = ranges->front();
        answer.status = 206;
        answer.headers.emplace_back("Content-Type", type);
        answer.headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", range.begin, range.end - 1, size));
        answer.content.push_back({{}, range});
    } else {
        answer.status = 206;
        set_parts(answer, *ranges, type, size);
    }
    return answer;
}

}  // namespace

std::uint64_t Answer::content_size() const noexcept {
    return std::accumulate(content.begin(), content.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const Piece& piece) { return sum + piece.size(); });
}

Answer text_answer(unsigned status, std::string_view text) {
    Answer answer;
    answer.status = status;
    answer.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
    answer.content.push_back({fmt::format("{}\n", text), {}});
    return answer;
}

Answer answer_to(const FileRequest& request, const Enclosure& folder, bool listing, std::time_t now) {
    if (request.method != "GET" && request.method != "HEAD") return refuse_method(request.method);
    const auto path = path_of_target(request.target);
    if (!path) return text_answer(400, "the target is neither a path nor a URL");
    auto entry = folder.open(*path);
    if (!entry || (entry->is_folder() && !listing)) return text_answer(404, "there is no such file here");
    if (entry->is_folder()) return folder_answer(*entry, *path);
    return file_answer(request, *std::move(entry), now);
}

}  // namespace command
