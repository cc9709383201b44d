#include "inspect/shared_holders.hpp"

#include <unordered_map>

#include "platform/processes/process.hpp"

namespace threadwise {

void inspect::find_shared_holders(Snapshot& snapshot, std::uint64_t process) {
    std::unordered_map<std::uint64_t, std::uint32_t> idents;
    for (const ThreadInfo& thread : snapshot.threads) idents.emplace(thread.native_id, thread.ident);
    for (ThreadInfo& thread : snapshot.threads) {
        Wait& wait = thread.wait;
        if (wait.thread_there == 0) continue;
        wait.held = true;
        wait.process = platform::process_of(wait.thread_there);
        const auto here = idents.find(wait.thread_there);
        if (here == idents.end() || wait.process != process) continue;
        wait.owners.push_back(here->second);
        wait.process = wait.thread_there = 0;
    }
}

}  // namespace threadwise
