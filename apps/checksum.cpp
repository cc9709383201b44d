// threadwise checksum: SHA-256 digests of many files at once, as sha256sum writes and checks them.

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/failure.hpp"
#include "files/checksum_list.hpp"
#include "files/digest.hpp"
#include "files/file_tree.hpp"
#include "subcommands.hpp"
#include "terminal/messages.hpp"
#include "terminal/terminal.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace command {
namespace {

struct Arguments {
    std::vector<std::string> paths;
    bool check = false;
    std::size_t jobs = std::max(1U, std::thread::hardware_concurrency());
    bool json = false;
    bool zero = false;
    bool quiet = false;
    bool status = false;
    bool ignore_missing = false;
    bool strict = false;
};

/// The digest of a file, or why there is none.
struct Digested {
    std::string digest;
    std::string problem;
    bool missing = false;
};

Digested digested_file(const std::string& path) {
    try {
        constexpr auto kind = DigestKind::sha256;
        const Digest digest =
            path == standard_input ? digest_of(FileDescriptor::of_standard_input(), kind) : digest_of_file(path, kind);
        return {.digest = digest.hex, .problem = ""};
    } catch (const std::system_error& error) {
        const bool missing = error.code() == std::errc::no_such_file_or_directory;
        return {.digest = "", .problem = error.what(), .missing = missing};
    } catch (const std::exception& error) {
        return {.digest = "", .problem = error.what()};
    }
}

/// Digests the files on several threads, and hands each path's digest to `use(digested)`, in order.
template <class Paths, class Use>
void digest_all(Paths&& paths, std::size_t jobs, Use use) {
    threadwise::ThreadPoolExecutor pool({.max_workers = static_cast<int>(jobs), .thread_name_prefix = "worker"});
    for (const Digested& digested : pool.map({.buffersize = 4 * jobs}, digested_file, paths)) use(digested);
}

void print_json(nlohmann::json files) {
    const nlohmann::json document{{"files", std::move(files)}};
    std::cout << document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

void print_problem_with_file(const std::string& problem) {
    print_problem(STDERR_FILENO, problem, "check the name, and that it may be read");
}

ExitCode list_digests(const Arguments& arguments) {
    const FileTree tree = collect_files(arguments.paths);
    for (const auto& problem : tree.problems) print_problem_with_file(problem);
    auto code = tree.problems.empty() ? all_right : some_failed;

    auto report = nlohmann::json::array();
    auto next = tree.files.begin();
    digest_all(tree.files, arguments.jobs, [&](const Digested& digested) {
        const std::string& path = *next++;
        if (!digested.problem.empty()) {
            print_problem_with_file(digested.problem);
            code = some_failed;
        }
        if (arguments.json) {
            const bool good = digested.problem.empty();
            report.push_back({{"path", path}, {good ? "sha256" : "error", good ? digested.digest : digested.problem}});
        } else if (digested.problem.empty() && arguments.zero) {
            std::cout << digested.digest << "  " << path << '\0';
        } else if (digested.problem.empty()) {
            std::cout << format_checksum_line({digested.digest, path});
        }
    });
    if (arguments.json) print_json(std::move(report));
    return code;
}

ChecksumList read_list(const std::string& path) {
    const bool is_input = path == standard_input;
    std::ifstream file;
    if (!is_input) file.open(path);
    if (!is_input && (!file || std::filesystem::is_directory(path))) {
        throw Failure(request_wrong, fmt::format("cannot read the list {}", path),
                      "check its name, and that it may be read");
    }
    ChecksumList list = read_checksum_list(is_input ? std::cin : file);
    if (!list.lines.empty()) return list;
    throw Failure(
        request_wrong,
        list.malformed.empty() ? fmt::format("{} has no digests in it", path) : describe_malformed(list, path),
        "make it with threadwise checksum PATH...");
}

/// What a check has found; prints it file by file.
class Findings {
public:
    Findings(const Arguments& arguments, std::string_view list_name) : arguments_(arguments), list_name_(list_name) {}

    void add(const ChecksumLine& line, const Digested& digested) {
        if (digested.missing && arguments_.ignore_missing) return;
        ++checked_;
        const bool good = digested.digest == line.digest;
        wrong_ += good ? 0 : 1;
        if (arguments_.status) return;
        if (!digested.problem.empty()) print_problem_with_file(digested.problem);
        if (arguments_.json) {
            const char* status = good ? "ok" : (digested.problem.empty() ? "wrong" : "unreadable");
            files_.push_back({{"path", line.path}, {"status", status}});
        } else if (!good || !arguments_.quiet) {
            const std::string verdict = good ? "OK" : (digested.problem.empty() ? "FAILED" : "FAILED open or read");
            std::cout << escape_checksum_path(line.path) << ": " << verdict << "\n";
        }
    }

    nlohmann::json take_files() { return std::move(files_); }

    /// Prints what concerns them all.
    ExitCode finish(const ChecksumList& list) {
        const bool fails = wrong_ != 0 || checked_ == 0 || (arguments_.strict && !list.malformed.empty());
        const ExitCode code = fails ? some_failed : all_right;
        if (arguments_.status) return code;
        if (!list.malformed.empty()) {
            print_problem(STDERR_FILENO, describe_malformed(list, list_name_), skipped_lines);
        }
        if (wrong_ != 0) {
            print_problem(STDERR_FILENO, fmt::format("{} of {} files are not as {} says", wrong_, checked_, list_name_),
                          "fetch or restore them, or make a new list if the changes are wanted");
        } else if (checked_ == 0) {
            print_problem(STDERR_FILENO, fmt::format("no file of {} is there", list_name_),
                          "run it in the folder that the list's names start from");
        }
        return code;
    }

private:
    const Arguments& arguments_;
    std::string_view list_name_;
    nlohmann::json files_ = nlohmann::json::array();
    std::size_t checked_ = 0;
    std::size_t wrong_ = 0;
};

ExitCode check_list(const Arguments& arguments, const std::string& name, nlohmann::json& report) {
    const ChecksumList list = read_list(name);
    std::vector<std::string> paths;
    paths.reserve(list.lines.size());
    for (const ChecksumLine& line : list.lines) paths.push_back(line.path);
    Findings findings(arguments, name);
    auto next = list.lines.begin();
    digest_all(paths, arguments.jobs, [&](const Digested& digested) { findings.add(*next++, digested); });
    for (auto& file : findings.take_files()) report.push_back(std::move(file));
    return findings.finish(list);
}

ExitCode check_lists(const Arguments& arguments) {
    auto report = nlohmann::json::array();
    auto code = all_right;
    for (const std::string& name : arguments.paths) code = std::max(code, check_list(arguments, name, report));
    if (arguments.json && !arguments.status) print_json(std::move(report));
    return code;
}

}  // namespace

void add_checksum(CLI::App& app, ExitCode& code) {
    auto arguments = std::make_shared<Arguments>();
    auto& a = *arguments;
    auto* sub = app.add_subcommand("checksum", "Print SHA-256 digests as sha256sum does, or check a list of them");
    sub->add_option("PATH", a.paths,
                    "Files, and folders with all that is below them, or lists to check; - is standard input");
    auto* check = sub->add_flag("-c,--check", a.check, "Check the files that the lists PATH name");
    sub->add_option("-j,--jobs", a.jobs, "How many files at once")->check(CLI::Range(1, 1024))->capture_default_str();
    sub->add_flag("--json", a.json, "Print JSON");
    sub->add_flag("-z,--zero", a.zero, "End each line with a NUL, and print names as they are")->excludes(check);
    sub->add_flag("-q,--quiet", a.quiet, "With --check: print nothing for files that are right")->needs(check);
    sub->add_flag("--status", a.status, "With --check: print nothing, the exit code tells")->needs(check);
    sub->add_flag("--ignore-missing", a.ignore_missing, "With --check: pass over files that are not there")
        ->needs(check);
    sub->add_flag("--strict", a.strict, "With --check: fail when a line of the list is malformed")->needs(check);
    sub->footer(
        "Sorted by path. Ends with 0 when every file could be read and, with --check, is as the list says; 1 when any\n"
        "is not; 2 when the request was wrong.\n\n"
        "Examples:\n"
        "  threadwise checksum release/ > SHA256SUMS\n"
        "  threadwise checksum --check SHA256SUMS\n"
        "  threadwise checksum --check --quiet --ignore-missing SHA256SUMS\n"
        "  sha256sum --check SHA256SUMS");
    sub->callback([arguments, &code] {
        end_without_reader();
        if (arguments->paths.empty()) {
            throw Failure(request_wrong, "there is nothing to compute or check",
                          "name files or folders, or - for standard input; or lists of digests after --check");
        }
        code = arguments->check ? check_lists(*arguments) : list_digests(*arguments);
    });
}

}  // namespace command
