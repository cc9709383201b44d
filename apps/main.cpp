// The `threadwise` command. docs/command.md is its manual.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "base/failure.hpp"
#include "subcommands.hpp"
#include "terminal/messages.hpp"
#include "terminal/suggestion.hpp"
#include "threadwise/version.hpp"

namespace {

using command::Failure;

std::vector<std::string> names_of_subcommands(const CLI::App& app) {
    std::vector<std::string> names{"help"};
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(sub->get_name());
    return names;
}

std::vector<std::string> names_of_options(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
    return names;
}

std::string suggest(const std::string& word, const std::vector<std::string>& known, const std::string& otherwise) {
    const std::string nearest = command::nearest_word(word, known);
    return nearest.empty() ? otherwise : fmt::format("did you mean {}? {}", nearest, otherwise);
}

/// Turns "help download" into "download --help", and "help" into "--help".
void turn_help_into_option(std::vector<std::string>& words) {
    if (words.empty() || words.front() != "help") return;
    words.erase(words.begin());
    words.emplace_back("--help");
}

void check_subcommand(const CLI::App& app, const std::vector<std::string>& words) {
    if (words.empty()) {
        std::cerr << app.help();
        throw Failure(command::request_wrong, "a subcommand is missing", "name one of those above");
    }
    const std::string& word = words.front();
    const auto known = names_of_subcommands(app);
    if (word.starts_with('-') || std::ranges::find(known, word) != known.end()) return;
    throw Failure(command::request_wrong, fmt::format("there is no subcommand \"{}\"", word),
                  suggest(word, known, "threadwise --help lists what there is"));
}

/// Says which option or argument is wrong, and suggests what may have been meant.
Failure failure_of(const CLI::ParseError& error, const CLI::App& app) {
    const auto chosen = app.get_subcommands();
    const CLI::App& used = chosen.empty() ? app : *chosen.front();
    const std::string help =
        chosen.empty() ? "threadwise --help" : fmt::format("threadwise {} --help", used.get_name());
    auto left = app.remaining(true);
    std::erase(left, "--");
    if (left.empty()) return {command::request_wrong, error.what(), help + " tells more"};
    const auto option = std::ranges::find_if(left, [](const auto& word) { return word.size() > 1 && word[0] == '-'; });
    if (option == left.end()) {
        return {command::request_wrong, fmt::format("\"{}\" is too much", left.front()), help + " tells more"};
    }
    const std::string name = option->substr(0, option->find('='));
    return {command::request_wrong, fmt::format("there is no option {}", name),
            suggest(name, names_of_options(used), help + " lists what there is")};
}

/// Opens those of descriptors 0 to 2 that are closed, as otherwise the next file or socket would get that number, and
/// messages would be written into it. They are opened in the wrong mode, so that using them remains an error.
void keep_standard_descriptors() {
    for (const auto& [descriptor, mode] :
         {std::pair(STDIN_FILENO, O_WRONLY), {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_RDONLY}}) {
        if (::fcntl(descriptor, F_GETFD) == -1) static_cast<void>(::open("/dev/null", mode));
    }
}

/// Parses the command line, and so runs the subcommand that it names. The exit code.
int parse_and_run(CLI::App& app, std::vector<std::string> words, const command::ExitCode& code) {
    std::ranges::reverse(words);  // CLI11 takes them from the end
    try {
        app.parse(words);
        return code;
    } catch (const CLI::Success& request) {
        return app.exit(request);  // prints the help or the version
    } catch (const CLI::ParseError& error) {
        throw failure_of(error, app);
    }
}

int run(std::vector<std::string> words) {
    CLI::App app(
        "Downloads, serves and checks files, many at once, on the threads of the threadwise library; shows what the "
        "threads of programs that use it are doing.");
    app.name("threadwise");
    app.set_version_flag("--version", fmt::format("threadwise {}", threadwise::version()));
    app.require_subcommand(1);
    app.footer("threadwise SUBCOMMAND --help tells more.");

    auto code = command::all_right;
    command::add_download(app, code);
    command::add_serve(app, code);
    command::add_checksum(app, code);
    command::add_demo(app, code);
    command::add_ps(app, code);
    command::add_dump(app, code);
    command::add_top(app, code);
    command::add_record(app, code);
    command::add_completion(app, code);
    command::add_manual(app, code);

    turn_help_into_option(words);
    check_subcommand(app, words);
    const int result = parse_and_run(app, std::move(words), code);
    if (!std::cout.flush()) {
        throw Failure(command::some_failed, "cannot write standard output", "check where it goes");
    }
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    keep_standard_descriptors();
    // A write beyond a size limit or into a closed pipe then fails with an error, instead of killing the process.
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run({argv + std::min(argc, 1), argv + argc});
    } catch (const command::Failure& failure) {
        command::print_problem(STDERR_FILENO, failure.what(), failure.advice());
        return failure.code();
    } catch (const std::exception& error) {
        command::print_problem(STDERR_FILENO, error.what(), "");
        return command::some_failed;
    }
}
