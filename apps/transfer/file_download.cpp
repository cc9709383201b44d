#include "transfer/file_download.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include "base/failure.hpp"
#include "base/random.hpp"
#include "http/file_url.hpp"
#include "transfer/existing_file.hpp"
#include "transfer/failed_report.hpp"

namespace command {
namespace {

using Kind = TransferOutcome::Kind;
using Status = DownloadReport::Status;

// A server that asks for more is left alone for good.
constexpr std::chrono::seconds longest_retry_after{300};

constexpr int most_redirections = 10;

}  // namespace

FileDownload::FileDownload(const DownloadTarget& target, const DownloadOptions& options, Journal& journal,
                           FileProgress& progress, threadwise::ThreadPoolExecutor& background)
    : target_(target),
      options_(options),
      journal_(journal),
      progress_(progress),
      arrival_(target, options, journal, progress, background),
      sources_(target),
      request_{.url = target.url, .name = target.name, .size = target.size, .options = &options.requests} {}

FileDownload::~FileDownload() {
    if (locked_) journal_.unlock(target_.name);
}

// What a disk or libcurl throws ends the download with a report.
template <class Action>
FileDownload::Step FileDownload::guarded(Action action) noexcept {
    try {
        return action();
    } catch (const std::system_error& error) {
        return end(failed_report(error));
    } catch (const std::exception& error) {
        return end(failed_report(error.what(), "try again; if it happens again, report it"));
    }
}

FileDownload::Step FileDownload::begin(const std::stop_token& stop) {
    begin_ = std::chrono::steady_clock::now();
    progress_.set_state(FileProgress::State::running);
    return guarded([&] { return look(stop); });
}

FileDownload::Step FileDownload::look(const std::stop_token& stop) {
    if (stop.stop_requested()) return end({});
    locked_ = journal_.lock(target_.name);
    if (!locked_) {
        return end(failed_report(
            fmt::format("{} is being downloaded by another run", (options_.directory / target_.name).string()),
            "wait until that one has ended, or stop it"));
    }
    const auto record = journal_.find(target_.name);
    if (auto report = look_at_existing(target_, options_, record, stop)) return end(*std::move(report));

    if (record) request_.arrived = arrival_.take_up(*record);
    furthest_ = request_.arrived.size;
    if (request_.arrived.size > 0 && request_.arrived.size == request_.arrived.total) return Step::settle;
    if (request_.arrived.resumable()) sources_.prefer(request_.arrived.url);
    ask_for_rest_of(request_.arrived);
    return Step::transfer;
}

// The next request is for `url`. What is private stays with the origin of the source: a redirection may lead anywhere.
void FileDownload::ask(const std::string& url) {
    const FileUrl source = parse_file_url(sources_.current());
    const bool is_source = url == sources_.current();
    const FileUrl place = is_source ? FileUrl() : parse_file_url(url);
    request_.url = is_source ? source.plain_url : place.plain_url;
    request_.is_private = target_.is_private && (is_source || place.origin == source.origin);
    request_.user = request_.is_private ? source.user : "";
    request_.password = request_.is_private ? source.password : "";
}

// Where a redirection had led, for it may lead elsewhere next time.
void FileDownload::ask_for_rest_of(const ArrivedPart& arrived) {
    ask(arrived.resumable() ? arrived.url : sources_.current());
}

FileDownload::Step FileDownload::ended(const std::function<TransferOutcome()>& outcome) {
    return guarded([&] { return judge(outcome()); });
}

bool FileDownload::note_progress(const TransferOutcome& outcome) {
    const bool progress = outcome.arrived.resumable() && outcome.arrived.size > furthest_;
    if (progress) {
        furthest_ = outcome.arrived.size;
        failures_ = 0;
    }
    if (outcome.kind == Kind::unfinished && outcome.arrived.size == 0 && arrival_.resumed() > 0) {
        arrival_.note_useless(outcome.problem);
    }
    return progress;
}

FileDownload::Step FileDownload::follow(const std::string& redirection) {
    const auto refuse = [&](const std::string& what, const char* advice) {
        TransferOutcome outcome = outcome_with(Kind::permanent, what, advice);
        // The place where an earlier answer came from may redirect by now: the source itself is asked again.
        if (request_.arrived.resumable()) outcome.kind = Kind::unfinished;
        return judge(std::move(outcome));
    };
    if (++redirections_ > most_redirections) return refuse("the server redirects more than 10 times", "check the URL");
    const std::string place = url_for_messages(redirection);
    const bool was_safe = request_.url.starts_with("https:");
    try {
        ask(redirection);
    } catch (const Failure&) {
        return refuse(fmt::format("the server redirects to \"{}\", which is no URL of http or https", place),
                      "check the URL");
    }
    if (was_safe && !request_.url.starts_with("https:") && !options_.requests.may_leave_https) {
        return refuse(fmt::format("the server redirects from https to {}", place),
                      "allow that with --leave-https if anybody may see and change the file");
    }
    return Step::transfer;
}

FileDownload::Step FileDownload::judge(TransferOutcome outcome) {
    if (outcome.kind == Kind::redirected) return follow(outcome.redirection);
    redirections_ = 0;
    ++tries_;
    const bool progress = note_progress(outcome);
    // A redirection may lead elsewhere next time, so the rest is asked for where the bytes came from; but not twice
    // where that brought nothing.
    const bool helpful = outcome.arrived.size > request_.arrived.size;
    request_.arrived = std::move(outcome.arrived);
    ask_for_rest_of(helpful ? request_.arrived : ArrivedPart());

    switch (outcome.kind) {
        case Kind::complete: return Step::settle;
        case Kind::unfinished: return Step::transfer;
        case Kind::redirected:
        case Kind::stopped: return end({});
        case Kind::permanent: return give_up_source(gave_up(outcome));
        case Kind::transient: break;
    }
    if (outcome.retry_after > longest_retry_after) return give_up_source(gave_up(outcome));
    if ((!progress || failures_ >= options_.retries) && try_next_source()) return Step::transfer;
    if (++failures_ > options_.retries) return end(gave_up(outcome));
    pause_ = std::max<Seconds>(backoff(failures_, options_.first_backoff, thread_random()), outcome.retry_after);
    progress_.set_state(FileProgress::State::retrying);
    return Step::wait;
}

DownloadReport FileDownload::gave_up(const TransferOutcome& outcome) const {
    DownloadReport report = failed_report(outcome.problem, outcome.advice);
    if (outcome.retry_after > longest_retry_after) {
        report.advice = fmt::format("try again in {} s, as the server asks", outcome.retry_after.count());
    }
    if (tries_ > 1) report.problem += fmt::format(" ({} tries)", tries_);
    return report;
}

FileDownload::Step FileDownload::give_up_source(DownloadReport report) {
    remember_part();
    if (!sources_.drop(report.problem)) return end(std::move(report));
    failures_ = 0;
    ask_current_source();
    return Step::transfer;
}

bool FileDownload::try_next_source() {
    remember_part();
    const bool has_next = sources_.turn_to_next();
    if (has_next) ask_current_source();
    return has_next;
}

// What came from one source can be continued with that one alone: entity tags are a URL's own.
void FileDownload::remember_part() {
    if (!request_.arrived.resumable()) return;
    held_ = request_.arrived;
    held_source_ = sources_.current();
}

void FileDownload::ask_current_source() {
    const bool continues = held_source_ == sources_.current() && arrival_.has(held_);
    request_.arrived = continues ? held_ : ArrivedPart();
    ask_for_rest_of(request_.arrived);
}

FileDownload::Step FileDownload::settle(const std::stop_token& stop) {
    return guarded([&] { return verify_and_publish(stop); });
}

FileDownload::Step FileDownload::verify_and_publish(const std::stop_token& stop) {
    DownloadReport report;
    if (!target_.digest.empty() || options_.digests) report.digest = arrival_.digest(stop);
    if (stop.stop_requested()) return end({});
    if (!target_.digest.empty() && report.digest != target_.digest) {
        arrival_.discard();
        const bool was_resumed = arrival_.resumed() > 0 && request_.arrived.size > 0;
        request_.arrived = {};
        ask(sources_.current());
        if (was_resumed && arrival_.note().empty()) {
            arrival_.note_useless("with it, the file has " + report.digest.text());
            return Step::transfer;
        }
        return give_up_source(wrong_digest("what arrived", target_, report.digest));
    }
    const bool replace = options_.existing == Existing::replace;
    if (replace) {
        auto obstacle = look_for_obstacle(options_.directory / target_.name, options_.existing);
        if (obstacle) return end(*std::move(obstacle));
    }
    arrival_.publish(replace);
    report.status = Status::downloaded;
    return end(std::move(report));
}

FileDownload::Step FileDownload::stop() { return end({}); }

FileDownload::Step FileDownload::end(DownloadReport report) {
    if (!report.good()) arrival_.keep();
    report.bytes = arrival_.received();
    report.resumed = arrival_.resumed();
    report.tries = tries_;
    report.note = arrival_.note();
    report.dropped = sources_.dropped();
    report.elapsed = std::chrono::steady_clock::now() - begin_;
    report_ = std::move(report);
    progress_.set_state(report_.good() ? FileProgress::State::done : FileProgress::State::failed);
    return Step::end;
}

}  // namespace command
