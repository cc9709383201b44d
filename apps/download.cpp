// threadwise download: many files at once, each whole and verified or not there at all.

#include <fmt/format.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "choice.hpp"
#include "http/file_url.hpp"
#include "subcommands.hpp"
#include "terminal/messages.hpp"
#include "terminal/progress_bars.hpp"
#include "terminal/sizes.hpp"
#include "terminal/stop_signals.hpp"
#include "transfer/clean_up.hpp"
#include "transfer/download_all.hpp"
#include "transfer/download_plan.hpp"

namespace command {
namespace {

namespace fs = std::filesystem;
using Status = DownloadReport::Status;

struct Arguments {
    std::vector<std::string> urls;
    std::string input;
    std::string output;
    std::string checksums;
    DownloadOptions options;
    double first_backoff = 0.5;
    long timeout = 30;
    std::size_t jobs = 0;
    bool json = false;
    bool quiet = false;
    bool clean = false;
    bool no_sync = false;
};

std::ifstream open_list(const std::string& path) {
    std::ifstream file(path);
    if (!file || fs::is_directory(path)) {
        throw Failure(request_wrong, fmt::format("cannot read the list {}", path),
                      "check its name, and that it may be read");
    }
    return file;
}

std::vector<WantedFile> wanted_files(const Arguments& arguments) {
    std::vector<WantedFile> wanted;
    for (const auto& url : arguments.urls) wanted.push_back({url, ""});
    if (arguments.input == "-") {
        std::ranges::move(read_url_list(std::cin, "standard input"), std::back_inserter(wanted));
        // std::cin reports an error as the end of the input.
        if (std::ferror(stdin) != 0)
            throw Failure(request_wrong, "cannot read standard input", "check where it comes from");
    } else if (!arguments.input.empty()) {
        auto list = open_list(arguments.input);
        std::ranges::move(read_url_list(list, arguments.input), std::back_inserter(wanted));
    }
    if (wanted.empty()) {
        throw Failure(request_wrong, "there is nothing to download", "give URLs, or a list of them with --input FILE");
    }
    if (!arguments.output.empty()) {
        if (wanted.size() > 1) {
            throw Failure(request_wrong, "--output names one file, but there are several URLs",
                          "name the files in an --input list, with lines \"URL NAME\"");
        }
        wanted.front().name = arguments.output;
    }
    return wanted;
}

std::vector<DownloadTarget> targets_of(const Arguments& arguments) {
    const auto wanted = wanted_files(arguments);
    if (arguments.checksums.empty()) return plan_downloads(wanted, nullptr);
    auto list = open_list(arguments.checksums);
    const ChecksumList checksums = read_checksum_list(list);
    if (!checksums.malformed.empty()) {
        print_problem(STDERR_FILENO, describe_malformed(checksums, arguments.checksums), skipped_lines);
    }
    return plan_downloads(wanted, &checksums.lines);
}

void prepare_directory(const fs::path& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (!error && !fs::is_directory(directory)) error = std::make_error_code(std::errc::not_a_directory);
    if (error || ::access(directory.c_str(), W_OK | X_OK) == -1) {
        if (!error) error = std::error_code(errno, std::generic_category());
        throw Failure(some_failed,
                      fmt::format("cannot write into the folder {}: {}", directory.string(), error.message()),
                      "choose another with --directory DIR");
    }
}

// Creates the folder, and the folders below it that files are put into.
void prepare_directories(const fs::path& directory, const std::vector<DownloadTarget>& targets) {
    std::set<fs::path> directories{directory};
    for (const auto& target : targets) directories.insert((directory / target.name).parent_path());
    for (const auto& one : directories) prepare_directory(one);
}

const char* name_of(Status status) {
    switch (status) {
        case Status::downloaded: return "downloaded";
        case Status::kept: return "kept";
        case Status::failed: return "failed";
        case Status::stopped: return "stopped";
    }
    return "";
}

std::string as_json(const std::vector<DownloadTarget>& targets, const std::vector<DownloadReport>& reports,
                    const DownloadOptions& options, Seconds elapsed) {
    auto files = nlohmann::json::array();
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const auto& report = reports[i];
        nlohmann::json file{{"url", url_without_password(targets[i].url)},
                            {"path", (options.directory / targets[i].name).string()},
                            {"status", name_of(report.status)},
                            {"bytes", report.bytes},
                            {"resumed", report.resumed},
                            {"tries", report.tries},
                            {"seconds", report.elapsed.count()}};
        if (report.good() && !report.digest.empty()) file["sha256"] = report.digest;
        if (!targets[i].digest.empty()) file["verified"] = report.good();
        if (!report.note.empty()) file["note"] = report.note;
        if (report.status == Status::failed) file["error"] = {{"what", report.problem}, {"advice", report.advice}};
        files.push_back(std::move(file));
    }
    const nlohmann::json document{{"files", std::move(files)}, {"seconds", elapsed.count()}};
    // JSON has to be UTF-8, file names need not be.
    return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
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

void warn_of_damage(Journal& journal) {
    print_problem(STDERR_FILENO,
                  fmt::format("the journal {} has {} damaged lines",
                              (journal.directory() / Journal::file_name).string(), journal.damaged()),
                  "files that it does not know any more are fetched from their beginning");
}

// Prints why files of which an earlier run had left a part were fetched from the beginning.
void print_notes(const std::vector<DownloadTarget>& targets, const std::vector<DownloadReport>& reports) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
        if (reports[i].note.empty()) continue;
        print_problem(STDERR_FILENO, fmt::format("{}: {}", url_for_messages(targets[i].url), reports[i].note),
                      "the file was fetched from its beginning");
    }
}

