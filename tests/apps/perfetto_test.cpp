// What threadwise record writes for Perfetto, read back field by field.

#include "trace/perfetto.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <protozero/pbf_message.hpp>
#include <string>
#include <vector>

#include "trace/perfetto_schema.hpp"

namespace {

using command::perfetto::DebugAnnotation;
using command::perfetto::instant;
using command::perfetto::ProcessDescriptor;
using command::perfetto::slice_begin;
using command::perfetto::slice_end;
using command::perfetto::ThreadDescriptor;
using command::perfetto::Trace;
using command::perfetto::TracePacket;
using command::perfetto::TrackDescriptor;
using command::perfetto::TrackEvent;
using protozero::pbf_message;
using threadwise::trace::Instant;
using threadwise::trace::Outcome;
using threadwise::trace::Recording;

/// A packet, as far as it is of interest.
struct Packet {
    std::uint64_t time = 0;
    std::uint32_t sequence = 0;
    std::int32_t type = 0;
    std::uint64_t track = 0;
    std::string name;
    std::int32_t pid = 0;
    std::int32_t tid = 0;
    std::uint64_t flow = 0;
    std::uint64_t ended_flow = 0;
    std::map<std::string, std::string> annotations;
};

void read_annotation(Packet& packet, pbf_message<DebugAnnotation> message) {
    std::string name;
    std::string value;
    while (message.next()) {
        switch (message.tag()) {
            case DebugAnnotation::name: name = message.get_string(); break;
            case DebugAnnotation::string_value: value = message.get_string(); break;
            case DebugAnnotation::pointer_value: value = std::to_string(message.get_uint64()); break;
            default: message.skip();
        }
    }
    packet.annotations[name] = value;
}

void read_event(Packet& packet, pbf_message<TrackEvent> message) {
    while (message.next()) {
        switch (message.tag()) {
            case TrackEvent::type: packet.type = message.get_enum(); break;
            case TrackEvent::track_uuid: packet.track = message.get_uint64(); break;
            case TrackEvent::name: packet.name = message.get_string(); break;
            case TrackEvent::flow_ids: packet.flow = message.get_fixed64(); break;
            case TrackEvent::terminating_flow_ids: packet.ended_flow = message.get_fixed64(); break;
            case TrackEvent::debug_annotations: read_annotation(packet, message.get_message()); break;
            default: message.skip();
        }
    }
}

void read_process(Packet& packet, pbf_message<ProcessDescriptor> message) {
    while (message.next()) {
        switch (message.tag()) {
            case ProcessDescriptor::pid: packet.pid = message.get_int32(); break;
            case ProcessDescriptor::process_name: packet.name = message.get_string(); break;
            default: message.skip();
        }
    }
}

void read_thread(Packet& packet, pbf_message<ThreadDescriptor> message) {
    while (message.next()) {
        switch (message.tag()) {
            case ThreadDescriptor::pid: packet.pid = message.get_int32(); break;
            case ThreadDescriptor::tid: packet.tid = message.get_int32(); break;
            case ThreadDescriptor::thread_name: packet.name = message.get_string(); break;
            default: message.skip();
        }
    }
}

void read_descriptor(Packet& packet, pbf_message<TrackDescriptor> message) {
    while (message.next()) {
        switch (message.tag()) {
            case TrackDescriptor::uuid: packet.track = message.get_uint64(); break;
            case TrackDescriptor::process: read_process(packet, message.get_message()); break;
            case TrackDescriptor::thread: read_thread(packet, message.get_message()); break;
            default: message.skip();
        }
    }
}

Packet read_packet(pbf_message<TracePacket> message) {
    Packet packet;
    while (message.next()) {
        switch (message.tag()) {
            case TracePacket::timestamp: packet.time = message.get_uint64(); break;
            case TracePacket::trusted_packet_sequence_id: packet.sequence = message.get_uint32(); break;
            case TracePacket::track_event: read_event(packet, message.get_message()); break;
            case TracePacket::track_descriptor: read_descriptor(packet, message.get_message()); break;
            default: message.skip();
        }
    }
    return packet;
}

std::vector<Packet> read_trace(const std::string& trace) {
    std::vector<Packet> packets;
    pbf_message<Trace> message(trace);
    while (message.next(Trace::packet)) packets.push_back(read_packet(message.get_message()));
    return packets;
}

Instant at(int nanoseconds) { return Instant(std::chrono::nanoseconds(nanoseconds)); }

/// Ada waited for a lock of bob's, which bob released; then bob sleeps.
Recording two_threads() {
    return {
        .pid = 4711,
        .command = "bank --all",
        .taken = at(100),
        .threads = {{.name = "ada",
                     .ident = 2,
                     .native_id = 4712,
                     .began = at(10),
                     .ended = at(60),
                     .waits = {{.kind = "RLock",
                                .object = 0x1000,
                                .begin = at(20),
                                .end = at(50),
                                .outcome = Outcome::woken,
                                .by = 3}}},
                    {.name = "bob",
                     .ident = 3,
                     .native_id = 4713,
                     .began = {},
                     .ended = {},
                     .waits = {{.kind = "sleep", .begin = at(55), .end = at(100), .outcome = Outcome::still_waits}}}}};
}

TEST(Perfetto, HasATrackForEachThread) {
    const auto packets = read_trace(command::perfetto_of(two_threads()));
    ASSERT_GE(packets.size(), 3U);
    EXPECT_EQ(packets[0].pid, 4711);
    EXPECT_EQ(packets[0].name, "bank --all");
    EXPECT_EQ(packets[1].name, "ada");
    EXPECT_EQ(packets[1].tid, 4712);
    EXPECT_EQ(packets[2].name, "bob");
    EXPECT_EQ(packets[2].pid, 4711);
    EXPECT_NE(packets[1].track, packets[2].track);
    for (const Packet& packet : packets) EXPECT_NE(packet.sequence, 0U);
}

TEST(Perfetto, HasASliceForEachWaitAndAnArrowFromTheWaker) {
    const auto packets = read_trace(command::perfetto_of(two_threads()));
    ASSERT_EQ(packets.size(), 10U);
    const std::uint64_t ada = packets[1].track;
    const std::uint64_t bob = packets[2].track;
    const auto expect = [&](std::size_t index, std::uint64_t time, std::int32_t type, std::uint64_t track,
                            const std::string& name) {
        EXPECT_EQ(packets[index].time, time) << index;
        EXPECT_EQ(packets[index].type, type) << index;
        EXPECT_EQ(packets[index].track, track) << index;
        EXPECT_EQ(packets[index].name, name) << index;
    };
    expect(3, 10, instant, ada, "begins");
    expect(4, 20, slice_begin, ada, "Lock contention on RLock 0x1000 (owner tid: 4713)");
    expect(5, 50, instant, bob, "wakes ada");
    expect(6, 50, slice_end, ada, "");
    expect(7, 55, slice_begin, bob, "sleep");
    expect(8, 60, instant, ada, "ends");
    expect(9, 100, slice_end, bob, "");
    EXPECT_NE(packets[5].flow, 0U);
    EXPECT_EQ(packets[6].ended_flow, packets[5].flow);
    EXPECT_EQ(packets[4].annotations.at("woken by"), "bob");
    EXPECT_EQ(packets[4].annotations.at("object"), "4096");
    EXPECT_EQ(packets[7].annotations.at("outcome"), "still_waits");
}

}  // namespace
