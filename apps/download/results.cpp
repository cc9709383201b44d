#include "download/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "http/file_url.hpp"
#include "terminal/sizes.hpp"

namespace command {
namespace {

namespace fs = std::filesystem;
using Status = DownloadReport::Status;

const char* name_of(Status status) {
    switch (status) {
        case Status::downloaded: return "downloaded";
        case Status::kept: return "kept";
        case Status::failed: return "failed";
        case Status::stopped: return "stopped";
    }
    return "";
}

// JSON has to be UTF-8, file names need not be.
std::string dump(const nlohmann::json& document) {
    return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

fs::path path_of(const DownloadTarget& target, const DownloadOptions& options) {
    return options.directory / target.name;
}

bool is_there(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(fs::symlink_status(path, ignored));
}

nlohmann::json mirrors_of(const DownloadTarget& target) {
    auto mirrors = nlohmann::json::array();
    for (const auto& mirror : target.mirrors) mirrors.push_back(url_without_password(mirror));
    return mirrors;
}

nlohmann::json as_json(const DownloadTarget& target, const DownloadReport& report, const DownloadOptions& options) {
    nlohmann::json file{{"url", url_without_password(target.url)},
                        {"path", path_of(target, options).string()},
                        {"status", name_of(report.status)},
                        {"bytes", report.bytes},
                        {"resumed", report.resumed},
                        {"tries", report.tries},
                        {"seconds", report.elapsed.count()}};
    if (report.good() && !report.digest.empty()) file[std::string(key_of(report.digest.kind))] = report.digest.hex;
    if (!target.digest.empty()) file["verified"] = report.good();
    if (!report.note.empty()) file["note"] = report.note;
    for (const auto& source : report.dropped) {
        file["dropped"].push_back({{"url", url_without_password(source.url)}, {"what", source.problem}});
    }
    if (report.status == Status::failed) file["error"] = {{"what", report.problem}, {"advice", report.advice}};
    return file;
}

}  // namespace

std::string plan_as_text(const std::vector<DownloadTarget>& targets, const DownloadOptions& options) {
    std::string text;
    for (const auto& target : targets) {
        const fs::path path = path_of(target, options);
        text += fmt::format("{} from {}", path.string(), url_without_password(target.url));
        for (const auto& mirror : target.mirrors) text += " or " + url_without_password(mirror);
        if (!target.digest.empty()) text += fmt::format(", with {}", target.digest.text());
        text += is_there(path) ? " (there already)\n" : "\n";
    }
    return text;
}

std::string plan_as_json(const std::vector<DownloadTarget>& targets, const DownloadOptions& options) {
    auto files = nlohmann::json::array();
    for (const auto& target : targets) {
        const fs::path path = path_of(target, options);
        nlohmann::json file{{"url", url_without_password(target.url)},
                            {"path", path.string()},
                            {"status", "planned"},
                            {"exists", is_there(path)}};
        if (!target.mirrors.empty()) file["mirrors"] = mirrors_of(target);
        if (!target.digest.empty()) file[std::string(key_of(target.digest.kind))] = target.digest.hex;
        if (target.size) file["size"] = *target.size;
        files.push_back(std::move(file));
    }
    return dump({{"files", std::move(files)}});
}

std::string results_as_json(const std::vector<DownloadTarget>& targets, const std::vector<DownloadReport>& reports,
                            const DownloadOptions& options, Seconds elapsed) {
    auto files = nlohmann::json::array();
    for (std::size_t i = 0; i < targets.size(); ++i) files.push_back(as_json(targets[i], reports[i], options));
    return dump({{"files", std::move(files)}, {"seconds", elapsed.count()}});
}

std::string summary(const std::vector<DownloadTarget>& targets, const std::vector<DownloadReport>& reports,
                    Seconds elapsed) {
    const auto count = [&](Status status) { return std::ranges::count(reports, status, &DownloadReport::status); };
    double bytes = 0;
    for (const auto& report : reports) bytes += static_cast<double>(report.bytes);
    const bool verified = std::ranges::none_of(targets, [](const auto& target) { return target.digest.empty(); });

    std::string text = fmt::format("{} of {} files downloaded{}, {} in {:.1f} s", count(Status::downloaded),
                                   targets.size(), verified ? " and verified" : "", human_size(bytes), elapsed.count());
    if (const auto kept = count(Status::kept); kept > 0) text += fmt::format("; {} there already", kept);
    if (const auto failed = count(Status::failed); failed > 0) text += fmt::format("; {} failed", failed);
    double resumed = 0;
    for (const auto& report : reports) resumed += static_cast<double>(report.resumed);
    if (resumed > 0) text += fmt::format("; {} were there from an earlier run", human_size(resumed));
    if (const auto stopped = count(Status::stopped); stopped > 0) text += fmt::format("; {} stopped", stopped);
    return text + "\n";
}

}  // namespace command
