// threadwise download: many files at once, each whole and verified or not there at all.

#include <fmt/format.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "choice.hpp"
#include "download/download_plan.hpp"
#include "download/metalink.hpp"
#include "download/request_check.hpp"
#include "download/results.hpp"
#include "download/url_glob.hpp"
#include "download/url_list.hpp"
#include "http/file_url.hpp"
#include "subcommands.hpp"
#include "terminal/messages.hpp"
#include "terminal/progress_bars.hpp"
#include "terminal/stop_signals.hpp"
#include "transfer/clean_up.hpp"
#include "transfer/download_all.hpp"

namespace command {
namespace {

namespace fs = std::filesystem;
using Status = DownloadReport::Status;

struct Arguments {
    std::vector<std::string> urls;
    std::string input;
    std::vector<std::string> metalinks;
    std::string output;
    std::string checksums;
    DownloadOptions options;
    double first_backoff = 0.5;
    long timeout = 30;
    std::string rate;
    std::string rate_each;
    std::size_t jobs = 0;
    bool json = false;
    bool quiet = false;
    bool globs_off = false;
    bool dry_run = false;
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
    for (const auto& argument : arguments.urls) {
        const auto urls = arguments.globs_off ? std::vector{argument} : expand_url(argument);
        for (const auto& url : urls) wanted.push_back({url, ""});
    }
    if (arguments.input == "-") {
        std::ranges::move(read_url_list(std::cin, "standard input"), std::back_inserter(wanted));
        // std::cin reports an error as the end of the input.
        if (std::ferror(stdin) != 0)
            throw Failure(request_wrong, "cannot read standard input", "check where it comes from");
    } else if (!arguments.input.empty()) {
        auto list = open_list(arguments.input);
        std::ranges::move(read_url_list(list, arguments.input), std::back_inserter(wanted));
    }
    for (const auto& path : arguments.metalinks) std::ranges::move(read_metalink(path), std::back_inserter(wanted));
    if (wanted.empty()) {
        throw Failure(request_wrong, "there is nothing to download",
                      "give URLs, or a list of them with --input FILE or --metalink FILE");
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

void warn_of_damage(Journal& journal) {
    print_problem(STDERR_FILENO,
                  fmt::format("the journal {} has {} damaged lines",
                              (journal.directory() / Journal::file_name).string(), journal.damaged()),
                  "files that it does not know any more are fetched from their beginning");
}

// Prints which mirrors were dropped, and why files of which an earlier run had left a part were fetched from the
// beginning.
void print_notes(const std::vector<DownloadTarget>& targets, const std::vector<DownloadReport>& reports) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
        for (const auto& source : reports[i].dropped) {
            print_problem(STDERR_FILENO, fmt::format("{}: {}", url_for_messages(source.url), source.problem),
                          fmt::format("\"{}\" was asked for elsewhere", targets[i].name));
        }
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
    check_request(arguments.options.requests);
    const auto targets = targets_of(arguments);
    if (arguments.dry_run) {
        const auto& options = arguments.options;
        std::cout << (arguments.json ? plan_as_json(targets, options) : plan_as_text(targets, options));
        return all_right;
    }
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
        std::cout << results_as_json(targets, reports, arguments.options, elapsed);
    } else if (!arguments.quiet) {
        std::cout << summary(targets, reports, elapsed);
    }
    const bool all_good = std::ranges::all_of(reports, &DownloadReport::good);
    if (!all_good && signals.received() != 0) return stopped_by(signals.received());
    return all_good ? all_right : some_failed;
}

void add_inputs(CLI::App& sub, Arguments& a) {
    sub.add_option("URL", a.urls,
                   "What to download; the file's name is the last part of the URL's path. {a,b}, [001-100] and [a-z] "
                   "stand for several URLs");
    sub.add_flag("-g,--globoff", a.globs_off, "Take {} and [] in URLs as they are");
    sub.add_option("-i,--input", a.input,
                   "A list with URL, its mirrors and NAME on each line, and indented lines out=NAME and "
                   "checksum=KIND=DIGEST; - reads standard input")
        ->type_name("FILE");
    sub.add_option("-M,--metalink", a.metalinks, "A Metalink 4 file, with files, their mirrors and digests")
        ->type_name("FILE")
        ->allow_extra_args(false);
    sub.add_option("-d,--directory", a.options.directory, "Where the files go; made if it is not there")
        ->type_name("DIR");
    sub.add_option("-o,--output", a.output, "The file's name, when there is one URL")->type_name("NAME");
    sub.add_option("--checksum", a.checksums, "A list as sha256sum writes it; each file must match its line")
        ->type_name("FILE");
    add_choice(sub, "--existing", a.options.existing, "What to do where a file of that name is there already",
               {{"fail", Existing::fail}, {"keep", Existing::keep}, {"replace", Existing::replace}});
}

void add_requests(CLI::App& sub, RequestOptions& requests) {
    sub.add_option("-H,--header", requests.headers, "A header to send; for the hosts of the URLs alone")
        ->type_name("\"NAME: VALUE\"")
        ->allow_extra_args(false);
    sub.add_option("-u,--user", requests.user, "User and password for the hosts of the URLs; better in --netrc")
        ->type_name("NAME:PASSWORD");
    sub.add_flag("--netrc", requests.use_netrc, "Take users and passwords from ~/.netrc");
    sub.add_option("--netrc-file", requests.netrc_file, "The same from this file")->type_name("FILE");
    sub.add_option("--cookie-file", requests.cookie_file, "Cookies to send, in Netscape's format")->type_name("FILE");
    sub.add_option("--cert", requests.certificate, "The certificate to show to servers (PEM)")->type_name("FILE");
    sub.add_option("--key", requests.key, "Its key, where that is in another file (PEM)")->type_name("FILE");
    sub.add_option("--cacert", requests.ca_file, "Trust the certificates in this file instead of the system's")
        ->type_name("FILE")
        ->envname("SSL_CERT_FILE");
    sub.add_option("--proxy", requests.proxy, "The proxy to use, instead of the one that http_proxy and its like name")
        ->type_name("URL");
    sub.add_option("--referer", requests.referer, "The page that the files are said to be linked from")
        ->type_name("URL");
    sub.add_option("--user-agent", requests.user_agent, "What the command says it is")
        ->type_name("TEXT")
        ->capture_default_str();
    sub.add_flag("--leave-https", requests.may_leave_https, "Follow redirections from https to http, too");
}

void add_efforts(CLI::App& sub, Arguments& a) {
    sub.add_option("-j,--jobs", a.jobs, "How many files at once; without it, as many as prove to be worth it")
        ->check(CLI::Range(1, 1024));
    sub.add_option("--limit-rate", a.rate, "Bytes a second of all files together; 500k, 2M and 1G are understood")
        ->type_name("RATE");
    sub.add_option("--limit-rate-each", a.rate_each, "Bytes a second of each file")->type_name("RATE");
    sub.add_option("--retries", a.options.retries, "Further tries after a failure that may pass")
        ->check(CLI::Range(0, 100))
        ->capture_default_str();
    sub.add_option("--backoff", a.first_backoff, "Seconds before the first of them; doubled for each further one")
        ->check(CLI::Range(0.0, longest_backoff.count()))
        ->capture_default_str();
    sub.add_option("--timeout", a.timeout, "Seconds in which nothing arrives after which a try has failed")
        ->check(CLI::Range(1, 86400))
        ->capture_default_str();
    sub.add_flag("--no-sync", a.no_sync, "Do not wait until files are on the disk before they get their names");
}

// Brings the values of options into the form that they are used in.
void complete(Arguments& a) {
    a.options.first_backoff = Seconds(a.first_backoff);
    a.options.sync = !a.no_sync;
    a.options.digests = a.json;
    RequestOptions& requests = a.options.requests;
    requests.timeout = std::chrono::seconds(a.timeout);
    if (!requests.netrc_file.empty()) requests.use_netrc = true;
    a.options.rate = parse_rate(a.rate, "--limit-rate");
    requests.rate = parse_rate(a.rate_each, "--limit-rate-each");
    const bool total_is_less = a.options.rate > 0 && (requests.rate == 0 || a.options.rate < requests.rate);
    if (total_is_less) requests.rate = a.options.rate;
}

}  // namespace

void add_download(CLI::App& app, ExitCode& code) {
    auto arguments = std::make_shared<Arguments>();
    auto& a = *arguments;
    auto* sub = app.add_subcommand("download", "Download files over HTTP, many at once");
    add_inputs(*sub, a);
    add_requests(*sub, a.options.requests);
    add_efforts(*sub, a);
    sub->add_flag("--dry-run", a.dry_run, "Print what would be fetched from where, and end");
    sub->add_flag("--clean", a.clean, "Remove what unfinished downloads have left in the folder, and end");
    sub->add_flag("--json", a.json, "Print what became of each file as JSON");
    sub->add_flag("-q,--quiet", a.quiet, "Print failures only");
    sub->footer(
        "The same command again goes on where it was stopped, killed or failed.\n\n"
        "Ends with 0 when every file is there and right, 1 when any is not, 2 when the request was wrong and\n"
        "nothing was begun, and 128 and its number after a signal: 129 (SIGHUP), 130 (Ctrl-C), 143 (SIGTERM).\n\n"
        "Examples:\n"
        "  threadwise download https://example.org/a.bin https://example.org/b.bin\n"
        "  threadwise download -j 16 -d out -i urls.txt --checksum SHA256SUMS\n"
        "  threadwise download 'https://example.org/part-[001-100].bin' --limit-rate 5M\n"
        "  threadwise download --existing keep --json -i urls.txt > report.json");
    sub->callback([arguments, &code] {
        complete(*arguments);
        code = download(*arguments);
    });
}

}  // namespace command
