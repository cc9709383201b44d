// threadwise completion: what makes a shell complete the command's words.

#include <iostream>
#include <memory>

#include "choice.hpp"
#include "manual/completion.hpp"
#include "subcommands.hpp"
#include "terminal/terminal.hpp"

namespace command {
namespace {

enum class Shell { bash, zsh, fish };

std::string completion_of(Shell shell, const std::vector<CommandEntry>& table) {
    switch (shell) {
        case Shell::zsh: return zsh_completion(table);
        case Shell::fish: return fish_completion(table);
        case Shell::bash: break;
    }
    return bash_completion(table);
}

}  // namespace

void add_completion(CLI::App& app, ExitCode& code) {
    auto shell = std::make_shared<Shell>(Shell::bash);
    auto* sub = app.add_subcommand("completion", "Print what makes a shell complete the command's words");
    add_choice(*sub, "SHELL", *shell, "The shell", {{"bash", Shell::bash}, {"zsh", Shell::zsh}, {"fish", Shell::fish}})
        ->default_str("")
        ->required();
    sub->footer(
        "Installed packages have them in place already.\n"
        "\n"
        "Examples:\n"
        "  threadwise completion bash > ~/.local/share/bash-completion/completions/threadwise\n"
        "  threadwise completion zsh > ~/.zfunc/_threadwise\n"
        "  threadwise completion fish > ~/.config/fish/completions/threadwise.fish");
    sub->callback([shell, sub, &code] {
        end_without_reader();
        std::cout << completion_of(*shell, command_table(*sub->get_parent()));
        code = all_right;
    });
}

}  // namespace command
