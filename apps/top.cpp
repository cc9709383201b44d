// threadwise top: what the threads of a process are doing, as it goes on.

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "subcommands.hpp"
#include "terminal/stop_signals.hpp"
#include "terminal/terminal.hpp"
#include "threads/looking.hpp"
#include "threadwise/event.hpp"
#include "top/live.hpp"
#include "top/process_page.hpp"
#include "top/report.hpp"

namespace command {
namespace {

using threadwise::inspect::ProcessError;

struct Arguments {
    std::optional<int> pid;
    bool once = false;
    bool json = false;
    double interval = 1;
};

std::string line_of(const nlohmann::json& document) {
    return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

/// 0: as wide as need be, where it is not for a terminal.
std::size_t columns_for_output() { return is_terminal(STDOUT_FILENO) ? terminal_size(STDOUT_FILENO).columns : 0; }

std::string processes_as_text() {
    ProcessPage page;
    page.look();
    return text_of(page, columns_for_output());
}

/// Looks again and again, an interval apart, and gives what it saw to `print`; the first look is only the beginning of
/// what others compare with. Ends as `print` says, or when it cannot be written.
ExitCode keep_looking(const Arguments& arguments, const std::function<void()>& look,
                      const std::function<void()>& print) {
    const StopSignals signals;
    threadwise::Event never;
    const std::chrono::duration<double> interval(arguments.interval);
    while (std::cout && !never.wait(signals.token(), interval) && signals.received() == 0) {
        look();
        print();
        std::cout << std::flush;
        if (arguments.once) return all_right;
    }
    return signals.received() == 0 ? all_right : stopped_by(signals.received());
}

ExitCode print_process(const Arguments& arguments) {
    Watched watched(*arguments.pid);
    static_cast<void>(watched.cpu());
    for (const auto& thread : watched.snapshot().threads) static_cast<void>(watched.cpu_of(thread));
    return keep_looking(
        arguments, [&] { watched.look(); },
        [&] { std::cout << (arguments.json ? line_of(json_of(watched)) : report_of(watched, columns_for_output())); });
}

ExitCode print_processes(const Arguments& arguments) {
    if (arguments.once) {
        std::cout << (arguments.json ? line_of({{"processes", json_of(list_processes())}}) : processes_as_text());
        return all_right;
    }
    return keep_looking(
        arguments, [] {},
        [] {
            std::cout << line_of({{"processes", json_of(list_processes())}});
        });
}

ExitCode show_live(const Arguments& arguments) {
    if (!is_terminal(STDOUT_FILENO) || !is_terminal(STDIN_FILENO)) {
        throw Failure(request_wrong, "there is no terminal to draw on", "use --once for text, or --json");
    }
    // Before the terminal is taken over: most of what can be wrong with a process is so from the beginning.
    if (arguments.pid) threadwise::inspect::ProcessView(*arguments.pid).snapshot();
    Screen screen;
    const StopSignals signals;
    Live live(screen, arguments.pid, Seconds(arguments.interval));
    switch (live.run(signals.token())) {
        case Live::End::quit: break;
        case Live::End::stopped: return stopped_by(signals.received());
        case Live::End::terminal_gone: return stopped_by(SIGHUP);
    }
    return all_right;
}

ExitCode top(const Arguments& arguments) {
    try {
        if (!arguments.once && !arguments.json) return show_live(arguments);
        end_without_reader();
        return arguments.pid ? print_process(arguments) : print_processes(arguments);
    } catch (const ProcessError& error) {
        throw failure_of(error);
    }
}

}  // namespace

void add_top(CLI::App& app, ExitCode& code) {
    auto arguments = std::make_shared<Arguments>();
    auto& a = *arguments;
    auto* sub = app.add_subcommand("top", "Watch what the threads of a process wait for, and for how long");
    sub->add_option("PID", a.pid, "The process; without one, a list to choose from")->check(refuse_empty);
    sub->add_flag("--once", a.once, "Look for one interval, print what was seen as text, and end");
    sub->add_flag("--json", a.json, "Print a line of JSON for each look, until Ctrl-C or the end of the process");
    sub->add_option("--interval", a.interval, "Seconds from one look to the next (1)")->check(CLI::Range(0.05, 3600.0));
    sub->footer(
        "Examples:\n"
        "  threadwise top\n"
        "  threadwise top 4711 --interval 0.25\n"
        "  threadwise top 4711 --once\n"
        "  threadwise top 4711 --json | jq -c '[.objects[] | select(.waited_seconds > 1)]'");
    sub->callback([arguments, &code] { code = top(*arguments); });
}

}  // namespace command
