#include "trace/perfetto.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <protozero/pbf_builder.hpp>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "trace/perfetto_schema.hpp"

namespace command {
namespace {

using perfetto::DebugAnnotation;
using perfetto::instant;
using perfetto::ProcessDescriptor;
using perfetto::seq_incremental_state_cleared;
using perfetto::slice_begin;
using perfetto::slice_end;
using perfetto::ThreadDescriptor;
using perfetto::Trace;
using perfetto::TracePacket;
using perfetto::TrackDescriptor;
using perfetto::TrackEvent;
using perfetto::TrackEventType;
using protozero::pbf_builder;
using threadwise::trace::Outcome;
using threadwise::trace::Recording;
using threadwise::trace::Thread;
using threadwise::trace::Wait;

constexpr std::uint64_t process_track = 1;
constexpr std::uint64_t first_thread_track = 2;
constexpr std::uint32_t sequence = 1;

std::uint64_t nanoseconds(threadwise::trace::Instant moment) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(moment.time_since_epoch()).count());
}

/// A lock that is held by a thread: its slices bear the name by which Perfetto knows that threads contend for a lock.
bool is_lock(std::string_view kind) {
    static const std::set<std::string_view> kinds{"Lock", "RLock", "SharedLock (to write)", "SharedLock (to read)",
                                                  "InterpreterLock"};
    return kinds.contains(kind);
}

/// Writes a recording's packets, sorted by time as traces have to be.
class PerfettoWriter {
public:
    explicit PerfettoWriter(const Recording& recording) : recording_(recording) {
        for (std::size_t i = 0; i < recording.threads.size(); ++i) by_ident_[recording.threads[i].ident] = i;
    }

    std::string write() {
        describe_process();
        for (std::size_t i = 0; i < recording_.threads.size(); ++i) describe_thread(i);
        for (std::size_t i = 0; i < recording_.threads.size(); ++i) add_thread(i);
        std::ranges::stable_sort(events_, {}, &TimedPacket::time);
        for (const TimedPacket& event : events_) add_packet(event.packet);
        return std::move(trace_);
    }

private:
    struct TimedPacket {
        std::uint64_t time;
        std::string packet;
    };

    static std::uint64_t track_of(std::size_t index) { return first_thread_track + index; }

    const Thread* find(std::uint32_t ident) const {
        const auto found = by_ident_.find(ident);
        return found == by_ident_.end() ? nullptr : &recording_.threads[found->second];
    }

    void add_packet(const std::string& packet) { pbf_builder<Trace>(trace_).add_message(Trace::packet, packet); }

    template <class Describe>
    void add_descriptor(std::uint64_t track, Describe describe) {
        std::string packet;
        pbf_builder<TracePacket> builder(packet);
        builder.add_uint32(TracePacket::trusted_packet_sequence_id, sequence);
        if (track == process_track) builder.add_uint32(TracePacket::sequence_flags, seq_incremental_state_cleared);
        {
            pbf_builder<TrackDescriptor> descriptor(builder, TracePacket::track_descriptor);
            descriptor.add_uint64(TrackDescriptor::uuid, track);
            describe(descriptor);
        }
        add_packet(packet);
    }

    void describe_process() {
        add_descriptor(process_track, [&](auto& descriptor) {
            pbf_builder<ProcessDescriptor> process(descriptor, TrackDescriptor::process);
            process.add_int32(ProcessDescriptor::pid, recording_.pid);
            process.add_string(ProcessDescriptor::process_name, recording_.command);
        });
    }

    void describe_thread(std::size_t index) {
        const Thread& thread = recording_.threads[index];
        add_descriptor(track_of(index), [&](auto& descriptor) {
            pbf_builder<ThreadDescriptor> message(descriptor, TrackDescriptor::thread);
            message.add_int32(ThreadDescriptor::pid, recording_.pid);
            message.add_int32(ThreadDescriptor::tid, static_cast<std::int32_t>(thread.native_id));
            message.add_string(ThreadDescriptor::thread_name, thread.name);
        });
    }

