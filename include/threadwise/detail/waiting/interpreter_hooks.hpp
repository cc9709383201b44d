#pragma once

/// \file
/// The hooks of the interpreter lock that the calling thread holds, where an inlined fast path can read and write them.

#include "threadwise/export.hpp"

namespace threadwise {
class BlockingHooks;
}

namespace threadwise::detail {

/// Null: it holds none. These hooks run first before a wait and last after it, inside all others: what else a thread
/// hands back and takes again, it does without the interpreter. initial-exec: as this_ident.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local THREADWISE_API BlockingHooks* interpreter_hooks;

}  // namespace threadwise::detail
