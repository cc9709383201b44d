#include "http/download_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <system_error>

#include "files/pending_file.hpp"
#include "files/sha256.hpp"
#include "threadwise/sleep.hpp"

namespace command {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Status = DownloadReport::Status;

// A server that asks for more is left alone for good.
constexpr std::chrono::seconds longest_retry_after{300};

/// The file as it comes in: to the disk, into the digest, and onto the display.
class Arrival : public Body {
public:
    Arrival(const DownloadTarget& target, const DownloadOptions& options, FileProgress& progress)
        : file_(options.directory, target.name), progress_(progress) {}

    void begin(bool resumed, std::optional<std::uint64_t> total) override {
        if (!resumed) restart();
        progress_.set_total(total.value_or(0));
        progress_.set_state(FileProgress::State::running);
    }

    void append(std::span<const std::byte> bytes) override {
        file_.append(bytes);
        digest_.update(bytes);
        size_ += bytes.size();
        received_ += bytes.size();
        progress_.set_received(size_);
    }

    std::uint64_t received() const noexcept { return received_; }
    std::string digest() const { return digest_.hex(); }
    void publish(bool replace) { file_.publish(replace); }

private:
    void restart() {
        file_.restart();
        digest_.restart();
        size_ = 0;
        progress_.set_received(0);
    }

