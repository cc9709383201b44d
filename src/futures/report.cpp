#include "threadwise/detail/report.hpp"

#include <cstdio>
#include <exception>
#include <typeinfo>

#include "threadwise/excepthook.hpp"
#include "threadwise/thread.hpp"

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

void handle_escaped_exception() noexcept { excepthook({std::current_exception(), current_thread()}); }

}  // namespace threadwise::detail
