#include "threadwise/detail/futures/report.hpp"

#include <cstdio>
#include <new>
#include <utility>

#include "runtime/base/exception_text.hpp"
#include "threadwise/excepthook.hpp"
#include "threadwise/thread_handle.hpp"

namespace threadwise::detail {

void report_exception(const char* what_happened, const std::exception_ptr& exception) {
    try {
        std::fprintf(stderr, "threadwise: %s: %s\n", what_happened, runtime::exception_text(exception).c_str());
    } catch (const std::bad_alloc&) {
        std::fprintf(stderr, "threadwise: %s, and no memory is left to say which\n", what_happened);
    }
}

void handle_escaped_exception(std::exception_ptr exception) { excepthook({std::move(exception), current_thread()}); }

}  // namespace threadwise::detail
