#pragma once
// The processor time that threads have used, as the kernel counts it.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <vector>

#include "files/file_descriptor.hpp"

namespace command {

struct CpuUse {
    double seconds = 0;           ///< since the thread began
    std::optional<double> share;  ///< of one core, since the time was read before; none: it was not
};

/// Of the threads of one process. Each thread's file is opened once, and read when it is asked for.
class CpuTimes {
public:
    using Instant = std::chrono::steady_clock::time_point;

    explicit CpuTimes(int pid);

    /// Of the thread with that native id; if it waits, since when: in a wait that went on at the last look already it
    /// has used no time. Asked again for the same look, the answer is the same. None: the thread has ended, or the
    /// kernel does not say.
    std::optional<CpuUse> of_thread(std::uint64_t native_id, std::optional<Instant> waits_since, Instant look);

    /// Of all threads together.
    std::optional<CpuUse> of_process(Instant look);

    /// Forgets the other ones.
    void keep_only(const std::vector<std::uint64_t>& native_ids);

private:
    /// /proc/PID/task/TID/schedstat, in nanoseconds; or stat, in clock ticks, where the kernel has no such file.
    struct File {
        FileDescriptor file;
        bool is_schedstat = false;
        Instant look{};                       ///< the last one
        Instant read_at{};                    ///< when it was read for that
        std::optional<Instant> waited_since;  ///< as of that
        CpuUse use;
        bool has_failed = false;

        std::optional<double> seconds() const;
    };

    static File open(const std::filesystem::path& folder, bool may_be_schedstat);
    static std::optional<CpuUse> use_of(File& file, Instant look);

    std::filesystem::path folder_;
    File process_;
    std::unordered_map<std::uint64_t, File> threads_;
};

}  // namespace command
