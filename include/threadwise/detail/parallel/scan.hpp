#pragma once
// Prefix sums by several workers.
//
// One worker scans blocks from the front, as the sum before each is known by then. Meanwhile others only add up blocks,
// from the back on. Where they meet, the sums before the added blocks are known, too, and these are scanned side by
// side. With p workers that takes (2p - 1) / p^2 of the time of one: 3/4 with two, where to add up all blocks before
// any is scanned would gain nothing.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "threadwise/detail/parallel/loop.hpp"
#include "threadwise/detail/pool/parallel.hpp"
#include "threadwise/parallel_reduce.hpp"
#include "threadwise/task_group.hpp"

namespace threadwise::detail {

enum class ScanKind { inclusive, exclusive };

template <ScanKind kind, class T, class Input, class Output, class Operation>
class Scan {
public:
    Scan(Input input, std::size_t size, Output output, Operation& operation)
        : input_(input),
          size_(size),
          output_(output),
          operation_(operation),
          blocks_(std::clamp<std::size_t>(size / smallest_block, 1, most_blocks)),
          sums_(blocks_),
          unclaimed_(whole(blocks_)) {}

    /// In a worker. `before`: what is added to the front, if anything.
    void run(std::optional<T> before) {
        std::size_t next = 0;
        {
            TaskGroup group;
            while (!group.cancelled() && claim_front()) {
                call_adder(group);
                before = scan_block(next++, std::exchange(before, std::nullopt));
            }
            group.wait();
        }
        for (std::size_t block = next; block < blocks_; ++block) {
            T sum = operation_(T(*before), *std::move(sums_[block]));
            sums_[block] = std::exchange(before, std::move(sum));
        }
        auto scan_rest = [this, next](std::size_t first, std::size_t end) {
            for (std::size_t block = next + first; block < next + end; ++block) {
                scan_block(block, std::move(sums_[block]));
            }
        };
        loop_here(0, blocks_ - next, scan_rest, {});
    }

private:
    static constexpr std::size_t smallest_block = 4096;  ///< elements; less is not worth a task
    static constexpr std::size_t most_blocks = 256;

    // unclaimed_: the first block that nobody has claimed, and above it the first one that was claimed from the back.
    static constexpr std::uint32_t front = 1;
    static constexpr int back_shift = 16;
    static constexpr std::uint32_t whole(std::size_t blocks) noexcept {
        return static_cast<std::uint32_t>(blocks) << back_shift;
    }
    static std::uint32_t front_of(std::uint32_t unclaimed) noexcept { return unclaimed & 0xFFFF; }
    static std::uint32_t back_of(std::uint32_t unclaimed) noexcept { return unclaimed >> back_shift; }

    /// False: all are claimed.
    bool claim_front() noexcept {
        // relaxed, here and below: each block is claimed once; the group orders what is done with it.
        std::uint32_t unclaimed = unclaimed_.load(std::memory_order_relaxed);
        do {
            if (front_of(unclaimed) == back_of(unclaimed)) return false;
        } while (!unclaimed_.compare_exchange_weak(unclaimed, unclaimed + front, std::memory_order_relaxed));
        return true;
    }

    std::optional<std::size_t> claim_back() noexcept {
        std::uint32_t unclaimed = unclaimed_.load(std::memory_order_relaxed);
        do {
            if (front_of(unclaimed) == back_of(unclaimed)) return std::nullopt;
        } while (!unclaimed_.compare_exchange_weak(unclaimed, unclaimed - whole(1), std::memory_order_relaxed));
        return back_of(unclaimed) - 1;
    }

    void call_adder(TaskGroup& group) {
        if (!work_is_wanted()) return;
        group.run([this, &group] {
            while (!group.cancelled()) {
                const std::optional<std::size_t> block = claim_back();
                if (!block) return;
                call_adder(group);
                sums_[*block].emplace(reduce_piece<T>(input_, begin_of(*block), begin_of(*block + 1), operation_));
            }
        });
    }

    std::size_t begin_of(std::size_t block) const noexcept {
        return size_ / blocks_ * block + std::min(block, size_ % blocks_);
    }

    /// Returns the sum of all up to the end of the block.
    T scan_block(std::size_t block, std::optional<T> before) {
        std::size_t i = begin_of(block);
        const std::size_t end = begin_of(block + 1);
        T sum = before ? std::move(*before) : T(input(i));
        if constexpr (kind == ScanKind::inclusive) {
            if (before) sum = operation_(std::move(sum), input(i));
            for (output(i) = sum; ++i < end; output(i) = sum) sum = operation_(std::move(sum), input(i));
        } else {
            for (; i < end; ++i) {
                T next = operation_(T(sum), input(i));  // before it is overwritten, if this is in place
                output(i) = std::move(sum);
                sum = std::move(next);
            }
        }
        return sum;
    }

    decltype(auto) input(std::size_t i) const { return input_[static_cast<std::iter_difference_t<Input>>(i)]; }
    decltype(auto) output(std::size_t i) const { return output_[static_cast<std::iter_difference_t<Output>>(i)]; }

    const Input input_;
    const std::size_t size_;
    const Output output_;
    Operation& operation_;
    const std::size_t blocks_;
    std::vector<std::optional<T>> sums_;  ///< of a block that was added up; later: of all before it
    std::atomic<std::uint32_t> unclaimed_;
};

template <ScanKind kind, class T, class Range, class Output, class Operation>
Output scan_by(ThreadPoolExecutor* executor, Range& range, Output output, std::optional<T> init, Operation& operation) {
    check_reduction<Operation, T, std::ranges::range_reference_t<Range>>();
    const auto size = static_cast<std::size_t>(std::ranges::size(range));
    if (size > 0) {
        using Input = std::ranges::iterator_t<Range>;
        Scan<kind, T, Input, Output, Operation> scan(std::ranges::begin(range), size, output, operation);
        run_inside(executor, [&] { scan.run(std::move(init)); });
    }
    return output + static_cast<std::iter_difference_t<Output>>(size);
}

}  // namespace threadwise::detail
