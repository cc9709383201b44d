#include "http/file_answer.hpp"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "http/response_fields.hpp"

namespace command {
namespace {

using Verdict = Judgement::Verdict;

Judgement useless(Verdict verdict, std::string problem, std::string advice) {
    Judgement judgement;
    judgement.verdict = verdict;
    judgement.problem = std::move(problem);
    judgement.advice = std::move(advice);
    return judgement;
}

Judgement start_over(const std::string& why) {
    return useless(Verdict::start_over, "the server sent another part than the rest of the file: " + why,
                   "try again later");
}

bool equal_ignoring_case(const std::string& a, const char* b) { return ::strcasecmp(a.c_str(), b) == 0; }

bool is_multipart(const std::string& content_type) {
    constexpr std::string_view multipart = "multipart/";
    return ::strncasecmp(content_type.c_str(), multipart.data(), multipart.size()) == 0;
}

std::string encoding_of(const FileAnswer& answer) {
    return equal_ignoring_case(answer.content_encoding, "identity") ? std::string() : answer.content_encoding;
}

// Whether a file of that name is encoded by itself, so that its bytes are wanted as they come.
bool name_tells_encoding(std::string_view name, const std::string& encoding) {
    constexpr std::array<std::pair<const char*, std::string_view>, 11> endings{{{"gzip", ".gz"},
                                                                                {"gzip", ".tgz"},
                                                                                {"gzip", ".svgz"},
                                                                                {"x-gzip", ".gz"},
                                                                                {"x-gzip", ".tgz"},
                                                                                {"x-gzip", ".svgz"},
                                                                                {"compress", ".Z"},
                                                                                {"x-compress", ".Z"},
                                                                                {"br", ".br"},
                                                                                {"zstd", ".zst"},
                                                                                {"zstd", ".tzst"}}};
    return std::ranges::any_of(endings, [&](const auto& known) {
        return equal_ignoring_case(encoding, known.first) && name.ends_with(known.second);
    });
}

// Why the answer's body does not continue `arrived` at its end, or "".
std::string fault_of_part(const ArrivedPart& arrived, const FileAnswer& answer) {
    if (is_multipart(answer.content_type)) return "it is one of several parts";
    const auto range = parse_content_range(answer.content_range);
    if (!range) return fmt::format("its Content-Range is \"{}\"", answer.content_range);
    if (range->first != arrived.size) {
        return fmt::format("it begins at byte {} instead of {}", range->first, arrived.size);
    }
    if (range->total && arrived.total && *range->total != *arrived.total) {
        return fmt::format("the file has {} bytes now instead of {}", *range->total, *arrived.total);
    }
    if (arrived.total && range->last >= *arrived.total) {
        return fmt::format("it ends at byte {} of {}", range->last, *arrived.total);
    }
    const std::uint64_t size = range->last - range->first + 1;
    if (!answer.content_length.empty() && parse_content_length(answer.content_length) != size) {
        return fmt::format("its Content-Length is \"{}\" for {} bytes", answer.content_length, size);
    }
    // RFC 9110, 15.3.7.3: parts may be combined if they have the same strong validator.
    if (answer.entity_tag != arrived.entity_tag) {
        return fmt::format("its entity tag is {} instead of {}",
                           answer.entity_tag.empty() ? "missing" : answer.entity_tag, arrived.entity_tag);
    }
    if (!answer.last_modified.empty() && !arrived.last_modified.empty() &&
        answer.last_modified != arrived.last_modified) {
        return fmt::format("it was modified on {} instead of {}", answer.last_modified, arrived.last_modified);
    }
    if (encoding_of(answer) != arrived.encoding) return "it is encoded in another way";
    if (answer.url != arrived.url) return "another server answered";  // entity tags are a URL's own
    return {};
}

Judgement judge_part(const ArrivedPart& arrived, const FileAnswer& answer) {
    if (const std::string fault = fault_of_part(arrived, answer); !fault.empty()) return start_over(fault);
    const auto range = parse_content_range(answer.content_range);
    Judgement judgement;
    judgement.verdict = Verdict::rest;
    judgement.part = arrived;
    if (range->total) judgement.part.total = range->total;
    judgement.end = range->last + 1;
    return judgement;
}

Judgement judge_whole(const ArrivedPart& arrived, const FileAnswer& answer, const std::string& name) {
    const std::string encoding = encoding_of(answer);
    if (!encoding.empty() && !name_tells_encoding(name, encoding)) {
        return useless(Verdict::give_up,
                       fmt::format("the server sent the file encoded (Content-Encoding: {}), though asked for it as it "
                                   "is",
                                   encoding),
                       "ask those who run the server, or fetch it elsewhere");
    }
    const auto length = parse_content_length(answer.content_length);
    if (!length && !answer.content_length.empty()) {
        return useless(Verdict::give_up,
                       fmt::format("the server's Content-Length is no size: \"{}\"", answer.content_length),
                       "ask those who run the server, or fetch the file elsewhere");
    }
    Judgement judgement;
    judgement.verdict = Verdict::whole;
    judgement.part = {.size = 0,
                      .total = length,
                      .entity_tag = is_strong_entity_tag(answer.entity_tag) ? answer.entity_tag : std::string(),
                      .last_modified = answer.last_modified,
                      .encoding = encoding,
                      .url = answer.url};
    // The size that an earlier answer told tells whether this one, which has none, is cut short.
    const bool same_version = arrived.resumable() && judgement.part.entity_tag == arrived.entity_tag &&
                              judgement.part.encoding == arrived.encoding && judgement.part.url == arrived.url;
    if (!length && same_version) judgement.part.total = arrived.total;
    judgement.end = judgement.part.total;
    return judgement;
}

Judgement judge_without_size(const ArrivedPart& arrived, const FileAnswer& answer, const std::string& name) {
    constexpr long partial_status = 206;
    if (answer.status != partial_status) return judge_whole(arrived, answer, name);
    if (arrived.resumable()) return judge_part(arrived, answer);
    return useless(Verdict::try_again, "the server answered 206 (a part of the file) when asked for all of it",
                   "try again later");
}

}  // namespace

Judgement judge_answer(const ArrivedPart& arrived, const FileAnswer& answer, const std::string& name,
                       std::optional<std::uint64_t> size) {
    Judgement judgement = judge_without_size(arrived, answer, name);
    const bool useful = judgement.verdict == Verdict::whole || judgement.verdict == Verdict::rest;
    if (!size || !useful) return judgement;
    if (judgement.part.total && *judgement.part.total != *size) {
        return useless(Verdict::give_up,
                       fmt::format("the server's file has {} bytes, not {} as was said", *judgement.part.total, *size),
                       "do not use what this URL brings unless you know that the size is out of date");
    }
    judgement.part.total = size;
    if (!judgement.end) judgement.end = size;
    return judgement;
}

}  // namespace command
