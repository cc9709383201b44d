#include "http/download_file.hpp"

#include <fmt/format.h>

#include <algorithm>
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

    void restart() {
        file_.restart();
        digest_.restart();
        validator.clear();
        size_ = 0;
        progress_.set_received(0);
    }

    std::uint64_t size() const noexcept { return size_; }
    std::uint64_t received() const noexcept { return received_; }
    std::string digest() const { return digest_.hex(); }
    void publish(bool replace) { file_.publish(replace); }

    std::string validator;  ///< vouches for the bytes that are here

private:
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
    if (error == std::errc::no_space_on_device) return "free some space, or choose another folder with --directory DIR";
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

// What is there already may be all that is wanted; a report means that nothing is left to do.
std::optional<DownloadReport> look_at_existing(const DownloadTarget& target, const DownloadOptions& options,
                                               std::stop_token stop) {
    const fs::path path = options.directory / target.name;
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
    if (tries > 1) report.problem += fmt::format(" ({} tries)", tries);
    return report;
}

// Tries until the file is whole, or until trying on is useless.
DownloadReport fetch(const DownloadTarget& target, const DownloadOptions& options, Connection& connection,
                     Arrival& arrival, FileProgress& progress, const std::stop_token& stop) {
    std::minstd_rand random(std::random_device{}());
    for (int tries = 1;; ++tries) {
        const TransferOutcome outcome = connection.transfer(
            {target.url, arrival.size(), arrival.validator, options.timeout, options.use_proxy}, arrival, stop);
        if (!outcome.validator.empty()) arrival.validator = outcome.validator;
        if (outcome.start_over) arrival.restart();

        DownloadReport report;
        if (outcome.kind == TransferOutcome::Kind::complete) {
            report.status = Status::downloaded;
        } else if (outcome.kind == TransferOutcome::Kind::permanent || tries > options.retries ||
                   outcome.retry_after > longest_retry_after) {
            report = gave_up(outcome, tries);
        } else if (outcome.kind == TransferOutcome::Kind::transient) {
            progress.set_state(FileProgress::State::retrying);
            const Seconds wait = std::max<Seconds>(backoff(tries, options.first_backoff, random), outcome.retry_after);
            if (threadwise::sleep_for(stop, wait)) continue;
        }
        report.tries = tries;
        return report;
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
    arrival.publish(options.existing == Existing::replace);
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
