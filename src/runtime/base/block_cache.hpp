#pragma once
// Memory for small objects that come and go in great numbers, often made by one thread and destroyed by another.
//
// A thread cuts its objects from a slab, one after another, and takes the next slab when that is full. A thread that
// destroys an object counts it on its slab, and a slab whose objects are all gone is given back as a whole. Objects
// that are destroyed in the order in which they were made cost no atomic operation: a thread counts those of one slab
// together. An object that stays keeps its slab.

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace threadwise::runtime {

/// Memory for `size` bytes, aligned as malloc's. Throws std::bad_alloc. Any thread.
void* allocate_block(std::size_t size);
void free_block(void* block) noexcept;

/// One thread's, in its record.
class BlockCache {
public:
    BlockCache() = default;
    BlockCache(const BlockCache&) = delete;
    BlockCache& operator=(const BlockCache&) = delete;
    ~BlockCache() { release(); }

    /// Keeps nothing any more. The thread may go on.
    void release() noexcept;

private:
    friend void* allocate_block(std::size_t size);
    friend void free_block(void* block) noexcept;
    struct Slab;
    struct Header;

    void* cut(std::size_t size);
    void count(Slab& slab) noexcept;
    void close_slab() noexcept;
    static void count(Slab& slab, std::uint32_t objects) noexcept;

    Slab* open_ = nullptr;         // what it cuts from
    std::uint32_t used_ = 0;       // bytes of that
    std::uint32_t cut_ = 0;        // objects
    Slab* counted_ = nullptr;      // what it has last destroyed objects of,
    std::uint32_t destroyed_ = 0;  // how many, without having said so
};

/// The calling thread's; null while it has no record. initial-exec: see detail/ident.hpp.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local BlockCache* this_block_cache;

}  // namespace threadwise::runtime
