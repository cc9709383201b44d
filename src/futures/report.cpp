#include "threadwise/detail/report.hpp"

#include <cstdio>
#include <exception>
#include <typeinfo>

namespace threadwise::detail {

void report_exception(const char* what_happened) noexcept {
    try {
        throw;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "threadwise: %s: %s: %s\n", what_happened, typeid(error).name(), error.what());
    } catch (...) {
        std::fprintf(stderr, "threadwise: %s: an exception that is not a std::exception\n", what_happened);
    }
}

}  // namespace threadwise::detail
