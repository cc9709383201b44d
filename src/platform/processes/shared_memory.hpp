#pragma once
// Files of memory that processes map and share.
//
// An anonymous one has a descriptor and no name: it is gone with the last descriptor and mapping, however their owners
// end. A named one is found by its name. Each descriptor of a named one holds a shared lock on it, which the kernel
// takes back from a process that dies: so a descriptor that can have the lock for itself alone is the last. Names are
// passed without the '/' in front that POSIX asks for and Linux does without.

#include <cstddef>
#include <span>

namespace threadwise::platform {

/// A descriptor (-1: none), or the errno that came instead.
struct OpenedMemory {
    int descriptor = -1;
    int error = 0;
};

/// Pages are taken as they are used. Nobody can make it shorter or longer.
OpenedMemory make_anonymous_memory(std::size_t size) noexcept;

/// For its owner's eyes alone (mode 0600). All its pages are taken now, so that a full disk is told here and not by a
/// signal later. EEXIST: the name is taken, and not by one whose maker died before it was whole.
OpenedMemory make_named_memory(const char* name, std::size_t size) noexcept;

/// EACCES also if it is another user's; ENOENT also if its maker died before it was whole.
OpenedMemory open_named_memory(const char* name) noexcept;

/// Another descriptor of the same, closed on exec.
OpenedMemory duplicate_memory(int descriptor) noexcept;

/// Closes the descriptor; removes the name, too, if it was the last of a named one.
void close_named_memory(int descriptor, const char* name) noexcept;

/// Closes one of which nobody knows a name.
void close_memory(int descriptor) noexcept;

/// Removes a name; what it names stays while it is in use. The errno, 0: done.
int remove_memory_name(const char* name) noexcept;

/// Removes all names with that beginning, of this user's, that no process has open any more.
void sweep_memory_names(const char* beginning) noexcept;

/// A view of all of it; empty, with errno set, if the system refuses.
std::span<std::byte> map_memory(int descriptor) noexcept;
void unmap_memory(std::span<std::byte> view) noexcept;

/// Bytes that nobody can guess; false: the system has none.
bool fill_randomly(std::span<std::byte> bytes) noexcept;

}  // namespace threadwise::platform
