#pragma once
// Walks a thread's stack from where a signal interrupted it, outward, by the call frame information that compilers
// leave in .eh_frame (System V ABI AMD64, 3.7; DWARF 5, 6.4).
//
// It does what _Unwind_Backtrace() does, with two differences that stopping threads needs. It takes no lock and
// allocates nothing, whatever was interrupted: libgcc's takes a lock once a program registers frames of generated code.
// And it tells where each return address is stored.

#include <link.h>
#include <ucontext.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace threadwise::platform {

/// The code of one loaded object, and where its call frame information lies.
struct ObjectCode {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    const unsigned char* frames = nullptr;  ///< its .eh_frame_hdr; null: it has none
    bool is_system = false;                 ///< the caller's own mark
};

/// The object's .eh_frame_hdr, or null.
const unsigned char* frames_of(const dl_phdr_info& object) noexcept;

/// How far a walk has come.
class CallFrames {
public:
    enum class Step : std::uint8_t {
        taken,       ///< to the caller, or to what a signal had interrupted
        at_the_end,  ///< this was the outermost frame
        unknown,     ///< the information is missing, or says more than is understood here
    };

    /// Begins at what was interrupted. Both arguments are used until the walk ends.
    CallFrames(std::span<const ObjectCode> objects, ucontext_t& interrupted) noexcept;

    Step step() noexcept;

    std::uintptr_t code() const noexcept { return code_; }
    /// The object that code() lies in; null: none.
    const ObjectCode* object() const noexcept { return object_; }
    /// Where the address is stored at which this frame goes on; null: in no place that a call has written.
    std::uintptr_t* return_slot() const noexcept { return return_slot_; }

private:
    /// The DWARF numbers 0 to 15 are the general registers, 16 is the return address.
    static constexpr std::size_t register_count = 17;
    static constexpr std::size_t return_column = 16;

    void begin_at(ucontext_t& interrupted) noexcept;
    void move_to(std::uintptr_t code) noexcept;
    Step step_by(const struct FrameRules& rules) noexcept;

    std::span<const ObjectCode> objects_;
    /// Where each register's value is stored; null: it is lost.
    std::array<std::uintptr_t*, register_count> registers_{};
    std::uintptr_t code_ = 0;
    std::uintptr_t stack_ = 0;
    std::uintptr_t* return_slot_ = nullptr;
    const ObjectCode* object_ = nullptr;
    bool interrupted_ = true;  ///< code() is where the frame was interrupted, not where a call returns to

    friend struct FrameRules;
};

}  // namespace threadwise::platform
