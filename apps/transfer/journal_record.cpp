#include "transfer/journal_record.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/crc.hpp>
#include <charconv>

namespace command {
namespace {

constexpr char separator = '\t';
constexpr std::size_t field_count = 12;
constexpr std::size_t checksum_size = 8;

std::string checksum_of(std::string_view text) {
    boost::crc_32_type crc;
    crc.process_bytes(text.data(), text.size());
    return fmt::format("{:08x}", crc.checksum());
}

bool is_plain(char c) { return c > ' ' && c < 0x7f && c != '%'; }

// Names and fields of servers may be any bytes; a line is text.
void append_field(std::string& line, std::string_view text) {
    for (const char c : text) {
        if (is_plain(c)) {
            line += c;
        } else {
            line += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    line += separator;
}

template <class Number>
bool parse_number(std::string_view text, Number& number, int base = 10) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return error == std::errc() && end == text.data() + text.size();
}

std::string parse_text(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = 0;
        if (text[i] == '%' && parse_number(text.substr(i + 1, 2), byte, 16)) {
            result += static_cast<char>(byte);
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
    std::string line;
    line.reserve(400);
    append_field(line, record.name);
    append_field(line, record.url);
    append_field(line, record.part);
    append_field(line, record.whole ? "whole" : "part");
    append_field(line, fmt::format_int(arrived.size).c_str());
    append_field(line, arrived.total ? fmt::format_int(*arrived.total).c_str() : "");
    append_field(line, arrived.entity_tag);
    append_field(line, arrived.last_modified);
    append_field(line, arrived.encoding);
    append_field(line, arrived.url);
    append_field(line, record.boot);
    append_field(line, fmt::format_int(record.modified).c_str());
    return checksum_of(line) + separator + line;
}

std::optional<JournalRecord> parse_record(std::string_view line) {
    if (line.size() <= checksum_size || line[checksum_size] != separator) return std::nullopt;
    std::string_view text = line.substr(checksum_size + 1);
    if (line.substr(0, checksum_size) != checksum_of(text)) return std::nullopt;

    std::array<std::string_view, field_count> fields;
    for (auto& field : fields) {
        const auto end = text.find(separator);
        if (end == std::string_view::npos) return std::nullopt;  // of another version of the program
        field = text.substr(0, end);
        text.remove_prefix(end + 1);
    }
    JournalRecord record;
    record.name = parse_text(fields[0]);
    record.url = parse_text(fields[1]);
    record.part = parse_text(fields[2]);
    record.whole = fields[3] == "whole";
    record.arrived.entity_tag = parse_text(fields[6]);
    record.arrived.last_modified = parse_text(fields[7]);
    record.arrived.encoding = parse_text(fields[8]);
    record.arrived.url = parse_text(fields[9]);
    record.boot = parse_text(fields[10]);
    std::uint64_t total = 0;
    if (!fields[5].empty()) {
        if (!parse_number(fields[5], total)) return std::nullopt;
        record.arrived.total = total;
    }
    if (!text.empty() || !parse_number(fields[4], record.arrived.size) || !parse_number(fields[11], record.modified)) {
        return std::nullopt;
    }
    return record;
}

}  // namespace command
