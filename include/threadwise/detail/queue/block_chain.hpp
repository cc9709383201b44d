#pragma once
// The memory of a first-in-first-out queue: a chain of blocks, filled at one end and emptied at the other.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "threadwise/detail/queue/prefetch.hpp"

namespace threadwise::detail {

/// Room for some items. Items are constructed and destroyed by the ends of the chain.
template <class T>
struct Block {
    /// A block is about two pages, so that allocating it costs little per item, and a queue of few items wastes little.
    static constexpr std::size_t capacity = std::max<std::size_t>(8192 / sizeof(T), 8);

    Block* next = nullptr;
    alignas(T) std::byte bytes[capacity * sizeof(T)];

    T* begin() noexcept { return reinterpret_cast<T*>(bytes); }
    T* end() noexcept { return begin() + capacity; }
};

/// Fetches the cache line that comes two after the one of `item`, when `item` is the first in its line: the other end
/// of the chain has it, and its way here takes about as long as passing the items in between.
template <bool ToWrite, class T>
void prefetch_beyond(const T* item) noexcept {
    constexpr std::uintptr_t line = 64;
    const auto address = reinterpret_cast<std::uintptr_t>(item);
    if (address % line >= sizeof(T)) return;
    const auto* const beyond = reinterpret_cast<const void*>(address + 2 * line);
    if constexpr (ToWrite) {
        prefetch_to_write(beyond);
    } else {
        prefetch(beyond);
    }
}

/// One block that is kept for reuse: with it, a queue in steady flow allocates nothing, and after a burst all but this
/// one is given back.
template <class T>
class SpareBlock {
public:
    SpareBlock() = default;
    SpareBlock(const SpareBlock&) = delete;
    SpareBlock& operator=(const SpareBlock&) = delete;
    ~SpareBlock() { delete block_.load(std::memory_order_relaxed); }  // relaxed: nobody else is left

    std::unique_ptr<Block<T>> take() {
        // acquire: pairs with the release in give(): the block's items are destroyed.
        if (Block<T>* block = block_.exchange(nullptr, std::memory_order_acquire)) {
            block->next = nullptr;
            return std::unique_ptr<Block<T>>(block);
        }
        return std::unique_ptr<Block<T>>(new Block<T>);  // not make_unique, which would zero the bytes
    }

    // acq_rel: release as said in take(); acquire for the deletion of the block that somebody else has given.
    void give(Block<T>* block) noexcept { delete block_.exchange(block, std::memory_order_acq_rel); }

private:
    std::atomic<Block<T>*> block_{nullptr};
};

/// Where items are added to the chain. Used under a lock.
template <class T>
class ChainBack {
public:
    /// `first` is set to the chain's first block, once there is one.
    explicit ChainBack(Block<T>*& first) noexcept : link_(&first) {}

    /// Constructs an item at the end. What its construction throws leaves everything as it was.
    template <class Item>
    void add(Item&& item, SpareBlock<T>& spare) {
        if (next_ == end_) [[unlikely]]
            extend(spare);
        std::construct_at(next_, std::forward<Item>(item));
        prefetch_beyond<true>(++next_);
    }

    /// Begins anew, with a chain of no block yet.
    void restart(Block<T>*& first) noexcept {
        next_ = end_ = nullptr;
        link_ = &first;
    }

private:
    void extend(SpareBlock<T>& spare) {
        Block<T>* block = spare.take().release();
        *link_ = block;
        link_ = &block->next;
        next_ = block->begin();
        end_ = block->end();
    }

    T* next_ = nullptr;
    T* end_ = nullptr;
    Block<T>** link_;
};

/// Where items are taken from the chain. Used under another lock, and only for items that are known to be there.
template <class T>
class ChainFront {
public:
    ChainFront() = default;
    ChainFront(const ChainFront&) = delete;
    ChainFront& operator=(const ChainFront&) = delete;
    /// Frees the blocks. All items are gone by now.
    ~ChainFront() {
        Block<T>* block = block_ == nullptr ? first_ : block_;
        while (block != nullptr) delete std::exchange(block, block->next);
    }

    /// Takes over all blocks of another one, and its items; this one has none so far.
    void take_over(ChainFront& other) noexcept {
        item_ = std::exchange(other.item_, nullptr);
        end_ = std::exchange(other.end_, nullptr);
        block_ = std::exchange(other.block_, nullptr);
        first_ = std::exchange(other.first_, nullptr);
    }

    /// Set by the back, before it adds the first item.
    Block<T>*& first() noexcept { return first_; }

    T& item(SpareBlock<T>& spare) noexcept {
        if (item_ == end_) [[unlikely]]
            advance(spare);
        return *item_;
    }

    /// Destroys the item that item() has returned.
    void pop() noexcept {
        std::destroy_at(item_++);
        prefetch_beyond<false>(item_);
    }

private:
    void advance(SpareBlock<T>& spare) noexcept {
        Block<T>* next = block_ == nullptr ? first_ : block_->next;
        if (block_ != nullptr) spare.give(block_);
        block_ = next;
        item_ = next->begin();
        end_ = next->end();
    }

    T* item_ = nullptr;
    T* end_ = nullptr;
    Block<T>* block_ = nullptr;
    Block<T>* first_ = nullptr;
};

/// What was taken out of a queue all at once. Its items are destroyed with it.
template <class T>
class DroppedChain {
public:
    DroppedChain() = default;
    DroppedChain(const DroppedChain&) = delete;
    DroppedChain& operator=(const DroppedChain&) = delete;
    ~DroppedChain() {
        SpareBlock<T> spare;
        for (; size_ != 0; --size_) {
            chain_.item(spare);
            chain_.pop();
        }
    }

    /// The `size` items of that chain, which is left without a block.
    void take_over(ChainFront<T>& chain, std::size_t size) noexcept {
        chain_.take_over(chain);
        size_ = size;
    }
    std::size_t size() const noexcept { return size_; }

private:
    ChainFront<T> chain_;
    std::size_t size_ = 0;
};

}  // namespace threadwise::detail
