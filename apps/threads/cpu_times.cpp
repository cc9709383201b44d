#include "threads/cpu_times.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>

namespace command {
namespace {

/// A descriptor for each thread may be more than the soft limit allows.
void allow_many_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

FileDescriptor opened(const std::filesystem::path& path) { return {::open(path.c_str(), O_RDONLY | O_CLOEXEC), path}; }

/// The number that the text begins with.
std::optional<std::uint64_t> leading_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

/// Without its first `count` words.
std::string_view after_words(std::string_view text, int count) {
    for (; count > 0; --count) text.remove_prefix(std::min(text.find(' '), text.size() - 1) + 1);
    return text;
}

std::optional<double> seconds_in_schedstat(std::string_view text) {
    constexpr double nanoseconds = 1e9;
    const auto number = leading_number(text);
    return number ? std::optional(static_cast<double>(*number) / nanoseconds) : std::nullopt;
}

/// User and system time are the 14th and the 15th field; the second, a name in parentheses, may have blanks in it.
std::optional<double> seconds_in_stat(std::string_view text) {
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string_view::npos) return std::nullopt;
    const std::string_view from_user = after_words(text.substr(name_end), 12);
    const auto user = leading_number(from_user);
    const auto system = leading_number(after_words(from_user, 1));
    if (!user || !system) return std::nullopt;
    return static_cast<double>(*user + *system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

std::optional<double> CpuTimes::File::seconds() const {
    std::array<char, 1024> buffer{};
    const ssize_t size = ::pread(file.number(), buffer.data(), buffer.size(), 0);
    if (size <= 0) return std::nullopt;
    const std::string_view text(buffer.data(), static_cast<std::size_t>(size));
    return is_schedstat ? seconds_in_schedstat(text) : seconds_in_stat(text);
}

CpuTimes::CpuTimes(int pid) : folder_(fmt::format("/proc/{}", pid)), process_(open(folder_, false)) {
    allow_many_descriptors();
}

CpuTimes::File CpuTimes::open(const std::filesystem::path& folder, bool may_be_schedstat) {
    File file;
    if (may_be_schedstat) file.file = opened(folder / "schedstat");
    file.is_schedstat = file.file.number() != -1;
    if (!file.is_schedstat) file.file = opened(folder / "stat");
    return file;
}

std::optional<CpuUse> CpuTimes::use_of(File& file, Instant look) {
    if (file.look != look) {
        const auto seconds = file.seconds();
        const Instant now = std::chrono::steady_clock::now();
        file.has_failed = !seconds.has_value();
        if (seconds) {
            const double passed = std::chrono::duration<double>(now - file.read_at).count();
            const bool is_first = file.look == Instant{};
            file.use.share = is_first ? std::nullopt : std::optional((*seconds - file.use.seconds) / passed);
            file.use.seconds = *seconds;
        }
        file.look = look;
        file.read_at = now;
    }
    return file.has_failed ? std::nullopt : std::optional(file.use);
}

std::optional<CpuUse> CpuTimes::of_thread(std::uint64_t native_id, std::optional<Instant> waits_since, Instant look) {
    if (native_id == 0) return std::nullopt;
    auto found = threads_.find(native_id);
    if (found == threads_.end()) {
        found = threads_.emplace(native_id, open(folder_ / "task" / std::to_string(native_id), true)).first;
    }
    File& file = found->second;
    const bool has_read = file.look != Instant{} && !file.has_failed;
    if (has_read && file.look != look && waits_since && file.waited_since == waits_since) {
        file.use.share = 0;
        file.look = look;
        file.read_at = std::chrono::steady_clock::now();
    }
    file.waited_since = waits_since;
    return use_of(file, look);
}

std::optional<CpuUse> CpuTimes::of_process(Instant look) { return use_of(process_, look); }

void CpuTimes::keep_only(const std::vector<std::uint64_t>& native_ids) {
    // Rarely: those that have ended do no harm but for their descriptors.
    constexpr std::size_t spare = 64;
    if (threads_.size() <= native_ids.size() + spare) return;
    const std::unordered_set<std::uint64_t> kept(native_ids.begin(), native_ids.end());
    std::erase_if(threads_, [&](const auto& entry) { return !kept.contains(entry.first); });
}

}  // namespace command
