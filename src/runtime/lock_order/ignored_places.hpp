#pragma once
// Places in a program's source at which no order of locks is noted.

#include <string_view>

#include "runtime/base/system_memory.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise::runtime {

/// Not thread-safe.
class IgnoredPlaces {
public:
    /// `FILE` or `FILE:LINE`; FILE is the last part of a path, or several. False: that names no file. Throws
    /// std::bad_alloc.
    bool add(std::string_view place);
    bool has(const SourceLocation& where) const noexcept;

private:
    struct Place {
        SystemString file;
        std::uint32_t line = 0;  ///< 0: any
    };
    SystemVector<Place> places_;
};

}  // namespace threadwise::runtime
