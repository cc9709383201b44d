#include "pool/injection_queue.hpp"

#include <functional>
#include <mutex>
#include <new>
#include <utility>

#include "platform/internal_section.hpp"
#include "threadwise/detail/queue/prefetch.hpp"

namespace threadwise::detail {
namespace {

/// While it exists the calling thread is not stopped for good, as the process ends.
struct Section {
    Section() noexcept { platform::enter_internal_section(); }
    ~Section() { platform::leave_internal_section(); }
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;
};

/// Holds a side's lock.
class Hold {
public:
    explicit Hold(QueueLock& lock) : hold_(lock) {}

private:
    const Section section_;
    const std::lock_guard<QueueLock> hold_;
};

}  // namespace

InjectionQueue::InjectionQueue() : last_(new Segment), first_(last_) {}

InjectionQueue::~InjectionQueue() {
    // The owner of a queue empties it before it destroys it: what is left are the segment in use and the spare ones.
    delete first_;
    while (spare_ != nullptr) delete std::exchange(spare_, spare_->next);
}

bool InjectionQueue::push(const Task& task) {
    const Hold hold(push_lock_);
    if (state_.load(std::memory_order_relaxed) != State::attended) return false;  // relaxed: written under this lock
    write(task);
    publish(1);
    return true;
}

std::size_t InjectionQueue::push(std::span<Task> tasks) {
    const Hold hold(push_lock_);
    if (state_.load(std::memory_order_relaxed) != State::attended) return 0;  // relaxed: written under this lock
    std::size_t written = 0;
    try {
        for (; written < tasks.size(); ++written) {
            write(tasks[written]);
            tasks[written].invoke = nullptr;
        }
    } catch (const std::bad_alloc&) {
        if (written == 0) throw;
    }
    publish(written);
    return written;
}

void InjectionQueue::push_always(const Task& task) {
    const Hold hold(push_lock_);
    write(task);
    publish(1);
}

void InjectionQueue::write(const Task& task) {
    if (write_place_ == Segment::size) {
        last_->next = &fresh_segment();
        last_ = last_->next;
        write_place_ = 0;
    }
    Task& place = last_->tasks[write_place_++];
    // The lines ahead were last in a worker's cache; to fetch them takes longer than to submit a task.
    prefetch_to_write(&place + 4);
    place = task;
}

void InjectionQueue::publish(std::uint64_t count) noexcept {
    // relaxed: written under the lock. seq_cst: a worker that is about to sleep sees it when it looks, or is seen
    // asleep after this, see IdleState; and it publishes the tasks to take().
    pushed_.exchange(pushed_.load(std::memory_order_relaxed) + count, std::memory_order_seq_cst);
}

void InjectionQueue::set_state(State state) noexcept {
    const Hold hold(push_lock_);
    // relaxed: written under this lock. release: see closed().
    if (state_.load(std::memory_order_relaxed) != State::closed) state_.store(state, std::memory_order_release);
}

void InjectionQueue::close_in_child() noexcept {
    push_lock_.reset_after_fork();
    pop_lock_.reset_after_fork();
    spare_lock_.reset_after_fork();
    state_.store(State::closed, std::memory_order_release);
}

InjectionQueue::Taken InjectionQueue::pop() noexcept {
    Segment* left = nullptr;
    const Taken taken = take(left);
    if (left != nullptr) done(*left, 1);
    return taken;
}

InjectionQueue::Taken InjectionQueue::take(Segment*& left) noexcept {
    const Hold hold(pop_lock_);
    const std::uint64_t popped = popped_.load(std::memory_order_relaxed);  // relaxed: only written under this lock
    if (popped == known_pushed_) {
        // acquire: the tasks up to there, and the links between their segments.
        known_pushed_ = pushed_.load(std::memory_order_acquire);
        if (popped == known_pushed_) return {};
    }
    if (read_place_ == Segment::size) {
        left = std::exchange(first_, first_->next);
        read_place_ = 0;
    }
    const Taken taken{&first_->tasks[read_place_++], first_};
    prefetch(taken.task + 2);
    // release: a thread that sees it sees at least as much pushed, in size().
    popped_.store(popped + 1, std::memory_order_release);
    return taken;
}

InjectionQueue::Segment& InjectionQueue::fresh_segment() {
    {
        const platform::InternalHold hold(spare_lock_);
        if (spare_ != nullptr) {
            Segment& segment = *std::exchange(spare_, spare_->next);
            --spares_;
            segment.next = nullptr;
            return segment;
        }
        ++segments_;
    }
    try {
        return *new Segment;
    } catch (...) {
        const platform::InternalHold hold(spare_lock_);
        --segments_;
        throw;
    }
}

void InjectionQueue::done(Segment& segment, std::uint32_t count) noexcept {
    // acq_rel: the thread that finishes the segment sees that all others are through with it.
    if (segment.unfinished.fetch_sub(count, std::memory_order_acq_rel) != count) return;
    segment.unfinished.store(Segment::size + 1, std::memory_order_relaxed);  // relaxed: the lock publishes it
    {
        const platform::InternalHold hold(spare_lock_);
        if (spares_ < most_spares) {
            segment.next = spare_;
            spare_ = &segment;
            ++spares_;
            return;
        }
        --segments_;
        has_grown_.store(true, std::memory_order_relaxed);  // relaxed: see has_grown()
    }
    delete &segment;
}

void InjectionQueue::give_memory_back() noexcept {
    Segment* left = nullptr;
    {
        const Hold submitters(push_lock_);
        const Hold workers(pop_lock_);
        const platform::InternalHold hold(spare_lock_);
        if (!is_at_rest()) return;
        left = keep_lowest();
    }
    while (left != nullptr) delete std::exchange(left, left->next);
}

/// No task waits, and none that was taken still runs in its segment. All three locks are held.
bool InjectionQueue::is_at_rest() const noexcept {
    // relaxed: written under these locks. acquire: the workers are through with what lies in the segment.
    return popped_.load(std::memory_order_relaxed) == pushed_.load(std::memory_order_relaxed) &&
           segments_ == spares_ + 1 &&
           first_->unfinished.load(std::memory_order_acquire) == Segment::size + 1 - write_place_;
}

/// Makes the lowest segment the one in use, and returns the others. All three locks are held.
InjectionQueue::Segment* InjectionQueue::keep_lowest() noexcept {
    Segment* others = std::exchange(spare_, nullptr);
    for (Segment** place = &others; *place != nullptr; place = &(*place)->next) {
        if (std::less<>()(*place, first_)) {
            first_->next = (*place)->next;
            *place = std::exchange(first_, *place);
        }
    }
    first_->next = nullptr;
    first_->unfinished.store(Segment::size + 1, std::memory_order_relaxed);  // relaxed: the locks publish it
    last_ = first_;
    write_place_ = read_place_ = 0;
    segments_ = 1;
    spares_ = 0;
    has_grown_.store(false, std::memory_order_relaxed);  // relaxed: see has_grown()
    return others;
}

}  // namespace threadwise::detail
