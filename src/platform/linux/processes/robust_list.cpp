#include "platform/processes/robust_list.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <span>

#include "platform/processes/shared_futex.hpp"
#include "platform/this_thread.hpp"

namespace threadwise::platform {
namespace {

// The kernel's list goes from a `next` to a `next`, and the last one points to the head. libc links it backwards, too:
// in front of each `next`, that of the head included, lies a pointer to the `next` before it.

struct ThisThread {
    std::uint32_t number = 0;
    robust_list_head* head = nullptr;
    /// A list that the kernel does not know of, for where libc's is not as it has to be.
    void* stand_in_previous = nullptr;
    robust_list_head stand_in{};
};

[[gnu::tls_model("initial-exec")]] constinit thread_local ThisThread this_thread;

void find_head() noexcept {
    constexpr long offset_to_word = -static_cast<long>(robust_links_offset + sizeof(void*));
    std::size_t size = 0;
    const long result = syscall(SYS_get_robust_list, 0, &this_thread.head, &size);
    if (result == 0 && this_thread.head != nullptr && this_thread.head->futex_offset == offset_to_word) return;
    this_thread.head = &this_thread.stand_in;
    this_thread.stand_in.list.next = &this_thread.stand_in.list;
}

/// The lowest bit of a pointer on the list says that its mutex inherits priorities.
void** untagged(void* next) noexcept {
    return reinterpret_cast<void**>(reinterpret_cast<std::uintptr_t>(next) & ~std::uintptr_t{1});
}

void*& previous_of(void** next) noexcept { return next[-1]; }

/// The head's `next`.
void** head() noexcept { return reinterpret_cast<void**>(&this_thread.head->list.next); }

/// The kernel reads all this after the thread has ended at any instruction: the compiler has to keep the order.
void in_order() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

/// A change of a word: meanwhile the kernel counts it as held if the thread's number stands in it, whether it is on the
/// list or not, and wakes a sleeper if it is 0.
class Change {
public:
    explicit Change(void** links) noexcept {
        this_thread.head->list_op_pending = reinterpret_cast<robust_list*>(links + 1);
        in_order();
    }
    ~Change() {
        in_order();
        this_thread.head->list_op_pending = nullptr;
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;
};

void link(void** next) noexcept {
    previous_of(next) = head();
    *next = *head();
    in_order();
    previous_of(untagged(*next)) = next;
    *head() = next;
    in_order();
}

void unlink(void** next) noexcept {
    previous_of(untagged(*next)) = previous_of(next);
    *untagged(previous_of(next)) = *next;
    in_order();
    previous_of(next) = *next = nullptr;
}

/// What the kernel does to a word on the list of a thread that ends.
void bury(std::atomic<std::uint32_t>& word) noexcept {
    std::uint32_t seen = word.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    do {
        if ((seen & robust_holder_bits) != this_thread.number) return;
        // release: as a release of the word.
    } while (!word.compare_exchange_weak(seen, (seen & robust_waiters_bit) | robust_died_bit, std::memory_order_release,
                                         std::memory_order_relaxed));
    if ((seen & robust_waiters_bit) != 0) shared_futex_wake(&word, 1);
}

bool lies_in(void** next, std::span<const std::byte> bytes) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(next);
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
    return address >= begin && address - begin < bytes.size();
}

}  // namespace

std::uint32_t robust_holder() noexcept {
    if (this_thread.number == 0) [[unlikely]] {
        find_head();
        this_thread.number = static_cast<std::uint32_t>(native_id());
    }
    return this_thread.number;
}

void forget_robust_holder() noexcept { this_thread.number = 0; }

bool take_robust(std::atomic<std::uint32_t>& word, void** links, std::uint32_t& expected, std::uint32_t bits) noexcept {
    const std::uint32_t wanted = robust_holder() | bits;
    const Change change(links);
    if (!word.compare_exchange_strong(expected, wanted, std::memory_order_acquire, std::memory_order_relaxed)) {
        return false;
    }
    link(links + 1);
    return true;
}

void release_robust(std::atomic<std::uint32_t>& word, void** links, std::uint32_t bits) noexcept {
    const Change change(links);
    unlink(links + 1);
    if ((word.exchange(bits, std::memory_order_release) & robust_waiters_bit) != 0) shared_futex_wake(&word, 1);
}

void abandon_robust(std::span<const std::byte> bytes) noexcept {
    if (this_thread.number == 0) return;  // it has taken none
    void** next = untagged(*head());
    while (next != head()) {
        void** const abandoned = next;
        next = untagged(*next);
        if (!lies_in(abandoned, bytes)) continue;
        void** const links = abandoned - 1;
        const Change change(links);
        unlink(abandoned);
        bury(*reinterpret_cast<std::atomic<std::uint32_t>*>(reinterpret_cast<std::byte*>(links) - robust_links_offset));
    }
}

}  // namespace threadwise::platform
