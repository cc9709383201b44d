#pragma once
// Memory that other processes may look at, and nobody but this process can change.

#include <cstddef>
#include <cstdint>

namespace threadwise::platform {

/// A file that lies in memory alone, mapped. On Linux other processes of the same user find it among the descriptors of
/// this one (/proc/PID/fd), whose link reads `/memfd:NAME (deleted)`. It goes when the last process that maps it does.
struct SharedPages {
    std::byte* data = nullptr;  ///< zeros at first; null: there are none
    std::size_t size = 0;
    int descriptor = -1;
    std::uint64_t device = 0;  ///< this and the next tell the file from others
    std::uint64_t inode = 0;
};

/// Reserves `size` bytes, a multiple of the page size; memory is used once it is written to. `data` is null where the
/// system refuses, or has no such thing.
SharedPages open_shared_pages(const char* name, std::size_t size) noexcept;

/// Unmaps them, and closes the descriptor unless the program has done so and uses the number for something else.
void close_shared_pages(const SharedPages& pages) noexcept;

/// Has the system find memory for that part, both of whose ends lie at page boundaries, before it is written to.
/// False: it has none, and a write would end the process.
bool commit_shared_pages(std::byte* begin, std::size_t size) noexcept;

/// A part of such pages that is used from its beginning on, more and more of it.
struct CommittedPart {
    /// So many bytes are committed at a time.
    static constexpr std::size_t step = 16'384;
    static constexpr std::size_t round_up(std::size_t bytes) noexcept { return (bytes + step - 1) / step * step; }

    std::byte* begin = nullptr;  ///< at a page boundary; there are a multiple of `step` bytes
    std::size_t committed = 0;

    /// As commit_shared_pages(), of the first so many bytes.
    bool grow_to(std::size_t size) noexcept {
        if (size <= committed) return true;
        if (!commit_shared_pages(begin + committed, round_up(size) - committed)) return false;
        committed = round_up(size);
        return true;
    }
};

}  // namespace threadwise::platform
