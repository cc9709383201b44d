#pragma once

/// \file
/// The words of an InterpreterLock that its inlined fast paths go by. src/threading/interpreter/interpreter_word.hpp
/// says how they change while threads wait.

#include <atomic>
#include <cstdint>

namespace threadwise::detail {

/// | word                        | state                                          |
/// |-----------------------------|------------------------------------------------|
/// | 0                           | free                                           |
/// | ident                       | held                                           |
/// | ident, computing            | held by a thread that is known to compute      |
/// | contended                   | free, to be taken under the guard alone        |
/// | ident, contended            | held, threads wait                             |
/// | ident, contended, computing | held by a thread that computes, threads wait   |
struct InterpreterWords {
    static constexpr std::uint32_t computing = 1U << 30;  ///< the holder is known to compute
    static constexpr std::uint32_t contended = 1U << 31;  ///< threads wait, or time is measured

    std::atomic<std::uint32_t> word{0};   ///< the holder's ident, and the two bits, which keep the fast paths away
    std::atomic<std::uint32_t> asked{0};  ///< whether the holder is asked to make way at its next safe point
    std::atomic<std::uint32_t> slow{0};   ///< whether the holder must release it by the slow path
};

}  // namespace threadwise::detail
