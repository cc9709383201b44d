// threadwise serve: a folder over HTTP.

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>

#include "server/file_server.hpp"
#include "subcommands.hpp"
#include "terminal/stop_signals.hpp"
#include "threadwise/event.hpp"

namespace command {
namespace {

struct Arguments {
    std::string folder;
    std::string host = "127.0.0.1";
    int port = 8000;
    long latency = 0;
    ServerOptions options;
};

ExitCode serve(const Arguments& arguments) {
    const StopSignals signals;
    FileServer server(arguments.folder, arguments.options);
    const int port = server.start(arguments.host, arguments.port);

    const bool is_ipv6 = arguments.host.find(':') != std::string::npos;
    std::cout << fmt::format("serving {} on http://{}:{}/\n", arguments.folder,
                             is_ipv6 ? "[" + arguments.host + "]" : arguments.host, port)
              << std::flush;

    threadwise::Event never_set;
    never_set.wait(signals.token());
    return all_right;
}

}  // namespace

void add_serve(CLI::App& app, ExitCode& code) {
    auto arguments = std::make_shared<Arguments>();
    auto& a = *arguments;
    auto* sub = app.add_subcommand("serve", "Serve a folder over HTTP until Ctrl-C");
    sub->add_option("DIR", a.folder, "The folder; nothing outside it is reachable, not even by symbolic links")
        ->required();
    sub->add_option("-p,--port", a.port, "The port; 0 takes any that is free")
        ->check(CLI::Range(0, 65535))
        ->capture_default_str();
    sub->add_option("--host", a.host, "The address to listen on; 0.0.0.0 or :: lets other machines in")
        ->capture_default_str();
    sub->add_option("--connections", a.options.connections, "How many connections are open at once; further ones wait")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    sub->add_flag("--listing", a.options.listing, "Show what is in a folder");
    sub->add_option("--latency", a.latency, "Milliseconds before each answer, to stand in for a distant server")
        ->check(CLI::Range(0, 60000))
        ->capture_default_str();
    sub->add_option("--rate", a.options.rate, "Bytes a second on each connection; 0 is no limit")
        ->capture_default_str();
    sub->footer(
        "Examples:\n"
        "  threadwise serve public\n"
        "  threadwise serve public --host 0.0.0.0 --port 80 --listing\n"
        "  threadwise serve public --port 0 --latency 40 --rate 2000000");
    sub->callback([arguments, &code] {
        arguments->options.latency = std::chrono::milliseconds(arguments->latency);
        code = serve(*arguments);
    });
}

}  // namespace command
