#include "inspect/read_recording.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "platform/clock.hpp"
#include "runtime/records/wait_site.hpp"

namespace threadwise::inspect {
namespace {

using runtime::trace::Event;
using runtime::trace::EventType;

/// Never later than now, whatever is read.
Instant instant_of(std::int64_t nanoseconds, Instant taken) {
    const Instant moment{std::chrono::duration_cast<Instant::duration>(std::chrono::nanoseconds(nanoseconds))};
    return std::clamp(moment, Instant{}, taken);
}

trace::Outcome outcome_of(runtime::trace::Outcome outcome) {
    switch (outcome) {
        case runtime::trace::Outcome::woken: return trace::Outcome::woken;
        case runtime::trace::Outcome::timed_out: return trace::Outcome::timed_out;
        case runtime::trace::Outcome::interrupted: break;
    }
    return trace::Outcome::interrupted;
}

trace::Wait wait_of(const Event& event, Instant taken) {
    return {.kind = (event.across_processes != 0 ? "multiprocessing." : "") +
                    std::string(to_string(static_cast<runtime::WaitKind>(event.kind))),
            .object = static_cast<std::uintptr_t>(event.subject),
            .begin = instant_of(std::min(event.begin, event.end), taken),
            .end = instant_of(event.end, taken),
            .outcome = outcome_of(event.outcome),
            .by = event.ident};
}

/// The threads that have had one card after another.
class OneCard {
public:
    OneCard(const runtime::trace::ReadRing& ring, Instant taken, std::vector<trace::Thread>& threads)
        : taken_(taken), threads_(threads) {
        thread_.complete = !ring.has_lost;
        for (const Event& event : ring.events) add(event);
    }

    /// No thread has the card now.
    void finish() {
        if (thread_.ident != 0) push();
    }

    /// That thread has it, and was seen at that moment.
    void finish_with(const CardReader::Seen& seen, Instant looked) {
        if (thread_.ident != 0 && thread_.ident != seen.info.ident) push();
        thread_.ident = seen.info.ident;
        thread_.native_id = seen.info.native_id;
        thread_.name = seen.info.name;
        // If it has ended a sleep since then, it was that one.
        const Instant last = thread_.waits.empty() ? Instant{} : thread_.waits.back().end;
        const Wait& now = seen.info.wait;
        if (seen.info.state == State::waits && last <= looked) {
            thread_.waits.push_back({.kind = now.kind,
                                     .object = now.object,
                                     .begin = std::max(now.since, last),
                                     .end = taken_,
                                     .outcome = trace::Outcome::still_waits,
                                     .by = now.owners.empty() ? 0 : now.owners.front()});
        }
        push();
    }

private:
    void add(const Event& event) {
        switch (event.type) {
            case EventType::wait: thread_.waits.push_back(wait_of(event, taken_)); return;
            case EventType::started:
                finish();
                thread_ = {};
                begin(event);
                thread_.began = instant_of(event.begin, taken_);
                return;
            case EventType::named: thread_.name = name_in(event); return;
            case EventType::ended:
                begin(event);
                thread_.ended = instant_of(event.begin, taken_);
                push();
                return;
            case EventType::none: return;
        }
    }

    void begin(const Event& event) {
        thread_.ident = event.ident;
        thread_.native_id = event.subject;
    }

    static std::string name_in(const Event& event) {
        const auto text = text_of(event);
        const std::string_view all(text.data(), text.size());
        return std::string(all.substr(0, all.find('\0')));
    }

    void push() { threads_.push_back(std::exchange(thread_, {})); }

    Instant taken_;
    std::vector<trace::Thread>& threads_;
    trace::Thread thread_;
};

}  // namespace

trace::Recording read_recording(const CardReader& cards) {
    const Instant looked = platform::now();
    std::unordered_map<std::uint32_t, CardReader::Seen> seen;  // by the number of the card
    for (auto& thread : cards.read()) seen.emplace(thread.number, std::move(thread));
    std::vector<runtime::trace::ReadRing> rings;
    for (std::uint32_t number = 0; number < cards.used(); ++number) rings.push_back(cards.read_ring(number));
    trace::Recording recording;
    recording.taken = platform::now();
    for (std::uint32_t number = 0; number < rings.size(); ++number) {
        OneCard card(rings[number], recording.taken, recording.threads);
        const auto found = seen.find(number);
        if (found == seen.end()) {
            card.finish();
        } else {
            card.finish_with(found->second, looked);
        }
    }
    std::sort(recording.threads.begin(), recording.threads.end(),
              [](const auto& a, const auto& b) { return a.ident < b.ident; });
    return recording;
}

}  // namespace threadwise::inspect
