#include "top/wait_texts.hpp"

#include <fmt/format.h>

namespace command {

using threadwise::inspect::Place;
using threadwise::inspect::State;
using threadwise::inspect::ThreadInfo;

bool is_idle_worker(const ThreadInfo& thread) { return thread.state == State::waits && is_idle_work(thread.wait.kind); }

std::string object_text(std::string_view kind, std::uintptr_t object) {
    return object == 0 ? std::string(kind) : fmt::format("{} {:#x}", kind, object);
}

std::string what_text(const ThreadInfo& thread) {
    if (thread.state != State::waits) return "";
    return object_text(thread.wait.kind, thread.wait.object);
}

std::string holder_text(const ThreadInfo& thread, const Watched& watched) {
    if (thread.state != State::waits) return "";
    const auto& wait = thread.wait;
    if (wait.thread_there == 0) return watched.names_of(wait.owners);
    return wait.process != 0 ? fmt::format("process {}", wait.process) : "a thread that has ended";
}

std::string where_text(const Place& place) {
    if (place.line == 0) return "";
    return fmt::format("{}:{}", place.file.substr(place.file.rfind('/') + 1), place.line);
}

std::string where_text(const ThreadInfo& thread) {
    return thread.state == State::waits ? where_text(thread.wait.where) : "";
}

}  // namespace command
