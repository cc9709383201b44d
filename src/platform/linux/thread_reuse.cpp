#include "platform/thread_reuse.hpp"

#include <dlfcn.h>
#include <fenv.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <span>

#include "platform/internal_section.hpp"
#include "platform/linux/loaded_objects.hpp"

namespace threadwise::platform {
namespace {

/// The kernel's struct sched_attr, in its first version.
struct SchedulingAttributes {
    std::uint32_t size = sizeof(SchedulingAttributes);
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0;
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
};

/// Rounding, traps, flushing of denormals; not the flags that say what has happened.
std::uint64_t floating_point_control() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    std::uint16_t control = 0;
    std::uint32_t vector_control = 0;
    asm("fnstcw %0" : "=m"(control));
    asm("stmxcsr %0" : "=m"(vector_control));
    constexpr std::uint32_t flags = 0x3F;
    return (std::uint64_t{control} << 32) | (vector_control & ~flags);
#else
    return (static_cast<std::uint64_t>(fegetround()) << 32) | static_cast<std::uint32_t>(fegetexcept());
#endif
}

/// Somewhere in libc, also where a function's address is that of its stub in the program.
const void* libc_address() noexcept {
    static const void* const address = dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
    return address;
}

const void* base_of(const void* address) noexcept {
    Dl_info found{};
    return address != nullptr && dladdr(address, &found) != 0 ? found.dli_fbase : nullptr;
}

/// Somewhere in the allocator, if that is a library of its own; null if it is libc's or the program's.
const void* own_allocator() noexcept {
    static const void* const address = []() -> const void* {
        const void* const allocate = dlsym(RTLD_DEFAULT, "malloc");
        const void* const base = base_of(allocate);
        const auto program = reinterpret_cast<const void*>(getauxval(AT_PHDR));
        return base == base_of(libc_address()) || base == base_of(program) ? nullptr : allocate;
    }();
    return address;
}

/// glibc's table of a thread's specific values: each entry points to those of `keys_in_block` keys, or is null if none
/// of them was ever set.
constexpr pthread_key_t keys_in_block = 32;
using SpecificTable = std::span<const void* const, PTHREAD_KEYS_MAX / keys_in_block>;

/// Where it lies in what pthread_self() points to, as glibc tells debuggers (libthread_db): size in bits, number of
/// fields, offset in bytes. Null: not in this libc.
const std::uint32_t* specific_table_field() noexcept {
    static const auto* const field =
        static_cast<const std::uint32_t*>(dlsym(RTLD_DEFAULT, "_thread_db_pthread_specific"));
    constexpr std::size_t bits = SpecificTable::extent * sizeof(void*) * CHAR_BIT;
    return field != nullptr && std::size_t{field[0]} * field[1] == bits ? field : nullptr;
}

// Found at load: on first use, a fork meanwhile would leave the child an address that is being looked for for good.
[[maybe_unused]] const bool found_at_load = (own_allocator(), specific_table_field(), true);

bool are_zeros(std::span<const std::byte> bytes) noexcept {
    // Each is as the one before it.
    return bytes.empty() ||
           (bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

/// Whether they are zeros, but for what says that the thread is in visit_objects().
bool are_zeros_but_section(std::span<const std::byte> bytes) noexcept {
    const auto section = std::as_bytes(std::span(&internal_sections, 1));
    const std::less<> before;
    if (before(section.data(), bytes.data()) || !before(section.data(), bytes.data() + bytes.size())) {
        return are_zeros(bytes);
    }
    const auto offset = static_cast<std::size_t>(section.data() - bytes.data());
    return are_zeros(bytes.first(offset)) && are_zeros(bytes.subspan(offset + section.size()));
}

/// Whether the thread's copy of the object's thread_local variables is what a new thread's would be.
bool is_initial(const dl_phdr_info& object) noexcept {
    const auto* const mine = static_cast<const std::byte*>(object.dlpi_tls_data);
    return std::ranges::all_of(std::span(object.dlpi_phdr, object.dlpi_phnum), [&](const auto& segment) {
        if (segment.p_type != PT_TLS) return true;
        const auto* const initial = reinterpret_cast<const std::byte*>(object.dlpi_addr + segment.p_vaddr);
        return std::memcmp(mine, initial, segment.p_filesz) == 0 &&
               are_zeros_but_section(std::span(mine, segment.p_memsz).subspan(segment.p_filesz));
    });
}

int find_changed(dl_phdr_info* object, std::size_t /*size*/, void* result) {
    if (object->dlpi_tls_data == nullptr) return 0;  // it has none, or the thread has not touched them
    // libc's own are its affair (the allocator's caches), but for what is looked at below; so are another allocator's.
    const bool is_libc = holds(*object, libc_address());
    if (own_allocator() != nullptr && holds(*object, own_allocator())) return 0;
    const bool is_program = object->dlpi_name == nullptr || *object->dlpi_name == '\0';
    if ((is_libc && !is_program) || is_initial(*object)) return 0;
    *static_cast<bool*>(result) = true;
    return 1;
}

bool thread_locals_are_initial() noexcept {
    (void)libc_address();  // before any lock is held
    bool changed = false;
    visit_objects(find_changed, &changed);
    return !changed;
}

/// Whether one of those keys has had a value, as far as can be known without asking for each.
bool may_have_specific_values(std::size_t block) noexcept {
    const std::uint32_t* const field = specific_table_field();
    if (field == nullptr) return true;
    const auto* const self = reinterpret_cast<const std::byte*>(pthread_self());
    const SpecificTable table(reinterpret_cast<const void* const*>(self + field[2]), SpecificTable::extent);
    return table[block] != nullptr;
}

/// Calls `visit(key)` for each key of which the thread has a value, until that is false.
template <class Visit>
bool visit_specific_values(Visit visit) noexcept {
    // To ask for all keys takes some 3 us.
    for (std::size_t block = 0; block < SpecificTable::extent; ++block) {
        if (!may_have_specific_values(block)) continue;
        const auto first = static_cast<pthread_key_t>(block) * keys_in_block;
        for (pthread_key_t key = first; key < first + keys_in_block; ++key) {
            if (pthread_getspecific(key) != nullptr && !visit(key)) return false;
        }
    }
    return true;
}

bool has_new_specific_values(const Beginning& beginning) noexcept {
    const std::span old(beginning.keys.data(), beginning.key_count);
    return !visit_specific_values([&](pthread_key_t key) { return std::ranges::find(old, key) != old.end(); });
}

bool has_pending_signals() noexcept {
    sigset_t blocked{};
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    if (sigisemptyset(&blocked) != 0) return false;
    sigset_t pending{};
    sigpending(&pending);
    return sigisemptyset(&pending) == 0;
}

bool has_signal_stack() noexcept {
    stack_t stack{};
    return sigaltstack(nullptr, &stack) != 0 || (stack.ss_flags & SS_DISABLE) == 0;
}

bool holds_robust_mutexes() noexcept {
    // The kernel's struct robust_list_head begins with a circular list. Null: the thread has none, as libc was refused
    // one (a sandbox), or makes it with the thread's first robust mutex (musl).
    void** head = nullptr;
    std::size_t length = 0;
    if (syscall(SYS_get_robust_list, 0, &head, &length) != 0) return true;
    return head != nullptr && *head != static_cast<void*>(head);
}

bool is_cancelable_as_new() noexcept {
    int state = 0;
    int type = 0;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    return state == PTHREAD_CANCEL_ENABLE && type == PTHREAD_CANCEL_DEFERRED;
}

}  // namespace

Inheritance inheritance_of_this_thread() noexcept {
    Inheritance found;
    sigset_t mask{};
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    std::memcpy(found.parts.data(), &mask, sizeof(std::uint64_t));  // the kernel knows 64 signals
    SchedulingAttributes scheduling;
    found.known = syscall(SYS_sched_getattr, 0, &scheduling, sizeof scheduling, 0) == 0;
    found.parts[1] = (std::uint64_t{scheduling.policy} << 32) | static_cast<std::uint32_t>(scheduling.nice);
    found.parts[2] = scheduling.priority;
    found.parts[3] = scheduling.flags;
    found.parts[4] = floating_point_control();
    cpu_set_t processors{};
    found.known = sched_getaffinity(0, sizeof processors, &processors) == 0 && found.known;
    static_assert(sizeof processors == 16 * sizeof(std::uint64_t));
    std::memcpy(&found.parts[5], &processors, sizeof processors);
    return found;
}

Beginning beginning_of_this_thread() noexcept {
    Beginning beginning;
    if (own_allocator() == nullptr) return beginning;
    void* volatile first = std::malloc(1);  // NOLINT(cppcoreguidelines-no-malloc): what sets the values
    std::free(first);                       // NOLINT(cppcoreguidelines-no-malloc)
    beginning.known = visit_specific_values([&](pthread_key_t key) {
        if (beginning.key_count == beginning.keys.size()) return false;
        beginning.keys.at(beginning.key_count++) = key;
        return true;
    });
    return beginning;
}

bool is_as_new(const Beginning& beginning) noexcept {
    if (!beginning.known || !is_cancelable_as_new() || uselocale(nullptr) != LC_GLOBAL_LOCALE || has_signal_stack())
        return false;
    if (has_pending_signals() || holds_robust_mutexes() || has_new_specific_values(beginning)) return false;
    if (!thread_locals_are_initial()) return false;
    feclearexcept(FE_ALL_EXCEPT);
    errno = 0;
    return true;
}

}  // namespace threadwise::platform
