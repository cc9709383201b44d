// The `threadwise` command. docs/command.md is its manual.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <iostream>

#include "failure.hpp"
#include "subcommands.hpp"
#include "terminal/messages.hpp"
#include "threadwise/version.hpp"

namespace {

int run(int argc, char** argv) {
    CLI::App app("Downloads, serves and checks files, many at once, on the threads of the threadwise library.");
    app.name("threadwise");
    app.set_version_flag("--version", fmt::format("threadwise {}", threadwise::version()));
    app.require_subcommand(1);
    app.footer("threadwise SUBCOMMAND --help tells more.");

    auto code = command::all_right;
    command::add_download(app, code);
    command::add_serve(app, code);
    command::add_checksum(app, code);
    command::add_demo(app, code);

    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& request) {
        return app.exit(request);
    } catch (const CLI::CallForAllHelp& request) {
        return app.exit(request);
    } catch (const CLI::CallForVersion& request) {
        return app.exit(request);
    } catch (const CLI::ParseError& error) {
        throw command::Failure(command::request_wrong, error.what(), "threadwise --help lists what there is");
    }
    if (!std::cout.flush()) {
        throw command::Failure(command::some_failed, "cannot write standard output", "check where it goes");
    }
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    // A write that a limit or a reader forbids is then an error with a message instead of a silent end.
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run(argc, argv);
    } catch (const command::Failure& failure) {
        command::print_problem(STDERR_FILENO, failure.what(), failure.advice());
        return failure.code();
    } catch (const std::exception& error) {
        command::print_problem(STDERR_FILENO, error.what(), "");
        return command::some_failed;
    }
}
