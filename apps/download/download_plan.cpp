#include "download/download_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/failure.hpp"
#include "files/partial_file.hpp"
#include "http/file_url.hpp"
#include "transfer/journal.hpp"

namespace command {
namespace {

/// All that is wrong with a request.
class Complaints {
public:
    void add(std::string_view what, std::string_view advice) {
        text_ += text_.empty() ? "" : "\n";
        text_ += what;
        advice_.emplace(advice);
    }

    void throw_if_any() const {
        if (text_.empty()) return;
        std::string advice;
        for (const auto& one : advice_) advice += (advice.empty() ? "" : "; ") + one;
        throw Failure(request_wrong, text_, advice);
    }

private:
    std::string text_;
    std::set<std::string> advice_;
};

/// A file with what its name and its digest are found by.
struct PlannedFile {
    DownloadTarget target;
    FileUrl url;
    bool named = false;  ///< by the request, so that its name stays
};

PlannedFile plan_file(const WantedFile& file) {
    FileUrl url = parse_file_url(file.url);
    const std::string name = file_name_from_url(url, file.name);
    DownloadTarget target{
        .url = url.url, .name = name, .digest = file.digest, .size = file.size, .is_private = file.is_private};
    for (const auto& mirror : file.mirrors) target.mirrors.push_back(parse_file_url(mirror).url);
    return {.target = std::move(target), .url = url, .named = !file.name.empty()};
}

std::string joined(const std::vector<std::string>& parts, std::size_t first) {
    std::string path;
    for (std::size_t i = first; i < parts.size(); ++i) path += (path.empty() ? "" : "/") + parts[i];
    return path;
}

// The file's name in `folders` folders of its URL's path.
std::string name_in_folders(const PlannedFile& file, std::size_t folders) {
    const auto& path = file.url.path;
    return joined(path, path.size() - std::min(path.size(), folders + 1));
}

bool can_tell_apart(const std::vector<std::string>& names) {
    return std::ranges::all_of(names, [](const auto& name) { return fault_of_file_name(name).empty(); }) &&
           std::set<std::string_view>(names.begin(), names.end()).size() == names.size();
}

// Names for files that have one name otherwise: as few folders as tell them apart, then the hosts, too.
std::optional<std::vector<std::string>> names_in_folders(const std::vector<PlannedFile*>& files) {
    std::size_t deepest = 0;
    for (const auto* file : files) deepest = std::max(deepest, file->url.path.size());
    std::vector<std::string> names(files.size());
    for (std::size_t folders = 1; folders < deepest; ++folders) {
        std::ranges::transform(files, names.begin(), [&](auto* file) { return name_in_folders(*file, folders); });
        if (can_tell_apart(names)) return names;
    }
    std::ranges::transform(files, names.begin(),
                           [](auto* file) { return file->url.host + "/" + joined(file->url.path, 0); });
    if (can_tell_apart(names)) return names;
    return std::nullopt;
}

void put_into_folders(std::vector<PlannedFile>& files) {
    std::map<std::string, std::vector<PlannedFile*>> files_of;
    for (auto& file : files) {
        if (!file.named) files_of[file.target.name].push_back(&file);
    }
    for (const auto& [name, same] : files_of) {
        if (same.size() == 1) continue;
        const auto names = names_in_folders(same);
        for (std::size_t i = 0; names && i < same.size(); ++i) same[i]->target.name = (*names)[i];
    }
}

// The command's own files must not be replaced by what a server sends.
bool is_reserved(std::string_view name) {
    const std::string_view last = name.substr(name.rfind('/') + 1);
    return last.starts_with(Journal::file_name) || PartialFile::is_hidden_name(last);
}

void check_names(const std::vector<PlannedFile>& files, Complaints& complaints) {
    constexpr const char* advice = "leave one out, or give it another name with a line \"URL NAME\" in an --input list";
    std::map<std::string_view, std::string_view> url_of;
    for (const auto& [target, url, named] : files) {
        if (is_reserved(target.name)) {
            complaints.add(fmt::format("\"{}\", from {}, is a name that the command has for its own files", target.name,
                                       url_for_messages(target.url)),
                           advice);
        }
        const auto [other, is_new] = url_of.emplace(target.name, target.url);
        if (is_new) continue;
        complaints.add(fmt::format("two URLs would both be kept as \"{}\": {} and {}", target.name,
                                   url_for_messages(other->second), url_for_messages(target.url)),
                       advice);
    }
    for (const auto& [name, url] : url_of) {
        for (auto slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/', slash + 1)) {
            const auto other = url_of.find(name.substr(0, slash));
            if (other == url_of.end()) continue;
            complaints.add(fmt::format("\"{}\" would be a file, from {}, and a folder, for {}", other->first,
                                       url_for_messages(other->second), url_for_messages(url)),
                           advice);
        }
    }
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// How many parts two paths have in common, from their ends on.
std::size_t common_parts(std::string_view a, std::string_view b) {
    std::size_t count = 0;
    while (!a.empty() && !b.empty() && last_part(a) == last_part(b)) {
        ++count;
        const auto shorter = [](std::string_view path) {
            return path.substr(0, path.size() - std::min(path.size(), last_part(path).size() + 1));
        };
        a = shorter(a);
        b = shorter(b);
    }
    return count;
}

void add_digest(PlannedFile& file, const std::multimap<std::string_view, const ChecksumLine*>& lines,
                Complaints& complaints) {
    DownloadTarget& target = file.target;
    const auto [first, end] = lines.equal_range(last_part(target.name));
    if (first == end && !target.digest.empty()) return;
    if (first == end) {
        complaints.add(
            fmt::format("the checksum list has no line for \"{}\", from {}", target.name, url_for_messages(target.url)),
            "add the line, or download the file in a run without --checksum");
        return;
    }
    const std::string path = file.named ? target.name : joined(file.url.path, 0);
    std::size_t most = 0;
    std::set<std::string_view> digests;
    for (auto line = first; line != end; ++line) {
        const std::size_t common = common_parts(line->second->path, path);
        if (common > most) digests.clear();
        most = std::max(most, common);
        if (common == most) digests.insert(line->second->digest);
    }
    const Digest found{DigestKind::sha256, std::string(*digests.begin())};
    const bool contradicted = target.digest.kind == found.kind && !target.digest.empty() && target.digest != found;
    if (digests.size() > 1 || contradicted) {
        complaints.add(fmt::format("there are different digests for \"{}\"", target.name),
                       "leave only the right one in the list");
    }
    target.digest = found;
}

void add_digests(std::vector<PlannedFile>& files, const std::vector<ChecksumLine>& checksums, Complaints& complaints) {
    std::multimap<std::string_view, const ChecksumLine*> lines;
    for (const auto& line : checksums) lines.emplace(last_part(line.path), &line);
    for (auto& file : files) add_digest(file, lines, complaints);
}

}  // namespace

std::vector<DownloadTarget> plan_downloads(const std::vector<WantedFile>& wanted,
                                           const std::vector<ChecksumLine>* checksums) {
    Complaints complaints;
    std::vector<PlannedFile> files;
    for (const auto& file : wanted) {
        try {
            files.push_back(plan_file(file));
        } catch (const Failure& failure) {
            complaints.add((file.where.empty() ? "" : file.where + ": ") + failure.what(), failure.advice());
        }
    }
    put_into_folders(files);
    check_names(files, complaints);
    if (checksums != nullptr) add_digests(files, *checksums, complaints);
    complaints.throw_if_any();

    std::vector<DownloadTarget> targets;
    targets.reserve(files.size());
    for (auto& file : files) targets.push_back(std::move(file.target));
    return targets;
}

}  // namespace command
