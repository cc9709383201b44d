// The diversion is a piece of assembly that a function returns to instead of its caller. It keeps what the function has
// returned, asks arrive_at_diversion() where to go on, and goes there.

#include "platform/linux/diversion.hpp"

#include <unwind.h>

#include <exception>

extern "C" {
[[gnu::used, gnu::visibility("hidden")]] std::uintptr_t threadwise_arrive_at_diversion() noexcept {
    return threadwise::platform::arrive_at_diversion();
}

/// Called while an exception passes the diversion, in two phases: the search phase, which ends here, and then the
/// clean-up, in which the frames in between have been destroyed.
[[gnu::used, gnu::visibility("hidden")]] _Unwind_Reason_Code threadwise_unwind_to_diversion(
    int /*version*/, _Unwind_Action actions, _Unwind_Exception_Class /*kind*/, _Unwind_Exception* /*exception*/,
    _Unwind_Context* /*context*/) noexcept {
    if ((static_cast<unsigned>(actions) & static_cast<unsigned>(_UA_SEARCH_PHASE)) != 0) return _URC_HANDLER_FOUND;
    threadwise::platform::arrive_at_diversion();
    std::terminate();  // it returned: the program's code was to go on, which is not possible in the middle of an
                       // unwinding
}
}

#if defined(__x86_64__)

extern "C" {
[[gnu::visibility("hidden")]] extern const char threadwise_diversion;
[[gnu::visibility("hidden")]] void threadwise_signal_return();
}

// An unwinder looks up the instruction before a return address, so a nop that is never run stands before the
// diversion. Its unwind data name threadwise_unwind_to_diversion() as the handler of exceptions, and say that there is
// no caller above. The registers that a function returns values in are saved and restored.
asm(R"(
    .pushsection .text
    .hidden threadwise_diversion
    .globl threadwise_diversion
    .type threadwise_diversion, @function
    .cfi_startproc
    .cfi_personality 0x1b, threadwise_unwind_to_diversion
    .cfi_undefined rip
    nop
threadwise_diversion:
    push %rax
    push %rbp
    mov %rsp, %rbp
    push %rax
    push %rdx
    sub $32, %rsp
    and $-16, %rsp
    movups %xmm0, (%rsp)
    movups %xmm1, 16(%rsp)
    call threadwise_arrive_at_diversion
    mov %rax, 8(%rbp)
    movups (%rsp), %xmm0
    movups 16(%rsp), %xmm1
    mov -8(%rbp), %rax
    mov -16(%rbp), %rdx
    mov %rbp, %rsp
    pop %rbp
    ret
    .cfi_endproc
    .size threadwise_diversion, . - threadwise_diversion

    .hidden threadwise_signal_return
    .globl threadwise_signal_return
    .type threadwise_signal_return, @function
threadwise_signal_return:
    mov $15, %rax
    syscall
    .size threadwise_signal_return, . - threadwise_signal_return
    .popsection
)");

namespace threadwise::platform {

std::uintptr_t diversion() noexcept { return reinterpret_cast<std::uintptr_t>(&threadwise_diversion); }

bool can_divert() noexcept {
    // The top of the shadow stack; the instruction does nothing where there is none.
    std::uintptr_t shadow_stack = 0;
    asm("rdsspq %0" : "+r"(shadow_stack));
    return shadow_stack == 0;
}

SignalReturn signal_return() noexcept { return threadwise_signal_return; }

}  // namespace threadwise::platform

#else

// Not tried on other processors.
namespace threadwise::platform {

std::uintptr_t diversion() noexcept { return 0; }
bool can_divert() noexcept { return false; }
SignalReturn signal_return() noexcept { return nullptr; }

}  // namespace threadwise::platform

#endif
