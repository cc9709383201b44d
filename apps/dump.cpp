// threadwise dump: what the threads of another process are doing.

#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "subcommands.hpp"
#include "terminal/stop_signals.hpp"
#include "terminal/terminal.hpp"
#include "threads/looking.hpp"
#include "threads/picture.hpp"
#include "threads/summary.hpp"
#include "threads/svg_graph.hpp"
#include "threadwise/event.hpp"

namespace command {
namespace {

using threadwise::inspect::ProcessError;
using threadwise::inspect::ProcessView;

struct Arguments {
    int pid = 0;
    bool json = false;
    bool dot = false;
    bool svg = false;
    bool watch = false;
};

std::string picture_of(const ProcessView& view, const Arguments& arguments) {
    const auto snapshot = view.snapshot();
    if (arguments.dot) return graph_of(snapshot);
    if (arguments.svg) return svg_of(snapshot);
    if (!arguments.json) {
        return fmt::format("process {}: {}\n{}", view.pid(), printable(view.command()), text_of(snapshot));
    }
    nlohmann::json document = json_of(snapshot);
    document["pid"] = view.pid();
    document["command"] = view.command();
    // When watching, a line each time.
    constexpr int indent = 2;
    return document.dump(arguments.watch ? -1 : indent, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

ExitCode dump(const Arguments& arguments) {
    end_without_reader();
    try {
        const ProcessView view(arguments.pid);
        std::cout << picture_of(view, arguments) << std::flush;
        if (!arguments.watch) return all_right;
        const StopSignals signals;
        threadwise::Event never;
        // Where it cannot be written there is nobody to watch for.
        while (std::cout && !never.wait(signals.token(), std::chrono::seconds(1)) && signals.received() == 0) {
            std::cout << (arguments.json ? "" : "\n") << picture_of(view, arguments) << std::flush;
        }
        return stopped_by(signals.received());
    } catch (const ProcessError& error) {
        throw failure_of(error);
    }
}

}  // namespace

void add_dump(CLI::App& app, ExitCode& code) {
    auto arguments = std::make_shared<Arguments>();
    auto& a = *arguments;
    auto* sub = app.add_subcommand("dump", "Show what each thread of a process waits for, and who waits for whom");
    sub->add_option("PID", a.pid, "The process, as threadwise ps lists it")->required()->check(refuse_empty);
    auto* json = sub->add_flag("--json", a.json, "Print JSON");
    auto* dot = sub->add_flag("--dot", a.dot, "Print who waits for whom as a graph for Graphviz")->excludes(json);
    auto* svg = sub->add_flag("--svg", a.svg, "Print who waits for whom as a drawing (SVG)")->excludes(json, dot);
    sub->add_flag("--watch", a.watch, "Print it again every second, until Ctrl-C or the end of the process")
        ->excludes(svg);
    sub->footer(
        "Examples:\n"
        "  threadwise dump 4711\n"
        "  threadwise dump 4711 --json\n"
        "  threadwise dump 4711 --svg > waits.svg\n"
        "  threadwise dump 4711 --dot | dot -Tpng > waits.png");
    sub->callback([arguments, &code] { code = dump(*arguments); });
}

}  // namespace command
