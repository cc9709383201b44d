#pragma once

/// \file
/// What Queue, LifoQueue and PriorityQueue have in common: everything but the order of their items. Include
/// `threadwise/queue.hpp` instead of this.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <ranges>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

#include "threadwise/detail/queue/queue_claim.hpp"
#include "threadwise/detail/queue/queue_waiter.hpp"
#include "threadwise/detail/queue/unfinished_tasks.hpp"
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
/// and what a thread did before it put an item is visible to the one that gets it. `maxsize` is a strict bound: at no
/// moment are there more items.
///
/// **Exceptions.** An item that was not put is left as it was, and what moving an item throws reaches the caller
/// without loss: an item that could not be moved out of the queue is still in it. Each item is moved once in and once
/// out.
///
/// **Your code** (moves, destructors, comparisons, iterators) is never run under a lock of the queue's. While it runs
/// in the midst of an operation, other threads that want the same side of the queue wait as they wait for an item or
/// for room: with their timeouts, stop tokens and interrupts. It may look at the queue; what would have to wait for the
/// very operation that it is part of throws RuntimeError. In try_put() and the like that wait has no timeout, and may
/// throw InterruptedError.
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
        return with_item(std::forward<Item>(item), [this](T&& converted) {
            const Attempt attempt = try_add(converted);
            return attempt == Attempt::begun ||
                   (attempt == Attempt::claimed ? put_waiting(converted, {}, now, {}) : begun(attempt));
        });
    }

    /// Puts all items of a range: many at a time, with one wake-up for as many as there is room for, if it is an array,
    /// a vector or another contiguous range of items that are moved and copied by no code of yours; else one after
    /// another. They are moved out of an rvalue container and copied from anything else. Items of other threads may
    /// come in between. Returns how many were put: fewer than all if there was no room for more within `timeout`, or
    /// the queue was shut down meanwhile; throws ShutDown if it was before the first. If copying an item throws, those
    /// before it have been put.
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
        const Attempt attempt = pop.begin();
        if (attempt == Attempt::begun) [[likely]]
            return take<T>(pop);
        if (attempt == Attempt::claimed) return get_waiting<T>({}, now, {});
        begun(attempt);
        throw Empty();
    }

    /// The same, but nothing if the queue is empty and not shut down.
    [[nodiscard]] std::optional<T> try_get() {
        Pop pop(storage_);
        const Attempt attempt = pop.begin();
        if (attempt == Attempt::begun) [[likely]]
            return take<std::optional<T>>(pop);
        if (attempt == Attempt::claimed) return get_waiting<std::optional<T>>({}, now, {});
        begun(attempt);
        return std::nullopt;
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

    /// From now on put() throws ShutDown, and get() does once the queue is empty; threads that wait in them are woken
    /// and throw. With `immediate` the items are dropped, so that get() throws at once, and count as done for join().
    /// May be called more than once. Waits for a put() of another thread that is moving its item in.
    void shutdown(bool immediate = false, SourceLocation where = SourceLocation::current()) {
        typename Storage::Dropped dropped;  // destroyed last, when nothing is locked
        storage_.shutdown(immediate, dropped, this, where);
        if (immediate) unfinished_.forget(dropped.size());
    }

    /// Whether shutdown() has been called.
    bool is_shut_down() const noexcept { return storage_.is_shut_down(); }

    /// `for (T item : queue)`: gets items until the queue is shut down and empty. Any number of threads may do so at
    /// once, each getting some of the items. Waits in begin() and when incremented.
    iterator begin() { return iterator(*this); }
    std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

private:
    using Push = typename Storage::template Push<Storage::moves_outside>;
    using Pop = typename Storage::template Pop<Storage::moves_outside>;
    using Attempt = detail::Attempt;
    using Kind = detail::QueueWaiter::Kind;
    using Call = detail::QueueCall;

    static constexpr std::chrono::nanoseconds now{0};

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
        if (attempt == Attempt::begun && !push.add(std::move(item))) [[unlikely]]
            return Attempt::shut_down;
        return attempt;
    }

    template <class Item>
    bool put_one(Item&& item, std::stop_token stop, Timeout timeout, SourceLocation where) {
        detail::check_timeout(timeout);
        return with_item(std::forward<Item>(item), [&](T&& converted) {
            return begun(try_add(converted)) || put_waiting(converted, std::move(stop), timeout, where);
        });
    }

    Call put_call(std::stop_token stop, Timeout timeout, SourceLocation where) {
        return Call(Kind::put, storage_.room(), storage_.put_claim(), this, timeout, std::move(stop), where);
    }

    Call get_call(std::stop_token stop, Timeout timeout, SourceLocation where) {
        return Call(Kind::get, storage_.items(), storage_.get_claim(), this, timeout, std::move(stop), where);
    }

    [[gnu::noinline]] bool put_waiting(T& item, std::stop_token stop, Timeout timeout, SourceLocation where) {
        Call call = put_call(std::move(stop), timeout, where);
        return begun(put_by(call, item));
    }

    /// `not_now`: there was no room within the time that the call has.
    Attempt put_by(Call& call, T& item) {
        for (;;) {
            const Attempt attempt = try_add(item);
            if (attempt == Attempt::begun || attempt == Attempt::shut_down) return attempt;
            if (!call.wait(attempt)) return Attempt::not_now;
        }
    }

    /// Whether a range is an array of items, whose copies, or moves, run no code of the user's.
    template <class Items, bool moves>
    static constexpr bool is_plain_array = [] {
        if constexpr (std::ranges::contiguous_range<Items> && std::ranges::sized_range<Items> &&
                      std::is_same_v<std::remove_cv_t<std::ranges::range_value_t<Items>>, T>) {
            return !Storage::moves_outside && (moves || std::is_trivially_copyable_v<T>);
        } else {
            return false;
        }
    }();

    template <class Items>
    std::size_t put_range(Items&& items, std::stop_token stop, Timeout timeout, SourceLocation where) {
        detail::check_timeout(timeout);
        constexpr bool moves = !std::is_lvalue_reference_v<Items> && !std::ranges::view<std::remove_cvref_t<Items>>;
        if constexpr (is_plain_array<std::remove_reference_t<Items>, moves>) {
            auto* const first = std::ranges::data(items);
            auto* const last = first + std::ranges::size(items);
            auto* next = first;
            Attempt attempt = put_some<moves>(next, last);
            if (next == last) return static_cast<std::size_t>(next - first);
            Call call = put_call(std::move(stop), timeout, where);
            do {
                if (attempt == Attempt::shut_down && (next != first || !begun(attempt))) break;
                if (attempt != Attempt::begun && !call.wait(attempt)) break;
                attempt = put_some<moves>(next, last);
            } while (next != last);
            return static_cast<std::size_t>(next - first);
        } else {
            Call call = put_call(std::move(stop), timeout, where);
            return put_each<moves>(call, items);
        }
    }

    /// As many as there is room for now.
    template <bool moves, class Item>
    Attempt put_some(Item*& next, Item* last) {
        if (next == last) return Attempt::begun;
        Push push(storage_);
        const Attempt attempt = push.begin();
        if (attempt != Attempt::begun) return attempt;
        for (std::size_t places = push.places(); places > 0 && next != last; --places, ++next) {
            if constexpr (moves && !std::is_const_v<Item>) {
                push.add(std::move(*next));
            } else {
                push.add(T(*next));
            }
        }
        return attempt;
    }

    /// By the user's iterator, which is not used while anything is locked or claimed.
    template <bool moves, class Items>
    std::size_t put_each(Call& call, Items& items) {
        std::size_t count = 0;
        const auto end = std::ranges::end(items);
        for (auto position = std::ranges::begin(items); position != end; ++position, ++count) {
            Attempt attempt = Attempt::begun;
            const auto put = [&](T&& item) { return (attempt = put_by(call, item)) == Attempt::begun; };
            if constexpr (moves) {
                with_item(std::ranges::iter_move(position), put);
            } else {
                with_item(*position, put);
            }
            if (attempt == Attempt::shut_down && count != 0) break;
            if (!begun(attempt)) break;
        }
        return count;
    }

    /// Removes the item that a result is being made of, unless that throws.
    class Removal {
    public:
        explicit Removal(Pop& pop) noexcept : pop_(pop) {}
        Removal(const Removal&) = delete;
        Removal& operator=(const Removal&) = delete;
        ~Removal() {
            if constexpr (!std::is_nothrow_move_constructible_v<T>) {
                if (std::uncaught_exceptions() != exceptions_) return;
            }
            pop_.pop();
        }

    private:
        static int count_exceptions() noexcept {
            if constexpr (std::is_nothrow_move_constructible_v<T>) {
                return 0;
            } else {
                return std::uncaught_exceptions();
            }
        }

        Pop& pop_;
        const int exceptions_ = count_exceptions();
    };

    /// Moves the item once, to where the caller wants it: what is returned is no object before.
    template <class Result>
    static Result take(Pop& pop) {
        T& item = pop.front();
        const Removal removal(pop);
        if constexpr (std::is_same_v<Result, T>) {
            return T(std::move(item));
        } else {
            return Result(std::in_place, std::move(item));
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
        Call call = get_call(std::move(stop), timeout, where);
        for (;;) {
            Attempt attempt = Attempt::begun;
            {
                Pop pop(storage_);
                attempt = pop.begin();
                if (begun(attempt)) return take<Result>(pop);
            }
            if (!call.wait(attempt)) break;
        }
        if constexpr (std::is_same_v<Result, T>) {
            throw Empty();
        } else {
            return std::nullopt;
        }
    }

    /// Whether assigning items by that iterator runs no code of the user's.
    template <class Out>
    static constexpr bool writes_plainly = [] {
        if constexpr (Storage::moves_outside) {
            return false;
        } else if constexpr (std::contiguous_iterator<Out>) {
            return std::is_same_v<std::iter_value_t<Out>, T> && std::is_trivially_copyable_v<T>;
        } else {
            return std::is_same_v<Out, std::back_insert_iterator<std::vector<T>>>;
        }
    }();

    template <class Out>
    std::size_t get_several(Out& out, std::size_t most, std::stop_token stop, Timeout timeout, SourceLocation where) {
        detail::check_timeout(timeout);
        if (most == 0) return 0;
        std::size_t count = 0;
        if (begun(get_available(out, most, count))) return count;
        Call call = get_call(std::move(stop), timeout, where);
        for (;;) {
            const Attempt attempt = get_available(out, most, count);
            if (begun(attempt)) return count;
            if (!call.wait(attempt)) return 0;
        }
    }

    template <class Out>
    Attempt get_available(Out& out, std::size_t most, std::size_t& count) {
        if constexpr (!writes_plainly<Out>) {
            return get_each(out, most, count);
        } else if constexpr (std::contiguous_iterator<Out>) {
            return get_at_once(std::to_address(out), most, count);
        } else {
            return get_at_once(out, most, count);
        }
    }

    template <class Out>
    Attempt get_at_once(Out out, std::size_t most, std::size_t& count) {
        Pop pop(storage_);
        const Attempt attempt = pop.begin();
        if (attempt != Attempt::begun) return attempt;
        const std::size_t available = pop.available(most);
        for (; count < available; ++count) {
            *out++ = std::move(pop.front());
            pop.pop();
        }
        return attempt;
    }

    /// By the user's iterator: with the claim alone, and with a new one for each item, so that what has been written
    /// has left the queue when the iterator is used again.
    template <class Out>
    Attempt get_each(Out& out, std::size_t most, std::size_t& count) {
        do {
            typename Storage::template Pop<true> pop(storage_);
            const Attempt attempt = pop.begin();
            if (attempt != Attempt::begun) return count == 0 ? attempt : Attempt::begun;
            if (count == 0) most = pop.available(most);
            *out++ = std::move(pop.front());
            pop.pop();
        } while (++count < most);
        return Attempt::begun;
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
        // Made where it is to be, not assigned: that would move the item a second time.
        std::destroy_at(&item_);
        try {
            ::new (static_cast<void*>(&item_)) std::optional<T>(queue_->get(std::stop_token()));
        } catch (const ShutDown&) {  // the end of the items, not an error
            std::construct_at(&item_);
        } catch (...) {
            std::construct_at(&item_);
            throw;
        }
    }

    BasicQueue* queue_;
    mutable std::optional<T> item_;
};

}  // namespace threadwise
