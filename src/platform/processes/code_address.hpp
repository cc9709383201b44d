#pragma once
// Addresses of functions that mean the same in another process that runs the same program.

#include <cstdint>

namespace threadwise::platform {

/// Where a function lies: in which file of code, by a fingerprint of its lay-out and its build id, and how far from
/// where that was loaded.
struct CodeAddress {
    std::uint64_t file = 0;
    std::uint64_t offset = 0;
};

/// All zeros: it lies in no file that is loaded, or the platform cannot tell.
CodeAddress code_address_of(const void* code) noexcept;

/// Null: this process has not loaded that file, or another build of it.
const void* find_code(CodeAddress address) noexcept;

}  // namespace threadwise::platform
