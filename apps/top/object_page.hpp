#pragma once
// What threads wait for: locks, queues, pools, by how long they have waited lately.

#include <string_view>
#include <vector>

#include "top/page.hpp"
#include "top/watched.hpp"

namespace command {

class ObjectPage final : public Page {
public:
    explicit ObjectPage(const Watched& watched);

    void arrange(std::string_view filter) override;
    std::size_t size() const override { return order_.size(); }
    Row row(std::size_t index) override { return row_of(order_[index]); }

private:
    Row row_of(std::size_t object) const;
    SortKey key_of(const ObjectWaits& waits) const;

    const Watched& watched_;
    std::vector<std::size_t> order_;  ///< indices of objects
};

}  // namespace command
