#pragma once
// SharedMemory: bytes that several processes see (Python: multiprocessing.shared_memory.SharedMemory).
//
//     multiprocessing::SharedMemory memory(1 << 20);             // anonymous: for forked children, or by descriptor
//     multiprocessing::shared_span<double> numbers(memory);      // as numbers (shared_span.hpp)
//
//     multiprocessing::SharedMemory named({.create = true, .size = 1 << 20});  // for whoever is told named.name()
//     multiprocessing::SharedMemory same({.name = named.name()});              // in another process
//
// **Anonymous memory** has no name that could be guessed, squatted or left behind. Forked children see it at the same
// address; other processes get its descriptor, fileno(), and open it with from_descriptor(). It is gone when the last
// process that has it closes it or ends, in whatever way: the kernel sees to that.
//
// **Named memory** is for processes that are not related. Only the user that made it can open it (mode 0600), and what
// another user has made under that name is refused. A name that threadwise makes up has 128 random bits. The last
// process that closes it, or ends as programs should, removes the name; which one that is, the kernel knows, also when
// others were killed. If all of them are killed, a made-up name is removed by the next process of that user that makes
// one up; a name of your own stays until unlink(). A forked child uses its
// parent's view: only the parent's close() counts. What is in the memory is not removed before everybody has closed it.
//
// Cost: some microseconds to make and to open. Anonymous memory is taken page by page as it is used; named memory at
// once, so that a full /dev/shm throws here instead of killing the process that writes first.

#include <cstddef>
#include <span>
#include <string>

#include "threadwise/export.hpp"

namespace threadwise::multiprocessing {

/// The keyword arguments of Python's constructor.
struct SharedMemoryOptions {
    /// Empty, with `create`: one is made up, which nobody can guess.
    std::string name = {};
    /// Make it, rather than open what there is.
    bool create = false;
    /// In bytes; without `create` it is not looked at.
    std::size_t size = 0;
};

/// Owns one view of the memory; can be moved. Different threads may use the bytes at once, as they agree; close() and
/// assignment are for one thread alone, when nobody uses the bytes any more.
class THREADWISE_API SharedMemory {
public:
    /// Anonymous memory of that many bytes, all zero. Throws ValueError for 0 bytes, OSError if the system gives none.
    explicit SharedMemory(std::size_t size);

    /// Named memory. Throws FileExistsError if it is to be made and is there, FileNotFoundError if it is to be opened
    /// and is not, PermissionError if it is another user's, OSError if the system refuses (no space, for one), and
    /// ValueError for 0 bytes or a name that is empty or has a '/' in it.
    explicit SharedMemory(SharedMemoryOptions options);

    /// The memory behind a descriptor that another SharedMemory had from fileno(), there or in another process. The
    /// descriptor stays the caller's. Throws OSError if it is none of memory.
    static SharedMemory from_descriptor(int descriptor);

    /// The same, under the name that Shared, Value and Array have for it.
    static SharedMemory attach(int descriptor) { return from_descriptor(descriptor); }

    ~SharedMemory();
    SharedMemory(SharedMemory&& other) noexcept;
    SharedMemory& operator=(SharedMemory&& other) noexcept;

    /// All of it. Throws ValueError after close().
    std::span<std::byte> buf() const;

    /// How many bytes there are; 0 after close().
    std::size_t size() const noexcept { return view_.size(); }

    /// What other processes open it by; empty: it is anonymous.
    const std::string& name() const noexcept { return name_; }

    /// The descriptor to give to other processes; closed on exec unless it is passed on. -1 after close().
    int fileno() const noexcept { return descriptor_; }

    /// Ends this view of the memory, and removes the name if no other process has it open. A lock in there that the
    /// calling thread holds by this view counts as one whose holder has died.
    void close() noexcept;

    /// Removes the name now: nobody can open it any more, those that have it keep it. Throws FileNotFoundError if it is
    /// gone already. Nothing happens for anonymous memory.
    void unlink();

private:
    SharedMemory() = default;
    void map();

    std::span<std::byte> view_;
    std::string name_;
    int descriptor_ = -1;
    unsigned fork_depth_ = 0;  ///< of the process that has opened it
};

}  // namespace threadwise::multiprocessing
