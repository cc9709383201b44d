#pragma once
// The places of waits that an interpreter knows.

#include "threadwise/embed/wait_places.hpp"

namespace threadwise::runtime {

/// Asks the process's finder, if there is one.
bool find_wait_place(embed::WaitPlace& place) noexcept;

}  // namespace threadwise::runtime
