#include "threadwise/recording.hpp"

#include <chrono>
#include <ostream>
#include <string>

#include "inspect/json_text.hpp"

namespace threadwise::trace {
namespace {

std::int64_t nanoseconds(Instant moment) { return std::chrono::nanoseconds(moment.time_since_epoch()).count(); }

void print(std::ostream& out, const Wait& wait, std::uint32_t thread) {
    out << R"({"wait":)" << inspect::JsonText{wait.kind} << R"(,"thread":)" << thread;
    if (wait.object != 0) out << R"(,"object":"0x)" << std::hex << wait.object << std::dec << '"';
    out << R"(,"begin":)" << nanoseconds(wait.begin) << R"(,"end":)" << nanoseconds(wait.end) << R"(,"outcome":")"
        << to_string(wait.outcome) << '"';
    if (wait.by != 0) out << R"(,"by":)" << wait.by;
    out << "}\n";
}

void print(std::ostream& out, const Thread& thread) {
    out << R"({"thread":)" << thread.ident << R"(,"native_id":)" << thread.native_id << R"(,"name":)"
        << inspect::JsonText{thread.name};
    if (thread.began) out << R"(,"began":)" << nanoseconds(*thread.began);
    if (thread.ended) out << R"(,"ended":)" << nanoseconds(*thread.ended);
    out << R"(,"complete":)" << (thread.complete ? "true" : "false") << "}\n";
    for (const Wait& wait : thread.waits) print(out, wait, thread.ident);
}

}  // namespace

const char* to_string(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::woken: return "woken";
        case Outcome::timed_out: return "timed_out";
        case Outcome::interrupted: return "interrupted";
        case Outcome::still_waits: break;
    }
    return "still_waits";
}

std::ostream& operator<<(std::ostream& out, const Recording& recording) {
    out << R"({"threadwise_trace":1,"pid":)" << recording.pid << R"(,"command":)"
        << inspect::JsonText{recording.command} << R"(,"taken":)" << nanoseconds(recording.taken) << "}\n";
    for (const Thread& thread : recording.threads) print(out, thread);
    return out;
}

}  // namespace threadwise::trace
