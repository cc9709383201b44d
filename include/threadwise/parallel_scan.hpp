#pragma once
// parallel_inclusive_scan, parallel_exclusive_scan: prefix sums, in the widest sense, of a range.
// C++: std::inclusive_scan and std::exclusive_scan, but for ranges, and in a pool.

#include <functional>
#include <iterator>
#include <optional>
#include <ranges>
#include <utility>

#include "threadwise/detail/parallel/scan.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise {

/// Writes to where `output` begins, for each element, the sum of all up to it and with it. `output` must have room for
/// all and may be the range itself. Returns the end of what was written.
///
/// Sums are grouped in any way but in this order: `operation` must be associative and return a value, but need not be
/// commutative. It is called at most twice an element. Throws what it throws; some elements have been written then.
template <detail::IndexedRange Range, std::random_access_iterator Output, class Operation = std::plus<>>
Output parallel_inclusive_scan(ThreadPoolExecutor& executor, Range&& range, Output output, Operation operation = {}) {
    using T = std::ranges::range_value_t<Range>;
    return detail::scan_by<detail::ScanKind::inclusive, T>(&executor, range, output, std::optional<T>(), operation);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <detail::IndexedRange Range, std::random_access_iterator Output, class Operation = std::plus<>>
Output parallel_inclusive_scan(Range&& range, Output output, Operation operation = {}) {
    using T = std::ranges::range_value_t<Range>;
    return detail::scan_by<detail::ScanKind::inclusive, T>(nullptr, range, output, std::optional<T>(), operation);
}

/// As parallel_inclusive_scan(), but each sum is that of `init` and all before the element. Sums are kept as T: give
/// `init` a type that holds them.
template <detail::IndexedRange Range, std::random_access_iterator Output, class T, class Operation = std::plus<>>
Output parallel_exclusive_scan(ThreadPoolExecutor& executor, Range&& range, Output output, T init,
                               Operation operation = {}) {
    return detail::scan_by<detail::ScanKind::exclusive, T>(&executor, range, output, std::optional<T>(std::move(init)),
                                                           operation);
}

/// The same in the pool that runs the calling task, or in default_executor().
template <detail::IndexedRange Range, std::random_access_iterator Output, class T, class Operation = std::plus<>>
Output parallel_exclusive_scan(Range&& range, Output output, T init, Operation operation = {}) {
    return detail::scan_by<detail::ScanKind::exclusive, T>(nullptr, range, output, std::optional<T>(std::move(init)),
                                                           operation);
}

}  // namespace threadwise
