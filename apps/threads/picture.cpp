#include "threads/picture.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <sstream>

#include "threads/summary.hpp"

namespace command {
namespace {

using nlohmann::json;
using threadwise::inspect::Snapshot;
using threadwise::inspect::State;
using threadwise::inspect::ThreadInfo;
using threadwise::inspect::Wait;
using threadwise::inspect::wait_cycles;

using Threads = std::map<std::uint32_t, const ThreadInfo*>;

Threads by_ident(const Snapshot& snapshot) {
    Threads threads;
    for (const ThreadInfo& thread : snapshot.threads) threads.emplace(thread.ident, &thread);
    return threads;
}

Snapshot made_printable(Snapshot snapshot) {
    for (ThreadInfo& thread : snapshot.threads) {
        thread.name = printable(std::move(thread.name));
        thread.wait.where.file = printable(std::move(thread.wait.where.file));
    }
    return snapshot;
}

const char* name_of(State state) {
    switch (state) {
        case State::starts: return "starts";
        case State::runs: return "runs";
        case State::waits: return "waits";
        case State::has_ended: break;
    }
    return "has_ended";
}

/// "a" waits for "b", which waits for "a"
std::string cycle_text(const std::vector<std::uint32_t>& cycle, const Threads& threads) {
    std::string text = fmt::format("\"{}\"", threads.at(cycle.front())->name);
    for (std::size_t i = 0; i < cycle.size(); ++i) {
        const ThreadInfo& thread = *threads.at(cycle[i]);
        const ThreadInfo& next = *threads.at(cycle[(i + 1) % cycle.size()]);
        text += fmt::format("{} waits for {} of \"{}\"", i == 0 ? "" : ", which", thread.wait.kind, next.name);
    }
    return text;
}

json json_of(const Wait& wait) {
    json object{{"kind", wait.kind}, {"owners", wait.owners}, {"held", wait.held}};
    if (wait.object != 0) object["object"] = fmt::format("{:#x}", wait.object);
    if (wait.thread_there != 0) object["holder_native_id"] = wait.thread_there;
    if (wait.process != 0) object["holder_process"] = wait.process;
    if (wait.where.line != 0) {
        object["where"] = {{"file", wait.where.file}, {"line", wait.where.line}, {"function", wait.where.function}};
    }
    return object;
}

/// As a quoted string of Graphviz's.
std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

}  // namespace

std::string text_of(const Snapshot& snapshot) {
    const Snapshot shown = made_printable(snapshot);
    const Threads threads = by_ident(shown);
    std::ostringstream text;
    for (const auto& cycle : wait_cycles(shown)) text << "cycle: " << cycle_text(cycle, threads) << '\n';
    text << shown;
    if (!shown.holders_are_current) {
        text << "(its memory cannot be read: who holds a lock is as the waiter saw it when it fell asleep)\n";
    }
    return text.str();
}

json json_of(const Snapshot& snapshot) {
    json threads = json::array();
    for (const ThreadInfo& thread : snapshot.threads) {
        json object{{"name", thread.name},
                    {"ident", thread.ident},
                    {"native_id", thread.native_id},
                    {"daemon", thread.daemon},
                    {"state", name_of(thread.state)}};
        if (thread.state == State::waits) {
            object["wait"] = json_of(thread.wait);
            object["wait"]["seconds"] = seconds_waited(thread, snapshot);
            if (thread.wait.deadline) {
                const auto left = *thread.wait.deadline > snapshot.taken ? *thread.wait.deadline - snapshot.taken
                                                                         : std::chrono::steady_clock::duration{};
                object["wait"]["seconds_left"] = std::chrono::duration<double>(left).count();
            }
        }
        threads.push_back(std::move(object));
    }
    return {{"threads", std::move(threads)},
            {"cycles", wait_cycles(snapshot)},
            {"holders_are_current", snapshot.holders_are_current}};
}

std::string graph_of(const Snapshot& snapshot) {
    const Snapshot shown = made_printable(snapshot);
    std::set<std::uint32_t> in_cycle;
    for (const auto& cycle : wait_cycles(shown)) in_cycle.insert(cycle.begin(), cycle.end());
    std::set<std::uint32_t> nodes;
    std::string edges;
    for (const ThreadInfo& thread : shown.threads) {
        if (thread.state != State::waits) continue;
        for (const std::uint32_t owner : thread.wait.owners) {
            nodes.insert({thread.ident, owner});
            const bool is_red = in_cycle.contains(thread.ident) && in_cycle.contains(owner);
            edges += fmt::format("    {} -> {} [label={}{}];\n", thread.ident, owner, quoted(thread.wait.kind),
                                 is_red ? ", color=red" : "");
        }
    }
    std::string graph = "digraph waits {\n";
    const Threads threads = by_ident(shown);
    for (const std::uint32_t node : nodes) {
        const auto found = threads.find(node);
        const std::string name = found == threads.end() ? "a thread that has ended" : found->second->name;
        graph += fmt::format("    {} [shape=box, label={}{}];\n", node, quoted(name),
                             in_cycle.contains(node) ? ", color=red" : "");
    }
    return graph + edges + "}\n";
}

}  // namespace command
