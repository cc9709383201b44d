#pragma once
// What trace::write() writes, read again.

#include <chrono>
#include <istream>
#include <string>

#include "threadwise/recording.hpp"

namespace command {

/// `name` is the file's, for messages. Throws Failure, which says the line, if it is no such file.
threadwise::trace::Recording read_recording(std::istream& file, const std::string& name);

/// Leaves out what ended longer ago than that.
void keep_last(threadwise::trace::Recording& recording, std::chrono::duration<double> last);

}  // namespace command
