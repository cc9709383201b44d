#include "platform/symbol.hpp"

#include <cxxabi.h>

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace threadwise::platform {

std::string demangled(const char* name) {
    int status = 0;
    // free: what __cxa_demangle returns comes from malloc
    const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                           &std::free);
    return status == 0 ? text.get() : name;
}

std::string type_name(const std::type_info& type) { return demangled(type.name()); }

std::string unqualified(const std::string& function) {
    // The name ends where its parameters or template arguments begin, and begins after the last scope outside of any
    // brackets before that: "(anonymous namespace)::run(int)", "A<B::C>::run<D>(E)".
    std::size_t begin = 0;
    std::size_t end = std::string::npos;
    int depth = 0;
    for (std::size_t i = 0; i < function.size(); ++i) {
        const char c = function[i];
        if (c == '(' || c == '<') {
            if (depth++ == 0 && end == std::string::npos) end = i;
        } else if (c == ')' || c == '>') {
            --depth;
        } else if (depth == 0 && (c == ' ' || (c == ':' && function.compare(i, 2, "::") == 0))) {
            if (c == ' ' && end != std::string::npos && function[end] == '(') break;  // "run() const"
            begin = c == ' ' ? i + 1 : i + 2;
            i = begin - 1;
            end = std::string::npos;
        }
    }
    return function.substr(begin, end == std::string::npos ? end : end - begin);
}

}  // namespace threadwise::platform
