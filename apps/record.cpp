// threadwise record: what the threads of a process have waited for lately, as a file to look at.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

#include "choice.hpp"
#include "subcommands.hpp"
#include "threads/looking.hpp"
#include "trace/perfetto.hpp"
#include "trace/recording_file.hpp"

namespace command {
namespace {

using threadwise::trace::Recording;

enum class Format { by_name, perfetto, json };

struct Arguments {
    std::string source;
    double last = 0;
    std::string output;
    Format format = Format::by_name;
};

/// The number of a process; nothing: it is the name of a file.
std::optional<int> pid_in(const std::string& text) {
    int pid = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, pid);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return pid;
}

Recording recording_of(const std::string& source) {
    if (const auto pid = pid_in(source)) {
        try {
            return threadwise::inspect::ProcessView(*pid).recording();
        } catch (const threadwise::inspect::ProcessError& error) {
            throw failure_of(error);
        }
    }
    std::ifstream file(source);
    if (!file) {
        throw Failure(request_wrong, fmt::format("cannot read {}: {}", source, std::generic_category().message(errno)),
                      "name a process, as threadwise ps lists it, or a file that trace::write() has written");
    }
    return read_recording(file, source);
}

/// By the name of the file, if none was asked for.
Format format_for(const Arguments& arguments) {
    if (arguments.format != Format::by_name) return arguments.format;
    const std::string& name = arguments.output;
    return name.ends_with(".json") || name.ends_with(".jsonl") ? Format::json : Format::perfetto;
}

std::string written_as(Format format, const Recording& recording) {
    if (format == Format::perfetto) return perfetto_of(recording);
    std::ostringstream text;
    text << recording;
    return std::move(text).str();
}

void write(const std::string& content, const std::string& name) {
    std::ofstream file(name, std::ios::binary);
    file << content;
    file.close();
    if (!file) {
        const int error = errno;
        // What is cut off would be taken for a trace. Not a device.
        std::error_code ignored;
        if (std::filesystem::is_regular_file(name, ignored)) std::filesystem::remove(name, ignored);
        throw Failure(some_failed, fmt::format("cannot write {}: {}", name, std::generic_category().message(error)),
                      "name another file with -o");
    }
}

ExitCode record(const Arguments& arguments) {
    const Format format = format_for(arguments);
    if (arguments.output.empty() && format == Format::perfetto && ::isatty(STDOUT_FILENO) == 1) {
        throw Failure(request_wrong, "a trace is nothing to print on a terminal", "name a file: -o trace.pftrace");
    }
    Recording recording = recording_of(arguments.source);
    if (arguments.last > 0) keep_last(recording, std::chrono::duration<double>(arguments.last));
    const std::string content = written_as(format, recording);
    if (arguments.output.empty()) {
        std::cout << content;
    } else {
        write(content, arguments.output);
    }
    return all_right;
}

}  // namespace

void add_record(CLI::App& app, ExitCode& code) {
    auto arguments = std::make_shared<Arguments>();
    auto& a = *arguments;
    auto* sub = app.add_subcommand("record", "Write what the threads of a process have waited for in the last seconds");
    sub->add_option("PID", a.source,
                    "The process, as threadwise ps lists it; or a file that trace::write() has written")
        ->required();
    sub->add_option("--last", a.last, "Leave out what ended longer ago: 10s, 500ms, 2m")
        ->transform(
            CLI::AsNumberWithUnit(std::map<std::string, double>{{"ms", 0.001}, {"s", 1}, {"m", 60}}).description(""))
        ->check(CLI::Validator(CLI::PositiveNumber).description(""))
        ->type_name("TIME");
    sub->add_option("-o,--output", a.output, "The file to write; standard output if there is none")->type_name("FILE");
    add_choice(*sub, "--format", a.format,
               "perfetto: for https://ui.perfetto.dev; json: lines of JSON. Else by the name of the file",
               {{"perfetto", Format::perfetto}, {"json", Format::json}});
    sub->footer(
        "Examples:\n"
        "  threadwise record 4711 -o trace.pftrace\n"
        "  threadwise record 4711 --last 10s -o trace.pftrace\n"
        "  threadwise record 4711 --format json | grep '\"wait\":\"Lock\"'\n"
        "  threadwise record trace.jsonl -o trace.pftrace");
    sub->callback([arguments, &code] { code = record(*arguments); });
}

}  // namespace command
