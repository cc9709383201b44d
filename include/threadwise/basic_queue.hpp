#pragma once

/// \file
/// What Queue, LifoQueue and PriorityQueue have in common: everything but the order of their items. Include
/// `threadwise/queue.hpp` instead of this.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <ranges>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

#include "threadwise/detail/queue_waiter.hpp"
#include "threadwise/detail/unfinished_tasks.hpp"
#include "threadwise/queue_errors.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

/// A queue between threads, as Python 3.13's module `queue` defines it: any number of threads put items, any number get
/// them. All functions are thread-safe. Not copied and not moved; must not be destroyed while it is used.
///
/// **Blocking.** A function that waits takes the longest time it may wait, and then throws Empty or Full as in Python;
/// with a `std::stop_token` it says so by its result instead. It throws ShutDown if shutdown() ends the wait,
/// InterruptedError if an interrupt of the thread does, and ValueError if the timeout is negative.
///
/// **Order.** Every operation takes effect at one moment between its call and its return (the queue is linearizable),
/// and what a thread did before it put an item is visible to the one who gets it. `maxsize` is a strict bound: at no
/// moment are there more items.
///
/// **Exceptions.** An item that was not put is left as it was, and what moving an item throws reaches the caller
/// without loss: an item that could not be moved out of the queue is still in it.
///
/// **Cost.** See docs/queues.md. Nobody is woken while somebody is awake and about to come.
template <class T, class Storage>
class BasicQueue {
    static_assert(std::is_object_v<T> && std::move_constructible<T>, "an item of a queue is a movable object");

public:
    using value_type = T;
    class iterator;

    /// Holds at most `maxsize` items; any number if that is 0 or less, as in Python. Allocates nothing.
    explicit BasicQueue(std::ptrdiff_t maxsize = 0) : storage_(limit(maxsize)), maxsize_(maxsize) {}

    /// The same, with what orders the items: for the constructors of derived classes.
    template <class Order>
    BasicQueue(std::ptrdiff_t maxsize, Order&& order)
        : storage_(limit(maxsize), std::forward<Order>(order)), maxsize_(maxsize) {}

    BasicQueue(const BasicQueue&) = delete;
    BasicQueue& operator=(const BasicQueue&) = delete;

    /// Puts an item, waiting for room if the queue is full. Throws Full if there was none within `timeout`, and
    /// ShutDown if the queue is shut down.
    template <std::convertible_to<T> Item = T>
    void put(Item&& item, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        if (!put_one(std::forward<Item>(item), {}, timeout, where)) throw Full();
    }

    /// The same, but false if there was no room within `timeout`, or before stop was requested.
    template <std::convertible_to<T> Item = T>
    [[nodiscard]] bool put(std::stop_token stop, Item&& item, Timeout timeout = forever,
                           SourceLocation where = SourceLocation::current()) {
        return put_one(std::forward<Item>(item), std::move(stop), timeout, where);
    }

    /// Puts an item if there is room at once. Throws Full if not, and ShutDown if the queue is shut down.
    template <std::convertible_to<T> Item = T>
    void put_nowait(Item&& item) {
        if (!try_put(std::forward<Item>(item))) throw Full();
    }

    /// The same, but false if the queue is full.
    template <std::convertible_to<T> Item = T>
    [[nodiscard]] bool try_put(Item&& item) {
        return with_item(std::forward<Item>(item), [this](T&& converted) { return begun(try_add(converted)); });
    }

    /// Puts all items of a range, many at a time: with one wake-up for as many as there is room for. They are moved out
    /// of an rvalue container and copied from anything else. Items of other threads may come in between. Returns how
    /// many were put: fewer than all if there was no room for more within `timeout`, or the queue was shut down
    /// meanwhile; throws ShutDown if it was before the first. If copying an item throws, those before it have been put.
    template <std::ranges::input_range Items>
    std::size_t put_all(Items&& items, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return put_range(std::forward<Items>(items), {}, timeout, where);
    }

    /// The same, but also ends when stop is requested.
    template <std::ranges::input_range Items>
    std::size_t put_all(std::stop_token stop, Items&& items, Timeout timeout = forever,
                        SourceLocation where = SourceLocation::current()) {
        return put_range(std::forward<Items>(items), std::move(stop), timeout, where);
    }

    /// Gets the next item, waiting for one if the queue is empty. Throws Empty if there was none within `timeout`, and
    /// ShutDown if the queue is shut down and empty.
    T get(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return get_one<T>({}, timeout, where);
    }

