#include "threads/process_list.hpp"

#include <unistd.h>

#include <utility>

#include "threadwise/process_view.hpp"

namespace command {
namespace {

using threadwise::inspect::ProcessError;
using threadwise::inspect::ProcessView;

/// Nothing of one that has ended meanwhile.
std::optional<ListedProcess> listed(int pid) {
    try {
        const ProcessView view(pid);
        return ListedProcess{pid, view.command(), summary_of(view.snapshot())};
    } catch (const ProcessError& error) {
        if (error.reason() == ProcessError::Reason::other_version) {
            return ListedProcess{pid, error.what(), std::nullopt};
        }
        return std::nullopt;
    }
}

}  // namespace

std::vector<ListedProcess> list_processes() {
    std::vector<ListedProcess> processes;
    for (const int pid : threadwise::inspect::processes()) {
        if (pid == ::getpid()) continue;
        if (auto process = listed(pid)) processes.push_back(std::move(*process));
    }
    return processes;
}

nlohmann::json json_of(const std::vector<ListedProcess>& processes) {
    nlohmann::json array = nlohmann::json::array();
    for (const ListedProcess& process : processes) {
        nlohmann::json object{{"pid", process.pid}};
        object[process.summary ? "command" : "error"] = process.command;
        if (process.summary) {
            object["threads"] = process.summary->threads;
            object["waiting"] = process.summary->waiting;
            object["longest_wait"] = process.summary->longest_wait;
            object["cycles"] = process.summary->cycles;
        }
        array.push_back(std::move(object));
    }
    return array;
}

}  // namespace command
