#include "runtime/base/exception_text.hpp"

#include <cxxabi.h>

#include "platform/symbol.hpp"

namespace threadwise::runtime {

std::string exception_text(const std::exception_ptr& exception) {
    if (exception == nullptr) return "no exception";
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        return platform::type_name(typeid(error)) + ": " + error.what();
    } catch (...) {
        return platform::type_name(*abi::__cxa_current_exception_type());
    }
}

}  // namespace threadwise::runtime