    /// The same, but nothing if there was no item within `timeout`, or before stop was requested.
    [[nodiscard]] std::optional<T> get(std::stop_token stop, Timeout timeout = forever,
                                       SourceLocation where = SourceLocation::current()) {
        return get_one<std::optional<T>>(std::move(stop), timeout, where);
    }

    /// Gets the next item if there is one. Throws Empty if not, and ShutDown if the queue is shut down as well.
    T get_nowait() {
        Pop pop(storage_);
        if (!begun(pop.begin())) throw Empty();
        return take<T>(pop);
    }

    /// The same, but nothing if the queue is empty.
    [[nodiscard]] std::optional<T> try_get() {
        Pop pop(storage_);
        if (!begun(pop.begin())) return std::nullopt;
        return take<std::optional<T>>(pop);
    }

    /// Waits for an item, and gets the up to `most` items that are there then, in one go: `*out++ = item`. Returns how
    /// many: none if there was none within `timeout`. Throws ShutDown if the queue is shut down and empty. An
    /// item that could not be written to `out` is still in the queue.
    template <std::output_iterator<T&&> Out>
    std::size_t get_some(Out out, std::size_t most, Timeout timeout = forever,
                         SourceLocation where = SourceLocation::current()) {
        return get_several(out, most, {}, timeout, where);
    }

    /// The same, but also ends, with none, when stop is requested.
    template <std::output_iterator<T&&> Out>
    std::size_t get_some(std::stop_token stop, Out out, std::size_t most, Timeout timeout = forever,
                         SourceLocation where = SourceLocation::current()) {
        return get_several(out, most, std::move(stop), timeout, where);
    }

    /// How many items there are, at one moment of the call.
    std::size_t qsize() const noexcept { return storage_.size(); }
    /// Whether there was none.
    bool empty() const noexcept { return qsize() == 0; }
    /// Whether there were as many as there may be.
    bool full() const noexcept { return maxsize_ > 0 && qsize() >= static_cast<std::size_t>(maxsize_); }
    /// What the constructor was given.
    std::ptrdiff_t maxsize() const noexcept { return maxsize_; }

    /// Says that the work on an item that was got is complete. Throws ValueError if called more often than there were
    /// items put.
    void task_done() {
        unfinished_.done([this] { return storage_.total(); });
    }

    /// Waits until task_done() has been called for every item that was put. Throws InterruptedError if an interrupt of
    /// the thread ends the wait.
    void join(SourceLocation where = SourceLocation::current()) {
        unfinished_.join(
            this, [](const void* storage) noexcept { return static_cast<const Storage*>(storage)->total(); }, &storage_,
            where);
    }

    /// From now on put() throws ShutDown, and get() does once the queue is empty; who waits in them is woken to learn
    /// that. With `immediate` the items are dropped, so that get() throws at once, and count as done for join(). May be
    /// called more than once.
    void shutdown(bool immediate = false) {
        const std::size_t dropped = storage_.shutdown(immediate);
        if (immediate) unfinished_.forget(dropped);
    }

    /// Whether shutdown() has been called.
    bool is_shut_down() const noexcept { return storage_.is_shut_down(); }

    /// `for (T item : queue)`: gets items until the queue is shut down and empty. Any number of threads may do so at
    /// once, each getting some of the items. Waits in begin() and when incremented.
    iterator begin() { return iterator(*this); }
    std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

private:
    using Push = typename Storage::Push;
    using Pop = typename Storage::Pop;
    using Attempt = detail::Attempt;
    using Waiter = detail::QueueWaiter;

    static constexpr std::size_t limit(std::ptrdiff_t maxsize) noexcept {
        return maxsize > 0 ? static_cast<std::size_t>(maxsize) : std::numeric_limits<std::size_t>::max();
    }

    static bool begun(Attempt attempt) {
        if (attempt == Attempt::shut_down) [[unlikely]]
            throw ShutDown();
        return attempt == Attempt::begun;
    }

    /// Converts before anything is locked, and leaves the caller's item alone where there is nothing to convert.
    template <class Item, class Use>
    static bool with_item(Item&& item, Use&& use) {
        if constexpr (std::is_same_v<Item, T>) {
            return use(std::move(item));
        } else {
            return use(T(std::forward<Item>(item)));
        }
    }

    Attempt try_add(T& item) {
        Push push(storage_);
        const Attempt attempt = push.begin();
        if (attempt == Attempt::begun) [[likely]]
            push.add(std::move(item));
        return attempt;
    }

