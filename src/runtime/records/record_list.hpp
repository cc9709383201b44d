#pragma once
// Records in the order in which they were added.

#include <cstddef>
#include <memory>
#include <utility>

#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

/// Records in a doubly linked list through their `listing`, which owns them: to add or remove one allocates nothing and
/// takes the same time however many there are.
class RecordList {
public:
    void push_back(std::shared_ptr<ThreadRecord> record) noexcept {
        ThreadRecord& added = *record;
        added.listing = {.self = std::move(record), .older = newest_, .newer = nullptr};
        (newest_ == nullptr ? oldest_ : newest_->listing.newer) = &added;
        newest_ = &added;
        ++size_;
        if (added.origin == ThreadRecord::Origin::foreign) ++foreign_;
    }

    /// Returns the list's share of the record; null if the record is in no list.
    std::shared_ptr<ThreadRecord> remove(ThreadRecord& record) noexcept {
        Listing& listing = record.listing;
        if (listing.self == nullptr) return nullptr;
        (listing.older == nullptr ? oldest_ : listing.older->listing.newer) = listing.newer;
        (listing.newer == nullptr ? newest_ : listing.newer->listing.older) = listing.older;
        --size_;
        if (record.origin == ThreadRecord::Origin::foreign) --foreign_;
        return std::move(listing.self);
    }

    ThreadRecord* oldest() const noexcept { return oldest_; }
    std::size_t size() const noexcept { return size_; }
    std::size_t foreign() const noexcept { return foreign_; }

private:
    ThreadRecord* oldest_ = nullptr;
    ThreadRecord* newest_ = nullptr;
    std::size_t size_ = 0;
    std::size_t foreign_ = 0;
};

}  // namespace threadwise::runtime
