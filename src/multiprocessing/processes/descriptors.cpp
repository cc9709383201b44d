#include "threadwise/detail/multiprocessing/processes/descriptors.hpp"

#include <string>

#include "multiprocessing/memory/os_error.hpp"
#include "platform/processes/child_process.hpp"
#include "platform/processes/code_address.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing::detail {

int Descriptors::add_duplicate(int descriptor) {
    numbers_.reserve(numbers_.size() + 1);
    const int copy = platform::duplicate_descriptor(descriptor);
    if (copy < 0) throw_os_error(-copy, "can't pass descriptor " + std::to_string(descriptor) + " to a process");
    numbers_.push_back(copy);
    return copy;
}

void Descriptors::close() noexcept {
    for (const int number : numbers_) platform::close_descriptor(number);
    numbers_.clear();
}

CodeAddress code_address(const void* code) {
    const platform::CodeAddress address = platform::code_address_of(code);
    if (address.file == 0) {
        throw ValueError(
            "a function that another process is to call must lie in the program or in a library that is "
            "loaded: this pointer leads elsewhere");
    }
    return {.file = address.file, .offset = address.offset};
}

const void* find_code(CodeAddress address) {
    const void* const code = platform::find_code({.file = address.file, .offset = address.offset});
    if (code == nullptr) {
        throw RuntimeError(
            "the function is not in this process: it lies in a library that the process has not loaded, or that was "
            "replaced by another build of it while the program ran");
    }
    return code;
}

void refuse_descriptor() {
    throw ValueError(
        "what lies in shared memory or has a descriptor can only be passed as an argument of a Process, as that is "
        "started: pass it there, and only bytes later");
}

void refuse_short_message() {
    throw RuntimeError("the message is shorter than what is to be read from it: receive the type that was sent");
}

}  // namespace threadwise::multiprocessing::detail
