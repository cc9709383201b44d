#include "download/metalink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <pugixml.hpp>
#include <utility>

#include "base/failure.hpp"
#include "http/file_url.hpp"

namespace command {
namespace {

constexpr int lowest_priority = 999'999;

[[noreturn]] void refuse(const std::string& what, const char* advice = "ask those who made it") {
    throw Failure(request_wrong, what, advice);
}

// Elements may have a prefix for Metalink's namespace.
std::string_view local_name(const pugi::xml_node& node) {
    const std::string_view name = node.name();
    return name.substr(name.find(':') + 1);
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

std::uint64_t parse_size(std::string_view text, const std::string& where) {
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        refuse(where + ": its size is no number");
    }
    return size;
}

Digest stronger_digest(const Digest& known, const pugi::xml_node& hash, const std::string& where) {
    const auto kind = digest_kind(hash.attribute("type").value());
    if (!kind || (!known.empty() && *kind <= known.kind)) return known;
    auto digest = parse_digest(*kind, trimmed(hash.child_value()));
    if (!digest) refuse(fmt::format("{}: that is no {} digest", where, name_of(*kind)));
    return *std::move(digest);
}

/// A file's URLs by their priority.
class Urls {
public:
    void add(const pugi::xml_node& url) {
        const std::string text(trimmed(url.child_value()));
        if (!text.starts_with("http://") && !text.starts_with("https://")) return;
        urls_.emplace_back(std::clamp(url.attribute("priority").as_int(lowest_priority), 1, lowest_priority), text);
    }

    bool empty() const { return urls_.empty(); }

    std::vector<std::string> best_first() {
        std::ranges::stable_sort(urls_, {}, &std::pair<int, std::string>::first);
        std::vector<std::string> sorted;
        for (auto& [priority, url] : urls_) sorted.push_back(std::move(url));
        return sorted;
    }

private:
    std::vector<std::pair<int, std::string>> urls_;
};

// What a stranger names must not become a file that a shell or another program reads by itself, such as .bashrc.
std::string fault_of_name(std::string_view name) {
    if (name.starts_with('.') || name.find("/.") != std::string_view::npos) return "it leads out, or to a hidden file";
    return fault_of_file_name(name);
}

WantedFile read_file(const pugi::xml_node& node, const std::string& document) {
    WantedFile file;
    file.is_private = false;
    file.name = node.attribute("name").value();
    if (file.name.empty()) refuse(document + ": a file without a name");
    file.where = fmt::format("{}, file \"{}\"", document, file.name);
    if (const auto fault = fault_of_name(file.name); !fault.empty()) {
        refuse(fmt::format("{}: a file name that is not allowed: {}", document, fault),
               "do not trust this Metalink file");
    }
    Urls urls;
    for (const auto& child : node.children()) {
        const std::string_view name = local_name(child);
        if (name == "url") urls.add(child);
        if (name == "size") file.size = parse_size(trimmed(child.child_value()), file.where);
        if (name == "hash") file.digest = stronger_digest(file.digest, child, file.where);
    }
    if (urls.empty()) refuse(file.where + " has no http or https URL", "fetch it by other means");
    auto sorted = urls.best_first();
    file.url = std::move(sorted.front());
    file.mirrors.assign(std::make_move_iterator(sorted.begin() + 1), std::make_move_iterator(sorted.end()));
    return file;
}

}  // namespace

std::vector<WantedFile> parse_metalink(std::string_view document, std::string_view name) {
    const std::string where(name);
    pugi::xml_document xml;  // knows the five entities of XML alone, and skips a document type
    const auto parsed = xml.load_buffer(document.data(), document.size());
    if (!parsed) {
        refuse(fmt::format("{} is no well-formed XML: {} (byte {})", name, parsed.description(), parsed.offset));
    }
    const pugi::xml_node root = xml.document_element();
    if (local_name(root) != "metalink") refuse(where + " is no Metalink file", "check its name");
    if (root.child("files")) refuse(where + " is a Metalink 3 file", "look for the .meta4 file beside it");

    std::vector<WantedFile> wanted;
    for (const auto& child : root.children()) {
        if (local_name(child) == "file") wanted.push_back(read_file(child, where));
    }
    if (wanted.empty()) refuse(where + " names no file");
    return wanted;
}

std::vector<WantedFile> read_metalink(const std::string& path) {
    constexpr std::size_t longest = 64UL << 20U;
    std::ifstream file(path, std::ios::binary);
    std::string document;
    std::array<char, 65'536> piece{};
    while (!std::filesystem::is_directory(path) && document.size() <= longest &&
           (file.read(piece.data(), piece.size()) || file.gcount() > 0)) {
        document.append(piece.data(), static_cast<std::size_t>(file.gcount()));
    }
    if (!file.eof() || file.bad()) {
        refuse(document.size() > longest ? path + " is longer than 64 MiB" : "cannot read " + path,
               "check its name, and that it may be read");
    }
    return parse_metalink(document, path);
}

}  // namespace command
