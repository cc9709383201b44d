#include "platform/kernel_wait.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <functional>
#include <string_view>

namespace threadwise::platform {
namespace {

/// The first bytes of /proc/self/task/NATIVE_ID/NAME; empty if it cannot be read.
class TaskFile {
public:
    TaskFile(std::uint64_t native_id, const char* name) noexcept {
        std::array<char, 64> path{};
        std::snprintf(path.data(), path.size(), "/proc/self/task/%llu/%s", static_cast<unsigned long long>(native_id),
                      name);
        const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
        if (file < 0) return;
        const ssize_t length = read(file, text_.data(), text_.size());
        if (length > 0) length_ = static_cast<std::size_t>(length);
        close(file);
    }

    std::string_view text() const noexcept { return {text_.data(), length_}; }

private:
    std::array<char, 256> text_{};
    std::size_t length_ = 0;
};

/// The next number, which may be hexadecimal.
std::uint64_t next_number(std::string_view& text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const bool is_hexadecimal = text.starts_with("0x");
    if (is_hexadecimal) text.remove_prefix(2);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, is_hexadecimal ? 16 : 10);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

/// The native id of the thread that a futex wait is for. pthread_join() waits on a word that holds that id; a contended
/// pthread mutex holds 1 or 2, and its holder's id stands 8 bytes after that.
std::uint64_t awaited_thread(std::uint64_t word, std::uint64_t value) noexcept {
    constexpr std::size_t page = 4096;
    constexpr std::size_t holder_offset = 8;
    if (value > 2) return value & FUTEX_TID_MASK;
    if (value == 0 || word % page > page - holder_offset - sizeof(std::uint32_t)) return 0;
    // relaxed: only a hint, about a thread that is stopped or not.
    return __atomic_load_n(reinterpret_cast<const std::uint32_t*>(word + holder_offset), __ATOMIC_RELAXED);
}

}  // namespace

KernelWait find_wait(std::uint64_t native_id) noexcept {
    // "NUMBER ARGUMENTS... STACK_POINTER PROGRAM_COUNTER", or "running"
    const TaskFile call(native_id, "syscall");
    std::string_view rest = call.text();
    if (rest.empty() || rest.front() == 'r' || rest.front() == '-') return {};
    // How long the thread has run and how often.
    const TaskFile times(native_id, "schedstat");
    const std::hash<std::string_view> hash;
    KernelWait wait{.fingerprint = hash(call.text()) * 31 + hash(times.text())};
    const std::uint64_t number = next_number(rest);
    const std::uint64_t first = next_number(rest);
    if (number == SYS_write || number == SYS_writev) {
        wait.kind = KernelWait::Kind::write;
        wait.file = static_cast<int>(first);
    } else if (number == SYS_futex) {
        const std::uint64_t operation = next_number(rest) & static_cast<std::uint64_t>(FUTEX_CMD_MASK);
        const std::uint64_t value = next_number(rest);
        const bool waits = operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET || operation == FUTEX_LOCK_PI;
        const bool without_timeout = next_number(rest) == 0;
        if (waits && without_timeout) {
            wait.kind = KernelWait::Kind::thread;
            wait.thread = awaited_thread(first, value);
        }
    }
    return wait.kind != KernelWait::Kind::none ? wait : KernelWait{};
}

bool any_native_thread(bool (*condition)(std::uint64_t native_id, const void* data), const void* data) noexcept {
    // Not by opendir(), which allocates.
    struct Entry {
        std::uint64_t inode;
        std::int64_t offset;
        std::uint16_t length;
        std::uint8_t type;
        char name[1];  // NOLINT(modernize-avoid-c-arrays): as the kernel writes it
    };
    const int folder = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return false;
    bool found = false;
    alignas(Entry) std::array<char, 4096> buffer{};
    for (long size = 0; !found && (size = syscall(SYS_getdents64, folder, buffer.data(), buffer.size())) > 0;) {
        for (long at = 0; at < size;) {
            const auto* entry = reinterpret_cast<const Entry*>(&buffer.at(static_cast<std::size_t>(at)));
            std::string_view name(static_cast<const char*>(entry->name));
            if (name.front() != '.') found = found || condition(next_number(name), data);
            at += entry->length;
        }
    }
    close(folder);
    return found;
}

}  // namespace threadwise::platform