    template <class Item>
    bool put_one(Item&& item, std::stop_token stop, Timeout timeout, SourceLocation where) {
        detail::check_timeout(timeout);
        return with_item(std::forward<Item>(item), [&](T&& converted) {
            return begun(try_add(converted)) || put_waiting(converted, std::move(stop), timeout, where);
        });
    }

    [[gnu::noinline]] bool put_waiting(T& item, std::stop_token stop, Timeout timeout, SourceLocation where) {
        Waiter waiter(Waiter::Kind::put, storage_.room(), this, timeout, std::move(stop), where);
        while (waiter.wait()) {
            if (begun(try_add(item))) return true;
        }
        return false;
    }

    template <class Items>
    std::size_t put_range(Items&& items, std::stop_token stop, Timeout timeout, SourceLocation where) {
        detail::check_timeout(timeout);
        constexpr bool moves = !std::is_lvalue_reference_v<Items> && !std::ranges::view<std::remove_cvref_t<Items>>;
        std::size_t count = 0;
        std::optional<Waiter> waiter;
        auto item = std::ranges::begin(items);
        const auto end = std::ranges::end(items);
        while (item != end) {
            {
                Push push(storage_);
                const Attempt attempt = push.begin();
                if (attempt == Attempt::shut_down && count > 0) return count;
                if (begun(attempt)) {
                    for (std::size_t room = push.room(); room > 0 && item != end; --room, ++item, ++count) {
                        if constexpr (moves) {
                            push.add(std::ranges::iter_move(item));
                        } else {
                            push.add(T(*item));
                        }
                    }
                    continue;
                }
            }
            if (!waiter) waiter.emplace(Waiter::Kind::put, storage_.room(), this, timeout, stop, where);
            if (!waiter->wait()) break;
        }
        return count;
    }

    template <class Result>
    static Result take(Pop& pop) {
        // One variable and one return, so that it is constructed where the caller wants it.
        if constexpr (std::is_same_v<Result, T>) {
            Result item(std::move(pop.front()));
            pop.pop();
            return item;
        } else {
            Result item(std::in_place, std::move(pop.front()));
            pop.pop();
            return item;
        }
    }

    template <class Result>
    Result get_one(std::stop_token stop, Timeout timeout, SourceLocation where) {
        detail::check_timeout(timeout);
        {
            Pop pop(storage_);
            if (begun(pop.begin())) [[likely]]
                return take<Result>(pop);
        }
        return get_waiting<Result>(std::move(stop), timeout, where);
    }

    template <class Result>
    [[gnu::noinline]] Result get_waiting(std::stop_token stop, Timeout timeout, SourceLocation where) {
        Waiter waiter(Waiter::Kind::get, storage_.items(), this, timeout, std::move(stop), where);
        while (waiter.wait()) {
            Pop pop(storage_);
            if (begun(pop.begin())) return take<Result>(pop);
        }
        if constexpr (std::is_same_v<Result, T>) {
            throw Empty();
        } else {
            return std::nullopt;
        }
    }

    template <class Out>
    std::size_t get_several(Out& out, std::size_t most, std::stop_token stop, Timeout timeout, SourceLocation where) {
        detail::check_timeout(timeout);
        if (most == 0) return 0;
        std::optional<Waiter> waiter;
        for (;;) {
            {
                Pop pop(storage_);
                if (begun(pop.begin())) {
                    const std::size_t count = pop.available(most);
                    for (std::size_t i = 0; i < count; ++i) {
                        *out++ = std::move(pop.front());
                        pop.pop();
                    }
                    return count;
                }
            }
            if (!waiter) waiter.emplace(Waiter::Kind::get, storage_.items(), this, timeout, stop, where);
            if (!waiter->wait()) return 0;
        }
    }

    Storage storage_;
    alignas(64) detail::UnfinishedTasks unfinished_;
    const std::ptrdiff_t maxsize_;
};

/// Walks over the items that a thread gets, each once.
template <class T, class Storage>
class BasicQueue<T, Storage>::iterator {
public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    /// The item, to be moved from.
    T&& operator*() const noexcept { return std::move(*item_); }

    iterator& operator++() {
        next();
        return *this;
    }
    void operator++(int) { next(); }

    /// Whether the queue was found shut down and empty.
    friend bool operator==(const iterator& position, std::default_sentinel_t) noexcept { return !position.item_; }

private:
    friend class BasicQueue;

    explicit iterator(BasicQueue& queue) : queue_(&queue) { next(); }

    void next() {
        item_.reset();
        try {
            item_.emplace(queue_->get());
        } catch (const ShutDown&) {  // the end of the items, not an error
        }
    }

    BasicQueue* queue_;
    mutable std::optional<T> item_;
};

}  // namespace threadwise
