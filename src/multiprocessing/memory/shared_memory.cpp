#include "threadwise/multiprocessing/shared_memory.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include "multiprocessing/memory/os_error.hpp"
#include "platform/processes/robust_list.hpp"
#include "platform/processes/shared_memory.hpp"
#include "runtime/base/fork.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing {
namespace {

/// The prefix of made-up names. Names with it that no process has open any more are removed.
constexpr const char* beginning_of_names = "threadwise-";

std::string make_name_up() {
    std::array<std::byte, 16> random{};
    if (!platform::fill_randomly(random)) {
        throw_os_error(ENOSYS, "can't make up a name for shared memory: the system gives no random bytes");
    }
    std::string name = beginning_of_names;
    for (const std::byte byte : random) {
        constexpr const char* digits = "0123456789abcdef";
        name += digits[std::to_integer<unsigned>(byte) >> 4U];
        name += digits[std::to_integer<unsigned>(byte) & 15U];
    }
    return name;
}

void expect_size(std::size_t size) {
    if (size == 0) throw ValueError("'size' must be a positive number different from zero: shared memory has a byte");
}

void expect_name(const std::string& name) {
    if (name.empty()) throw ValueError("shared memory is opened by its 'name': give one, or create = true");
    if (name.find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
        throw ValueError("the name of shared memory must not have a '/' or a zero in it");
    }
}

}  // namespace

SharedMemory::SharedMemory(std::size_t size) {
    expect_size(size);
    const auto [descriptor, error] = platform::make_anonymous_memory(size);
    if (descriptor < 0) throw_os_error(error, "can't make shared memory of " + std::to_string(size) + " bytes");
    descriptor_ = descriptor;
    map();
}

SharedMemory::SharedMemory(SharedMemoryOptions options) : name_(std::move(options.name)) {
    if (options.create) expect_size(options.size);
    if (options.create && name_.empty()) {
        platform::sweep_memory_names(beginning_of_names);
        name_ = make_name_up();
    }
    expect_name(name_);
    const auto [descriptor, error] = options.create ? platform::make_named_memory(name_.c_str(), options.size)
                                                    : platform::open_named_memory(name_.c_str());
    if (descriptor < 0) {
        throw_os_error(error, (options.create ? "can't make" : "can't open") + (" shared memory '" + name_ + '\''));
    }
    descriptor_ = descriptor;
    fork_depth_ = runtime::fork_depth();
    map();
}

SharedMemory SharedMemory::from_descriptor(int descriptor) {
    SharedMemory memory;
    const auto [copy, error] = platform::duplicate_memory(descriptor);
    if (copy < 0) throw_os_error(error, "can't open shared memory by descriptor " + std::to_string(descriptor));
    memory.descriptor_ = copy;
    memory.map();
    return memory;
}

SharedMemory::~SharedMemory() { close(); }

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : view_(std::exchange(other.view_, {})),
      name_(std::exchange(other.name_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      fork_depth_(other.fork_depth_) {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
    if (this != &other) {
        close();
        view_ = std::exchange(other.view_, {});
        name_ = std::exchange(other.name_, {});
        descriptor_ = std::exchange(other.descriptor_, -1);
        fork_depth_ = other.fork_depth_;
    }
    return *this;
}

void SharedMemory::map() {
    view_ = platform::map_memory(descriptor_);
    if (!view_.empty()) return;
    const int error = errno;
    close();
    throw_os_error(error,
                   "can't map shared memory: its descriptor must be one of memory, open for reading and writing");
}

std::span<std::byte> SharedMemory::buf() const {
    if (view_.empty()) throw ValueError("this SharedMemory was closed or moved from: it has no bytes any more");
    return view_;
}

void SharedMemory::close() noexcept {
    if (!view_.empty()) {
        platform::abandon_robust(view_);
        platform::unmap_memory(std::exchange(view_, {}));
    }
    if (descriptor_ < 0) return;
    // A forked child has its parent's descriptor and that descriptor's lock, and must not remove the name.
    if (!name_.empty() && fork_depth_ == runtime::fork_depth()) {
        platform::close_named_memory(descriptor_, name_.c_str());
    } else {
        platform::close_memory(descriptor_);
    }
    descriptor_ = -1;
}

void SharedMemory::unlink() {
    if (name_.empty()) return;
    const int error = platform::remove_memory_name(name_.c_str());
    if (error != 0) throw_os_error(error, "can't remove the name of shared memory '" + name_ + '\'');
}

}  // namespace threadwise::multiprocessing
