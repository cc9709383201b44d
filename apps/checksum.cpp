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

#include "failure.hpp"
#include "files/checksum_list.hpp"
#include "files/file_tree.hpp"
#include "files/sha256.hpp"
#include "subcommands.hpp"
#include "terminal/messages.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace command {
namespace {

struct Arguments {
    std::vector<std::string> paths;
    std::string list;
    std::size_t jobs = std::max(1U, std::thread::hardware_concurrency());
    bool json = false;
};

/// The digest of a file, or why there is none.
struct Digested {
    std::string digest;
    std::string problem;
};

Digested digest(const std::string& path) {
    try {
        return {sha256_of_file(path), ""};
    } catch (const std::exception& error) {
        return {"", error.what()};
    }
}

/// Digests the files on several threads, and hands each path's digest to `use(digested)`, in order.
template <class Paths, class Use>
void digest_all(Paths&& paths, std::size_t jobs, Use use) {
    threadwise::ThreadPoolExecutor pool({.max_workers = static_cast<int>(jobs), .thread_name_prefix = "worker"});
    for (const Digested& digested : pool.map({.buffersize = 4 * jobs}, digest, paths)) use(digested);
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
        } else if (digested.problem.empty()) {
            std::cout << format_checksum_line({digested.digest, path});
        }
    });
    if (arguments.json) print_json(std::move(report));
    return code;
}

ExitCode check_digests(const Arguments& arguments) {
    std::ifstream file(arguments.list);
    if (!file || std::filesystem::is_directory(arguments.list)) {
        throw Failure(request_wrong, fmt::format("cannot read the list {}", arguments.list),
                      "check its name, and that it may be read");
    }
    const auto lines = read_checksum_list(file, arguments.list);
    if (lines.empty()) {
        throw Failure(request_wrong, fmt::format("{} has no digests in it", arguments.list),
                      "make it with threadwise checksum PATH...");
    }

    std::size_t wrong = 0;
    auto report = nlohmann::json::array();
    std::vector<std::string> paths;
    paths.reserve(lines.size());
    for (const ChecksumLine& line : lines) paths.push_back(line.path);
    auto next = lines.begin();
    digest_all(paths, arguments.jobs, [&](const Digested& digested) {
        const ChecksumLine& line = *next++;
        const bool good = digested.digest == line.digest;
        wrong += good ? 0 : 1;
        if (!digested.problem.empty()) print_problem_with_file(digested.problem);
        if (arguments.json) {
            const char* status = good ? "ok" : (digested.problem.empty() ? "wrong" : "unreadable");
            report.push_back({{"path", line.path}, {"status", status}});
        } else {
            const std::string verdict = good ? "OK" : (digested.problem.empty() ? "FAILED" : "FAILED open or read");
            std::cout << escape_checksum_path(line.path) << ": " << verdict << "\n";
        }
    });
    if (arguments.json) print_json(std::move(report));
    if (wrong == 0) return all_right;
    print_problem(STDERR_FILENO, fmt::format("{} of {} files are not as {} says", wrong, lines.size(), arguments.list),
                  "fetch or restore them, or make a new list if the changes are wanted");
    return some_failed;
}

}  // namespace

void add_checksum(CLI::App& app, ExitCode& code) {
    auto arguments = std::make_shared<Arguments>();
    auto& a = *arguments;
    auto* sub = app.add_subcommand("checksum", "Print SHA-256 digests as sha256sum does, or check a list of them");
    auto* paths = sub->add_option("PATH", a.paths, "Files, and folders with all that is below them");
    auto* check =
        sub->add_option("-c,--check", a.list, "Check the files that a list names")->type_name("FILE")->excludes(paths);
    sub->add_option("-j,--jobs", a.jobs, "How many files at once")->check(CLI::Range(1, 1024))->capture_default_str();
    sub->add_flag("--json", a.json, "Print JSON");
    sub->footer(
        "Sorted by path. Ends with 0 when every file could be read and, with --check, is as the list says; 1 when any\n"
        "is not; 2 when the request was wrong.\n\n"
        "Examples:\n"
        "  threadwise checksum release/ > SHA256SUMS\n"
        "  threadwise checksum --check SHA256SUMS\n"
        "  sha256sum --check SHA256SUMS");
    sub->callback([arguments, paths, check, &code] {
        if (paths->empty() && check->empty()) {
            throw Failure(request_wrong, "there is nothing to compute or check",
                          "name files or folders, or a list with --check FILE");
        }
        code = check->empty() ? list_digests(*arguments) : check_digests(*arguments);
    });
}

}  // namespace command
