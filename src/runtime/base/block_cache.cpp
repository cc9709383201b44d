#include "runtime/base/block_cache.hpp"

#include <array>
#include <new>
#include <utility>

namespace threadwise::runtime {
namespace {

// The sanitizers are to see each object.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool in_use = false;
#else
constexpr bool in_use = true;
#endif

/// Larger objects have memory of their own.
constexpr std::size_t largest = 512;
constexpr std::size_t capacity = 8000;
/// What a slab counts down from, for as long as nobody knows how many objects it will have.
constexpr std::uint32_t unknown = 1U << 30;

}  // namespace

constinit thread_local BlockCache* this_block_cache = nullptr;

struct alignas(16) BlockCache::Slab {
    std::atomic<std::uint32_t> left{unknown};
    alignas(16) std::array<std::byte, capacity> bytes;
};

/// Before each object.
struct alignas(16) BlockCache::Header {
    Slab* slab;  ///< null: memory of its own
};

void* allocate_block(std::size_t size) {
    BlockCache* const cache = this_block_cache;
    if (in_use && cache != nullptr && size <= largest) [[likely]]
        return cache->cut(size);
    auto* const header = static_cast<BlockCache::Header*>(::operator new(sizeof(BlockCache::Header) + size));
    header->slab = nullptr;
    return header + 1;
}

void free_block(void* block) noexcept {
    BlockCache::Header* const header = static_cast<BlockCache::Header*>(block) - 1;
    if (header->slab == nullptr) return ::operator delete(header);
    if (BlockCache* const cache = this_block_cache) {
        cache->count(*header->slab);
    } else {
        BlockCache::count(*header->slab, 1);
    }
}

void* BlockCache::cut(std::size_t size) {
    const auto needed = static_cast<std::uint32_t>((sizeof(Header) + size + 15) / 16 * 16);
    if (open_ == nullptr || used_ + needed > capacity) [[unlikely]] {
        Slab* const fresh = new Slab;  // not initialized
        close_slab();
        open_ = fresh;
        used_ = cut_ = 0;
    }
    auto* const header = ::new (static_cast<void*>(&open_->bytes[used_])) Header{open_};
    used_ += needed;
    ++cut_;
    return header + 1;
}

void BlockCache::close_slab() noexcept {
    if (open_ != nullptr) count(*std::exchange(open_, nullptr), unknown - cut_);
}

void BlockCache::count(Slab& slab) noexcept {
    if (&slab != counted_) {
        if (counted_ != nullptr) count(*counted_, destroyed_);
        counted_ = &slab;
        destroyed_ = 0;
    }
    ++destroyed_;
}

void BlockCache::count(Slab& slab, std::uint32_t objects) noexcept {
    // acq_rel: the thread that counts the last one sees that all others are through with theirs.
    if (slab.left.fetch_sub(objects, std::memory_order_acq_rel) == objects) delete &slab;
}

void BlockCache::release() noexcept {
    close_slab();
    if (counted_ != nullptr) count(*std::exchange(counted_, nullptr), destroyed_);
}

}  // namespace threadwise::runtime
