#include "http/download_plan.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "failure.hpp"
#include "http/file_url.hpp"

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

DownloadTarget target_of(const WantedFile& file) {
    const std::string name = file_name_from_url(file.url, file.name);
    return {.url = file.url, .name = name, .digest = {}};
}

void check_names(const std::vector<DownloadTarget>& targets, Complaints& complaints) {
    std::map<std::string_view, std::string_view> url_of;
    for (const auto& target : targets) {
        const auto [other, is_new] = url_of.emplace(target.name, target.url);
        if (is_new) continue;
        complaints.add(
            fmt::format("two URLs would both be kept as \"{}\": {} and {}", target.name, other->second, target.url),
            "leave one out, or give it another name with a line \"URL NAME\" in an --input list");
    }
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

void add_digests(std::vector<DownloadTarget>& targets, const std::vector<ChecksumLine>& checksums,
                 Complaints& complaints) {
    std::multimap<std::string_view, std::string_view> digest_of;
    for (const auto& line : checksums) digest_of.emplace(last_part(line.path), line.digest);

    for (auto& target : targets) {
        const auto [first, end] = digest_of.equal_range(target.name);
        if (first == end) {
            complaints.add(fmt::format("the checksum list has no line for \"{}\", from {}", target.name, target.url),
                           "add the line, or download the file in a run without --checksum");
            continue;
        }
        target.digest = first->second;
        for (auto line = first; line != end; ++line) {
            if (line->second == first->second) continue;
            complaints.add(fmt::format("the checksum list has different digests for \"{}\"", target.name),
                           "leave only the right one in the list");
            break;
        }
    }
}

}  // namespace

std::vector<WantedFile> read_url_list(std::istream& input) {
    constexpr const char* blanks = " \t\r";
    std::vector<WantedFile> wanted;
    std::string line;
    while (std::getline(input, line)) {
        line.erase(line.find_last_not_of(blanks) + 1);
        line.erase(0, line.find_first_not_of(blanks));
        if (line.empty() || line.starts_with('#')) continue;
        const auto end_of_url = line.find_first_of(blanks);
        const auto name = line.find_first_not_of(blanks, end_of_url);
        wanted.push_back({line.substr(0, end_of_url), name == std::string::npos ? "" : line.substr(name)});
    }
    return wanted;
}

std::vector<DownloadTarget> plan_downloads(const std::vector<WantedFile>& wanted,
                                           const std::vector<ChecksumLine>* checksums) {
    Complaints complaints;
    std::vector<DownloadTarget> targets;
    for (const auto& file : wanted) {
        try {
            targets.push_back(target_of(file));
        } catch (const Failure& failure) {
            complaints.add(failure.what(), failure.advice());
        }
    }
    check_names(targets, complaints);
    if (checksums != nullptr) add_digests(targets, *checksums, complaints);
    complaints.throw_if_any();
    return targets;
}

}  // namespace command
