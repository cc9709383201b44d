#pragma once

/// \file
/// Several calls of one function that travel together: what ProcessPoolExecutor::map() sends.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "threadwise/detail/general/deadline.hpp"
#include "threadwise/detail/multiprocessing/processes/pack_call.hpp"
#include "threadwise/future.hpp"

namespace threadwise::multiprocessing::detail {

#if __has_include(<cereal/cereal.hpp>)

/// Stands for the result of a function that returns none.
struct NoResult {};

template <class Function, class... Elements>
using ChunkResult = std::conditional_t<std::is_void_v<std::invoke_result_t<Function&, Elements...>>, NoResult,
                                       Passed<std::invoke_result_t<Function&, Elements...>>>;

/// Reads the function and the elements, and makes one call after another.
template <class Function, class... Elements>
void run_chunk(std::span<const std::byte> bytes, std::string& result) {
    InArchive in(bytes);
    OutArchive out;
    auto function = unpack_function<Function>(in);
    auto count = in.read_number<std::uint64_t>();
    out.write(&count, sizeof(count));
    for (; count > 0; --count) {
        std::tuple<Elements...> elements{unpack<Elements>(in)...};  // braces: in this order
        const auto invoke = [&function](Elements&... each) -> decltype(auto) {
            return std::invoke(function, std::move(each)...);
        };
        if constexpr (std::is_void_v<std::invoke_result_t<Function&, Elements...>>) {
            std::apply(invoke, elements);
        } else {
            pack(out, std::apply(invoke, elements));
        }
    }
    result += out.bytes();
}

/// Collects calls, until they are sent.
template <class Function, class... Elements>
class ChunkWriter {
public:
    explicit ChunkWriter(const Function& function) { pack_function<Function>(head_, function); }

    template <class... Values>
    void add(const Values&... values) {
        (pack(elements_, values), ...);
        ++count_;
    }
    std::uint64_t count() const noexcept { return count_; }

    PackedCall finish() {
        const RunPacked run = &run_chunk<Function, Elements...>;
        head_.write(&count_, sizeof(count_));
        return {.run = code_address(reinterpret_cast<const void*>(run)),
                .bytes = std::move(head_.bytes()) + elements_.bytes(),
                .descriptors = {}};
    }

private:
    OutArchive head_;
    OutArchive elements_;
    std::uint64_t count_ = 0;
};

/// The results of a chunk, one after another.
template <class Result>
struct ReadChunk {
    std::deque<Result> operator()(std::span<const std::byte> bytes) const {
        InArchive in(bytes);
        std::deque<Result> results;
        for (auto count = in.read_number<std::uint64_t>(); count > 0; --count) {
            if constexpr (std::is_same_v<Result, NoResult>) {
                results.emplace_back();
            } else {
                results.push_back(unpack<Result>(in));
            }
        }
        return results;
    }
};

/// A range of results, in the order of the elements. Submits up to `ahead` chunks ahead. Used by one thread. Keeps
/// references to ranges given as lvalues, and the others themselves.
template <class Submit, class Function, class... Ranges>
class ChunkedResults {
    using Result = ChunkResult<Function, Passed<std::ranges::range_reference_t<Ranges&>>...>;
    using Writer = ChunkWriter<Function, Passed<std::ranges::range_reference_t<Ranges&>>...>;
    using Chunk = Future<std::deque<Result>>;

public:
    ChunkedResults(Submit submit, Timeout timeout, std::uint64_t chunksize, std::optional<std::size_t> ahead,
                   const Function& function, Ranges&&... ranges)
        : submit_(std::move(submit)),
          deadline_(timeout),
          chunksize_(chunksize),
          function_(function),
          ranges_(std::forward<Ranges>(ranges)...),
          next_(std::apply([](auto&... range) { return std::tuple(std::ranges::begin(range)...); }, ranges_)) {
        try {
            for (std::size_t i = 0; (!ahead || i < *ahead) && submit_next(); ++i) {}
        } catch (...) {
            cancel_all();
            throw;
        }
    }
    ChunkedResults(const ChunkedResults&) = delete;
    ChunkedResults& operator=(const ChunkedResults&) = delete;
    ~ChunkedResults() { cancel_all(); }

    class Iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using value_type = Result;
        using difference_type = std::ptrdiff_t;

        explicit Iterator(ChunkedResults& results) noexcept : results_(&results) {}

        /// Waits for it. Throws what the call has thrown, or another one of its chunk.
        Result& operator*() const { return results_->first(); }
        Iterator& operator++() {
            results_->drop_first();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const noexcept { return results_->is_empty(); }

    private:
        ChunkedResults* results_;
    };

    Iterator begin() noexcept { return Iterator(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    bool is_empty() const noexcept { return chunks_.empty(); }

    /// Of the chunk that is read.
    std::deque<Result>& results() { return chunks_.front().result(deadline_.left()); }
    Result& first() { return results().front(); }

    void drop_first() {
        std::deque<Result>& left = results();
        if (left.size() > 1) return left.pop_front();
        // In this order: if the next chunk cannot be submitted, the iteration is where it was.
        submit_next();
        chunks_.pop_front();
    }

    void cancel_all() {
        for (const Chunk& chunk : chunks_) chunk.cancel();
    }

    bool submit_next() { return submit_next(std::index_sequence_for<Ranges...>()); }

    template <std::size_t... I>
    bool submit_next(std::index_sequence<I...>) {
        const auto is_at_end = [&] { return ((std::get<I>(next_) == std::ranges::end(std::get<I>(ranges_))) || ...); };
        Writer writer(function_);
        for (; writer.count() < chunksize_ && !is_at_end(); (++std::get<I>(next_), ...)) {
            writer.add(*std::get<I>(next_)...);
        }
        if (writer.count() == 0) return false;
        chunks_.push_back(submit_.template operator()<std::deque<Result>, ReadChunk<Result>>(writer.finish()));
        return true;
    }

    Submit submit_;
    threadwise::detail::Deadline deadline_;
    std::uint64_t chunksize_;
    Function function_;
    std::tuple<Ranges...> ranges_;
    std::tuple<std::ranges::iterator_t<Ranges&>...> next_;
    std::deque<Chunk> chunks_;
};

#endif

}  // namespace threadwise::multiprocessing::detail
