#pragma once
// The subcommands.

#include <CLI/CLI.hpp>

#include "base/failure.hpp"

namespace command {

/// Each function adds a subcommand to `app`. When the command line names it, parsing runs it and sets `code` to its
/// exit code.
void add_download(CLI::App& app, ExitCode& code);
void add_serve(CLI::App& app, ExitCode& code);
void add_checksum(CLI::App& app, ExitCode& code);
void add_demo(CLI::App& app, ExitCode& code);
void add_ps(CLI::App& app, ExitCode& code);
void add_dump(CLI::App& app, ExitCode& code);
void add_top(CLI::App& app, ExitCode& code);
void add_record(CLI::App& app, ExitCode& code);
void add_completion(CLI::App& app, ExitCode& code);
void add_manual(CLI::App& app, ExitCode& code);

}  // namespace command
