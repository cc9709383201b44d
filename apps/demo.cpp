// threadwise demo: what concurrency is worth when servers are far away.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "files/digest.hpp"
#include "files/temporary_folder.hpp"
#include "server/file_server.hpp"
#include "subcommands.hpp"
#include "terminal/messages.hpp"
#include "terminal/progress_bars.hpp"
#include "terminal/sizes.hpp"
#include "terminal/stop_signals.hpp"
#include "transfer/download_all.hpp"

namespace command {
namespace {

namespace fs = std::filesystem;

struct Arguments {
    std::size_t files = 64;
    std::size_t jobs = 16;
    long latency = 40;
    std::uint64_t rate = 2'000'000;
    bool json = false;
    bool quiet = false;
};

/// The files that the server offers.
struct Offer {
    std::vector<DownloadTarget> targets;  ///< with their digests; the URLs lack the server's address
    double bytes = 0;
};

Offer generate_files(const fs::path& folder, std::size_t count) {
    constexpr std::size_t smallest = 32'000;
    constexpr std::size_t step = 2'000;
    Offer offer;
    for (std::size_t i = 0; i < count; ++i) {
        std::mt19937 random(static_cast<unsigned>(i));
        std::string content(smallest + (i % 64) * step, '\0');
        for (char& c : content) c = static_cast<char>(random() & 0xFFU);

        const std::string name = fmt::format("file-{:02}.bin", i);
        std::ofstream file(folder / name, std::ios::binary);
        file.write(content.data(), static_cast<std::streamsize>(content.size()));
        file.close();
        if (!file)
            throw Failure(some_failed, fmt::format("cannot write {}", (folder / name).string()), "free some space");

        Hasher hasher;
        hasher.update(std::as_bytes(std::span(content)));
        offer.targets.push_back({.url = "/" + name, .name = name, .digest = hasher.digest()});
        offer.bytes += static_cast<double>(content.size());
    }
    return offer;
}

/// How long it takes to download everything; throws Failure unless every file is there and right.
Seconds timed_download(const Offer& offer, const fs::path& directory, std::size_t jobs, const StopSignals& signals,
                       bool bars_visible) {
    DownloadOptions options;
    options.directory = directory;
    options.requests.use_proxy = false;
    fs::create_directory(directory);
    Journal journal(directory);
    BatchProgress progress = make_progress(offer.targets);

    const auto begin = std::chrono::steady_clock::now();
    std::vector<DownloadReport> reports;
    {
        ProgressBars bars(progress, STDERR_FILENO, bars_visible);
        reports = download_all(offer.targets, options, jobs, journal, progress, signals.token(), [&] { bars.draw(); });
    }
    const Seconds elapsed = std::chrono::steady_clock::now() - begin;

    if (signals.received() != 0) {
        throw Failure(stopped_by(signals.received()), "stopped", "");
    }
    for (std::size_t i = 0; i < reports.size(); ++i) {
        if (reports[i].good()) continue;
        throw Failure(some_failed, fmt::format("{}: {}", offer.targets[i].url, reports[i].problem), reports[i].advice);
    }
    return elapsed;
}

ExitCode demo(const Arguments& arguments) {
    const StopSignals signals;
    const TemporaryFolder scratch;
    fs::create_directory(scratch.path() / "server");
    Offer offer = generate_files(scratch.path() / "server", arguments.files);

    ServerOptions options;
    options.connections = std::max(options.connections, 2 * arguments.jobs);
    options.latency = std::chrono::milliseconds(arguments.latency);
    options.rate = arguments.rate;
    FileServer server(scratch.path() / "server", options);
    const std::string address = fmt::format("http://127.0.0.1:{}", server.start("127.0.0.1", 0));
    for (auto& target : offer.targets) target.url.insert(0, address);

    const bool talks = !arguments.json && !arguments.quiet;
    const auto say = [&](const std::string& text) {
        if (talks) std::cout << text << std::flush;
    };
    const auto line = [&](const std::string& how, Seconds elapsed) {
        return fmt::format("{:<18} {:6.2f} s  {:>9}/s\n", how, elapsed.count(),
                           human_size(offer.bytes / elapsed.count()));
    };

    say(fmt::format("{} files, {} in all, from {}, which waits {} ms before each answer and sends {}/s a connection\n",
                    arguments.files, human_size(offer.bytes), address, arguments.latency,
                    human_size(static_cast<double>(arguments.rate))));
    const Seconds alone = timed_download(offer, scratch.path() / "one-after-another", 1, signals, talks);
    say(line("one after another", alone));
    const Seconds together = timed_download(offer, scratch.path() / "at-once", arguments.jobs, signals, talks);
    say(line(fmt::format("{} at once", arguments.jobs), together));

    const double ratio = alone.count() / together.count();
    say(fmt::format("{:.1f} times as fast; all {} downloads have the right SHA-256\n", ratio, 2 * arguments.files));
    if (arguments.json) {
        const nlohmann::json document{{"files", arguments.files},
                                      {"bytes", offer.bytes},
                                      {"jobs", arguments.jobs},
                                      {"seconds_one_after_another", alone.count()},
                                      {"seconds_at_once", together.count()},
                                      {"ratio", ratio}};
        std::cout << document.dump(2) << "\n";
    }
    return all_right;
}

}  // namespace

void add_demo(CLI::App& app, ExitCode& code) {
    auto arguments = std::make_shared<Arguments>();
    auto& a = *arguments;
    auto* sub = app.add_subcommand("demo", "Download files one after another and at once, and compare");
    sub->add_option("--files", a.files, "How many files to generate")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    sub->add_option("-j,--jobs", a.jobs, "How many at once")->check(CLI::Range(1, 512))->capture_default_str();
    sub->add_option("--latency", a.latency, "Milliseconds before each answer of the server")
        ->check(CLI::Range(0, 60000))
        ->capture_default_str();
    sub->add_option("--rate", a.rate, "Bytes a second on each connection; 0 is no limit")->capture_default_str();
    sub->add_flag("--json", a.json, "Print the result as JSON");
    sub->add_flag("-q,--quiet", a.quiet, "Print failures only");
    sub->footer(
        "Starts a server of its own on a free loopback port, with the latency and the limited rate of a distant one.\n"
        "Ends with 0 only when every file arrived with the right SHA-256.\n\n"
        "Examples:\n"
        "  threadwise demo\n"
        "  threadwise demo --jobs 64 --latency 200");
    sub->callback([arguments, &code] { code = demo(*arguments); });
}

}  // namespace command
