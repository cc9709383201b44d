#pragma once
// Looking at another process of this machine, which does not notice.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace threadwise::platform {

// Where the calling process can open no more files, what opens one throws std::system_error.

/// The processes that the calling process's user may look at, as far as owners tell; empty where the platform has no
/// list of them.
std::vector<int> process_ids();

/// One file that another process shares, mapped for reading. It stays when that process ends.
class SharedView {
public:
    SharedView() = default;
    /// Takes over the descriptor, which the process has under that number. Empty if the file is not sealed against
    /// becoming shorter under its readers.
    SharedView(int descriptor, int number) noexcept;
    ~SharedView();
    SharedView(SharedView&& other) noexcept;
    SharedView& operator=(SharedView&& other) noexcept;

    /// Empty: there is nothing.
    std::span<const std::byte> bytes() const noexcept { return bytes_; }

private:
    friend class OtherProcess;

    std::span<const std::byte> bytes_;
    int number_ = -1;
    std::uint64_t inode_ = 0;
};

/// A process, which keeps its identity when it has ended and its number is another's.
class OtherProcess {
public:
    enum class Standing : std::uint8_t { alive, gone, forbidden };

    explicit OtherProcess(int pid);
    ~OtherProcess();
    OtherProcess(OtherProcess&& other) noexcept;
    OtherProcess& operator=(OtherProcess&&) = delete;

    /// `gone` also of one that has ended but whose parent has not noticed; `forbidden`: its descriptors cannot be read.
    Standing standing() const;

    /// What the process itself calls its number, in its own namespace.
    std::uint32_t own_pid() const;

    /// Its command line, with blanks between the words; the program's name if it has none.
    std::string command() const;

    /// The files of that name that it shares, see SharedPages.
    std::vector<SharedView> shared_views(const char* name) const;

    /// Whether it has that file open still: not once it has closed it, or has become another program.
    bool still_shares(const SharedView& view) const;

    /// Reads the 32-bit words at those addresses of its memory: 0 where there is none. False: it is forbidden.
    bool read_words(std::span<const std::uintptr_t> addresses, std::span<std::uint32_t> words) const;

private:
    std::string read(const char* name) const;

    int pid_;
    int folder_ = -1;  // /proc/PID
};

}  // namespace threadwise::platform
