#pragma once
// The threads of a process, what they wait for, and which thread holds that.

#include <string_view>
#include <vector>

#include "threads/wait_tree.hpp"
#include "top/page.hpp"
#include "top/watched.hpp"

namespace command {

class ThreadPage final : public Page {
public:
    explicit ThreadPage(Watched& watched);

    /// As a tree: below each thread those that wait for it.
    void toggle_tree() { is_tree_ = !is_tree_; }

    void arrange(std::string_view filter) override;
    std::size_t size() const override { return rows_.size(); }
    Row row(std::size_t index) override;

private:
    Row row_of(const TreeRow& row);
    /// What a filter looks at.
    std::vector<std::string> texts_of(const threadwise::inspect::ThreadInfo& thread) const;
    SortKey key_of(const threadwise::inspect::ThreadInfo& thread);

    Watched& watched_;
    bool is_tree_ = false;
    std::vector<TreeRow> rows_;
};

}  // namespace command
