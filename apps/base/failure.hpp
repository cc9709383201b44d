#pragma once
// How the command says that something went wrong: what, where, and what to do about it.

#include <stdexcept>
#include <string>
#include <utility>

namespace command {

/// What a subcommand ends with. docs/command.md lists them for users.
enum ExitCode : int {
    all_right = 0,
    some_failed = 1,    ///< at least one file is missing or wrong
    request_wrong = 2,  ///< the request itself cannot be carried out; nothing was begun

    // Of the subcommands that look into a process:
    no_such_process = 3,
    not_permitted = 4,
    not_published = 5,  ///< it does not show its threads
    other_version = 6,
    process_ended = 7,  ///< while it was looked at
};

/// What it ends with after `signal` stopped it, as shells spell it: 130 for Ctrl-C.
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
