#include "threadwise/multiprocessing/wait.hpp"

#include "multiprocessing/memory/os_error.hpp"
#include "platform/processes/child_process.hpp"
#include "platform/processes/descriptor_set.hpp"
#include "platform/processes/socket.hpp"
#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing {
namespace {

/// All of them as one descriptor.
class Set {
public:
    explicit Set(std::span<const Waitable> objects) {
        std::vector<int> numbers;
        numbers.reserve(objects.size());
        for (const Waitable& object : objects) numbers.push_back(object.fileno());
        const platform::DescriptorSet set = platform::make_descriptor_set(numbers);
        if (set.error != 0) throw_os_error(set.error, "can't wait for these descriptors");
        descriptor_ = set.descriptor;
    }
    ~Set() { platform::close_descriptor(descriptor_); }
    Set(const Set&) = delete;
    Set& operator=(const Set&) = delete;

    int fileno() const noexcept { return descriptor_; }

private:
    int descriptor_ = -1;
};

std::vector<std::size_t> ready_of(std::span<const Waitable> objects) {
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (objects[i].has_received() || platform::can_receive(objects[i].fileno())) ready.push_back(i);
    }
    return ready;
}

}  // namespace

Waitable::Waitable(const Connection& connection) : descriptor_(connection.fileno()), connection_(&connection) {
    if (connection.closed()) throw ValueError("can't wait for a Connection that is closed or was moved from");
}

std::vector<std::size_t> wait(std::stop_token stop, std::span<const Waitable> objects, Timeout timeout,
                              SourceLocation where) {
    std::vector<std::size_t> ready = ready_of(objects);
    const platform::Instant deadline = runtime::deadline_after(timeout);
    if (!ready.empty() || deadline <= platform::now()) return ready;
    const Set set(objects);
    runtime::Waiting waiting({.kind = runtime::WaitKind::descriptors,
                              .object = objects.data(),
                              .across_processes = 1,
                              .where = where,
                              .deadline = deadline},
                             stop);
    while (ready.empty()) {
        if (!threading::succeeded(waiting.sleep_on({.descriptor = set.fileno()}), stop)) break;
        ready = ready_of(objects);
    }
    return ready;
}

}  // namespace threadwise::multiprocessing