    /// `fill` writes what is special about the event.
    template <class Fill>
    void add_event(std::uint64_t track, threadwise::trace::Instant when, TrackEventType type, Fill fill) {
        std::string packet;
        pbf_builder<TracePacket> builder(packet);
        builder.add_uint64(TracePacket::timestamp, nanoseconds(when));
        builder.add_uint32(TracePacket::trusted_packet_sequence_id, sequence);
        {
            pbf_builder<TrackEvent> event(builder, TracePacket::track_event);
            event.add_enum(TrackEvent::type, type);
            event.add_uint64(TrackEvent::track_uuid, track);
            fill(event);
        }
        events_.push_back({nanoseconds(when), std::move(packet)});
    }

    void add_instant(std::uint64_t track, threadwise::trace::Instant when, const std::string& name,
                     std::uint64_t flow = 0) {
        add_event(track, when, instant, [&](auto& event) {
            event.add_string(TrackEvent::categories, "thread");
            event.add_string(TrackEvent::name, name);
            if (flow != 0) event.add_fixed64(TrackEvent::flow_ids, flow);
        });
    }

    void add_thread(std::size_t index) {
        const Thread& thread = recording_.threads[index];
        if (thread.began) add_instant(track_of(index), *thread.began, "begins");
        for (const Wait& wait : thread.waits) add_wait(index, wait);
        if (thread.ended) add_instant(track_of(index), *thread.ended, "ends");
    }

    void add_wait(std::size_t index, const Wait& wait) {
        const Thread* const other = find(wait.by);
        add_event(track_of(index), wait.begin, slice_begin, [&](auto& event) {
            event.add_string(TrackEvent::categories, "wait");
            event.add_string(TrackEvent::name, name_of(wait, other));
            if (wait.object != 0)
                annotate(event, "object",
                         [&](auto& annotation) { annotation.add_uint64(DebugAnnotation::pointer_value, wait.object); });
            annotate(event, "outcome", [&](auto& annotation) {
                annotation.add_string(DebugAnnotation::string_value, to_string(wait.outcome));
            });
            if (other != nullptr)
                annotate(event, wait.outcome == Outcome::woken ? "woken by" : "because of",
                         [&](auto& annotation) { annotation.add_string(DebugAnnotation::string_value, other->name); });
        });
        const bool has_waker = wait.outcome == Outcome::woken && other != nullptr;
        const std::uint64_t flow = has_waker ? ++last_flow_ : 0;
        if (has_waker) {
            // When exactly it did is not known: at the latest then.
            add_instant(track_of(by_ident_.at(wait.by)), wait.end, "wakes " + recording_.threads[index].name, flow);
        }
        add_event(track_of(index), wait.end, slice_end, [&](auto& event) {
            if (has_waker) event.add_fixed64(TrackEvent::terminating_flow_ids, flow);
        });
    }

    template <class Fill>
    static void annotate(pbf_builder<TrackEvent>& event, const char* name, Fill fill) {
        pbf_builder<DebugAnnotation> annotation(event, TrackEvent::debug_annotations);
        annotation.add_string(DebugAnnotation::name, name);
        fill(annotation);
    }

    static std::string name_of(const Wait& wait, const Thread* owner) {
        if (owner == nullptr || !is_lock(wait.kind)) return wait.kind;
        return fmt::format("Lock contention on {} {:#x} (owner tid: {})", wait.kind, wait.object, owner->native_id);
    }

    const Recording& recording_;
    std::unordered_map<std::uint32_t, std::size_t> by_ident_;
    std::string trace_;
    std::vector<TimedPacket> events_;
    std::uint64_t last_flow_ = 0;
};

}  // namespace

std::string perfetto_of(const Recording& recording) { return PerfettoWriter(recording).write(); }

}  // namespace command
