#include "transfer/journal_record.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>

#include "files/sha256.hpp"

namespace command {
namespace {

constexpr std::size_t digest_size = 16;

std::string digest_of(std::string_view text) {
    Sha256 digest;
    digest.update(std::as_bytes(std::span(text)));
    return digest.hex().substr(0, digest_size);
}

// Names and fields of servers may be any bytes; JSON must be UTF-8.
std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = byte >= ' ' && byte < 0x7f && c != '%';
        result += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
    }
    return result;
}

int digit_of(char c) { return c <= '9' ? c - '0' : c - 'A' + 10; }

// Of what escaped() made, as the line's digest says.
std::string unescaped(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            result += static_cast<char>(16 * digit_of(text[i + 1]) + digit_of(text[i + 2]));
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

}  // namespace

std::string format_record(const JournalRecord& record) {
    const ArrivedPart& arrived = record.arrived;
    nlohmann::json fields{{"name", escaped(record.name)},
                          {"url", escaped(record.url)},
                          {"part", escaped(record.part)},
                          {"size", arrived.size},
                          {"etag", escaped(arrived.entity_tag)},
                          {"date", escaped(arrived.last_modified)},
                          {"encoding", escaped(arrived.encoding)},
                          {"from", escaped(arrived.url)},
                          {"boot", escaped(record.boot)},
                          {"whole", record.whole},
                          {"modified", record.modified}};
    if (arrived.total) fields["total"] = *arrived.total;
    const std::string text = fields.dump();
    return digest_of(text) + " " + text;
}

std::optional<JournalRecord> parse_record(std::string_view line) {
    if (line.size() <= digest_size || line[digest_size] != ' ') return std::nullopt;
    const std::string_view text = line.substr(digest_size + 1);
    if (line.substr(0, digest_size) != digest_of(text)) return std::nullopt;
    try {
        const auto fields = nlohmann::json::parse(text);
        const auto bytes = [&](const char* key) { return unescaped(fields.at(key).get<std::string>()); };
        JournalRecord record;
        record.name = bytes("name");
        record.url = bytes("url");
        record.part = bytes("part");
        record.arrived = {.size = fields.at("size"),
                          .total = {},
                          .entity_tag = bytes("etag"),
                          .last_modified = bytes("date"),
                          .encoding = bytes("encoding"),
                          .url = bytes("from")};
        if (fields.contains("total")) record.arrived.total = fields["total"].get<std::uint64_t>();
        record.boot = bytes("boot");
        record.whole = fields.at("whole");
        record.modified = fields.at("modified");
        return record;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;  // of another version of the program
    }
}

}  // namespace command
