#pragma once

/// \file
/// What values that are passed to another process need of the system.

#include <cstdint>
#include <utility>
#include <vector>

#include "threadwise/export.hpp"

namespace threadwise::multiprocessing::detail {

/// Descriptors that a process owns until they are passed on.
class THREADWISE_API Descriptors {
public:
    Descriptors() = default;
    ~Descriptors() { close(); }
    Descriptors(Descriptors&& other) noexcept : numbers_(std::move(other.numbers_)) { other.numbers_.clear(); }
    Descriptors& operator=(Descriptors&& other) noexcept {
        numbers_.swap(other.numbers_);
        return *this;
    }

    /// Returns the number of the copy. Throws OSError.
    int add_duplicate(int descriptor);
    /// Takes over one.
    void add(int descriptor) { numbers_.push_back(descriptor); }
    const std::vector<int>& numbers() const noexcept { return numbers_; }
    void close() noexcept;

private:
    std::vector<int> numbers_;
};

/// Where a function lies, in words that mean the same in every process that runs this program.
struct CodeAddress {
    std::uint64_t file;
    std::uint64_t offset;
};

/// Throws ValueError if it is no function of the program or of a library that is loaded.
THREADWISE_API CodeAddress code_address(const void* code);

/// Throws RuntimeError if this process has not loaded the library that it lies in, or another build of that.
THREADWISE_API const void* find_code(CodeAddress address);

[[noreturn]] THREADWISE_API void refuse_descriptor();
[[noreturn]] THREADWISE_API void refuse_short_message();

}  // namespace threadwise::multiprocessing::detail
