#pragma once

/// \file
/// Which interpreter lock the calling thread holds, where an inlined fast path can read and write it in one step.

#include "threadwise/export.hpp"

namespace threadwise {
class BlockingHooks;
}

namespace threadwise::detail {

/// Null: none. These hooks run first before a wait and last after it, inside all others: what else a thread hands back
/// and takes again, it does without the interpreter. initial-exec: as this_ident.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local THREADWISE_API BlockingHooks* held_interpreter;

}  // namespace threadwise::detail
