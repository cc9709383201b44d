#pragma once
// From the rings of a process to what its threads did.

#include "inspect/card_reader.hpp"
#include "threadwise/recording.hpp"

namespace threadwise::inspect {

/// All but which process it is.
trace::Recording read_recording(const CardReader& cards);

}  // namespace threadwise::inspect