// Removes partial files and the journal's lines about them, and nothing else.
ExitCode clean(const Arguments& arguments) {
    Journal journal(arguments.options.directory);
    const CleanUp done = remove_partial_files(journal);
    for (const auto& path : done.removed) fmt::print("{}\n", path.string());
    for (const auto& problem : done.problems) print_problem(STDERR_FILENO, problem, "");
    if (!arguments.quiet) {
        fmt::print(stderr, "{} partial files removed{}\n", done.removed.size(),
                   done.in_use == 0 ? "" : fmt::format("; {} are in use", done.in_use));
    }
    return done.problems.empty() ? all_right : some_failed;
}

ExitCode download(const Arguments& arguments) {
    // libcurl takes host names to be in the locale's encoding; those in URLs are in UTF-8 in every locale.
    std::setlocale(LC_CTYPE, "C.UTF-8");  // NOLINT(concurrency-mt-unsafe): no other thread is there yet
    if (arguments.clean) return clean(arguments);
    const auto targets = targets_of(arguments);
    prepare_directories(arguments.options.directory, targets);

    const StopSignals signals;
    Journal journal(arguments.options.directory);
    if (journal.damaged() > 0) warn_of_damage(journal);
    const auto begin = std::chrono::steady_clock::now();
    BatchProgress progress = make_progress(targets);
    std::vector<DownloadReport> reports;
    {
        ProgressBars bars(progress, STDERR_FILENO, !arguments.quiet);
        reports = download_all(targets, arguments.options, arguments.jobs, journal, progress, signals.token(),
                               [&] { bars.draw(); });
    }
    const Seconds elapsed = std::chrono::steady_clock::now() - begin;

    for (std::size_t i = 0; i < targets.size(); ++i) {
        if (reports[i].status != Status::failed) continue;
        print_problem(STDERR_FILENO, fmt::format("{}: {}", url_for_messages(targets[i].url), reports[i].problem),
                      reports[i].advice);
    }
    if (!arguments.quiet) print_notes(targets, reports);
    if (arguments.json) {
        std::cout << as_json(targets, reports, arguments.options, elapsed);
    } else if (!arguments.quiet) {
        std::cout << summary(targets, reports, elapsed);
    }
    const bool all_good = std::ranges::all_of(reports, &DownloadReport::good);
    if (!all_good && signals.received() != 0) return stopped_by(signals.received());
    return all_good ? all_right : some_failed;
}

}  // namespace

void add_download(CLI::App& app, ExitCode& code) {
    auto arguments = std::make_shared<Arguments>();
    auto& a = *arguments;
    auto* sub = app.add_subcommand("download", "Download files over HTTP, many at once");
    sub->add_option("URL", a.urls, "What to download; the file's name is the last part of the URL's path");
    sub->add_option("-i,--input", a.input, "A list with URL or URL NAME on each line; - reads standard input")
        ->type_name("FILE");
    sub->add_option("-d,--directory", a.options.directory, "Where the files go; made if it is not there")
        ->type_name("DIR");
    sub->add_option("-o,--output", a.output, "The file's name, when there is one URL")->type_name("NAME");
    sub->add_option("-j,--jobs", a.jobs, "How many files at once; without it, as many as prove to be worth it")
        ->check(CLI::Range(1, 1024));
    sub->add_option("--cacert", a.options.ca_file, "Trust the certificates in this file instead of the system's")
        ->type_name("FILE")
        ->envname("SSL_CERT_FILE");
    sub->add_option("--checksum", a.checksums, "A list as sha256sum writes it; each file must match its line")
        ->type_name("FILE");
    add_choice(*sub, "--existing", a.options.existing, "What to do where a file of that name is there already",
               {{"fail", Existing::fail}, {"keep", Existing::keep}, {"replace", Existing::replace}});
    sub->add_option("--retries", a.options.retries, "Further tries after a failure that may pass")
        ->check(CLI::Range(0, 100))
        ->capture_default_str();
    sub->add_option("--backoff", a.first_backoff, "Seconds before the first of them; doubled for each further one")
        ->check(CLI::Range(0.0, longest_backoff.count()))
        ->capture_default_str();
    sub->add_option("--timeout", a.timeout, "Seconds in which nothing arrives after which a try has failed")
        ->check(CLI::Range(1, 86400))
        ->capture_default_str();
    sub->add_flag("--clean", a.clean, "Remove what unfinished downloads have left in the folder, and end");
    sub->add_flag("--no-sync", a.no_sync, "Do not wait until files are on the disk before they get their names");
    sub->add_flag("--json", a.json, "Print what became of each file as JSON");
    sub->add_flag("-q,--quiet", a.quiet, "Print failures only");
    sub->footer(
        "The same command again goes on where it was stopped, killed or failed.\n\n"
        "Ends with 0 when every file is there and right, 1 when any is not, 2 when the request was wrong and\n"
        "nothing was begun, and 128 and its number after a signal: 129 (SIGHUP), 130 (Ctrl-C), 143 (SIGTERM).\n\n"
        "Examples:\n"
        "  threadwise download https://example.org/a.bin https://example.org/b.bin\n"
        "  threadwise download -j 16 -d out -i urls.txt --checksum SHA256SUMS\n"
        "  threadwise download --existing keep --json -i urls.txt > report.json");
    sub->callback([arguments, &code] {
        arguments->options.first_backoff = Seconds(arguments->first_backoff);
        arguments->options.sync = !arguments->no_sync;
        arguments->options.digests = arguments->json;
        arguments->options.timeout = std::chrono::seconds(arguments->timeout);
        code = download(*arguments);
    });
}

}  // namespace command
