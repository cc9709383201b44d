#pragma once
// The subcommands: each adds itself to the command line, and does its work when it was chosen.

#include <CLI/CLI.hpp>

#include "base/failure.hpp"

namespace command {

/// Each adds one subcommand to `app`; when the user chose it, it leaves in `code` what to end with.
void add_download(CLI::App& app, ExitCode& code);
void add_serve(CLI::App& app, ExitCode& code);
void add_checksum(CLI::App& app, ExitCode& code);
void add_demo(CLI::App& app, ExitCode& code);
void add_ps(CLI::App& app, ExitCode& code);
void add_dump(CLI::App& app, ExitCode& code);
void add_completion(CLI::App& app, ExitCode& code);
void add_manual(CLI::App& app, ExitCode& code);

}  // namespace command
