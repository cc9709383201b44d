#pragma once
// Where in the source a wait was asked for.

#include <cstdint>

namespace threadwise {

/// A place in a program's source, as a dump or a report of a deadlock shows it: `std::source_location`
/// ([support.srcloc]) as far as threadwise needs it. The standard's own would do, but clang before 16 does not compile
/// libstdc++'s, and a type in the interface must be the same for every compiler. Costs nothing at run time.
class SourceLocation {
public:
    /// No place: line 0 of "".
    constexpr SourceLocation() noexcept = default;

    /// The place of the call; as a default argument, the place where the function was called.
    static constexpr SourceLocation current(const char* file = __builtin_FILE(),
                                            const char* function = __builtin_FUNCTION(),
                                            std::uint32_t line = __builtin_LINE()) noexcept {
        SourceLocation here;
        here.file_ = file;
        here.function_ = function;
        here.line_ = line;
        return here;
    }

    constexpr const char* file_name() const noexcept { return file_; }
    constexpr const char* function_name() const noexcept { return function_; }
    constexpr std::uint32_t line() const noexcept { return line_; }

private:
    const char* file_ = "";
    const char* function_ = "";
    std::uint32_t line_ = 0;
};

}  // namespace threadwise
