#pragma once
// How the command says that something went wrong: what, where, and what to do about it.

#include <stdexcept>
#include <string>
#include <utility>

namespace command {

/// The exit codes of the command. docs/command.md documents them.
enum ExitCode : int {
    all_right = 0,
    some_failed = 1,    ///< at least one file is missing or wrong
    request_wrong = 2,  ///< the command line is wrong, or the request impossible; nothing was begun

    // Only from the subcommands that look into a process:
    no_such_process = 3,
    not_permitted = 4,
    not_published = 5,  ///< the process does not publish its threads
    other_version = 6,
    process_ended = 7,  ///< the process ended while it was looked at
};

/// The exit code after `signal` stopped the command, by the shells' convention: 130 for Ctrl-C.
constexpr ExitCode stopped_by(int signal) { return static_cast<ExitCode>(128 + signal); }

/// Ends the command with `code` after printing `what()` and, on a line of its own, what to do.
class Failure : public std::runtime_error {
public:
    Failure(ExitCode code, const std::string& what, std::string advice = {})
        : std::runtime_error(what), code_(code), advice_(std::move(advice)) {}

    ExitCode code() const noexcept { return code_; }
    const std::string& advice() const noexcept { return advice_; }

private:
    ExitCode code_;
    std::string advice_;
};

}  // namespace command
