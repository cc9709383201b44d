// PriorityQueue's order: a binary heap, laid out as Python's heapq would.
//
// Comparing may run any Python code. So all comparisons of an operation come first, with the order's lock held but
// without changing anything; they say along which path of the heap items have to move. Then these move.

#include <array>
#include <cstddef>

#include "base/waiting.hpp"
#include "queue/queue.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::python {
namespace {

std::size_t parent_of(std::size_t place) noexcept { return (place - 1) / 2; }

/// The places that items move along, each into the one before it. A heap in memory has fewer levels than this.
struct Path {
    std::array<std::size_t, 64> places;
    std::size_t length = 0;

    void append(std::size_t place) noexcept { places[length++] = place; }
};

/// Whether a < b; false with `failed` set if that raised.
bool less(PyObject* a, PyObject* b, bool& failed) {
    const int answer = PyObject_RichCompareBool(a, b, Py_LT);
    if (answer < 0) failed = true;
    return answer > 0;
}

/// From the end upwards: the places of those that must make way for the item.
Path path_up(ItemRing& heap, PyObject* item, bool& failed) {
    Path path;
    std::size_t place = heap.size();
    path.append(place);
    while (place > 0 && less(item, heap[parent_of(place)], failed)) {
        place = parent_of(place);
        path.append(place);
    }
    return path;
}

/// From the top downwards along the smaller children, until the heap's last item fits.
Path path_down(ItemRing& heap, bool& failed) {
    Path path;
    const std::size_t size = heap.size() - 1;  // without the last one
    std::size_t place = 0;
    path.append(place);
    for (std::size_t child = 1; child < size && !failed; child = 2 * place + 1) {
        if (child + 1 < size && !less(heap[child], heap[child + 1], failed)) ++child;
        place = child;
        path.append(place);
    }
    // The last one is large, most likely: it was found a place at the bottom, from where it now rises.
    while (!failed && path.length > 1 && less(heap[size], heap[path.places[path.length - 1]], failed)) --path.length;
    return path;
}

/// Everything on the path moves one place on; the last place is left to `item`.
void move_along(ItemRing& heap, const Path& path, PyObject* item) noexcept {
    for (std::size_t i = 0; i + 1 < path.length; ++i) heap[path.places[i]] = heap[path.places[i + 1]];
    heap[path.places[path.length - 1]] = item;
}

/// Whatever happens meanwhile: who holds it only compares a few items.
void acquire(Lock& lock) {
    for (;;) {
        try {
            lock.lock();
            return;
        } catch (const InterruptedError&) {  // comes too early
        }
    }
}

}  // namespace

OrderHold::OrderHold(QueueObject& self) : lock_(self.order_lock) {
    if (lock_.try_lock()) return;
    PyThreadState* const thread_state = detach();
    acquire(lock_);
    attach(thread_state);
}

Attempt put_ordered(QueueObject& self, PyObject* item, bool& failed) {
    const OrderHold hold(self);
    if (self.core.is_full()) return Attempt::not_now;
    ItemRing& heap = self.core.ring();
    const Path path = path_up(heap, item, failed);
    if (failed) return Attempt::not_now;
    return self.core.put_by([&] {
        if (!heap.push(item)) return false;
        move_along(heap, path, item);
        return true;
    });
}

Attempt get_ordered(QueueObject& self, PyObject*& item, bool& failed) {
    const OrderHold hold(self);
    ItemRing& heap = self.core.ring();
    Path path;
    if (heap.size() > 1) path = path_down(heap, failed);
    if (failed) return Attempt::not_now;
    return self.core.get_by([&] {
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
