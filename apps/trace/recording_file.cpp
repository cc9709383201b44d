#include "trace/recording_file.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "base/failure.hpp"

namespace command {
namespace {

using nlohmann::json;
using threadwise::trace::Instant;
using threadwise::trace::Outcome;
using threadwise::trace::Recording;
using threadwise::trace::Thread;
using threadwise::trace::Wait;

/// What is wrong with a line.
struct WrongLine : std::runtime_error {
    using std::runtime_error::runtime_error;
};

Instant instant_at(const json& line, const char* key) {
    return Instant(std::chrono::nanoseconds(line.at(key).get<std::int64_t>()));
}

std::optional<Instant> optional_instant_at(const json& line, const char* key) {
    if (!line.contains(key)) return std::nullopt;
    return instant_at(line, key);
}

Outcome outcome_of(const std::string& name) {
    for (const Outcome outcome : {Outcome::woken, Outcome::timed_out, Outcome::interrupted, Outcome::still_waits}) {
        if (name == to_string(outcome)) return outcome;
    }
    throw WrongLine(fmt::format("there is no outcome \"{}\"", name));
}

std::uintptr_t address_of(const std::string& text) {
    std::uintptr_t address = 0;
    constexpr std::string_view prefix = "0x";
    constexpr int hexadecimal = 16;
    const char* const end = text.data() + text.size();
    if (!text.starts_with(prefix) ||
        std::from_chars(text.data() + prefix.size(), end, address, hexadecimal).ptr != end) {
        throw WrongLine(fmt::format("\"{}\" is no address", text));
    }
    return address;
}

void add_header(Recording& recording, const json& line) {
    if (!line.contains("threadwise_trace")) throw WrongLine("it does not begin as a recording of threadwise's");
    if (line.at("threadwise_trace") != 1) throw WrongLine("it is of another version of threadwise");
    recording.pid = line.at("pid").get<int>();
    recording.command = line.at("command").get<std::string>();
    recording.taken = instant_at(line, "taken");
}

void add_wait(Recording& recording, const json& line) {
    if (recording.threads.empty()) throw WrongLine("a wait comes before any thread");
    recording.threads.back().waits.push_back(
        {.kind = line.at("wait").get<std::string>(),
         .object = line.contains("object") ? address_of(line.at("object").get<std::string>()) : 0,
         .begin = instant_at(line, "begin"),
         .end = instant_at(line, "end"),
         .outcome = outcome_of(line.at("outcome").get<std::string>()),
         .by = line.value("by", std::uint32_t{0})});
}

void add_thread(Recording& recording, const json& line) {
    recording.threads.push_back({.name = line.at("name").get<std::string>(),
                                 .ident = line.at("thread").get<std::uint32_t>(),
                                 .native_id = line.at("native_id").get<std::uint64_t>(),
                                 .began = optional_instant_at(line, "began"),
                                 .ended = optional_instant_at(line, "ended"),
                                 .waits = {},
                                 .complete = line.at("complete").get<bool>()});
}

}  // namespace

Recording read_recording(std::istream& file, const std::string& name) {
    Recording recording;
    std::string text;
    std::size_t number = 1;
    const auto refuse = [&](const char* why) {
        throw Failure(request_wrong, fmt::format("{}:{}: {}", name, number, why),
                      "name a process, or a file that trace::write() or threadwise record --format json has written");
    };
    try {
        for (; std::getline(file, text); ++number) {
            const json line = json::parse(text);
            if (number == 1) {
                add_header(recording, line);
            } else if (line.contains("wait")) {
                add_wait(recording, line);
            } else {
                add_thread(recording, line);
            }
        }
        if (number == 1) refuse("the file is empty");
    } catch (const json::exception& error) {
        refuse(error.what());
    } catch (const WrongLine& error) {
        refuse(error.what());
    }
    return recording;
}

void keep_last(Recording& recording, std::chrono::duration<double> last) {
    const Instant from = recording.taken - std::chrono::duration_cast<Instant::duration>(last);
    std::erase_if(recording.threads, [&](const Thread& thread) { return thread.ended && *thread.ended < from; });
    for (Thread& thread : recording.threads) {
        if (std::erase_if(thread.waits, [&](const Wait& wait) { return wait.end < from; }) != 0) {
            thread.complete = false;
        }
        if (thread.began && *thread.began < from) thread.began.reset();
    }
}

}  // namespace command
