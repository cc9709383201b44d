#include "threads/object_waits.hpp"

#include <algorithm>

namespace command {

using threadwise::inspect::Snapshot;
using threadwise::inspect::State;
using threadwise::inspect::ThreadInfo;

namespace {

double seconds_between(WaitHistory::Instant begin, WaitHistory::Instant end) {
    return std::max(0.0, std::chrono::duration<double>(end - begin).count());
}

}  // namespace

bool is_idle_work(std::string_view kind) { return kind == "work"; }

void WaitHistory::add(const Snapshot& snapshot) {
    for (auto& [key, object] : objects_) {
        object.now.waiting = 0;
        object.now.longest = 0;
        object.longest_waiter = nullptr;
    }
    for (const ThreadInfo& thread : snapshot.threads) {
        // A sleep is for nothing that could be named.
        if (thread.state == State::waits && thread.wait.object != 0) add_wait(thread, snapshot.taken);
    }
    for (auto& [key, object] : objects_) describe_longest(object, snapshot.taken);
    forget_before(snapshot.taken - window);
    last_ = snapshot.taken;
}

void WaitHistory::add_wait(const ThreadInfo& thread, Instant taken) {
    const auto& wait = thread.wait;
    Object& object = objects_[{wait.object, wait.kind}];
    const bool is_first_look = last_ == Instant{};
    const Instant begin = std::max(is_first_look ? wait.since : last_, taken - window);
    if (object.samples.empty() || object.samples.back().taken != taken) object.samples.push_back({taken, 0});
    object.samples.back().seconds += seconds_between(begin, taken);

    ++object.now.waiting;
    const ThreadInfo*& longest = object.longest_waiter;
    if (longest == nullptr || wait.since < longest->wait.since) longest = &thread;
}

void WaitHistory::describe_longest(Object& object, Instant taken) {
    if (object.longest_waiter == nullptr) return;
    const auto& wait = object.longest_waiter->wait;
    object.now.longest = seconds_between(wait.since, taken);
    object.now.owners = wait.owners;
    object.now.where = wait.where;
}

void WaitHistory::forget_before(Instant begin) {
    for (auto& [key, object] : objects_) {
        auto& samples = object.samples;
        while (!samples.empty() && samples.front().taken <= begin) samples.pop_front();
    }
    std::erase_if(objects_, [](const auto& entry) { return entry.second.samples.empty(); });
}

std::vector<ObjectWaits> WaitHistory::objects() const {
    std::vector<ObjectWaits> all;
    for (const auto& [key, object] : objects_) {
        ObjectWaits waits = object.now;
        waits.object = key.first;
        waits.kind = key.second;
        for (const Sample& sample : object.samples) waits.waited += sample.seconds;
        all.push_back(std::move(waits));
    }
    return all;
}

}  // namespace command
