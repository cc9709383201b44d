#pragma once
// What a command prints, and how it ends.

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace threadwise::testing {

struct CommandOutput {
    std::string text;
    int status = 0;  ///< the exit status; 128 + the signal that ended it
};

/// Runs a shell command to its end. `2>&1` in it gets what goes to stderr, too.
inline CommandOutput output_of_command(const std::string& command) {
    std::FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return {.text = "cannot run " + command, .status = -1};
    CommandOutput output;
    std::array<char, 4096> part{};
    while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe))
        output.text.append(part.data(), size);
    const int raw = pclose(pipe);
    output.status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return output;
}

}  // namespace threadwise::testing