    PendingFile file_;
    Sha256 digest_;
    FileProgress& progress_;
    std::uint64_t size_ = 0;
    std::uint64_t received_ = 0;
};

DownloadReport failed(std::string problem, std::string advice) {
    DownloadReport report;
    report.status = Status::failed;
    report.problem = std::move(problem);
    report.advice = std::move(advice);
    return report;
}

std::string advice_for(const std::error_code& error) {
    if (error == std::errc::no_space_on_device || error.value() == EDQUOT) {
        return "free some space, or choose another folder with --directory DIR";
    }
    if (error == std::errc::filename_too_long) {
        return "give it a shorter name: --output NAME for one URL, or a line \"URL NAME\" in an --input list";
    }
    if (error == std::errc::io_error) return "the disk has failed: check it, or choose another with --directory DIR";
    if (error == std::errc::file_too_large)
        return "raise the limit on file sizes (ulimit -f), or choose another folder";
    if (error == std::errc::permission_denied || error == std::errc::read_only_file_system) {
        return "make the folder writable, or choose another with --directory DIR";
    }
    if (error == std::errc::file_exists) return "move it away, or say --existing replace or --existing keep";
    return "check the folder that --directory names";
}

// What arrived, or was there, is not what the list says.
DownloadReport wrong_digest(const std::string& what, const DownloadTarget& target, const std::string& digest) {
    return failed(fmt::format("{} has the SHA-256 {}, not {} as the list says", what, digest, target.digest),
                  "do not use what this URL brings unless you know that the list is out of date");
}

// Why what is there under the file's name can be neither kept nor replaced, or "".
std::string fault_of_existing(const fs::path& path, Existing existing) {
    std::error_code error;
    const fs::file_type type = fs::status(path, error).type();  // of what a link leads to
    switch (type) {
        case fs::file_type::regular: return {};
        case fs::file_type::not_found: return existing == Existing::replace ? "" : "is a link to nothing";
        case fs::file_type::directory: return "is a folder";
        case fs::file_type::fifo: return "is a pipe";
        case fs::file_type::socket: return "is a socket";
        case fs::file_type::block:
        case fs::file_type::character: return "is a device";
        default: return error ? "cannot be looked at: " + error.message() : "is not a regular file";
    }
}

// What bears the file's name but is no file must not become one: a report says so.
std::optional<DownloadReport> look_for_obstacle(const fs::path& path, Existing existing) {
    if (!fs::exists(fs::symlink_status(path))) return std::nullopt;
    const std::string fault = fault_of_existing(path, existing);
    if (fault.empty()) return std::nullopt;
    return failed(fmt::format("{} {}", path.string(), fault), "move it away, or give the file another name");
}

// What is there already may be all that is wanted; a report means that nothing is left to do.
std::optional<DownloadReport> look_at_existing(const DownloadTarget& target, const DownloadOptions& options,
                                               std::stop_token stop) {
    const fs::path path = options.directory / target.name;
    if (auto obstacle = look_for_obstacle(path, options.existing)) return obstacle;
    if (!fs::exists(fs::symlink_status(path))) return std::nullopt;

    DownloadReport kept;
    kept.status = Status::kept;
    if (!target.digest.empty() && fs::is_regular_file(path)) {
        kept.digest = sha256_of_file(path, stop);
        if (stop.stop_requested()) return DownloadReport{};
        if (kept.digest == target.digest) return kept;
        if (options.existing == Existing::keep)
            return wrong_digest(path.string() + ", which was there already,", target, kept.digest);
    }
    switch (options.existing) {
        case Existing::keep: return kept;
        case Existing::replace: return std::nullopt;
        case Existing::fail: break;
    }
    return failed(fmt::format("{} exists already", path.string()),
                  advice_for(std::make_error_code(std::errc::file_exists)));
}

DownloadReport gave_up(const TransferOutcome& outcome, int tries) {
    DownloadReport report = failed(outcome.problem, outcome.advice);
    if (outcome.retry_after > longest_retry_after) {
        report.advice = fmt::format("try again in {} s, as the server asks", outcome.retry_after.count());
    }
    report.tries = tries;
    if (tries > 1) report.problem += fmt::format(" ({} tries)", tries);
    return report;
}

// Tries until the file is whole, or until trying on is useless.
DownloadReport fetch(const DownloadTarget& target, const DownloadOptions& options, Connection& connection,
                     Arrival& arrival, FileProgress& progress, const std::stop_token& stop) {
    using Kind = TransferOutcome::Kind;
    std::minstd_rand random(std::random_device{}());
    TransferRequest request{target.url, target.name, {}, options.timeout, options.use_proxy};
    int failures = 0;
    for (int tries = 1;; ++tries) {
        TransferOutcome outcome = connection.transfer(request, arrival, stop);
        // A redirection may lead elsewhere next time, so the rest is asked for where the bytes came from; but not twice
        // where that brought nothing.
        const bool helpful = outcome.arrived.size > request.arrived.size;
        request.arrived = std::move(outcome.arrived);
        request.url = helpful && request.arrived.resumable() ? request.arrived.url : target.url;

        if (outcome.kind == Kind::unfinished) continue;

        failures += outcome.kind == Kind::transient ? 1 : 0;
        if (outcome.kind == Kind::permanent || failures > options.retries ||
            outcome.retry_after > longest_retry_after) {
            return gave_up(outcome, tries);
        }
        DownloadReport report;
        report.tries = tries;
        if (outcome.kind == Kind::complete) report.status = Status::downloaded;
        if (outcome.kind != Kind::transient) return report;

        progress.set_state(FileProgress::State::retrying);
        const Seconds wait = std::max<Seconds>(backoff(failures, options.first_backoff, random), outcome.retry_after);
        if (!threadwise::sleep_for(stop, wait)) return report;
    }
}

DownloadReport download_and_verify(const DownloadTarget& target, const DownloadOptions& options, Connection& connection,
                                   FileProgress& progress, const std::stop_token& stop) {
    if (auto report = look_at_existing(target, options, stop)) return *std::move(report);

    Arrival arrival(target, options, progress);
    DownloadReport report = fetch(target, options, connection, arrival, progress, stop);
    report.bytes = arrival.received();
    if (report.status != Status::downloaded) return report;

    report.digest = arrival.digest();
    if (!target.digest.empty() && report.digest != target.digest) {
        DownloadReport wrong = wrong_digest("what arrived", target, report.digest);
        wrong.bytes = report.bytes;
        wrong.tries = report.tries;
        return wrong;
    }
    const bool replace = options.existing == Existing::replace;
    if (replace) {
        auto obstacle = look_for_obstacle(options.directory / target.name, options.existing);
        if (obstacle) return *std::move(obstacle);
    }
    arrival.publish(replace);
    return report;
}

}  // namespace

DownloadReport download_file(const DownloadTarget& target, const DownloadOptions& options, Connection& connection,
                             FileProgress& progress, std::stop_token stop) {
    const auto begin = Clock::now();
    progress.set_state(FileProgress::State::running);
    DownloadReport report;
    try {
        report =
            stop.stop_requested() ? DownloadReport{} : download_and_verify(target, options, connection, progress, stop);
    } catch (const std::system_error& error) {
        report = failed(error.what(), advice_for(error.code()));
    } catch (const std::exception& error) {
        report = failed(error.what(), "try again; if it happens again, report it");
    }
    report.elapsed = Clock::now() - begin;
    progress.set_state(report.good() ? FileProgress::State::done : FileProgress::State::failed);
    return report;
}

}  // namespace command
