#pragma once
// Perfetto's messages and fields, as far as they are written here: protos/perfetto/trace/ of its sources.

#include <protozero/types.hpp>

namespace command::perfetto {

enum class Trace : protozero::pbf_tag_type { packet = 1 };

enum class TracePacket : protozero::pbf_tag_type {
    timestamp = 8,
    trusted_packet_sequence_id = 10,
    track_event = 11,
    sequence_flags = 13,
    track_descriptor = 60,
};
inline constexpr std::uint32_t seq_incremental_state_cleared = 1;

enum class TrackDescriptor : protozero::pbf_tag_type { uuid = 1, process = 3, thread = 4 };
enum class ProcessDescriptor : protozero::pbf_tag_type { pid = 1, process_name = 6 };
enum class ThreadDescriptor : protozero::pbf_tag_type { pid = 1, tid = 2, thread_name = 5 };

enum class TrackEvent : protozero::pbf_tag_type {
    debug_annotations = 4,
    type = 9,
    track_uuid = 11,
    categories = 22,
    name = 23,
    flow_ids = 47,
    terminating_flow_ids = 48,
};
enum TrackEventType : std::int32_t { slice_begin = 1, slice_end = 2, instant = 3 };

enum class DebugAnnotation : protozero::pbf_tag_type { string_value = 6, pointer_value = 7, name = 10 };

}  // namespace command::perfetto
