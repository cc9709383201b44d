// PriorityQueue's order: a binary heap, laid out as Python's heapq would.
//
// Comparing may run any Python code. So all comparisons of an operation come first, with the order's lock held but
// without changing anything; they say along which path of the heap items have to move. Then these move.
//
// The order's lock is what Queue.mutex is to Python's own class while it compares: other threads that put or get wait
// for it, and a signal ends that wait. Nothing else waits for it. So the heap may become empty in the middle of a
// comparison, for good: shutdown(immediate=True), and a program that asks for `queue`, take all its items.

#include <array>
#include <cstddef>
#include <utility>

#include "base/critical_section.hpp"
#include "base/reference.hpp"
#include "base/waiting.hpp"
#include "queue/queue.hpp"

namespace threadwise::python {
namespace {

/// Held by a thread from its first comparison until the items have moved. Waits for it detached.
class OrderHold {
public:
    explicit OrderHold(Lock& lock)
        : lock_(lock),
          held_(lock.try_lock() ||
                wait_detached(forever, [&lock](Timeout left) { return lock.acquire(true, left); }) == Waited::done) {}
    ~OrderHold() {
        if (held_) lock_.release();
    }
    OrderHold(const OrderHold&) = delete;
    OrderHold& operator=(const OrderHold&) = delete;

    /// False with an exception set.
    bool held() const noexcept { return held_; }

private:
    Lock& lock_;
    const bool held_;
};

/// The two items of a comparison after which the heap was empty: given up once the order's lock is free, as what dies
/// with them may use the queue.
using References = std::array<Ref, 2>;

/// Compares items of the heap. Once one comparison has raised, or the items are gone, the answer is always no.
class Comparisons {
public:
    Comparisons(QueueObject& queue, References& late) noexcept
        : queue_(queue), heap_(queue.core.ring()), size_(heap_.size()), late_(late) {}

    /// How many items there were at first.
    std::size_t size() const noexcept { return size_; }
    /// With an exception set.
    bool failed() const noexcept { return failed_; }
    bool stopped() const noexcept { return failed_ || gone_; }

    bool less(PyObject* item, std::size_t place) { return !stopped() && less(Ref::borrow(item), at(place)); }
    bool less(std::size_t a, std::size_t b) { return !stopped() && less(at(a), at(b)); }

private:
    /// Whether the items are all there; under the queue's critical section, as another thread may take them away.
    bool are_there() {
        gone_ = gone_ || heap_.size() != size_;
        return !gone_;
    }

    /// A reference of its own: the comparison may take the item out of the heap.
    Ref at(std::size_t place) {
        const CriticalSection section(reinterpret_cast<PyObject*>(&queue_));
        return are_there() ? Ref::borrow(heap_[place]) : Ref();
    }

    bool less(Ref a, Ref b) {
        if (a && b) {
            const int answer = PyObject_RichCompareBool(a.get(), b.get(), Py_LT);
            failed_ = answer < 0;
            const CriticalSection section(reinterpret_cast<PyObject*>(&queue_));
            if (are_there()) return answer > 0;
        }
        late_ = {std::move(a), std::move(b)};
        return false;
    }

    QueueObject& queue_;
    ItemRing& heap_;
    const std::size_t size_;
    References& late_;
    bool failed_ = false;
    bool gone_ = false;
};

std::size_t parent_of(std::size_t place) noexcept { return (place - 1) / 2; }

/// The places that items move along, each into the one before it. A heap in memory has fewer levels than this.
struct Path {
    std::array<std::size_t, 64> places;
    std::size_t length = 0;

    void append(std::size_t place) noexcept { places[length++] = place; }
};

/// From the end upwards: the places of those that must make way for the item.
Path path_up(Comparisons& heap, PyObject* item) {
    Path path;
    std::size_t place = heap.size();
    path.append(place);
    while (place > 0 && heap.less(item, parent_of(place))) {
        place = parent_of(place);
        path.append(place);
    }
    return path;
}

/// From the top downwards along the smaller children, until the heap's last item fits.
Path path_down(Comparisons& heap) {
    Path path;
    const std::size_t size = heap.size() - 1;  // without the last one
    std::size_t place = 0;
    path.append(place);
    for (std::size_t child = 1; child < size && !heap.stopped(); child = 2 * place + 1) {
        if (child + 1 < size && !heap.less(child, child + 1)) ++child;
        place = child;
        path.append(place);
    }
    // The last one is large, most likely: it was found a place at the bottom, from where it now rises.
    while (path.length > 1 && heap.less(size, path.places[path.length - 1])) --path.length;
    return path;
}

/// Everything on the path moves one place on; the last place is left to `item`.
void move_along(ItemRing& heap, const Path& path, PyObject* item) noexcept {
    for (std::size_t i = 0; i + 1 < path.length; ++i) heap[path.places[i]] = heap[path.places[i + 1]];
    heap[path.places[path.length - 1]] = item;
}

}  // namespace

QueueOutcome put_ordered(QueueObject& self, PyObject* item, bool& failed) {
    // Without the lock: what died of a comparison may be here.
    if (self.core.is_closed()) return self.core.put_by([] { return false; });
    References late;
    const OrderHold hold(self.order_lock);
    failed = !hold.held();
    if (failed || self.core.is_full()) return QueueOutcome::not_now;
    Comparisons comparisons(self, late);
    const Path path = path_up(comparisons, item);
    failed = comparisons.failed();
    if (failed) return QueueOutcome::not_now;
    // Where the items are gone, it says so: nothing can be put any more.
    return self.core.put_by([&] {
        ItemRing& heap = self.core.ring();
        if (!heap.push(item)) return false;
        move_along(heap, path, item);
        return true;
    });
}

QueueOutcome get_ordered(QueueObject& self, PyObject*& item, bool& failed) {
    if (self.core.is_closed() && self.core.size() == 0) return self.core.get_by([] { return false; });
    References late;
    const OrderHold hold(self.order_lock);
    failed = !hold.held();
    if (failed) return QueueOutcome::not_now;
    Comparisons comparisons(self, late);
    Path path;
    if (comparisons.size() > 1) path = path_down(comparisons);
    failed = comparisons.failed();
    if (failed) return QueueOutcome::not_now;
    return self.core.get_by([&] {
        ItemRing& heap = self.core.ring();
        item = heap.size() > 1 ? heap[0] : nullptr;
        PyObject* const last = heap.pop_newest();
        if (item == nullptr) {
            item = last;
        } else {
            move_along(heap, path, last);
        }
        return true;
    });
}

}  // namespace threadwise::python
